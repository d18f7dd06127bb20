"""The frozen tally: a file from which anybody can reckon the ranking of a list again, without us and our database."""

from fundapp.review.frozen.files import FORM, FrozenFile, Signature, read_frozen, signed_lines
from fundapp.review.frozen.reckoning import TOLERANCE, adjusted_as_written, differences, lists_in, plain_figures

__all__ = [
    "FORM",
    "TOLERANCE",
    "FrozenFile",
    "Signature",
    "adjusted_as_written",
    "differences",
    "lists_in",
    "plain_figures",
    "read_frozen",
    "signed_lines",
]
