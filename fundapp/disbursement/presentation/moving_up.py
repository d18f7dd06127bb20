"""The reserve of a call and the record of who moved up, as staff see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import face_of
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.disbursement.models import MovingUp
from fundapp.disbursement.moving_rules import MoveStatus
from fundapp.disbursement.queries.moving_up import ReserveRow, ratifiers_for, reserve_of
from fundapp.disbursement.transitions import MOVE
from fundapp.review.presentation.ratifying import person_words
from fundapp.review.presentation.terms import terms_shown
from fundapp.review.queries.selection import Selection, set_terms

KINDS: Final = {
    MoveStatus.PROPOSED: "wait",
    MoveStatus.RATIFIED: "act",
    MoveStatus.RELEASED: "good",
    MoveStatus.SENT_BACK: "stop",
}


@dataclass(frozen=True)
class MoveShown:
    """A decision that an entry moves up: who decided, ratified and released it, when, and why."""

    id: UUID
    amount: str
    state: str
    kind: str
    steps: Sequence[tuple[str, str, Moment]]
    """What was done, by whom, and when."""
    reason: str
    over_reason: str
    back_reason: str
    still: str
    """How many more must ratify it; "" where nobody must."""
    may_ratify: bool
    may_send_back: bool
    may_release: bool


@dataclass(frozen=True)
class ReserveShown:
    """An entry in reserve, in the order of the released list."""

    entry_id: UUID
    rank: str
    reference: str
    organisation: str
    category: Said | None
    asked: str
    may_move: bool
    moves: Sequence[MoveShown]


@dataclass(frozen=True)
class ReservePage:
    """The reserve, what the selection was bound by, and what the reader may do."""

    rows: Sequence[ReserveShown]
    rules: Sequence[str]
    may_propose: bool


def reserve_shown(found: Selection, actor: Actor) -> ReservePage:
    """Return the reserve of a released list, of what the reader may see."""
    rows = [_row(each, found, actor) for each in reserve_of(found)]
    terms = terms_shown(found.terms, set_terms(found.call), found.call)
    rules = (*terms.lines, *terms.rules, *(f"{pot.name.text}: {pot.words}" for pot in terms.pots))
    may = actor.can(P.DECISION_MAKE, found.call.id) and any(each.may_move for each in rows)
    return ReservePage(rows, [str(each) for each in rules], may)


def _row(row: ReserveRow, found: Selection, actor: Actor) -> ReserveShown:
    ranked, call = row.ranked, found.call
    entry, decision = ranked.entry, ranked.decision
    return ReserveShown(
        entry_id=entry.id,
        rank=str(decision.rank) if decision and decision.rank else "–",
        reference=entry.application.reference or "",
        organisation=face_of(entry.application).name,
        category=said(entry.category.titles) if entry.category else None,
        asked=money(ranked.in_full_minor, call.currency) if ranked.in_full_minor else "",
        may_move=row.live is None and row.can_win,
        moves=[_move(each, found, actor) for each in row.moves],
    )


def _move(move: MovingUp, found: Selection, actor: Actor) -> MoveShown:
    call = found.call
    steps = [(_("Decided by"), person_words(move.decided_by), moment(move.decided_at, call.time_zone))]
    steps += [
        (_("Ratified"), person_words(each.person), moment(each.ratified_at, call.time_zone))
        for each in move.ratifications
    ]
    if move.sent_back_by and move.sent_back_at:
        steps.append((_("Sent back by"), person_words(move.sent_back_by), moment(move.sent_back_at, call.time_zone)))
    if move.released_by and move.released_at:
        steps.append((_("Released"), person_words(move.released_by), moment(move.released_at, call.time_zone)))
    waits, is_own = move.status is MoveStatus.PROPOSED, move.decided_by_id == actor.person_id
    ratifies = actor.can(P.DECISION_RATIFY, call.id) and not is_own
    given = {each.person_id for each in move.ratifications}
    missing = ratifiers_for(call, move.amount_minor) - len(given) if waits else 0
    return MoveShown(
        id=move.id,
        amount=money(move.amount_minor, call.currency),
        state=str(MOVE.labels[move.status].staff),
        kind=KINDS[move.status],
        steps=steps,
        reason=move.reason,
        over_reason=move.over_reason,
        back_reason=move.back_reason,
        still=ngettext(
            "%(num)s person more must ratify it.", "%(num)s people more must ratify it, different ones.", missing
        )
        if missing
        else "",
        may_ratify=ratifies and waits and actor.person_id not in given,
        may_send_back=ratifies and move.status in (MoveStatus.PROPOSED, MoveStatus.RATIFIED),
        may_release=actor.can(P.DECISION_RELEASE, call.id) and move.status is MoveStatus.RATIFIED,
    )
