"""What the pages of retention show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import called, face_of
from fundapp.applications.keeping_periods import DEFAULT_DAYS, days_of
from fundapp.applications.models import Call
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import ngettext
from fundapp.core.retention import Planned, plan
from fundapp.retention import queries
from fundapp.retention.classes import RULES, TOLD
from fundapp.retention.models import LegalHold


@dataclass(frozen=True)
class KeptShown:
    """One line of what a call keeps, and until when."""

    what: str
    period: str
    since: str
    now: int
    later: int
    next: Moment | None


@dataclass(frozen=True)
class RequestShown:
    """A request of an applicant that waits for an answer."""

    id: UUID
    application: str
    asked: Moment


@dataclass(frozen=True)
class HoldShown:
    """Something that keeps a call or an application from being erased."""

    id: UUID
    application: str
    reason: str
    since: Moment
    is_asked: bool
    may_lift: bool


def kept_shown(call: Call, actor: Actor, now: datetime) -> list[KeptShown]:
    """Return what a call keeps of what the actor may see, by fate, and when it is erased."""
    hidden = queries.hidden_applications(call, actor)
    everything = plan(RULES[: len(DEFAULT_DAYS)], now, without=hidden)
    planned = {each.rule: each for each in everything if each.call_id == call.id}
    return [_kept_shown(call, fate, planned) for fate in DEFAULT_DAYS]


def _kept_shown(call: Call, fate: str, planned: Mapping[str, Planned]) -> KeptShown:
    told, days = TOLD[fate], days_of(fate, call.retention_days)
    found = planned.get(fate, Planned(fate, call.id, 0, 0, None))
    return KeptShown(
        what=str(told.what),
        period=ngettext("%(num)s day", "%(num)s days", days),
        since=str(told.since),
        now=found.now,
        later=found.later,
        next=moment(found.next_at, call.time_zone) if found.next_at else None,
    )


def requests_shown(call: Call, actor: Actor) -> list[RequestShown]:
    """Return the requests of a call that wait for an answer."""
    return [
        RequestShown(request.id, called(face_of(request.application)), moment(request.asked_at, call.time_zone))
        for request in queries.open_requests(call, actor)
    ]


def holds_shown(call: Call, actor: Actor) -> list[HoldShown]:
    """Return what holds a call or its applications."""
    return [_hold_shown(hold, call, actor) for hold in queries.holds_of(call, actor)]


def _hold_shown(hold: LegalHold, call: Call, actor: Actor) -> HoldShown:
    return HoldShown(
        id=hold.id,
        application=called(face_of(hold.application)) if hold.application else "",
        reason=hold.reason,
        since=moment(hold.set_at, call.time_zone),
        is_asked=hold.lift_asked_by_id is not None,
        may_lift=actor.can(P.APPLICATION_ERASE, call.id) and hold.lift_asked_by_id != actor.person_id,
    )
