"""The rules of selection and of a review's answers."""

from dataclasses import replace
from itertools import product

import pytest

from fundapp.review.rules import (
    Candidate,
    Choice,
    against_rank,
    amount_problems,
    ask_in_full,
    by_rank_order,
    reason_problems,
)

ORDERS = ([1, 2, 3, 4, 5], [1, 1, 3, 3, 5], [1, 2, 2, 2, 5])
CHOICES = {"A": Choice.AWARD, "R": Choice.RESERVE, "D": Choice.DECLINE, ".": None}


def pool(ranks: list[int | None], choices: str, *, asks: int = 10, name: str = "all") -> list[Candidate]:
    """Candidates named by position; `choices` has A(ward), R(eserve), D(ecline) or . for each."""
    return [
        Candidate(f"{name}{number}", name, rank, asks, CHOICES[choice])
        for number, (rank, choice) in enumerate(zip(ranks, choices, strict=True))
    ]


@pytest.mark.parametrize(
    ("ranks", "choices", "expected"),
    [
        ([1, 2, 3, 4], "AADD", set()),
        ([1, 2, 3, 4], "ADAD", {1, 2}),
        ([1, 2, 3, 4], "DAAD", {0, 2}),
        ([1, 2, 3, 4], "AD.A", {1, 3}),
        ([1, 2, 3, 4], "..A.", set()),
        ([1, 2, 3, 4], "DDDD", set()),
        ([1, 2, 2, 4], "AADD", set()),
        ([1, 2, 2, 4], "ADAD", set()),
        ([1, 2, 2, 4], "ADAA", {1, 3}),
        ([1, 2, 2, 4], "AADA", {2, 3}),
        ([1, 1, 1, 4], "DDAA", {3}),
        ([1, 2, None], "AAA", {2}),
        ([1, 2, None], "AAD", {2}),
        ([1, 2, None], "AA.", set()),
        ([1, 2, 3, 4], "AARD", set()),
        ([1, 2, 3, 4], "AADR", set()),
        ([1, 2, 3, 4], "ARAD", {1, 2}),
        ([1, 2, 2, 4], "AARD", set()),
        ([1, 2, None], "AAR", {2}),
    ],
)
def test_choice_against_rank_is_found(ranks: list[int | None], choices: str, expected: set[int]) -> None:
    assert against_rank(pool(ranks, choices)) == {f"all{number}" for number in expected}


def test_ranks_of_different_pools_are_not_compared() -> None:
    candidates = pool([1, 2], "AD", name="north") + pool([1, 2], "DD", name="south")
    assert against_rank(candidates) == frozenset()


def test_choices_against_rank_come_in_pairs_when_all_are_ranked_apart() -> None:
    """For each award below the line there is one decline above it."""
    for choices in product("AD", repeat=6):
        found = against_rank(pool([1, 2, 3, 4, 5, 6], "".join(choices)))
        awards = sum(choices[int(entry_id[3:])] == "A" for entry_id in found)
        assert 2 * awards == len(found)


def test_rank_order_stops_where_the_money_ends() -> None:
    choices = by_rank_order(pool([1, 2, 3, 4], "...."), left_minor={"": 25}, awards_left={})
    assert choices == {
        "all0": Choice.AWARD,
        "all1": Choice.AWARD,
        "all2": Choice.DECLINE,
        "all3": Choice.DECLINE,
    }


def test_rank_order_does_not_reach_past_an_entry_that_asks_too_much() -> None:
    candidates = [Candidate("a", "all", 1, 10), Candidate("b", "all", 2, 50), Candidate("c", "all", 3, 5)]
    assert by_rank_order(candidates, left_minor={"": 20}, awards_left={}) == {
        "a": Choice.AWARD,
        "b": Choice.DECLINE,
        "c": Choice.DECLINE,
    }


def test_rank_order_leaves_equals_that_do_not_all_fit_to_people() -> None:
    choices = by_rank_order(pool([1, 2, 2, 4], "...."), left_minor={"": 25}, awards_left={})
    assert choices == {"all0": Choice.AWARD, "all3": Choice.DECLINE}


def test_rank_order_awards_equals_that_all_fit() -> None:
    choices = by_rank_order(pool([1, 2, 2, 4], "...."), left_minor={"": 30}, awards_left={})
    assert [choice for _, choice in sorted(choices.items())] == [Choice.AWARD] * 3 + [Choice.DECLINE]


def test_rank_order_keeps_the_number_of_awards_of_each_pool() -> None:
    candidates = pool([1, 2], "..", name="north") + pool([1, 2, 3], "...", name="south")
    choices = by_rank_order(candidates, left_minor={"": 1000}, awards_left={"north": 1, "south": 2})
    assert sorted(entry_id for entry_id, choice in choices.items() if choice is Choice.AWARD) == [
        "north0",
        "south0",
        "south1",
    ]
    assert len(choices) == 5


def test_rank_order_keeps_what_people_decided_and_decides_nothing_unranked_or_without_amount() -> None:
    candidates = [
        Candidate("a", "all", 1, 10, Choice.DECLINE),
        Candidate("b", "all", 2, None),
        Candidate("c", "all", 3, 10),
        Candidate("d", "all", None, 10),
    ]
    assert by_rank_order(candidates, left_minor={"": 100}, awards_left={}) == {"c": Choice.AWARD}


def test_rank_order_never_goes_against_rank_and_never_over_the_money() -> None:
    for ranks in ORDERS:
        for asks in product((5, 10, 30), repeat=5):
            candidates = [Candidate(str(n), "all", ranks[n], asks[n]) for n in range(5)]
            choices = by_rank_order(candidates, left_minor={"": 40}, awards_left={"all": 3})
            decided = [Candidate(c.entry_id, c.pool, c.rank, c.ask_minor, choices.get(c.entry_id)) for c in candidates]
            awarded = [asks[int(entry_id)] for entry_id, choice in choices.items() if choice is Choice.AWARD]
            assert against_rank(decided) == frozenset()
            assert sum(awarded) <= 40
            assert len(awarded) <= 3


@pytest.mark.parametrize(
    ("requested", "ceiling", "award", "expected"),
    [(500, 900, None, 500), (1200, 900, None, 900), (None, 900, None, 900), (500, None, None, 500), (1, 2, 3, 3)],
)
def test_full_amount_is_the_prize_or_the_request_up_to_the_ceiling(
    requested: int | None, ceiling: int | None, award: int | None, expected: int
) -> None:
    full = ask_in_full(requested_minor=requested, ceiling_minor=ceiling, award_minor=award)
    assert full == expected


def test_full_amount_is_unknown_when_nothing_says_it() -> None:
    assert ask_in_full(requested_minor=None, ceiling_minor=None, award_minor=None) is None


@pytest.mark.parametrize(
    ("amount", "in_full", "is_fixed", "accepted"),
    [
        (500, 500, False, True),
        (300, 500, False, True),
        (501, 500, False, False),
        (0, 500, False, False),
        (None, 500, False, False),
        (10, None, False, True),
        (500, 500, True, True),
        (499, 500, True, False),
    ],
)
def test_amount_is_whole_or_part_of_the_request_and_exactly_the_prize(
    amount: int | None, in_full: int | None, is_fixed: bool, accepted: bool
) -> None:
    assert (amount_problems(amount, in_full_minor=in_full, is_fixed=is_fixed) == []) is accepted


def test_reason_has_a_limit_and_a_needed_reason_is_not_blank() -> None:
    assert reason_problems("") == []
    assert len(reason_problems("  \n", required=True)) == 1
    assert len(reason_problems("x" * 3000)) == 1


def test_rank_order_declines_equals_below_the_line() -> None:
    choices = by_rank_order(pool([1, 2, 3, 3], "...."), left_minor={"": 15}, awards_left={})
    assert [choice for _, choice in sorted(choices.items())] == [Choice.AWARD] + [Choice.DECLINE] * 3


def with_floor(candidates: list[Candidate], above: int) -> list[Candidate]:
    """The same candidates; those with a rank behind `above` are below the floor."""
    return [replace(each, is_below_floor=each.rank is not None and each.rank > above) for each in candidates]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ("AADD", set()),
        ("AAAD", {2}),
        ("ADAD", {1, 2}),
        ("AAAA", {2, 3}),
        ("AA.A", {3}),
        ("..DD", set()),
        ("..AA", {2, 3}),
        ("DDRD", set()),
        ("ADRD", set()),
        ("DARR", {0, 1}),
    ],
)
def test_below_the_floor_an_award_needs_a_reason_and_nothing_else_does(choices: str, expected: set[int]) -> None:
    """Ranks 1 to 4, the floor between 2 and 3."""
    candidates = with_floor(pool([1, 2, 3, 4], choices), 2)
    assert against_rank(candidates) == {f"all{number}" for number in expected}


def test_who_stands_last_above_the_floor_has_it_by_rank_before_who_is_below_it() -> None:
    """The second stands behind the first for reviews that were not done, and only the first is below the floor."""
    for choices, expected in (("DA", set()), ("AD", {"all0", "all1"}), ("AA", {"all0"})):
        below, last = pool([1, 2], choices)
        assert against_rank([replace(below, is_below_floor=True), last]) == expected


def test_rank_order_declines_what_is_below_the_floor_though_money_and_awards_are_left() -> None:
    candidates = with_floor(pool([1, 2, 3, 3, 5], "....."), 2)
    candidates.append(Candidate("unknown", "all", 6, None, is_below_floor=True))
    assert by_rank_order(candidates, left_minor={"": 1000}, awards_left={"all": 5}) == {
        "all0": Choice.AWARD,
        "all1": Choice.AWARD,
        **dict.fromkeys(("all2", "all3", "all4", "unknown"), Choice.DECLINE),
    }


def test_rank_order_reaches_past_the_floor_to_who_stands_last_above_it() -> None:
    below, last = pool([1, 2], "..")
    choices = by_rank_order([replace(below, is_below_floor=True), last], left_minor={"": 10}, awards_left={})
    assert choices == {"all0": Choice.DECLINE, "all1": Choice.AWARD}


def test_rank_order_with_a_floor_never_goes_against_rank_nor_below_the_floor() -> None:
    for ranks, above, asks in product(ORDERS, range(6), product((5, 30), repeat=5)):
        asked = [Candidate(str(n), "all", ranks[n], asks[n]) for n in range(5)]
        candidates = with_floor(asked, above)
        choices = by_rank_order(candidates, left_minor={"": 40}, awards_left={"all": 3})
        decided = [replace(each, choice=choices.get(each.entry_id)) for each in candidates]
        assert against_rank(decided) == frozenset()
        below = {each.entry_id for each in candidates if each.is_below_floor}
        assert {choices[each] for each in below} <= {Choice.DECLINE}
        rest = by_rank_order(
            [each for each in candidates if not each.is_below_floor], left_minor={"": 40}, awards_left={"all": 3}
        )
        assert {key: choice for key, choice in choices.items() if key not in below} == rest


def test_what_is_below_the_floor_without_an_award_is_as_if_it_were_not_there() -> None:
    for choices in product("ARD.", repeat=5):
        candidates = with_floor(pool([1, 2, 2, 4, 5], "".join(choices)), 2)
        if all(each.choice is not Choice.AWARD for each in candidates if each.is_below_floor):
            rest = [each for each in candidates if not each.is_below_floor]
            assert against_rank(candidates) == against_rank(rest)


@pytest.mark.parametrize(
    ("votes", "choices", "expected"),
    [
        ("DDA", "DDA", set()),
        ("DDA", "RDA", set()),
        ("DDA", "ADD", set()),
        ("DDA", "DAD", set()),
        ("DDA", "DAA", set()),
        ("...", "DDA", {0, 2}),
        ("D..", "DDA", {1, 2}),
        ("D..", "DAD", set()),
    ],
)
def test_where_a_public_vote_decides_what_follows_it_is_no_matter_of_rank(
    votes: str, choices: str, expected: set[int]
) -> None:
    """Ranks 1 to 3; `votes` has what the vote makes of each: A(ward), D(ecline), or . where people decide.

    For what goes against the vote, the rules of the vote ask for a reason.
    """
    candidates = [
        replace(each, by_vote=CHOICES[vote]) for each, vote in zip(pool([1, 2, 3], choices), votes, strict=True)
    ]
    assert against_rank(candidates) == {f"all{number}" for number in expected}


def test_who_wins_the_vote_without_a_review_needs_no_other_reason_but_below_the_floor_does() -> None:
    won = Candidate("won", "all", None, 10, Choice.AWARD, by_vote=Choice.AWARD)
    assert against_rank([won]) == frozenset()
    assert against_rank([replace(won, rank=1, is_below_floor=True)]) == {"won"}
