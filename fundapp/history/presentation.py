"""What the pages of the history show."""

from dataclasses import dataclass
from typing import Final

from flask import url_for

from fundapp.accounts.permissions import Actor, P, Role
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.paging import Page
from fundapp.history.queries import Line, may_name_reviewers
from fundapp.history.sentences import Sentence, Side, sentence_of

_APPLICANTS: Final = frozenset({Role.APPLICANT.value, Role.COLLABORATOR.value})
_OUTSIDE: Final = _APPLICANTS | {Role.REVIEWER.value, Role.NOMINATOR.value}


@dataclass(frozen=True)
class LineShown:
    """One line of a timeline: when (in the call's time zone), who, what, about which application, and why."""

    at: Moment
    who: str
    what: str
    reference: str
    name: str
    url: str
    reason: str


@dataclass(frozen=True)
class Told:
    """Who did something, what, and why, in the current language and as far as the reader may know it."""

    who: str
    what: str
    reason: str


def lines_shown(page: Page[Line], call: Call, actor: Actor) -> list[LineShown]:
    """Return the lines of a page of the history of a call."""
    reads_applications = actor.can(P.APPLICATION_READ, call.id)
    return [_line_shown(line, call, told_of(line, call, actor), reads_applications) for line in page.items]


def told_of(line: Line, call: Call, actor: Actor) -> Told:
    """Return what a line of the history of a call tells the actor."""
    names_reviewers, sentence = may_name_reviewers(actor, call), _sentence(line)
    return Told(
        who=_who(line, sentence, names_reviewers=names_reviewers),
        what=_worded(line, call.currency),
        reason=line.reason if names_reviewers or sentence.side is not Side.REVIEWER else "",
    )


@dataclass(frozen=True)
class RecordedShown:
    """One entry of the whole record: its number, when (UTC), who, what, and the beginning of its hash."""

    seq: int
    at: Moment
    who: str
    what: str
    short_hash: str


def recorded_shown(page: Page[Line]) -> list[RecordedShown]:
    """Return the lines of a page of the whole record; reviewers and applicants are not named."""
    return [
        RecordedShown(
            seq=line.entry.seq,
            at=moment(line.entry.written_at),
            who=_who(line, _sentence(line), names_reviewers=False),
            what=_worded(line, ""),
            short_hash=line.entry.entry_hash[:16],
        )
        for line in page.items
    ]


def _sentence(line: Line) -> Sentence:
    outcome = line.entry.data.get("outcome")
    return sentence_of(line.entry.action, outcome if isinstance(outcome, str) else None)


def _worded(line: Line, currency: str) -> str:
    amount = line.entry.data.get("amount_minor")
    written = money(amount, currency) if isinstance(amount, int) and currency else _("some money")
    return str(_sentence(line).text) % {"amount": written}


def _line_shown(line: Line, call: Call, told: Told, reads_applications: bool) -> LineShown:
    is_linked = line.application_id is not None and line.face is not None and reads_applications
    return LineShown(
        at=moment(line.entry.at, call.time_zone),
        who=told.who,
        what=told.what,
        reference=line.face.reference or "" if line.face else "",
        name=line.face.name if line.face else "",
        url=url_for("history.of_application", application_id=line.application_id) if is_linked else "",
        reason=told.reason,
    )


def _who(line: Line, sentence: Sentence, *, names_reviewers: bool) -> str:
    """Name whoever acted, as far as the reader may know it: applicants and reviewers only by what they are."""
    roles = set(line.entry.roles)
    if line.entry.actor_id is None:
        return _("The system") if roles == {"system"} else _("Somebody")
    if (roles and roles <= _APPLICANTS) or (sentence.side is Side.APPLICANT and roles <= _OUTSIDE):
        return _("The applicant")
    if (sentence.side is Side.REVIEWER or (roles and roles <= _OUTSIDE)) and not names_reviewers:
        return _("A reviewer")
    return (line.person.name if line.person else "") or _("A person without a name")
