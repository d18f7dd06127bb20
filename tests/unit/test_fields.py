"""Dates in three boxes, and pages of lists."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from fundapp.core.fields import DateField
from fundapp.core.paging import Page


class DayForm(Form):
    on = DateField("Day")


def sent(day: str, month: str, year: str) -> DayForm:
    return DayForm(MultiDict({"on-day": day, "on-month": month, "on-year": year}))


def test_date_is_read_from_three_boxes() -> None:
    form = sent("29", "2", "2020")
    assert form.validate()
    assert (form.on.data, form.on.typed) == (date(2020, 2, 29), "2020-2-29")


def test_date_in_other_digits_is_read() -> None:
    assert sent("٢٩", "٢", "٢٠٢٠").on.data == date(2020, 2, 29)


@pytest.mark.parametrize(
    ("day", "month", "year"),
    [("31", "2", "2020"), ("", "2", "2020"), ("x", "2", "2020"), ("1", "13", "2020"), ("1", "1", "99999")],
)
def test_day_that_does_not_exist_is_refused_and_kept_as_typed(day: str, month: str, year: str) -> None:
    form = sent(day, month, year)
    assert not form.validate()
    assert form.on.data is None
    assert form.on.parts == {"day": day, "month": month, "year": year}


def test_typed_date_fills_the_same_boxes_again() -> None:
    for day, month, year in (("31", "2", "2020"), ("", "", "2020"), ("1", "", "")):
        first = sent(day, month, year)
        assert DayForm(data={"on": first.on.typed}).on.parts == first.on.parts


def test_no_date_is_none() -> None:
    form = sent("", "", "")
    assert form.validate()
    assert (form.on.data, form.on.typed) == (None, "")


def test_stored_date_fills_the_boxes() -> None:
    assert DayForm(data={"on": date(2020, 3, 7)}).on.parts == {"day": "7", "month": "3", "year": "2020"}


@pytest.mark.parametrize(
    ("number", "total", "last", "window"),
    [
        (1, 0, 1, [1]),
        (1, 50, 1, [1]),
        (1, 51, 2, [1, 2]),
        (1, 500, 10, [1, 2, None, 10]),
        (5, 500, 10, [1, None, 4, 5, 6, None, 10]),
        (10, 500, 10, [1, None, 9, 10]),
    ],
)
def test_pages_offered_are_the_ends_and_the_neighbours(
    number: int, total: int, last: int, window: list[int | None]
) -> None:
    page = Page[str](items=[], number=number, size=50, total=total)
    assert (page.last, page.window) == (last, window)
