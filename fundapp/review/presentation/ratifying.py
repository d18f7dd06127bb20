"""Ratification in words: who has done it, what is needed still, and each time that the list came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fundapp.accounts.models import Person
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import Ratification, Slate, SlateStatus
from fundapp.review.queries.ratifying import ratifications, send_backs, sending_number, two_from_minor
from fundapp.review.queries.selection import Selection
from fundapp.review.ratifying_rules import ratifiers_needed


@dataclass(frozen=True)
class SentBackShown:
    """One time that the list came back: who had sent it, who sent it back, why."""

    sending: int
    by: str
    at: Moment
    reason: str
    sent_by: str
    sent: Moment


@dataclass(frozen=True)
class RatifyingShown:
    """How far the ratification of the list is, over what the reader may see."""

    sending: int
    rule: str
    """From which award on two must ratify; empty where one always does."""
    given: Sequence[tuple[str, Moment]]
    """Who has ratified it, and when."""
    still: str
    """How many more must ratify it; empty where nobody must."""
    is_own: bool
    """The reader decided or sent the list, as far as they see."""
    has_ratified: bool
    """The reader has ratified it, and waits for somebody else."""
    can_ratify: bool
    """It waits for somebody, and the reader may be one, as far as they see."""
    was_sent_back: Sequence[SentBackShown]


def ratifying_shown(selection: Selection, reader_id: UUID | None) -> RatifyingShown | None:
    """Return how far the ratification is; None before there is a list."""
    slate, call = selection.slate, selection.call
    if slate is None:
        return None
    limit = two_from_minor(call)
    given = ratifications_seen(selection)
    waits = slate.status is SlateStatus.PROPOSED
    missing = _needed(selection, limit) - len(given) if waits else 0
    is_own = slate.proposed_by_id == reader_id or any(
        row.decision is not None and row.decision.decided_by_id == reader_id for row in selection.ranked
    )
    has_ratified = waits and reader_id in {each.person_id for each in given}
    return RatifyingShown(
        sending=sending_number(slate),
        rule=""
        if limit is None
        else _(
            "Where an award reaches %(amount)s, two people must ratify the list.", amount=money(limit, call.currency)
        ),
        given=[(person_words(each.person), moment(each.ratified_at, call.time_zone)) for each in given],
        still=ngettext(
            "%(num)s person more must ratify it.", "%(num)s people more must ratify it, different ones.", missing
        )
        if missing
        else "",
        is_own=is_own,
        has_ratified=has_ratified,
        can_ratify=waits and not is_own and not has_ratified,
        was_sent_back=sent_back_shown(slate, call),
    )


def ratifications_seen(selection: Selection) -> list[Ratification]:
    """Return who ratified the list, as many as its awards ask for that the reader sees.

    A first of two would tell whoever has a conflict of interest that something which is hidden from them has an award,
    and how much at least.
    """
    if selection.slate is None:
        return []
    given = ratifications(selection.slate)
    needed = _needed(selection, two_from_minor(selection.call))
    return given[: needed - 1] if selection.slate.status is SlateStatus.PROPOSED else given[-needed:]


def sent_back_shown(slate: Slate, call: Call) -> list[SentBackShown]:
    """Return each time that a list came back, the last one first."""
    return [
        SentBackShown(
            sending=each.sending,
            by=person_words(each.person),
            at=moment(each.sent_back_at, call.time_zone),
            reason=each.reason,
            sent_by=person_words(each.sent_by),
            sent=moment(each.sent_at, call.time_zone),
        )
        for each in reversed(send_backs(slate))
    ]


def person_words(person: Person) -> str:
    """Return by what staff know a person."""
    return person.name or person.email


def _needed(selection: Selection, limit: int | None) -> int:
    amounts = (row.decision.amount_minor for row in selection.ranked if row.decision is not None)
    return ratifiers_needed(amounts, two_from_minor=limit)
