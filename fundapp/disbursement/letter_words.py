"""The records of letters: what each kind says, as frozen plain values, and the pages that lay each of them out.

A value that must be there is never None; a blank one stops the letter when it is rendered.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from fundapp.applications.rules import Paper
from fundapp.disbursement.letter_language import Paragraph


@dataclass(frozen=True)
class Opening:
    """The head and the signature of every letter. `dated` is `dated_on` as it is written in the letter's language."""

    reference: str
    dated_on: date
    dated: str
    is_sample: bool
    programme: str
    call: str
    organisation: str
    application_reference: str | None
    grantor: str
    signatory: str | None
    signatory_role: str | None
    paper: str = field(default=Paper.A4.value, kw_only=True)
    is_preview: bool = field(default=False, kw_only=True)
    subject: tuple[str, ...] = field(default=(), kw_only=True)
    """The heading in the words of the call's own template, as the pieces of a paragraph; empty: the house's wording."""
    paragraphs: tuple[Paragraph, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class AwardWords(Opening):
    """An award. `amount` is in figures, with its currency; `asked` is None unless more was asked."""

    title: str | None
    category: str | None
    amount: str
    purpose: str
    period: str
    next_step: str
    amount_in_words: str | None = field(default=None, kw_only=True)
    currency: str | None = field(default=None, kw_only=True)
    asked: str | None = field(default=None, kw_only=True)
    asked_in_words: str | None = field(default=None, kw_only=True)
    instalments: str | None = field(default=None, kw_only=True)
    reporting: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class MeanWords:
    """The mean score of a criterion in words, with the most that could be given."""

    criterion: str
    mean: str


@dataclass(frozen=True, kw_only=True)
class FromReviews(Opening):
    """What the people of an entry without an award read of its reviews, where the call promised it; None: nothing."""

    comment: str | None = None
    comment_language: str | None = None
    comment_direction: str | None = None
    means: tuple[MeanWords, ...] = ()


@dataclass(frozen=True)
class ReserveWords(FromReviews):
    """An entry is held in reserve: no award now, and no promise of one."""

    category: str | None


@dataclass(frozen=True)
class DeclineWords(FromReviews):
    """A decline; of `considered` entries of the call (or of its category) `awarded` were chosen (None: not told)."""

    category: str | None
    considered: int | None
    awarded: int | None


@dataclass(frozen=True)
class NoticeWords(Opening):
    """A notice that an application was not eligible."""

    reason: str


@dataclass(frozen=True)
class CertificateWords(Opening):
    """A certificate of an award. It hangs on walls, so that it tells no amount."""

    title: str | None
    category: str | None


@dataclass(frozen=True)
class NominationWords(Opening):
    """Somebody was named for a call; `nominator` is None unless that one agreed. `address` is of the call's page."""

    deadline: str
    address: str
    nominator: str | None


@dataclass(frozen=True)
class PanelWords(Opening):
    """Thanks to somebody who handed in so many `reviews`."""

    reviews: int


Words = AwardWords | ReserveWords | DeclineWords | NoticeWords | CertificateWords | NominationWords | PanelWords

RECORDS: Final[dict[str, type[Words]]] = {
    "award": AwardWords,
    "reserve": ReserveWords,
    "decline": DeclineWords,
    "ineligible": NoticeWords,
    "certificate": CertificateWords,
    "nomination": NominationWords,
    "panel": PanelWords,
}
"""The record of each kind of letter. Kinds are named as letters and templates name them; a part award is an award."""
TEMPLATES: Final[dict[str, str]] = {
    "award": "award_letter.html",
    "reserve": "reserve_letter.html",
    "decline": "decline_letter.html",
    "ineligible": "ineligible_notice.html",
    "certificate": "certificate.html",
    "nomination": "nomination_letter.html",
    "panel": "panel_letter.html",
}
BODIES: Final[dict[str, str]] = {
    "award": "pdf/award_body.html",
    "reserve": "pdf/reserve_body.html",
    "decline": "pdf/decline_body.html",
    "ineligible": "pdf/ineligible_body.html",
    "certificate": "pdf/certificate_body.html",
    "nomination": "pdf/nomination_body.html",
    "panel": "pdf/panel_body.html",
}
"""The wording of the house."""
OWN_BODY: Final = "pdf/own_body.html"
"""The paragraphs of a call's own template."""
