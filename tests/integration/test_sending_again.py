"""After sending: new versions until the deadline, withdrawing and coming back; what counts is what was sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fundapp.accounts.models import MembershipRole
from fundapp.accounts.permissions import Role
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    CallStatus,
    Entry,
    ProgrammeKind,
    Submission,
)
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services.drafts import fingerprint
from fundapp.applications.services.managing import mark_eligible, mark_ineligible
from fundapp.applications.services.saving import marks_of, save_draft
from fundapp.applications.services.submitting import submit_application
from fundapp.core import arrival
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.disbursement.exports.decisions import decision_rows
from fundapp.review.models import AssignmentStatus, SlateStatus
from fundapp.review.queries.panel import coverage
from fundapp.review.queries.reading import my_assignments
from fundapp.review.services.reading import declare_no_conflict
from fundapp.review.services.withdrawing import withdraw_application
from tests.conftest import NOW, actor_of
from tests.factories import (
    ANSWERS,
    CLOSES,
    FORM,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_member,
    make_person,
    make_protected,
    make_reviewer,
    make_slate,
    make_staff,
)
from tests.integration.test_submitting import PRIZE_FORM, with_answers

pytestmark = pytest.mark.usefixtures("app")
LATE = CLOSES + timedelta(days=1)
CANARY = "Only in the working copy (Canary-4711)"


def draft(**call: Any) -> Application:
    return with_answers(make_application(make_call(**call), status=ApplicationStatus.DRAFT))


def send(application: Application, now: Any = NOW) -> Submission:
    return submit_application(
        actor=actor_of(application.person),
        application=application,
        seen=fingerprint(application.answers),
        language="en",
        now=now,
    )


def write(application: Application, now: Any = NOW, **typed: Any) -> None:
    save_draft(
        actor=actor_of(application.person),
        application=application,
        typed=typed,
        seen=marks_of(application, typed),
        language="en",
        now=now,
    )


def withdraw(application: Application, reason: str = "", now: Any = NOW) -> None:
    withdraw_application(actor=actor_of(application.person), application=application, reason=reason, now=now)


def entries(application: Application) -> list[tuple[str | None, int | None]]:
    db.session.expire_all()
    rows = db.session.scalars(select(Entry).where(Entry.application_id == application.id)).all()
    return sorted(((row.category.code if row.category else None), row.requested_minor) for row in rows)


# Versions


def test_a_changed_application_is_sent_again_as_a_new_version_of_the_same_reference() -> None:
    application = draft()
    first = send(application)
    reference = application.reference
    write(application, plan="A second plan", amount="9000")
    second = send(application, NOW + timedelta(hours=1))
    assert application.reference == reference
    assert [(each.number, each.answers["plan"]) for each in application.submissions] == [
        (1, ANSWERS["plan"]),
        (2, "A second plan"),
    ]
    assert first.content_sha256 != second.content_sha256
    assert application.submitted_at == second.submitted_at == NOW + timedelta(hours=1)
    assert entries(application) == [(None, 900_000)]
    mails = db.session.scalars(select(MailMessage).where(MailMessage.template == "receipt")).all()
    assert sorted(mail.data["version"] for mail in mails) == [1, 2]


def test_sending_twice_without_a_change_is_one_version_whatever_the_hour() -> None:
    application = draft()
    first = send(application)
    assert send(application) is first
    assert send(application, LATE) is first
    write(application, plan="A second plan")
    second = send(application)
    assert send(application) is second
    assert len(application.submissions) == 2


def test_protection_in_between_makes_no_new_version() -> None:
    application = draft()
    first = send(application)
    make_protected(application)
    assert application.answers != first.answers, "each is sealed apart"
    assert send(application) is first


def test_another_content_under_the_page_of_the_first_is_refused_and_the_first_stands() -> None:
    application = draft()
    seen = fingerprint(application.answers)
    send(application)
    write(application, plan="Changed in another window")
    with pytest.raises(Conflict):
        submit_application(
            actor=actor_of(application.person), application=application, seen=seen, language="en", now=NOW
        )
    assert len(application.submissions) == 1


def test_what_is_not_whole_any_more_is_not_sent_and_the_version_before_counts() -> None:
    application = draft()
    send(application)
    write(application, plan="")
    with pytest.raises(RuleViolations):
        send(application)
    assert [each.number for each in application.submissions] == [1]
    assert application.submissions[-1].answers["plan"] == ANSWERS["plan"]


def test_categories_are_entered_and_left_with_the_version_that_is_sent() -> None:
    call = make_call(kind=ProgrammeKind.PRIZE, categories=3, form=PRIZE_FORM)
    application = with_answers(make_application(call, status=ApplicationStatus.DRAFT), amount=None, prizes=["cat1"])
    send(application)
    kept = db.session.scalars(select(Entry.id)).one()
    write(application, prizes=["cat1", "cat3"])
    assert entries(application) == [("cat1", None)], "what was not sent enters nothing"
    send(application)
    assert entries(application) == [("cat1", None), ("cat3", None)]
    write(application, prizes=["cat3"])
    send(application)
    assert entries(application) == [("cat3", None)]
    assert db.session.get(Entry, kept) is None


def test_a_category_that_was_given_to_a_reviewer_is_not_taken_out() -> None:
    call = make_call(kind=ProgrammeKind.PRIZE, categories=3, form=PRIZE_FORM)
    application = with_answers(
        make_application(call, status=ApplicationStatus.DRAFT), amount=None, prizes=["cat1", "cat2"]
    )
    send(application)
    given = next(entry for entry in application.entries if entry.category and entry.category.code == "cat1")
    make_assignment(given, make_reviewer(call), AssignmentStatus.ASSIGNED)
    db.session.commit()
    write(application, prizes=["cat2"])
    with pytest.raises(RuleViolations):
        send(application)
    db.session.rollback()
    assert entries(application) == [("cat1", None), ("cat2", None)]


def test_a_version_after_the_check_is_checked_again() -> None:
    application = draft()
    send(application)
    manager = actor_of(make_staff(Role.MANAGER, application.call))
    for check in (mark_eligible, mark_ineligible):
        check(actor=manager, application=application, reason="Looked at.", now=NOW)
        write(application, plan=f"After {check.__name__}")
        send(application)
        assert application.status is ApplicationStatus.SUBMITTED
        assert (application.eligibility_by_id, application.eligibility_reason) == (None, "")
    db.session.commit()


@pytest.mark.parametrize("what", ["read", "decided", "closed", "call decided"])
def test_nothing_is_changed_any_more_once_it_is_read_decided_or_too_late(what: str) -> None:
    application = draft()
    send(application)
    call, now = application.call, NOW
    manager = make_staff(Role.MANAGER, call)
    mark_eligible(actor=actor_of(manager), application=application, now=NOW)
    (entry,) = application.entries
    match what:
        case "read":
            reviewer = make_reviewer(call)
            assignment = make_assignment(entry, reviewer, AssignmentStatus.ASSIGNED)
            write(application, plan="Before anybody reads")
            send(application)
            with pytest.raises(Conflict):
                declare_no_conflict(actor=actor_of(reviewer.person), assignment=assignment, now=NOW)
            mark_eligible(actor=actor_of(manager), application=application, now=NOW)
            declare_no_conflict(actor=actor_of(reviewer.person), assignment=assignment, now=NOW)
        case "decided":
            application.review_began_at = NOW
        case "closed":
            now = CLOSES
        case "call decided":
            call.status, call.decided_at = CallStatus.DECIDED, NOW
    db.session.flush()
    count = len(application.submissions)
    with pytest.raises(Conflict):
        write(application, now, plan="Too late")
    application.answers = {**application.answers, "plan": "Too late"}
    application.edited_at = NOW
    db.session.flush()
    with pytest.raises(Conflict):
        send(application, now)
    db.session.rollback()
    assert len(application.submissions) in (0, count)


def test_only_holders_send_a_new_version() -> None:
    application = draft()
    send(application)
    write(application, plan="By a friend")
    friend = make_person()
    make_member(friend, application.organisation, MembershipRole.COLLABORATOR)
    with pytest.raises(NotAllowed):
        submit_application(
            actor=actor_of(friend),
            application=application,
            seen=fingerprint(application.answers),
            language="en",
            now=NOW,
        )


# Readers: nobody but its people reads the working copy


def test_nobody_else_reads_a_working_copy(signed_in, clock) -> None:
    clock.move_to(NOW)
    application = draft(reviews_per_entry=1)
    call = application.call
    send(application)
    manager, ratifier = make_staff(Role.MANAGER, call), make_staff(Role.RATIFIER, call)
    finance, auditor = make_staff(Role.FINANCE, call), make_staff(Role.AUDITOR, call)
    write(application, plan=CANARY, title=CANARY, organisation=CANARY, region="south", amount="777")
    mark_eligible(actor=actor_of(manager), application=application, now=NOW)
    reviewer = make_reviewer(call)
    assignment = make_assignment(application.entries[0], reviewer)
    assert CANARY in str(clear_answers(application)), "there is something that could leak"
    assert (application.title, application.region) == (ANSWERS["title"], ANSWERS["region"])
    assert entries(application) == [(None, 1_200_000)]
    db.session.commit()
    staff = [f"/manage/{call.slug}/{page}" for page in ("applications", "selection", "tally", "history", "keeping")]
    staff += [f"/manage/{call.slug}", f"/manage/applications/{application.id}"]
    staff += [f"/manage/applications/{application.id}/{page}" for page in ("history", "protection", "versions/1")]
    for person in (manager, ratifier, finance, auditor):
        client = signed_in(person)
        for path in staff:
            page = client.get(path)
            assert "Canary-4711" not in page.text, path
        assert ANSWERS["plan"] in client.get(staff[-4]).text or person is finance
    client = signed_in(reviewer.person)
    for path in ("/reviews", f"/reviews/{assignment.id}"):
        assert "Canary-4711" not in client.get(path).text
    assert ANSWERS["plan"] in client.get(f"/reviews/{assignment.id}").text
    rows = decision_rows(actor=actor_of(manager), call=call)
    assert "Canary-4711" not in str(rows)
    assert "777" not in str(rows)
    own = f"/applications/{application.id}/check"
    assert CANARY in signed_in(application.person).get(own).text
    clock.move_to(LATE)
    kept = signed_in(application.person).get(own)
    assert CANARY in kept.text, "what was typed is still there for its people, and can't be sent"
    assert "Send the new version" not in kept.text


# Withdrawing


def test_a_withdrawn_application_leaves_the_work_and_comes_back_by_being_sent_again() -> None:
    application = draft()
    send(application)
    call = application.call
    manager, reviewer = actor_of(make_staff(Role.MANAGER, call)), make_reviewer(call)
    mark_eligible(actor=manager, application=application, now=NOW)
    make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
    assert len(my_assignments(actor=actor_of(reviewer.person))) == 1
    assert len(coverage(actor=manager, call=call)) == 1
    withdraw(application, "We found other money.")
    db.session.commit()
    assert application.status is ApplicationStatus.WITHDRAWN
    assert (application.withdrawn_at, application.withdrawal_reason) == (NOW, "We found other money.")
    assert my_assignments(actor=actor_of(reviewer.person)) == []
    assert coverage(actor=manager, call=call) == []
    recorded = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "application:withdraw")).one()
    assert "other money" not in str(recorded.data)
    again = send(application, NOW + timedelta(hours=1))
    assert (again.number, application.status) == (2, ApplicationStatus.SUBMITTED)
    assert (application.withdrawn_at, application.withdrawal_reason) == (None, "")
    assert send(application) is again, "a double click"
    db.session.commit()


def test_after_the_deadline_withdrawing_is_final() -> None:
    application = draft()
    send(application)
    withdraw(application, now=LATE)
    with pytest.raises(Conflict):
        send(application, LATE)


@pytest.mark.parametrize("status", [SlateStatus.PROPOSED, SlateStatus.RATIFIED, SlateStatus.RELEASED])
def test_nobody_withdraws_while_decisions_are_being_confirmed(status: SlateStatus) -> None:
    application = make_application(make_call())
    make_decision(make_slate(application.call, status), application.entries[0])
    with pytest.raises(Conflict):
        withdraw(application)
    assert application.status is ApplicationStatus.ELIGIBLE


def test_what_was_never_sent_and_what_is_decided_is_not_withdrawn() -> None:
    with pytest.raises(InvalidTransition):
        withdraw(draft())
    with pytest.raises(InvalidTransition):
        withdraw(make_application(make_call(status=CallStatus.DECIDED, decided_at=NOW)))
    application = make_application(make_call())
    withdraw(application)
    with pytest.raises(InvalidTransition):
        withdraw(application)


# The moment that counts


def test_what_arrived_and_was_not_taken_is_on_record(signed_in, clock) -> None:
    clock.move_to(NOW)
    application = draft()
    application.answers = {name: answer for name, answer in ANSWERS.items() if name != "plan"}
    client, path = signed_in(application.person), f"/applications/{application.id}/check"
    seen = fingerprint(application.answers)
    assert client.post(path, data={"seen": seen}).status_code == 422
    clock.move_to(LATE)
    late = signed_in(application.person).post(path, data={"seen": seen})
    assert late.status_code == 409
    db.session.rollback()
    notes = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "application:refuse").order_by(AuditEntry.seq)
    ).all()
    assert [note.at for note in notes] == [NOW, LATE]
    assert notes[0].data["questions"] == ["plan"]
    assert [note.data["arrived_at"] for note in notes] == [NOW.isoformat(), LATE.isoformat()]
    assert db.session.scalars(select(Submission)).all() == []


def test_row_83_the_clock_of_the_database_decides_and_not_that_of_the_server(
    app, signed_in, clock, monkeypatch
) -> None:
    """The server's clock is a day fast, then a day slow; the database sees the application before the deadline."""
    in_time, too_late = CLOSES - timedelta(seconds=1), CLOSES
    for server, database, status in (
        (CLOSES + timedelta(days=1), in_time, 302),
        (CLOSES - timedelta(days=1), too_late, 409),
    ):
        clock.move_to(server)
        monkeypatch.setitem(app.extensions, arrival.KEY, lambda at=database: at)
        application = draft()
        seen = fingerprint(application.answers)
        answer = signed_in(application.person).post(f"/applications/{application.id}/check", data={"seen": seen})
        assert answer.status_code == status
        db.session.rollback()
        assert [each.submitted_at for each in application.submissions] == ([database] if status == 302 else [])


@pytest.mark.only_on("postgresql")
def test_row_83_the_database_says_when_a_transaction_began(app, clock) -> None:
    clock.move_to(NOW)
    with app.test_request_context():
        began = arrival.by_database()
        later = arrival.by_database()
    assert began == later
    assert began.year > NOW.year, "it is not the clock that the test has stopped"


# Hidden from reviewers


def test_reviewers_see_nothing_that_is_kept_from_them(signed_in) -> None:
    secret = Question(
        name="risk", kind=Kind.TEXT, label={"en": "What could happen to you?"}, group=("work",),
        hidden_from_reviewers=True,
    )  # fmt: skip
    call = make_call(form=replace(FORM, questions=(*FORM.questions, secret)))
    application = make_application(call, answers={"risk": CANARY})
    reviewer = make_reviewer(call)
    assignment = make_assignment(application.entries[0], reviewer)
    page = signed_in(reviewer.person).get(f"/reviews/{assignment.id}").text
    assert ANSWERS["plan"] in page
    assert "Canary-4711" not in page
    assert "What could happen to you?" not in page
    manager = make_staff(Role.MANAGER, call)
    assert "Canary-4711" in signed_in(manager).get(f"/manage/applications/{application.id}").text
