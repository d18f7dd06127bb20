"""What waits in the review of calls: readers to find, reviews to come, entries to decide, a list to ratify."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.next_steps import NextStep, Whom, step
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import SlateStatus
from fundapp.review.queries.waiting import Work, work_of


def steps_of_review(actor: Actor, calls: Sequence[Call], now: datetime) -> Mapping[UUID, list[NextStep]]:
    """Return what waits about reviews and decisions; nothing while a call is open."""
    closed = [call for call in calls if now >= call.closes_at]
    work = work_of(actor=actor, calls=closed)
    return {call.id: _steps(actor, call, now, work[call.id]) for call in closed}


def _steps(actor: Actor, call: Call, now: datetime, work: Work) -> list[NextStep]:
    if work.slate is SlateStatus.OPEN:
        votes = _steps_of_votes(actor, call, work) + _steps_of_invitations(actor, call, work)
        if call.is_impartial:
            return votes + _steps_of_impartial(actor, call, now, work)
        return votes + (_steps_of_panel(actor, call, work) or _steps_of_selection(actor, call, work))
    if work.slate is SlateStatus.PROPOSED:
        return step(
            actor,
            call,
            _("Ratify the list"),
            "review.ratification",
            does=P.DECISION_RATIFY,
            sees=P.SLATE_READ,
            whom=Whom.RATIFIERS,
        )
    return []


def _steps_of_votes(actor: Actor, call: Call, work: Work) -> list[NextStep]:
    """Return the votes of the actor: nobody is told here who else has not voted."""
    if not work.to_vote:
        return []
    title = ngettext("Vote on %(num)s entry", "Vote on %(num)s entries", work.to_vote)
    return step(actor, call, title, "review.votes", does=P.DECISION_VOTE, sees=P.DECISION_VOTE, whom=Whom.PANEL)


def _steps_of_invitations(actor: Actor, call: Call, work: Work) -> list[NextStep]:
    if not work.unanswered:
        return []
    title = ngettext(
        "%(num)s invitation to read has no answer yet",
        "%(num)s invitations to read have no answer yet",
        work.unanswered,
    )
    return step(actor, call, title, "review.reviewers", does=None, sees=P.PANEL_READ, whom=Whom.PANEL)


def _steps_of_impartial(actor: Actor, call: Call, now: datetime, work: Work) -> list[NextStep]:
    """Return what waits where applicants review each other: the draw, then readers, then the scores, then decisions."""
    draw = work.draw
    if draw is not None and draw.opened_at is not None:
        return _steps_of_selection(actor, call, work)
    title = ""
    if draw is None:
        title = _("Fix the list for the draw of the two pools") if work.entries else ""
    elif draw.drawn_at is None:
        is_known = now >= draw.value_at
        title = _("Draw the two pools") if is_known else _("Wait for the value that draws the two pools")
    elif work.unplaced:
        title = ngettext("Place %(num)s application in a pool", "Place %(num)s applications in a pool", work.unplaced)
    steps = _of_pools(actor, call, title, P.ASSIGNMENT_PLAN) if title else []
    if steps or draw is None or draw.drawn_at is None:
        return steps
    found = _steps_of_panel(actor, call, work)
    title = _("Open the scores when reviews are over") if found else _("Open the scores")
    return found + _of_pools(actor, call, title, P.DECISION_MAKE)


def _of_pools(actor: Actor, call: Call, title: str, does: P) -> list[NextStep]:
    return step(actor, call, title, "review.manage_pools", does=does, sees=P.PANEL_READ)


def _steps_of_panel(actor: Actor, call: Call, work: Work) -> list[NextStep]:
    steps = []
    if work.missing:
        title = ngettext("Find a reader for %(num)s review", "Find readers for %(num)s reviews", work.missing)
        steps += step(actor, call, title, "review.assignment", does=P.ASSIGNMENT_PLAN, sees=P.PANEL_READ)
    if work.to_come:
        title = ngettext("%(num)s review is still to come", "%(num)s reviews are still to come", work.to_come)
        steps += step(
            actor, call, title, "review.reviewers", does=P.REVIEWER_INVITE, sees=P.PANEL_READ, whom=Whom.PANEL
        )
    return steps


def _steps_of_selection(actor: Actor, call: Call, work: Work) -> list[NextStep]:
    if not work.entries:
        return []
    title = (
        ngettext("Decide on %(num)s entry", "Decide on %(num)s entries", work.undecided)
        if work.undecided
        else _("Send the list for ratification")
    )
    steps = step(actor, call, title, "review.selection", does=P.DECISION_MAKE, sees=P.SLATE_READ)
    if work.undecided and not call.is_impartial:
        title = _("Try lists before you decide")
        steps += step(actor, call, title, "review.trial_lists", does=P.DECISION_MAKE, sees=P.DECISION_MAKE)
    return steps
