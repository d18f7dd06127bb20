"""What is fixed before a selection: codes, JSON, and what is wrong with it."""

from decimal import Decimal

import pytest

from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms, terms_problems, with_codes

NAMED = (("en", "Land"),)


def fields(wanted: WantedTerms, budget_minor: int = 1_000) -> list[str]:
    return [problem.field or "" for problem in terms_problems(wanted, budget_minor=budget_minor)]


def test_rules_and_pots_get_codes_and_keep_those_that_they_have() -> None:
    rules = (Rule("", "region:africa", Measure.AWARDS, 1), Rule("r1", "theme:land", Measure.AWARDS, 1))
    pots = (PotTerms("", NAMED, 5), PotTerms("", NAMED, 6))
    coded = with_codes(WantedTerms(rules=rules, pots=pots))
    assert [rule.code for rule in coded.rules] == ["r2", "r1"]
    assert [pot.code for pot in coded.pots] == ["p1", "p2"]
    strange = WantedTerms(rules=tuple(Rule(code, "theme:land", Measure.AWARDS, 1) for code in ("r1", "r1", "budget")))
    assert [rule.code for rule in with_codes(strange).rules] == ["r1", "r2", "r3"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (WantedTerms(places=0), "places"),
        (WantedTerms(coverage_percent=101), "coverage_percent"),
        (WantedTerms(least_reviews=0), "least_reviews"),
        (WantedTerms(draw_band=51), "draw_band"),
        (WantedTerms(two_ratifiers_from_minor=0), "two_ratifiers_from"),
        (WantedTerms(rules=(Rule("r1", "region:a", Measure.AWARDS, 0, None),)), "rule-0-least"),
        (WantedTerms(rules=(Rule("r1", "region:a", Measure.AWARDS, 3, 2),)), "rule-0-most"),
        (WantedTerms(pots=(PotTerms("p1", (), 5),)), "pot-0-title"),
        (WantedTerms(pots=(PotTerms("p1", NAMED, 0),)), "pot-0-money"),
        (WantedTerms(pots=(PotTerms("p1", NAMED, 600), PotTerms("p2", NAMED, 401))), "pots"),
    ],
)
def test_each_wrong_field_is_named(wanted: WantedTerms, field: str) -> None:
    assert fields(wanted) == [field]


def test_terms_that_hold_have_no_problems() -> None:
    rules = (Rule("r1", "region:a", Measure.MONEY, 0, 0), Rule("r2", "first_time:yes", Measure.AWARDS, 2, None))
    pots = (PotTerms("p1", NAMED, 1_000),)
    assert fields(WantedTerms(Ranking.ADJUSTED, 3, Decimal("2.5"), 100, 2, 50, True, 0, rules, pots)) == []


def test_terms_are_written_whole() -> None:
    wanted = WantedTerms(
        floor=Decimal("2.5"),
        draw_band=3,
        rules=(Rule("r1", "region:a", Measure.MONEY, 5),),
        pots=(PotTerms("p1", NAMED, 9, ("theme:land",)),),
    )
    assert WantedTerms.from_json(wanted.to_json()) == wanted
    assert wanted.to_json() == {
        "ranking": "mean",
        "places": None,
        "floor": "2.5",
        "coverage_percent": 0,
        "least_reviews": 1,
        "two_ratifiers_from_minor": None,
        "chairs_vote": False,
        "draw_band": 3,
        "rules": [{"code": "r1", "group": "region:a", "measure": "money", "least": 5, "most": None}],
        "pots": [{"code": "p1", "titles": {"en": "Land"}, "money_minor": 9, "groups": ["theme:land"]}],
    }
