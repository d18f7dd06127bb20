"""People of an organisation who only read; and what it wrote last time, offered again and never filled in by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fundapp.accounts.models import MembershipRole, OrganisationInvitation, Person
from fundapp.applications.form_engine.definition import Kind, Question, Sensitivity
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services import earlier
from fundapp.applications.services.drafts import fingerprint, form_of
from fundapp.applications.services.protection import protect_own
from fundapp.applications.services.saving import save_draft
from fundapp.applications.services.submitting import submit_application
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed
from tests.conftest import NOW, actor_of
from tests.factories import ANSWERS, FORM, make_application, make_call, make_member, make_person

pytestmark = pytest.mark.usefixtures("app")


def reader_of(application: Application) -> Person:
    person = make_person("Reader Sample")
    make_member(person, application.organisation, MembershipRole.READER)
    return person


def test_a_reader_reads_everything_and_changes_nothing(signed_in):
    now = datetime.now(UTC)
    call = make_call(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1))
    draft = make_application(call, status=ApplicationStatus.DRAFT, answers={"plan": "Plan-Canary"})
    reader = reader_of(draft)
    client = signed_in(reader)
    root = f"/applications/{draft.id}"
    assert "Not named yet" in client.get("/applications").text
    page = client.get(f"{root}/check").text
    assert "Plan-Canary" in page
    assert "Send the application" not in page, "a button that would be refused is not there"
    before = dict(draft.answers)
    actor = actor_of(reader)
    typed = {"plan": "Another plan"}
    for act in (
        lambda: save_draft(actor=actor, application=draft, typed=typed, seen={}, language="en", now=now),
        lambda: submit_application(
            actor=actor, application=draft, seen=fingerprint(draft.answers), language="en", now=now
        ),
        lambda: protect_own(actor=actor, application=draft, now=now),
        lambda: earlier.use(actor=actor, application=draft, names=["plan"], now=now),
    ):
        with pytest.raises(NotAllowed):
            act()
    invited = client.post(f"{root}/people/invite", data={"email": "a@example.org", "role": "reader"})
    assert invited.status_code == 403
    assert client.post(f"{root}/protection").status_code == 403
    assert draft.answers == before


def test_a_holder_invites_a_reader_who_sees_the_applications_of_all_calls(signed_in):
    holder, colleague = make_person(), make_person("Colleague Sample")
    first = make_application(make_call(), person=holder)
    second = make_application(make_call(), person=holder, organisation=first.organisation)
    data = {"email": colleague.email, "role": "reader"}
    assert signed_in(holder).post(f"/applications/{first.id}/people/invite", data=data).status_code == 302
    (invitation,) = db.session.scalars(select(OrganisationInvitation)).all()
    client = signed_in(colleague)
    assert "read its applications and letters, and change nothing" in client.get(f"/invitations/{invitation.id}").text
    client.post(f"/invitations/{invitation.id}")
    assert {client.get(f"/applications/{each.id}").status_code for each in (first, second)} == {200}
    own, theirs = (each.get(f"/applications/{first.id}").text for each in (client, signed_in(holder)))
    for offered in ("Withdraw it", "Erase it", "We have also sent you a receipt by mail"):
        assert offered in theirs
        assert offered not in own
    assert "You can read this application." in own
    assert client.get(f"/applications/{make_application(make_call()).id}").status_code == 404


SECRETS = (
    Question(name="contact", kind=Kind.TEXT, label={"en": "Who are you?"}, role=FormRole.CONTACT_NAME),
    Question(name="bank", kind=Kind.TEXT, label={"en": "Account number"}, given_sensitivity=Sensitivity.PAYEE),
    Question(name="staff", kind=Kind.INTEGER, label={"en": "How many are you?"}),
    Question(name="site", kind=Kind.TEXT, label={"en": "Your page"}),
    Question(name="wallet", kind=Kind.TEXT, label={"en": "Telephone for money"}),
)
OLD = replace(FORM, questions=(*FORM.questions, *SECRETS))
NEW = replace(
    FORM,
    questions=(
        replace(FORM.questions[0], name="who"),
        *FORM.questions[1:],
        *SECRETS[:2],
        replace(SECRETS[2], kind=Kind.TEXT),
        SECRETS[3],
        replace(SECRETS[4], given_sensitivity=Sensitivity.PAYEE),
    ),
)


def two_calls() -> tuple[Application, Application]:
    """Make what was sent in an earlier call, and the draft of a later one."""
    person = make_person()
    before = make_application(make_call(form=OLD), person=person, started_at=NOW - timedelta(days=200))
    values: dict[str, Any] = {
        **ANSWERS, "contact": "Contact-Canary", "bank": "KE00 4321", "staff": 7, "site": "hill.example",
        "wallet": "Wallet-Canary",
    }  # fmt: skip
    keep_answers(application=before, form=form_of(before), values=values, by_id=person.id, now=NOW)
    now = datetime.now(UTC)
    call = make_call(form=NEW, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1))
    draft = make_application(
        call, person=person, organisation=before.organisation, status=ApplicationStatus.DRAFT, started_at=now
    )
    draft.answers = {"title": "Written now"}
    db.session.flush()
    return before, draft


def test_what_was_written_last_time_is_offered_and_not_filled_in(signed_in):
    _before, draft = two_calls()
    client = signed_in(draft.person)
    root = f"/applications/{draft.id}"
    assert "Use what you wrote last time" in client.get(root).text
    page = client.get(f"{root}/earlier").text
    assert clear_answers(draft) == {"title": "Written now"}
    offered = earlier.offered(draft)
    assert offered is not None
    assert {question.name for question, _answer in offered.answers} == {"who", "region", "plan", "contact", "site"}
    assert "Contact-Canary" in page, "its own people read it"
    for absent in ("4321", "Wallet-Canary", "Know your land rights", "12000"):
        assert absent not in page


def test_only_what_was_chosen_is_filled_in_and_nothing_is_overwritten(signed_in):
    _before, draft = two_calls()
    client = signed_in(draft.person)
    chosen = {"use": ["who", "contact", "title", "bank", "amount", "staff"]}
    assert client.post(f"/applications/{draft.id}/earlier", data=chosen).status_code == 302
    db.session.expire_all()
    assert clear_answers(draft) == {
        "title": "Written now", "who": ANSWERS["organisation"], "contact": "Contact-Canary",
    }  # fmt: skip
    assert "Contact-Canary" not in str(draft.answers), "what is sealed stays sealed"


def test_nobody_is_offered_what_another_organisation_wrote(signed_in):
    before, _draft = two_calls()
    stranger = make_application(make_call(form=NEW), status=ApplicationStatus.DRAFT)
    assert earlier.offered(stranger) is None
    same_name = make_application(make_call(form=NEW), status=ApplicationStatus.DRAFT)
    assert same_name.organisation is not None
    assert before.organisation is not None
    same_name.organisation.name_key = before.organisation.name_key
    assert earlier.offered(same_name) is None
    client = signed_in(stranger.person)
    assert client.get(f"/applications/{before.id}/earlier").status_code == 404
