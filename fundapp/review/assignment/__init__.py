"""Who reads what: an exact assignment of entries to reviewers, with the reason of every seat that stays empty."""

from fundapp.review.assignment.model import (
    AssignmentPlan,
    Bar,
    EntryNeed,
    Pair,
    ReviewerOffer,
    Shortage,
    Shortfall,
    ShortfallCause,
)
from fundapp.review.assignment.planning import plan_assignment
from fundapp.review.assignment.programme import Step, Told, tell_nobody

__all__ = [
    "AssignmentPlan",
    "Bar",
    "EntryNeed",
    "Pair",
    "ReviewerOffer",
    "Shortage",
    "Shortfall",
    "ShortfallCause",
    "Step",
    "Told",
    "plan_assignment",
    "tell_nobody",
]
