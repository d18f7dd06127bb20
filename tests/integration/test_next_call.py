"""Declined applications that may be considered again: asked with the letter, taken back at any time, kept as long."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from fundapp.accounts.models import MembershipRole, Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, Call, CallInvitation, CallStatus
from fundapp.core.audit import AuditEntry, text_sha256
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound
from fundapp.core.mail import MailMessage
from fundapp.disbursement.models import Letter, NextCallConsent
from fundapp.disbursement.services.next_call import (
    Band,
    answer_next_call,
    coming_again,
    invite_again,
    is_asked,
    question_for,
)
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.retention.queries import applications_due
from fundapp.review.models import Outcome, SlateStatus

from ..conftest import NOW, actor_of, counted_statements
from ..factories import (
    make_application,
    make_call,
    make_decision,
    make_member,
    make_person,
    make_protected,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

DAY = timedelta(days=1)


class Round:
    """A released call of a programme with declined applications, the best first, and a new call of the programme."""

    def __init__(self, declined: int = 3, *, offers: bool = True) -> None:
        self.call: Call = make_call(offers_next_call=offers)
        self.slate = make_slate(self.call, SlateStatus.RELEASED)
        self.call.status, self.call.decided_at = CallStatus.DECIDED, NOW
        self.reader = make_reviewer(self.call)
        self.declined = [self.add(5 - number % 5) for number in range(declined)]
        self.next: Call = make_call()
        self.next.programme_id = self.call.programme_id
        self.person: Person = make_staff(Role.MANAGER)
        db.session.flush()

    def add(self, mark: int, outcome: Outcome = Outcome.DECLINE) -> Application:
        made = make_application(self.call)
        make_review(made.entries[0], self.reader, [mark, mark])
        make_decision(self.slate, made.entries[0], outcome=outcome)
        return made

    def answer(self, made: Application, says_yes: bool = True) -> NextCallConsent:
        return answer_next_call(actor=actor_of(made.person), application=made, says_yes=says_yes, now=NOW + DAY)

    def listed(self) -> list[Application]:
        return [each.application for each in coming_again(actor=actor_of(self.person), call=self.next)]

    def invite(self, made: Application) -> CallInvitation:
        return invite_again(
            actor=actor_of(self.person), call=self.next, application_id=made.id, secret_key="secret", now=NOW + DAY
        )


def actions() -> list[str]:
    return [
        entry.action
        for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
        if entry.action.startswith("consent:")
    ]


def test_an_answer_is_kept_with_the_question_and_can_be_taken_back(app):
    made = Round(1)
    (application,) = made.declined
    consent = made.answer(application)
    db.session.commit()
    assert consent.text_sha256 == text_sha256(question_for(made.call))
    assert (consent.language, consent.answered_by_id, consent.says_yes) == ("en", application.person_id, True)
    assert made.answer(application).version == 1
    made.answer(application, says_yes=False)
    db.session.commit()
    assert (consent.says_yes, consent.version) == (False, 2)
    made.answer(application)
    db.session.commit()
    assert actions() == ["consent:give", "consent:withdraw", "consent:give"]
    assert made.listed() == [application]


def test_only_those_who_hold_a_declined_application_are_asked_and_only_where_the_call_offers_it(app):
    made = Round(1)
    (application,) = made.declined
    friend = make_person()
    assert application.organisation is not None
    make_member(friend, application.organisation, MembershipRole.COLLABORATOR)
    for person in (friend, make_person(), made.person):
        with pytest.raises(NotAllowed):
            answer_next_call(actor=actor_of(person), application=application, says_yes=True, now=NOW)
    winner, silent = made.add(5, Outcome.AWARD), Round(1, offers=False).declined[0]
    pending = make_application(made.call)
    for each in (winner, silent, pending):
        assert not is_asked(each)
        with pytest.raises(Conflict):
            answer_next_call(actor=actor_of(each.person), application=each, says_yes=True, now=NOW)


def test_nobody_is_asked_before_the_release(app):
    call = make_call(offers_next_call=True)
    made = make_application(call)
    make_decision(make_slate(call, SlateStatus.RATIFIED), made.entries[0], outcome=Outcome.DECLINE)
    assert not is_asked(made)


def test_the_list_holds_who_said_yes_in_thirds_and_nothing_of_other_programmes(app):
    made = Round(3)
    other = Round(1)
    other.answer(other.declined[0])
    for each in made.declined[:2]:
        made.answer(each)
    made.answer(made.declined[2], says_yes=False)
    found = coming_again(actor=actor_of(made.person), call=made.next)
    assert [(each.application, each.band) for each in found] == [
        (made.declined[0], Band.UPPER),
        (made.declined[1], Band.MIDDLE),
    ]
    assert coming_again(actor=actor_of(make_staff(Role.MANAGER, made.next)), call=made.next) == []
    assert coming_again(actor=actor_of(make_staff(Role.RATIFIER)), call=made.next) == []


def test_whoever_has_a_conflict_sees_the_list_as_if_the_application_were_not_there(app, signed_in):
    made = Round(3)
    for each in made.declined:
        made.answer(each)
    hidden = made.declined[0]
    assert hidden.organisation is not None
    make_member(made.person, hidden.organisation)
    assert hidden not in made.listed()
    bands = [each.band for each in coming_again(actor=actor_of(made.person), call=made.next)]
    assert bands == [Band.UPPER, Band.MIDDLE]  # as in a list of two, which the third of three would not be
    with pytest.raises(NotFound):
        made.invite(hidden)
    page = signed_in(made.person).get(f"/manage/{made.next.slug}/next-call").text
    assert "2 applications" in page
    assert hidden.reference not in page


def test_an_invitation_goes_to_the_main_contact_once_it_is_asked_for(app):
    made = Round(2)
    for each in made.declined:
        made.answer(each)
    made.invite(made.declined[0])
    db.session.commit()
    invitation = db.session.scalars(select(CallInvitation)).one()
    assert (invitation.call_id, invitation.email) == (made.next.id, made.declined[0].person.email)
    assert [mail.to_address for mail in db.session.scalars(select(MailMessage))] == [made.declined[0].person.email]
    assert [each.invited for each in coming_again(actor=actor_of(made.person), call=made.next)] == [True, False]
    made.answer(made.declined[1], says_yes=False)
    with pytest.raises(NotFound):
        made.invite(made.declined[1])
    with pytest.raises(NotFound):
        made.invite(Round(1).declined[0])


def test_nobody_whose_name_is_hidden_is_invited_from_the_list(app, signed_in):
    made = Round(1)
    (application,) = made.declined
    name = application.organisation_name
    make_protected(application)
    made.answer(application)
    with pytest.raises(Conflict):
        made.invite(application)
    db.session.commit()
    page = signed_in(made.person).get(f"/manage/{made.next.slug}/next-call").text
    assert application.reference in page
    assert name not in page
    assert "The name is hidden" in page


def test_the_number_of_statements_of_the_list_does_not_grow(app):
    counts = []
    for size in (1, 12):
        made = Round(size)
        for each in made.declined:
            made.answer(each)
        db.session.commit()
        actor = actor_of(made.person)
        db.session.expire_all()
        db.session.refresh(made.next)
        with counted_statements() as statements:
            assert len(coming_again(actor=actor, call=made.next)) == size
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_an_application_is_kept_as_long_as_its_people_let_it_come_again(app):
    made = Round(2)
    made.answer(made.declined[0])
    db.session.flush()

    def due(fate: str) -> dict[object, timedelta]:
        return {each.id: each.at - NOW for each in applications_due(fate)}

    assert due("declined") == {made.declined[1].id: 365 * DAY}
    assert due("next_call") == {made.declined[0].id: 730 * DAY}
    made.call.retention_days = {"declined": 900, "next_call": 10}
    db.session.flush()
    assert due("next_call") == {made.declined[0].id: 900 * DAY}
    assert "900 days" in question_for(made.call)
    made.answer(made.declined[0], says_yes=False)
    db.session.flush()
    assert set(due("declined")) == {each.id for each in made.declined}
    assert due("next_call") == {}


def test_people_answer_below_their_letter_and_invitations_go_out_from_the_list(app, clock, run_jobs, signed_in):
    clock.move_to(NOW + DAY)
    call = make_call(offers_next_call=True)
    slate = make_slate(call, SlateStatus.RATIFIED)
    winner, declined = make_application(call), make_application(call)
    make_decision(slate, winner.entries[0])
    make_decision(slate, declined.entries[0], outcome=Outcome.DECLINE)
    assert declined.organisation is not None
    friend, manager, following = make_person(), make_staff(Role.MANAGER), make_call()
    make_member(friend, declined.organisation, MembershipRole.COLLABORATOR)
    following.programme_id = call.programme_id
    release_decisions(actor=actor_of(manager), call=call, now=NOW + DAY)
    db.session.commit()
    run_jobs()
    address = {letter.application_id: f"/letters/{letter.id}" for letter in db.session.scalars(select(Letter))}
    client, question = signed_in(declined.person), "May we consider this application again"
    assert question in client.get(address[declined.id]).text
    assert question not in signed_in(winner.person).get(address[winner.id]).text
    seen = signed_in(friend).get(address[declined.id]).text
    assert question in seen
    assert 'name="answer"' not in seen
    answer = f"{address[declined.id]}/next-call"
    assert signed_in(friend).post(answer, data={"answer": "yes"}).status_code == 403
    assert signed_in(winner.person).post(answer, data={"answer": "yes"}).status_code == 404
    assert signed_in(winner.person).post(f"{address[winner.id]}/next-call", data={"answer": "yes"}).status_code == 409
    assert client.post(answer, data={"answer": "perhaps"}).status_code == 400
    assert client.post(answer, data={"answer": "yes"}).status_code == 302
    assert "You said yes" in client.get(address[declined.id]).text
    staff = signed_in(manager)
    listed = f"/manage/{following.slug}/next-call"
    assert declined.reference in staff.get(listed).text
    assert staff.post(f"{listed}/{declined.id}").status_code == 302
    assert "Invited" in staff.get(listed).text
    assert client.post(answer, data={"answer": "no"}).status_code == 302
    assert "You said no" in client.get(address[declined.id]).text
    assert declined.reference not in staff.get(listed).text
