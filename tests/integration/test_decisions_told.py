"""How decisions are made, as everybody may read it: what was fixed and announced, and nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, CallStatus
from fundapp.applications.rules import DeclinedGet
from fundapp.core.db import db
from fundapp.review.models import FinalistsAnnouncement, PublicVote, SlateStatus
from fundapp.review.queries.selection import set_terms
from fundapp.review.services.terms import write_terms
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms, with_codes
from fundapp.review.vote_rules import VoteMode
from tests.conftest import counted_statements
from tests.factories import (
    NOW,
    make_application,
    make_call,
    make_decision,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    make_terms,
)

Client = Callable[[Person | None], FlaskClient]
pytestmark = pytest.mark.usefixtures("app")
HEADING = "How decisions are made"
RULES = (
    Rule("", "region:north", Measure.AWARDS, 1),
    Rule("", "first_time:yes", Measure.MONEY, 0, 1_000_000),
)
POTS = (PotTerms("", (("en", "Donor Sample’s secret fund"),), 765_400, ("language:fr",)),)
FULL = WantedTerms(
    Ranking.ADJUSTED,
    places=7,
    floor=None,
    coverage_percent=83,
    least_reviews=2,
    two_ratifiers_from_minor=1_234_500,
    chairs_vote=True,
    draw_band=3,
    rules=RULES,
    pots=POTS,
)


def page(client: FlaskClient, call: Call, query: str = "") -> str:
    answer = client.get(f"/calls/{call.slug}{query}")
    assert answer.status_code == 200
    return answer.text


def told(client: FlaskClient, call: Call) -> str:
    found = re.search(r'<h2 id="decisions">.*?(?=<h2|</main>)', page(client, call), re.DOTALL)
    return found[0] if found else ""


@time_machine.travel(NOW, tick=False)
def test_whoever_is_signed_out_reads_what_was_fixed_in_plain_words(signed_in: Client) -> None:
    call = make_call(declined_get=DeclinedGet.COMMENTS)
    client = signed_in(None)
    assert HEADING not in page(client, call)
    make_terms(call, FULL)
    db.session.commit()
    words = told(client, call)
    for sentence in (
        "Peers score",
        "an adjusted score.",
        "with fewer than 2 reviews gets no place",
        "At most 7 awards are given.",
        "Among 3 entries on each side of the line, lots decide.",
        "Rule for a group: at least 1 award for North.",
        "Rule for a group: at most US$10,000.00 (USD) for First time.",
        "Some of the money can only go to this group: French.",
        "The chairs of the panel vote on what is proposed.",
        "Somebody who did not make the list ratifies it",
        "an award of US$12,345.00 (USD) or more is ratified by two people.",
        "Whoever is declined: With the letter you get comments from the reviews.",
        "This may change until scores can be seen.",
    ):
        assert sentence in words
    assert "vote on finalists" not in words


@time_machine.travel(NOW, tick=False)
def test_terms_that_bind_little_say_little(signed_in: Client) -> None:
    call = make_call()
    make_terms(call, WantedTerms())
    words = told(signed_in(None), call)
    assert "by the mean of their scores." in words
    assert "No lots are drawn." in words
    for sentence in (
        "adjusted",
        "At most",
        "below",
        "Rule for",
        "Some of the money",
        "chairs",
        "two people",
        "declined",
    ):
        assert sentence not in words


@time_machine.travel(NOW, tick=False)
def test_the_lowest_score_and_lots_among_equals_are_told(signed_in: Client) -> None:
    call = make_call()
    make_terms(call, replace(FULL, floor=Decimal(3), draw_band=0))
    words = told(signed_in(None), call)
    assert "Nothing with a score below 3 is proposed." in words
    assert "Among those with the same score at the line, lots decide." in words


@time_machine.travel(NOW, tick=False)
def test_names_and_money_of_pots_and_who_fixed_it_stand_nowhere_on_the_page(signed_in: Client) -> None:
    call = make_call()
    make_terms(call, FULL, by=make_staff(Role.MANAGER, name="Manager Sample"))
    text = page(signed_in(None), call)
    for hidden in ("Donor Sample", "7,654", "Manager Sample", "83"):
        assert hidden not in text


@time_machine.travel(NOW, tick=False)
def test_rules_that_are_not_published_are_not_told(signed_in: Client) -> None:
    call = make_call()
    make_terms(call, replace(FULL, rules_published=False))
    words = told(signed_in(None), call)
    assert "At most 7 awards are given." in words
    for hidden in ("North", "First time", "French", "10,000", "other groups", "Rule for"):
        assert hidden not in words


@time_machine.travel(NOW, tick=False)
def test_a_group_that_only_an_application_names_is_not_told(signed_in: Client) -> None:
    call = make_call()
    rule = Rule("", "region:upper hidden valley", Measure.AWARDS, 1)
    pot = replace(POTS[0], groups=("language:ps", "language:fr"))
    make_terms(call, replace(FULL, rules=(rule,), pots=(pot,)))
    words = told(signed_in(None), call)
    assert "hidden valley" not in words
    assert "Pashto" not in words
    assert "French" in words
    assert "There are rules for other groups too" in words


@time_machine.travel(NOW, tick=False)
def test_a_draft_tells_nobody_but_its_managers(signed_in: Client) -> None:
    call = make_call(status=CallStatus.DRAFT)
    make_terms(call, FULL)
    db.session.commit()
    assert signed_in(None).get(f"/calls/{call.slug}").status_code == 404
    assert HEADING in signed_in(make_staff(Role.MANAGER)).get(f"/manage/{call.slug}/preview").text


@time_machine.travel(NOW, tick=False)
def test_scores_and_decisions_change_nothing_that_is_told(signed_in: Client) -> None:
    call = make_call()
    make_terms(call, FULL)
    db.session.commit()
    client = signed_in(None)
    before = told(client, call)
    entry = make_application(call).entries[0]
    make_review(entry, make_reviewer(call), [4, 4])
    make_decision(make_slate(call, SlateStatus.PROPOSED), entry)
    db.session.commit()
    assert told(client, call) == before


@time_machine.travel(NOW, tick=False)
def test_a_decided_call_no_longer_says_that_it_may_change(signed_in: Client) -> None:
    call = make_call(status=CallStatus.DECIDED, decided_at=NOW)
    make_terms(call, FULL)
    words = told(signed_in(None), call)
    assert HEADING in words
    assert "may change" not in words


@time_machine.travel(NOW, tick=False)
def test_where_applicants_review_each_other_it_may_change_until_the_scores_are_opened(signed_in: Client) -> None:
    call = make_call(is_impartial=True, applicants_review=True)
    make_terms(call, WantedTerms())
    assert "This may change until the scores are opened." in told(signed_in(None), call)


@pytest.mark.parametrize(
    ("mode", "words"), [(VoteMode.DECIDING, "The vote decides."), (VoteMode.ADVISORY, "The vote advises")]
)
@time_machine.travel(NOW, tick=False)
def test_a_public_vote_is_told_once_finalists_are_announced(signed_in: Client, mode: VoteMode, words: str) -> None:
    call, person = make_call(), make_staff(Role.MANAGER)
    make_terms(call, FULL)
    db.session.add(
        PublicVote(
            call_id=call.id,
            mode=mode,
            opens_at=NOW + timedelta(days=50),
            closes_at=NOW + timedelta(days=60),
            key_number=1,
            set_by_id=person.id,
            set_at=NOW,
        )
    )
    db.session.commit()
    client = signed_in(None)
    assert "The public votes" not in told(client, call)
    db.session.add(FinalistsAnnouncement(call_id=call.id, announced_by_id=person.id, announced_at=NOW))
    db.session.commit()
    assert f"The public votes on finalists. {words}" in told(client, call)


@time_machine.travel(NOW, tick=False)
def test_however_much_was_fixed_the_page_asks_the_database_the_same(signed_in: Client) -> None:
    call = make_call()
    client = signed_in(None)
    make_terms(call, WantedTerms(rules=RULES[:1]))
    db.session.commit()
    page(client, call)
    with counted_statements() as little:
        page(client, call)
    terms = set_terms(call)
    assert terms is not None
    write_terms(terms, with_codes(replace(FULL, rules=RULES * 15, pots=POTS * 15)))
    db.session.commit()
    with counted_statements() as much:
        page(client, call)
    assert len(much) == len(little)
