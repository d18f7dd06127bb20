"""The minutes of a decision as PDF: what was decided, by whom, on what terms, with which reasons and which dissent.

They hold nothing of the present moment, so that the same state of a list gives the same bytes. What the reader may not
see is in no row and no sum of their copy; every copy says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.core.i18n import current_language, localised
from fundapp.core.i18n import gettext as _
from fundapp.core.pdf import drawable, render_pdf
from fundapp.review.models import SlateStatus
from fundapp.review.presentation import minutes_decided as decided
from fundapp.review.presentation import minutes_draw as draw
from fundapp.review.presentation import minutes_parts as parts
from fundapp.review.presentation import minutes_prize as prize
from fundapp.review.presentation.minutes_parts import Minuted, Section

TEMPLATE: Final = "minutes.html"
SECTIONS: Final[Sequence[Callable[[Minuted], Section | None]]] = (
    parts.standing,
    parts.deciders,
    parts.terms,
    decided.are_terms_kept,
    parts.awards,
    parts.reserve,
    parts.declined,
    parts.dissent,
    draw.lots,
    prize.finalists,
    prize.public_vote,
    parts.came_back,
    parts.frozen_tally,
)
"""The sections of the minutes, in their order: each says what it has to say, or is left out."""


@dataclass(frozen=True)
class Minutes:
    """The minutes as they are printed. `mark` says that they are not final; None once the decisions are released.

    `note` says what may be missing. It stands in every copy alike: that it is there tells nobody whether anything is.
    """

    call: str
    programme: str
    mark: str | None
    note: str
    is_sample: bool
    sections: tuple[Section, ...]


def minutes_pdf(minuted: Minuted) -> bytes:
    """Return the minutes as PDF, in the current language. Raises PdfUnavailable where this machine lacks a part."""
    return render_pdf(TEMPLATE, minutes_of(minuted), language=current_language())


def minutes_of(minuted: Minuted) -> Minutes:
    """Return what stands in the minutes of a list that was sent."""
    call, language = minuted.found.call, current_language()
    return Minutes(
        call=drawable(localised(call.titles, language)),
        programme=drawable(localised(call.programme.titles, language)),
        mark=_mark(minuted.slate.status),
        note=_("What somebody may not see because of a conflict of interest is not in the copy that they save."),
        is_sample=call.is_sample,
        sections=tuple(section for part in SECTIONS if (section := part(minuted)) is not None),
    )


def _mark(status: SlateStatus) -> str | None:
    match status:
        case SlateStatus.RELEASED:
            return None
        case SlateStatus.RATIFIED:
            return _("Not released yet: nothing of this binds anybody so far, and no applicant knows of it.")
        case _:
            return _("Not ratified yet: all of this can still change.")
