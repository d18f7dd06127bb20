"""Pages of those who ratify: what they see first, the two steps, two people, lists that came back."""

from collections.abc import Callable

from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Outcome, SlateStatus

from ..factories import make_member, make_staff
from .test_ratifying import Round

SignedIn = Callable[..., FlaskClient]
REASON = "<script>alert('شبكة')</script> Look at the north."


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.get_data(as_text=True)[:300]
    return response.get_data(as_text=True)


def address(made: Round) -> str:
    return f"/manage/{made.call.slug}/ratification"


def test_two_people_ratify_in_two_steps_and_each_reads_what_is_needed_still(
    app: FundApp, signed_in: SignedIn, clock: object
) -> None:
    made = Round()
    url, (first, second) = address(made), made.ratifiers[:2]
    db.session.commit()
    client, other = signed_in(first), signed_in(second)
    page = text(client, url)
    assert "Where an award reaches US$10,000.00 (USD), two people must ratify the list." in page
    assert "2 people more must ratify it, different ones." in page
    confirm = text(client, f"{url}/confirm")
    assert "US$12,000.00 (USD)" in confirm
    assert "1 in reserve" in confirm
    assert client.post(url, data={"version": "1"}).location == url
    page = text(client, url)
    assert "Your ratification is kept. A second person must ratify the list too." in page
    assert "Ratifier 1" in page
    assert "1 person more must ratify it." in page
    assert client.get(f"{url}/confirm").location == url, "nothing is left for them to confirm"
    assert "Ratifier 1" in text(other, f"{url}/confirm")
    assert other.post(url, data={"version": "1"}).location == url
    assert "The list is ratified. It can be released now." in text(other, url)
    page = text(client, url)
    assert "Ratifier 1" in page
    assert "Ratifier 2" in page
    assert "must ratify it." not in page


def test_choices_against_rank_come_first_with_their_reasons(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(limit=None)
    made.send_back(0)
    made.decide(0, Outcome.DECLINE, version=1)
    made.decide(1, Outcome.AWARD, version=1)
    made.send()
    db.session.commit()
    page = text(signed_in(made.ratifiers[1]), address(made))
    assert "2 choices against rank" in page
    reference = made.entries[1].application.reference or ""
    assert page.index("2 choices against rank") < page.index(reference) < page.index("What the selection is bound by")
    assert "The panel wants it so." in page


def test_each_time_that_the_list_came_back_is_read_by_deciders_and_ratifiers(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(limit=None)
    made.send_back(0, "Look at the south.")
    made.send()
    made.send_back(1, REASON)
    db.session.commit()
    for person in (made.manager, made.ratifiers[0]):
        page = text(signed_in(person), f"/manage/{made.call.slug}/selection")
        assert "The list was sent back" in page
        assert "Look at the south." in page
        assert "&lt;script&gt;alert(&#39;شبكة&#39;)" in page
        assert REASON not in page
        assert "Ratifier 1" in page
    made.send()
    db.session.commit()
    page = text(signed_in(made.ratifiers[2]), address(made))
    assert "It was sent back before, 2 times" in page
    assert "Look at the south." in page


def test_row_93_whoever_decided_or_sent_it_is_offered_nothing_and_refused(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(limit=None)
    for person in (made.manager, make_staff(Role.MANAGER)):
        make_staff(Role.RATIFIER, name=person.name, email=person.email)
    url = address(made)
    db.session.commit()
    client = signed_in(made.manager)
    page = text(client, url)
    assert "You decided or sent this list. Somebody else must look at it." in page
    assert "/ratification/confirm" not in page
    assert "Send the list back" not in page
    assert client.get(f"{url}/confirm").location == url
    assert client.post(url, data={"version": "1"}).status_code == 403
    assert client.post(f"{url}/send-back", data={"reason": "Mine."}).status_code == 403
    db.session.refresh(made.slate)
    assert made.slate.status is SlateStatus.PROPOSED


def in_conflict(made: Round, number: int) -> Person:
    person = make_staff(Role.RATIFIER)
    organisation = made.entries[number].application.organisation
    assert organisation is not None
    make_member(person, organisation)
    return person


def test_that_two_must_ratify_tells_nobody_of_an_award_that_is_hidden_from_them(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = Round()
    person = in_conflict(made, 0)
    made.ratify(0)
    db.session.commit()
    client = signed_in(person)
    waiting = text(client, address(made))
    assert "1 person more must ratify it." in waiting
    assert "Ratifier 1" not in waiting, "one of two would say that something reaches the limit"
    made.ratify(1)
    db.session.commit()
    ratified = text(client, address(made))
    assert "Ratifier 2" in ratified
    assert "Ratifier 1" not in ratified
    assert "Ratifier 1" in text(signed_in(made.ratifiers[2]), address(made))


def test_a_sentence_of_the_history_stands_for_each_step(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    made.ratify(0)
    made.send_back(1, "Look at the north again.")
    made.send()
    made.ratify(0)
    made.ratify(1)
    db.session.commit()
    page = text(signed_in(make_staff(Role.AUDITOR)), f"/manage/{made.call.slug}/history")
    for words in (
        "One of the two people who must ratify the list of decisions did so.",
        "The list of decisions was sent back.",
        "Look at the north again.",
        "The list of decisions was ratified.",
    ):
        assert words in page
