"""The form away from the pages: on paper, and as a workbook that is filled in offline and comes back whole."""

from fundapp.applications.offline.blank import BlankBlock, BlankForm, BlankItem, blank_blocks
from fundapp.applications.offline.reading import Entry, FilledForm, Given, Marked, open_workbook, read_workbook
from fundapp.applications.offline.writing import write_workbook

__all__ = [
    "BlankBlock",
    "BlankForm",
    "BlankItem",
    "Entry",
    "FilledForm",
    "Given",
    "Marked",
    "blank_blocks",
    "open_workbook",
    "read_workbook",
    "write_workbook",
]
