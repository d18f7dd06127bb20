"""Scores from a file alone, so that anybody can repeat a tally: a table of scores, and what they were given for."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import Row, Table, read_table
from fundapp.review.tally.marks import ScoreRow, WeightedCriterion

MUST: Final = ("application", "reviewer", "score")
ONLY: Final = "score"
"""The criterion of a table that names none."""

CANNOT_JUDGE: Final = frozenset({"", "cannot judge"})
MOST_PROBLEMS: Final = 50

_WITH_MARK: Final = re.compile(r"[+-]?\d*[.,]\d+")
_IN_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")


@dataclass(frozen=True)
class ScoresFile:
    """What a table of scores holds: the applications in order of reference, the criteria, and the scores."""

    entry_ids: tuple[str, ...]
    criteria: tuple[WeightedCriterion, ...]
    rows: tuple[ScoreRow, ...]


def read_scores(data: bytes, filename: str, rubric: bytes | None = None) -> ScoresFile:
    """Read a table with the columns application, reviewer, score, and criterion where there are several.

    `rubric` is a TOML file with `[[criteria]]` of code, weight, minimum and maximum, as a call package has them.
    Without it all criteria weigh the same, on the scale from the lowest to the highest score in the table. An empty
    score is one that could not be judged. Scores have decimal points, or where semicolons separate the cells decimal
    commas; what could be read in two ways is not taken. Raises RuleViolations, with every row that cannot be taken.
    """
    table = read_table(data, filename)
    names = {header.casefold(): header for header in table.headers}
    if missing := [name for name in MUST if name not in names]:
        message = _l("This table has no column “%(name)s”.", name=missing[0])
        raise RuleViolations([Problem(message, place=filename)])
    criteria = {each.key: each for each in read_rubric(rubric)} if rubric is not None else None
    spelling = _spelling(table, names["score"])
    names_criteria = "criterion" in names and any(row.cells[names["criterion"]].strip() for row in table.rows)
    problems: list[Problem] = []
    rows: list[ScoreRow] = []
    seen: set[tuple[str, str, str]] = set()
    for row in table.rows:
        written = row.cells[names["score"]].strip()
        if (doubt := spelling.doubt(written)) is not None:
            place = _l(
                "%(file)s, row %(row)s, column “%(column)s”", file=filename, row=row.number, column=names["score"]
            )
            problems.append(Problem(doubt, place=place))
            continue
        found, wrong = _score_in(row, names, criteria, spelling.point(written))
        if table.separator == "," and row.is_wider:
            wrong = _l(
                "This row has more cells than there are headings, as a decimal comma makes them. Write decimals with a "
                "point, or separate the cells with semicolons."
            )
        elif names_criteria and not row.cells[names["criterion"]].strip():
            wrong = _l("This row names no criterion, and others do.")
        elif found is not None and found[:3] in seen:
            wrong = _l("This reviewer scored this application twice on this criterion.")
        if wrong is not None:
            problems.append(Problem(wrong, place=_l("%(file)s, row %(row)s", file=filename, row=row.number)))
        elif found is not None:
            seen.add(found[:3])
            rows.append(found)
    if problems:
        raise RuleViolations(problems[:MOST_PROBLEMS])
    entry_ids = tuple(sorted({row.entry_id for row in rows}))
    return ScoresFile(entry_ids, tuple(criteria.values()) if criteria else _as_scored(rows), tuple(rows))


@dataclass(frozen=True)
class _Spelling:
    """How the scores of a table write decimals: `mark` is "," or ".", "" where none has any, None where both occur.

    `is_grouped` where each could as well be in thousands: "1,250" and "2.500".
    """

    separator: str
    mark: str | None
    is_grouped: bool

    def doubt(self, written: str) -> str | None:
        """Say why a score could be read in two ways; None where it cannot."""
        if not _WITH_MARK.fullmatch(written):
            return None
        if self.separator != ";":
            return (
                None
                if "." in written
                else _l(
                    "“%(written)s” has a comma. Write decimals with a point, or separate the cells with semicolons.",
                    written=written,
                )
            )
        if self.mark is None:
            return _l(
                "“%(written)s”: some scores have a decimal comma and others a decimal point. Write all of them alike.",
                written=written,
            )
        if self.is_grouped:
            return _l(
                "“%(written)s” may be in thousands or have three decimals. Write it with one or two decimals.",
                written=written,
            )
        return None

    def point(self, written: str) -> str:
        """Return a score that is not in doubt, with a decimal point."""
        return written.replace(",", ".") if self.mark == "," and _WITH_MARK.fullmatch(written) else written


def _spelling(table: Table, column: str) -> _Spelling:
    written = [text for row in table.rows if _WITH_MARK.fullmatch(text := row.cells[column].strip())]
    marks = {"," if "," in text else "." for text in written}
    mark = None if len(marks) > 1 else "".join(marks)
    return _Spelling(table.separator, mark, all(_IN_THOUSANDS.fullmatch(text) for text in written))


def read_rubric(data: bytes) -> list[WeightedCriterion]:
    """Return the criteria of a TOML file. Raises RuleViolations."""
    try:
        written = tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
        criteria = list(_criteria(written.get("criteria", [])))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        message = _l("The rubric cannot be read: %(reason)s", reason=str(error))
        raise RuleViolations([Problem(message)]) from error
    if not criteria:
        raise RuleViolations([Problem(_l("The rubric has no criteria."))])
    return criteria


def _criteria(written: Sequence[dict[str, Any]]) -> Iterator[WeightedCriterion]:
    for each in written:
        yield WeightedCriterion(str(each["code"]), each.get("weight", 1), each["minimum"], each["maximum"])


def _score_in(
    row: Row, names: dict[str, str], criteria: dict[str, WeightedCriterion] | None, written: str
) -> tuple[ScoreRow | None, str | None]:
    """Return the score of a row, or what is wrong with it."""

    def cell(name: str) -> str:
        return row.cells[names[name]].strip() if name in names else ""

    entry, reviewer, criterion = cell("application"), cell("reviewer"), cell("criterion") or ONLY
    if not entry or not reviewer:
        return None, _l("This row does not say which application or which reviewer it is about.")
    if criteria is not None and criterion not in criteria:
        return None, _l("The rubric has no criterion “%(code)s”.", code=criterion)
    if written.casefold() in CANNOT_JUDGE:
        return ScoreRow(entry, reviewer, criterion, None), None
    try:
        score = Decimal(written)
    except InvalidOperation:
        score = Decimal("NaN")
    if not score.is_finite():
        return None, _l("“%(written)s” is not a number.", written=written)
    if criteria is not None and not criteria[criterion].lowest <= score <= criteria[criterion].highest:
        return None, _l("%(written)s is outside the scale of “%(code)s”.", written=written, code=criterion)
    return ScoreRow(entry, reviewer, criterion, score), None


def _as_scored(rows: Sequence[ScoreRow]) -> tuple[WeightedCriterion, ...]:
    scores = [row.score for row in rows if row.score is not None]
    lowest, highest = min(scores, default=Decimal(0)), max(scores, default=Decimal(1))
    ends = (lowest, highest) if lowest < highest else (lowest, lowest + 1)
    return tuple(WeightedCriterion(code, 1, *ends) for code in sorted({row.criterion for row in rows}))
