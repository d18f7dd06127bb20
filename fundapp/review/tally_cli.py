"""The command line of the tally: recompute it from a file of scores alone, and verify a frozen one."""

import base64
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from fundapp.core.db import db, read_only
from fundapp.core.errors import Failure, RuleViolations
from fundapp.core.keys import Keyring, Part
from fundapp.core.web import FundApp
from fundapp.review.frozen import FrozenFile, differences, read_frozen
from fundapp.review.queries.frozen_check import compared
from fundapp.review.tally import tally
from fundapp.review.tally.marks import rounded
from fundapp.review.tally.mixed_model import Grounds
from fundapp.review.tally.scores_file import read_scores
from fundapp.review.tally.whole import AdjustedEntry, WholeTally, whole_tally
from fundapp.settings import keys_dir_of

LEFT_OUT = (
    "Missing criteria and “cannot judge” are left out and never count as zero: the weights of the others are scaled up."
)
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _ScoresByDefault(click.Group):
    """A group whose first command may be left out: `fundapp tally FILE` is `fundapp tally scores FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the first command in where none is named."""
        named = bool(args) and args[0] in {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, args if named or not args else ["scores", *args])


@click.group("tally", cls=_ScoresByDefault)
def tally_group() -> None:
    """The tally, for auditors: fundapp tally FILE recomputes one from scores; fundapp tally verify checks a frozen one.

    A file of scores that is called "verify" is named as ./verify.
    """


@tally_group.command("scores")
@click.argument("scores", type=READABLE)
@click.option("--rubric", type=READABLE, help="TOML file with [[criteria]]: code, weight, minimum, maximum.")
@click.option("--places", type=click.IntRange(0), default=0, help="How many can be funded: gives chances of being one.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def tally_command(scores: Path, rubric: Path | None, places: int, as_json: bool) -> None:
    """Recompute a tally from SCORES: a CSV or XLSX file with the columns application, reviewer, criterion, score.

    Nothing else is read, and nothing is written: means and ranks are exact, the adjusted scores come from a model of
    strict and lenient readers. A table without the column criterion holds one score for each reading. Scores with a
    decimal comma are read where semicolons separate the cells.
    """
    try:
        file = read_scores(scores.read_bytes(), scores.name, rubric.read_bytes() if rubric else None)
    except RuleViolations as violations:
        raise click.ClickException("\n".join(str(problem) for problem in violations.problems)) from violations
    whole = whole_tally(tally(file.entry_ids, file.criteria, file.rows), places=places)
    click.echo(json.dumps(as_document(whole), ensure_ascii=False, indent=2) if as_json else as_text(whole))


@tally_group.command("verify")
@click.argument("file", type=READABLE)
@click.option("--key", "public_key", help="The public audit key: its file (audit.0001.public), or 64 hex digits.")
@click.pass_context
def verify_command(context: click.Context, file: Path, public_key: str | None) -> None:
    """Verify a frozen tally: its signature, the ranking from FILE alone, and whether the database says the same.

    Every difference is named, and the exit status is 1 when there is one. Without --key, the public keys of this
    installation are used; without a database, it says that nothing was compared with one.
    """
    try:
        frozen = read_frozen(file.read_bytes())
    except Failure as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"sha256 {frozen.sha256}")
    app, why_not = _app_of(context)
    wrong = _signature_problems(frozen, public_key)
    wrong += _told("the ranking follows from the scores in the file", differences(frozen.document))
    wrong += _compared(app, frozen) if app is not None else _not_checked(f"the database: {why_not}")
    if wrong:
        raise SystemExit(1)


def _signature_problems(frozen: FrozenFile, public_key: str | None) -> int:
    spelled = "the file is spelled as it was signed"
    wrong = _told(spelled, [] if frozen.is_canonical else ["the file was spelled anew: its bytes are not ours"])
    signature = frozen.signature
    if signature is None:
        return wrong + _told("", ["the file is not signed: the signature comes with the next checkpoint"])
    if signature.sha256 != frozen.sha256:
        return wrong + _told("", [f"the file was edited: its signature is of other bytes ({signature.sha256})"])
    keys = _public_keys(public_key)
    if not keys:
        return wrong + _not_checked("the signature: no public key is at hand, give one with --key")
    good = any(signature.is_of(key) for key in keys)
    said = f"key {signature.key_id} signed it at {signature.at}"
    return wrong + _told(
        said, [] if good else [f"the signature is not one of key {signature.key_id} as it is known here"]
    )


def _public_keys(given: str | None) -> list[bytes]:
    """Return the public keys to check with. Raises ClickException for a key that cannot be read."""
    if given is None:
        try:
            ring = Keyring.load(keys_dir_of(), [Part.AUDIT_PUBLIC])
        except Failure:
            return []
        return [ring.raw(Part.AUDIT_PUBLIC, number) for number in ring.numbers(Part.AUDIT_PUBLIC)]
    try:
        if re.fullmatch(r"[0-9a-fA-F]{64}", given):
            return [bytes.fromhex(given)]
        key = base64.b64decode(Path(given).read_bytes().strip(), validate=True)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{given} is neither a file with a public key nor 64 hex digits") from error
    return [key]


def _app_of(context: click.Context) -> tuple[FundApp | None, str]:
    try:
        return context.obj(frozenset()), ""
    except click.ClickException as error:
        return None, error.message


def _compared(app: FundApp, frozen: FrozenFile) -> int:
    with app.app_context():
        read_only()
        try:
            found = compared(frozen)
        except (OperationalError, ProgrammingError) as error:
            return _not_checked(f"the database: it does not answer ({error.orig})")
        finally:
            db.session.rollback()
    for note in found.notes:
        _not_checked(note)
    return _told("the database says the same", list(found.differences))


def _told(good: str, problems: Sequence[str]) -> int:
    """Say what is good, or name every problem; return how many there are."""
    if problems:
        for problem in problems:
            click.echo(f"BAD  {problem}")
    elif good:
        click.echo(f"ok   {good}")
    return len(problems)


def _not_checked(what: str) -> int:
    click.echo(f"     not checked: {what}")
    return 0


def as_document(whole: WholeTally) -> dict[str, Any]:
    """Return a tally for JSON, as docs/exports.md has it; exact fractions are written as "13/3"."""
    is_modelled = whole.grounds is Grounds.MODEL
    return {
        "model": whole.grounds.value,
        "tells_apart": whole.tells_apart,
        "variances": whole.variances._asdict() if is_modelled else None,
        "agreement": whole.variances.agreement if is_modelled else None,
        "reviewers_share_of_variance": whole.variances.reviewers_share if is_modelled else None,
        "parts": whole.parts,
        "places": whole.places,
        "expected_right": whole.expected_right if whole.places else None,
        "expected_right_by_mean": whole.expected_right_by_mean if whole.places else None,
        "applications": [_entry_document(each, has_places=bool(whole.places)) for each in whole.entries],
        "reviewers": [
            {
                "reviewer": each.reviewer_id,
                "reviews": each.reviews,
                "leniency": each.leniency if is_modelled else None,
                "error": each.error if is_modelled else None,
            }
            for each in whole.readers
        ],
    }


def as_text(whole: WholeTally) -> str:
    """Return a tally as lines for people, in columns."""
    rows = [("part", "rank", "score", "mean", "median", "spread", "reviews", "at least", "chance", "application")]
    for each in whole.entries:
        plain = each.plain
        interval = "" if each.lowest_rank is None else f"{each.lowest_rank}-{each.highest_rank}"
        chance = "" if each.fundable is None or not whole.places else _percent(each.fundable)
        rows.append(
            (
                "" if each.part is None else str(each.part + 1),
                "" if each.rank is None else str(each.rank),
                "" if each.score is None else f"{each.score:.3f}",
                _figure(plain.mean),
                _figure(plain.median),
                _figure(plain.spread),
                str(plain.reviews),
                interval,
                chance,
                plain.entry_id,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = ["  ".join([*(cell.rjust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]
    return "\n".join([*lines, "", *_remarks(whole)])


def _remarks(whole: WholeTally) -> list[str]:
    said = [LEFT_OUT, *_grounds(whole)]
    if whole.parts > 1:
        said.append(f"No reviewer connects the {whole.parts} parts: their scores cannot be compared with each other.")
    for by, right in (("adjusted score", whole.expected_right), ("mean", whole.expected_right_by_mean)):
        if right is not None and whole.places:
            said.append(f"Of the best {whole.places} by {by}, about {right:.1f} are truly among the best.")
    return said


def _grounds(whole: WholeTally) -> list[str]:
    """Say what the adjusted scores stand on, and what nobody can know."""
    if not whole.readers:
        return ["Nobody has scored anything."]
    if whole.grounds is Grounds.EQUAL_MARKS:
        where = "All marks are" if whole.parts == 1 else "Within each part all marks are"
        return [f"{where} the same: nothing tells the applications apart, and nothing was adjusted."]
    if whole.grounds is Grounds.SINGLE_READINGS:
        who = "One reviewer read all of this" if len(whole.readers) == 1 else "No application has two readings"
        return [f"{who}: whether reviewers are strict or agree cannot be told, and nothing was adjusted."]
    said = [
        f"Reviewers make up {_percent(whole.variances.reviewers_share)} of the variance of a mark; two marks of one "
        f"application agree by {whole.variances.agreement:.2f}, where 1 is full agreement."
    ]
    if not whole.tells_apart:
        said.append("Nothing in the scores tells the applications apart: there are no adjusted ranks and no chances.")
    return said


def _figure(value: Fraction | Decimal | None) -> str:
    return "" if value is None else str(rounded(value, 3))


def _percent(share: float) -> str:
    """Write an estimated share from 0 to 1: never as none or all of it."""
    whole = round(100 * share)
    return "under 1%" if whole < 1 else "over 99%" if whole > 99 else f"{whole}%"


def _entry_document(each: AdjustedEntry, *, has_places: bool) -> dict[str, Any]:
    plain = each.plain
    return {
        "application": plain.entry_id,
        "reviews": plain.reviews,
        "mean": None if plain.mean is None else str(plain.mean),
        "median": None if plain.median is None else str(plain.median),
        "spread": None if plain.spread is None else float(plain.spread),
        "variance": None if plain.variance is None else str(plain.variance),
        "plain_rank": plain.rank,
        "part": each.part,
        "score": each.score,
        "rank": each.rank,
        "rank_at_least_from": each.lowest_rank,
        "rank_at_least_to": each.highest_rank,
        "chance": each.fundable if has_places else None,
        "difference_from_readers": each.from_readers,
        "difference_from_few_readings": each.from_few_readings,
        "without": None if each.swing is None else each.swing._asdict(),
    }
