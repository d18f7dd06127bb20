"""The one way to mail a reviewer: at most one mail on a day, whatever it is about and however many calls there are."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import LinkPurpose, Person
from fundapp.accounts.services.links import send_link
from fundapp.accounts.services.people import tell, write_to
from fundapp.core.db import db, insert_or_find
from fundapp.review.models import ReviewerNews
from fundapp.review.news_rules import AT_ONCE, News, answer_is_due, may_write, reminder_is_due
from fundapp.review.queries.news import open_invitations, people_with_contributions, people_with_news, work_to_come

REVIEWS_PATH: Final = "/reviews"
INVITATIONS_PATH: Final = "/reviews/invitations"
CHUNK: Final = 100
TEMPLATES: Final[Mapping[News, str]] = {
    News.INVITED: "review_invitation",
    News.WORK: "reviews_waiting",
    News.REMINDER: "reviews_reminder",
    News.DISCUSSION: "reviews_discussion",
}
SEVERAL: Final = "reviews_news"


def tell_reviewer(person: Person, kind: News, *, now: datetime, secret_key: str = "") -> bool:
    """Tell a reviewer of something new, in their language; return False where that waits for the mail of another day.

    An invitation brings a way in to somebody without a password, so it takes the secret of this installation.
    """
    news = _news_of(person.id)
    if kind in AT_ONCE and may_write(news.told_at, now):
        _write(person, news, {kind}, secret_key, now)
        return True
    news.waiting = sorted({*news.waiting, kind.value})
    return False


def tell_of_the_day(*, secret_key: str, now: datetime, commit: Callable[[], None]) -> int:
    """Write the mail of the day to every reviewer for whom something waits, and return how many.

    That is news, reviews that are still to come, and invitations without an answer. It commits after every CHUNK
    people; a round that was cut off is simply run again.
    """
    work, invited, contributed = work_to_come(), open_invitations(now), people_with_contributions()
    told = 0
    for ids in _chunks(sorted({*people_with_news(), *work, *invited})):
        people = db.session.scalars(select(Person).where(Person.id.in_(ids), Person.is_active).order_by(Person.id))
        for person in people.all():
            due, asked = work.get(person.id, ()), invited.get(person.id, ())
            told += _tell_of_the_day(person, due, asked, person.id in contributed, secret_key, now)
        commit()
    return told


def forget_news(person_id: UUID, *kinds: News) -> None:
    """Leave out of a reviewer's next mail what they have seen to by themselves."""
    news = db.session.scalar(select(ReviewerNews).where(ReviewerNews.person_id == person_id))
    if news is not None:
        news.waiting = [kind for kind in news.waiting if kind not in kinds]


def _tell_of_the_day(
    person: Person,
    due: Collection[datetime | None],
    invited: Collection[datetime],
    has_contributions: bool,
    secret_key: str,
    now: datetime,
) -> bool:
    news = _news_of(person.id)
    if not may_write(news.told_at, now):
        return False
    kinds = {News(kind) for kind in news.waiting}
    if not due:
        kinds -= {News.WORK, News.REMINDER}  # done in the meantime
    elif reminder_is_due(due, news.told_at, now):
        kinds.add(News.REMINDER)
    if not invited:
        kinds.discard(News.INVITED)  # answered, or over
    elif answer_is_due(invited, news.told_at, now):
        kinds.add(News.INVITED)
    if not has_contributions:
        kinds.discard(News.DISCUSSION)  # about nothing that they may still read
    news.waiting = []
    if not kinds:
        return False
    _write(person, news, kinds, secret_key, now)
    return True


def _write(person: Person, news: ReviewerNews, kinds: Collection[News], secret_key: str, now: datetime) -> None:
    news.told_at = now
    news.waiting = [kind for kind in news.waiting if kind not in kinds]
    path = INVITATIONS_PATH if News.INVITED in kinds else REVIEWS_PATH
    if News.INVITED in kinds and person.password_hash is None:
        send_link(person=person, purpose=LinkPurpose.SET_PASSWORD, secret_key=secret_key, now=now, next_path=path)
    elif len(kinds) == 1:
        tell(person, template=TEMPLATES[next(iter(kinds))], path=path, now=now)
    else:
        data = {"path": path, "kinds": sorted(kind.value for kind in kinds)}
        write_to(person, template=SEVERAL, data=data, now=now)


def _news_of(person_id: UUID) -> ReviewerNews:
    """Return what a reviewer is to be told, its row locked: two who tell at the same moment take turns."""
    find = select(ReviewerNews).where(ReviewerNews.person_id == person_id).with_for_update()
    found = db.session.scalar(find.execution_options(populate_existing=True))
    if found is not None:
        return found
    return insert_or_find(ReviewerNews(person_id=person_id, waiting=[]), lambda: db.session.scalar(find))


def _chunks(ids: Iterable[UUID]) -> Iterable[Sequence[UUID]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
