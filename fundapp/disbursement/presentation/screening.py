"""Lists of sanctions and what was found in them, as those see it who decide about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.core.dates import Moment, day, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.numbers import number_text
from fundapp.disbursement.models import SanctionList, ScreeningHit
from fundapp.disbursement.queries.screening import Screened
from fundapp.disbursement.screening_forms import OUTCOMES, SOURCES, Choices
from fundapp.disbursement.screening_rules import HitStatus, ScreeningHold, Source, Subject, is_stale

STATUSES: Final[Mapping[HitStatus, str]] = {
    HitStatus.OPEN: _l("Waits for a first person"),
    HitStatus.DECIDED: _l("Waits for a second person"),
    HitStatus.OTHER: _l("Somebody else"),
    HitStatus.SAME: _l("The same as on the list"),
}
KINDS: Final[Mapping[HitStatus, str]] = {
    HitStatus.OPEN: "act",
    HitStatus.DECIDED: "act",
    HitStatus.OTHER: "good",
    HitStatus.SAME: "stop",
}
HOLDS: Final[Mapping[ScreeningHold, str]] = {
    ScreeningHold.UNSCREENED: _l("Not looked up in the newest lists"),
    ScreeningHold.UNDECIDED: _l("A name waits for two people"),
    ScreeningHold.SAME: _l("On a list, as two people said"),
}
HOLD_KINDS: Final[Mapping[ScreeningHold, str]] = {
    ScreeningHold.UNSCREENED: "wait",
    ScreeningHold.UNDECIDED: "act",
    ScreeningHold.SAME: "stop",
}
SUBJECTS: Final[Mapping[Subject, str]] = {
    Subject.ORGANISATION: _l("Organisation"),
    Subject.ACCOUNT: _l("Name on the account"),
    Subject.HOST: _l("Organisation that holds the money"),
}


@dataclass(frozen=True)
class ListShown:
    """A list that was handed in. `is_newest`: it holds for its source."""

    source: str
    day: str
    is_stale: bool
    is_newest: bool
    entries: str
    sha256: str
    uploaded: Moment
    by: str


@dataclass(frozen=True)
class HitShown:
    """A find. Names are "" where it was erased, or whoever looks has not opened the application."""

    number: int
    subject: str
    name: str
    listed: str
    main: str
    about: str
    source: str
    list_day: str
    score: int
    status: str
    kind: str
    outcome: str
    reason: str
    decided: Moment | None
    decided_by: str
    confirmed: Moment | None
    confirmed_by: str


@dataclass(frozen=True)
class ScreenedShown:
    """An award with what was found; `hits` is empty where whoever looks may not know, and `is_hidden` says so."""

    award_id: UUID
    application_id: UUID
    reference: str
    organisation: str
    screened: Moment | None
    holds: Sequence[tuple[str, str]]
    """Words and kind of each hold; none where money may go."""
    hits: Sequence[HitShown]
    is_hidden: bool
    is_closed: bool
    """It is protected, and whoever looks has not opened it."""
    may_decide: bool
    to_decide: Choices
    to_confirm: Choices
    to_reopen: Choices


def hold_words(hold: ScreeningHold) -> str:
    """Return why screening keeps money from going, in the current language."""
    return str(HOLDS[hold])


def lists_shown(lists: Sequence[SanctionList], today: date) -> list[ListShown]:
    """Return the lists that were handed in, the newest first."""
    newest = {source: max(each.number for each in lists if each.source is source) for source in _sources(lists)}
    return [
        ListShown(
            source=str(SOURCES[each.source]),
            day=day(each.listed_on),
            is_stale=is_stale(each.listed_on, today),
            is_newest=each.number == newest[each.source],
            entries=number_text(each.entries),
            sha256=each.sha256,
            uploaded=moment(each.uploaded_at),
            by=each.uploaded_by.name,
        )
        for each in lists
    ]


def warnings_shown(newest: Mapping[Source, SanctionList], today: date) -> list[str]:
    """Return what is not right with the lists that hold: one is missing, or too old."""
    missing = [_("No list of this source was handed in: %(source)s.", source=str(SOURCES[s])) for s in Source]
    warnings = [words for source, words in zip(Source, missing, strict=True) if source not in newest]
    for source, each in newest.items():
        if is_stale(each.listed_on, today):
            warnings.append(
                _(
                    "This list is more than seven days old: %(source)s (%(day)s). Hand in a newer one.",
                    source=str(SOURCES[source]),
                    day=day(each.listed_on),
                )
            )
    return warnings


def screened_shown(row: Screened, call: Call) -> ScreenedShown:
    """Return an award with what was found, as the actor may see it."""
    actor = current_actor()
    names_open = row.hits is not None and row.is_opened
    hits = row.hits or []
    may_decide = actor.can(P.SCREENING_DECIDE, call.id) and names_open
    return ScreenedShown(
        award_id=row.award.id,
        application_id=row.award.decision.entry.application_id,
        reference=row.award.reference,
        organisation=row.face.name,
        screened=_moment(None if row.screening is None else row.screening.made_at, call),
        holds=[(str(HOLDS[hold]), HOLD_KINDS[hold]) for hold in row.holds],
        hits=[_hit(each, call) for each in hits] if names_open else [],
        is_hidden=row.hits is None,
        is_closed=row.hits is not None and bool(hits) and not row.is_opened,
        may_decide=may_decide,
        to_decide=_choices(hits, HitStatus.OPEN),
        to_confirm=_choices((each for each in hits if each.decided_by_id != actor.person_id), HitStatus.DECIDED),
        to_reopen=_choices(hits, HitStatus.DECIDED, HitStatus.OTHER, HitStatus.SAME),
    )


def _hit(hit: ScreeningHit, call: Call) -> HitShown:
    found = hit.found or {}
    return HitShown(
        number=hit.number,
        subject=str(SUBJECTS[hit.subject]),
        name=found.get("name", ""),
        listed=found.get("listed", ""),
        main=found.get("main", ""),
        about=found.get("about", ""),
        source=str(SOURCES[hit.list.source]),
        list_day=day(hit.list.listed_on),
        score=hit.score,
        status=str(STATUSES[hit.status]),
        kind=KINDS[hit.status],
        outcome="" if hit.outcome is None else str(OUTCOMES[hit.outcome]),
        reason=hit.reason,
        decided=_moment(hit.decided_at, call),
        decided_by=hit.decided_by.name if hit.decided_by is not None else "",
        confirmed=_moment(hit.confirmed_at, call),
        confirmed_by=hit.confirmed_by.name if hit.confirmed_by is not None else "",
    )


def _choices(hits: Iterable[ScreeningHit], *statuses: HitStatus) -> Choices:
    """Return the boxes of finds, with the version that stands on the page; none of erased ones."""
    return [
        (
            f"{hit.number}-{hit.version}",
            _("%(number)s: %(name)s", number=hit.number, name=hit.found["listed"])
            if hit.outcome is None
            else _(
                "%(number)s: %(name)s. %(outcome)s",
                number=hit.number,
                name=hit.found["listed"],
                outcome=str(STATUSES[HitStatus(hit.outcome.value)]),
            ),
        )
        for hit in hits
        if hit.status in statuses and hit.found
    ]


def _sources(lists: Sequence[SanctionList]) -> set[Source]:
    return {each.source for each in lists}


def _moment(at: datetime | None, call: Call) -> Moment | None:
    return None if at is None else moment(at, call.time_zone)
