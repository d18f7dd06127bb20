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

__all__ = [
    "AssignmentPlan",
    "Bar",
    "EntryNeed",
    "Pair",
    "ReviewerOffer",
    "Shortage",
    "Shortfall",
    "ShortfallCause",
    "plan_assignment",
]
