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
from fundapp.disbursement.rules import Pace, failure_text
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
    is_held: bool


@dataclass(frozen=True)
class ProgressShown:
    """How far the letters are, in words and as a bar."""

    words: str
    made: int
    total: int
    failed: int
    sentences: Sequence[str]
    """How many wait, failed or are stopped, how fast it goes, and how long it will take."""
    is_going_on: bool
    is_stopped: bool


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


def progress_shown(counts: Mapping[LetterStatus, int], held: int, pace: Pace) -> ProgressShown:
    """Return how many letters are made, of how many, and when the others will be; `held` of them are stopped."""
    total, made = sum(counts.values()), counts[LetterStatus.MADE]
    waiting = counts[LetterStatus.QUEUED] - held
    return ProgressShown(
        words=ngettext("%(made)s of %(num)s letter made", "%(made)s of %(num)s letters made", total, made=made),
        made=made,
        total=total,
        failed=counts[LetterStatus.FAILED],
        sentences=[
            *([_waiting_words(waiting), *_pace_words(pace, waiting)] if waiting else []),
            *([_failed_words(counts[LetterStatus.FAILED])] if counts[LetterStatus.FAILED] else []),
            *([_held_words(held)] if held else []),
        ],
        is_going_on=waiting > 0,
        is_stopped=held > 0,
    )


def _waiting_words(number: int) -> str:
    return ngettext("%(num)s letter waits to be made.", "%(num)s letters wait to be made.", number)


def _failed_words(number: int) -> str:
    return ngettext("%(num)s letter could not be made.", "%(num)s letters could not be made.", number)


def _held_words(number: int) -> str:
    return ngettext(
        "%(num)s letter is stopped: it waits until somebody goes on.",
        "%(num)s letters are stopped: they wait until somebody goes on.",
        number,
    )


def _pace_words(pace: Pace, waiting: int) -> list[str]:
    if not pace.lately:
        return [_("None was made in the last five minutes.")]
    a_minute, minutes = pace.a_minute, pace.minutes_for(waiting)
    if a_minute is None or minutes is None:
        return []
    speed = (
        ngettext("About %(num)s letter a minute is made.", "About %(num)s letters a minute are made.", round(a_minute))
        if round(a_minute)
        else _("Less than one letter a minute is made.")
    )
    return [speed, ngettext("About %(num)s minute is left.", "About %(num)s minutes are left.", minutes)]


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
    elif row.is_held:
        reason = _("Stopped: it waits until somebody goes on.")
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
        is_held=row.is_held,
    )
