"""What everybody can read without an account."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import CallStatus, DeadlineExtension
from fundapp.core.db import db
from tests.conftest import NOW
from tests.factories import CLOSES, FORM, make_call, make_staff

Client = Callable[[Person | None], FlaskClient]
pytestmark = pytest.mark.usefixtures("app")


@time_machine.travel(NOW, tick=False)
def test_call_page_shows_every_question_with_its_limits_without_an_account(signed_in: Client) -> None:
    call = make_call()
    page = signed_in(None).get(f"/calls/{call.slug}").text
    for question in FORM.questions:
        assert question.label["en"] in page
    assert "Up to 50 words." in page
    assert "Up to 120 characters." in page
    assert "At most US$20,000.00 (USD)." in page
    assert "North" in page
    assert "at most 10 MB" in page
    assert "(optional)" in page


@time_machine.travel(NOW, tick=False)
def test_call_page_shows_criteria_with_their_anchors(signed_in: Client) -> None:
    call = make_call()
    page = signed_in(None).get(f"/calls/{call.slug}").text
    assert "How good is the need?" in page
    assert "Weak" in page
    assert "Strong" in page
    assert "67 % of the score" in page


@time_machine.travel(NOW, tick=False)
def test_call_page_shows_the_deadline_in_the_calls_zone_and_in_utc(signed_in: Client) -> None:
    call = make_call()
    page = signed_in(None).get(f"/calls/{call.slug}").text
    assert "28 September 2020, 15:00" in page
    assert "time in Nairobi" in page
    assert "<bdi>12:00</bdi> UTC" in page


@time_machine.travel(NOW, tick=False)
def test_call_page_shows_an_extended_deadline_beside_the_old_one(signed_in: Client) -> None:
    call = make_call(closes_at=CLOSES + timedelta(days=3))
    db.session.add(
        DeadlineExtension(
            call_id=call.id,
            closed_at_before=CLOSES,
            closes_at=CLOSES + timedelta(days=3),
            reasons={"en": "The lines were down in the north."},
            extended_at=NOW,
        )
    )
    page = signed_in(None).get(f"/calls/{call.slug}").text
    assert "1 October 2020, 15:00" in page
    assert "28 September 2020, 15:00" in page
    assert "The lines were down in the north." in page


@pytest.mark.parametrize(
    ("days", "state", "can_start"), [(-30, "Opens soon", False), (0, "Open", True), (30, "Closed", False)]
)
def test_call_page_says_whether_the_call_is_open(signed_in: Client, days: int, state: str, can_start: bool) -> None:
    call = make_call()
    with time_machine.travel(NOW + timedelta(days=days), tick=False):
        page = signed_in(None).get(f"/calls/{call.slug}").text
    assert f">{state}</span>" in page
    assert (f"/calls/{call.slug}/start" in page) is can_start


def test_call_that_is_not_announced_cannot_be_found(signed_in: Client) -> None:
    call = make_call(status=CallStatus.DRAFT)
    client = signed_in(None)
    assert client.get(f"/calls/{call.slug}").status_code == 404
    assert client.get(f"/calls/{call.slug}/start").status_code == 404
    assert call.titles["en"] not in client.get("/").text


@time_machine.travel(NOW, tick=False)
def test_calls_are_listed_in_the_language_of_the_reader(signed_in: Client) -> None:
    call = make_call()
    client = signed_in(None)
    assert call.titles["en"] in client.get("/").text
    assert call.titles["fr"] in client.get("/?lang=fr").text


@time_machine.travel(NOW, tick=False)
def test_links_to_other_languages_keep_the_question_and_lead_to_a_page(signed_in: Client) -> None:
    """Where only a form goes to, they lead to the nearest page above it."""
    client = signed_in(make_staff(Role.MANAGER))
    call = make_call()
    db.session.commit()
    listed = client.get(f"/manage/{call.slug}/applications?status=eligible&lang=fr&page=1").text
    assert f'href="/manage/{call.slug}/applications?status=eligible&amp;page=1&amp;lang=ar"' in listed
    refused = client.get(f"/manage/{call.slug}/applications/choose")
    assert refused.status_code == 405
    links = re.findall(r'<a href="([^"]+)" lang="es"', refused.text)
    assert links == [f"/manage/{call.slug}/applications?lang=es"]
    assert client.get(links[0]).status_code == 200
    missing = client.get('/no/such"page').text
    assert 'href="/no/such%22page?lang=es"' in missing


@time_machine.travel(NOW, tick=False)
def test_text_without_translation_says_its_own_language_and_direction(signed_in: Client) -> None:
    call = make_call()
    page = signed_in(None).get(f"/calls/{call.slug}?lang=ar").text
    assert '<html lang="ar" dir="rtl">' in page
    assert f'<bdi lang="en">{call.titles["en"]}</bdi>' in page


@time_machine.travel(NOW, tick=False)
def test_text_of_a_call_is_never_read_as_markup(signed_in: Client) -> None:
    call = make_call(titles={"en": "<script>alert(1)</script>"}, purposes={"en": "<img src=x onerror=alert(1)>"})
    for address in ("/", f"/calls/{call.slug}", f"/calls/{call.slug}/start"):
        page = signed_in(None).get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
