"""Brings in calls from packages and applications from spreadsheets. Doing it twice changes nothing."""

from fundapp.applications.importing.applications import ImportedApplications, import_applications
from fundapp.applications.importing.batches import import_in_batches
from fundapp.applications.importing.calls import load_call
from fundapp.applications.importing.repeats import titles_of_sheets

__all__ = ["ImportedApplications", "import_applications", "import_in_batches", "load_call", "titles_of_sheets"]
