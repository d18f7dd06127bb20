"""Lots at the line: who is in the band, the order that a seed gives, and ranks once lots have decided."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from math import sqrt
from typing import Any

import pytest

from fundapp.review.line_draw import bands, faults_of, lot_order, ranks_by_lot
from fundapp.review.pools import Lot, fingerprint, seed_of
from fundapp.review.rules import Candidate, Choice, by_rank_order


def standing(ranks: Mapping[str, int | None], *, ask: int | None = 10, pool: str = "") -> list[Candidate]:
    return [Candidate(key, pool, rank, ask) for key, rank in ranks.items()]


def band_of(ranks: Mapping[str, int | None], width: int, money: int) -> list[list[str]]:
    return bands(standing(ranks), width=width, left_minor={"": money}, awards_left={})


SIX = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}
TIED = {"a": 1, "b": 2, "c": 2, "d": 2, "e": 5, "f": 6}


@pytest.mark.parametrize(
    ("ranks", "width", "money", "expected"),
    [
        (SIX, 0, 30, []),
        (SIX, 1, 30, [["c", "d"]]),
        (SIX, 2, 30, [["b", "c", "d", "e"]]),
        (SIX, 50, 30, [["a", "b", "c", "d", "e", "f"]]),
        (SIX, 2, 10, [["a", "b", "c"]]),
        (SIX, 2, 60, []),
        (SIX, 2, 0, []),
        (TIED, 0, 20, [["b", "c", "d"]]),
        (TIED, 0, 40, []),
        (TIED, 1, 20, [["a", "b", "c", "d"]]),
        (TIED, 1, 40, [["b", "c", "d", "e"]]),
        (TIED, 1, 10, [["a", "b", "c", "d"]]),
        ({"a": 1, "b": 1, "c": None}, 0, 10, [["a", "b"]]),
    ],
)
def test_a_band_is_so_many_on_each_side_and_the_equals_of_its_edges(
    ranks: dict[str, int | None], width: int, money: int, expected: list[list[str]]
) -> None:
    assert band_of(ranks, width, money) == expected


def test_each_list_has_its_own_line_and_what_cannot_win_has_no_lot() -> None:
    there = [*standing({"a": 1, "b": 2, "c": 3}, pool="x"), *standing({"d": 1, "e": 2, "f": 3}, pool="y")]
    for out in (Candidate("b", "x", 2, 10, can_win=False), Candidate("b", "x", 2, 10, is_below_floor=True)):
        found = [out if each.entry_id == "b" else each for each in there]
        assert bands(found, width=1, left_minor={"": 60}, awards_left={"x": 1, "y": 1}) == [["a", "c"], ["d", "e"]]


def test_the_order_is_that_of_the_hash_of_seed_and_label_and_strata_do_not_mix() -> None:
    lots = [Lot(1, "cc"), Lot(2, "aa"), Lot(1, "bb"), Lot(2, "dd")]
    order = lot_order(lots, "seed")
    assert order == lot_order(reversed(lots), "seed")
    for stratum in (1, 2):
        labels = [lot.label for lot in lots if lot.stratum == stratum]
        by_hash = sorted(labels, key=lambda label: hashlib.sha256(b"seed\n" + label.encode()).digest())
        assert [order[label] for label in by_hash] == [1, 2]


def test_over_many_seeds_each_lot_wins_equally_often_and_always_exactly_as_many_as_fit() -> None:
    """Marginals within 3 sigma of places / lots, for every lot: algorithms.md, section 5."""
    lots = [Lot(1, f"{number:012x}") for number in range(8)]
    draws, places = 6_000, 3
    won: Counter[str] = Counter()
    for number in range(draws):
        order = lot_order(lots, seed_of("list", str(number)))
        assert sorted(order.values()) == list(range(1, 9))
        won.update(label for label, place in order.items() if place <= places)
    share = places / len(lots)
    allowed = 3 * sqrt(draws * share * (1 - share))
    assert sum(won.values()) == draws * places
    assert {label: abs(won[label] - draws * share) <= allowed for label in won} == dict.fromkeys(won, True)


def test_ranks_by_lot_are_ranks_once_more() -> None:
    assert ranks_by_lot(SIX, {"d": 1, "b": 2, "c": 3}) == {"a": 1, "d": 2, "b": 3, "c": 4, "e": 5, "f": 6}
    assert ranks_by_lot(TIED, {"c": 1, "d": 2, "b": 3}) == {"a": 1, "c": 2, "d": 3, "b": 4, "e": 5, "f": 6}
    assert ranks_by_lot(TIED, {}) == TIED


def test_ranks_by_lot_leave_no_gap_for_what_is_not_given() -> None:
    """As somebody with a conflict of interest sees it: as if the entry were not there, in the draw or elsewhere."""
    places = {"d": 1, "b": 2, "c": 3}
    for hidden in SIX:
        seen = sorted(key for key in SIX if key != hidden)
        ranks = {key: number for number, key in enumerate(seen, start=1)}
        found = ranks_by_lot(ranks, {key: place for key, place in places.items() if key != hidden})
        assert sorted(found.values()) == [1, 2, 3, 4, 5]
        whole = ranks_by_lot(SIX, places)
        assert sorted(found, key=lambda key: found[key]) == sorted(seen, key=lambda key: whole[key])


def test_those_in_by_lot_are_as_many_as_the_money_reaches_and_the_band_stays_between_the_others() -> None:
    (band,) = band_of(SIX, 2, 30)
    for number in range(50):
        order = lot_order([Lot(1, key) for key in band], str(number))
        ranks = ranks_by_lot(SIX, order)
        chosen = by_rank_order(standing(ranks), left_minor={"": 30}, awards_left={})
        given = {key for key, choice in chosen.items() if choice is Choice.AWARD}
        assert len(given) == 3
        assert "a" in given
        assert "f" not in given


def published(value: str | None = "12 34 56") -> dict[str, Any]:
    lots = [Lot(1, "aa"), Lot(1, "bb"), Lot(2, "cc"), Lot(2, "dd")]
    seed = seed_of(fingerprint(lots), value) if value else None
    order = lot_order(lots, seed) if seed else {}
    return {
        "fingerprint": fingerprint(lots),
        "public_value": value,
        "seed": seed,
        "lots": [{"stratum": each.stratum, "label": each.label, "place": order.get(each.label)} for each in lots],
    }


def test_a_published_draw_follows_from_itself_and_each_change_is_found() -> None:
    assert faults_of(published()) == faults_of(published(None)) == []
    first, *others = published()["lots"]
    for change in (
        {"fingerprint": "0" * 64},
        {"public_value": "12 34 57"},
        {"seed": "0" * 64},
        {"lots": [{**first, "label": "ee"}, *others]},
        {"lots": others},
        {"lots": [{**first, "place": 3 - int(first["place"])}, *others]},
    ):
        assert faults_of({**published(), **change}), change
    for other in ({}, {"lots": 5}, {"lots": [5]}):
        with pytest.raises(ValueError, match="no draw"):
            faults_of(other)
