"""What becomes of an application decides from when its time counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fundapp.applications.keeping_periods import DEFAULT_DAYS, days_of
from fundapp.retention.rules import Facts, due_at, fate

DAY = timedelta(days=1)
CLOSES = datetime(2020, 10, 1, tzinfo=UTC)
SENT = Facts(
    is_draft=False,
    saved_at=CLOSES - DAY,
    closes_at=CLOSES,
    withdrawn_at=None,
    ineligible_at=None,
    entries=2,
    decided=0,
    released_at=None,
    awarded_at=None,
)
DRAFT = replace(SENT, is_draft=True, entries=0)


@pytest.mark.parametrize(
    ("facts", "name", "since"),
    [
        (DRAFT, "draft", CLOSES),
        (replace(DRAFT, saved_at=CLOSES + 5 * DAY), "draft", CLOSES + 5 * DAY),
        (replace(SENT, ineligible_at=CLOSES + DAY), "ineligible", CLOSES + DAY),
        (replace(SENT, withdrawn_at=CLOSES + DAY), "withdrawn", CLOSES + DAY),
        (SENT, "undecided", CLOSES),
        (replace(SENT, decided=1, released_at=CLOSES + DAY), "undecided", CLOSES),
        (replace(SENT, decided=2, released_at=CLOSES + DAY), "declined", CLOSES + DAY),
        (replace(SENT, decided=2, released_at=CLOSES + DAY, may_come_again=True), "next_call", CLOSES + DAY),
        (replace(SENT, decided=1, released_at=CLOSES + DAY, may_come_again=True), "undecided", CLOSES),
        (replace(SENT, decided=1, released_at=CLOSES + DAY, awarded_at=CLOSES + 2 * DAY), "awarded", CLOSES + 2 * DAY),
        (replace(SENT, entries=0), "undecided", CLOSES),
    ],
)
def test_the_fate_of_an_application_and_its_first_day(facts, name, since):
    assert fate(facts) == (name, since)


def test_a_call_may_keep_for_longer_or_shorter():
    assert due_at(DRAFT, {}) == ("draft", CLOSES + DEFAULT_DAYS["draft"] * DAY)
    again = replace(SENT, decided=2, released_at=CLOSES, may_come_again=True)
    assert due_at(again, {"next_call": 9, "declined": 1}) == ("next_call", CLOSES + 9 * DAY)
    assert due_at(again, {"next_call": 1, "declined": 9}) == ("next_call", CLOSES + 9 * DAY)
    assert due_at(DRAFT, {"draft": 7, "declined": 1}) == ("draft", CLOSES + 7 * DAY)
    assert {fate: days_of(fate, {}) for fate in DEFAULT_DAYS} == dict(DEFAULT_DAYS)
