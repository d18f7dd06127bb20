"""Calls as machines read them: valid by what the standards' own people wrote, and nothing that is not public."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
import vobject
from common_grants_sdk.schemas.pydantic import OpportunitiesListResponse, OpportunityResponse
from flask.testing import FlaskClient
from ical.calendar_stream import IcsCalendarStream

from fundapp.accounts.limits import LIMITS
from fundapp.accounts.permissions import Role
from fundapp.applications.models import CallStatus
from fundapp.applications.services.deadlines import extend_deadline
from fundapp.core.db import db
from fundapp.disbursement.queries.open_calls import public_id

from ..conftest import NOW, SignedIn, actor_of
from ..factories import CLOSES, OPENS, make_call, make_staff
from ..standards import openapi_errors

LIST = "/common-grants/opportunities"
ONE = LIST + "/{oppId}"
OPENAPI = "common-grants/openapi.0.4.0.yaml"
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def read(client: FlaskClient, address: str = LIST) -> Any:
    return client.get(address).json


def make_calls() -> list[str]:
    """Make calls of every kind; return the public ids of those that machines may read, the last changed first."""
    make_call(status=CallStatus.DRAFT)
    make_call(invitation_only=True)
    make_call(is_sample=True)
    made = [
        make_call(created_at=NOW - DAY, currency="KWD", budget_minor=1_000_500, ceiling_minor=None),
        make_call(
            created_at=NOW - 2 * DAY, opens_at=NOW + DAY, nominations_open_at=NOW, nominations_close_at=NOW + DAY
        ),
        make_call(created_at=NOW - 3 * DAY, closes_at=NOW, currency="JPY"),
        make_call(created_at=NOW - 4 * DAY, status=CallStatus.DECIDED, decided_at=NOW),
    ]
    db.session.commit()
    return [str(public_id(call)) for call in made]


@pytest.mark.standards(OPENAPI)
def test_the_answers_are_valid_by_the_standards_own_file(signed_in: SignedIn, standard: Path) -> None:
    ids, client = make_calls(), signed_in(None)
    listed = read(client)
    assert openapi_errors(standard, LIST, 200, listed) == []
    for each in ids:
        assert openapi_errors(standard, ONE, 200, read(client, f"{LIST}/{each}")) == []
    nothing = client.get(f"{LIST}/{uuid4()}")
    assert (nothing.status_code, openapi_errors(standard, ONE, 404, json.loads(nothing.data))) == (404, [])
    listed["items"][0]["status"]["value"] = "maybe"
    listed["items"][1]["funding"]["totalAmountAvailable"]["amount"] = "much"
    assert len(openapi_errors(standard, LIST, 200, listed)) == 2


def test_another_program_of_the_standard_reads_the_answers(signed_in: SignedIn) -> None:
    ids, client = make_calls(), signed_in(None)
    listed = OpportunitiesListResponse.model_validate_json(client.get(LIST).data)
    assert [str(each.id) for each in listed.items] == ids
    assert [each.status.value.value for each in listed.items] == ["open", "forecasted", "closed", "closed"]
    amounts = [each["funding"]["totalAmountAvailable"]["amount"] for each in listed.model_dump(by_alias=True)["items"]]
    assert amounts == ["1000.500", "100000.00", "10000000", "100000.00"]
    for each in listed.items:
        one = OpportunityResponse.model_validate_json(client.get(f"{LIST}/{each.id}").data)
        assert one.data.model_dump(include=set(type(each).model_fields)) == each.model_dump()


def test_drafts_invitations_and_samples_are_in_no_answer(signed_in: SignedIn) -> None:
    hidden = [
        make_call(**each) for each in ({"status": CallStatus.DRAFT}, {"invitation_only": True}, {"is_sample": True})
    ]
    shown = make_call()
    client = signed_in(None)
    text = client.get(LIST).text
    assert shown.titles["en"] in text
    for call in hidden:
        assert call.titles["en"] not in text
        assert client.get(f"{LIST}/{public_id(call)}").status_code == 404
    assert client.get(f"{LIST}/{shown.id}").status_code == 404, "the id in our own tables is nobody's business"
    assert str(shown.id) not in text


def test_dates_are_those_of_the_calls_own_zone_and_say_so(signed_in: SignedIn) -> None:
    call = make_call()
    one = read(signed_in(None), f"{LIST}/{public_id(call)}")["data"]
    closes = one["keyDates"]["closeDate"]
    assert (closes["date"], closes["time"]) == ("2020-09-28", "15:00:00")
    assert closes["description"] == "2020-09-28T15:00:00+03:00 (Africa/Nairobi)"
    assert datetime.fromisoformat(closes["description"].split()[0]) == CLOSES
    assert one["source"] == f"http://localhost/calls/{call.slug}"


def test_a_deadline_that_moves_is_a_change_and_the_ids_stay(signed_in: SignedIn) -> None:
    first, second = make_call(created_at=NOW - 2 * DAY), make_call(created_at=NOW - DAY)
    client = signed_in(None)
    before = read(client)["items"]
    extend_deadline(
        actor=actor_of(make_staff(Role.MANAGER)),
        call=first,
        closes_at=CLOSES + DAY,
        reasons={"en": "Rain", "fr": "La pluie"},
        now=NOW,
    )
    db.session.commit()
    after = read(client)["items"]
    assert [each["id"] for each in before] == [str(public_id(second)), str(public_id(first))]
    assert [each["id"] for each in after] == [str(public_id(first)), str(public_id(second))]
    assert after[0]["lastModifiedAt"] == "2020-09-14T12:00:00Z"
    assert after[0]["keyDates"]["closeDate"]["date"] == "2020-09-29"


def test_pages_hold_all_calls_once(signed_in: SignedIn) -> None:
    ids, client = make_calls(), signed_in(None)
    pages = [read(client, f"{LIST}?page={page}&pageSize=3") for page in (1, 2, 3)]
    assert [[each["id"] for each in page["items"]] for page in pages] == [ids[:3], ids[3:], []]
    assert pages[1]["paginationInfo"] == {"page": 2, "pageSize": 3, "totalItems": 4, "totalPages": 2}
    assert read(client, f"{LIST}?pageSize=999999999")["paginationInfo"]["pageSize"] == 100


@pytest.mark.parametrize("query", ["page=0", "page=-1", "pageSize=x", "pageSize=", "page=1e3", "page=" + "9" * 30])
def test_pages_that_cannot_be_are_refused(signed_in: SignedIn, query: str) -> None:
    answer = signed_in(None).get(f"{LIST}?{query}")
    assert (answer.status_code, json.loads(answer.data)["status"], len(json.loads(answer.data)["errors"])) == (
        400,
        400,
        1,
    )


def test_machines_get_no_cookie_and_are_limited(signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_call()
    client = signed_in(None)
    for address in (LIST, f"{LIST}/{public_id(call)}", f"/calls/{call.slug}/dates.ics"):
        assert "Set-Cookie" not in client.get(address).headers
    refused = next(number for number in range(LIMITS["open_data"].address + 1) if client.get(LIST).status_code == 429)
    assert refused == LIMITS["open_data"].address - 3


def test_dates_of_a_call_are_a_calendar_by_two_other_programs(signed_in: SignedIn) -> None:
    call = make_call(
        titles={"en": "Call, with; marks\\ and\nlines " + "long " * 30 + "عربي", "fr": "Appel"},
        nominations_open_at=NOW,
        nominations_close_at=NOW + DAY,
    )
    answer = signed_in(None).get(f"/calls/{call.slug}/dates.ics")
    assert answer.mimetype == "text/calendar"
    assert max(len(line) for line in answer.data.split(b"\r\n")) <= 75
    read = vobject.readOne(answer.text)
    assert read.validate(raiseException=True)
    assert read.version.value == "2.0"
    events = IcsCalendarStream.calendar_from_ics(answer.text).events
    assert {event.dtstart for event in events} == {OPENS, CLOSES, NOW, NOW + DAY}
    assert len({event.uid for event in events}) == 4
    assert all(call.titles["en"] in (event.summary or "") for event in events)
    assert {str(event.url) for event in events} == {f"http://localhost/calls/{call.slug}"}


def test_a_calendar_is_the_same_each_time_and_moves_with_the_deadline(signed_in: SignedIn) -> None:
    call = make_call()
    client = signed_in(None)
    address = f"/calls/{call.slug}/dates.ics"
    before = client.get(address).data
    assert client.get(address).data == before
    assert address in client.get(f"/calls/{call.slug}").text
    call.closes_at = CLOSES + DAY
    db.session.commit()
    old, new = (
        IcsCalendarStream.calendar_from_ics(data.decode()).events for data in (before, client.get(address).data)
    )
    assert [each.uid for each in old] == [each.uid for each in new]
    assert new[-1].dtstart == CLOSES + DAY


def test_a_draft_has_no_calendar(signed_in: SignedIn) -> None:
    call = make_call(status=CallStatus.DRAFT)
    assert signed_in(None).get(f"/calls/{call.slug}/dates.ics").status_code == 404


def test_public_ids_tell_nothing_about_our_own() -> None:
    call = make_call()
    assert public_id(call) == public_id(call)
    assert public_id(call) != call.id
