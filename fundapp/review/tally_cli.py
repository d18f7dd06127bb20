"""The command line of the tally: recompute it from a file of scores alone, without a database."""

import json
from pathlib import Path
from typing import Any

import click

from fundapp.core.errors import RuleViolations
from fundapp.review.tally import tally
from fundapp.review.tally.marks import rounded
from fundapp.review.tally.scores_file import read_scores
from fundapp.review.tally.whole import AdjustedEntry, WholeTally, whole_tally

READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("tally")
@click.argument("scores", type=READABLE)
@click.option("--rubric", type=READABLE, help="TOML file with [[criteria]]: code, weight, minimum, maximum.")
@click.option("--places", type=click.IntRange(0), default=0, help="How many can be funded: gives chances of being one.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def tally_command(scores: Path, rubric: Path | None, places: int, as_json: bool) -> None:
    """Recompute a tally from SCORES: a CSV or XLSX file with the columns application, reviewer, criterion, score.

    Nothing else is read, and nothing is written: means and ranks are exact, the adjusted scores come from a model of
    strict and lenient readers. A table without the column criterion holds one score for each reading.
    """
    try:
        file = read_scores(scores.read_bytes(), scores.name, rubric.read_bytes() if rubric else None)
    except RuleViolations as violations:
        raise click.ClickException("\n".join(str(problem) for problem in violations.problems)) from violations
    whole = whole_tally(tally(file.entry_ids, file.criteria, file.rows), places=places)
    click.echo(json.dumps(as_document(whole), ensure_ascii=False, indent=2) if as_json else as_text(whole))


def as_document(whole: WholeTally) -> dict[str, Any]:
    """Return a tally for JSON; exact fractions are written as "13/3"."""
    return {
        "model": whole.grounds.value,
        "variances": whole.variances._asdict(),
        "agreement": whole.variances.agreement,
        "reviewers_share_of_variance": whole.variances.reviewers_share,
        "parts": whole.parts,
        "places": whole.places,
        "expected_right": whole.expected_right,
        "applications": [_entry_document(each) for each in whole.entries],
        "reviewers": [
            {"reviewer": r.reviewer_id, "reviews": r.reviews, "leniency": r.leniency, "error": r.error}
            for r in whole.readers
        ],
    }


def as_text(whole: WholeTally) -> str:
    """Return a tally as lines for people, in columns."""
    rows = [("part", "rank", "score", "mean", "reviews", "at least", "chance", "application")]
    for each in whole.entries:
        interval = "" if each.lowest_rank is None else f"{each.lowest_rank}-{each.highest_rank}"
        chance = "" if each.fundable is None or not whole.places else f"{each.fundable:.2f}"
        rows.append(
            (
                "" if each.part is None else str(each.part + 1),
                "" if each.rank is None else str(each.rank),
                "" if each.score is None else f"{each.score:.3f}",
                "" if each.plain.mean is None else str(rounded(each.plain.mean, 3)),
                str(each.plain.reviews),
                interval,
                chance,
                each.plain.entry_id,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    lines = ["  ".join([*(cell.rjust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]
    return "\n".join([*lines, "", *_remarks(whole)])


def _remarks(whole: WholeTally) -> list[str]:
    share, agreement = whole.variances.reviewers_share, whole.variances.agreement
    said = [f"Readers make up {share:.0%} of the variance of a mark; two marks of one entry agree by {agreement:.2f}."]
    if whole.parts > 1:
        said.append(f"No reviewer connects the {whole.parts} parts: their scores cannot be compared with each other.")
    if whole.expected_right is not None and whole.places:
        said.append(f"Of the best {whole.places}, about {whole.expected_right:.1f} are truly among the best.")
    return said


def _entry_document(each: AdjustedEntry) -> dict[str, Any]:
    plain = each.plain
    return {
        "application": plain.entry_id,
        "reviews": plain.reviews,
        "mean": None if plain.mean is None else str(plain.mean),
        "median": None if plain.median is None else str(plain.median),
        "variance": None if plain.variance is None else str(plain.variance),
        "plain_rank": plain.rank,
        "part": each.part,
        "score": each.score,
        "rank": each.rank,
        "rank_at_least_from": each.lowest_rank,
        "rank_at_least_to": each.highest_rank,
        "chance": each.fundable,
        "difference_from_readers": each.from_readers,
        "difference_from_few_readings": each.from_few_readings,
        "without": None if each.swing is None else each.swing._asdict(),
    }
