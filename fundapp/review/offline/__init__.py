"""Reviewing offline: the sheet of one's own scores, written and read again, and the archive that carries it.

No database, no web: what goes in was chosen by the queries of reviewers.
"""

from fundapp.review.offline.archive import MOST_FILE_BYTES, MOST_FILES_BYTES, ZipPart, fitting, zip_stream
from fundapp.review.offline.reading import FilledScores, GivenRow, part_in, read_scores
from fundapp.review.offline.sheet import ScoreRow, ScoreSheet
from fundapp.review.offline.writing import write_scores

__all__ = [
    "MOST_FILES_BYTES",
    "MOST_FILE_BYTES",
    "FilledScores",
    "GivenRow",
    "ScoreRow",
    "ScoreSheet",
    "ZipPart",
    "fitting",
    "part_in",
    "read_scores",
    "write_scores",
    "zip_stream",
]
