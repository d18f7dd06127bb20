"""From scores to a ranking: exact marks and their means, and beside them what a model of strict readers makes of it."""

from fundapp.review.tally.marks import (
    EntryTally,
    Number,
    ReviewMark,
    Scale,
    ScoreRow,
    WeightedCriterion,
    mark_of_review,
    rounded,
    scale_of_marks,
    tally,
)

__all__ = [
    "EntryTally",
    "Number",
    "ReviewMark",
    "Scale",
    "ScoreRow",
    "WeightedCriterion",
    "mark_of_review",
    "rounded",
    "scale_of_marks",
    "tally",
]
