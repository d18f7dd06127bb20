"""What hurt those who review with other tools; the numbers are those of our list of lessons."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.core.db import db
from fundapp.review.models import Assignment, AssignmentStatus, Review, SlateStatus
from fundapp.review.scoring_rules import COMMENT, Judged, Parts
from fundapp.review.services.reading import draft_of
from tests.conftest import NOW
from tests.factories import CLOSES, make_application, make_assignment, make_call, make_reviewer, make_slate

pytestmark = pytest.mark.usefixtures("app")
SignedIn = Callable[[Person | None], FlaskClient]
LONG = "A comment that took an hour to write. " * 60


@pytest.fixture
def assignment(clock: Any) -> Assignment:
    clock.move_to(NOW)
    call = make_call()
    return make_assignment(make_application(call).entries[0], make_reviewer(call), AssignmentStatus.READING)


def token_on(page: str) -> str:
    """Return the form token that a page carries."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def seen_on(page: str) -> str:
    """Return the marks of its parts that a page of a review carries."""
    found = re.search(r'name="seen" type="hidden" value="([^"]+)"', page)
    assert found
    return found[1]


def drafted() -> Parts:
    """Return the draft of the only review."""
    db.session.expire_all()
    return draft_of(db.session.scalars(select(Review)).one())


def typed_on(page: str) -> str:
    """Return what stands in the field of the comment."""
    found = re.search(r'<textarea[^>]*name="comment"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return found[1].strip()


def test_peers_12_a_token_of_an_older_session_wipes_no_long_review(
    app: Any, signed_in: SignedIn, monkeypatch: Any, assignment: Assignment
) -> None:
    client, path = signed_in(assignment.reviewer.person), f"/reviews/{assignment.id}"
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    data = {
        "action": "save",
        "seen": seen_on(client.get(path).text),
        "criterion_1": "4",
        "comment": LONG,
        "csrf_token": "of yesterday",
    }
    refused = client.post(path, data=data, headers={"Sec-Fetch-Site": "same-origin"})
    assert refused.status_code == 400
    assert LONG.strip() in refused.text
    assert db.session.scalars(select(Review)).all() == []
    token = token_on(client.get(path).text)
    assert client.post(path, data={**data, "csrf_token": token}).status_code == 302
    assert (drafted()[COMMENT], drafted()["need"]) == (LONG.strip(), Judged(Decimal(4)))
    assert typed_on(client.get(path).text) == LONG.strip()


def test_peers_12_a_lost_session_gives_back_what_was_typed_and_leaves_the_draft(
    app: Any, signed_in: SignedIn, monkeypatch: Any, assignment: Assignment
) -> None:
    """Whoever was signed out reads their words on the answer; after signing in, the draft is there as it was saved."""
    client, path = signed_in(assignment.reviewer.person), f"/reviews/{assignment.id}"
    data = {"action": "submit", "seen": seen_on(client.get(path).text), "criterion_1": "4", "comment": LONG}
    assert client.post(path, data={**data, "action": "save"}).status_code == 302
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    token = token_on(client.get(path).text)
    client.post("/sign-out", data={"csrf_token": token})
    more = f"{LONG.strip()} And what I wrote since."
    answer = client.post(
        path, data={**data, "comment": more, "csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code in (400, 401)
    assert more in answer.text
    saving = client.post(f"{path}/scores", data={"seen": "comment=-", "comment": more, "csrf_token": token})
    assert saving.status_code in (400, 401)
    again = signed_in(assignment.reviewer.person)
    assert again.get(f"{path}/scores").get_json()["token"]
    page = again.get(path).text
    assert typed_on(page) == LONG.strip()
    assert drafted()["need"] == Judged(Decimal(4))


def test_peers_12_a_page_kept_open_over_a_new_sign_in_saves_with_the_token_that_it_asks_for(
    app: Any, signed_in: SignedIn, monkeypatch: Any, assignment: Assignment
) -> None:
    """What the page does by itself: its own token is refused, it asks for one, and the same text is kept."""
    client, path = signed_in(assignment.reviewer.person), f"/reviews/{assignment.id}"
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    page = client.get(path).text
    data = {"seen": "comment=-", "comment": LONG, "csrf_token": token_on(page)}
    later = signed_in(assignment.reviewer.person)
    assert later.post(f"{path}/scores", data=data).status_code == 400
    assert db.session.scalars(select(Review)).all() == []
    fresh = later.get(f"{path}/scores").get_json()["token"]
    kept = later.post(f"{path}/scores", data={**data, "csrf_token": fresh})
    assert kept.status_code == 200
    assert "comment" in kept.get_json()["marks"]
    assert drafted()[COMMENT] == LONG.strip()


def test_peers_12_reading_the_page_again_wipes_nothing_and_a_submitted_review_opens_again(
    signed_in: SignedIn, assignment: Assignment
) -> None:
    """Until the phase closes: reopened, left open and looked at again, it holds what was submitted."""
    client, path = signed_in(assignment.reviewer.person), f"/reviews/{assignment.id}"
    whole = {"criterion_1": "4", "criterion_2": "2", "criterion_1_comment": LONG, "comment": LONG}
    sent = client.post(path, data={"action": "submit", "seen": seen_on(client.get(path).text), **whole})
    assert sent.headers["Location"].endswith("/reviews")
    assert client.post(f"{path}/change").status_code == 302
    for _ in range(2):
        page = client.get(path).text
        assert typed_on(page) == LONG.strip()
    assert drafted()["need"] == Judged(Decimal(4), comment=LONG.strip())
    changed = client.post(path, data={"action": "save", "seen": seen_on(page), **whole, "comment": "Shorter now."})
    assert changed.status_code == 302
    assert typed_on(client.get(path).text) == "Shorter now."
    review = db.session.scalars(select(Review)).one()
    assert review.comment == LONG.strip(), "what was submitted counts until the changes are submitted"


def test_peers_12_a_form_that_was_open_for_hours_is_still_taken(
    app: Any, signed_in: SignedIn, clock: Any, monkeypatch: Any, assignment: Assignment
) -> None:
    client, path = signed_in(assignment.reviewer.person), f"/reviews/{assignment.id}"
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    page = client.get(path).text
    clock.move_to(NOW + timedelta(hours=7))
    data = {"action": "save", "seen": seen_on(page), "comment": LONG, "csrf_token": token_on(page)}
    assert client.post(path, data=data, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302
    assert drafted()[COMMENT] == LONG.strip()
    assert typed_on(client.get(path).text) == LONG.strip()


@pytest.mark.parametrize("closed", [False, True], ids=["late", "after the list was sent"])
def test_peers_13_what_was_given_to_read_is_never_blank_when_a_date_has_passed(
    signed_in: SignedIn, clock: Any, assignment: Assignment, closed: bool
) -> None:
    client, path = signed_in(assignment.reviewer.person), f"/reviews/{assignment.id}"
    sent = {"action": "save", "seen": seen_on(client.get(path).text), "comment": LONG}
    assert client.post(path, data=sent).status_code == 302
    clock.move_to(CLOSES + timedelta(days=90))
    if closed:
        make_slate(assignment.entry.application.call, SlateStatus.PROPOSED)
    page = signed_in(assignment.reviewer.person).get(path)
    assert page.status_code == 200
    assert assignment.entry.application.title in page.text
    assert LONG.strip() in page.text
    assert ("Reviews of this call are closed" in page.text) is closed


def test_peers_15_sending_a_review_without_saving_it_before_loses_nothing(
    signed_in: SignedIn, assignment: Assignment
) -> None:
    client, path = signed_in(assignment.reviewer.person), f"/reviews/{assignment.id}"
    sent = {"action": "submit", "seen": seen_on(client.get(path).text), "criterion_1": "4", "comment": LONG}
    page = client.get(client.post(path, data=sent).location).text
    assert 'href="#criterion_2-0"' in page, "what is missing is named"
    assert typed_on(page) == LONG.strip()
    assert 'checked id="criterion_1-3"' in page
    assert client.post(path, data={**sent, "seen": seen_on(page), "criterion_2": "3"}).location == "/reviews"
    review = db.session.scalars(select(Review)).one()
    assert (review.comment, len(review.scores)) == (LONG.strip(), 2)
    assert review.submitted_at is not None
