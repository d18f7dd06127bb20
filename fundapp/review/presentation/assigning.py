"""Plans and coverage as those who run a call see them: what would change, for whom, and what stays open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.review.assignment import Pair
from fundapp.review.assignment.bridges import BRIDGES_PER_LANGUAGE, LanguageBlock
from fundapp.review.load_picture import LoadPlot, load_plot
from fundapp.review.models import Plan, PlanStatus
from fundapp.review.plan_progress import PlanProgress
from fundapp.review.plan_result import PlanResult
from fundapp.review.presentation.plan_words import (
    ProgressShown,
    hours_words,
    progress_shown,
    shortage_words,
    shortfall_reason,
)
from fundapp.review.queries.panel import CoverageRow, RecusalRow, ReviewerRow
from fundapp.review.transitions import PLAN

MANY_HOURS: Final = 20
"""Of one person, beyond which a page asks whether that is not too much."""
MOST_LOADS: Final = 60
"""Reviewers in the table of loads; the picture holds them all."""
MOST_NAMED: Final = 12
"""References that one reviewer's line names."""


@dataclass(frozen=True)
class CoverageShown:
    """An entry with what is covered of it; links are "" for whoever may not follow them."""

    url: str
    readers_url: str
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
    """What a reviewer has, would have, gains and loses."""

    name: str
    before: int
    after: int
    limit: int
    hours: str
    is_much: bool
    gains: str
    loses: str
    words: str


@dataclass(frozen=True)
class ShortfallShown:
    """Seats that stay empty, and why."""

    reference: str
    organisation: str
    seats: str
    reason: str


@dataclass(frozen=True)
class BlockShown:
    """A language of the call, and who joins it to the others."""

    language: str
    entries: int
    readers: int
    bridges: str
    advice: str


@dataclass(frozen=True)
class ProposalShown:
    """An entry, with a reader or a number of readers that is proposed for it."""

    reference: str
    organisation: str
    what: str


@dataclass(frozen=True)
class PlanShown:
    """A plan, from its being asked for to its being undone. `plan_id` goes with every button about it."""

    plan_id: str
    status: str
    tag: str
    kind: str
    asked: Moment
    is_waiting: bool
    progress: ProgressShown
    is_failed: bool
    can_apply: bool
    can_undo: bool
    is_begun: bool
    changes: str
    loads: Sequence[LoadShown]
    loads_left_out: str
    picture: LoadPlot | None
    much: str
    shortages: Sequence[str]
    shortfalls: Sequence[ShortfallShown]
    inexperienced: str
    blocks: Sequence[BlockShown]
    bridges: Sequence[ProposalShown]
    anchors: Sequence[ProposalShown]


def coverage_shown(row: CoverageRow, slug: str, *, link: bool) -> CoverageShown:
    """Return an entry for the list of coverage; with `link` it leads to the application."""
    tag, kind = _coverage_tag(row)
    return CoverageShown(
        url=url_for("applications.managed_application", application_id=row.application_id) if link else "",
        readers_url=url_for("review.readers", slug=slug, entry_id=row.entry_id),
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
        row.reviewer_name, row.face.reference, row.face.name, row.reason, moment(row.recorded_at, call.time_zone)
    )


def plan_shown(
    plan: Plan, reviewers: Sequence[ReviewerRow], coverage: Sequence[CoverageRow], *, is_last: bool, is_begun: bool
) -> PlanShown:
    """Return a plan. What the reader may not see now is left out.

    `is_last` says that none was applied after it, `is_begun` that something which it gave was begun.
    """
    result = PlanResult.from_json(plan.result) if plan.result else None
    entries = {str(row.entry_id): row for row in coverage}
    tag, kind = PLAN.labels[plan.status].staff, _KINDS[plan.status]
    is_ready = plan.status is PlanStatus.READY
    return PlanShown(
        plan_id=str(plan.id),
        status=plan.status.value,
        tag=str(tag),
        kind=kind,
        asked=moment(plan.requested_at, plan.call.time_zone),
        is_waiting=plan.status is PlanStatus.WAITING,
        progress=progress_shown(PlanProgress.from_json(plan.progress) if plan.progress else None),
        is_failed=plan.status is PlanStatus.FAILED,
        can_apply=is_ready and result is not None and bool(result.added or result.removed),
        can_undo=plan.status is PlanStatus.APPLIED and is_last and not is_begun,
        is_begun=is_begun,
        changes=_changes(result) if result else "",
        loads=_loads(result, reviewers, entries) if result else (),
        loads_left_out=_left_out(len(result.after)) if result else "",
        picture=load_plot(list(result.before.values()), list(result.after.values())) if result else None,
        much=_much(result) if result else "",
        shortages=[shortage_words(each) for each in result.shortages] if result else (),
        shortfalls=_shortfalls(result, entries) if result else (),
        inexperienced=_inexperienced(result) if result else "",
        blocks=[_block(each) for each in result.blocks] if result else (),
        bridges=_bridges(result, reviewers, entries) if result and is_ready else (),
        anchors=_anchors(result, entries) if result and is_ready else (),
    )


_KINDS: Final[Mapping[PlanStatus, str]] = {
    PlanStatus.WAITING: "wait",
    PlanStatus.READY: "act",
    PlanStatus.FAILED: "stop",
    PlanStatus.APPLIED: "good",
    PlanStatus.UNDONE: "",
}


def _coverage_tag(row: CoverageRow) -> tuple[str, str]:
    if row.reviewed >= row.wanted:
        return _("All reviews are in"), "good"
    if row.assigned < row.wanted:
        missing = row.wanted - row.assigned
        return ngettext("%(num)s reviewer missing", "%(num)s reviewers missing", missing), "act"
    return _("Being read"), "wait"


def _changes(result: PlanResult) -> str:
    if not result.added and not result.removed:
        return _("Nothing needs to change.")
    return (
        ngettext("%(num)s new assignment", "%(num)s new assignments", len(result.added))
        + " · "
        + ngettext("%(num)s taken away", "%(num)s taken away", len(result.removed))
    )


def _loads(result: PlanResult, reviewers: Sequence[ReviewerRow], entries: Mapping[str, CoverageRow]) -> list[LoadShown]:
    gains, loses = _by_reviewer(result.added), _by_reviewer(result.removed)
    ordered = sorted(
        (row for row in reviewers if str(row.id) in result.after),
        key=lambda row: (
            str(row.id) not in gains and str(row.id) not in loses,
            -result.after.get(str(row.id), 0),
        ),
    )
    shown = []
    for row in ordered[:MOST_LOADS]:
        key = str(row.id)
        after, minutes = result.after.get(key, 0), result.minutes.get(key, 0)
        shown.append(
            LoadShown(
                name=row.name,
                before=result.before.get(key, 0),
                after=after,
                limit=row.max_entries,
                hours=hours_words(minutes) if minutes else "",
                is_much=minutes > 60 * MANY_HOURS,
                gains=_references(gains.get(key, ()), entries),
                loses=_references(loses.get(key, ()), entries),
                words=_("%(load)s of at most %(limit)s", load=after, limit=row.max_entries),
            )
        )
    return shown


def _by_reviewer(pairs: frozenset[Pair]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in pairs:
        found.setdefault(pair.reviewer_id, []).append(pair.entry_id)
    return found


def _references(entry_ids: Sequence[str], entries: Mapping[str, CoverageRow]) -> str:
    references = sorted(entries[each].face.reference for each in entry_ids if each in entries)
    named = ", ".join(references[:MOST_NAMED])
    rest = len(references) - MOST_NAMED
    if rest <= 0:
        return named
    return ngettext("%(named)s and %(num)s more", "%(named)s and %(num)s more", rest, named=named)


def _left_out(count: int) -> str:
    if count <= MOST_LOADS:
        return ""
    return _(
        "Of %(count)s reviewers the table shows the %(most)s who gain or lose something, or have the most;"
        " the picture holds all.",
        count=count,
        most=MOST_LOADS,
    )


def _much(result: PlanResult) -> str:
    people = sum(minutes > 60 * MANY_HOURS for minutes in result.minutes.values())
    if not people:
        return ""
    return ngettext(
        "This asks more than %(hours)s hours of %(num)s reviewer.",
        "This asks more than %(hours)s hours of %(num)s reviewers.",
        people,
        hours=MANY_HOURS,
    )


def _inexperienced(result: PlanResult) -> str:
    if not result.inexperienced:
        return ""
    return ngettext(
        "%(num)s entry would have no reader with experience.",
        "%(num)s entries would have no reader with experience.",
        result.inexperienced,
    )


def _shortfalls(result: PlanResult, entries: Mapping[str, CoverageRow]) -> list[ShortfallShown]:
    return [
        ShortfallShown(
            reference=entries[each.entry_id].face.reference,
            organisation=entries[each.entry_id].face.name,
            seats=ngettext("%(num)s review", "%(num)s reviews", each.seats),
            reason=shortfall_reason(each),
        )
        for each in result.shortfalls
        if each.entry_id in entries
    ][:MOST_LOADS]


def _block(block: LanguageBlock) -> BlockShown:
    name = language_name(block.language)
    advice = ""
    if not block.is_joined:
        advice = (
            _("Accept the pairs that are proposed below, or give one of each by hand.")
            if len(block.able) >= BRIDGES_PER_LANGUAGE
            else _("Invite somebody who reads %(language)s and another language of the call.", language=name)
        )
    return BlockShown(
        language=name,
        entries=block.entries,
        readers=block.readers,
        bridges=_("%(number)s of %(wanted)s", number=len(block.bridging), wanted=BRIDGES_PER_LANGUAGE),
        advice=advice,
    )


def _bridges(
    result: PlanResult, reviewers: Sequence[ReviewerRow], entries: Mapping[str, CoverageRow]
) -> list[ProposalShown]:
    names = {str(row.id): row.name for row in reviewers}
    return [
        ProposalShown(entries[pair.entry_id].face.reference, entries[pair.entry_id].face.name, names[pair.reviewer_id])
        for pair in result.bridges
        if pair.entry_id in entries and pair.reviewer_id in names
    ]


def _anchors(result: PlanResult, entries: Mapping[str, CoverageRow]) -> list[ProposalShown]:
    return [
        ProposalShown(
            entries[entry_id].face.reference,
            entries[entry_id].face.name,
            ngettext("%(num)s reader", "%(num)s readers", readers),
        )
        for entry_id, readers in result.anchors
        if entry_id in entries
    ]
