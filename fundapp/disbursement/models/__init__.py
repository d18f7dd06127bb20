"""Awards and letters: what leaves the house after a release."""

from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.models.exports import ExportFailure, ExportJob
from fundapp.disbursement.models.funder_people import FunderPerson
from fundapp.disbursement.models.funds import Fund, Funder, FundMovement, FundShare
from fundapp.disbursement.models.letters import Letter, LetterKind, LetterStatus, SupersededLetter
from fundapp.disbursement.models.moving_up import MoveRatification, MovingUp
from fundapp.disbursement.models.next_call import NextCallConsent
from fundapp.disbursement.models.offers import AwardOffer, AwardQuestion
from fundapp.disbursement.models.payees import PayeeCall, PayeeDetails, PayeeFreeze
from fundapp.disbursement.models.payments import Instalment, Payment, PaymentDocument, PaymentFile
from fundapp.disbursement.models.publication import PublicationChoice
from fundapp.disbursement.models.reports import Report, ReportForm, ReportingTerms, ReportSending
from fundapp.disbursement.models.screening import SanctionList, Screening, ScreeningHit
from fundapp.disbursement.models.signed_copies import CopyStanding, SignedCopy
from fundapp.disbursement.models.templates import Letterhead, LetterTemplate

__all__ = [
    "Award",
    "AwardOffer",
    "AwardQuestion",
    "CopyStanding",
    "ExportFailure",
    "ExportJob",
    "Fund",
    "FundMovement",
    "FundShare",
    "Funder",
    "FunderPerson",
    "Instalment",
    "Letter",
    "LetterKind",
    "LetterStatus",
    "LetterTemplate",
    "Letterhead",
    "MoveRatification",
    "MovingUp",
    "NextCallConsent",
    "PayeeCall",
    "PayeeDetails",
    "PayeeFreeze",
    "Payment",
    "PaymentDocument",
    "PaymentFile",
    "PublicationChoice",
    "Report",
    "ReportForm",
    "ReportSending",
    "ReportingTerms",
    "SanctionList",
    "Screening",
    "ScreeningHit",
    "SignedCopy",
    "SupersededLetter",
]
