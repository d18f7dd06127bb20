"""Reads and writes what a call says: a package is a folder with call.toml, the application form and, where there is
one, the invitation list; pages write the same document.

What each key means: docs/call-package.md.
"""

from fundapp.applications.call_package.files import read_invitations, read_package
from fundapp.applications.call_package.keys import Unready
from fundapp.applications.call_package.local_time import LocalTimeError, instant
from fundapp.applications.call_package.package import (
    CallPackage,
    CategoryRead,
    CriterionRead,
    ExtensionRead,
    FurtherTable,
    InvitationRead,
    NominationsRead,
    PackagePart,
    PhaseRead,
    ProgrammeRead,
    StageRead,
)
from fundapp.applications.call_package.reading import Document, Reading, read_document
from fundapp.applications.call_package.writing import document_of, package_files, toml_of

__all__ = [
    "CallPackage",
    "CategoryRead",
    "CriterionRead",
    "Document",
    "ExtensionRead",
    "FurtherTable",
    "InvitationRead",
    "LocalTimeError",
    "NominationsRead",
    "PackagePart",
    "PhaseRead",
    "ProgrammeRead",
    "Reading",
    "StageRead",
    "Unready",
    "document_of",
    "instant",
    "package_files",
    "read_document",
    "read_invitations",
    "read_package",
    "toml_of",
]
