"""The status tables of assignments, reviews and slates."""

from typing import Final

from fundapp.accounts.permissions import P
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import Label, Machine, Transition
from fundapp.review.models import (
    AssignmentStatus,
    PlanStatus,
    ProfileStatus,
    ReviewerStatus,
    ReviewStatus,
    SlateStatus,
)

REVIEWER: Final = Machine(
    name="reviewer",
    statuses=ReviewerStatus,
    transitions=(
        Transition(
            "accept",
            frozenset({ReviewerStatus.INVITED, ReviewerStatus.DECLINED}),
            ReviewerStatus.ACCEPTED,
            P.SESSION_USE,
        ),
        Transition(
            "decline",
            frozenset({ReviewerStatus.INVITED, ReviewerStatus.ACCEPTED}),
            ReviewerStatus.DECLINED,
            P.SESSION_USE,
        ),
        Transition(
            "take_off",
            frozenset({ReviewerStatus.INVITED, ReviewerStatus.ACCEPTED, ReviewerStatus.DECLINED}),
            ReviewerStatus.REMOVED,
            P.REVIEWER_INVITE,
        ),
        Transition(
            "invite_again",
            frozenset({ReviewerStatus.DECLINED, ReviewerStatus.REMOVED}),
            ReviewerStatus.INVITED,
            P.REVIEWER_INVITE,
        ),
    ),
    labels={
        ReviewerStatus.INVITED: Label(_l("Not answered yet"), _l("You are asked to review")),
        ReviewerStatus.ACCEPTED: Label(_l("Accepted"), _l("You review for this call")),
        ReviewerStatus.DECLINED: Label(_l("Declined"), _l("You declined")),
        ReviewerStatus.REMOVED: Label(_l("Taken off the panel"), _l("You do not review for this call any more")),
    },
)

ASSIGNMENT: Final = Machine(
    name="assignment",
    statuses=AssignmentStatus,
    transitions=(
        Transition(
            "declare_no_conflict",
            frozenset({AssignmentStatus.ASSIGNED}),
            AssignmentStatus.READING,
            P.REVIEW_WRITE,
        ),
        Transition(
            "recuse",
            frozenset({AssignmentStatus.ASSIGNED, AssignmentStatus.READING, AssignmentStatus.REVIEWED}),
            AssignmentStatus.RECUSED,
            P.REVIEW_WRITE,
        ),
        Transition(
            "complete",
            frozenset({AssignmentStatus.READING}),
            AssignmentStatus.REVIEWED,
            P.REVIEW_WRITE,
        ),
        Transition(
            "take_back",
            frozenset({AssignmentStatus.READING, AssignmentStatus.REVIEWED}),
            AssignmentStatus.TAKEN_BACK,
            P.REVIEWER_INVITE,
        ),
    ),
    labels={
        AssignmentStatus.ASSIGNED: Label(_l("Conflict not declared yet"), _l("Being read by reviewers")),
        AssignmentStatus.READING: Label(_l("Reading"), _l("Being read by reviewers")),
        AssignmentStatus.REVIEWED: Label(_l("Reviewed"), _l("Being read by reviewers")),
        AssignmentStatus.RECUSED: Label(_l("Recused"), _l("Being read by reviewers")),
        AssignmentStatus.TAKEN_BACK: Label(_l("Taken back"), _l("Being read by reviewers")),
    },
)

PLAN: Final = Machine(
    name="plan",
    statuses=PlanStatus,
    transitions=(
        Transition("compute", frozenset({PlanStatus.WAITING}), PlanStatus.READY, P.ASSIGNMENT_PLAN),
        Transition("fail", frozenset({PlanStatus.WAITING}), PlanStatus.FAILED, P.ASSIGNMENT_PLAN),
        Transition("apply", frozenset({PlanStatus.READY}), PlanStatus.APPLIED, P.ASSIGNMENT_PLAN),
        Transition("undo", frozenset({PlanStatus.APPLIED}), PlanStatus.UNDONE, P.ASSIGNMENT_PLAN),
    ),
    labels={
        PlanStatus.WAITING: Label(_l("Being computed"), _l("Being read by reviewers")),
        PlanStatus.READY: Label(_l("Ready, not applied yet"), _l("Being read by reviewers")),
        PlanStatus.FAILED: Label(_l("Could not be computed"), _l("Being read by reviewers")),
        PlanStatus.APPLIED: Label(_l("Applied"), _l("Being read by reviewers")),
        PlanStatus.UNDONE: Label(_l("Undone"), _l("Being read by reviewers")),
    },
)

REVIEW: Final = Machine(
    name="review",
    statuses=ReviewStatus,
    transitions=(
        Transition("submit", frozenset({ReviewStatus.DRAFT}), ReviewStatus.SUBMITTED, P.REVIEW_WRITE),
        Transition("submit_again", frozenset({ReviewStatus.SUBMITTED}), ReviewStatus.SUBMITTED, P.REVIEW_WRITE),
    ),
    labels={
        ReviewStatus.DRAFT: Label(_l("Draft"), _l("Being read by reviewers")),
        ReviewStatus.SUBMITTED: Label(_l("Submitted"), _l("Being read by reviewers")),
    },
)

FINALIST_PROFILE: Final = Machine(
    name="finalist-profile",
    statuses=ProfileStatus,
    transitions=(
        Transition(
            "ask",
            frozenset({ProfileStatus.DRAFT, ProfileStatus.ASKED, ProfileStatus.AGREED}),
            ProfileStatus.ASKED,
            P.DECISION_MAKE,
        ),
        Transition(
            "agree",
            frozenset({ProfileStatus.ASKED, ProfileStatus.AGREED, ProfileStatus.DECLINED}),
            ProfileStatus.AGREED,
            P.APPLICATION_WRITE,
        ),
        Transition(
            "decline",
            frozenset({ProfileStatus.ASKED, ProfileStatus.AGREED, ProfileStatus.DECLINED}),
            ProfileStatus.DECLINED,
            P.APPLICATION_WRITE,
        ),
    ),
    labels={
        ProfileStatus.DRAFT: Label(_l("Being written"), _l("Being read by reviewers")),
        ProfileStatus.ASKED: Label(_l("Its people are asked"), _l("You are asked")),
        ProfileStatus.AGREED: Label(_l("Agreed"), _l("You agreed to be shown")),
        ProfileStatus.DECLINED: Label(_l("Not to be shown"), _l("You are not shown")),
    },
)

SLATE: Final = Machine(
    name="slate",
    statuses=SlateStatus,
    transitions=(
        Transition("propose", frozenset({SlateStatus.OPEN}), SlateStatus.PROPOSED, P.DECISION_MAKE),
        Transition("send_back", frozenset({SlateStatus.PROPOSED}), SlateStatus.OPEN, P.DECISION_RATIFY),
        Transition("send_back_ratified", frozenset({SlateStatus.RATIFIED}), SlateStatus.OPEN, P.DECISION_RATIFY),
        Transition("ratify_first", frozenset({SlateStatus.PROPOSED}), SlateStatus.PROPOSED, P.DECISION_RATIFY),
        Transition("ratify", frozenset({SlateStatus.PROPOSED}), SlateStatus.RATIFIED, P.DECISION_RATIFY),
        Transition("release", frozenset({SlateStatus.RATIFIED}), SlateStatus.RELEASED, P.DECISION_RELEASE),
    ),
    labels={
        SlateStatus.OPEN: Label(_l("Being decided"), _l("Being decided")),
        SlateStatus.PROPOSED: Label(_l("Waiting for ratification"), _l("Being decided")),
        SlateStatus.RATIFIED: Label(_l("Ratified, not released yet"), _l("Being decided")),
        SlateStatus.RELEASED: Label(_l("Released"), _l("Decided")),
    },
)
