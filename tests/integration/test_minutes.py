"""The minutes of a decision: who gets them, when, and what stands in them."""

import io
from collections.abc import Callable
from datetime import timedelta

import pikepdf
import pypdf
import pytest
from flask.testing import FlaskClient

from fundapp.accounts.permissions import Role
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Outcome, Ratification, SlateStatus
from fundapp.review.queries.freezing import newest_frozen
from fundapp.review.terms_rules import WantedTerms

from ..conftest import actor_of
from ..factories import make_application, make_call, make_decision, make_member, make_slate, make_staff, make_terms
from .test_ratifying import AFTER, Round

SignedIn = Callable[..., FlaskClient]


def minutes(client: FlaskClient, slug: str, language: str = "en") -> bytes:
    response = client.get(f"/manage/{slug}/minutes.pdf", headers={"Accept-Language": language})
    assert response.status_code == 200, response.get_data(as_text=True)[:300]
    assert response.headers["Cache-Control"] == "no-store"
    return response.get_data()


def text_of(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def plain(data: bytes) -> str:
    """Return the text without spaces: what is broken over lines reads as one."""
    return "".join(text_of(data).split())


def test_they_tell_terms_deciders_reasons_reserve_sending_back_ratifying_tally_and_release(
    app: FundApp, signed_in: SignedIn, clock: object
) -> None:
    made = Round()
    made.ratify(0)
    made.send_back(1, "Look at the north again.")
    made.decide(1, Outcome.DECLINE, version=1)
    third = make_application(made.call, organisation_name="Harbour (sample)").entries[0]
    made.entries.append(third)
    made.decide(2, Outcome.RESERVE)
    made.send()
    made.ratify(0)
    made.ratify(1)
    release_decisions(actor=actor_of(made.manager), call=made.call, now=AFTER + timedelta(hours=5))
    db.session.commit()
    data = minutes(signed_in(make_staff(Role.AUDITOR)), made.call.slug)
    text = text_of(data)
    for words in (
        "Minutes of the decision",
        "How the list came about",
        "US$12,000.00 (USD)",
        "Harbour (sample)",
        "Against rank. The panel wants it so.",
        "In reserve, in order of rank",
        "Reason: Look at the north again.",
        "Ratifier 1",
        "Ratifier 2",
        "What the selection was bound by",
        "Released",
        *(entry.application.reference or "" for entry in made.entries),
    ):
        assert words in text, words
    assert "Not ratified yet" not in text
    assert "Not released yet" not in text
    frozen = newest_frozen(made.slate)
    assert frozen is not None
    assert frozen.sha256 in plain(data)
    lists = [text.index(title) for title in ("Awards Rank", "In reserve, in order of rank", "Declined entries Rank")]
    assert lists == sorted(lists)


def test_the_same_state_gives_the_same_bytes_and_another_state_others(
    app: FundApp, signed_in: SignedIn, clock: object
) -> None:
    made = Round(limit=None)
    db.session.commit()
    first, second = signed_in(made.manager), signed_in(made.ratifiers[0])
    before = minutes(first, made.call.slug)
    assert minutes(second, made.call.slug) == before
    made.ratify(0)
    db.session.commit()
    assert minutes(first, made.call.slug) != before


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        (SlateStatus.PROPOSED, "Not ratified yet"),
        (SlateStatus.RATIFIED, "Not released yet"),
        (SlateStatus.RELEASED, None),
    ],
)
def test_what_is_not_final_is_marked_so(
    app: FundApp, signed_in: SignedIn, status: SlateStatus, mark: str | None
) -> None:
    call = make_call()
    make_decision(make_slate(call, status), make_application(call).entries[0])
    db.session.commit()
    text = text_of(minutes(signed_in(make_staff(Role.MANAGER)), call.slug))
    assert [each for each in ("Not ratified yet", "Not released yet") if each in text] == ([mark] if mark else [])


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_they_are_in_the_language_of_the_reader_and_every_text_of_people_is_drawn(
    app: FundApp, signed_in: SignedIn, language: str
) -> None:
    made = Round(limit=None)
    made.send_back(0, "يُنظر مرة أخرى \U0001f600 正")
    made.send()
    reader = make_staff(Role.MANAGER)
    reader.language = language
    db.session.commit()
    data = minutes(signed_in(reader), made.call.slug, language)
    assert (made.entries[0].application.reference or "-") in text_of(data)
    with pikepdf.open(io.BytesIO(data)) as document:
        assert str(document.Root.Lang) == language


def test_a_long_list_goes_over_pages_with_its_head_on_each(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(budget_minor=10_000_000_000)
    slate, manager = make_slate(call, SlateStatus.PROPOSED), make_staff(Role.MANAGER)
    for number in range(70):
        entry = make_application(call).entries[0]
        decision = make_decision(slate, entry, decided_by=manager)
        decision.reason = f"Reason {number}. " + "The panel wants it so. " * 20
    db.session.commit()
    reader = pypdf.PdfReader(io.BytesIO(minutes(signed_in(make_staff(Role.MANAGER)), call.slug)))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) > 5
    assert all(f"Reason {number}." in " ".join(pages) for number in range(70))
    assert all("Rank Entry Amount Decided by" in page for page in pages[1:-1])


def test_there_are_none_before_the_list_is_sent(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/minutes.pdf"
    assert client.get(url).status_code == 409
    make_decision(make_slate(call), make_application(call).entries[0])
    db.session.commit()
    response = client.get(url)
    assert response.status_code == 409
    assert "There are no minutes yet" in response.get_data(as_text=True)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.RATIFIER, Role.AUDITOR])
def test_the_copy_of_somebody_in_conflict_is_the_same_as_that_of_a_list_without_it(
    app: FundApp, signed_in: SignedIn, role: Role
) -> None:
    """What is hidden takes two to ratify; one has."""
    made = Round(limit=1_300_000)
    person = make_staff(role)
    db.session.commit()
    client, slug = signed_in(person), made.call.slug
    before = minutes(client, slug)
    hidden = make_application(made.call, organisation_name="Hidden (sample)")
    (entry,) = hidden.entries
    decision = make_decision(made.slate, entry, amount_minor=1_300_000)
    decision.reason = "Hidden reason."
    db.session.add(Ratification(slate_id=made.slate.id, sending=1, person_id=made.ratifiers[0].id, ratified_at=AFTER))
    db.session.commit()
    shown = text_of(minutes(client, slug))
    assert all(words in shown for words in ("Hidden (sample)", "Hidden reason.", "Ratifier 1", "US$25,000.00"))
    make_member(person, hidden.organisation)
    db.session.commit()
    after = minutes(client, slug)
    assert after == before
    assert "is not in the copy that they save" in text_of(after)
    assert "is not in the copy that they save" in shown, "it stands in the whole copy too"


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.FINANCE, Role.CHAIR])
def test_who_does_not_read_the_list_gets_no_minutes(app: FundApp, signed_in: SignedIn, role: Role) -> None:
    made = Round(limit=None)
    person = make_staff(role, made.call)
    db.session.commit()
    assert signed_in(person).get(f"/manage/{made.call.slug}/minutes.pdf").status_code in (403, 404)


def test_terms_that_were_fixed_are_told(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    make_terms(call, WantedTerms(places=7, two_ratifiers_from_minor=1_000_000))
    make_decision(make_slate(call, SlateStatus.PROPOSED), make_application(call).entries[0])
    db.session.commit()
    text = text_of(minutes(signed_in(make_staff(Role.MANAGER)), call.slug))
    assert "7" in text
    assert "US$10,000.00 (USD)" in text
    assert "Fixed by" in text
