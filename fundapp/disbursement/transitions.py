"""The status table of letters."""

from typing import Final

from fundapp.accounts.permissions import P
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import Label, Machine, Transition
from fundapp.disbursement.models import LetterStatus

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
