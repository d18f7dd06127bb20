"""Programmes, calls, forms, applications, entries, and who may not see what; other rooms import them from here."""

from fundapp.applications.models.applications import (
    Application,
    ApplicationSource,
    ApplicationStatus,
    Attachment,
    Entry,
    SetAsideAs,
    Submission,
)
from fundapp.applications.models.calls import (
    Call,
    CallInvitation,
    CallStatus,
    Category,
    Criterion,
    DeadlineExtension,
    FormVersion,
    Programme,
    ProgrammeKind,
)
from fundapp.applications.models.conflicts import ConflictOfInterest, ConflictSource
from fundapp.applications.models.protection import IdentityOpening, ProtectionChange, ProtectionStep
from fundapp.applications.models.sealed import SealedAnswer

__all__ = [
    "Application",
    "ApplicationSource",
    "ApplicationStatus",
    "Attachment",
    "Call",
    "CallInvitation",
    "CallStatus",
    "Category",
    "ConflictOfInterest",
    "ConflictSource",
    "Criterion",
    "DeadlineExtension",
    "Entry",
    "FormVersion",
    "IdentityOpening",
    "Programme",
    "ProgrammeKind",
    "ProtectionChange",
    "ProtectionStep",
    "SealedAnswer",
    "SetAsideAs",
    "Submission",
]
