"""Reviewers, what they are asked to read, what they answered, and the list that people decide."""

from fundapp.review.models.assigning import Anchor, PairRule, PairRuleKind, Plan, PlanStatus
from fundapp.review.models.decisions import Decision, Outcome, Slate, SlateStatus
from fundapp.review.models.panel import (
    Assignment,
    AssignmentStatus,
    Reviewer,
    ReviewerNews,
    ReviewerProfile,
    ReviewerStatus,
)
from fundapp.review.models.scoring import Review, ReviewStatus, Score

__all__ = [
    "Anchor",
    "Assignment",
    "AssignmentStatus",
    "Decision",
    "Outcome",
    "PairRule",
    "PairRuleKind",
    "Plan",
    "PlanStatus",
    "Review",
    "ReviewStatus",
    "Reviewer",
    "ReviewerNews",
    "ReviewerProfile",
    "ReviewerStatus",
    "Score",
    "Slate",
    "SlateStatus",
]
