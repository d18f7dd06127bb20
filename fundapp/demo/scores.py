"""Who gave which scores: read from a file of real ones, or invented by seeded sample reviewers."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.tables import Row, Table
from fundapp.review.scoring_rules import Answer, Step, Unjudged

COLUMNS: Final = ("application", "reviewer", "criterion", "score")
"""Headings of a file of scores; "category" may stand beside them where a call has categories."""
SEED: Final = "fundapp sample round"
CANNOT_JUDGE_SHARE: Final = 0.03
_NUMBER: Final = re.compile(r"-?[0-9]{1,5}(\.[0-9]{1,4})?")


@dataclass(frozen=True, order=True)
class Reading:
    """One reviewer's reading of one entry, by the names that the file uses for both."""

    application: str
    category: str
    reviewer: str


Scores = Mapping[Reading, Mapping[str, Answer]]


def read_scores(table: Table, criteria: Collection[Step]) -> Scores:
    """Return the scores of a table with the headings of COLUMNS; an empty score means "cannot judge".

    Raises RuleViolations naming, by row, everything that is wrong: unknown criteria, scores off the scale, a score
    given twice, and readings that leave a criterion out.
    """
    headings = {heading.strip().casefold(): heading for heading in table.headers}
    if missing := [column for column in COLUMNS if column not in headings]:
        raise RuleViolations([Problem(f"there is no column {' and no column '.join(missing)}", place="first row")])
    steps = {step.key: step for step in criteria}
    problems: list[Problem] = []
    scores: dict[Reading, dict[str, Answer]] = {}
    for row in table.rows:
        cells = {name: row.cells.get(heading, "").strip() for name, heading in headings.items()}
        criterion, place = cells["criterion"], f"row {row.number}"
        reading = Reading(cells["application"], cells.get("category", ""), cells["reviewer"])
        if not reading.application or not reading.reviewer:
            problems.append(Problem("it names no application or no reviewer", place=place))
        elif criterion not in steps:
            problems.append(Problem(f"there is no criterion {criterion!r}, only {', '.join(steps)}", place=place))
        elif criterion in scores.setdefault(reading, {}):
            problems.append(Problem(f"{reading.reviewer} scored {criterion} before", place=place))
        else:
            answer = _answer(cells["score"], steps[criterion], row, problems)
            if answer is not None:
                scores[reading][criterion] = answer
    if not problems:
        problems = [
            Problem(f"no score for {', '.join(absent)}", place=f"{reading.reviewer} on {reading.application}")
            for reading, given in sorted(scores.items())
            if (absent := [code for code in steps if code not in given])
        ]
    if problems:
        raise RuleViolations(problems)
    return scores


def sample_answers(reference: str, reviewer: str, criteria: Collection[Step]) -> dict[str, Answer]:
    """Invent a reviewer's answers about an entry: the same each time, near its invented worth, by taste and chance."""
    worth = Random(f"{SEED}, {reference}").gauss(0.6, 0.18)  # noqa: S311 - invented scores need no secrecy
    taste = Random(f"{SEED}, {reviewer}").gauss(0.0, 0.06)  # noqa: S311 - likewise
    chance = Random(f"{SEED}, {reference}, {reviewer}")  # noqa: S311 - likewise
    answers: dict[str, Answer] = {}
    for step in criteria:
        share = min(max(worth + taste + chance.gauss(0.0, 0.12), 0.0), 1.0)
        judged = chance.random() >= CANNOT_JUDGE_SHARE
        value = step.values[round(share * (len(step.values) - 1))]
        answers[step.key] = value if judged else Unjudged.CANNOT_JUDGE
    return answers


def _answer(text: str, step: Step, row: Row, problems: list[Problem]) -> Answer | None:
    if not text:
        return Unjudged.CANNOT_JUDGE
    if _NUMBER.fullmatch(text) and step.has(Decimal(text)):
        return Decimal(text)
    problems.append(
        Problem(f"{text!r} is no step of the scale from {step.lowest} to {step.highest}", place=f"row {row.number}")
    )
    return None
