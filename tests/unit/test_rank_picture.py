"""The picture of a ranking holds what its table holds; and the list of it is narrowed and put in order."""

import re

import pytest

from fundapp.review.rank_picture import HEIGHT, WIDTH, rank_picture
from fundapp.review.tally_list import Order, Wanted, in_order, page_of, wanted_in

CHOICES = {"region": {"north": "North"}, "short": {"1": "Short"}}


def test_dots_stand_from_the_best_to_the_last_and_bars_reach_over_the_ranks() -> None:
    """Four entries: 40 units apart, and 65 units from rank to rank."""
    picture = rank_picture([[(1, 1, 2), (2, 1, 4), (3, 2, 4), (4, 3, 4)]], places=2)
    assert picture is not None
    assert picture.dots == "M20 32.5h0M60 97.5h0M100 162.5h0M140 227.5h0"
    assert picture.bars == "M20 32.5V97.5M60 32.5V227.5M100 97.5V227.5M140 162.5V227.5"
    assert (picture.line_y, picture.last, picture.walls) == (130, 4, "")


@pytest.mark.parametrize("places", [0, 3, 5])
def test_no_line_stands_where_nobody_or_everybody_has_a_place(places: int) -> None:
    picture = rank_picture([[(1, 1, 2), (2, 1, 3), (3, 2, 3)]], places)
    assert picture is not None
    assert picture.line_y is None


def test_parts_stand_side_by_side_with_ranks_of_their_own_and_without_a_line() -> None:
    """Two entries and one: 130 units from rank to rank, a wall between the second and the third."""
    picture = rank_picture([[(1, 1, 2), (2, 1, 2)], [(1, 1, 1)]], places=1)
    assert picture is not None
    assert picture.dots == "M20 65h0M60 195h0M100 65h0"
    assert picture.walls == "M80 0V260"
    assert (picture.line_y, picture.last) == (None, 2)


@pytest.mark.parametrize("parts", [[], [[]], [[(1, 1, 1)]]])
def test_one_entry_alone_needs_no_picture(parts: list[list[tuple[int, int, int]]]) -> None:
    assert rank_picture(parts, 1) is None


def test_thousands_stand_inside_and_weigh_little() -> None:
    picture = rank_picture([[(n, max(1, n - 400), min(3_000, n + 400)) for n in range(1, 3_001)]], 300)
    assert picture is not None
    points = [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", picture.dots)]
    assert len(points) == 3_000
    assert points == sorted(points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert len(picture.bars) + len(picture.dots) < 120_000


def test_what_nobody_can_have_chosen_is_left_out() -> None:
    wanted = wanted_in({"region": "nowhere", "short": "1", "other": "x", "sort": "x", "page": "-1"}, CHOICES)
    assert wanted == Wanted(filters={"short": "1"})
    assert wanted_in({"sort": "mean", "reverse": "1", "page": "3"}, CHOICES) == Wanted({}, "", Order.MEAN, True, 3)
    assert wanted_in({"search": "a\x00b"}, CHOICES).search == ""


def test_an_address_says_what_differs_from_the_usual_and_no_words() -> None:
    assert Wanted().arguments() == {}
    wanted = Wanted({"region": "north"}, "Amina", Order.DISAGREEMENT, reverse=True, number=4)
    assert wanted.arguments() == {"region": "north", "sort": "disagreement", "reverse": "1"}


def test_rows_without_a_figure_come_last_either_way() -> None:
    rows = [2.0, None, 1.0, 0.0, None]
    assert in_order(rows, lambda row: row) == [0.0, 1.0, 2.0, None, None]
    assert in_order(rows, lambda row: row, falls=True) == [2.0, 1.0, 0.0, None, None]


@pytest.mark.parametrize(("asked", "number", "first"), [(1, 1, 0), (3, 3, 50), (99, 3, 50), (0, 1, 0)])
def test_a_page_past_the_end_is_the_last_one(asked: int, number: int, first: int) -> None:
    page = page_of(range(60), asked)
    assert (page.number, page.items[0], page.total) == (number, first, 60)
