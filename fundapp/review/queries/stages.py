"""Where the entries of a call stand in its stages, what the scores of each propose, and who sits in which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, contains_eager, joinedload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Call, Category, Criterion, Entry, Stage, StageKind
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    DiscussionPost,
    MovedEntry,
    Review,
    Reviewer,
    ReviewStatus,
    Score,
    StageMove,
    StageSeat,
)
from fundapp.review.queries.active import in_its_stage, is_active, is_on_panel
from fundapp.review.queries.pools import counted
from fundapp.review.queries.selection import weighted
from fundapp.review.stage_rules import Checked, Proposed, Standing, screened, shortlisted
from fundapp.review.tally import EntryTally, Scale, ScoreRow, scale_of_marks, tally


@dataclass(frozen=True)
class StageCount:
    """How many eligible entries stand in a stage, and how many of those have all their readings."""

    stage: Stage
    entries: int
    read: int


@dataclass(frozen=True)
class EntryInStage:
    """An entry that stands in a stage, with its figures there and what the scores propose."""

    entry: Entry
    pool: str
    figures: EntryTally
    proposed: Proposed
    refusals: int
    """How many readings of a screening hold a no."""


@dataclass(frozen=True)
class StageBoard:
    """The entries of a stage, by category and best mean first, and where they would go."""

    stage: Stage
    following: Stage | None
    rows: Sequence[EntryInStage]
    scale: Scale

    @property
    def proposal(self) -> Mapping[str, Proposed]:
        """Return what the scores propose, by entry."""
        return {str(row.entry.id): row.proposed for row in self.rows}


def sits_in_stage(stage_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Return the condition that a Reviewer reads in a stage: one without seats is read by the whole panel."""
    seat, any_seat = aliased(StageSeat), aliased(StageSeat)
    return or_(
        not_(exists(select(any_seat.id).where(any_seat.stage_id == stage_id))),
        exists(select(seat.id).where(seat.stage_id == stage_id, seat.reviewer_id == Reviewer.id)),
    )


def stage_of(*, call: Call, code: str) -> Stage:
    """Return a stage of a call. Raises NotFound."""
    found = next((stage for stage in call.stages if stage.code == code), None)
    if found is None:
        raise NotFound
    return found


def following(call: Call, stage: Stage) -> Stage | None:
    """Return the stage to which entries go on; None after the last."""
    return next((each for each in call.stages if each.position > stage.position), None)


def stage_counts(*, actor: Actor, call: Call) -> list[StageCount]:
    """Return the stages of a call in order, with how much stands in each, over what the actor may see."""
    readings = (
        select(Assignment.entry_id, func.count().label("number"))
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .where(
            Entry.call_id == call.id,
            in_its_stage(),
            Assignment.status == AssignmentStatus.REVIEWED,
            is_active(),
        )
        .group_by(Assignment.entry_id)
        .subquery()
    )
    entries = (
        select(Entry.stage_id.label("stage_id"), readings.c.number, Stage.reviews_per_entry.label("wanted"))
        .join(Entry.application)
        .join(Entry.stage)
        .outerjoin(readings, readings.c.entry_id == Entry.id)
        .where(Entry.call_id == call.id, goes_to_reviewers(), visible_to(actor))
        .subquery()
    )
    counts = {
        stage_id: (number, read)
        for stage_id, number, read in db.session.execute(
            select(
                entries.c.stage_id,
                func.count(),
                func.count().filter(entries.c.number >= entries.c.wanted),
            ).group_by(entries.c.stage_id)
        )
    }
    return [StageCount(stage, *counts.get(stage.id, (0, 0))) for stage in call.stages]


def stage_board(*, actor: Actor, call: Call, stage: Stage, places: Mapping[str, int]) -> StageBoard:
    """Return the entries that stand in a stage with what its scores propose: all yes, or the best of each category.

    `places` says how many of each category (by code, "" for none) go on from a stage that scores.
    """
    entries = list(
        db.session.scalars(
            select(Entry)
            .join(Entry.application)
            .outerjoin(Entry.category)
            .where(Entry.stage_id == stage.id, goes_to_reviewers(), visible_to(actor))
            .options(contains_eager(Entry.application), contains_eager(Entry.category))
            .order_by(Category.position, Application.reference)
            .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
        )
    )
    scores = [
        ScoreRow(str(entry_id), str(reviewer_id), code, value)
        for entry_id, reviewer_id, code, value in db.session.execute(
            select(Assignment.entry_id, Assignment.reviewer_id, Criterion.code, Score.value)
            .join(Score.review)
            .join(Score.criterion)
            .join(Review.assignment)
            .join(Assignment.reviewer)
            .join(Assignment.entry)
            .join(Entry.application)
            .where(
                Assignment.stage_id == stage.id,
                Entry.stage_id == stage.id,
                Review.status == ReviewStatus.SUBMITTED,
                is_active(),
                visible_to(actor),
            )
            .order_by(Assignment.entry_id, Assignment.reviewer_id, Criterion.position)
        )
    ]
    scores = counted(call, scores)
    criteria = weighted(stage.criteria)
    of_entry = {each.entry_id: each for each in tally([str(each.id) for each in entries], criteria, scores)}
    readings = _readings(scores)
    if stage.kind is StageKind.SCREENING:
        proposal = screened(
            Checked(str(each.id), stage.reviews_per_entry, list(readings.get(str(each.id), {}).values()))
            for each in entries
        )
    else:
        proposal = shortlisted(
            (Standing(str(each.id), pool_of(each), of_entry[str(each.id)].mean) for each in entries), places
        )
    rows = [
        EntryInStage(
            entry=each,
            pool=pool_of(each),
            figures=of_entry[str(each.id)],
            proposed=proposal[str(each.id)],
            refusals=sum(False in answers for answers in readings.get(str(each.id), {}).values()),
        )
        for each in entries
    ]
    positions = {row.pool: number for number, row in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda row: (positions[row.pool], row.figures.mean is None, -(row.figures.mean or 0)))
    return StageBoard(stage, following(call, stage), rows, scale_of_marks(criteria))


def pool_of(entry: Entry) -> str:
    """Return the category in which an entry is ranked in a stage, by code; "" without one."""
    return entry.category.code if entry.category else ""


def last_move(*, call: Call) -> StageMove | None:
    """Return the latest step that was not undone, or None."""
    return db.session.scalar(
        select(StageMove)
        .where(StageMove.call_id == call.id, StageMove.undone_at.is_(None))
        .options(joinedload(StageMove.from_stage), joinedload(StageMove.to_stage), joinedload(StageMove.moved_by))
        .order_by(StageMove.moved_at.desc(), StageMove.id)
        .limit(1)
    )


def moves(*, actor: Actor, call: Call) -> list[tuple[StageMove, int]]:
    """Return the steps of a call with how many entries each took along, the newest first, undone ones too.

    Only entries that the actor may see are counted; a step with no other is left out.
    """
    rows = db.session.execute(
        select(StageMove, func.count(MovedEntry.id))
        .join(MovedEntry, MovedEntry.move_id == StageMove.id)
        .join(MovedEntry.entry)
        .join(Entry.application)
        .where(StageMove.call_id == call.id, visible_to(actor))
        .group_by(StageMove.id)
        .order_by(StageMove.moved_at.desc(), StageMove.id)
    ).all()
    return [(move, number) for move, number in rows]


def is_started(move: StageMove) -> bool:
    """Say whether anything was done in the next stage with the entries of a step: then it stands fast."""
    of_move = select(MovedEntry.entry_id).where(MovedEntry.move_id == move.id)
    begun = exists(
        select(Assignment.id).where(
            Assignment.entry_id.in_(of_move),
            Assignment.stage_id == move.to_stage_id,
            Assignment.status != AssignmentStatus.ASSIGNED,
        )
    )
    said = exists(
        select(DiscussionPost.id).where(
            DiscussionPost.entry_id.in_(of_move), DiscussionPost.stage_id == move.to_stage_id
        )
    )
    gone = exists(select(Entry.id).where(Entry.id.in_(of_move), Entry.stage_id != move.to_stage_id))
    return bool(db.session.scalar(select(or_(begun, said, gone))))


def panel_of(*, call: Call) -> list[Reviewer]:
    """Return who accepted to read for a call, by name."""
    found = db.session.scalars(
        select(Reviewer).where(and_(Reviewer.call_id == call.id, is_on_panel())).options(joinedload(Reviewer.person))
    )
    return sorted(found, key=lambda each: each.person.sort_key)


def seats_of(stage: Stage) -> list[StageSeat]:
    """Return the seats of a stage; none: the whole panel reads in it."""
    return list(
        db.session.scalars(select(StageSeat).where(StageSeat.stage_id == stage.id).order_by(StageSeat.reviewer_id))
    )


def _readings(scores: Sequence[ScoreRow]) -> dict[str, dict[str, list[bool | None]]]:
    """Return the answers of each reading of each entry as yes, no, or nothing that was judged."""
    found: dict[str, dict[str, list[bool | None]]] = {}
    for row in scores:
        answer = None if row.score is None else row.score > 0
        found.setdefault(row.entry_id, {}).setdefault(row.reviewer_id, []).append(answer)
    return found
