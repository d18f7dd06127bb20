"""The status tables of letters and of offers."""

from typing import Final

from fundapp.accounts.permissions import P
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import Label, Machine, Transition
from fundapp.disbursement.models import LetterStatus
from fundapp.disbursement.offer_rules import OPEN, OfferStatus

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

_OPEN: Final = frozenset(OPEN)
_OVER: Final = frozenset({OfferStatus.REFUSED, OfferStatus.WITHDRAWN})

OFFER: Final = Machine(
    name="offer",
    statuses=OfferStatus,
    transitions=(
        Transition("accept", _OPEN, OfferStatus.ACCEPTED, P.APPLICATION_WRITE),
        Transition("refuse", _OPEN, OfferStatus.REFUSED, P.APPLICATION_WRITE),
        Transition("ask", frozenset({OfferStatus.OFFERED}), OfferStatus.ASKED, P.APPLICATION_WRITE),
        Transition("reply", frozenset({OfferStatus.ASKED}), OfferStatus.OFFERED, P.LETTER_MANAGE),
        Transition("withdraw", _OPEN, OfferStatus.WITHDRAWN, P.DECISION_RELEASE),
        Transition("offer_again", _OVER, OfferStatus.OFFERED, P.LETTER_MANAGE),
    ),
    labels={
        OfferStatus.OFFERED: Label(_l("No answer yet"), _l("Waits for your answer")),
        OfferStatus.ASKED: Label(_l("Question open"), _l("Your question is with us")),
        OfferStatus.ACCEPTED: Label(_l("Accepted"), _l("You accepted it")),
        OfferStatus.REFUSED: Label(_l("Refused"), _l("You refused it")),
        OfferStatus.WITHDRAWN: Label(_l("Withdrawn"), _l("The offer was withdrawn")),
    },
)
