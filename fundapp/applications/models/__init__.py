"""Programmes, calls, forms, applications, entries, and who may not see what; other rooms import them from here."""

from fundapp.applications.models.afterwards import Clarification, Reopening, ReopeningKind
from fundapp.applications.models.applications import (
    Application,
    ApplicationSource,
    ApplicationStatus,
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
    FormDraft,
    FormDraftStep,
    FormPurpose,
    FormVersion,
    Programme,
    ProgrammeKind,
    Stage,
    StageKind,
)
from fundapp.applications.models.conflicts import ConflictOfInterest, ConflictSource, PartyFact, PartyFactKind
from fundapp.applications.models.entering import DraftOffer, Enquiry, EnquiryCause, Nomination, Nominee
from fundapp.applications.models.files import Attachment, FileStatus, Upload, UploadPart
from fundapp.applications.models.importing import ImportFailure, ImportPart, TableImport
from fundapp.applications.models.phases import ReviewPhase
from fundapp.applications.models.protection import IdentityOpening, ProtectionChange, ProtectionStep
from fundapp.applications.models.sealed import SealedAnswer
from fundapp.applications.models.translations import AnswerTranslation, TranslatedBy

__all__ = [
    "AnswerTranslation",
    "Application",
    "ApplicationSource",
    "ApplicationStatus",
    "Attachment",
    "Call",
    "CallInvitation",
    "CallStatus",
    "Category",
    "Clarification",
    "ConflictOfInterest",
    "ConflictSource",
    "Criterion",
    "DeadlineExtension",
    "DraftOffer",
    "Enquiry",
    "EnquiryCause",
    "Entry",
    "FileStatus",
    "FormDraft",
    "FormDraftStep",
    "FormPurpose",
    "FormVersion",
    "IdentityOpening",
    "ImportFailure",
    "ImportPart",
    "Nomination",
    "Nominee",
    "PartyFact",
    "PartyFactKind",
    "Programme",
    "ProgrammeKind",
    "ProtectionChange",
    "ProtectionStep",
    "Reopening",
    "ReopeningKind",
    "ReviewPhase",
    "SealedAnswer",
    "SetAsideAs",
    "Stage",
    "StageKind",
    "Submission",
    "TableImport",
    "TranslatedBy",
    "Upload",
    "UploadPart",
]
