"""What a call asks of a reviewer, and how far they are, as they see it themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for

from fundapp.accounts.home_links import HomeLink
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call, Stage
from fundapp.applications.presentation.conflicts import BARS_OWN_ORGANISATION
from fundapp.applications.presentation.impartial import impartial_words
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer, ReviewerStatus
from fundapp.review.queries.invitations import waiting_invitations
from fundapp.review.transitions import REVIEWER

KINDS = {
    ReviewerStatus.INVITED: "act",
    ReviewerStatus.ACCEPTED: "good",
    ReviewerStatus.DECLINED: "",
    ReviewerStatus.REMOVED: "",
}


@dataclass(frozen=True)
class InvitationShown:
    """One call that asks somebody to review: what, how much, until when, and what they answered."""

    title: Said
    programme: Said
    purpose: Said
    load: str
    hours: str
    read_from: Moment
    read_until: Moment | None
    organisation: str
    rules: Sequence[str]
    tag: str
    kind: str
    accept_url: str
    decline_url: str
    """"" for what cannot be done any more."""


@dataclass(frozen=True)
class ProgressShown:
    """How far a reviewer is in one call."""

    slug: str
    title: Said
    words: str
    done: int
    given: int


def invitation_shown(reviewer: Reviewer) -> InvitationShown:
    """Return an invitation for the page that asks for an answer."""
    call = reviewer.call
    open_to = (ReviewerStatus.INVITED, ReviewerStatus.DECLINED)
    until = review_ends(call)
    return InvitationShown(
        title=said(call.titles),
        programme=said(call.programme.titles),
        purpose=said(call.purposes),
        load=ngettext("At most %(num)s application", "At most %(num)s applications", reviewer.max_entries),
        hours=hours_in_words(reviewer.max_entries, call.deciding_stage),
        read_from=moment(call.closes_at, call.time_zone),
        read_until=moment(until, call.time_zone) if until else None,
        organisation=reviewer.organisation,
        rules=[*([str(BARS_OWN_ORGANISATION)] if call.bars_reviewers_organisation else []), *impartial_words(call)],
        tag=str(REVIEWER.labels[reviewer.status].applicant),
        kind=KINDS[reviewer.status],
        accept_url=_url("review.accept", reviewer) if reviewer.status in open_to else "",
        decline_url=_url("review.decline", reviewer) if reviewer.status is ReviewerStatus.INVITED else "",
    )


def hours_in_words(entries: int, stage: Stage) -> str:
    """Say about how long it takes to review so many entries, in whole hours."""
    hours = max(1, round(entries * stage.review_minutes / 60))
    each = ngettext("%(num)s minute each", "%(num)s minutes each", stage.review_minutes)
    return ngettext("about %(num)s hour in all, %(each)s", "about %(num)s hours in all, %(each)s", hours, each=each)


def review_ends(call: Call) -> datetime | None:
    """Return the instant at which scoring ends in the last stage of a call, or None where no day is set."""
    ends = [phase.ends_at for stage in call.stages for phase in stage.phases if phase.may_score]
    return max(ends, default=None)


def progress_shown(
    assignments: Sequence[Assignment], due: dict[UUID, datetime], closed: Collection[UUID]
) -> list[ProgressShown]:
    """Return how far a reviewer is in each call that still takes reviews, in the order of their assignments."""
    calls: dict[UUID, list[Assignment]] = {}
    for assignment in assignments:
        if assignment.entry.call_id not in closed:
            calls.setdefault(assignment.entry.call_id, []).append(assignment)
    return [_progress(given, due) for given in calls.values()]


def _progress(given: Sequence[Assignment], due: dict[UUID, datetime]) -> ProgressShown:
    call = given[0].entry.application.call
    done = sum(assignment.status is AssignmentStatus.REVIEWED for assignment in given)
    words = _("%(done)s of %(given)s done", done=done, given=len(given))
    ends = [
        due[assignment.stage_id]
        for assignment in given
        if assignment.status is not AssignmentStatus.REVIEWED and assignment.stage_id in due
    ]
    if ends:
        until = moment(min(ends), call.time_zone)
        words = _("%(progress)s, until %(until)s", progress=words, until=until.local or until.utc)
    return ProgressShown(call.slug, said(call.titles), words, done, len(given))


def _url(endpoint: str, reviewer: Reviewer) -> str:
    return url_for(endpoint, reviewer_id=reviewer.id)


def invitations_waiting(actor: Actor) -> list[HomeLink]:
    """Return the way to the invitations of a person whom a call asks to review."""
    if not waiting_invitations(actor.person_id):
        return []
    return [
        HomeLink(
            url_for("review.invitations"), _("You are asked to review"), _("See what is asked, and accept or decline.")
        )
    ]
