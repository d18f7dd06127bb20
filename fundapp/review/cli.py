"""The command line of reviews: write the mail of the day to reviewers, and check the draw of two pools."""

import functools
import json
from dataclasses import asdict

import click
from sqlalchemy import select

from fundapp.applications.models import Call
from fundapp.core import clock, logs, unit_of_work
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.queries.pool_check import check_pools
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


@click.group("pools")
def pools_group() -> None:
    """Calls whose applicants review each other in two pools."""


@pools_group.command("check")
@click.argument("call")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@functools.partial(with_app, holds=frozenset())  # nothing sealed is opened, so whoever checks needs no key
def check(_app: FundApp, call: str, *, as_json: bool) -> None:
    """Reckon the pools of CALL again, from the published list and value to the lines; exit 1 when something differs.

    It compares the fingerprint, the seed, the pool of each lot, what each pool gives, that what is tied stands in one
    pool and, once the scores are open, that awards keep to what their pool has, that ranks follow from the scores that
    were kept, and that every choice against rank has a reason.
    """
    found = db.session.scalar(select(Call).where(Call.slug == call))
    if found is None or not found.is_impartial:
        raise click.ClickException("there is no call of this name whose applicants review each other in two pools")
    checks = check_pools(found)
    if not checks:
        raise click.ClickException("no list is fixed yet: there is nothing to check")
    holds = all(each.holds for of_draw in checks.values() for each in of_draw)
    if as_json:
        draws = [
            {"number": number, "checks": [{"holds": each.holds, **asdict(each)} for each in of_draw]}
            for number, of_draw in checks.items()
        ]
        click.echo(json.dumps({"call": call, "holds": holds, "draws": draws}, indent=2))
    else:
        for number, of_draw in checks.items():
            for each in of_draw:
                click.echo(f"{'ok  ' if each.holds else 'BAD '} list {number}, {each.what}")
                if not each.holds:
                    click.echo(f"     stored:  {each.stored}\n     follows: {each.follows}")
    if not holds:
        raise SystemExit(1)
