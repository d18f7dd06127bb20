"""The page of all calls that somebody looks after: where each stands, what waits for whom, money and dates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from flask import url_for

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import ApplicationStatus, Call, CallStatus
from fundapp.applications.money_picture import BudgetPlot, budget_plot
from fundapp.applications.next_steps import NextStep, Whom, steps_of_calls
from fundapp.applications.overview import Due, Known, known_of_calls
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.applications.queries.managing import SENT, counts_by_status, drafts_with_own_deadline, managed_calls
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext

AHEAD: Final = timedelta(days=14)
"""How far the list of dates looks."""
WHOM_WORDS: Final = {
    Whom.MANAGERS: _l("Those who run the call"),
    Whom.PANEL: _l("The panel"),
    Whom.RATIFIERS: _l("Ratifiers"),
    Whom.APPLICANTS: _l("Applicants"),
    Whom.WORKERS: _l("Work in the background"),
}


@dataclass(frozen=True)
class DateShown:
    """A date to come; `left` says how long it is until then."""

    title: str
    url: str
    call_title: Said
    at: Moment
    left: str


@dataclass(frozen=True)
class TurnShown:
    """What waits for some people."""

    whom: str
    steps: Sequence[NextStep]


@dataclass(frozen=True)
class CallMoney:
    """The money of a call; `words` tell what the picture shows.

    A text is "" where the reader may not know it; `funded` also while nothing is decided.
    """

    budget: str
    decided: str
    funded: str
    left: str
    words: str
    plot: BudgetPlot | None


@dataclass(frozen=True)
class CallOverview:
    """One call on the page; `sent` says how many applications there are."""

    url: str
    programme: Said
    title: Said
    state: str
    state_kind: str
    is_sample: bool
    is_over: bool
    next_date: DateShown | None
    turns: Sequence[TurnShown]
    sent: str
    money: CallMoney
    letters: Sequence[str]


@dataclass(frozen=True)
class Overview:
    """The whole page: dates of the time to come, calls at work, calls that are over."""

    dates: Sequence[DateShown]
    calls: Sequence[CallOverview]
    over: Sequence[CallOverview]


def overview_for(actor: Actor, now: datetime) -> Overview:
    """Return the page as an actor may see it at an instant: all numbers leave out what is hidden from them."""
    calls = managed_calls(actor=actor)
    counts = counts_by_status(actor=actor, calls=calls)
    steps = steps_of_calls(actor, calls, now)
    known = known_of_calls(actor, calls, now)
    shown = [_call(call, counts[call.id], steps[call.id], known[call.id], now) for call in calls]
    dues = [(due, call) for call in calls for due in known[call.id].dates if now < due.at <= now + AHEAD]
    return Overview(
        dates=[_date(due, call, now) for due, call in sorted(dues, key=lambda pair: (pair[0].at, pair[1].slug))],
        calls=[each for each in shown if not each.is_over],
        over=[each for each in shown if each.is_over],
    )


def dates_of_applying(actor: Actor, calls: Sequence[Call], now: datetime) -> Mapping[UUID, Known]:
    """Return the dates of calls until their deadlines, those among them that single drafts have."""
    own = drafts_with_own_deadline(actor=actor, calls=calls, now=now)
    return {call.id: Known(phase=_state(call, now), dates=_dates(call, own.get(call.id, ()))) for call in calls}


def _dates(call: Call, own: Iterable[tuple[datetime, int]]) -> list[Due]:
    url = url_for("applications.managed_call", slug=call.slug)
    found = [Due(call.opens_at, _("Opens"), url), Due(call.closes_at, _("Deadline for applications"), url)]
    if call.nominations_open_at is not None and call.nominations_close_at is not None:
        found.append(Due(call.nominations_open_at, _("Nominations open"), url))
        found.append(Due(call.nominations_close_at, _("Nominations close"), url))
    for at, number in own:
        words = ngettext("%(num)s draft ends at its own deadline", "%(num)s drafts end at their own deadline", number)
        found.append(Due(at, words, url))
    return found


def _state(call: Call, now: datetime) -> str:
    return call_shown(call, now).state


def _call(
    call: Call, counts: Mapping[ApplicationStatus, int], steps: Sequence[NextStep], known: Known, now: datetime
) -> CallOverview:
    sent = sum(counts[status] for status in SENT)
    to_come = [due for due in known.dates if due.at > now]
    state = call_shown(call, now)
    return CallOverview(
        url=url_for("applications.managed_call", slug=call.slug),
        programme=state.programme,
        title=state.title,
        state=known.phase,
        state_kind=state.state_kind,
        is_sample=call.is_sample,
        is_over=call.status is CallStatus.DECIDED and not steps,
        next_date=_date(min(to_come, key=lambda due: due.at), call, now) if to_come else None,
        turns=[
            TurnShown(str(words), found)
            for whom, words in WHOM_WORDS.items()
            if (found := [step for step in steps if step.whom is whom])
        ],
        sent=ngettext("%(num)s application sent", "%(num)s applications sent", sent),
        money=_money(call, known),
        letters=known.letters,
    )


def _date(due: Due, call: Call, now: datetime) -> DateShown:
    return DateShown(due.title, due.url, said(call.titles), moment(due.at, call.time_zone), _left(due.at - now))


def _left(time: timedelta) -> str:
    if time.days < 1:
        return _("less than a day left")
    return ngettext("%(num)s day left", "%(num)s days left", time.days)


def _money(call: Call, known: Known) -> CallMoney:
    budget = money(call.budget_minor, call.currency)
    if known.decided_minor is None:
        return CallMoney(budget, "", "", "", "", None)
    decided = money(known.decided_minor, call.currency)
    left = money(call.budget_minor - known.decided_minor, call.currency)
    tells_funds = known.funded_minor is not None and known.decided_minor > 0
    funded = money(known.funded_minor or 0, call.currency) if tells_funds else ""
    words = _("%(decided)s of %(budget)s decided, %(left)s left", decided=decided, budget=budget, left=left)
    if funded:
        words = _("%(words)s. Funds give %(funded)s.", words=words, funded=funded)
    plot = budget_plot(
        budget=call.budget_minor, decided=known.decided_minor, funded=min(known.funded_minor or 0, known.decided_minor)
    )
    return CallMoney(budget, decided, funded, left, words, plot)
