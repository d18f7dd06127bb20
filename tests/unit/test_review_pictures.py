"""The tally's picture holds what the table holds, whatever the number of entries."""

from fractions import Fraction
from itertools import pairwise

import pytest

from fundapp.review.pictures import (
    LEFT,
    LONGEST_BAR,
    MARGIN,
    MOST_SPREAD,
    PLOT_HEIGHT,
    RIGHT,
    LoadBar,
    load_plot,
    tally_plot,
)
from fundapp.review.tally import EntryTally, ReviewMark, Scale, ScoreRow, WeightedCriterion, tally

SCALE = Scale(Fraction(1), Fraction(5))


def ranked(count: int) -> list[tuple[str, EntryTally]]:
    rows = [ScoreRow(f"e{n:04}", f"r{k}", "need", 1 + (n + k) % 5) for n in range(count) for k in range(3)]
    figures = tally([f"e{n:04}" for n in range(count)], [WeightedCriterion("need", 1, 1, 5)], rows)
    return [(each.entry_id, each) for each in figures]


def test_ends_of_the_scale_are_the_ends_of_the_picture() -> None:
    marks = (ReviewMark("r0", Fraction(1)), ReviewMark("r1", Fraction(5)))
    plot = tally_plot([("e", EntryTally("e", marks, Fraction(3), Fraction(3), Fraction(8)))], SCALE)
    (column,) = plot.columns
    assert (column.low, column.high) == (PLOT_HEIGHT - MARGIN, MARGIN)
    assert column.mean == PLOT_HEIGHT / 2
    assert [(tick.label, tick.y) for tick in plot.ticks] == [
        ("1", PLOT_HEIGHT - MARGIN),
        ("3", PLOT_HEIGHT / 2),
        ("5", MARGIN),
    ]


@pytest.mark.parametrize("count", [1, 2, 12, 500])
def test_every_ranked_entry_stands_inside_in_order(count: int) -> None:
    plot = tally_plot(ranked(count), SCALE)
    places = [column.x for column in plot.columns]
    assert len(places) == count
    assert places == sorted(set(places))
    assert LEFT <= places[0] <= places[-1] <= RIGHT
    assert all(column.high <= column.mean <= column.low for column in plot.columns)
    assert all(right - left <= MOST_SPREAD + 0.1 for left, right in pairwise(places))


def test_bars_of_reviewers_are_on_one_scale_and_each_has_its_name_above_it() -> None:
    plot = load_plot([LoadBar("Ana", 3, 1, 0), LoadBar("Ben", 0, 0, 2)])
    ana, ben = plot.bars
    assert (ana.done, ana.begun_x, ana.begun, ana.end) == (60, 60, 20, LONGEST_BAR)
    assert (ben.waiting_x, ben.waiting, ben.words) == (0, 40, "0 / 2")
    assert ana.y < ana.bar_y < ana.bar_y + plot.bar_height < ben.y < ben.bar_y + plot.bar_height <= plot.height


def test_entry_without_review_is_left_out() -> None:
    assert tally_plot([("e", EntryTally("e", (), None, None, None))], SCALE).columns == []
    assert tally_plot([], SCALE).columns == []
