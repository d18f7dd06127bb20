"""What comes of a list that people try: pure rules, words and pictures, on figures small enough to check on paper."""

from dataclasses import replace

import pytest

from fundapp.core.i18n import gettext as _
from fundapp.review.balance_picture import GroupShares, balance_plot, share_of
from fundapp.review.list_rules import (
    MarkKind,
    Share,
    Tried,
    Wish,
    balance,
    effect,
    fingerprint,
    line_after,
    name_problems,
    tried,
    wish_problems,
)
from fundapp.review.list_words import (
    Names,
    broken_words,
    entries_words,
    exceeded_words,
    kept_words,
    reason_words,
    rule_words,
    short_words,
)
from fundapp.review.slate import Ask, Measure, Pot, Rule, Terms, Why

ORDER = ["a", "b", "c", "d"]
NORTH = Rule("n", "region:north", Measure.AWARDS, least=1)


def asks(*, north: str = "d") -> list[Ask]:
    """Return four entries, best first, of 10 each."""
    return [
        Ask(key, 4.0 - number, 10, frozenset({"region:north" if key in north else "region:south"}))
        for number, key in enumerate(ORDER)
    ]


def names() -> Names:
    return Names(
        money=lambda minor: f"{minor} coins",
        group=lambda group: group.partition(":")[2].title(),
        pots={"p": "Gift"},
        entries={key: key.upper() for key in ORDER},
    )


def words(made: Tried, key: str) -> str:
    return reason_words(made, key, names())


def test_wishes_hold_entries_fast_and_change_amounts() -> None:
    terms = Terms(budget_minor=25)
    assert tried(asks(), terms, {}).given == {"a": 10, "b": 10}
    wishes = {"a": Wish(MarkKind.TAKE_OUT), "c": Wish(MarkKind.PUT_IN, 3), "d": Wish(MarkKind.RESERVE)}
    made = tried(asks(), terms, wishes)
    assert made.given == {"b": 10, "c": 3}
    assert (made.left_minor, sorted(made.held)) == (12, ["a", "c", "d"])
    assert tried(asks(), terms, {"b": Wish(MarkKind.AMOUNT, 4)}).given == {"a": 10, "b": 4, "c": 10}
    assert tried(asks(), terms, {"gone": Wish(MarkKind.PUT_IN)}).given == {"a": 10, "b": 10}


def test_the_line_stands_behind_the_last_of_rank_order() -> None:
    terms = Terms(budget_minor=25)
    assert line_after(tried(asks(), terms, {}), ORDER) == "b"
    assert line_after(tried(asks(), terms, {"a": Wish(MarkKind.TAKE_OUT)}), ORDER) == "c"
    assert line_after(tried(asks(), terms, {"d": Wish(MarkKind.PUT_IN)}), ORDER) == "a"
    assert line_after(tried(asks(), Terms(budget_minor=5), {}), ORDER) is None
    assert line_after(tried(asks(), Terms(budget_minor=100, floor=2.5), {}), ORDER) == "b"


def test_reasons_say_what_a_rule_did_and_to_whom() -> None:
    made = tried(asks(), Terms(budget_minor=20, rules=(NORTH,)), {})
    assert words(made, "a") == "Above the line."
    assert words(made, "d") == (
        "Below the line, but needed for a minimum: at least 1 award for North. Without that, in would be: B."
    )
    assert words(made, "b") == (
        "Above the line, but its money is needed for a minimum: at least 1 award for North. In because of that: D."
    )
    assert reason_words(made, "b", names(), names_others=False).endswith("for North.")
    most = Rule("s", "region:south", Measure.AWARDS, most=1)
    made = tried(asks(), Terms(budget_minor=20, rules=(most,)), {})
    assert words(made, "b") == "A maximum is reached: at most 1 award for South. Without that it would be in."
    assert words(made, "c") == "A maximum is reached: at most 1 award for South."
    assert words(made, "d") == "Next by rank: rules kept others out, and it fits into what they leave."


def test_reasons_say_what_was_too_large_and_what_people_did() -> None:
    made = tried(asks(), Terms(budget_minor=25), {"a": Wish(MarkKind.TAKE_OUT), "d": Wish(MarkKind.RESERVE)})
    assert [words(made, key) for key in ("a", "d")] == ["Taken out by a person.", "Held in reserve by a person."]
    assert words(tried(asks(), Terms(budget_minor=25), {}), "c") == "It asks for more than is left: 5 coins."
    made = tried(asks(), Terms(budget_minor=100, places=2), {})
    assert words(made, "c") == "The first below the line: all places are given."
    untallied = [*asks(), Ask("e", None, 10)]
    assert words(tried(untallied, Terms(budget_minor=100), {}), "e").endswith(_("people decide."))


def test_what_is_missed_met_exceeded_or_cannot_hold_is_named_with_how_much() -> None:
    money = Rule("m", "region:north", Measure.MONEY, least=40)
    made = tried(asks(), Terms(budget_minor=20, rules=(money, Rule("s", "region:south", Measure.AWARDS, least=1))), {})
    assert short_words(made, names()) == ["at least 40 coins for North: missed by 30 coins"]
    assert kept_words(made, names()) == ["at least 1 award for South"]
    assert "at least 40 coins for North" in broken_words(made, names())
    most = Rule("s", "region:south", Measure.AWARDS, most=1)
    all_in = {key: Wish(MarkKind.PUT_IN) for key in ORDER}
    made = tried(asks(), Terms(budget_minor=35, places=3, rules=(most,)), all_in)
    assert (made.proposal, made.reason("a").why, made.reason("b").why) == (None, Why.PUT_IN, Why.PUT_IN)
    assert exceeded_words(made, names()) == [
        "at most 1 award for South: exceeded by 2 awards",
        "The budget: exceeded by 5 coins",
        "The number of awards: exceeded by 1 award",
    ]
    assert rule_words(Rule("x", "region:south", Measure.MONEY, least=1, most=2), names()) == (
        "between 1 coins and 2 coins for South"
    )


def test_equals_that_rules_part_are_left_to_people_and_nobody_else() -> None:
    equal = [Ask(key, 2.0, 10, frozenset({"region:south", f"language:{key}"})) for key in "abc"]
    most = Rule("s", "region:south", Measure.AWARDS, most=2)
    made = tried(equal, Terms(budget_minor=100, rules=(most,)), {})
    assert (sorted(made.split_equals), made.leaves_to_people("a")) == (["a", "b", "c"], True)
    assert words(made, "a") == "Equal to others, and the rules leave no room for all of them: people decide."
    made = tried(equal, Terms(budget_minor=100, rules=(most,)), {"a": Wish(MarkKind.TAKE_OUT)})
    assert made.split_equals == frozenset()
    parted = [*equal[:2], Ask("c", 2.0, 10, frozenset({"region:north"}))]
    made = tried(parted, Terms(budget_minor=20, rules=(most, NORTH)), {})
    assert made.split_equals in ({"a", "b"}, frozenset())


def test_pots_say_what_is_left_in_them() -> None:
    of_pots = [Ask("a", 2.0, 10, pots=frozenset({"p"})), Ask("b", 1.0, 10, pots=frozenset({"p", "q"}))]
    made = tried(of_pots, Terms(budget_minor=30, pots=(Pot("p", 12), Pot("q", 18))), {})
    assert made.pots_left is not None
    assert sum(made.pots_left.values()) == made.left_minor == 10


def test_pots_that_cannot_pay_are_never_shown_as_full_and_those_that_can_are_reckoned_without_a_proposal() -> None:
    of_pots = [
        Ask("a", 2.0, 10, frozenset({"region:south"}), frozenset({"p"})),
        Ask("b", 1.0, 5, pots=frozenset({"p"})),
    ]
    terms = Terms(budget_minor=30, pots=(Pot("p", 12), Pot("q", 18)))
    both = {"a": Wish(MarkKind.PUT_IN), "b": Wish(MarkKind.PUT_IN)}
    made = tried(of_pots, terms, both)
    assert (made.proposal, made.left_minor, made.pots_left) == (None, 15, None)
    none_there = (Rule("s", "region:south", Measure.AWARDS, most=0),)
    made = tried(of_pots, replace(terms, rules=none_there), {"a": Wish(MarkKind.PUT_IN)})
    assert (made.proposal, made.pots_left) == (None, {"p": 2, "q": 18}), "it is a maximum that is broken"


def test_what_is_in_below_the_floor_or_without_a_score_is_told_apart() -> None:
    all_in = {key: Wish(MarkKind.PUT_IN) for key in "ad"}
    untallied = [*asks()[:1], replace(asks()[3], merit=None), Ask("e", 0.5, 5)]
    made = tried(untallied, Terms(budget_minor=100, floor=1.0), all_in | {"e": Wish(MarkKind.PUT_IN)})
    assert (sorted(made.under_floor), sorted(made.unscored)) == (["e"], ["d"])
    assert tried(untallied, Terms(budget_minor=100), all_in).under_floor == frozenset()


def test_balance_counts_entries_and_money_by_group() -> None:
    made = tried(asks(), Terms(budget_minor=25), {"d": Wish(MarkKind.PUT_IN, 5)})
    assert balance(made.asks, made.given) == {"region:south": Share(2, 20), "region:north": Share(1, 5)}
    assert balance(asks()) == {"region:south": Share(3, 30), "region:north": Share(1, 10)}


def test_an_effect_is_who_comes_in_goes_out_or_gets_another_amount() -> None:
    change = effect({"a": 1, "b": 2}, {"b": 3, "c": 4, "a": 1}, ORDER)
    assert (change.comes_in, change.goes_out, change.other_amount, change.is_nothing) == (("c",), (), ("b",), False)
    assert effect({"a": 1}, {"a": 1}, ORDER).is_nothing


def test_many_entries_are_named_up_to_a_number() -> None:
    many = Names(str, str, {}, {str(number): f"R{number}" for number in range(9)})
    assert entries_words([*many.entries], many) == "R0; R1; R2; R3; R4; 4 more"


def test_a_fingerprint_tells_parts_apart() -> None:
    assert fingerprint("a", None) != fingerprint("a", "None")
    assert fingerprint(["a"]) == fingerprint(["a"])


@pytest.mark.parametrize(
    ("name", "wrong"), [("", True), ("  ", True), ("There", True), ("x" * 201, True), ("New", False)]
)
def test_a_list_has_a_name_of_its_own(name: str, wrong: bool) -> None:
    assert bool(name_problems(name, {"There"})) is wrong


def test_an_amount_is_needed_where_nothing_says_how_much() -> None:
    for kind, amount, in_full, wrong in (
        (MarkKind.PUT_IN, None, None, True),
        (MarkKind.PUT_IN, None, 10, False),
        (MarkKind.PUT_IN, 11, 10, True),
        (MarkKind.AMOUNT, None, 10, True),
        (MarkKind.RESERVE, None, None, False),
    ):
        assert bool(wish_problems(kind, amount, "So.", in_full_minor=in_full, is_fixed=False)) is wrong, kind


def test_the_picture_of_a_balance_draws_what_is_known() -> None:
    plot = balance_plot([GroupShares("North", [0.5, None, 1.0]), GroupShares("South", [0.0])])
    assert [(bar.series, bar.width, bar.words) for bar in plot.groups[0].bars] == [
        (0, 40.0, "50 %"),
        (2, 80.0, "100 %"),
    ]
    assert plot.groups[1].y > plot.groups[0].bars[-1].y
    assert (share_of(1, 0), share_of(3, 2), share_of(1, 2)) == (0.0, 1.0, 0.5)
