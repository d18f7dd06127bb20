"""Who is on the panel of a call: people accept or decline, and are taken off."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.models import Person, TieKind
from fundapp.accounts.permissions import Actor, P, Role
from fundapp.accounts.services.roles import grant_role, revoke_role
from fundapp.accounts.services.ties import declare_tie
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer, ReviewerStatus
from fundapp.review.news_rules import News
from fundapp.review.queries.applicants import applies, is_hidden_applicant
from fundapp.review.rules import reason_problems
from fundapp.review.services.calls import lock_call, require_reviewing
from fundapp.review.services.news import forget_news
from fundapp.review.services.profiles import take_over_profile
from fundapp.review.transitions import ASSIGNMENT, REVIEWER

BEGUN = (AssignmentStatus.READING, AssignmentStatus.REVIEWED)


def accept_invitation(*, actor: Actor, reviewer: Reviewer, now: datetime) -> None:
    """Join the panel of a call: from now on the person can be given something to read.

    What whoever invited them wrote of their organisation counts from now on. Raises NotFound for others than the
    person, and Conflict where the call takes no reviews any more, where they apply in it and its applicants do not
    review, or where which pool they may read would tell that a protected application is theirs.
    """
    _require_own(actor, reviewer)
    # Whoever begins an application holds this row too: one person does not do both at the same moment.
    db.session.get_one(Person, reviewer.person_id, with_for_update=True)
    lock_call(reviewer.call)
    require_reviewing(reviewer.call)
    if not reviewer.call.applicants_review and applies(person_id=reviewer.person_id, call=reviewer.call):
        raise Conflict(
            _l(
                "You have an application in this call, and its applicants do not review. Nobody was told that you"
                " apply. You can decline, without a reason."
            )
        )
    if reviewer.call.is_impartial and is_hidden_applicant(person_id=reviewer.person_id, call=reviewer.call):
        raise Conflict(
            _l(
                "Your application in this call is protected. If you reviewed here, the list of who may read what could"
                " tell others that you apply. Nobody was told. You can decline, without a reason, and nothing follows"
                " from it."
            )
        )
    apply_transition(
        REVIEWER,
        reviewer,
        "accept",
        actor=actor,
        now=now,
        call_id=reviewer.call_id,
        evidence={"answered_at": now, "answer_reason": ""},
    )
    grant_role(
        actor=actor,
        person=reviewer.person,
        role=Role.REVIEWER,
        call_id=reviewer.call_id,
        given_by=reviewer.invited_by_id,
        now=now,
    )
    if reviewer.organisation:
        declare_tie(actor=actor, person=reviewer.person, kind=TieKind.WORK, organisation=reviewer.organisation, now=now)
        reviewer.organisation = ""
    take_over_profile(actor=actor, reviewer=reviewer, now=now)
    forget_news(reviewer.person_id, News.INVITED)


def decline_invitation(*, actor: Actor, reviewer: Reviewer, reason: str, now: datetime) -> None:
    """Say no, or leave the panel before anything was begun: what waits unread goes to others.

    Raises NotFound for others than the person, RuleViolations for a reason that is too long, and Conflict once they
    have begun to read.
    """
    _require_own(actor, reviewer)
    if problems := reason_problems(reason):
        raise RuleViolations(problems)
    lock_call(reviewer.call)
    if _has_begun(reviewer):
        raise Conflict(_l("You have begun to read for this call. Please write to those who run it."))
    _take_unread(actor, reviewer, now)
    apply_transition(
        REVIEWER,
        reviewer,
        "decline",
        actor=actor,
        now=now,
        call_id=reviewer.call_id,
        evidence={"answered_at": now, "answer_reason": reason.strip()},
    )
    reviewer.organisation = ""
    revoke_role(actor=actor, person=reviewer.person, role=Role.REVIEWER, call_id=reviewer.call_id, now=now)
    forget_news(reviewer.person_id, News.INVITED)


def take_off_panel(*, actor: Actor, reviewer: Reviewer, with_begun: bool, now: datetime) -> None:
    """Take somebody off the panel: what they have not begun goes back, and they get nothing more.

    What they began they can finish, and what they gave counts; `with_begun` takes that back too, now or later. Raises
    Conflict while the list of decisions is with the ratifiers, and where there is nothing more to take.
    """
    actor.require(P.REVIEWER_INVITE, reviewer.call_id)
    lock_call(reviewer.call)
    require_reviewing(reviewer.call)
    _take_unread(actor, reviewer, now)
    begun = _has_begun(reviewer)
    if reviewer.status is not ReviewerStatus.REMOVED:
        apply_transition(
            REVIEWER,
            reviewer,
            "take_off",
            actor=actor,
            now=now,
            call_id=reviewer.call_id,
            evidence={"removed_at": now},
            data={"with_begun": with_begun},
        )
        reviewer.organisation = ""
    elif not (begun and with_begun):
        raise Conflict(_l("This person is off the panel already."))
    if with_begun:
        for assignment in _assignments(reviewer, *BEGUN):
            apply_transition(
                ASSIGNMENT,
                assignment,
                "take_back",
                actor=actor,
                now=now,
                call_id=reviewer.call_id,
                data={"entry": str(assignment.entry_id), "reviewer": str(reviewer.id)},
            )
    if with_begun or not begun:
        revoke_role(actor=actor, person=reviewer.person, role=Role.REVIEWER, call_id=reviewer.call_id, now=now)


def _require_own(actor: Actor, reviewer: Reviewer) -> None:
    if actor.person_id != reviewer.person_id:
        raise NotFound


def _assignments(reviewer: Reviewer, *statuses: AssignmentStatus) -> list[Assignment]:
    found = select(Assignment).where(Assignment.reviewer_id == reviewer.id, Assignment.status.in_(statuses))
    return list(db.session.scalars(found.order_by(Assignment.id)))


def _has_begun(reviewer: Reviewer) -> bool:
    return bool(_assignments(reviewer, *BEGUN))


def _take_unread(actor: Actor, reviewer: Reviewer, now: datetime) -> None:
    for assignment in _assignments(reviewer, AssignmentStatus.ASSIGNED):
        record(
            actor=actor,
            action="assignment:take",
            subject=assignment,
            now=now,
            call_id=reviewer.call_id,
            data={"entry": str(assignment.entry_id), "reviewer": str(reviewer.id)},
        )
        db.session.delete(assignment)
    db.session.flush()
