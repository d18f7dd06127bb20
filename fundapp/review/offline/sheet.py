"""The sheet of one's own scores: a row for each part of a review, known again by a hidden key.

The first row is hidden too: it says whose sheet this is, and what each column holds, so that columns and rows may be
moved. A key names the assignment, the part, and what stood there when the sheet was made.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fundapp.review.scoring_rules import Part, Step

MARK: Final = "fundapp-scores-1"
"""The first word of the hidden mark."""
APPLICATION: Final = "application"
QUESTION: Final = "question"
MEANING: Final = "meaning"
SCORE: Final = "score"
REASON: Final = "reason"
COMMENT_COLUMN: Final = "comment"
COLUMNS: Final = (APPLICATION, QUESTION, MEANING, SCORE, REASON, COMMENT_COLUMN)
"""After the column of keys, from left to right."""
HEADINGS: Final = "headings"
"""The key of the row with the headings that people read."""
MOST_TO_CHOOSE: Final = 101
"""A scale with more steps has no list to choose from."""


@dataclass(frozen=True)
class ScoreRow:
    """One part of a review with what stands of it; `criterion` is None for the comment and the confidence.

    `mark` is that of what stands. A row that is not open was submitted.
    """

    assignment_id: UUID
    name: str
    mark: str
    part: Part | None
    application: str
    question: str
    meaning: str
    criterion: Step | None = None
    is_open: bool = True
    is_first: bool = False
    """Whether another application begins here."""

    @property
    def key(self) -> str:
        """Return what the hidden cell of the row holds."""
        return f"{self.assignment_id}/{self.name}/{self.mark}"


@dataclass(frozen=True)
class ScoreSheet:
    """The scores of one reviewer in one call; `language` is that of the words to choose from."""

    slug: str
    reviewer_id: UUID
    language: str
    call: str
    rows: tuple[ScoreRow, ...]

    @property
    def mark(self) -> str:
        """Return what the first hidden cell holds."""
        return f"{MARK} {self.slug} {self.reviewer_id} {self.language}"
