"""An invented round in which applicants review each other, for tests of its two pools."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.models import Application, Entry
from fundapp.core.db import db
from fundapp.review.models import Assignment, AssignmentStatus, Outcome, PoolDraw, Review, Reviewer, Score
from fundapp.review.pools import PoolName
from fundapp.review.queries import selection as queries
from fundapp.review.queries.pools import pools_of
from fundapp.review.services import deciding, pools
from fundapp.review.services.reading import change_review, submit_review
from tests.conftest import actor_of
from tests.factories import CLOSES, make_application, make_call, make_reviewer, make_staff, parts_of

AFTER = CLOSES + timedelta(days=1)
KNOWN = AFTER + timedelta(days=1)
LATER = KNOWN + timedelta(days=30)
VALUE = "7 11 19 23 40 44"


class Round:
    """An impartial call that has closed, with applicants who are its reviewers, and a manager."""

    def __init__(self, applicants: int = 8, **call: Any) -> None:
        self.call = make_call(is_impartial=True, applicants_review=True, **call)
        self.applications = [self.apply() for _ in range(applicants)]
        self.manager = make_staff(Role.MANAGER, self.call)

    @property
    def actor(self) -> Actor:
        return actor_of(self.manager)

    def apply(self, **values: Any) -> Application:
        return make_application(self.call, **values)

    def fix(self, now: datetime = AFTER, value_at: datetime = KNOWN) -> PoolDraw:
        return pools.fix_list(
            actor=self.actor, call=self.call, value_source="The lottery (sample)", value_at=value_at, now=now
        )

    def draw(self) -> PoolDraw:
        self.fix()
        return pools.draw_pools(actor=self.actor, call=self.call, public_value=VALUE, now=KNOWN)

    def reviewers(self) -> dict[UUID, Reviewer]:
        return {each.id: make_reviewer(self.call, person=each.person) for each in self.applications}

    def pool(self, application: Application) -> PoolName:
        return pools_of(self.call).of_application[application.id]

    def open(self) -> PoolDraw:
        return pools.open_scores(actor=self.actor, call=self.call, now=LATER)

    def outcome(self) -> dict[UUID, tuple[int | None, bool]]:
        """Open the scores, decide by rank, and return rank and award by application."""
        if self.call.is_impartial:
            self.open()
        deciding.decide_by_rank(actor=self.actor, call=self.call, now=LATER)
        return {
            row.entry.application_id: (
                row.figures.rank,
                row.decision is not None and row.decision.outcome is Outcome.AWARD,
            )
            for row in queries.whole_selection(call=self.call).ranked
        }


@contextmanager
def undone() -> Iterator[None]:
    """Do something and take it back."""
    with db.session.begin_nested() as savepoint:
        yield
        savepoint.rollback()
    db.session.expire_all()


def entry_of(application: Application) -> Entry:
    return application.entries[0]


def distinct(number: int) -> list[int | None]:
    """Return scores whose weighted sum no other number up to nine has."""
    return [1 + number % 2, 1 + number // 2]


def say(reviewer: Reviewer, marks: Mapping[Entry, int]) -> None:
    """Let a reviewer change what they submitted, as on their pages, and have given nothing of what is missing."""
    given = db.session.scalars(select(Review).join(Review.assignment).where(Assignment.reviewer_id == reviewer.id))
    by_entry = {review.assignment.entry_id: review for review in given}
    actor = actor_of(reviewer.person)
    for entry, mark in marks.items():
        assignment = by_entry[entry.id].assignment
        change_review(actor=actor, assignment=assignment, now=KNOWN)
        parts = parts_of({criterion.code: mark for criterion in assignment.criteria}, "Looked at again.")
        submit_review(actor=actor, assignment=assignment, parts=parts, now=KNOWN)
    for entry_id, review in by_entry.items():
        if entry_id not in {entry.id for entry in marks}:
            db.session.execute(delete(Score).where(Score.review_id == review.id))
            db.session.execute(
                update(Assignment).where(Assignment.id == review.assignment_id).values(status=AssignmentStatus.READING)
            )
            db.session.execute(delete(Review).where(Review.id == review.id))
    db.session.expire_all()
