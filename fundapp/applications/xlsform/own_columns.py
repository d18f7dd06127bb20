"""Our own columns of a survey: what the service has to know about a question and XLSForm has no word for."""

from typing import Final

import regex

from fundapp.applications.form_engine.definition import (
    CHOICE_KINDS,
    IDENTITY_ROLES,
    LISTED_ROLES,
    NUMBER_KINDS,
    PARTY_KINDS,
    ROLE_KINDS,
    Kind,
    Party,
    Question,
    Role,
    Sensitivity,
)
from fundapp.applications.form_engine.eligibility import FIRST_KINDS
from fundapp.applications.xlsform.columns import OWN
from fundapp.applications.xlsform.rows import NO, YES, Cells, Reader
from fundapp.core.i18n import lazy_gettext as _l

SEALED: Final = frozenset({Sensitivity.IDENTITY, Sensitivity.PAYEE})
LISTED_KINDS: Final = frozenset(
    {Kind.TEXT, Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.GEOPOINT, Kind.ACKNOWLEDGE, Kind.CALCULATE, *NUMBER_KINDS}
    | CHOICE_KINDS
)


def said_yes(reader: Reader, row: Cells, column: str) -> bool:
    """Return whether a cell says yes; anything but yes and no is complained about."""
    written = row.plain.get(column, "").lower()
    if written not in YES | NO:
        reader.complain(_l("Write yes or no."), row.place("survey", column))
    return written in YES


def read_limit(reader: Reader, row: Cells, kind: Kind, column: str) -> int | None:
    """Return the most words or characters of a text."""
    written = row.plain.get(column)
    if written is None:
        return None
    where = row.place("survey", column)
    if kind is not Kind.TEXT:
        reader.complain(_l("Only text has a limit."), where)
    if not regex.fullmatch(r"[1-9][0-9]{0,5}", written):
        reader.complain(_l("Write the limit as a whole number."), where)
        return None
    return int(written)


def read_role(reader: Reader, row: Cells, kind: Kind, taken: dict[Role, int]) -> Role | None:
    """Return the role that a question plays; `taken` holds the rows of the roles before it."""
    column = f"{OWN}role"
    written = row.plain.get(column)
    if written is None:
        return None
    where = row.place("survey", column)
    if written not in set(Role):
        reader.complain(
            _l("“%(name)s” is not a role. Roles are: %(roles)s.", name=written, roles=", ".join(Role)), where
        )
        return None
    role = Role(written)
    if role in taken:
        reader.complain(_l("Row %(row)s has this role already.", row=taken[role]), where)
    taken.setdefault(role, row.number)
    if kind not in ROLE_KINDS[role]:
        types = ", ".join(sorted(ROLE_KINDS[role]))
        reader.complain(_l("The role “%(role)s” needs one of the types %(types)s.", role=role, types=types), where)
    return role


def read_party(reader: Reader, row: Cells, kind: Kind, role: Role | None) -> Party | None:
    """Return who is named in the answer, as a form says it: people tied to them do not judge the application."""
    column = f"{OWN}party"
    written = row.plain.get(column)
    if written is None:
        return None
    where = row.place("survey", column)
    if written not in set(Party):
        choices = ", ".join(Party)
        reader.complain(_l("“%(name)s” is no party. Write one of: %(choices)s.", name=written, choices=choices), where)
        return None
    if kind not in PARTY_KINDS:
        reader.complain(_l("Only a text names a party."), where)
    if role in (Role.ORGANISATION, Role.CONTACT_NAME, Role.EMAIL):
        reader.complain(_l("An answer with this role names the applicant by itself."), where)
    return Party(written)


def read_sensitivity(reader: Reader, row: Cells, kind: Kind, role: Role | None) -> Sensitivity | None:
    """Return how sensitive a form says that an answer is."""
    column = f"{OWN}sensitivity"
    written = row.plain.get(column)
    if written is None:
        return None
    where = row.place("survey", column)
    if written not in set(Sensitivity):
        choices = ", ".join(Sensitivity)
        reader.complain(
            _l("“%(name)s” is no sensitivity. Write one of: %(choices)s.", name=written, choices=choices), where
        )
        return None
    sensitivity = Sensitivity(written)
    if sensitivity is Sensitivity.PAYEE and (kind is not Kind.TEXT or role is not None):
        reader.complain(_l("Only a text without a role can be “payee”."), where)
    if sensitivity is Sensitivity.IDENTITY and role in LISTED_ROLES:
        reader.complain(
            _l("An answer with the role “%(role)s” stands in lists. A protected call hides it.", role=role), where
        )
    if role in IDENTITY_ROLES and sensitivity is not Sensitivity.IDENTITY:
        reader.complain(_l("An answer with the role “%(role)s” is always identity.", role=role), where)
    return sensitivity


def check_own(reader: Reader, row: Cells, question: Question, in_repeat: bool) -> None:
    """Complain about what our columns say of one question and cannot be kept."""

    def refuse(wrong: bool, column: str, message: str) -> None:
        if wrong:
            reader.complain(message, row.place("survey", f"{OWN}{column}"))

    kind, sealed = question.kind, question.sensitivity in SEALED
    if in_repeat:
        outside = _l("This has no meaning in a repeat. Ask the question outside it.")
        refuse(question.role is not None, "role", outside)
        refuse(bool(question.category), "category", outside)
        refuse(bool(question.eligible), "eligible", outside)
        refuse(question.in_lists, "lists", outside)
        refuse(question.sensitivity is Sensitivity.PAYEE, "sensitivity", outside)
    refuse(
        question.identifies and row.plain.get(f"{OWN}reviewers", "").lower() in YES,
        "reviewers",
        _l("An answer that tells who applies is never shown to reviewers."),
    )
    refuse(
        question.spoken and (kind is not Kind.TEXT or question.role is not None or sealed),
        "spoken",
        _l("Only a text can be spoken, without a role, and neither identity nor payee."),
    )
    refuse(
        question.in_lists and kind not in LISTED_KINDS,
        "lists",
        _l("Files and notes cannot stand in lists."),
    )
    refuse(
        question.in_lists and question.multiline, "lists", _l("A text of several lines is too long to stand in lists.")
    )
    refuse(
        bool(question.eligible) and (kind not in FIRST_KINDS or sealed or question.role is not None),
        "eligible",
        _l(
            "Who may apply is asked by choices, numbers, dates, places or a box to tick, without a role or sensitivity."
        ),
    )
    refuse(
        bool(question.eligible) and not question.required,
        "eligible",
        _l("An eligibility question is always required: write yes in the column required."),
    )
    refuse(
        bool(question.eligible) and not question.ineligible_message,
        "eligible",
        _l("Say in the column fundapp::ineligible_message why somebody cannot apply."),
    )
    refuse(
        bool(question.ineligible_message) and not question.eligible,
        "ineligible_message",
        _l("This needs an expression in the column fundapp::eligible."),
    )
