"""Invitations of reviewers: read from a table that somebody pasted or uploaded, and checked as a whole."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.accounts.rules import checked_email
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import Row, Table
from fundapp.core.text import TextError, clean_text
from fundapp.review.rules import MAX_ENTRIES_PER_REVIEWER, MAX_NAME_CHARACTERS

COLUMNS: Final = ("name", "email", "organisation", "languages", "limit")
"""The heading of each column; name, e-mail and languages are needed."""
NEEDED: Final = ("name", "email", "languages")
DEFAULT_MAX_ENTRIES: Final = 10


@dataclass(frozen=True)
class Invitation:
    """Somebody to be invited: what they read, the first of it being the language of their pages, and how much."""

    email: str
    name: str
    organisation: str
    languages: tuple[str, ...]
    max_entries: int
    place: str = ""


def read_invitations(table: Table) -> list[Invitation]:
    """Return the invitations of a table with the headings of COLUMNS, in any order and case.

    Several languages are separated by commas or spaces. Raises RuleViolations for missing headings and for limits
    that are no number, naming the rows; what else is wrong is for `invitation_problems` to say.
    """
    headings = {_column(heading): heading for heading in table.headers}
    missing = [column for column in NEEDED if column not in headings]
    if missing:
        raise RuleViolations(
            [
                Problem(
                    _l(
                        "The first line must name the columns. Missing: %(columns)s.",
                        columns=", ".join(missing),
                    ),
                    field="listing",
                )
            ]
        )
    problems: list[Problem] = []
    found = []
    for row in table.rows:
        values = {column: row.cells.get(headings[column], "").strip() for column in COLUMNS if column in headings}
        limit = _limit(values.get("limit", ""), row, problems)
        found.append(
            Invitation(
                email=values["email"],
                name=values["name"],
                organisation=values.get("organisation", ""),
                languages=tuple(values["languages"].replace(",", " ").replace(";", " ").casefold().split()),
                max_entries=limit,
                place=_place(row),
            )
        )
    if problems:
        raise RuleViolations(problems)
    return found


def unknown_columns(table: Table) -> list[str]:
    """Return the headings of a table that are none of COLUMNS: nothing is read from under them."""
    return [heading for heading in table.headers if heading.strip() and _column(heading) not in COLUMNS]


def invitation_problems(invitations: Sequence[Invitation], languages: Collection[str]) -> list[Problem]:
    """Say everything that is wrong with any of the invitations; `languages` are those that can be chosen.

    A problem's `place` says which invitation it is.
    """
    problems = []
    seen: set[str] = set()
    if not invitations:
        problems.append(Problem(_l("There is nobody on this list."), field="listing"))
    for invitation in invitations:
        place = invitation.place
        try:
            email = checked_email(invitation.email)
        except RuleViolations as violations:
            problems += [Problem(problem.message, problem.field, place) for problem in violations.problems]
        else:
            if email in seen:
                problems.append(Problem(_l("This address is on the list twice."), field="email", place=place))
            seen.add(email)
        if not invitation.name.strip():
            problems.append(Problem(_l("Enter a name."), field="name", place=place))
        for field, text in (("name", invitation.name), ("organisation", invitation.organisation)):
            try:
                clean_text(text)
            except TextError as error:
                problems.append(Problem(error.message, field=field, place=place))
            if len(text) > MAX_NAME_CHARACTERS:
                problems.append(
                    Problem(
                        _l("A name has at most %(limit)s characters.", limit=MAX_NAME_CHARACTERS),
                        field=field,
                        place=place,
                    )
                )
        problems += agreement_problems(invitation.max_entries, invitation.languages, languages, place=place)
    return problems


def agreement_problems(
    max_entries: int, read: Collection[str], languages: Collection[str], *, place: str = ""
) -> list[Problem]:
    """Say what is wrong with how much somebody is asked to take, and with the languages they are said to read."""
    problems = []
    if not read or not set(read) <= set(languages):
        message = _l("Choose at least one language of: %(codes)s.", codes=", ".join(sorted(languages)))
        problems.append(Problem(message, field="languages", place=place))
    if not 1 <= max_entries <= MAX_ENTRIES_PER_REVIEWER:
        message = _l("Enter a number from 1 to %(most)s.", most=MAX_ENTRIES_PER_REVIEWER)
        problems.append(Problem(message, field="max_entries", place=place))
    return problems


def _column(heading: str) -> str:
    return heading.strip().casefold().replace("-", "")


def _limit(text: str, row: Row, problems: list[Problem]) -> int:
    if not text:
        return DEFAULT_MAX_ENTRIES
    try:
        return int(text)
    except ValueError:
        problems.append(Problem(_l("The limit must be a whole number."), field="listing", place=_place(row)))
        return DEFAULT_MAX_ENTRIES


def _place(row: Row) -> str:
    return str(_l("row %(number)s", number=row.number))
