"""Several people hold one organisation: nobody gets in by its name, and no lost mailbox locks everybody out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts import queries as accounts
from fundapp.accounts.models import Membership, MembershipRole, OrganisationInvitation, Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.organisations import tie_to_organisation
from fundapp.applications.form_engine.definition import Kind, Question, Sensitivity
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.queries.applicant import own_applications
from fundapp.applications.queries.managed_applications import applications_page
from fundapp.applications.services.drafts import fingerprint
from fundapp.applications.services.people import add_colleague_without_mail
from fundapp.applications.services.saving import save_draft
from fundapp.applications.services.starting import ANOTHER, start_application
from fundapp.applications.services.submitting import submit_application
from fundapp.applications.wanted import Wanted
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed
from fundapp.core.mail import MailMessage
from tests.conftest import NOW, actor_of
from tests.factories import (
    ANSWERS,
    FORM,
    make_application,
    make_call,
    make_member,
    make_organisation,
    make_person,
    make_protected,
    make_staff,
)

pytestmark = pytest.mark.usefixtures("app")
WRITES = MembershipRole.COLLABORATOR
HOLDS = MembershipRole.APPLICANT


def mailed() -> list[tuple[str, str]]:
    return sorted((mail.to_address, mail.template) for mail in db.session.scalars(select(MailMessage)))


def pages(application: Application) -> list[str]:
    root = f"/applications/{application.id}"
    return [root, f"{root}/people", f"{root}/check" if application.submitted_at is None else f"{root}/copy"]


def reads(client: FlaskClient, application: Application) -> set[int]:
    return {client.get(page).status_code for page in pages(application)}


def invite(client: FlaskClient, application: Application, email: str, role: MembershipRole = HOLDS):
    data = {"email": email, "role": role.value}
    return client.post(f"/applications/{application.id}/people/invite", data=data)


def the_invitation() -> OrganisationInvitation:
    return db.session.scalars(select(OrganisationInvitation)).one()


def test_typing_the_name_of_another_organisation_gives_no_access(signed_in):
    call = make_call()
    named = make_organisation("Paralegals of the Hill (sample)")
    theirs = make_application(call, organisation=named)
    thief = make_person()
    mine = make_application(call, person=thief, status=ApplicationStatus.DRAFT)
    mine.answers = {**ANSWERS, "organisation": "PARALEGALS  of the hill (sample)"}
    submit_application(actor=actor_of(thief), application=mine, seen=fingerprint(mine.answers), language="en", now=NOW)
    assert own_applications(actor=actor_of(thief)) == [mine]
    client = signed_in(thief)
    assert reads(client, theirs) == {404}
    assert mine.organisation_id != theirs.organisation_id


def test_an_organisation_is_there_from_the_start_and_is_used_again(app):
    person = make_person()
    first = start_application(actor=actor_of(person), call=make_call(), language="en", now=NOW)
    second = start_application(actor=actor_of(person), call=make_call(), language="en", now=NOW)
    assert first.organisation_id is not None
    assert first.organisation_id == second.organisation_id
    assert accounts.holders(first.organisation_id) == [person]


def test_a_tie_by_name_keeps_from_judging_and_gives_nothing(signed_in):
    call = make_call()
    application = make_application(call, organisation=make_organisation("Cousins (sample)"))
    manager = make_staff(Role.MANAGER, call)
    assert (
        applications_page(actor=actor_of(manager), call=call, wanted=Wanted(), questions=[], language="en").total == 1
    )
    tie_to_organisation(actor=system_actor(), person=manager, name="COUSINS (sample)", now=NOW)
    assert (
        applications_page(actor=actor_of(manager), call=call, wanted=Wanted(), questions=[], language="en").total == 0
    )
    assert own_applications(actor=actor_of(manager)) == []
    assert reads(signed_in(manager), application) == {404}
    tied = make_person()
    make_member(tied, application.organisation)  # even one to this very organisation
    assert reads(signed_in(tied), application) == {404}
    # A renamed organisation does not undo the conflict: what counts is the name in this application.
    assert application.organisation is not None
    application.organisation.name = "Others"
    db.session.commit()
    assert (
        applications_page(actor=actor_of(manager), call=call, wanted=Wanted(), questions=[], language="en").total == 0
    )


@pytest.mark.parametrize("role", [HOLDS, WRITES])
def test_an_invited_colleague_joins_and_reads_and_writes(signed_in, role):
    ours = make_organisation("Paralegals of the Hill (sample)")
    application = make_application(make_call(), status=ApplicationStatus.DRAFT, organisation=ours)
    colleague = make_person("Second Sample")
    holder, invited = signed_in(application.person), signed_in(colleague)
    assert reads(invited, application) == {404}
    assert invite(holder, application, colleague.email.upper(), role).status_code == 302
    assert mailed() == [(colleague.email, "colleague_invited")]
    assert reads(invited, application) == {404}  # not before they have accepted
    address = f"/invitations/{the_invitation().id}"
    assert address in invited.get("/applications").text
    for page in (invited.get("/applications").text, invited.get(address).text):
        assert ours.name not in page, "a mail may reach the wrong person"
    assert invited.post(address).status_code == 302
    assert reads(invited, application) == {200}
    assert (application.person.email, "people_changed") in mailed()
    assert own_applications(actor=actor_of(colleague)) == [application]
    saved = invited.post(f"/applications/{application.id}/sections/1", data={"seen": "", "q_organisation": "Ours"})
    assert saved.status_code in (302, 409)
    assert invited.post(address).status_code == 409  # once
    actions = [entry.action for entry in db.session.scalars(select(AuditEntry))]
    assert {"organisation:invite", "organisation:accept", "membership:add"} <= set(actions)


def test_who_writes_neither_sends_nor_invites_nor_removes(signed_in):
    application = make_application(make_call(), status=ApplicationStatus.DRAFT)
    writer = make_person()
    make_member(writer, application.organisation, WRITES)
    client = signed_in(writer)
    assert invite(client, application, "third@example.org").status_code == 403
    root = f"/applications/{application.id}/people"
    assert client.post(f"{root}/without-mail", data={"name": "Third", "role": "applicant"}).status_code == 403
    holder_row = accounts.members(cast(UUID, application.organisation_id))[0]
    assert client.post(f"{root}/remove", data={"member": str(holder_row.id)}).status_code == 403
    with pytest.raises(NotAllowed):
        submit_application(
            actor=actor_of(writer),
            application=application,
            seen=fingerprint(application.answers),
            language="en",
            now=NOW,
        )
    assert db.session.scalar(select(func.count()).select_from(OrganisationInvitation)) == 0


def test_who_only_writes_neither_sees_nor_answers_where_money_goes(signed_in):
    account = Question(
        name="account",
        kind=Kind.TEXT,
        label={"en": "Account number"},
        group=("work",),
        given_sensitivity=Sensitivity.PAYEE,
    )
    form = replace(FORM, questions=(*FORM.questions, account))
    application = make_application(make_call(form=form), status=ApplicationStatus.DRAFT)
    writer = make_person()
    make_member(writer, application.organisation, WRITES)
    address = f"/applications/{application.id}/sections/2"
    assert "q_account" in signed_in(application.person).get(address).text
    client = signed_in(writer)
    page = client.get(address).text
    assert "q_title" in page
    assert "q_account" not in page
    with pytest.raises(NotAllowed):
        save_draft(
            actor=actor_of(writer), application=application, typed={"account": "EVIL1"}, seen={}, language="en", now=NOW
        )


def test_somebody_who_holds_two_organisations_says_for_which_they_apply(signed_in):
    person = make_person()
    first, second = make_organisation("First (sample)"), make_organisation("Second (sample)")
    for organisation in (first, second):
        make_member(person, organisation, HOLDS)
    calls = [make_call(closes_at=datetime.now(UTC) + timedelta(days=1)) for _ in range(4)]
    client = signed_in(person)
    start = [f"/calls/{call.slug}/start" for call in calls]
    assert "Second (sample)" in client.get(start[0]).text
    assert client.post(start[0]).status_code == 422
    assert client.post(start[0], data={"organisation": str(make_organisation().id)}).status_code == 422
    for number, chosen in enumerate((str(second.id), str(first.id), ANOTHER)):
        assert client.post(start[number], data={"organisation": chosen}).status_code == 302
    found = {each.call_id: each.organisation_id for each in own_applications(actor=actor_of(person))}
    assert (found[calls[0].id], found[calls[1].id]) == (second.id, first.id)
    assert found[calls[2].id] not in (first.id, second.id)


def test_the_last_holder_stays_and_another_can_go(signed_in):
    application = make_application(make_call())
    first, second = application.person, make_person()
    client = signed_in(first)
    root = f"/applications/{application.id}/people"
    (only,) = accounts.members(cast(UUID, application.organisation_id))
    make_member(make_person(), application.organisation, WRITES)  # who only writes does not count
    db.session.commit()
    assert client.post(f"{root}/remove", data={"member": str(only.id)}).status_code == 409
    make_member(second, application.organisation, HOLDS)
    db.session.commit()
    assert client.post(f"{root}/remove", data={"member": str(only.id)}).status_code == 302
    assert reads(client, application) == {404}
    assert reads(signed_in(second), application) == {200}
    assert application.person_id == second.id  # mail goes to who is there
    assert (second.email, "people_changed") in mailed()
    tie = db.session.get_one(Membership, only.id)
    assert tie.role is MembershipRole.AFFILIATE  # knowing it keeps them from judging it


def test_members_of_others_are_not_found(signed_in):
    mine, other = make_application(make_call()), make_application(make_call())
    foreign = accounts.members(cast(UUID, other.organisation_id))[0]
    client = signed_in(mine.person)
    root = f"/applications/{mine.id}/people/remove"
    for data in ({"member": str(foreign.id)}, {"member": "no id"}, {"invitation": str(foreign.id)}, {}):
        assert client.post(root, data=data).status_code == 404
    assert accounts.holders(other.organisation_id) == [other.person]


def test_a_colleague_without_mail_gets_words_and_never_a_mail(signed_in, app):
    application = make_application(make_call())
    client = signed_in(application.person)
    page = client.post(
        f"/applications/{application.id}/people/without-mail", data={"name": "Cousin (sample)", "role": HOLDS.value}
    )
    assert page.status_code == 200
    colleague = db.session.scalars(select(Person).where(Person.sign_in_reference.is_not(None))).one()
    typed = " ".join(part.split("</strong>")[0] for part in page.text.split("<strong>")[2:9])
    other = app.test_client()
    answer = other.post("/sign-in/passphrase", data={"reference": colleague.sign_in_reference, "passphrase": typed})
    assert answer.status_code == 302
    assert reads(other, application) == {200}
    assert mailed() == []


def test_an_invitation_can_be_withdrawn_declined_and_is_over_after_two_weeks(signed_in, clock):
    application = make_application(make_call())
    colleague = make_person()
    holder, invited = signed_in(application.person), signed_in(colleague)
    invite(holder, application, colleague.email)
    first = the_invitation()
    holder.post(f"/applications/{application.id}/people/remove", data={"invitation": str(first.id)})
    assert invited.post(f"/invitations/{first.id}").status_code == 409
    invite(holder, application, colleague.email)
    second = accounts.open_invitations(first.organisation_id, first.created_at)[-1]
    assert invited.post(f"/invitations/{second.id}", data={"decline": "1"}).status_code == 302
    assert invited.post(f"/invitations/{second.id}").status_code == 409
    invite(holder, application, colleague.email)
    third = accounts.open_invitations(first.organisation_id, first.created_at)[-1]
    clock.shift(timedelta(days=14, seconds=1))
    assert signed_in(colleague).post(f"/invitations/{third.id}").status_code == 409
    assert reads(signed_in(colleague), application) == {404}


def test_a_receipt_and_news_go_to_all_who_hold_it_and_to_nobody_without_an_address(app):
    application = make_application(make_call(), status=ApplicationStatus.DRAFT)
    second, writer = make_person(), make_person()
    make_member(second, application.organisation, HOLDS)
    make_member(writer, application.organisation, WRITES)
    application.answers = dict(ANSWERS)
    submit_application(
        actor=actor_of(second), application=application, seen=fingerprint(application.answers), language="en", now=NOW
    )
    assert mailed() == sorted([(application.person.email, "receipt"), (second.email, "receipt")])


def test_the_fund_invites_another_holder_with_a_reason_and_the_holders_are_told(signed_in):
    call = make_call()
    application = make_application(call)
    manager = signed_in(make_staff(Role.MANAGER, call))
    root = f"/manage/applications/{application.id}/help"
    assert manager.get(root).status_code == 200
    assert manager.post(root, data={"email": "new@example.org", "reason": ""}).status_code == 422
    assert manager.post(root, data={"email": "new@example.org", "reason": "I called their office."}).status_code == 302
    assert mailed() == sorted([("new@example.org", "colleague_invited"), (application.person.email, "people_changed")])
    invitation = the_invitation()
    assert (invitation.role, invitation.reason) == (HOLDS, "I called their office.")
    assert reads(signed_in(invitation.person), application) == {404}  # until they accept
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "applicant:help")).all()
    assert [entry.object_id for entry in entries] == [application.id]
    assert "office" not in str([entry.data for entry in entries])


def test_the_fund_mails_new_links_to_addresses_that_it_neither_sees_nor_chooses(signed_in):
    call = make_call()
    application = make_application(call)
    manager = signed_in(make_staff(Role.MANAGER, call))
    root = f"/manage/applications/{application.id}/help"
    assert application.person.email not in manager.get(root).text
    assert manager.post(f"{root}/links", data={"email": "evil@example.org"}).status_code == 302
    assert mailed() == [(application.person.email, "sign_in")]


def test_nobody_at_the_fund_lets_anybody_into_a_protected_application(signed_in):
    call = make_call()
    application = make_application(call, is_protected=True, pseudonym="quiet river")
    manager = signed_in(make_staff(Role.MANAGER, call))
    root = f"/manage/applications/{application.id}/help"
    assert "Invite this person" not in manager.get(root).text
    assert manager.post(root, data={"email": "new@example.org", "reason": "They asked."}).status_code == 409
    assert db.session.scalar(select(func.count()).select_from(OrganisationInvitation)) == 0
    assert mailed() == []


def test_a_manager_of_another_call_helps_nobody_here(signed_in):
    application = make_application(make_call())
    other = signed_in(make_staff(Role.MANAGER, make_call()))
    root = f"/manage/applications/{application.id}/help"
    assert other.get(root).status_code == 404
    assert other.post(f"{root}/links").status_code == 404
    assert other.post(root, data={"email": "a@example.org", "reason": "Because."}).status_code == 404


@pytest.mark.parametrize("protected", [True, False])
def test_who_joins_a_protected_application_is_signed_out_as_soon_as_its_other_people(signed_in, protected):
    application = make_application(make_call(), status=ApplicationStatus.DRAFT)
    if protected:
        make_protected(application)
    colleague = make_person("Second Sample")
    invite(signed_in(application.person), application, colleague.email, WRITES)
    assert signed_in(colleague).post(f"/invitations/{the_invitation().id}").status_code == 302
    alone, _words = add_colleague_without_mail(
        actor=actor_of(application.person), application=application, name="Third", role=HOLDS, language="en", now=NOW
    )
    db.session.expire_all()
    assert (colleague.short_sessions, alone.short_sessions) == (protected, protected)
