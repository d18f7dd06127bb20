"""What the page of all calls tells of their review: the phase, its dates, and what decisions give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, ReviewPhase
from fundapp.applications.overview import Due, Known
from fundapp.applications.phase_rules import active_phase
from fundapp.applications.presentation.texts import said
from fundapp.core.i18n import gettext as _
from fundapp.review.models import PublicVote, SlateStatus
from fundapp.review.queries.waiting import decided_minor, phases_of, public_votes_of, statuses_of_lists
from fundapp.review.transitions import SLATE


def told_of_review(actor: Actor, calls: Sequence[Call], now: datetime) -> Mapping[UUID, Known]:
    """Return what is known of the review of calls."""
    ids = [call.id for call in calls]
    phases, votes, lists = phases_of(ids), public_votes_of(ids), statuses_of_lists(ids)
    decided = decided_minor(actor=actor, call_ids=ids)
    return {
        call.id: Known(
            phase=_phase(actor, call, phases.get(call.id, ()), lists.get(call.id), now),
            dates=[*_dates_of_phases(call, phases.get(call.id, ())), *_dates_of_vote(call, votes.get(call.id))],
            decided_minor=decided.get(call.id, 0) if _knows_decisions(actor, call) else None,
        )
        for call in calls
    }


def _knows_decisions(actor: Actor, call: Call) -> bool:
    return actor.can(P.SLATE_READ, call.id) or actor.can(P.DECISION_EXPORT, call.id)


def _phase(actor: Actor, call: Call, phases: Sequence[ReviewPhase], status: SlateStatus | None, now: datetime) -> str:
    """Return where the review stands once a call is closed; "" before, and where nothing is said of it."""
    if now < call.closes_at:
        return ""
    active = active_phase(phases, now)
    if active is not None and status in (None, SlateStatus.OPEN):
        return str(said(active.titles))
    return str(SLATE.labels[status].staff) if status is not None and _knows_decisions(actor, call) else ""


def _dates_of_phases(call: Call, phases: Iterable[ReviewPhase]) -> list[Due]:
    url = url_for("applications.managed_call", slug=call.slug)
    found = []
    for phase in phases:
        title = str(said(phase.titles))
        found.append(Due(phase.starts_at, _("%(phase)s begins", phase=title), url))
        found.append(Due(phase.ends_at, _ends(phase, title), url))
    return found


def _ends(phase: ReviewPhase, title: str) -> str:
    if phase.may_score:
        return _("Scoring ends: %(phase)s", phase=title)
    return _("%(phase)s ends", phase=title)


def _dates_of_vote(call: Call, vote: PublicVote | None) -> list[Due]:
    if vote is None:
        return []
    url = url_for("applications.managed_call", slug=call.slug)
    return [Due(vote.opens_at, _("The public vote opens"), url), Due(vote.closes_at, _("The public vote closes"), url)]
