"""The status tables of letters, offers, payment files and payments."""

from typing import Final

from fundapp.accounts.permissions import P
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import Label, Machine, Transition
from fundapp.disbursement.models import LetterStatus, Report
from fundapp.disbursement.moving_rules import MoveStatus
from fundapp.disbursement.offer_rules import ANSWERABLE, OPEN, OfferStatus
from fundapp.disbursement.payment_rules import PAID, FileStatus, PaymentStatus
from fundapp.disbursement.report_rules import OPEN as REPORT_OPEN
from fundapp.disbursement.report_rules import ReportStatus

LETTER: Final = Machine(
    name="letter",
    statuses=LetterStatus,
    transitions=(
        Transition("make", frozenset({LetterStatus.QUEUED}), LetterStatus.MADE, P.LETTER_MANAGE),
        Transition("fail", frozenset({LetterStatus.QUEUED}), LetterStatus.FAILED, P.LETTER_MANAGE),
        Transition("supersede", frozenset({LetterStatus.MADE}), LetterStatus.QUEUED, P.LETTER_MANAGE),
        Transition("retry", frozenset({LetterStatus.FAILED}), LetterStatus.QUEUED, P.LETTER_MANAGE),
    ),
    labels={
        LetterStatus.QUEUED: Label(_l("Queued"), _l("Being prepared")),
        LetterStatus.MADE: Label(_l("Made"), _l("Ready to read")),
        LetterStatus.FAILED: Label(_l("Failed"), _l("Being prepared")),
    },
)

MOVE: Final = Machine(
    name="move_up",
    statuses=MoveStatus,
    transitions=(
        Transition("ratify_first", frozenset({MoveStatus.PROPOSED}), MoveStatus.PROPOSED, P.DECISION_RATIFY),
        Transition("ratify", frozenset({MoveStatus.PROPOSED}), MoveStatus.RATIFIED, P.DECISION_RATIFY),
        Transition(
            "send_back",
            frozenset({MoveStatus.PROPOSED, MoveStatus.RATIFIED}),
            MoveStatus.SENT_BACK,
            P.DECISION_RATIFY,
        ),
        Transition("release", frozenset({MoveStatus.RATIFIED}), MoveStatus.RELEASED, P.DECISION_RELEASE),
    ),
    labels={
        MoveStatus.PROPOSED: Label(_l("Waiting for ratification"), _l("In reserve")),
        MoveStatus.RATIFIED: Label(_l("Ratified, not released yet"), _l("In reserve")),
        MoveStatus.RELEASED: Label(_l("Moved up"), _l("Awarded")),
        MoveStatus.SENT_BACK: Label(_l("Sent back"), _l("In reserve")),
    },
)

_OPEN: Final = frozenset(OPEN)
_ANSWERABLE: Final = frozenset(ANSWERABLE)
_OVER: Final = frozenset({OfferStatus.REFUSED, OfferStatus.WITHDRAWN})

OFFER: Final = Machine(
    name="offer",
    statuses=OfferStatus,
    transitions=(
        Transition("accept", _ANSWERABLE, OfferStatus.ACCEPTED, P.APPLICATION_WRITE),
        Transition("refuse", _ANSWERABLE, OfferStatus.REFUSED, P.APPLICATION_WRITE),
        Transition("ask", frozenset({OfferStatus.OFFERED}), OfferStatus.ASKED, P.APPLICATION_WRITE),
        Transition("reply", frozenset({OfferStatus.ASKED}), OfferStatus.OFFERED, P.LETTER_MANAGE),
        Transition("sign", _ANSWERABLE, OfferStatus.SIGNED, P.APPLICATION_WRITE),
        Transition("confirm", frozenset({OfferStatus.SIGNED}), OfferStatus.ACCEPTED, P.LETTER_MANAGE),
        Transition("send_back", frozenset({OfferStatus.SIGNED}), OfferStatus.OFFERED, P.LETTER_MANAGE),
        Transition("withdraw", _OPEN, OfferStatus.WITHDRAWN, P.DECISION_RELEASE),
        Transition("offer_again", _OVER, OfferStatus.OFFERED, P.LETTER_MANAGE),
    ),
    labels={
        OfferStatus.OFFERED: Label(_l("No answer yet"), _l("Waits for your answer")),
        OfferStatus.ASKED: Label(_l("Question open"), _l("Your question is with us")),
        OfferStatus.SIGNED: Label(_l("Signed copy to look at"), _l("We look at your signed copy")),
        OfferStatus.ACCEPTED: Label(_l("Accepted"), _l("You accepted it")),
        OfferStatus.REFUSED: Label(_l("Refused"), _l("You refused it")),
        OfferStatus.WITHDRAWN: Label(_l("Withdrawn"), _l("The offer was withdrawn")),
    },
)

_UNSENT: Final = frozenset({PaymentStatus.PREPARED, PaymentStatus.RELEASED})
PAYMENT: Final = Machine(
    name="payment",
    statuses=PaymentStatus,
    transitions=(
        Transition("release", frozenset({PaymentStatus.PREPARED}), PaymentStatus.RELEASED, P.PAYMENT_SEND),
        Transition("cancel", _UNSENT, PaymentStatus.CANCELLED, P.PAYMENT_SEND),
        Transition("send", frozenset({PaymentStatus.RELEASED}), PaymentStatus.SENT, P.PAYMENT_SEND),
        Transition("receive", frozenset({PaymentStatus.SENT}), PaymentStatus.RECEIVED, P.PAYMENT_SEND),
        Transition("confirm", frozenset({PaymentStatus.SENT}), PaymentStatus.RECEIVED, P.APPLICATION_WRITE),
        Transition("return", PAID, PaymentStatus.RETURNED, P.PAYMENT_SEND),
    ),
    labels={
        PaymentStatus.PREPARED: Label(_l("In a file"), _l("Being prepared")),
        PaymentStatus.RELEASED: Label(_l("Released"), _l("Being prepared")),
        PaymentStatus.SENT: Label(_l("Sent"), _l("On its way to you")),
        PaymentStatus.RECEIVED: Label(_l("Received"), _l("Received")),
        PaymentStatus.RETURNED: Label(_l("Came back"), _l("Came back to us")),
        PaymentStatus.CANCELLED: Label(_l("Cancelled"), _l("Being prepared")),
    },
)

_UNRELEASED: Final = frozenset({FileStatus.WAITING, FileStatus.MADE, FileStatus.FAILED})
PAYMENT_FILE: Final = Machine(
    name="payment_file",
    statuses=FileStatus,
    transitions=(
        Transition("make", frozenset({FileStatus.WAITING}), FileStatus.MADE, P.PAYMENT_SEND),
        Transition("fail", frozenset({FileStatus.WAITING}), FileStatus.FAILED, P.PAYMENT_SEND),
        Transition("release", frozenset({FileStatus.MADE}), FileStatus.RELEASED, P.PAYMENT_SEND),
        Transition("cancel", _UNRELEASED | {FileStatus.RELEASED}, FileStatus.CANCELLED, P.PAYMENT_SEND),
    ),
    labels={
        FileStatus.WAITING: Label(_l("Waits to be made"), _l("Being prepared")),
        FileStatus.MADE: Label(_l("To be released"), _l("Being prepared")),
        FileStatus.FAILED: Label(_l("Could not be made"), _l("Being prepared")),
        FileStatus.RELEASED: Label(_l("Released"), _l("Being prepared")),
        FileStatus.CANCELLED: Label(_l("Cancelled"), _l("Being prepared")),
    },
)


def _asked_back_before(report: Report) -> str | None:
    return _l("Its people were asked back once already.") if report.asked_back_at is not None else None


_TO_COME: Final = frozenset(REPORT_OPEN)
_CAME: Final = frozenset({ReportStatus.SENT})

REPORT: Final = Machine(
    name="report",
    statuses=ReportStatus,
    transitions=(
        Transition("send", _TO_COME, ReportStatus.SENT, P.APPLICATION_WRITE),
        Transition("tell", _TO_COME, ReportStatus.SENT, P.LETTER_MANAGE),
        Transition("ask_back", _CAME, ReportStatus.ASKED_BACK, P.LETTER_MANAGE, _asked_back_before),
        Transition("thank", _CAME, ReportStatus.THANKED, P.LETTER_MANAGE),
        Transition("waive", _TO_COME, ReportStatus.WAIVED, P.LETTER_MANAGE),
        Transition("ask_again", frozenset({ReportStatus.WAIVED}), ReportStatus.ASKED, P.LETTER_MANAGE),
    ),
    labels={
        ReportStatus.ASKED: Label(_l("Not here yet"), _l("We ask you for it")),
        ReportStatus.SENT: Label(_l("Received"), _l("You sent it")),
        ReportStatus.ASKED_BACK: Label(_l("Asked back"), _l("We asked you something about it")),
        ReportStatus.THANKED: Label(_l("Thanked"), _l("Received, with thanks")),
        ReportStatus.WAIVED: Label(_l("Not needed"), _l("Not needed any more")),
    },
)
