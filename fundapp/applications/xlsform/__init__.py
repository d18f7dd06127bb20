"""Reads an XLSForm (form.xlsx, or pyxform's markdown in form.md) into a FormDefinition, and writes one.

What is supported, what is refused and our own columns: docs/xlsform.md.
"""

from fundapp.applications.xlsform.choices import ReadFile
from fundapp.applications.xlsform.reading import read_form
from fundapp.applications.xlsform.writing import write_form

__all__ = ["ReadFile", "read_form", "write_form"]
