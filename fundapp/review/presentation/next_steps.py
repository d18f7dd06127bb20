"""What waits in the review of a call: readers to find, reviews to come, entries to decide, a list to ratify."""

from datetime import datetime

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.next_steps import NextStep
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import SlateStatus
from fundapp.review.queries import panel
from fundapp.review.queries import selection as selecting


def steps_of_review(actor: Actor, call: Call, now: datetime) -> list[NextStep]:
    """Return what the actor can do now about reviews and decisions; nothing while the call is open."""
    if now < call.closes_at:
        return []
    slate = selecting.current_slate(call=call)
    if slate is None or slate.status is SlateStatus.OPEN:
        return _steps_of_panel(actor, call) or _steps_of_selection(actor, call)
    if slate.status is SlateStatus.PROPOSED and actor.can(P.DECISION_RATIFY, call.id):
        return [NextStep(url_for("review.ratification", slug=call.slug), _("Ratify the list"))]
    return []


def _steps_of_panel(actor: Actor, call: Call) -> list[NextStep]:
    rows = panel.coverage(actor=actor, call=call)
    missing = sum(max(0, call.reviews_per_entry - row.assigned) for row in rows)
    to_come = sum(row.waiting + row.reading for row in rows)
    steps = []
    if missing and actor.can(P.ASSIGNMENT_PLAN, call.id):
        title = ngettext("Find a reader for %(num)s review", "Find readers for %(num)s reviews", missing)
        steps.append(NextStep(url_for("review.assignment", slug=call.slug), title))
    if to_come and actor.can(P.REVIEWER_INVITE, call.id):
        title = ngettext("%(num)s review is still to come", "%(num)s reviews are still to come", to_come)
        steps.append(NextStep(url_for("review.reviewers", slug=call.slug), title))
    return steps


def _steps_of_selection(actor: Actor, call: Call) -> list[NextStep]:
    if not actor.can(P.DECISION_MAKE, call.id):
        return []
    seen = selecting.selection(actor=actor, call=call)
    if not seen.ranked:
        return []
    undecided = len(seen.undecided)
    title = (
        ngettext("Decide on %(num)s entry", "Decide on %(num)s entries", undecided)
        if undecided
        else _("Send the list for ratification")
    )
    return [NextStep(url_for("review.selection", slug=call.slug), title)]
