"""The command line of reviews: write the mail of the day to reviewers."""

import click

from fundapp.core import clock, logs, unit_of_work
from fundapp.core.commands import with_app
from fundapp.core.web import FundApp
from fundapp.review.services.news import tell_of_the_day


@click.group("reviews")
def reviews_group() -> None:
    """Reminders and news for reviewers."""


@reviews_group.command("remind")
@with_app
def remind(app: FundApp) -> None:
    """Write to every reviewer for whom something waits. Nobody gets two mails on one day: run it each morning."""
    told = tell_of_the_day(
        secret_key=app.config["SECRET_KEY"], now=clock.now(), commit=lambda: unit_of_work.commit(app.queue)
    )
    logs.write("reviewers_told", count=told)
    click.echo(f"{told} told")
