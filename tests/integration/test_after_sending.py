"""After sending: questions by staff, sending back with a date, further papers of the shortlist, mail that came back."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import page as page_validation
import pypdf
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from fundapp.accounts.mail_cli import mail_group
from fundapp.accounts.models import MembershipRole, Person
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.people import tell
from fundapp.accounts.services.returned_mail import note_returned_mail, take_bounce
from fundapp.applications.form_engine.definition import FormDefinition, Group, Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Clarification,
    FormPurpose,
    FormVersion,
    Reopening,
    ReopeningKind,
)
from fundapp.applications.presentation.copies import copy_pdf
from fundapp.applications.services.clarifying import answer_question, ask_about
from fundapp.applications.services.erasing import blank_application
from fundapp.applications.services.papers import ask_for_papers, keep_papers_form
from fundapp.applications.services.reopening import close_reopening, send_back
from fundapp.applications.views.afterwards import end_of
from fundapp.applications.window import window_of
from fundapp.core.bounces import bounce_in
from fundapp.core.dates import moment
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.review.services.withdrawing import withdraw_application
from tests.conftest import NOW, actor_of
from tests.factories import (
    ANSWERS,
    CLOSES,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_person,
    make_protected,
    make_reviewer,
    make_staff,
)
from tests.integration.test_sending_again import send, write

pytestmark = pytest.mark.usefixtures("app")
CLOSED = CLOSES + timedelta(days=1)
UNTIL = CLOSED + timedelta(days=7)
CANARY = "Canary-0815"
PAPERS = FormDefinition(
    title="Further papers",
    form_id="papers",
    version="1",
    languages=("en",),
    default_language="en",
    groups=(Group(path=("papers",), label={"en": "Further papers"}),),
    questions=(
        Question(name="budget", kind=Kind.TEXT, label={"en": "Your budget"}, group=("papers",), required=True),
        Question(name="referee", kind=Kind.TEXT, label={"en": "Who knows you?"}, group=("papers",)),
    ),
)


def sent_after_closing(**values: Any) -> tuple[Application, Person]:
    """Return an eligible application of a call that has closed, and a manager of the call."""
    call = make_call()
    return make_application(call, **values), make_staff(Role.MANAGER, call)


def reopened(application: Application, manager: Person, *questions: str, now: Any = CLOSED) -> Reopening:
    return send_back(
        actor=actor_of(manager),
        application=application,
        questions=questions or ("plan",),
        message="Please say where.",
        closes_at=UNTIL,
        now=now,
    )


def asked(
    application: Application, manager: Person, question: str = "Where do you work?", **values: Any
) -> Clarification:
    return ask_about(
        actor=actor_of(manager),
        application=application,
        question=question,
        **{"for_reviewers": False, "now": CLOSED, **values},
    )


def answer(clarification: Clarification, text: str = "In six villages.", **values: Any) -> None:
    answer_question(
        **{
            "actor": actor_of(clarification.application.person),
            "clarification": clarification,
            "answer": text,
            "now": CLOSED,
            **values,
        }
    )


# Questions and answers


def test_a_question_reaches_its_people_and_the_answer_becomes_part_of_the_application(signed_in, clock) -> None:
    clock.move_to(CLOSED)
    application, manager = sent_after_closing()
    path = f"/manage/applications/{application.id}"
    client = signed_in(manager)
    question = "Do you pay <i>fees</i> (Canary-Q)?"
    assert client.post(f"{path}/ask", data={"question": question}).status_code == 302
    (mail,) = db.session.scalars(select(MailMessage)).all()
    assert (mail.template, mail.data) == ("news", {"path": f"/applications/{application.id}"})
    assert mail.recipient_id == application.person_id
    applicant = signed_in(application.person)
    assert "We wait for an answer from you" in applicant.get("/applications").text
    own = applicant.get(f"/applications/{application.id}").text
    assert own.index("We have a question for you") < own.index("Your reference"), "what waits comes first"
    place = f"/applications/{application.id}/questions/1"
    assert "&lt;i&gt;fees&lt;/i&gt;" in applicant.get(place).text
    assert applicant.post(place, data={"answer": " "}).status_code == 422
    assert applicant.post(place, data={"answer": "No, never."}).status_code == 302
    again = applicant.post(place, data={"answer": "A second answer, typed in another window."})
    assert again.status_code == 409
    assert "A second answer, typed in another window." in again.text, "what was typed is given back"
    own_pages = [applicant.get(f"/applications/{application.id}{page}") for page in ("", "/copy", "/copy.txt")]
    for page in (client.get(path), *own_pages):
        assert "No, never." in page.text
    assert "No, never." in text_of(copy_pdf(application, application.submissions[-1]))


def text_of(data: bytes) -> str:
    return " ".join(" ".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(data)).pages)


def test_only_holders_answer_and_only_managers_ask() -> None:
    application, manager = sent_after_closing()
    clarification = asked(application, manager)
    with pytest.raises(NotAllowed):
        answer(clarification, actor=actor_of(make_person()))
    for person in (make_staff(Role.RATIFIER, application.call), make_staff(Role.MANAGER, make_call())):
        with pytest.raises(NotAllowed):
            asked(application, person)
    answer(clarification)
    with pytest.raises(Conflict):
        answer(clarification, "Another")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2_001])
def test_a_question_has_to_be_one(text: str) -> None:
    application, manager = sent_after_closing()
    with pytest.raises(RuleViolations) as refused:
        asked(application, manager, text)
    assert [problem.field for problem in refused.value.problems] == ["question"]


def test_reviewers_read_only_what_was_asked_for_them_too_and_nothing_of_a_protected_application(signed_in) -> None:
    application, manager = sent_after_closing()
    for_all, for_staff = asked(application, manager, "For all?", for_reviewers=True), asked(application, manager)
    answer(for_all, "Everybody may know this.")
    answer(for_staff, CANARY)
    asked(application, manager, "Not answered yet (Canary-4711)?", for_reviewers=True)
    reviewer = make_reviewer(application.call)
    assignment = make_assignment(application.entries[0], reviewer)
    page = signed_in(reviewer.person).get(f"/reviews/{assignment.id}").text
    assert "Everybody may know this." in page
    assert CANARY not in page
    assert "Canary-4711" not in page
    make_protected(application)
    page = signed_in(reviewer.person).get(f"/reviews/{assignment.id}").text
    assert "Everybody may know this." not in page


def test_in_a_protected_application_answers_have_to_be_opened(signed_in) -> None:
    application, manager = sent_after_closing()
    make_protected(application)
    answer(asked(application, manager), f"We are {CANARY}.")
    client, path = signed_in(manager), f"/manage/applications/{application.id}"
    assert CANARY not in client.get(path).text
    opened = client.post(f"{path}/identity", data={"what": "identity", "reason": "To call back."})
    assert CANARY in opened.text


def test_erasing_takes_questions_answers_and_reasons_along() -> None:
    application, manager = sent_after_closing()
    answer(asked(application, manager), CANARY)
    reopened(application, manager)
    withdraw_application(actor=actor_of(application.person), application=application, reason=CANARY, now=CLOSED)
    assert application.withdrawal_reason == CANARY
    blank_application(actor=actor_of(manager), application=application, now=CLOSED)
    db.session.flush()
    db.session.expire_all()
    (clarification,) = application.clarifications
    assert (clarification.question_sealed, clarification.answer_sealed) == (None, None)
    assert application.reopenings[0].message_sealed is None
    assert application.withdrawal_reason_sealed is None


# Sent back


def test_only_the_named_questions_are_open_and_all_others_stay(signed_in) -> None:
    application, manager = sent_after_closing()
    application.review_began_at = CLOSED
    with pytest.raises(Conflict):
        write(application, CLOSED, plan="Too early")
    reopening = reopened(application, manager)
    write(application, CLOSED, plan="In six villages of the north.")
    with pytest.raises(Conflict):
        write(application, CLOSED, title="Another title")
    assert application.submissions[-1].answers["plan"] == ANSWERS["plan"], "until it is sent again"
    application.answers = {**application.answers, "title": CANARY}
    second = send(application, CLOSED)
    assert second.answers["plan"] == "In six villages of the north."
    assert second.answers["title"] == ANSWERS["title"], "what was not open is sent as it was"
    assert (reopening.submission_id, reopening.closed_at) == (second.id, CLOSED)
    assert application.status is ApplicationStatus.ELIGIBLE
    with pytest.raises(Conflict):
        write(application, CLOSED, plan="Once more")
    db.session.commit()


def test_after_its_date_all_is_as_it_was() -> None:
    application, manager = sent_after_closing()
    reopened(application, manager)
    write(application, CLOSED, plan="Never sent")
    with pytest.raises(Conflict):
        send(application, UNTIL)
    with pytest.raises(Conflict):
        write(application, UNTIL, plan="Too late")
    assert [each.number for each in application.submissions] == [1]
    assert application.submissions[-1].answers["plan"] == ANSWERS["plan"]
    # What was never sent does not come along with the next correction.
    send_back(
        actor=actor_of(manager), application=application, questions=["title"], message="A title, please.",
        closes_at=UNTIL + timedelta(days=1), now=UNTIL,
    )  # fmt: skip
    write(application, UNTIL, title="Know your land")
    second = send(application, UNTIL)
    assert (second.answers["title"], second.answers["plan"]) == ("Know your land", ANSWERS["plan"])


def test_what_is_wrong_in_closed_questions_stops_no_correction() -> None:
    application, manager = sent_after_closing()
    (submission,) = application.submissions
    submission.answers = {name: value for name, value in submission.answers.items() if name != "title"}
    application.answers = dict(submission.answers)
    reopened(application, manager)
    write(application, CLOSED, plan="")
    with pytest.raises(RuleViolations) as refused:
        send(application, CLOSED)
    assert {problem.field for problem in refused.value.problems} == {"plan"}
    write(application, CLOSED, plan="A better plan")
    assert send(application, CLOSED).number == 2


def test_one_thing_is_open_at_a_time_and_can_be_closed() -> None:
    application, manager = sent_after_closing()
    reopened(application, manager)
    with pytest.raises(Conflict):
        reopened(application, manager, "title")
    close_reopening(actor=actor_of(manager), application=application, now=CLOSED)
    assert not window_of(application, CLOSED).may_send
    with pytest.raises(Conflict):
        close_reopening(actor=actor_of(manager), application=application, now=CLOSED)
    reopened(application, manager, "title")
    withdraw_application(actor=actor_of(application.person), application=application, reason="", now=CLOSED)
    assert not window_of(application, CLOSED).may_send
    db.session.commit()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"questions": ["no_such"]}, "questions"),
        ({"questions": []}, "questions"),
        ({"questions": ["amount"]}, "questions"),
        ({"message": " "}, "message"),
        ({"closes_at": CLOSED}, "closes_on"),
        ({"closes_at": CLOSED + timedelta(days=91)}, "closes_on"),
    ],
)
def test_what_cannot_be_opened_is_named(changes: dict[str, Any], field: str) -> None:
    application, manager = sent_after_closing()
    application.review_began_at = NOW
    values: dict[str, Any] = {"questions": ["plan"], "message": "Please.", "closes_at": UNTIL} | changes
    with pytest.raises(RuleViolations) as refused:
        send_back(actor=actor_of(manager), application=application, now=CLOSED, **values)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert db.session.scalars(select(Reopening)).all() == []


def test_the_pages_of_a_correction_lead_through_it(signed_in, clock) -> None:
    clock.move_to(CLOSED)
    application, manager = sent_after_closing()
    client, path = signed_in(manager), f"/manage/applications/{application.id}"
    day = UNTIL.date()
    fields = {"questions": ["plan"], "message": "Please say where.", **_day(day)}
    assert client.get(f"{path}/reopen").status_code == 200
    assert client.post(f"{path}/reopen", data={**fields, "questions": []}).status_code == 422
    assert client.post(f"{path}/reopen", data=fields).status_code == 302
    applicant = signed_in(application.person)
    own = applicant.get(f"/applications/{application.id}").text
    assert "Please correct your application" in own
    assert "Please say where." in own
    edit = applicant.get(f"/applications/{application.id}/edit")
    assert edit.status_code == 200
    write(application, CLOSED, plan="In six villages.")
    db.session.commit()
    check = applicant.get(f"/applications/{application.id}/check").text
    seen = check.split('name="seen" value="')[1].split('"')[0]
    assert applicant.post(f"/applications/{application.id}/check", data={"seen": seen}).status_code == 302
    receipt = applicant.get(f"/applications/{application.id}").text
    assert "Please correct your application" not in receipt
    assert receipt.count("copy.pdf?version=") == 2, "both versions are listed"
    managed = client.get(path).text
    assert f"{path}/versions/1" in managed
    assert "In six villages." in managed
    assert ANSWERS["plan"] in client.get(f"{path}/versions/1").text
    assert client.get(f"{path}/versions/3").status_code == 404


def test_a_correction_is_asked_for_while_the_call_is_open_too(signed_in, clock) -> None:
    clock.move_to(NOW)
    application, manager = sent_after_closing()
    reopening = reopened(application, manager, now=NOW)
    db.session.commit()
    own = signed_in(application.person).get(f"/applications/{application.id}").text
    assert "Please correct your application" in own
    assert reopening.message in own
    write(application, NOW, plan="In six villages.")
    send(application, NOW)
    db.session.commit()
    own = signed_in(application.person).get(f"/applications/{application.id}").text
    assert "Please correct your application" not in own


def _day(day: date) -> dict[str, str]:
    return {"closes_on-day": str(day.day), "closes_on-month": str(day.month), "closes_on-year": str(day.year)}


@pytest.mark.parametrize(
    ("zone", "last_minute"),
    [
        ("Africa/Nairobi", datetime(2027, 4, 29, 20, 59, tzinfo=UTC)),
        ("Africa/Cairo", datetime(2027, 4, 29, 21, 59, tzinfo=UTC)),
    ],
)
def test_the_last_day_to_answer_ends_on_that_day(zone: str, last_minute: datetime) -> None:
    call = make_call(time_zone=zone)
    ends = end_of(date(2027, 4, 29), call)
    assert ends == last_minute, "in Cairo, clocks skip the hour after it"
    assert moment(ends, zone).local == "29 April 2027, 23:59"


# Further papers


def test_papers_are_asked_of_the_shortlist_and_kept_from_reviewers(signed_in) -> None:
    application, manager = sent_after_closing()
    other = make_application(application.call)
    call, actor = application.call, actor_of(manager)
    keep_papers_form(actor=actor, stage=call.stages[0], form=PAPERS, for_reviewers=False, now=CLOSED)
    ask_for_papers(
        actor=actor, stage=call.stages[0], applications=[application], message="Budget!", closes_at=UNTIL, now=CLOSED
    )
    assert [each.kind for each in application.reopenings] == [ReopeningKind.PAPERS]
    assert other.reopenings == []
    assert [version.purpose for version in call.form_versions] == [FormPurpose.APPLICATION]
    with pytest.raises(Conflict):
        write(application, CLOSED, plan="Not this")
    with pytest.raises(RuleViolations) as refused:
        send_now(application)
    assert {problem.field for problem in refused.value.problems} == {"budget"}
    write(application, CLOSED, budget=f"Rent and travel ({CANARY})")
    second = send_now(application)
    assert second.answers["plan"] == ANSWERS["plan"]
    assert application.status is ApplicationStatus.ELIGIBLE
    reviewer = make_reviewer(call)
    assignment = make_assignment(application.entries[0], reviewer)
    page = signed_in(reviewer.person).get(f"/reviews/{assignment.id}").text
    assert ANSWERS["plan"] in page
    assert CANARY not in page
    for role in (Role.RATIFIER, Role.AUDITOR):
        staff = signed_in(make_staff(role, call))
        assert CANARY in staff.get(f"/manage/applications/{application.id}").text
    assert CANARY in signed_in(manager).get(f"/manage/applications/{application.id}").text


def send_now(application: Application) -> Any:
    application.edited_at = CLOSED
    return send(application, CLOSED)


def test_papers_for_reviewers_are_read_by_them(signed_in) -> None:
    application, manager = sent_after_closing()
    call, actor = application.call, actor_of(manager)
    keep_papers_form(actor=actor, stage=call.stages[0], form=PAPERS, for_reviewers=True, now=CLOSED)
    ask_for_papers(
        actor=actor, stage=call.stages[0], applications=[application], message="Budget!", closes_at=UNTIL, now=CLOSED
    )
    write(application, CLOSED, budget=CANARY)
    send(application, CLOSED)
    assignment = make_assignment(application.entries[0], make_reviewer(call))
    assert CANARY in signed_in(assignment.reviewer.person).get(f"/reviews/{assignment.id}").text


def test_papers_are_all_asked_or_none_and_only_of_eligible_applications() -> None:
    application, manager = sent_after_closing()
    call, actor = application.call, actor_of(manager)
    unchecked = make_application(call, status=ApplicationStatus.SUBMITTED)
    stage = call.stages[0]
    values: dict[str, Any] = {"actor": actor, "stage": stage, "message": "Budget!", "closes_at": UNTIL, "now": CLOSED}
    with pytest.raises(RuleViolations):
        ask_for_papers(applications=[application], **values)
    keep_papers_form(actor=actor, stage=stage, form=PAPERS, for_reviewers=False, now=CLOSED)
    with pytest.raises(RuleViolations) as refused:
        ask_for_papers(applications=[application, unchecked], **values)
    assert [problem.place for problem in refused.value.problems] == [unchecked.reference]
    assert db.session.scalars(select(Reopening)).all() == []


def test_a_form_for_papers_asks_nothing_that_was_asked_and_says_not_who_somebody_is() -> None:
    application, manager = sent_after_closing()
    bad = replace(
        PAPERS,
        questions=(
            replace(PAPERS.questions[0], name="plan"),
            replace(PAPERS.questions[1], role=FormRole.TITLE),
        ),
    )
    with pytest.raises(RuleViolations) as refused:
        keep_papers_form(
            actor=actor_of(manager), stage=application.call.stages[0], form=bad, for_reviewers=False, now=NOW
        )
    assert sorted(problem.place for problem in refused.value.problems) == ["plan", "referee"]
    assert len(db.session.scalars(select(FormVersion)).all()) == 1


def test_the_same_form_for_papers_is_kept_once() -> None:
    application, manager = sent_after_closing()
    stage = application.call.stages[0]
    values: dict[str, Any] = {"actor": actor_of(manager), "stage": stage, "for_reviewers": False, "now": NOW}
    first = keep_papers_form(form=PAPERS, **values)
    assert keep_papers_form(form=PAPERS, **values) is first
    second = keep_papers_form(form=replace(PAPERS, version="2"), **values)
    assert (first.number, second.number) == (1, 2)


def test_the_page_of_further_papers(signed_in, clock) -> None:
    clock.move_to(CLOSED)
    application, manager = sent_after_closing()
    call = application.call
    keep_papers_form(actor=actor_of(manager), stage=call.stages[0], form=PAPERS, for_reviewers=False, now=CLOSED)
    client, path = signed_in(manager), f"/manage/{call.slug}/papers"
    assert "Your budget" in client.get(path).text
    fields = {"applications": [str(application.id)], "message": "Please.", **_day(UNTIL.date())}
    assert client.post(path, data={**fields, "applications": []}).status_code == 422
    assert client.post(path, data={**fields, "applications": [str(uuid4())]}).status_code == 422
    assert client.post(path, data=fields).status_code == 302
    assert "Waiting for them" in client.get(path).text
    own = signed_in(application.person).get(f"/applications/{application.id}")
    assert "Further papers are asked of you" in own.text
    broken = {"form_file": (io.BytesIO(b"no workbook"), "papers.xlsx")}
    assert client.post(f"{path}/form", data=broken, content_type="multipart/form-data").status_code == 422


# Mail that comes back


def bounce(message_id: str, *, action: str = "failed", status: str = "5.1.1", headers_only: bool = False) -> bytes:
    """Return a notice as mail servers write it. Source: the example of RFC 3464, appendix E.1, re-typed and changed."""
    original = f"Message-ID: {message_id}\r\nSubject: There is news for you\r\n\r\n"
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    return (
        "From: Mail Delivery Subsystem <mailer-daemon@mx.example>\r\nTo: fund@fund.example\r\n"
        "Message-ID: <11111111-1111-4111-8111-111111111111@mx.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; amina@sample.example\r\nAction: {action}\r\nStatus: {status} (no such user)\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{original}\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_notice_names_the_mail_and_the_code(headers_only: bool) -> None:
    mail = uuid4()
    found = bounce_in(bounce(f"<{mail}@fund.example>", headers_only=headers_only))
    assert found is not None
    assert (found.message_id, found.status) == (mail, "5.1.1")


def test_delays_foreign_mail_and_rubbish_are_no_notice() -> None:
    ours = f"<{uuid4()}@fund.example>"
    plain = EmailMessage()
    plain["Message-ID"] = ours
    plain.set_content("Status: 5.1.1\nAction: failed")
    for data in (
        bounce(ours, action="delayed", status="4.4.1"),
        bounce(ours, action="delivered", status="2.0.0"),
        bounce(ours, status="x"),
        bounce("<somebody-elses@mx.example>"),
        plain.as_bytes(),
        b"",
        b"\xff\x00" * 1000,
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x",
    ):
        assert bounce_in(data) is None


def mail_to(person: Person) -> MailMessage:
    tell(person, template="news", path="/applications", now=NOW)
    db.session.flush()
    return db.session.scalars(select(MailMessage).where(MailMessage.recipient_id == person.id)).one()


def test_returned_mail_is_seen_by_a_manager_and_by_its_owner_and_names_no_address_elsewhere(signed_in, caplog) -> None:
    application, manager = sent_after_closing(person=make_person(email="amina.canary@example.org"))
    mail = mail_to(application.person)
    found = bounce_in(bounce(f"<{mail.id}@localhost>"))
    assert found is not None
    assert take_bounce(found, NOW)
    assert take_bounce(found, NOW), "twice changes nothing"
    db.session.commit()
    assert "canary" not in caplog.text
    managed = signed_in(manager).get(f"/manage/applications/{application.id}").text
    assert "Mail to 1 of 1 people of this application does not arrive." in managed
    assert "amina.canary" not in managed
    applicant = signed_in(application.person)
    for path in ("/applications", f"/applications/{application.id}"):
        page = applicant.get(path).text
        assert "Mail to a•••@example.org did not arrive: check the address." in page
        assert "amina.canary" not in page
    colleague = make_person()
    make_member(colleague, application.organisation, MembershipRole.APPLICANT)
    assert "did not arrive" not in signed_in(colleague).get(f"/applications/{application.id}").text


def test_the_command_takes_in_notices_and_counts_what_is_none(app, tmp_path) -> None:
    person = make_person(email="amina.canary@example.org")
    notice = bounce(f"<{mail_to(person).id}@localhost>")
    db.session.commit()
    for name, content in (("notice", notice), ("other", b"Subject: hello\r\n\r\nHello")):
        (tmp_path / name).write_bytes(content)
    files = [str(tmp_path / "notice"), str(tmp_path / "other")]
    result = CliRunner().invoke(mail_group, ["bounced", *files], obj=lambda: app)
    assert result.exit_code == 0, result.output
    assert result.output == "1 taken in, 1 passed over\n"
    db.session.rollback()  # only what was committed stays
    db.session.refresh(person)
    assert person.mail_returned_at is not None


def test_a_notice_about_an_earlier_address_or_an_unknown_mail_says_nothing() -> None:
    person = make_person(email="old@example.org")
    mail = mail_to(person)
    person.email = "new@example.org"
    db.session.flush()
    assert not note_returned_mail(mail, NOW)
    assert person.mail_returned_at is None
    unknown = bounce_in(bounce(f"<{uuid4()}@localhost>"))
    assert unknown is not None
    assert not take_bounce(unknown, NOW)


# Copies


@pytest.mark.parametrize(
    ("language", "plan", "found"),
    [
        ("en", "We will hold open days in 六 villages of ང.", "We will hold open days in 六 villages of ?."),
        ("fr", "Nous tiendrons des permanences.", "Que ferez-vous ?"),
        ("ar", "سنعقد أيامًا مفتوحة في ست قرى.", "GJF-"),
    ],
)
def test_each_version_can_be_had_as_an_accessible_pdf_in_its_language(signed_in, language, plan, found) -> None:
    application = make_application(make_call(), language=language, answers={"plan": plan})
    response = signed_in(application.person).get(f"/applications/{application.id}/copy.pdf?version=1")
    assert response.status_code == 200
    assert response.mimetype == "application/pdf"
    report = page_validation.validate_pdf_bytes(response.data, profile=page_validation.ValidationProfile.PDF_UA_1)
    assert report.is_compliant, report
    assert found in text_of(response.data)
    assert signed_in(application.person).get(f"/applications/{application.id}/copy.pdf?version=2").status_code == 404
    assert signed_in(make_person()).get(f"/applications/{application.id}/copy.pdf").status_code == 404
