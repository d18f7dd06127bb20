"""Administrators' pages: who has which role, giving and taking, closing accounts; nobody serves themselves."""

from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select

from fundapp.accounts.models import Person, RoleChange, RoleGrant, SignInSession
from fundapp.accounts.permissions import Grant, Role, needs_second_factor, system_actor
from fundapp.accounts.role_rules import GIVEN, mixed_with, place_problems
from fundapp.accounts.services import administering, roles
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.mail import MailMessage

from ..attacks.world import all_rows, changed_tables
from ..conftest import NOW, actor_of, counted_statements
from ..factories import make_call, make_person, make_staff

ONE_CALL, OTHER_CALL = UUID(int=1), UUID(int=2)


def entries(action: str) -> list[AuditEntry]:
    db.session.commit()
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def mails(template: str) -> list[MailMessage]:
    return list(db.session.scalars(select(MailMessage).where(MailMessage.template == template)))


@pytest.fixture
def administrator(app):
    return make_staff(Role.ADMINISTRATOR, name="Ada Sample")


def test_a_role_is_given_on_the_page_and_counts_from_the_next_request(app, signed_in, administrator):
    call, person = make_call(), make_person("Noor Sample")
    client, theirs = signed_in(administrator), signed_in(person)
    page = f"/manage/{call.slug}"
    assert theirs.get(page).status_code == 403
    answer = client.post(
        f"/admin/people/{person.id}/roles", data={"role": "manager", "call": str(call.id), "reason": "New here"}
    )
    assert answer.status_code == 302
    assert theirs.get(page).status_code == 200
    grant = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id)).one()
    assert (grant.role, grant.call_id) == (Role.MANAGER, call.id)
    change = db.session.scalars(select(RoleChange).where(RoleChange.person_id == person.id)).one()
    assert (change.is_given, change.by_id, change.reason) == (True, administrator.id, "New here")
    (entry,) = [each for each in entries("role:grant") if each.object_id == person.id]
    assert entry.actor_id == administrator.id
    assert entry.data == {"role": "manager"}
    assert len(mails("role_changed")) == 1
    client.post(f"/admin/people/{person.id}/roles/{grant.id}", data={"reason": "Left"})
    assert theirs.get(page).status_code == 403
    assert "Left" in client.get(f"/admin/people/{person.id}").text
    assert "Left" in theirs.get("/account/roles").text
    assert len(entries("role:revoke")) == 1
    assert len(mails("role_changed")) == 2


def test_a_role_in_one_call_gives_nothing_in_another(app, signed_in, administrator):
    ours, theirs = make_call(), make_call()
    person = make_person()
    roles.give_role(actor=actor_of(administrator), person=person, role=Role.AUDITOR, call_id=ours.id, now=NOW)
    client = signed_in(person)
    assert client.get(f"/manage/{ours.slug}").status_code == 200
    assert client.get(f"/manage/{theirs.slug}").status_code == 404


def test_nobody_gives_a_role_to_themselves(app, signed_in, administrator):
    client = signed_in(administrator)
    data = {"role": "manager", "call": "every", "reason": "I can"}
    assert client.post(f"/admin/people/{administrator.id}/roles", data=data).status_code == 403
    held = db.session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == administrator.id)).all()
    assert held == [Role.ADMINISTRATOR]
    assert "Give this role" not in client.get(f"/admin/people/{administrator.id}").text


def test_the_last_administrator_stays(app, signed_in, administrator):
    client = signed_in(administrator)
    (grant,) = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == administrator.id))
    assert client.post(f"/admin/people/{administrator.id}/roles/{grant.id}").status_code == 409
    second = make_staff(Role.ADMINISTRATOR)
    db.session.commit()
    assert client.post(f"/admin/people/{administrator.id}/roles/{grant.id}").status_code == 302
    with pytest.raises(Conflict):
        roles.require_another_administrator(actor=actor_of(second), person=second)


def test_a_closed_account_is_no_other_administrator(app, administrator):
    second = make_staff(Role.ADMINISTRATOR)
    administering.disable_person(actor=actor_of(administrator), person=second, now=NOW)
    with pytest.raises(Conflict):
        administering.disable_person(actor=actor_of(second), person=administrator, now=NOW)


def test_duties_in_one_hand_need_a_reason(app, administrator):
    call = make_call()
    manager = make_staff(Role.MANAGER, call)
    give = partial(
        roles.give_role, actor=actor_of(administrator), person=manager, role=Role.RATIFIER, call_id=None, now=NOW
    )
    with pytest.raises(RuleViolations) as refused:
        give()
    assert [problem.field for problem in refused.value.problems] == ["reason"]
    give(reason="Only two of us work here")
    assert actor_of(manager).can("decision:ratify", call.id)


@pytest.mark.parametrize("role", GIVEN)
def test_every_role_can_be_given_somewhere(app, administrator, role):
    call, person = make_call(), make_person()
    where = None if not place_problems(role, None) else call.id
    roles.give_role(actor=actor_of(administrator), person=person, role=role, call_id=where, now=NOW)
    assert Grant(role, where) in actor_of(person).grants


@pytest.mark.parametrize(
    ("role", "in_call", "field"),
    [
        (Role.APPLICANT, False, "role"),
        (Role.COLLABORATOR, True, "role"),
        (Role.REVIEWER, True, "role"),
        (Role.CHAIR, False, "call"),
        (Role.NOMINATOR, False, "call"),
        (Role.ADMINISTRATOR, True, "call"),
    ],
)
def test_a_role_is_refused_where_it_makes_no_sense(app, role, in_call, field):
    call = make_call()
    with pytest.raises(RuleViolations) as refused:
        roles.give_role(
            actor=system_actor(), person=make_person(), role=role, call_id=call.id if in_call else None, now=NOW
        )
    assert [problem.field for problem in refused.value.problems] == [field]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_change_people_and_roles(app, role):
    actor, person = actor_of(make_staff(role)), make_staff(Role.CHAIR, make_call())
    (grant,) = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id))
    for attempt in (
        lambda: roles.give_role(actor=actor, person=person, role=Role.AUDITOR, call_id=None, now=NOW),
        lambda: roles.take_role(actor=actor, grant=grant, now=NOW),
        lambda: administering.disable_person(actor=actor, person=person, now=NOW),
        lambda: administering.enable_person(actor=actor, person=person, now=NOW),
        lambda: administering.end_sessions_of(actor=actor, person=person, now=NOW),
        lambda: administering.invite_person(
            actor=actor, email="a@example.org", name="A", language="en", secret_key="s", now=NOW
        ),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_closed_account_is_out_at_once_and_comes_back_with_its_roles(app, signed_in, administrator):
    call = make_call()
    manager = make_staff(Role.MANAGER, call)
    client, theirs = signed_in(administrator), signed_in(manager)
    assert theirs.get(f"/manage/{call.slug}").status_code == 200
    assert client.post(f"/admin/people/{manager.id}/disable").status_code == 302
    assert theirs.get(f"/manage/{call.slug}").status_code == 302
    assert db.session.scalars(select(SignInSession).where(SignInSession.person_id == manager.id)).all() == []
    assert client.post(f"/admin/people/{manager.id}/enable").status_code == 302
    assert theirs.get(f"/manage/{call.slug}").status_code == 302, "the old session must stay dead"
    assert signed_in(db.session.get(Person, manager.id)).get(f"/manage/{call.slug}").status_code == 200
    assert [len(entries(f"person:{what}")) for what in ("disable", "enable")] == [1, 1]
    assert [len(mails(f"account_{what}")) for what in ("closed", "opened")] == [1, 1]


def test_an_administrator_signs_somebody_out_everywhere(app, signed_in, administrator):
    manager = make_staff(Role.MANAGER)
    client, first, second = signed_in(administrator), signed_in(manager), signed_in(manager)
    assert "2" in client.get(f"/admin/people/{manager.id}").text
    client.post(f"/admin/people/{manager.id}/sessions/end")
    assert [each.get("/manage").status_code for each in (first, second)] == [302, 302]
    assert client.get("/admin/people").status_code == 200


def test_somebody_new_is_invited_and_chooses_their_own_password(app, signed_in, administrator):
    client = signed_in(administrator)
    data = {"name": "Zoe Sample", "email": "Zoe@Example.org", "language": "fr", "password": "chosen for her"}
    answer = client.post("/admin/people/invite", data=data)
    person = db.session.scalars(select(Person).where(Person.id == UUID(answer.location.rsplit("/", 1)[1]))).one()
    assert (person.name, person.email, person.language) == ("Zoe Sample", "zoe@example.org", "fr")
    assert person.password_hash is None
    (mail,) = mails("set_password")
    assert (mail.to_address, mail.language) == ("zoe@example.org", "fr")
    assert len(entries("person:invite")) == 1


def test_a_bad_address_is_said_beside_its_field(app, signed_in, administrator):
    answer = signed_in(administrator).post("/admin/people/invite", data={"name": "Z", "email": "z", "language": "en"})
    assert answer.status_code == 422
    assert "usual form" in answer.text


def test_the_list_holds_whoever_has_a_role_and_no_applicant(app, signed_in, administrator):
    make_staff(Role.MANAGER, name="Mona Listed", email="mona@example.org")
    make_person("Amal Hidden", email="amal@example.org")
    client = signed_in(administrator)
    listed = client.get("/admin/people").text
    assert "Mona Listed" in listed
    assert "Amal Hidden" not in listed
    assert "mona@example.org" in client.post("/admin/people", data={"search": "listed"}).text
    assert "mona@example.org" not in client.post("/admin/people", data={"search": "nobody"}).text
    assert "amal@example.org" not in client.post("/admin/people", data={"search": "amal"}).text
    before = all_rows()
    found = client.post("/admin/people", data={"search": "AMAL@example.org"}).text
    assert not list(changed_tables(before))
    assert "amal@example.org" in found
    assert "Amal Hidden" not in found, "an applicant's name is not the administrator's affair"


def test_an_auditor_of_one_call_knows_the_roles_of_that_call_only(app, signed_in):
    ours, theirs = make_call(), make_call()
    mine = make_staff(Role.MANAGER, ours, name="Mine Sample")
    other = make_staff(Role.MANAGER, theirs, name="Other Sample")
    roles.grant_role(actor=system_actor(), person=mine, role=Role.RATIFIER, call_id=theirs.id, now=NOW)
    client = signed_in(make_staff(Role.AUDITOR, ours))
    listed = client.get("/admin/people").text
    assert "Mine Sample" in listed
    assert "Other Sample" not in listed
    page = client.get(f"/admin/people/{mine.id}").text
    assert "Fund manager" in page
    assert "Ratifier: " not in page
    assert client.get(f"/admin/people/{other.id}").status_code == 404
    for word in ("Give this role", "Close this account", "Take away", "Sign them out"):
        assert word not in page


def test_the_list_takes_as_many_statements_for_thirty_people_as_for_one(app, signed_in, administrator):
    client = signed_in(administrator)
    with counted_statements() as for_one:
        client.get("/admin/people")
    for _ in range(30):
        make_staff(Role.MANAGER)
    db.session.commit()
    with counted_statements() as for_thirty:
        client.get("/admin/people")
    assert len(for_thirty) == len(for_one) > 2


def test_taking_a_role_of_somebody_else_through_ones_address_is_not_found(app, signed_in, administrator):
    first, second = make_staff(Role.MANAGER), make_staff(Role.MANAGER)
    (grant,) = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == second.id))
    answer = signed_in(administrator).post(f"/admin/people/{first.id}/roles/{grant.id}")
    assert answer.status_code == 404
    assert actor_of(second).can("call:read")


def test_reviewers_of_a_second_call_need_a_second_factor():
    first, second = Grant(Role.REVIEWER, ONE_CALL), Grant(Role.REVIEWER, OTHER_CALL)
    assert not needs_second_factor([first])
    assert needs_second_factor([first, second])
    assert needs_second_factor([Grant(Role.FINANCE)])
    assert not needs_second_factor([Grant(Role.APPLICANT), Grant(Role.NOMINATOR, ONE_CALL)])


def test_roles_in_different_calls_are_apart_enough():
    held = [Grant(Role.MANAGER, ONE_CALL)]
    assert mixed_with(Role.RATIFIER, OTHER_CALL, held) == []
    assert mixed_with(Role.RATIFIER, ONE_CALL, held) == [Role.MANAGER]
    assert mixed_with(Role.RATIFIER, None, held) == [Role.MANAGER]
    assert mixed_with(Role.NOMINATOR, ONE_CALL, held) == []
