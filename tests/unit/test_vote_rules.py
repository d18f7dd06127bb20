"""Who is one voter, whom votes choose, what looks odd; and whom the scores put forward as finalists."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fundapp.review.finalist_rules import Placed, Profile, named_against_rank, profile_problems
from fundapp.review.vote_rules import (
    Cast,
    PatternKind,
    chosen_by_votes,
    fold_voter,
    is_throwaway,
    patterns,
    shape_of,
    terms_problems,
    won_by_votes,
)

NOW = datetime(2020, 9, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "voter"),
    [
        ("amina@example.org", "amina@example.org"),
        ("amina+two@example.org", "amina@example.org"),
        ("a.mina@example.org", "a.mina@example.org"),
        ("a.mi.na+x@gmail.com", "amina@gmail.com"),
        ("amina@googlemail.com", "amina@gmail.com"),
        ("+only@example.org", "+only@example.org"),
    ],
)
def test_spellings_of_one_address_are_one_voter(address: str, voter: str):
    assert fold_voter(address) == voter


def test_addresses_that_differ_in_a_number_have_one_shape_and_others_have_none():
    assert shape_of("vote17@example.org") == shape_of("vote4+x@example.org") == "vote#@example.org"
    assert shape_of("vote17@example.com") != shape_of("vote17@example.org")
    assert shape_of("amina@example.org") == ""


def test_throwaway_providers_are_known_by_their_domain():
    assert is_throwaway("x@mailinator.com")
    assert not is_throwaway("mailinator.com@example.org")


@pytest.mark.parametrize(
    ("votes", "places", "chosen"),
    [
        ({"a": 5, "b": 4, "c": 4}, 1, {"a"}),
        ({"a": 5, "b": 4, "c": 4}, 2, {"a", "b", "c"}),
        ({"a": 5, "b": 5}, 1, {"a", "b"}),
        ({"a": 0, "b": 0}, 1, set()),
        ({"a": 1, "b": 0}, 2, {"a"}),
        ({}, 1, set()),
    ],
)
def test_votes_choose_as_many_as_there_are_places_and_all_who_tie(votes: dict[str, int], places: int, chosen: set[str]):
    assert chosen_by_votes(votes, places) == chosen
    won = won_by_votes(votes, places)
    assert won <= chosen
    assert len(won) <= places
    assert (won == chosen) == (len(chosen) <= places)


@pytest.mark.parametrize(
    ("votes", "places", "won"),
    [
        ({"a": 5, "b": 4, "c": 4}, 1, {"a"}),
        ({"a": 5, "b": 4, "c": 4}, 2, {"a"}),
        ({"a": 5, "b": 4, "c": 4}, 3, {"a", "b", "c"}),
        ({"a": 5, "b": 5}, 1, set()),
        ({"a": 1, "b": 0}, 2, {"a"}),
    ],
)
def test_who_ties_for_the_last_place_has_not_won(votes: dict[str, int], places: int, won: set[str]):
    assert won_by_votes(votes, places) == won


def cast(number: int, **values: Any) -> Cast:
    usual: dict[str, Any] = {
        "finalist": "x", "minute": NOW + timedelta(minutes=number), "network": f"n{number}", "domain": "",
        "shape": "", "is_throwaway": False,
    }  # fmt: skip
    return Cast(id=str(number), **{**usual, **values})


def kinds(casts: list[Cast]) -> list[tuple[PatternKind, int]]:
    return [(each.kind, len(each.casts)) for each in patterns(casts)]


def test_votes_of_many_people_over_a_day_look_like_nothing():
    assert kinds([cast(number, domain=f"d{number}", shape=f"s{number}") for number in range(60)]) == []
    assert kinds([]) == []


def test_each_kind_of_pattern_is_found_alone_and_a_group_below_its_size_is_not():
    quiet = [cast(number) for number in range(100, 140)]
    assert kinds([*quiet, *(cast(number, minute=NOW) for number in range(10))]) == [(PatternKind.BURST, 10)]
    assert kinds([*quiet, *(cast(number, minute=NOW) for number in range(9))]) == []
    assert kinds([*quiet, *(cast(number, network="one") for number in range(10))]) == [(PatternKind.NETWORK, 10)]
    assert kinds([*quiet, *(cast(number, network="one") for number in range(9))]) == []
    assert kinds([*quiet, *(cast(number, domain="one") for number in range(10))]) == [(PatternKind.DOMAIN, 10)]
    assert kinds([*quiet, *(cast(number, shape="v#@x") for number in range(5))]) == [(PatternKind.SEQUENCE, 5)]
    assert kinds([*quiet, *(cast(number, shape="v#@x") for number in range(4))]) == []
    throwaway = [cast(number, is_throwaway=True) for number in range(3)]
    assert kinds([*quiet, *throwaway]) == [(PatternKind.THROWAWAY, 3)]
    assert kinds([*quiet, *throwaway[:2]]) == []


def test_a_busy_vote_has_a_higher_bar_for_a_burst():
    busy = [
        cast(minute * 100 + each, minute=NOW + timedelta(minutes=minute)) for minute in range(9) for each in range(8)
    ]
    burst = [cast(5000 + each, minute=NOW + timedelta(hours=3)) for each in range(39)]
    assert kinds([*busy, *burst]) == []
    assert kinds([*busy, *burst, cast(9000, minute=NOW + timedelta(hours=3))]) == [(PatternKind.BURST, 40)]


def test_a_pattern_says_whom_it_helps_and_keeps_its_name():
    group = [cast(number, network="one", finalist="xy"[number % 2]) for number in range(11)]
    (found,) = patterns(group)
    assert found.finalists == {"x": 6, "y": 5}
    assert found.id == patterns(group)[0].id
    assert "one" not in found.id


def test_a_vote_opens_in_the_future_and_closes_after_that():
    later = NOW + timedelta(days=1)
    assert terms_problems(later, later + timedelta(days=1), NOW) == []
    assert [each.field for each in terms_problems(NOW, NOW, NOW)] == ["opens_on", "closes_on"]


def test_a_finalist_behind_somebody_left_out_needs_a_reason_within_the_category_alone():
    first, second, equal, unread = (
        Placed("first", "a", 1), Placed("second", "a", 2), Placed("equal", "a", 2), Placed("unread", "a", None)
    )  # fmt: skip
    other = Placed("other", "b", 9)
    rows = [first, second, equal, unread, other]
    assert named_against_rank(rows, {"first", "second"}) == set()
    assert named_against_rank(rows, {"second"}) == {"second"}
    assert named_against_rank(rows, {"first", "second", "equal", "unread"}) == {"unread"}
    assert named_against_rank(rows, {"other"}) == set()


def test_a_profile_has_a_name_and_texts_of_a_bearable_length():
    assert profile_problems(Profile("Paralegals", "", {"en": "x" * 800})) == []
    fields = [each.field for each in profile_problems(Profile("", "t" * 201, {"fr": "x" * 801}))]
    assert fields == ["title", "name", "text_fr"]
