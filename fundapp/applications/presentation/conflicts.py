"""Conflicts of interest in plain words: where a person stands with an application, and why."""

from dataclasses import dataclass
from typing import Final

from fundapp.applications.form_engine.definition import Party
from fundapp.applications.forms.item_cells import PARTIES
from fundapp.applications.links import Way
from fundapp.applications.models import Call, ConflictOfInterest, ConflictSource, PartyFactKind
from fundapp.applications.queries.conflicts import Cause
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

BARS_OWN_ORGANISATION: Final = _l(
    "While somebody reads applications for this call, the organisation that they belong to can't apply to it."
)
"""For reviewers and applicants alike, before either spends work."""


@dataclass(frozen=True)
class StatementShown:
    """What somebody said of a person and an application."""

    words: str
    by: str
    at: Moment
    reason: str


@dataclass(frozen=True)
class StandingShown:
    """Where a person stands with an application: a tag, the causes in words, and what was said."""

    tag: str
    kind: str
    causes: list[str]
    statements: list[StatementShown]
    is_pinned: bool
    can_be_none: bool
    """Whether a manager can say that there is no conflict, whatever the facts say."""


def standing_shown(
    call: Call, causes: list[Cause], stated: list[ConflictOfInterest], *, is_protected: bool
) -> StandingShown:
    """Return where a person stands, of what the facts say and of what was stated and not taken back.

    Of a protected application nothing says how somebody is tied to it: that could name who applies.
    """
    if is_protected and causes:
        words = [_("They are tied to it. As it is protected, it is not said how, and nobody can say otherwise.")]
    else:
        words = list(dict.fromkeys(cause_in_words(cause) for cause in causes))
    is_own = not is_protected and any(cause.is_own for cause in causes)
    pins = {each.is_conflict for each in stated if each.source is ConflictSource.SET_BY_MANAGER}
    tag, kind = _tag(pins, is_conflict=bool(causes or stated), is_own=is_own)
    return StandingShown(
        tag=tag,
        kind=kind,
        causes=words,
        statements=[_statement(each, call) for each in stated],
        is_pinned=bool(pins),
        can_be_none=not is_own and not (is_protected and causes),
    )


def cause_in_words(cause: Cause) -> str:
    """Say what ties somebody to an application; nothing in it names anybody."""
    party = PARTIES[cause.party or Party.APPLICANT]
    match cause.way:
        case Way.OWN:
            return _("It is their own application.")
        case Way.MEMBER:
            return _("They are tied to the organisation that applies.")
        case Way.ORGANISATION:
            return _("They belong to an organisation of the same name as this one: %(party)s.", party=party)
        case Way.TIE:
            return _("They declared a tie to an organisation that is named in it: %(party)s.", party=party)
        case Way.COLLEAGUE:
            return _("Their e-mail address is of the same organisation as that of somebody who applies.")
    match cause.kind:
        case PartyFactKind.PERSON:
            return _("Somebody with their name is named in it: %(party)s.", party=party)
        case PartyFactKind.ADDRESS:
            return _("Their e-mail address is named in it: %(party)s.", party=party)
    return _("Their e-mail address is of an organisation that is named in it: %(party)s.", party=party)


def _tag(pins: set[bool], *, is_conflict: bool, is_own: bool) -> tuple[str, str]:
    if is_own:
        return _("Conflict: their own application"), "stop"
    if pins == {True}:
        return _("Conflict, fixed by a manager"), "stop"
    if pins == {False}:
        return _("No conflict, fixed by a manager"), "good"
    return (_("Conflict"), "stop") if is_conflict else (_("No conflict"), "")


def _statement(stated: ConflictOfInterest, call: Call) -> StatementShown:
    if stated.source is ConflictSource.DECLARED:
        words = _("They declared a conflict of interest.")
    elif stated.is_conflict:
        words = _("A manager said that there is a conflict of interest.")
    else:
        words = _("A manager said that there is no conflict of interest.")
    by = stated.recorded_by
    return StatementShown(
        words=words,
        by=(by.name or by.email) if by else "",
        at=moment(stated.recorded_at, call.time_zone),
        reason=stated.reason,
    )
