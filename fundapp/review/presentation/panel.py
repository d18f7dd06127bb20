"""Reviewers, plans and coverage as those who run a call see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.review.assignment import Pair, Shortfall, ShortfallCause
from fundapp.review.queries.panel import CoverageRow, RecusalRow, ReviewerRow
from fundapp.review.services.panel import PlanDraft


@dataclass(frozen=True)
class ReviewerShown:
    """A reviewer with what they have; `progress` says it in a sentence."""

    name: str
    email: str
    organisations: str
    languages: str
    load: int
    max_entries: int
    reviewed: int
    progress: str


@dataclass(frozen=True)
class CoverageShown:
    """An entry with what is covered of it; `url` is "" for whoever may not open it."""

    url: str
    reference: str
    organisation: str
    category: Said | None
    assigned: int
    wanted: int
    reviewed: int
    recused: int
    tag: str
    kind: str


@dataclass(frozen=True)
class RecusalShown:
    """Who stepped back from what, and why."""

    reviewer: str
    reference: str
    organisation: str
    reason: str
    recorded: Moment


@dataclass(frozen=True)
class LoadShown:
    """What a reviewer would have under a plan."""

    name: str
    load: int
    max_entries: int
    change: str
    words: str


@dataclass(frozen=True)
class ShortfallShown:
    """Seats that stay empty, and why."""

    reference: str
    organisation: str
    seats: str
    reason: str


@dataclass(frozen=True)
class PlanShown:
    """A plan before it is applied."""

    changes: str
    has_changes: bool
    added: int
    removed: int
    loads: Sequence[LoadShown]
    shortfalls: Sequence[ShortfallShown]
    fingerprint: str


def reviewer_shown(row: ReviewerRow) -> ReviewerShown:
    """Return a reviewer for the list."""
    return ReviewerShown(
        name=row.name,
        email=row.email,
        organisations=", ".join(row.organisations),
        languages=", ".join(language_name(code) for code in row.languages),
        load=row.load,
        max_entries=row.max_entries,
        reviewed=row.reviewed,
        progress=_("%(reviewed)s of %(load)s reviewed", reviewed=row.reviewed, load=row.load),
    )


def coverage_shown(row: CoverageRow, *, link: bool) -> CoverageShown:
    """Return an entry for the list of coverage; with `link` it leads to the application."""
    tag, kind = _coverage_tag(row)
    return CoverageShown(
        url=url_for("applications.managed_application", application_id=row.application_id) if link else "",
        reference=row.face.reference,
        organisation=row.face.name,
        category=said(row.category_titles) if row.category_titles else None,
        assigned=row.assigned,
        wanted=row.wanted,
        reviewed=row.reviewed,
        recused=row.recused,
        tag=tag,
        kind=kind,
    )


def recusal_shown(row: RecusalRow, call: Call) -> RecusalShown:
    """Return a recusal for the list."""
    return RecusalShown(
        row.reviewer_name,
        row.face.reference,
        row.face.name,
        row.reason,
        moment(row.recorded_at, call.time_zone),
    )


def plan_shown(draft: PlanDraft, reviewers: Sequence[ReviewerRow], coverage: Sequence[CoverageRow]) -> PlanShown:
    """Return a plan: what would change, the loads, and the seats that stay empty with the reason of each."""
    entries = {str(row.entry_id): row for row in coverage}
    gained = _per_reviewer(draft.added)
    lost = _per_reviewer(draft.removed)
    return PlanShown(
        changes=ngettext("%(num)s new assignment", "%(num)s new assignments", len(draft.added))
        + " · "
        + ngettext("%(num)s taken away", "%(num)s taken away", len(draft.removed)),
        has_changes=bool(draft.added or draft.removed),
        added=len(draft.added),
        removed=len(draft.removed),
        loads=[
            LoadShown(
                name=row.name,
                load=load,
                max_entries=row.max_entries,
                change=_change(gained.get(str(row.id), 0), lost.get(str(row.id), 0)),
                words=_("%(load)s of at most %(limit)s", load=load, limit=row.max_entries),
            )
            for row in reviewers
            for load in [draft.loads[str(row.id)]]
        ],
        shortfalls=[
            ShortfallShown(
                reference=entries[shortfall.entry_id].face.reference,
                organisation=entries[shortfall.entry_id].face.name,
                seats=ngettext("%(num)s review", "%(num)s reviews", shortfall.seats),
                reason=shortfall_reason(shortfall),
            )
            for shortfall in draft.plan.shortfalls
            if shortfall.entry_id in entries
        ],
        fingerprint=draft.fingerprint,
    )


def shortfall_reason(shortfall: Shortfall) -> str:
    """Say in plain words why nobody can take these seats."""
    if shortfall.cause is ShortfallCause.REVIEWERS_FULL:
        return ngettext(
            "The %(num)s reviewer who could take it has no room left: %(room)s places, all needed.",
            "The %(num)s reviewers who could take it, or could make room, have none left: %(room)s places, all needed.",
            shortfall.leaning_on,
            room=shortfall.room,
        )
    barred = []
    if shortfall.in_conflict:
        barred.append(
            ngettext("%(num)s has a conflict of interest", "%(num)s have a conflict of interest", shortfall.in_conflict)
        )
    if shortfall.without_language and shortfall.language:
        barred.append(
            ngettext(
                "%(num)s does not read %(language)s",
                "%(num)s do not read %(language)s",
                shortfall.without_language,
                language=language_name(shortfall.language),
            )
        )
    may_read = ngettext("Only %(num)s reviewer may read it.", "Only %(num)s reviewers may read it.", shortfall.may_read)
    if not barred:
        return may_read
    return _("%(may_read)s Of the others: %(barred)s.", may_read=may_read, barred=_("; ").join(barred))


def _coverage_tag(row: CoverageRow) -> tuple[str, str]:
    if row.reviewed >= row.wanted:
        return _("All reviews are in"), "good"
    if row.assigned < row.wanted:
        missing = row.wanted - row.assigned
        return ngettext("%(num)s reviewer missing", "%(num)s reviewers missing", missing), "act"
    return _("Being read"), "wait"


def _per_reviewer(pairs: frozenset[Pair]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for pair in pairs:
        counts[pair.reviewer_id] = counts.get(pair.reviewer_id, 0) + 1
    return counts


def _change(gained: int, lost: int) -> str:
    return " ".join([f"+{gained}"] * bool(gained) + [f"−{lost}"] * bool(lost))
