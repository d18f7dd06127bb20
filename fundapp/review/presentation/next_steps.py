"""What waits in the review of a call: readers to find, reviews to come, entries to decide, a list to ratify."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.next_steps import NextStep
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import SlateStatus
from fundapp.review.queries.panel import CoverageRow, coverage
from fundapp.review.queries.pools import pools_of, unplaced
from fundapp.review.queries.selection import current_slate, decided_entries
from fundapp.review.queries.voting import votes_of


def steps_of_review(actor: Actor, call: Call, now: datetime) -> list[NextStep]:
    """Return what the actor can do now about reviews and decisions; nothing while the call is open."""
    if now < call.closes_at:
        return []
    slate = current_slate(call=call)
    if slate is None or slate.status is SlateStatus.OPEN:
        rows = coverage(actor=actor, call=call)
        if call.is_impartial:
            return _steps_of_votes(actor, call) + _steps_of_impartial(actor, call, now, rows)
        steps = _steps_of_panel(actor, call, rows) or _steps_of_selection(actor, call, len(rows))
        return _steps_of_votes(actor, call) + steps
    if slate.status is SlateStatus.PROPOSED and actor.can(P.DECISION_RATIFY, call.id):
        return [NextStep(url_for("review.ratification", slug=call.slug), _("Ratify the list"))]
    return []


def _steps_of_votes(actor: Actor, call: Call) -> list[NextStep]:
    if not actor.can(P.DECISION_VOTE, call.id):
        return []
    rows = votes_of(actor=actor, call=call).values()
    waiting = sum(not row.has_voted(actor.person_id) for row in rows)
    if not waiting:
        return []
    title = ngettext("Vote on %(num)s entry", "Vote on %(num)s entries", waiting)
    return [NextStep(url_for("review.votes", slug=call.slug), title)]


def _steps_of_impartial(actor: Actor, call: Call, now: datetime, rows: Sequence[CoverageRow]) -> list[NextStep]:
    """Return what waits where applicants review each other: the draw, then readers, then the scores, then decisions."""
    pools = pools_of(call)
    if pools.are_open:
        return _steps_of_selection(actor, call, len(rows))
    steps: list[str] = []
    if actor.can(P.ASSIGNMENT_PLAN, call.id):
        if pools.draw is None:
            steps += [_("Fix the list for the draw of the two pools")] if rows else []
        elif pools.draw.drawn_at is None:
            is_known = now >= pools.draw.value_at
            steps.append(_("Draw the two pools") if is_known else _("Wait for the value that draws the two pools"))
        elif late := unplaced(actor=actor, call=call, pools=pools):
            title = ngettext("Place %(num)s application in a pool", "Place %(num)s applications in a pool", len(late))
            steps.append(title)
    url = url_for("review.manage_pools", slug=call.slug)
    if steps or pools.draw is None or pools.draw.drawn_at is None:
        return [NextStep(url, title) for title in steps]
    found = _steps_of_panel(actor, call, rows)
    if actor.can(P.DECISION_MAKE, call.id):
        found.append(NextStep(url, _("Open the scores when reviews are over") if found else _("Open the scores")))
    return found


def _steps_of_panel(actor: Actor, call: Call, rows: Sequence[CoverageRow]) -> list[NextStep]:
    missing = sum(max(0, row.wanted - row.assigned) for row in rows)
    to_come = sum(row.waiting + row.reading for row in rows)
    steps = []
    if missing and actor.can(P.ASSIGNMENT_PLAN, call.id):
        title = ngettext("Find a reader for %(num)s review", "Find readers for %(num)s reviews", missing)
        steps.append(NextStep(url_for("review.assignment", slug=call.slug), title))
    if to_come and actor.can(P.REVIEWER_INVITE, call.id):
        title = ngettext("%(num)s review is still to come", "%(num)s reviews are still to come", to_come)
        steps.append(NextStep(url_for("review.reviewers", slug=call.slug), title))
    return steps


def _steps_of_selection(actor: Actor, call: Call, entries: int) -> list[NextStep]:
    if not entries or not actor.can(P.DECISION_MAKE, call.id):
        return []
    undecided = entries - decided_entries(actor=actor, call=call)
    title = (
        ngettext("Decide on %(num)s entry", "Decide on %(num)s entries", undecided)
        if undecided
        else _("Send the list for ratification")
    )
    tries = [NextStep(url_for("review.trial_lists", slug=call.slug), _("Try lists before you decide"))]
    decides = NextStep(url_for("review.selection", slug=call.slug), title)
    return [decides, *(tries if undecided and not call.is_impartial else [])]
