"""Many reviewers are told in the background, each for themselves: a plan has hundreds of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.core.db import db
from fundapp.core.outbox import Finish, JobKind, enqueue_all
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer
from fundapp.review.news_rules import News
from fundapp.review.services.news import tell_reviewer

TELL_KIND: Final = "review:tell_of_work"


def tell_of_work_later(reviewer_ids: Collection[UUID], occasion: str, now: datetime) -> None:
    """Have many reviewers told in the background that there is something new to read, each for themselves."""
    enqueue_all(kind=TELL_KIND, subject_ids=reviewer_ids, occasion=occasion, now=now)


def tell_job() -> JobKind:
    """Return the outbox work that tells a reviewer of something new to read, if it is still there."""

    def work(reviewer_id: UUID) -> Finish | None:
        waits = select(Assignment.id).where(
            Assignment.reviewer_id == reviewer_id, Assignment.status == AssignmentStatus.ASSIGNED
        )
        if db.session.scalar(waits.limit(1)) is None:
            return None

        def finish(now: datetime) -> None:
            person = db.session.scalar(
                select(Person).join(Reviewer, Reviewer.person_id == Person.id).where(Reviewer.id == reviewer_id)
            )
            if person is not None:
                tell_reviewer(person, News.WORK, now=now)

        return finish

    def gave_up(_reviewer_id: UUID, _now: datetime, _error: str) -> None:
        """The work stands on their page all the same, and the mail of a later day names it."""

    return JobKind(name=TELL_KIND, work=work, gave_up=gave_up)
