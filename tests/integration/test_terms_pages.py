"""The page of what a selection is bound by: the form as people fill it, and what others read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, ConflictOfInterest, ConflictSource
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import SlateStatus
from fundapp.review.queries.selection import terms_set
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms
from tests.conftest import counted_statements, without_tokens
from tests.factories import (
    NOW,
    make_application,
    make_call,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    make_terms,
)

Client = Callable[[Person | None], FlaskClient]
PLAIN = {
    "version": "0",
    "rule_rows": "0",
    "pot_rows": "0",
    "ranking": "mean",
    "draw": "none",
}


def address(call: Call) -> str:
    return f"/manage/{call.slug}/selection/terms"


def rule(number: int, group: str = "", least: str = "", most: str = "", measure: str = "awards") -> dict[str, str]:
    values = {"group": group, "measure": measure, "least": least, "most": most, "code": ""}
    return {f"rule-{number}-{name}": value for name, value in values.items()}


def test_the_form_offers_adjusted_scores_first_and_keeps_what_is_chosen(signed_in: Client) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    page = client.get(address(call)).text
    assert re.search(r'<input[^>]*checked[^>]*value="adjusted"', page)
    pot = {"pot-0-title-en": "Land fund", "pot-0-title-fr": "", "pot-0-money": "5,000", "pot-0-groups": "region:north"}
    typed = {
        **PLAIN,
        "ranking": "adjusted",
        "places": "7",
        "floor": "2.5",
        "coverage_percent": "80",
        "least_reviews": "2",
        "two_ratifiers_from": "10,000",
        "chairs_vote": "y",
        "draw": "band",
        "draw_band": "3",
        "rule_rows": "2",
        "pot_rows": "1",
        **rule(0, "region:north", "1", "4"),
        **rule(1, "language:fr", most="20,000", measure="money"),
        **pot,
    }
    assert client.post(address(call), data=typed).status_code == 302
    stored = terms_set(call)
    assert stored.rules == (
        Rule("r1", "region:north", Measure.AWARDS, 1, 4),
        Rule("r2", "language:fr", Measure.MONEY, 0, 2_000_000),
    )
    assert stored.pots == (PotTerms("p1", (("en", "Land fund"),), 500_000, ("region:north",)),)
    assert (stored.ranking, stored.places, stored.coverage_percent) == (Ranking.ADJUSTED, 7, 80)
    assert (stored.two_ratifiers_from_minor, stored.draw_band, stored.chairs_vote) == (1_000_000, 3, True)
    page = client.get(address(call)).text
    for words in ("between 1 award and 4 awards for North", "Land fund", "at least 80 of a hundred", "Fixed by:"):
        assert words in page


def test_adding_a_rule_or_a_pot_keeps_what_was_typed_and_saves_nothing(signed_in: Client) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    typed = {**PLAIN, "places": "seven", "rule_rows": "1", **rule(0, "region:north", "mány"), "add": "rule"}
    page = client.post(address(call), data=typed).text
    assert 'value="seven"' in page
    assert 'value="mány"' in page
    assert 'name="rule-1-group"' in page
    assert "There is a problem" not in page
    page = client.post(address(call), data={**typed, "add": "pot"}).text
    assert 'name="pot-0-money"' in page
    assert terms_set(call) == WantedTerms()


def test_a_rule_that_is_ticked_to_go_and_an_empty_row_are_left_out(signed_in: Client) -> None:
    call = make_call()
    make_terms(
        call, WantedTerms(rules=tuple(Rule("", group, Measure.AWARDS, 1) for group in ("region:north", "language:fr")))
    )
    client = signed_in(make_staff(Role.MANAGER))
    rows = {**rule(0, "region:north", "1"), **rule(1, "language:fr", "2"), **rule(2)}
    codes = {"rule-0-code": "r1", "rule-1-code": "r2", "rule-0-gone": "y"}
    data = {**PLAIN, "version": "1", "rule_rows": "3", **rows, **codes}
    assert client.post(address(call), data=data).status_code == 302
    assert terms_set(call).rules == (Rule("r2", "language:fr", Measure.AWARDS, 2),)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"places": "0"}, "places"),
        ({"coverage_percent": "101"}, "coverage_percent"),
        ({"floor": "high"}, "floor"),
        ({"two_ratifiers_from": "much"}, "two_ratifiers_from"),
        ({"draw": "band"}, "draw_band"),
        ({"rule_rows": "2", **rule(0), **rule(1, "region:north", "many")}, "rule-1-least"),
        ({"rule_rows": "2", **rule(0), **rule(1, "region:north", "4", "3")}, "rule-1-most"),
        ({"rule_rows": "1", **rule(0, "", "4")}, "rule-0-group"),
        ({"rule_rows": "1", **rule(0, "region:nowhere", "4")}, "rule-0-group"),
        ({"pot_rows": "1", "pot-0-money": "5"}, "pot-0-title-en"),
        ({"pot_rows": "1", "pot-0-title-en": "x"}, "pot-0-money"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(signed_in: Client, typed: dict[str, str], field: str) -> None:
    call = make_call()
    answer = signed_in(make_staff(Role.MANAGER)).post(address(call), data={**PLAIN, **typed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert terms_set(call) == WantedTerms()


def test_pots_beyond_the_budget_are_said(signed_in: Client) -> None:
    call = make_call(budget_minor=100)
    typed = {**PLAIN, "pot_rows": "1", "pot-0-title-en": "x", "pot-0-money": "2"}
    page = signed_in(make_staff(Role.MANAGER)).post(address(call), data=typed).text
    assert "The pots hold more than the budget of the call." in page


def test_late_changes_ask_for_a_reason_and_are_shown_with_it(signed_in: Client) -> None:
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER))
    assert 'name="reason"' not in client.get(address(call)).text
    make_review(make_application(call).entries[0], make_reviewer(call), [4, 4])
    db.session.commit()
    assert 'name="reason"' in client.get(address(call)).text
    assert client.post(address(call), data={**PLAIN, "places": "3"}).status_code == 422
    client.post(address(call), data={**PLAIN, "places": "3", "reason": "A donor gave more."})
    page = client.get(address(call)).text
    assert "Changed when scores could be seen" in page
    assert "A donor gave more." in page
    assert page.count("At most 3 awards are given.") == 2


def test_rules_that_cannot_all_hold_are_named_in_words(signed_in: Client) -> None:
    call = make_call(budget_minor=2_000_000)
    for region in ("north", "south"):
        make_application(call, answers={"region": region})
    client = signed_in(make_staff(Role.MANAGER))
    rows = {
        **rule(0, "region:north", "12,000", measure="money"),
        **rule(1, "region:south", "12,000", measure="money"),
    }
    page = client.post(address(call), data={**PLAIN, "rule_rows": "2", **rows}, follow_redirects=True).text
    section = page.partition("These cannot all hold")[2].partition("</section>")[0]
    assert "North" in section
    assert "South" in section
    assert "the budget of" in section


@pytest.mark.parametrize("role", [Role.RATIFIER, Role.AUDITOR, Role.CHAIR])
def test_others_read_it_and_have_no_form(signed_in: Client, role: Role) -> None:
    call = make_call()
    make_terms(call, WantedTerms(places=3))
    client = signed_in(make_staff(role, call))
    page = client.get(address(call)).text
    assert "At most 3 awards are given." in page
    assert 'name="places"' not in page
    assert client.post(address(call), data=PLAIN).status_code == 403


def test_a_list_that_was_sent_shows_no_form(signed_in: Client) -> None:
    call = make_call()
    make_slate(call, SlateStatus.PROPOSED)
    client = signed_in(make_staff(Role.MANAGER))
    assert 'name="places"' not in client.get(address(call)).text
    assert client.post(address(call), data=PLAIN).status_code == 409


def test_somebody_in_conflict_sees_the_page_of_a_call_without_the_application(signed_in: Client, app: FundApp) -> None:
    call, manager = make_call(), make_staff(Role.MANAGER)
    make_application(call)
    client = signed_in(manager)
    before = without_tokens(client.get(address(call)).text)
    hidden = make_application(call, language="sw", answers={"region": "atlantis"})
    make_review(hidden.entries[0], make_reviewer(call), [5, 5])
    db.session.commit()
    assert without_tokens(client.get(address(call)).text) != before
    stated: dict[str, Any] = {"person_id": manager.id, "application_id": hidden.id}
    db.session.add(ConflictOfInterest(**stated, source=ConflictSource.DECLARED, recorded_at=NOW))
    db.session.commit()
    assert without_tokens(client.get(address(call)).text) == before


def test_many_entries_take_no_more_queries_than_few(signed_in: Client) -> None:
    call = make_call()
    make_terms(call, WantedTerms(ranking=Ranking.ADJUSTED, rules=(Rule("", "region:north", Measure.AWARDS, 1),)))
    reviewers, client = [make_reviewer(call) for _each in range(3)], signed_in(make_staff(Role.MANAGER))

    def count(more: int) -> int:
        for each in range(more):
            make_review(make_application(call).entries[0], reviewers[each % 3], [1 + each % 5, 3])
        db.session.commit()
        with counted_statements() as statements:
            assert client.get(address(call)).status_code == 200
        return len(statements)

    count(1)  # the first page of a session asks for more
    assert count(9) == count(90)
