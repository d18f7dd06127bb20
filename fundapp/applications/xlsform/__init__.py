"""Reads an XLSForm (form.xlsx, or pyxform's markdown in form.md) into a FormDefinition, and writes one.

What is supported, what is refused and our own columns: docs/xlsform.md.
"""

from fundapp.applications.xlsform.choices import ReadFile
from fundapp.applications.xlsform.reading import read_form, read_tables
from fundapp.applications.xlsform.tables import Cells, Tables
from fundapp.applications.xlsform.writing import tables_of, write_form, write_tables

__all__ = ["Cells", "ReadFile", "Tables", "read_form", "read_tables", "tables_of", "write_form", "write_tables"]
