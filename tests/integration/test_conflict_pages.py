"""The pages on which conflicts of interest are told, fixed and taken back."""

import pytest
from sqlalchemy import select

from fundapp.accounts.models import Person, TieKind
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.conflicts import pin_conflict
from fundapp.applications.models import ConflictOfInterest, ConflictSource
from fundapp.applications.scope import in_conflict
from fundapp.core.db import db

from ..conftest import actor_of, counted_statements, without_tokens
from ..factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_person,
    make_protected,
    make_reviewer,
    make_staff,
)

pytestmark = pytest.mark.usefixtures("app")


def tied(person: Person, name: str) -> None:
    declare_tie(actor=actor_of(person), person=person, kind=TieKind.FAMILY, organisation=name, now=NOW)


def page(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.get_data(as_text=True))


@pytest.fixture
def call(app):
    return make_call()


@pytest.fixture
def manager(call):
    return make_staff(Role.MANAGER, call)


def test_the_page_of_an_application_says_who_is_tied_to_it_and_why(call, manager, signed_in):
    application, other = make_application(call), make_application(call)
    reader = make_reviewer(call, person=make_person("Tied Reader"))
    tied(reader.person, application.organisation_name)
    make_reviewer(call, person=make_person("Free Reader"))
    given = make_reviewer(call, person=make_person("Given Reader"))
    make_assignment(application.entries[0], given)
    client = signed_in(manager)
    text = page(client, f"/manage/applications/{application.id}/conflicts")
    assert "Tied Reader" in text
    assert "They declared a tie to an organisation that is named in it" in text
    assert "family" not in text.casefold()
    assert "Given Reader" in text
    assert "Free Reader" not in text
    assert "Tied Reader" not in page(client, f"/manage/applications/{other.id}/conflicts")
    assert f"/manage/applications/{application.id}/conflicts" in page(client, f"/manage/applications/{application.id}")


def test_the_page_of_a_reviewer_lists_their_applications_and_leads_to_any_other(call, manager, signed_in):
    application, other = make_application(call), make_application(call)
    reader = make_reviewer(call, person=make_person("Tied Reader"))
    tied(reader.person, application.organisation_name)
    hidden = make_application(call)
    pin_conflict(
        actor=actor_of(make_staff(Role.MANAGER)),
        application=hidden,
        person_id=manager.id,
        is_conflict=True,
        reason="Theirs.",
        now=NOW,
    )
    client = signed_in(manager)
    path = f"/manage/{call.slug}/reviewers/{reader.person_id}/conflicts"
    text = page(client, path)
    assert str(application.reference) in text
    assert str(other.reference) not in text
    found = client.get(path, query_string={"reference": f" {str(other.reference).lower()} "})
    assert found.headers["Location"] == f"/manage/applications/{other.id}/conflicts/{reader.person_id}"
    for reference in (hidden.reference, "NONE-1"):
        answer = client.get(path, query_string={"reference": reference})
        assert answer.status_code == 200
        assert "There is no application with this reference here." in answer.get_data(as_text=True)
    assert client.get(f"/manage/{call.slug}/reviewers/{make_person().id}/conflicts").status_code == 404


def send(client, application, person, **data):
    return client.post(f"/manage/applications/{application.id}/conflicts/{person.id}", data=data)


def test_a_manager_fixes_a_conflict_both_ways_and_takes_it_back(call, manager, signed_in):
    application = make_application(call)
    person = make_reviewer(call, person=make_person("Some Reader")).person
    tied(person, application.organisation_name)
    client = signed_in(manager)

    def conflict() -> bool:
        db.session.expire_all()
        return db.session.scalars(select(in_conflict(person.id)).select_from(type(application))).one()

    one = f"/manage/applications/{application.id}/conflicts/{person.id}"
    assert "Take back what was fixed" not in page(client, one)
    for data, field in (({"reason": "Checked."}, "answer"), ({"answer": "none"}, "reason")):
        answer = send(client, application, person, **data)
        assert answer.status_code == 422
        assert f'href="#{field}' in answer.get_data(as_text=True)
        assert data.get("reason", "") in answer.get_data(as_text=True)
    assert conflict()
    assert send(client, application, person, answer="none", reason="Another of the same name.").status_code == 302
    assert not conflict()
    assert "Another of the same name." in page(client, one)
    assert send(client, application, person, answer="none", reason="Again.").status_code == 422
    assert send(client, application, person, answer="conflict", reason="After all.").status_code == 302
    assert conflict()
    assert send(client, application, person, answer="by_facts", reason="The tie is enough.").status_code == 302
    assert conflict()
    ended = db.session.scalars(select(ConflictOfInterest.end_reason).order_by(ConflictOfInterest.recorded_at)).all()
    assert sorted(ended) == ["After all.", "The tie is enough."]


def test_nobody_is_offered_to_let_somebody_judge_what_is_their_own(call, manager, signed_in):
    application = make_application(call, person=make_reviewer(call).person)
    client = signed_in(manager)
    text = page(client, f"/manage/applications/{application.id}/conflicts/{application.person_id}")
    assert "It is their own application." in text
    assert 'name="answer"' not in text
    answer = send(client, application, application.person, answer="none", reason="Fine.")
    assert answer.status_code == 422
    assert db.session.scalars(select(ConflictOfInterest)).all() == []


def test_a_protected_application_is_told_no_ties_apart(call, manager, signed_in):
    """Whose it is, and who is only tied to it, looks the same: else its page would name who applies."""
    application = make_application(call, person=make_reviewer(call).person)
    relative = make_reviewer(call).person
    tied(relative, application.organisation_name)
    make_protected(application)
    client = signed_in(manager)
    seen = []
    for person in (application.person, relative):
        text = page(client, f"/manage/applications/{application.id}/conflicts/{person.id}")
        assert "They are tied to it." in text
        assert 'name="answer"' not in text
        seen.append(without_tokens(text).replace(person.name, "").replace(str(person.id), ""))
        assert send(client, application, person, answer="none", reason="Fine.").status_code == 422
    assert seen[0] == seen[1]
    listed = page(client, f"/manage/applications/{application.id}/conflicts")
    assert "own application" not in listed
    assert "an organisation that is named" not in listed
    assert db.session.scalars(select(ConflictOfInterest)).all() == []


def test_a_manager_who_declares_a_conflict_is_blocked_at_once(call, manager, signed_in):
    application, other = make_application(call), make_application(call)
    client = signed_in(manager)
    own = f"/manage/applications/{application.id}/own-conflict"
    assert "Your own conflict of interest" in page(client, own)
    answer = client.post(own, data={"reason": "My sister works there."})
    assert answer.headers["Location"] == f"/manage/{call.slug}"
    for path in ("", "/conflicts", f"/conflicts/{manager.id}", "/own-conflict"):
        assert client.get(f"/manage/applications/{application.id}{path}").status_code == 404
        assert client.get(f"/manage/applications/{other.id}{path}").status_code == 200
    assert send(client, application, manager, answer="none", reason="Not really.").status_code == 404
    text = page(client, f"/manage/{call.slug}/applications")
    assert str(other.reference) in text
    assert str(application.reference) not in text
    stated = db.session.scalars(select(ConflictOfInterest)).one()
    assert (stated.source, stated.person_id) == (ConflictSource.DECLARED, manager.id)


def test_an_auditor_reads_and_fixes_nothing(call, signed_in):
    application, person = make_application(call), make_reviewer(call).person
    client = signed_in(make_staff(Role.AUDITOR))
    text = page(client, f"/manage/applications/{application.id}/conflicts/{person.id}")
    assert 'name="answer"' not in text
    assert send(client, application, person, answer="conflict", reason="x").status_code == 403


def test_nothing_on_the_pages_names_whom_a_protected_application_hides(call, manager, signed_in):
    application = make_application(call, person=make_person("Kanarie Person"))
    person = make_reviewer(call).person
    tied(person, application.organisation_name)
    name = application.organisation_name
    make_protected(application)
    client = signed_in(manager)
    for path in ("conflicts", f"conflicts/{person.id}"):
        text = page(client, f"/manage/applications/{application.id}/{path}")
        assert "They are tied to it." in text
        assert name not in text
        assert "Kanarie" not in text
    assert name not in page(client, f"/manage/{call.slug}/reviewers/{person.id}/conflicts")


@pytest.mark.parametrize("of_person", [True, False])
def test_the_lists_ask_the_database_the_same_number_of_times(call, manager, signed_in, of_person):
    applications = [make_application(call)]
    people = [make_reviewer(call).person]
    client = signed_in(manager)

    def counted() -> int:
        for application in applications:
            for person in people:
                tied(person, application.organisation_name)
        db.session.commit()
        path = (
            f"/manage/{call.slug}/reviewers/{people[0].id}/conflicts"
            if of_person
            else f"/manage/applications/{applications[0].id}/conflicts"
        )
        page(client, path)
        with counted_statements() as statements:
            page(client, path)
        return len(statements)

    one = counted()
    applications.extend(make_application(call) for _ in range(10))
    people.extend(make_reviewer(call).person for _ in range(10))
    assert counted() == one
