"""Reviewing offline: applications that are taken away are recorded, and a sheet of scores that comes back fills drafts.

A sheet goes the way of the pages, part by part, and never further than a draft. What changed on the server since the
sheet was made, and what was emptied in it, is left as it is until somebody has seen both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

from fundapp.accounts.permissions import Actor
from fundapp.core.audit import record
from fundapp.core.errors import InvalidTransition, Problem, RuleViolations
from fundapp.core.i18n import DEFAULT_LANGUAGE
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import TextError, clean_text
from fundapp.review.models import Assignment, Reviewer
from fundapp.review.offline import FilledScores, GivenRow, part_in
from fundapp.review.queries.offline import to_bring_back
from fundapp.review.queries.reading import step_of
from fundapp.review.scoring_rules import COMMENT, CONFIDENCE, CONFIDENCE_WORDS, Judged, Part, Parts, Step, judged_from
from fundapp.review.services.reading import missing_in, part_mark, save_review, shown_parts

Key = tuple[UUID, str]
"""A part of a review: the assignment, and the part's name."""


@dataclass(frozen=True)
class Differing:
    """A part that stands in the draft, and another that stands in the sheet, beside the cell where it does."""

    assignment: Assignment
    name: str
    place: str
    stored: Part
    given: Part


@dataclass(frozen=True)
class TouchedReview:
    """A review into which something was taken, and how many things are missing before it can be submitted."""

    assignment: Assignment
    missing: int


@dataclass
class TakenScores:
    """What became of a sheet: how many rows were taken, or were there already; what differs; what is wrong, by cell."""

    taken: int = 0
    unchanged: int = 0
    touched: list[TouchedReview] = field(default_factory=list)
    differing: list[Differing] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def take_away(
    *,
    actor: Actor,
    reviewer: Reviewer,
    assignments: Sequence[Assignment],
    files: int,
    unopened: Sequence[UUID],
    now: datetime,
) -> None:
    """Record that a reviewer downloaded what they read, with so many files, and which files could not be opened."""
    record(
        actor=actor,
        action="reviewer:take_away",
        subject=reviewer,
        now=now,
        call_id=reviewer.call_id,
        data={
            "assignments": [str(assignment.id) for assignment in assignments],
            "files": files,
            "unopened": [str(file_id) for file_id in unopened],
        },
    )


def bring_back(*, actor: Actor, reviewer: Reviewer, filled: FilledScores, now: datetime) -> TakenScores:
    """Take what was written into a sheet into drafts; nothing is submitted, and no other draft is lost.

    A row with a cell that cannot be read is left as a whole. Raises RuleViolations for a sheet of another call or of
    somebody else.
    """
    if filled.slug != reviewer.call.slug:
        raise RuleViolations([Problem(_l("This sheet is of another call. Bring it to the page of that call."))])
    if filled.reviewer_id != str(reviewer.id):
        raise RuleViolations([Problem(_l("This is not your own sheet. Download yours from this page."))])
    taking = _Taking(actor, reviewer)
    taking.done.problems += filled.problems
    for assignment_id, rows in groupby(sorted(filled.rows, key=_assignment_of), key=_assignment_of):
        taking.take(assignment_id, list(rows), filled.language, now)
    return taking.done


def replace_parts(
    *, actor: Actor, reviewer: Reviewer, given: Mapping[Key, object], seen: Mapping[Key, str], now: datetime
) -> TakenScores:
    """Replace parts of drafts by those of a sheet, after somebody has seen both; what changed since is told again.

    `given` holds parts as drafts keep them, and `seen` the marks of what was shown; whatever else a page sent back is
    passed over.
    """
    taking = _Taking(actor, reviewer)
    for assignment_id, keys in groupby(sorted(given), key=lambda key: key[0]):
        assignment = taking.own.get(assignment_id)
        if assignment is None:
            taking.refuse("")
            continue
        asked = steps_in(assignment)
        read = {name: _part_again(name, given[assignment_id, name], asked[name]) for _id, name in keys if name in asked}
        parts = {name: part for name, part in read.items() if part is not None}
        marks = {name: seen.get((assignment_id, name), "") for name in parts}
        taking.save(assignment, parts, seen=marks, places=dict.fromkeys(parts, ""), now=now)
    return taking.done


def steps_in(assignment: Assignment) -> dict[str, Step | None]:
    """Return what is asked of an assignment, by the name of the part; None for what is no criterion."""
    asked: dict[str, Step | None] = {each.code: step_of(each) for each in assignment.criteria}
    if assignment.stage.asks_confidence:
        asked[CONFIDENCE] = None
    return {**asked, COMMENT: None}


class _Taking:
    def __init__(self, actor: Actor, reviewer: Reviewer) -> None:
        self.actor = actor
        self.own = to_bring_back(actor=actor, call_id=reviewer.call_id)
        self.done = TakenScores()

    def take(self, assignment_id: UUID, rows: Sequence[GivenRow], language: str, now: datetime) -> None:
        """Take the rows of one review, if the actor still has it: who has not learns nothing of it."""
        assignment = self.own.get(assignment_id)
        filled = [row for row in rows if not row.is_empty]
        if assignment is None:
            if filled:
                self.refuse(_span([row.place for row in filled]))
            return
        asked = steps_in(assignment)
        for row in filled:
            if row.name not in asked:
                self._say(row.place, _l("This is not asked any more. What stands here was not taken."))
        parts: dict[str, Part] = {}
        for row in rows:
            if row.name not in asked:
                continue
            part, problems = part_in(row, asked[row.name], language)
            if part_mark(part) == row.mark:
                continue  # as it was when the sheet was made
            self.done.problems += problems
            if not problems:
                parts[row.name] = part
        self.save(
            assignment,
            parts,
            seen={row.name: row.mark for row in rows},
            places={row.name: row.place for row in rows},
            ask_about=[name for name, part in parts.items() if part in ("", Judged())],
            now=now,
        )

    def save(
        self,
        assignment: Assignment,
        parts: Parts,
        *,
        seen: Mapping[str, str],
        places: Mapping[str, str],
        now: datetime,
        ask_about: Collection[str] = (),
    ) -> None:
        """Save parts of one review, but for those to ask about first and those that changed on the server."""
        stored = shown_parts(assignment.review)
        changed = {name: part for name, part in parts.items() if part_mark(part) != part_mark(stored.get(name))}
        self.done.unchanged += len(parts) - len(changed)
        left = {name: stored[name] for name in changed if name in ask_about}
        wanted = {name: part for name, part in changed.items() if name not in left}
        if wanted:
            try:
                saved = save_review(actor=self.actor, assignment=assignment, parts=wanted, seen=seen, now=now)
            except InvalidTransition as refusal:
                self._say(_span([places[name] for name in wanted]), refusal.message)
                return
            left |= saved.conflicts
            if taken := len(wanted) - len(saved.conflicts):
                self.done.taken += taken
                missing = missing_in(assignment, shown_parts(saved.review))
                self.done.touched.append(TouchedReview(assignment, len(missing)))
        self.done.differing += [
            Differing(assignment, name, places[name], left[name], part)
            for name, part in changed.items()
            if name in left
        ]

    def refuse(self, place: str) -> None:
        """Say that a review is not the actor's to write; of what it is about, nothing."""
        self._say(place, _l("You cannot write about this application, or not any more. Nothing of it was taken."))

    def _say(self, place: str, message: str) -> None:
        self.done.problems.append(Problem(message, place=place))


def _part_again(name: str, kept: object, criterion: Step | None) -> Part | None:
    """Return a part that a page carried; None for what is none."""
    if criterion is None:
        text = _clean(kept)
        return None if name == CONFIDENCE and text and text not in CONFIDENCE_WORDS else text
    if not isinstance(kept, dict):
        return None
    return judged_from(
        criterion,
        _clean(kept.get("answer")),
        cannot_judge=False,
        reason=_clean(kept.get("reason")),
        comment=_clean(kept.get("comment")),
        language=DEFAULT_LANGUAGE,
    )


def _clean(text: object) -> str:
    try:
        return clean_text(text, multiline=True) if isinstance(text, str) else ""
    except TextError:
        return ""


def _span(places: Sequence[str]) -> str:
    """Return one name for several cells, from the first to the last."""
    return places[0] if len(places) == 1 else f"{places[0]}–{places[-1]}"


def _assignment_of(row: GivenRow) -> UUID:
    return row.assignment_id
