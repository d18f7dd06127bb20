"""What those who look after a call see and decide: lists, eligibility, the deadline."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallStatus,
    ConflictOfInterest,
    ConflictSource,
    DeadlineExtension,
)
from fundapp.applications.queries import managed_applications as list_queries
from fundapp.applications.services.drafts import fingerprint
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from tests.attacks.world import all_rows, changed_tables
from tests.conftest import NOW, counted_statements
from tests.factories import CLOSES, make_application, make_call, make_organisation, make_person, make_staff

Client = Callable[[Person | None], FlaskClient]


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def stored(application: Application) -> Application:
    db.session.expire_all()
    return db.session.get_one(Application, application.id)


# -- Lists ----------------------------------------------------------------------------------------------------------


def test_list_counts_by_status_and_leaves_drafts_unread(signed_in: Client) -> None:
    call = make_call()
    for status in (ApplicationStatus.SUBMITTED, ApplicationStatus.SUBMITTED, ApplicationStatus.INELIGIBLE):
        make_application(call, status=status)
    draft = make_application(call, status=ApplicationStatus.DRAFT, organisation_name="Unsent (sample)")
    client = signed_in(make_staff(Role.MANAGER))
    page = client.get(f"/manage/{call.slug}/applications").text
    assert ">All <b>3</b>" in page
    assert ">Submitted <b>2</b>" in page
    assert ">Eligible <b>0</b>" in page
    assert ">Not eligible <b>1</b>" in page
    assert "Unsent (sample)" not in page
    assert client.get(f"/manage/applications/{draft.id}").status_code == 404


def test_list_names_countries_in_the_readers_language(signed_in: Client) -> None:
    call = make_call()
    make_application(call, country="LB")
    make_application(call, country="Somewhere else")
    client = signed_in(make_staff(Role.MANAGER))
    assert "Lebanon" in client.get(f"/manage/{call.slug}/applications").text
    assert "Somewhere else" in client.get(f"/manage/{call.slug}/applications").text
    assert "Liban" in client.get(f"/manage/{call.slug}/applications?lang=fr").text


def test_list_filters_by_status(signed_in: Client) -> None:
    call = make_call()
    submitted = make_application(call, status=ApplicationStatus.SUBMITTED)
    eligible = make_application(call, status=ApplicationStatus.ELIGIBLE)
    client = signed_in(make_staff(Role.MANAGER))
    page = client.get(f"/manage/{call.slug}/applications?status=submitted").text
    assert str(submitted.reference) in page
    assert str(eligible.reference) not in page
    for unknown in ("nonsense", "' OR 1=1", "draft'"):
        page = client.get(f"/manage/{call.slug}/applications", query_string={"status": unknown}).text
        assert str(submitted.reference) in page
        assert str(eligible.reference) in page


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("river", ["River 100% (sample)"]),
        ("100%", ["River 100% (sample)"]),
        ("%", ["River 100% (sample)"]),
        ("_", ["Under_score (sample)"]),
        ("\\", []),
        ("ÉCOLE", ["École du droit (sample)"]),
        ("GJF-X", ["River 100% (sample)", "Under_score (sample)", "École du droit (sample)"]),
        ("' OR 1=1 --", []),
    ],
)
def test_search_takes_what_was_typed_literally(signed_in: Client, search: str, found: list[str]) -> None:
    call = make_call()
    names = ["River 100% (sample)", "Under_score (sample)", "École du droit (sample)"]
    for number, name in enumerate(names):
        make_application(call, organisation=make_organisation(name), reference=f"GJF-X-000{number}")
    client = signed_in(make_staff(Role.MANAGER))
    page = client.post(f"/manage/{call.slug}/applications", data={"search": search}).text
    assert [name for name in names if name in page] == found


def test_a_search_changes_nothing_and_leaves_no_word_in_an_address(signed_in: Client) -> None:
    call = make_call()
    make_application(call, organisation=make_organisation("River people (sample)"))
    client = signed_in(make_staff(Role.AUDITOR))
    before = all_rows()
    page = client.post(f"/manage/{call.slug}/applications", data={"search": "River"}).text
    assert "River people (sample)" in page
    assert list(changed_tables(before)) == []
    assert [address for address in re.findall(r'(?:href|action)="([^"]*)"', page) if "River" in address] == []
    assert "River people (sample)" in client.get(f"/manage/{call.slug}/applications?search=nothing").text


def test_list_has_pages_and_a_page_past_the_end_is_the_last(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_queries, "PAGE_SIZE", 2)
    call = make_call()
    applications = [make_application(call) for _ in range(5)]
    references = sorted(str(application.reference) for application in applications)
    client = signed_in(make_staff(Role.MANAGER))

    def shown(page: str) -> list[str]:
        text = client.get(f"/manage/{call.slug}/applications?page={page}").text
        return [reference for reference in references if reference in text]

    assert shown("1") == references[:2]
    assert shown("2") == references[2:4]
    assert shown("3") == shown("99") == references[4:]
    assert shown("-7") == shown("x") == references[:2]


def test_list_takes_the_same_number_of_statements_with_1_and_30_applications(signed_in: Client) -> None:
    call = make_call(categories=2)
    call_id = call.id
    manager = make_staff(Role.MANAGER)
    make_application(call)
    client = signed_in(manager)
    for address in (f"/manage/{call.slug}/applications", "/manage"):
        client.get(address)
        db.session.expunge_all()
        with counted_statements() as few:
            client.get(address)
        call = db.session.get_one(Call, call_id)
        for _ in range(29):
            make_application(call)
        db.session.commit()
        db.session.expunge_all()
        with counted_statements() as many:
            client.get(address)
        assert len(many) == len(few)


def test_manager_of_one_call_sees_nothing_of_another(signed_in: Client) -> None:
    mine, other = make_call(), make_call()
    application = make_application(other)
    client = signed_in(make_staff(Role.MANAGER, mine))
    assert other.titles["en"] not in client.get("/manage").text
    for address in (
        f"/manage/{other.slug}",
        f"/manage/{other.slug}/applications",
        f"/manage/{other.slug}/deadline",
        f"/manage/applications/{application.id}",
    ):
        assert client.get(address).status_code == 404
    decision = {"decision": "eligible"}
    assert client.post(f"/manage/applications/{application.id}", data=decision).status_code == 404


def test_application_in_conflict_is_missing_everywhere_for_that_manager(signed_in: Client) -> None:
    call = make_call()
    manager, colleague = make_staff(Role.MANAGER), make_staff(Role.MANAGER)
    hidden = make_application(call, organisation=make_organisation("Cousins (sample)"))
    make_application(call)
    db.session.add(
        ConflictOfInterest(
            application_id=hidden.id, person_id=manager.id, source=ConflictSource.DECLARED, recorded_at=NOW
        )
    )
    client = signed_in(manager)
    assert "Cousins" not in client.get(f"/manage/{call.slug}/applications").text
    assert ">All <b>1</b>" in client.get(f"/manage/{call.slug}/applications").text
    assert "Nothing was found." in client.post(f"/manage/{call.slug}/applications", data={"search": "Cousins"}).text
    assert client.get(f"/manage/applications/{hidden.id}").status_code == 404
    assert "1 application sent" in client.get("/manage").text
    assert "Cousins" in signed_in(colleague).get(f"/manage/{call.slug}/applications").text


# -- Eligibility ----------------------------------------------------------------------------------------------------


def test_eligibility_is_decided_with_a_reason_and_recorded(signed_in: Client) -> None:
    call = make_call()
    application = make_application(call, status=ApplicationStatus.SUBMITTED)
    manager = make_staff(Role.MANAGER, name="Mina Manager")
    client = signed_in(manager)
    answer = {"decision": "ineligible", "reason": "It asks for a building."}
    assert client.post(f"/manage/applications/{application.id}", data=answer).status_code == 302
    after = stored(application)
    assert (after.status, after.eligibility_reason) == (ApplicationStatus.INELIGIBLE, "It asks for a building.")
    assert (after.eligibility_by_id, after.eligibility_at) == (manager.id, NOW)
    page = client.get(f"/manage/applications/{application.id}").text
    assert "Mina Manager" in page
    assert "It asks for a building." in page
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "application:mark_ineligible")).one()
    assert entry.actor_id == manager.id


@pytest.mark.parametrize(
    ("answer", "target"),
    [({}, "decision-0"), ({"decision": "ineligible", "reason": "  "}, "reason"), ({"decision": "maybe"}, "decision-0")],
)
def test_eligibility_without_choice_or_reason_is_refused_beside_the_field(
    signed_in: Client, answer: dict[str, str], target: str
) -> None:
    application = make_application(make_call(), status=ApplicationStatus.SUBMITTED)
    response = signed_in(make_staff(Role.MANAGER)).post(f"/manage/applications/{application.id}", data=answer)
    assert response.status_code == 422
    assert f'href="#{target}"' in response.text
    assert f'id="{target}"' in response.text
    assert stored(application).status is ApplicationStatus.SUBMITTED


@pytest.mark.parametrize("decision", ["eligible", "ineligible"])
def test_eligibility_stands_once_the_call_is_decided(signed_in: Client, decision: str) -> None:
    call = make_call(status=CallStatus.DECIDED, decided_at=NOW)
    status = ApplicationStatus.INELIGIBLE if decision == "eligible" else ApplicationStatus.ELIGIBLE
    application = make_application(call, status=status)
    answer = {"decision": decision, "reason": "A second look."}
    response = signed_in(make_staff(Role.MANAGER)).post(f"/manage/applications/{application.id}", data=answer)
    assert response.status_code == 409
    assert "This call is decided." in response.text
    assert stored(application).status is status


def test_eligibility_cannot_be_decided_by_those_who_only_read(signed_in: Client) -> None:
    application = make_application(make_call(), status=ApplicationStatus.SUBMITTED)
    client = signed_in(make_staff(Role.RATIFIER))
    assert "Save the decision" not in client.get(f"/manage/applications/{application.id}").text
    response = client.post(f"/manage/applications/{application.id}", data={"decision": "eligible"})
    assert response.status_code == 403
    assert stored(application).status is ApplicationStatus.SUBMITTED


def test_applicant_is_told_plainly_but_not_the_decision_before_it_is_released(signed_in: Client) -> None:
    person = make_person()
    application = make_application(make_call(), person=person, status=ApplicationStatus.INELIGIBLE)
    page = signed_in(person).get(f"/applications/{application.id}").text
    assert "You will hear from us, whatever is decided." in page
    assert application.eligibility_reason not in page


# -- The deadline ---------------------------------------------------------------------------------------------------


def extend(client: FlaskClient, call: Call, day: int, month: int, at: str = "15:00", **more: str) -> Any:
    parts = {"closes_on-day": str(day), "closes_on-month": str(month), "closes_on-year": "2020", "closes_time": at}
    return client.post(f"/manage/{call.slug}/deadline", data={**parts, **more})


def test_deadline_is_extended_for_all_with_a_public_reason_and_recorded(signed_in: Client) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    client = signed_in(manager)
    response = extend(client, call, 1, 10, "23:59", reason_en="The lines were down.", reason_fr="Les lignes…")
    assert response.status_code == 302
    extension = db.session.scalars(select(DeadlineExtension)).one()
    assert extension.closed_at_before == CLOSES
    assert extension.closes_at.isoformat() == "2020-10-01T20:59:00+00:00"
    assert db.session.get_one(Call, call.id).closes_at == extension.closes_at
    assert extension.extended_by_id == manager.id
    audit = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "call:extend")).one()
    assert audit.data["to"] == "2020-10-01T20:59:00+00:00"
    page = signed_in(None).get(f"/calls/{call.slug}").text
    assert "The lines were down." in page
    assert "1 October 2020, 23:59" in page
    assert "28 September 2020, 15:00" in page


@pytest.mark.parametrize(
    ("day", "month", "at", "target"),
    [
        (28, 9, "15:00", "closes_on-day"),
        (1, 9, "15:00", "closes_on-day"),
        (31, 9, "15:00", "closes_on-day"),
        (1, 10, "25:00", "closes_time"),
        (1, 10, "", "closes_time"),
    ],
    ids=["the same", "earlier", "no such day", "no such time", "no time"],
)
def test_deadline_that_is_no_later_instant_is_refused_beside_the_field(
    signed_in: Client, day: int, month: int, at: str, target: str
) -> None:
    call = make_call()
    response = extend(signed_in(make_staff(Role.MANAGER)), call, day, month, at)
    assert response.status_code == 422
    assert f'href="#{target}"' in response.text
    assert f'id="{target}"' in response.text
    assert f'value="{day}"' in response.text
    assert db.session.get_one(Call, call.id).closes_at == CLOSES


def test_deadline_in_an_hour_that_clocks_skip_is_refused(signed_in: Client) -> None:
    call = make_call(time_zone="America/New_York", closes_at=NOW + timedelta(days=1))
    client = signed_in(make_staff(Role.MANAGER))
    parts = {"closes_on-day": "14", "closes_on-month": "3", "closes_on-year": "2021", "closes_time": "02:30"}
    response = client.post(f"/manage/{call.slug}/deadline", data=parts)
    assert response.status_code == 422
    assert "does not exist in America/New_York" in response.text


def test_deadline_can_be_moved_only_by_those_who_may(signed_in: Client) -> None:
    call = make_call()
    response = extend(signed_in(make_staff(Role.RATIFIER)), call, 1, 10)
    assert response.status_code == 403
    assert db.session.get_one(Call, call.id).closes_at == CLOSES


def test_fingerprint_is_the_same_for_the_same_answers_in_any_order() -> None:
    assert fingerprint({"a": 1, "b": [1, 2], "c": None}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})


def test_reason_with_a_hidden_character_is_refused_beside_the_field(signed_in: Client) -> None:
    application = make_application(make_call(), status=ApplicationStatus.SUBMITTED)
    answer = {"decision": "ineligible", "reason": "It asks\x00for a building."}
    response = signed_in(make_staff(Role.MANAGER)).post(f"/manage/applications/{application.id}", data=answer)
    assert response.status_code == 422
    assert 'href="#reason"' in response.text
    assert stored(application).status is ApplicationStatus.SUBMITTED
