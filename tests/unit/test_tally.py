"""Small cases worked on paper, and properties that hold for every table of scores."""

import random
import statistics
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.review.tally import (
    EntryTally,
    Number,
    Scale,
    ScoreRow,
    WeightedCriterion,
    mark_of_review,
    rounded,
    scale_of_marks,
    tally,
)

NEED = WeightedCriterion("need", 2, 1, 5)
REACH = WeightedCriterion("reach", 1, 1, 5)
PLAN = WeightedCriterion("plan", 1, 1, 5)
RUBRIC = [NEED, REACH, PLAN]


def rows(table: dict[str, dict[str, dict[str, Number | None]]]) -> list[ScoreRow]:
    return [
        ScoreRow(entry, reviewer, criterion, score)
        for entry, reviews in table.items()
        for reviewer, scores in reviews.items()
        for criterion, score in scores.items()
    ]


def plain(marks: dict[str, list[int]]) -> list[EntryTally]:
    """Tally one criterion, the reviewers numbered in order."""
    table: dict[str, dict[str, dict[str, Number | None]]] = {
        entry: {f"r{number}": {"need": score} for number, score in enumerate(scores)} for entry, scores in marks.items()
    }
    return tally(marks, [NEED], rows(table))


def test_criteria_are_weighted_before_reviews_are_averaged() -> None:
    """Marks (2*5 + 4 + 3) / 4 = 17/4 and (2*3 + 3 + 3) / 4 = 3, mean 29/8, variance (5/8)^2 * 2 = 25/32."""
    (entry,) = tally(
        ["e"],
        RUBRIC,
        rows({"e": {"r0": {"need": 5, "reach": 4, "plan": 3}, "r1": {"need": 3, "reach": 3, "plan": 3}}}),
    )
    assert [mark.mark for mark in entry.marks] == [Fraction(17, 4), Fraction(3)]
    assert (entry.mean, entry.median, entry.variance) == (Fraction(29, 8), Fraction(29, 8), Fraction(25, 32))
    assert entry.spread is not None
    assert rounded(entry.spread, 4) == Decimal("0.8839")


def test_cannot_judge_is_left_out_and_weights_are_scaled_up() -> None:
    """4, 4 and "cannot judge" are 4.0, not 2.67 as they would be with a zero."""
    assert mark_of_review({"need": 4, "reach": 4, "plan": None}, RUBRIC) == 4
    assert mark_of_review({"need": None, "reach": 5, "plan": 2}, RUBRIC) == Fraction(7, 2)


def test_missing_criterion_counts_like_cannot_judge() -> None:
    assert mark_of_review({"need": 4, "reach": 1}, RUBRIC) == mark_of_review(
        {"need": 4, "reach": 1, "plan": None}, RUBRIC
    )
    assert mark_of_review({"need": 4, "reach": 1}, RUBRIC) == 3


def test_review_with_nothing_judged_is_no_review() -> None:
    (entry,) = tally(["e"], RUBRIC, rows({"e": {"r0": dict.fromkeys(("need", "reach", "plan")), "r1": {"need": 2}}}))
    assert entry.reviews == 1
    assert entry.mean == 2
    assert entry.spread is None


def test_criterion_without_weight_is_shown_but_does_not_count() -> None:
    advice = WeightedCriterion("advice", 0, 1, 5)
    assert mark_of_review({"need": 4, "advice": 1}, [NEED, advice]) == 4
    assert mark_of_review({"advice": 1}, [NEED, advice]) is None


def test_entry_without_review_has_no_rank_and_comes_last() -> None:
    entries = plain({"a": [], "b": [1], "c": [2]})
    assert [(entry.entry_id, entry.rank_label) for entry in entries] == [("c", "1"), ("b", "2"), ("a", "")]
    assert entries[-1].mean is None


def test_equal_means_share_the_rank_and_the_next_is_skipped() -> None:
    entries = plain({"a": [1, 5], "b": [3], "c": [5], "d": [2], "e": [3, 3, 3]})
    assert [(e.entry_id, e.rank_label) for e in entries] == [
        ("c", "1"),
        ("a", "=2"),
        ("b", "=2"),
        ("e", "=2"),
        ("d", "5"),
    ]


def test_tie_is_exact_where_floating_point_would_break_it() -> None:
    """0.1 + 0.2 is 0.3 here: tenths add up as on paper."""
    rubric = [WeightedCriterion("a", Decimal("0.1"), 1, 5), WeightedCriterion("b", Decimal("0.2"), 1, 5)]
    entries = tally(["e", "f"], rubric, rows({"e": {"r": {"a": 1, "b": 4}}, "f": {"r": {"a": 3, "b": 3}}}))
    assert [entry.rank_label for entry in entries] == ["=1", "=1"]


def test_means_that_only_look_equal_are_not_tied() -> None:
    """1001/300 and 1002/300 both print as 3.34."""
    wide = WeightedCriterion("need", 1, 1, 1000)
    table: dict[str, dict[str, dict[str, Number | None]]] = {
        "a": {f"r{n}": {"need": 3} for n in range(300)},
        "b": {f"r{n}": {"need": 3} for n in range(300)},
    }
    for n in range(101):
        table["a"][f"r{n}"] = {"need": 4}
        table["b"][f"r{n}"] = {"need": 4}
    table["b"]["r200"] = {"need": 4}
    first, second = tally(table, [wide], rows(table))
    assert (first.entry_id, first.rank_label, second.rank_label) == ("b", "1", "2")
    assert first.mean is not None
    assert second.mean is not None
    assert rounded(first.mean) == rounded(second.mean) == Decimal("3.34")


def test_different_scales_are_first_made_shares() -> None:
    rubric = [WeightedCriterion("a", 1, 0, 10), WeightedCriterion("b", 1, 1, 5)]
    assert scale_of_marks(rubric) == Scale(Fraction(0), Fraction(100))
    assert mark_of_review({"a": 5, "b": 5}, rubric) == 75
    assert scale_of_marks(RUBRIC) == Scale(Fraction(1), Fraction(5))


def test_apostrophe_in_a_criterion_changes_no_number() -> None:
    """A label once broke a rival's arithmetic; a key is only ever compared as a whole."""
    odd = 'people\'s own "plan" <b>&amp; 100%'
    for key in ("plan", odd):
        rubric = [NEED, WeightedCriterion(key, 3, 1, 5)]
        assert mark_of_review({"need": 5, key: 5}, rubric) == 5
        assert mark_of_review({"need": 5, key: 1}, rubric) == Fraction(13, 5)


def test_rounding_goes_up_at_the_half() -> None:
    assert [str(rounded(Fraction(*f))) for f in ((25, 8), (1, 3), (5, 1), (9, 1000))] == [
        "3.13",
        "0.33",
        "5.00",
        "0.01",
    ]


@pytest.mark.parametrize(
    "row",
    [
        ScoreRow("other", "r0", "need", 3),
        ScoreRow("e", "r0", "other", 3),
        ScoreRow("e", "r0", "need", 6),
        ScoreRow("e", "r0", "need", 0),
        ScoreRow("e", "r9", "need", 3),
    ],
    ids=["entry", "criterion", "above", "below", "twice"],
)
def test_row_that_cannot_be_is_refused(row: ScoreRow) -> None:
    with pytest.raises(ValueError, match=r"unknown|rubric|outside|twice"):
        tally(["e"], RUBRIC, [ScoreRow("e", "r9", "need", 3), row])


def test_criterion_with_an_empty_scale_or_a_weight_below_zero_is_refused() -> None:
    for weight, lowest, highest in ((1, 5, 5), (-1, 1, 5)):
        with pytest.raises(ValueError, match="criterion x"):
            WeightedCriterion("x", weight, lowest, highest)


scores = st.one_of(st.none(), st.integers(1, 5))
tables = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.sampled_from("rstu"), st.fixed_dictionaries({"need": scores, "reach": scores, "plan": scores})),
    min_size=1,
)


@given(tables, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(
    table: dict[str, dict[str, dict[str, Number | None]]], rng: random.Random
) -> None:
    flat = rows(table)
    first = tally(table, RUBRIC, flat)
    rng.shuffle(flat)
    assert tally(sorted(table, reverse=True), RUBRIC, flat) == first


@given(tables)
def test_figures_agree_with_the_standard_library(table: dict[str, dict[str, dict[str, Number | None]]]) -> None:
    for entry in tally(table, RUBRIC, rows(table)):
        marks = [mark.mark for mark in entry.marks]
        if not marks:
            assert (entry.mean, entry.median, entry.spread, entry.rank) == (None, None, None, None)
            continue
        assert entry.mean == statistics.mean(marks)
        assert entry.median == statistics.median(marks)
        if len(marks) == 1:
            assert entry.spread is None
        else:
            assert float(entry.spread or 0) == pytest.approx(statistics.stdev(map(float, marks)))


@given(tables)
def test_rank_is_one_more_than_the_number_of_better_entries(
    table: dict[str, dict[str, dict[str, Number | None]]],
) -> None:
    entries = tally(table, RUBRIC, rows(table))
    means = [entry.mean for entry in entries if entry.mean is not None]
    for entry in entries:
        if entry.mean is not None:
            assert entry.rank == 1 + sum(mean > entry.mean for mean in means)
            assert entry.tied == (means.count(entry.mean) > 1)


@given(tables)
def test_adding_a_constant_to_every_score_moves_no_rank(
    table: dict[str, dict[str, dict[str, Number | None]]],
) -> None:
    wider = [WeightedCriterion(c.key, c.weight, 1, 8) for c in RUBRIC]
    moved = [row if row.score is None else row._replace(score=row.score + 3) for row in rows(table)]
    assert [(e.entry_id, e.rank_label) for e in tally(table, wider, moved)] == [
        (e.entry_id, e.rank_label) for e in tally(table, RUBRIC, rows(table))
    ]
