"""The people of a panel as those who run a call see them: what they answered, and how far they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask import url_for

from fundapp.applications.models import Call
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.models import Reviewer, ReviewerStatus
from fundapp.review.pictures import LoadBar, LoadPlot, load_plot
from fundapp.review.presentation.invitations import KINDS
from fundapp.review.queries.panel import ReviewerRow
from fundapp.review.transitions import REVIEWER


class PanelOrder(StrEnum):
    """By what the list of reviewers may be sorted."""

    NAME = "name"
    BEHIND = "behind"
    ANSWER = "answer"


ORDERS: Final = {
    PanelOrder.NAME: _l("by name"),
    PanelOrder.BEHIND: _l("most to come first"),
    PanelOrder.ANSWER: _l("by answer"),
}
_ANSWERS: Final = (
    ReviewerStatus.INVITED,
    ReviewerStatus.ACCEPTED,
    ReviewerStatus.DECLINED,
    ReviewerStatus.REMOVED,
)


@dataclass(frozen=True)
class ReviewerShown:
    """A reviewer with what they answered and have; `progress` says it in a sentence."""

    url: str
    conflicts_url: str
    name: str
    email: str
    organisations: str
    languages: str
    knows: str
    tag: str
    kind: str
    reason: str
    load: int
    max_entries: int
    to_come: int
    progress: str


@dataclass(frozen=True)
class OneReviewerShown:
    """One reviewer with all that was agreed and answered; `may_…` say what can be done now."""

    row: ReviewerShown
    asked: Moment
    answered: Moment | None
    removed: Moment | None
    may_remind: bool
    may_take_off: bool
    may_take_begun: bool
    is_asked_again: bool


def in_order(rows: Sequence[ReviewerRow], order: PanelOrder) -> list[ReviewerRow]:
    """Return reviewers, who come by name, in another order; equals stay by name."""
    if order is PanelOrder.BEHIND:
        return sorted(rows, key=lambda row: (-row.to_come, row.reviewed))
    if order is PanelOrder.ANSWER:
        return sorted(rows, key=lambda row: _ANSWERS.index(row.status))
    return list(rows)


def reviewer_shown(row: ReviewerRow, call: Call, *, link: bool) -> ReviewerShown:
    """Return a reviewer for the list; with `link` it leads to their page."""
    knows = [*row.regions, *row.themes]
    if row.is_experienced:
        knows.insert(0, _("has reviewed before"))
    return ReviewerShown(
        url=url_for("review.reviewer", slug=call.slug, reviewer_id=row.id) if link else "",
        conflicts_url=url_for("review.person_conflicts", slug=call.slug, person_id=row.person_id) if link else "",
        name=row.name,
        email=row.email,
        organisations=", ".join(row.organisations),
        languages=", ".join(language_name(code) for code in row.languages),
        knows=", ".join(knows),
        tag=str(REVIEWER.labels[row.status].staff),
        kind=KINDS[row.status] if row.status is not ReviewerStatus.INVITED else "wait",
        reason=row.answer_reason,
        load=row.load,
        max_entries=row.max_entries,
        to_come=row.to_come,
        progress=_("%(reviewed)s of %(load)s reviewed", reviewed=row.reviewed, load=row.load) if row.load else "",
    )


def one_reviewer_shown(row: ReviewerRow, reviewer: Reviewer, call: Call) -> OneReviewerShown:
    """Return a reviewer for their own page."""
    begun = bool(row.reading + row.reviewed)
    is_removed = reviewer.status is ReviewerStatus.REMOVED
    return OneReviewerShown(
        row=reviewer_shown(row, call, link=True),
        asked=moment(reviewer.invited_at, call.time_zone),
        answered=moment(reviewer.answered_at, call.time_zone) if reviewer.answered_at else None,
        removed=moment(reviewer.removed_at, call.time_zone) if reviewer.removed_at else None,
        may_remind=reviewer.status is ReviewerStatus.INVITED or bool(row.to_come),
        may_take_off=not is_removed,
        may_take_begun=begun,
        is_asked_again=reviewer.status in (ReviewerStatus.DECLINED, ReviewerStatus.REMOVED),
    )


def answers_in_words(rows: Sequence[ReviewerRow]) -> str:
    """Say how many accepted, declined, and did not answer."""
    counts = {status: sum(row.status is status for row in rows) for status in ReviewerStatus}
    return " · ".join(
        (
            ngettext("%(num)s accepted", "%(num)s accepted", counts[ReviewerStatus.ACCEPTED]),
            ngettext("%(num)s has not answered", "%(num)s have not answered", counts[ReviewerStatus.INVITED]),
            ngettext("%(num)s declined", "%(num)s declined", counts[ReviewerStatus.DECLINED]),
        )
    )


def progress_plot(rows: Sequence[ReviewerRow]) -> LoadPlot:
    """Return the picture of how far reviewers are, in the order of the list; whoever has nothing is left out."""
    return load_plot([LoadBar(row.name, row.reviewed, row.reading, row.waiting) for row in rows if row.load])
