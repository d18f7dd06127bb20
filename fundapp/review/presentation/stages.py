"""The stages of a call as those who run it see them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from fundapp.applications.identity import face_of
from fundapp.applications.models import Call, Stage, StageKind
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.models import StageMove
from fundapp.review.pictures import TallyPlot, tally_plot
from fundapp.review.presentation.selection import figure
from fundapp.review.queries.stages import EntryInStage, StageBoard, StageCount
from fundapp.review.stage_rules import Proposed, against_proposal


@dataclass(frozen=True)
class StageShown:
    """A stage in the list of stages, with how much stands in it."""

    title: Said
    url: str
    entries: str
    read: str
    wanted: int
    is_screening: bool


@dataclass(frozen=True)
class StandingShown:
    """An entry in its stage, with its figures and what the scores propose."""

    id: str
    reference: str
    organisation: str
    mean: str
    median: str
    spread: str
    reviews: str
    refusals: int
    proposed: str
    kind: str
    is_chosen: bool
    url: str
    """Where what was said of it is read; "" for those who may not."""


@dataclass(frozen=True)
class PoolOfStage:
    """The entries of one category in a stage."""

    title: Said | None
    rows: Sequence[StandingShown]
    plot: TallyPlot | None


@dataclass(frozen=True)
class EffectShown:
    """What taking the ticked entries on would do."""

    going: str
    staying: str
    against: str
    needs_reason: bool


@dataclass(frozen=True)
class MoveShown:
    """A step that was taken."""

    went: str
    source: Said
    target: Said
    at: Moment
    undone: Moment | None


def stage_title(stage: Stage) -> Said:
    """Return what a stage is called; a call's only one may have no name of its own."""
    return said(stage.titles) if stage.titles else Said(_("Review"), None)


def stages_shown(counts: Sequence[StageCount], call: Call) -> list[StageShown]:
    """Return the stages of a call in order."""
    return [
        StageShown(
            title=stage_title(each.stage),
            url=url_for("review.stage", slug=call.slug, stage=each.stage.code),
            entries=ngettext("%(num)s entry stands here", "%(num)s entries stand here", each.entries),
            read=ngettext("%(num)s is read by as many as wanted", "%(num)s are read by as many as wanted", each.read),
            wanted=each.stage.reviews_per_entry,
            is_screening=each.stage.kind is StageKind.SCREENING,
        )
        for each in counts
    ]


def pools_of(board: StageBoard, chosen: Collection[str], slug: str) -> list[PoolOfStage]:
    """Return the entries of a stage by category, the ticked ones marked; with a `slug`, each leads to what was said."""
    pools: dict[str, list[EntryInStage]] = {}
    for row in board.rows:
        pools.setdefault(row.pool, []).append(row)
    return [_pool_shown(board, rows, chosen, slug) for rows in pools.values()]


def pool_titles(board: StageBoard) -> list[tuple[str, str]]:
    """Return the categories in which entries of a stage stand: code and name."""
    titles = {row.pool: row.entry.category for row in board.rows}
    return [(pool, str(said(each.titles)) if each else _("All entries")) for pool, each in titles.items()]


def effect_shown(board: StageBoard, chosen: Collection[str]) -> EffectShown:
    """Return what taking the chosen entries on would do, in numbers."""
    going = sum(str(row.entry.id) in chosen for row in board.rows)
    against = len(against_proposal(board.proposal, chosen))
    target = stage_title(board.following) if board.following else None
    return EffectShown(
        going=ngettext(
            "%(num)s entry goes on to “%(stage)s”.", "%(num)s entries go on to “%(stage)s”.", going, stage=str(target)
        ),
        staying=ngettext("%(num)s entry stays.", "%(num)s entries stay.", len(board.rows) - going),
        against=ngettext(
            "With %(num)s of them you do otherwise than the scores propose.",
            "With %(num)s of them you do otherwise than the scores propose.",
            against,
        )
        if against
        else "",
        needs_reason=bool(against),
    )


def moves_shown(moves: Sequence[tuple[StageMove, int]], call: Call) -> list[MoveShown]:
    """Return the steps of a call, the newest first."""
    stages: Mapping[object, Stage] = {stage.id: stage for stage in call.stages}
    return [
        MoveShown(
            went=ngettext("%(num)s entry", "%(num)s entries", number),
            source=stage_title(stages[move.from_stage_id]),
            target=stage_title(stages[move.to_stage_id]),
            at=moment(move.moved_at, call.time_zone),
            undone=moment(move.undone_at, call.time_zone) if move.undone_at else None,
        )
        for move, number in moves
    ]


def _pool_shown(board: StageBoard, rows: Sequence[EntryInStage], chosen: Collection[str], slug: str) -> PoolOfStage:
    category = rows[0].entry.category
    scored = [(face_of(row.entry.application).reference, row.figures) for row in rows if row.figures.mean is not None]
    return PoolOfStage(
        title=said(category.titles) if category else None,
        rows=[_row_shown(row, board.stage, chosen, slug) for row in rows],
        plot=tally_plot(scored, board.scale) if scored and board.stage.kind is StageKind.REVIEW else None,
    )


def _row_shown(row: EntryInStage, stage: Stage, chosen: Collection[str], slug: str) -> StandingShown:
    face = face_of(row.entry.application)
    words, kind = {
        Proposed.ON: (_("Goes on"), "good"),
        Proposed.STAYS: (_("Stays"), ""),
        Proposed.OPEN: (_("People decide"), "act"),
    }[row.proposed]
    return StandingShown(
        id=str(row.entry.id),
        reference=face.reference,
        organisation=face.name,
        mean=figure(row.figures.mean),
        median=figure(row.figures.median),
        spread=figure(row.figures.spread),
        reviews=_("%(given)s of %(wanted)s", given=len(row.figures.marks), wanted=stage.reviews_per_entry),
        refusals=row.refusals,
        proposed=words,
        kind=kind,
        is_chosen=str(row.entry.id) in chosen,
        url=url_for("review.discussion", slug=slug, entry_id=row.entry.id) if slug else "",
    )
