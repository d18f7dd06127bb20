"""What the pages of awards and letters show, prepared: no page reads a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.paging import Page
from fundapp.disbursement.models import Letter, LetterStatus
from fundapp.disbursement.queries.letters import KIND_LABELS, LetterRow
from fundapp.disbursement.rules import failure_text
from fundapp.disbursement.transitions import LETTER
from fundapp.review.models import Outcome, Slate, SlateStatus
from fundapp.review.presentation.selection import MoneyShown
from fundapp.review.queries.selection import Selection
from fundapp.review.transitions import SLATE

STATUS_KINDS = {LetterStatus.QUEUED: "wait", LetterStatus.MADE: "good", LetterStatus.FAILED: "stop"}


@dataclass(frozen=True)
class CallHead:
    """The call that a page is about."""

    slug: str
    title: Said
    is_sample: bool


@dataclass(frozen=True)
class ReleaseShown:
    """What a release would do, and whether it can be done."""

    can_release: bool
    is_released: bool
    state: str
    ratified: Moment | None
    awards: int
    reserves: int
    declines: int
    notices: int
    money: MoneyShown


@dataclass(frozen=True)
class StatusCount:
    """How many letters stand somewhere; `value` is the filter's, "" for all."""

    value: str
    label: str
    number: int
    is_current: bool


@dataclass(frozen=True)
class LetterShown:
    """One line of the list of letters. `reason` says why it failed, or what the last attempt stumbled over."""

    id: UUID
    reference: str
    organisation: str
    kind: str
    state: str
    state_kind: str
    reason: str
    made: Moment | None
    is_made: bool
    is_failed: bool


@dataclass(frozen=True)
class ProgressShown:
    """How far the letters are, in words and as a bar."""

    words: str
    made: int
    total: int
    failed: int
    is_going_on: bool


@dataclass(frozen=True)
class OwnLetterShown:
    """A letter as its reader sees it in the list."""

    id: UUID
    reference: str
    call: Said
    state: str
    is_made: bool
    queued: Moment


def call_head(call: Call) -> CallHead:
    """Return the heading of a call."""
    return CallHead(slug=call.slug, title=said(call.titles), is_sample=call.is_sample)


def release_shown(
    call: Call, selected: Selection, slate: Slate | None, notices: int, budget: MoneyShown
) -> ReleaseShown:
    """Return what a release of a call's decisions would do, over what the actor may see."""
    outcomes = [row.decision.outcome for row in selected.ranked if row.decision is not None]
    status = slate.status if slate is not None else SlateStatus.OPEN
    return ReleaseShown(
        can_release=status is SlateStatus.RATIFIED,
        is_released=status is SlateStatus.RELEASED,
        state=str(SLATE.labels[status].staff),
        ratified=moment(slate.ratified_at, call.time_zone) if slate is not None and slate.ratified_at else None,
        awards=outcomes.count(Outcome.AWARD),
        reserves=outcomes.count(Outcome.RESERVE),
        declines=outcomes.count(Outcome.DECLINE),
        notices=notices,
        money=budget,
    )


def progress_shown(counts: Mapping[LetterStatus, int]) -> ProgressShown:
    """Return how many letters are made, of how many."""
    total, made = sum(counts.values()), counts[LetterStatus.MADE]
    return ProgressShown(
        words=ngettext("%(made)s of %(num)s letter made", "%(made)s of %(num)s letters made", total, made=made),
        made=made,
        total=total,
        failed=counts[LetterStatus.FAILED],
        is_going_on=counts[LetterStatus.QUEUED] > 0,
    )


def status_counts(counts: Mapping[LetterStatus, int], current: str) -> Sequence[StatusCount]:
    """Return the filters of the list of letters, with their numbers."""
    return [
        StatusCount("", _("All"), sum(counts.values()), not current),
        *(
            StatusCount(status.value, str(LETTER.labels[status].staff), counts[status], current == status.value)
            for status in LetterStatus
        ),
    ]


def letters_shown(page: Page[LetterRow], call: Call) -> Page[LetterShown]:
    """Return the lines of one page of letters."""
    return Page(
        items=[_letter_shown(row, call) for row in page.items], number=page.number, size=page.size, total=page.total
    )


def own_letter_shown(letter: Letter) -> OwnLetterShown:
    """Return a letter as its reader sees it: until it is made, only that something is being prepared."""
    call = letter.application.call
    return OwnLetterShown(
        id=letter.id,
        reference=letter.reference,
        call=said(call.titles),
        state=str(LETTER.labels[letter.status].applicant),
        is_made=letter.status is LetterStatus.MADE,
        queued=moment(letter.queued_at, call.time_zone),
    )


def _letter_shown(row: LetterRow, call: Call) -> LetterShown:
    letter = row.letter
    if letter.status is LetterStatus.FAILED:
        reason = str(failure_text(letter.failure))
    elif row.last_error:
        reason = _("The last try did not work, another follows: %(error)s", error=row.last_error)
    else:
        reason = ""
    return LetterShown(
        id=letter.id,
        reference=letter.reference,
        organisation=row.face.name,
        kind=str(KIND_LABELS[letter.kind]),
        state=str(LETTER.labels[letter.status].staff),
        state_kind=STATUS_KINDS[letter.status],
        reason=reason,
        made=moment(letter.made_at, call.time_zone) if letter.made_at else None,
        is_made=letter.status is LetterStatus.MADE,
        is_failed=letter.status is LetterStatus.FAILED,
    )
