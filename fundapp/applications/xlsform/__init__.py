"""Reads an XLSForm (form.xlsx, or pyxform's markdown in form.md) into a FormDefinition.

What is supported, what is refused and our own columns: docs/xlsform.md.
"""

from fundapp.applications.xlsform.reading import read_form

__all__ = ["read_form"]
