"""Before an application: questions to a person, barred organisations, personal invitations, nominations."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.limits import LIMITS
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.accounts.secrets import link_token
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallInvitation,
    Enquiry,
    EnquiryCause,
    Nominee,
)
from fundapp.applications.services import enquiries
from fundapp.applications.services.admission import BARRED
from fundapp.applications.services.inviting import invite_to_apply
from fundapp.applications.services.starting import start_application
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from tests.conftest import actor_of, counted_statements
from tests.factories import ANSWERS, make_application, make_organisation, make_person, make_staff
from tests.form_of_all_kinds import FORM as KINDS

from .test_beginning import WITH_FIRST, begin, count, drafts, hidden, open_call
from .test_no_clear_text import dumped
from .test_ways_in import mailed, without_mail

__all__ = ["mailed"]

SECRET = "a secret for tests, long enough to be one"


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


def ask(client: FlaskClient, call: Call, **data: Any) -> str:
    answer = client.post(
        f"/calls/{call.slug}/ask", data={"cause": "eligibility", "text": "We began last month.", **data}
    )
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def answer(manager: FlaskClient, call: Call, **data: Any) -> Any:
    (enquiry,) = db.session.scalars(select(Enquiry)).all()
    return manager.post(f"/manage/{call.slug}/questions/{enquiry.id}", data={"answer": "Tell us more.", **data})


def path_in(mail: str, folder: str) -> str:
    found = re.search(rf"http://localhost(/{folder}/\w+)", mail)
    assert found, mail
    return found[1]


# -- Questions to a person ------------------------------------------------------------------------------------------


def test_a_question_is_answered_on_a_page_by_private_link(client, signed_in):
    call = open_call(form=WITH_FIRST)
    page = ask(client, call, question=["years", "no-such-question"])
    assert "Nobody has answered yet" in client.get(page).text
    manager = signed_in(make_staff(Role.MANAGER, call))
    shown = manager.get(f"/manage/{call.slug}/questions").text
    assert "We began last month." in shown
    assert answer(manager, call).status_code == 302
    read = client.get(page).text
    assert "Tell us more." in read
    assert "You may apply" not in read
    (enquiry,) = db.session.scalars(select(Enquiry)).all()
    assert enquiry.questions == ["years"]
    assert count(MailMessage) == 0


def test_whoever_gave_an_address_is_told_by_a_neutral_mail_and_not_before_the_answer(client, signed_in, mailed):
    call = open_call(titles={"en": "Title-Canary"})
    page = ask(client, call, text="Text-Canary", email="asker@example.org")
    assert count(MailMessage) == 0, "an address that somebody typed gets no mail before a person has looked"
    answer(signed_in(make_staff(Role.MANAGER, call)), call, answer="Answer-Canary")
    mail = mailed()
    assert path_in(mail, "questions") == page
    assert "Canary" not in mail


def test_who_is_let_in_begins_once_with_the_private_link_and_can_send(app, client, signed_in):
    call = open_call(form=WITH_FIRST)
    page = ask(client, call)
    manager = signed_in(make_staff(Role.MANAGER, call))
    assert client.post(page).location == page, "not before somebody was let in"
    assert answer(manager, call, let_in="1").status_code == 422, "to let in needs a reason"
    assert answer(manager, call, let_in="1", reason="Reason-Canary").status_code == 302
    text = client.get(page).text
    assert "You may apply" in text
    assert "Reason-Canary" not in text
    start = client.post(page).location
    assert start == f"/calls/{call.slug}/start"
    first = {"q_years": "0", "q_local": "yes"}
    assert app.test_client().post(f"/calls/{call.slug}/eligibility", data=first).text.count("Ask a person") >= 1
    offered = client.post(f"/calls/{call.slug}/eligibility", data=first)
    begun = client.post(start, data={**first, "key": hidden(offered.text, "key")})
    assert begun.status_code == 302
    other = app.test_client()
    assert other.post(page).location == page, "the link begins one application"
    without_mail(client, f"{begun.location}/keep/words")
    (draft,) = drafts()
    draft.answers = {**draft.answers, **ANSWERS, "write_to": "a@example.org"}
    db.session.commit()
    check = client.get(f"{begun.location}/check").text
    assert "worked for a year" not in check
    assert client.post(f"{begun.location}/check", data={"seen": hidden(check, "seen")}).status_code == 302
    actions = [entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]
    assert [each for each in actions if each.startswith("enquiry:")] == [
        "enquiry:ask", "enquiry:answer", "enquiry:let_in", "enquiry:use",
    ]  # fmt: skip


def test_only_those_who_look_after_the_call_read_and_answer(client, signed_in):
    call, other = open_call(), open_call()
    ask(client, call, text="Text-Canary")
    (enquiry,) = db.session.scalars(select(Enquiry)).all()
    page = f"/manage/{call.slug}/questions"
    for role in (Role.REVIEWER, Role.CHAIR, Role.RATIFIER, Role.FINANCE, Role.AUDITOR):
        visitor = signed_in(make_staff(role, call))
        for path in (page, f"{page}/{enquiry.id}", f"/manage/{call.slug}/nominations"):
            assert visitor.get(path).status_code == 403, role
    stranger = make_staff(Role.MANAGER, other)
    manager = signed_in(stranger)
    assert manager.get(page).status_code == 404
    assert manager.get(f"/manage/{other.slug}/questions/{enquiry.id}").status_code == 404
    with pytest.raises(NotAllowed):
        enquiries.answer_enquiry(
            actor=actor_of(stranger), enquiry=enquiry, answer="No", let_in=True, reason="x", now=datetime.now(UTC)
        )


def test_who_asks_is_nowhere_but_in_what_they_wrote(client, signed_in):
    call = open_call()
    person = make_person("Asker-Canary")
    visitor = signed_in(person)
    ask(visitor, call)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "enquiry:ask")).one()
    assert entry.actor_id is None
    (enquiry,) = db.session.scalars(select(Enquiry)).all()
    assert str(person.id) not in str(vars(enquiry))


def test_questions_are_limited(app, client, monkeypatch):
    monkeypatch.setitem(LIMITS, "ask", replace(LIMITS["ask"], address=2))
    call = open_call()
    for _ in range(2):
        ask(app.test_client(), call)
    refused = client.post(f"/calls/{call.slug}/ask", data={"text": "Once more"})
    assert refused.status_code == 429
    assert count(Enquiry) == 2


@pytest.mark.parametrize("data", [{"text": "  "}, {"text": "x" * 2001}, {"text": "Hello", "email": "no address"}])
def test_a_question_that_can_not_be_taken_comes_back(client, data):
    call = open_call()
    refused = client.post(f"/calls/{call.slug}/ask", data=data)
    assert refused.status_code == 422
    assert data["text"].strip() in refused.text
    assert count(Enquiry) == 0


def test_what_did_not_fit_is_known_also_where_the_question_comes_back_first(client):
    call = open_call(form=WITH_FIRST)
    refused = client.post(f"/calls/{call.slug}/ask", data={"text": "", "question": ["years", "no-such-question"]})
    assert hidden(refused.text, "question") == "years"
    assert "no-such-question" not in refused.text


def test_a_box_that_is_not_ticked_says_why_it_stands_in_the_way(client):
    box = Question("peace", Kind.ACKNOWLEDGE, {"en": "We work in peace."}, required=True, eligible=". = 'OK'")
    why = "Only those who work in peace can apply."
    first = replace(box, ineligible_message={"en": why})
    call = open_call(form=replace(WITH_FIRST, questions=(first, *WITH_FIRST.questions)))
    path = f"/calls/{call.slug}/eligibility"
    assert why in client.post(path, data={"q_years": "5", "q_local": "yes"}).text
    assert why not in client.post(path, data={"q_years": "5", "q_local": "yes", "q_peace": "y"}).text


# -- Barred organisations -------------------------------------------------------------------------------------------


def test_a_barred_organisation_is_recognised_at_the_start(signed_in):
    call = open_call(barred_names=["The  Funder's PARTNER"], barred_domains=["partner.example"])
    by_name = make_person()
    make_application(open_call(), person=by_name, organisation=make_organisation("The Funder’s Partner"))
    also = make_person()
    make_application(open_call(), person=also, organisation=make_organisation("the funder's  partner"))
    by_mail = make_person(email="Someone@Mail.Partner.Example")
    free = make_person(email="someone@notpartner.example")
    for person, stopped in ((by_name, False), (also, True), (by_mail, True), (free, False)):
        answered = begin(signed_in(person), call)
        assert (str(BARRED) in html.unescape(answered.text)) is stopped, person.email
        assert (answered.status_code == 302) is not stopped
    assert {each.person_id for each in drafts() if each.call_id == call.id} == {by_name.id, free.id}


def test_a_barred_organisation_is_recognised_when_it_sends_and_can_be_let_in(client, signed_in):
    call = open_call(barred_names=["Paralegals of the hill (SAMPLE)"])
    tasks = begin(client, call).location
    without_mail(client, f"{tasks}/keep/words")
    (draft,) = drafts()
    draft.answers = {**ANSWERS}
    db.session.commit()
    check = client.get(f"{tasks}/check").text
    assert str(BARRED) in html.unescape(check)
    seen = hidden(check, "seen")
    assert client.post(f"{tasks}/check", data={"seen": seen}).status_code == 422
    ask(client, call, cause="barred")
    manager = signed_in(make_staff(Role.MANAGER, call))
    answer(manager, call, let_in="1", reason="They left the network in spring.")
    assert client.post(f"{tasks}/check", data={"seen": seen}).status_code == 302


# -- Personal invitations -------------------------------------------------------------------------------------------


def invite(call: Call, email: str = "group@example.org", name: str = "Hill Group (sample)") -> CallInvitation:
    invitation = invite_to_apply(
        actor=actor_of(make_staff(Role.MANAGER, call)),
        call=call,
        email=email,
        organisation_name=name,
        secret_key=SECRET,
        now=datetime.now(UTC),
    )
    db.session.commit()
    return invitation


def test_a_personal_link_opens_an_invite_only_call_once_on_any_device(app, client, mailed):
    call = open_call(invitation_only=True, titles={"en": "Title-Canary"})
    assert begin(client, call).status_code == 403
    assert "Start the application" not in client.get(f"/calls/{call.slug}/start").text
    visitor = app.test_client()
    begin(visitor, open_call())
    page = visitor.get(f"/calls/{call.slug}/start").text
    assert "This call is by invitation" in page, "also for somebody who has begun elsewhere"
    assert "Start the application" not in page
    invitation = invite(call)
    mail = mailed()
    assert "Canary" not in mail
    assert "Hill Group" not in mail
    page = path_in(mail, "invited")
    assert "Hill Group (sample)" in client.get(page).text
    phone = app.test_client()
    assert phone.get(page).status_code == 200, "looking uses nothing up"
    assert phone.post(page).location == f"/calls/{call.slug}/start"
    begun = begin(phone, call)
    assert begun.status_code == 302
    (draft,) = [each for each in drafts() if each.call_id == call.id]
    assert draft.answers["organisation"] == "Hill Group (sample)"
    db.session.refresh(invitation)
    assert invitation.application_id == draft.id
    used = client.get(page).text
    assert "Somebody has begun with this invitation" in used
    assert "Go on to the application" not in used
    assert client.post(page).location == page
    assert begin(client, call).status_code == 403
    templates = [each.template for each in db.session.scalars(select(MailMessage).order_by(MailMessage.created_at))]
    assert templates == ["invited_to_apply", "invitation_used"]


@pytest.mark.parametrize("is_revoked", [False, True], ids=["in force", "another one was sent since"])
def test_peers_10_a_draft_begun_by_invitation_can_be_sent(client, mailed, is_revoked):
    call = open_call(invitation_only=True)
    invite(call)
    assert client.post(path_in(mailed(), "invited")).status_code == 302
    own = begin(client, call).location
    without_mail(client, f"{own}/keep/words")
    (draft,) = drafts()
    draft.answers = {**ANSWERS}
    db.session.commit()
    if is_revoked:
        invite(call, email="others@example.org", name="Others (sample)")
    check = client.get(f"{own}/check").text
    assert client.post(f"{own}/check", data={"seen": hidden(check, "seen")}).status_code == 302
    (draft,) = drafts()
    assert draft.status is ApplicationStatus.SUBMITTED


def test_two_who_use_one_link_at_once_get_one_application(app):
    call = open_call(invitation_only=True)
    invitation = invite(call)
    page = f"/invited/{link_token(SECRET, invitation.id)}"
    first, second = app.test_client(), app.test_client()
    for each in (first, second):
        each.post(page)
    key = hidden(second.get(f"/calls/{call.slug}/start").text, "key")
    assert begin(first, call).status_code == 302
    assert second.post(f"/calls/{call.slug}/start", data={"key": key}).status_code == 403
    assert len(drafts()) == 1
    stranger = make_person()
    with pytest.raises(Conflict):
        start_application(
            actor=actor_of(stranger), call=call, language="en", now=datetime.now(UTC), invitation=invitation
        )


def test_the_same_link_is_mailed_again_until_it_is_used(signed_in, mailed):
    call = open_call(invitation_only=True)
    manager = signed_in(make_staff(Role.MANAGER, call))
    known = CallInvitation(call_id=call.id, email="listed@example.org", organisation_name="", created_at=call.opens_at)
    db.session.add(known)
    db.session.commit()
    root = f"/manage/{call.slug}/invitations"
    assert "listed@example.org" in manager.get(root).text
    assert manager.post(f"{root}/send").status_code == 302
    first = path_in(mailed(), "invited")
    assert manager.post(f"{root}/send").status_code == 302, "nobody is left who got none"
    assert count(MailMessage) == 1
    manager.post(f"{root}/send", data={"invitation": str(known.id)})
    assert path_in(mailed(), "invited") == first
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    known.application_id = draft.id
    db.session.commit()
    assert manager.post(f"{root}/send", data={"invitation": str(known.id)}).status_code == 409


def test_an_invitation_of_another_call_opens_nothing_here(client):
    call, other = open_call(invitation_only=True), open_call(invitation_only=True)
    invitation = invite(other)
    client.post(f"/invited/{link_token(SECRET, invitation.id)}")
    assert begin(client, call).status_code == 403
    assert client.get("/invited/" + "0" * 64).status_code == 404
    assert client.get("/questions/" + "0" * 64).status_code == 404


def test_in_a_protected_call_a_forwarded_link_names_nobody(client):
    call = open_call(invitation_only=True, is_protected=True)
    invitation = invite(call, name="Name-Canary")
    assert "Name-Canary" not in client.get(f"/invited/{link_token(SECRET, invitation.id)}").text


# -- Nominations ----------------------------------------------------------------------------------------------------


def prize(**values: Any) -> Call:
    now = datetime.now(UTC)
    times = {"nominations_open_at": now - timedelta(days=2), "nominations_close_at": now + timedelta(days=3)}
    return open_call(**{**times, **values})


def nominate(client: FlaskClient, call: Call, **data: str) -> Any:
    given = {"name": "Hill Group", "contact": "hill@example.org", "why": "They win land cases."}
    return client.post(f"/calls/{call.slug}/nominate", data={**given, **data})


def nominees() -> list[Nominee]:
    db.session.expire_all()
    return list(db.session.scalars(select(Nominee).order_by(Nominee.created_at)))


def test_nominations_of_one_body_are_gathered_by_name_or_contact(client):
    call = prize()
    for data in ({}, {"name": "HILL  group", "contact": "+254 700 123"}, {"name": "Hilltop", "contact": "254-700 123"}):
        assert nominate(client, call, **data).status_code == 302
    nominate(client, call, name="Valley", contact="valley@example.org")
    nominate(client, prize())
    assert sorted(len(each.nominations) for each in nominees()) == [1, 1, 3]
    assert count(Person) == 0


def test_managers_put_together_and_take_apart_by_hand(client, signed_in):
    call = prize()
    nominate(client, call)
    nominate(client, call, name="Valley", contact="valley@example.org")
    manager = signed_in(make_staff(Role.MANAGER, call))
    root = f"/manage/{call.slug}/nominations"
    assert manager.post(f"{root}/gather", data={"nominee": [str(nominees()[0].id)]}).status_code == 422
    assert manager.post(f"{root}/gather", data={"nominee": [str(each.id) for each in nominees()]}).status_code == 302
    (together,) = nominees()
    assert len(together.nominations) == 2
    assert manager.post(f"{root}/gather", data={"apart": str(together.nominations[1].id)}).status_code == 302
    assert [len(each.nominations) for each in nominees()] == [1, 1]
    foreign = prize()
    nominate(client, foreign, name="Foreign")
    ids = [str(each.id) for each in nominees()]
    assert manager.post(f"{root}/gather", data={"nominee": ids}).status_code == 422
    assert manager.post(f"{root}/invite", data={"nominee": ids[-1], "email": "a@example.org"}).status_code == 404


@pytest.mark.parametrize("agreed", [False, True])
def test_a_nominee_learns_no_more_than_it_should(app, client, signed_in, mailed, agreed):
    call = prize()
    data = {"nominator_name": "Nominator-Canary", "nominator_contact": "Contact-Canary", "why": "Why-Canary"}
    nominate(client, call, **data, **({"may_be_named": "1"} if agreed else {}))
    manager = signed_in(make_staff(Role.MANAGER, call))
    page = manager.get(f"/manage/{call.slug}/nominations").text
    assert all(canary in page for canary in ("Nominator-Canary", "Contact-Canary", "Why-Canary"))
    (nominee,) = nominees()
    invite = {"nominee": str(nominee.id), "email": "hill@example.org", "organisation": "Hill Group"}
    assert manager.post(f"/manage/{call.slug}/nominations/invite", data=invite).status_code == 302
    mail = mailed()
    assert "Canary" not in mail
    invited = app.test_client()
    link = path_in(mail, "invited")
    seen = invited.get(link).text
    assert ("Nominator-Canary" in seen) is agreed
    assert "Contact-Canary" not in seen
    assert "Why-Canary" not in seen
    invited.post(link)
    tasks = begin(invited, call).location
    assert "Canary" not in invited.get(tasks).text + invited.get(f"{tasks}/check").text
    actors = db.session.scalars(select(AuditEntry.actor_id).where(AuditEntry.action == "nomination:make"))
    assert list(actors) == [None]


def test_nominations_have_a_time_of_their_own(client):
    now = datetime.now(UTC)
    early = prize(nominations_open_at=now + timedelta(days=1))
    late = prize(nominations_open_at=now - timedelta(days=9), nominations_close_at=now - timedelta(days=1))
    for call, said in ((early, "Nominations are not taken yet."), (late, "The time for nominations is over.")):
        refused = nominate(client, call)
        assert refused.status_code == 409
        assert said in refused.text
    none = open_call()
    assert nominate(client, none).status_code == client.get(f"/calls/{none.slug}/nominate").status_code == 404
    assert nominees() == []


def test_dates_of_nominations_and_of_applications_are_never_shown_as_one(client):
    call = prize(time_zone="UTC")
    page = client.get(f"/calls/{call.slug}").text
    nominations, applications = page.split("<h2>Apply</h2>")
    assert "Nominations until" in nominations
    assert call.nominations_close_at is not None
    for at, here, there in (
        (call.nominations_close_at, nominations, applications),
        (call.closes_at, applications, nominations),
    ):
        iso = at.strftime("%Y-%m-%dT%H:%M")
        assert iso in here
        assert iso not in there
    assert "Deadline for applications" in applications


def test_lists_of_managers_take_as_many_queries_for_one_as_for_many(client, signed_in):
    call = prize()
    manager = signed_in(make_staff(Role.MANAGER, call))

    def fill(number: int) -> None:
        for each in range(number):
            name = f"Group {count(Nominee)} {each}"
            nominate(client, call, name=name, contact=f"{name.replace(' ', '')}@example.org")
            invitation = CallInvitation(
                call_id=call.id, email=f"{count(CallInvitation)}@example.org", created_at=call.opens_at
            )
            invitation.organisation_name = name
            db.session.add(invitation)
            enquiries.ask_person(
                call=call, cause=EnquiryCause.BARRED, questions=[], text=name, email="", language="en",
                secret_key=SECRET, now=datetime.now(UTC),
            )  # fmt: skip
        db.session.commit()

    def statements(path: str) -> int:
        db.session.rollback()
        db.session.expunge_all()  # a request of its own knows no row and no data key yet
        with counted_statements() as run:
            assert manager.get(path).status_code == 200
        return len(run)

    paths = [f"/manage/{call.slug}/{each}" for each in ("nominations", "invitations", "questions")]
    fill(1)
    identity = call.id
    few = [statements(path) for path in paths]
    call = db.session.get_one(Call, identity)
    fill(12)
    assert [statements(path) for path in paths] == few


def test_no_clear_text_of_askers_and_nominators_is_stored(client):
    call = prize()
    ask(client, call, text="Text-Canary", email="asker-canary@example.org")
    nominate(
        client, call, name="Name-Canary", contact="contact-canary@example.org", why="Why-Canary",
        nominator_name="Nominator-Canary", nominator_contact="Reach-Canary",
    )  # fmt: skip
    everything = dumped(client.application).lower()
    assert b"canary" not in everything


def test_somebody_without_the_permission_invites_nobody(app):
    call = open_call()
    with pytest.raises(NotAllowed):
        invite_to_apply(
            actor=actor_of(make_staff(Role.REVIEWER, call)), call=call, email="a@example.org", organisation_name="",
            secret_key=SECRET, now=datetime.now(UTC),
        )  # fmt: skip
    with pytest.raises(RuleViolations):
        invite_to_apply(
            actor=actor_of(make_staff(Role.MANAGER, call)), call=call, email="none", organisation_name="",
            secret_key=SECRET, now=datetime.now(UTC),
        )  # fmt: skip
    assert db.session.scalars(select(Application)).all() == []


def test_the_page_of_a_call_says_what_is_asked_of_whom_and_shows_nothing_that_is_only_computed(client):
    hidden_one = Question(name="secret_sum", kind=Kind.CALCULATE, label={"en": "Sum-Canary"}, calculation="1 + 1")
    form = replace(KINDS, questions=(*KINDS.questions, hidden_one))
    page = client.get(f"/calls/{open_call(form=form).slug}").text
    assert "Does … have an office?" in page
    assert "What does … do?" in page
    assert "${" not in page
    assert "Canary" not in page
    assert "All years together" not in page
    office = page.split("Where is the office?")[1].split("</li>")[0]
    assert "Not everybody is asked this." in office
    assert "Not everybody is asked this." not in page.split("Name of your group")[1].split("</li>")[0]
    assert page.count("These questions are asked once for each.") == 2


def test_a_call_by_invitation_says_so_before_it_asks_anything(client):
    call = open_call(invitation_only=True, form=WITH_FIRST)
    page = client.get(f"/calls/{call.slug}/start").text
    assert "This call is by invitation" in page
    assert "For how many years have you worked?" not in page
    assert "For how many years have you worked?" in client.get(f"/calls/{open_call(form=WITH_FIRST).slug}/start").text


def test_the_summary_of_a_nomination_names_what_is_missing(client):
    page = nominate(client, prize(), name="", why="").text
    summary = page.split("There is a problem")[1].split("</ul>")[0]
    assert "Who should apply?" in summary
    assert "Why?" in summary


def test_a_receipt_by_mail_is_promised_only_to_those_who_get_mail(client, signed_in):
    sent = make_application(open_call())
    db.session.commit()
    own = f"/applications/{sent.id}"
    by_mail = "We have also sent you a receipt by mail."
    assert by_mail in signed_in(sent.person).get(own).text
    sent.import_key = "application:A1"
    db.session.commit()
    assert by_mail not in signed_in(sent.person).get(own).text, "what came from a table was never mailed"
    sent.import_key = None
    sent.person.email = None  # type: ignore[assignment]  # the sealed text takes None, which its type does not say
    sent.person.sign_in_reference = "AAAABBBB"
    db.session.commit()
    page = signed_in(sent.person).get(own).text
    assert by_mail not in page
    assert "Name the reference whenever you write to us." in page
