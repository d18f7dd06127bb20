"""Whoever does not answer an invitation to review is asked again: twice, in their language, and not once it is over."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, ReviewPhase
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.review.invitations import Invitation
from fundapp.review.models import Reviewer, SlateStatus
from fundapp.review.news_rules import answer_is_due
from fundapp.review.services.answering import accept_invitation, decline_invitation
from fundapp.review.services.inviting import invite_reviewers, remind
from fundapp.review.services.news import tell_of_the_day
from tests.audit_log import cover_preparations
from tests.conftest import actor_of
from tests.factories import NOW, make_call, make_person, make_slate, make_staff

pytestmark = pytest.mark.usefixtures("app")

SECRET = "a secret for tests, long enough to be one"
DAY = timedelta(days=1)


def asked(*calls: Call, person: Person | None = None, at: datetime = NOW) -> Person:
    """Ask somebody, who has a password, to review for calls; they are told at once."""
    person = person or make_person(password=True, language="pt")
    invite_reviewers(
        actor=actor_of(make_staff(Role.MANAGER)),
        calls=calls,
        invitations=[Invitation(person.email or "", person.name or "", "", ("en",), 5)],
        secret_key=SECRET,
        now=at,
    )
    return person


def days_with_mail(until: int, hours: tuple[int, ...] = (1, 11)) -> list[int]:
    """Run the daily round twice on each of the days to come, and return on which of them somebody was written to."""
    cover_preparations()
    days = []
    for day in range(until + 1):
        for hour in hours:
            told = tell_of_the_day(secret_key=SECRET, now=NOW + day * DAY + hour * DAY / 24, commit=db.session.commit)
            days += [day] * told
    return days


def invitations_of(person: Person) -> list[Reviewer]:
    return list(db.session.scalars(select(Reviewer).where(Reviewer.person_id == person.id).order_by(Reviewer.id)))


def asked_again() -> set[UUID]:
    """Return who got a mail later than on the first day."""
    return set(db.session.scalars(select(MailMessage.recipient_id).where(MailMessage.created_at > NOW + DAY)))


def scoring_until(call: Call, end: datetime) -> None:
    db.session.add(
        ReviewPhase(
            call_id=call.id,
            stage=call.deciding_stage,
            position=1,
            code="scoring",
            titles={"en": "Scoring"},
            starts_at=NOW,
            ends_at=end,
            may_score=True,
            others=SeenOthers.NEVER,
            shown_as=ShownAs.ALIASES,
            may_discuss=False,
        )
    )
    db.session.flush()


def test_whoever_says_nothing_is_asked_again_twice_in_their_language_and_never_more():
    person = asked(make_call())
    assert days_with_mail(60) == [4, 10]
    written = db.session.scalars(select(MailMessage).order_by(MailMessage.created_at)).all()
    assert [(each.recipient_id, each.template, each.language) for each in written] == [
        (person.id, "review_invitation", "pt")
    ] * 3


def test_a_round_that_was_forgotten_for_long_writes_one_mail_and_not_two():
    asked(make_call())
    cover_preparations()
    told = [
        tell_of_the_day(secret_key=SECRET, now=NOW + day * DAY, commit=db.session.commit) for day in (30, 31, 32, 60)
    ]
    assert told == [1, 0, 0, 0]


def test_invitations_of_several_calls_are_one_mail_on_one_day():
    person = asked(make_call(), make_call())
    asked(make_call(), person=person, at=NOW + DAY)
    assert days_with_mail(60) == [5, 11], "two in all, after the newest of them"


@pytest.mark.parametrize("says_yes", [True, False])
def test_whoever_answered_is_left_in_peace(says_yes: bool):
    answered, silent = asked(make_call()), asked(make_call())
    for reviewer in invitations_of(answered):
        if says_yes:
            accept_invitation(actor=actor_of(answered), reviewer=reviewer, now=NOW)
        else:
            decline_invitation(actor=actor_of(answered), reviewer=reviewer, reason="", now=NOW)
    assert days_with_mail(60) == [4, 10]
    assert asked_again() == {silent.id}


@pytest.mark.parametrize("how", ["decided", "last day"])
def test_nobody_is_asked_again_for_reviews_that_are_over(how: str):
    over, going_on = make_call(), make_call()
    asked(over)
    silent = asked(going_on)
    if how == "decided":
        make_slate(over, SlateStatus.PROPOSED)
    else:
        for call, days in ((over, 3), (going_on, 90)):
            scoring_until(call, NOW + days * DAY)
    assert days_with_mail(60) == [4, 10]
    assert asked_again() == {silent.id}


def test_a_reminder_by_hand_counts_as_one():
    (reviewer,) = invitations_of(asked(make_call()))
    manager = actor_of(make_staff(Role.MANAGER))
    assert remind(actor=manager, reviewer=reviewer, secret_key=SECRET, now=NOW + 4 * DAY)
    assert [day for day in days_with_mail(60) if day >= 4] == [10]


@pytest.mark.parametrize(
    ("invited", "told", "now", "is_due"),
    [
        ([0], 0, 3, False),
        ([0], 0, 4, True),
        ([0], 4, 9, False),
        ([0], 4, 10, True),
        ([0], 10, 400, False),
        ([0, 7], 10, 11, True),
        ([0, 7], 7, 10, False),
        ([], None, 30, False),
        ([0], None, 4, True),
    ],
)
def test_answer_is_due_on_the_fourth_and_the_tenth_day(invited: list[int], told: int | None, now: int, is_due: bool):
    told_at = None if told is None else NOW + told * DAY
    assert answer_is_due([NOW + each * DAY for each in invited], told_at, NOW + now * DAY) is is_due
