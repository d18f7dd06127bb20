"""The command line of draws at the line: repeat one from the database, or from its published file alone."""

import functools
import json
from collections.abc import Iterable
from pathlib import Path

import click
from sqlalchemy import select

from fundapp.applications.models import Call
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.line_draw import faults_of
from fundapp.review.queries.line_draw import draw_document, draws_at_line
from fundapp.review.queries.selection import whole_selection
from fundapp.review.services.line_draw import band_faults


@click.group("draw")
def draw_group() -> None:
    """Lots that decide among those at the line of a list."""


@draw_group.command("check")
@click.argument("call")
@functools.partial(with_app, holds=frozenset())  # nothing sealed is opened, so whoever checks needs no key
def check(_app: FundApp, call: str) -> None:
    """Repeat the draws of CALL from what is stored: fingerprint, seed and the place of each lot; exit 1 on a fault.

    Of the draw that counts also among whom lots decide, by the scores, the money and the terms of now; check those with
    fundapp tally verify.
    """
    found = db.session.scalar(select(Call).where(Call.slug == call))
    draws = draws_at_line(found) if found is not None else []
    if found is None or not draws:
        raise click.ClickException("there is no call of this name whose lots are fixed")
    faults = {draw.number: faults_of(draw_document(found, draw)) for draw in draws}
    last = draws[-1]
    faults[last.number] += band_faults(whole_selection(call=found), last)
    for draw in draws[:-1]:
        click.echo(f"     list {draw.number} was replaced: among whom its lots decide is not checked")
    _tell(faults.items())


@draw_group.command("repeat")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def repeat(file: Path) -> None:
    """Repeat the draws of FILE, the JSON that the page of a draw gives; needs no database. Exit 1 on a fault."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        found = [(int(draw["number"]), faults_of(draw)) for draw in document["draws"]]
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException("this is no file of a draw at the line") from error
    click.echo("     among whom lots decide is not checked: the file names no entry. fundapp draw check CALL does it")
    _tell(found)


def _tell(found: Iterable[tuple[int, list[str]]]) -> None:
    for number, faults in found:
        click.echo(f"{'BAD ' if faults else 'ok  '} list {number}")
        for fault in faults:
            click.echo(f"     {fault}")
    if any(faults for _number, faults in found):
        raise SystemExit(1)
