"""Phases: which one is active, what it allows, and which stand in each other's way."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from fundapp.applications.phase_rules import (
    NOTHING,
    SeenOthers,
    ShownAs,
    active_phase,
    next_phase,
    overlapping,
    rights,
    scoring_ends_at,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Phase:
    code: str
    starts_at: datetime
    ends_at: datetime
    may_score: bool = True
    others: SeenOthers = SeenOthers.NEVER
    shown_as: ShownAs = ShownAs.ALIASES
    may_discuss: bool = False


ALONE = Phase("alone", START, START + DAY)
TALK = Phase("talk", START + DAY, START + 2 * DAY, others=SeenOthers.AFTER_OWN, may_discuss=True)
OPEN = Phase("open", START + 3 * DAY, START + 4 * DAY, may_score=False, others=SeenOthers.ALWAYS)
PHASES = [ALONE, TALK, OPEN]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (START - timedelta(microseconds=1), None),
        (START, "alone"),
        (START + DAY - timedelta(microseconds=1), "alone"),
        (START + DAY, "talk"),
        (START + 2 * DAY, None),
        (START + 3 * DAY, "open"),
        (START + 4 * DAY, None),
    ],
)
def test_at_most_one_phase_is_active_from_its_start_until_just_before_its_end(at, code):
    active = active_phase(PHASES, at)
    assert (active.code if active else None) == code


def test_what_comes_next_is_the_earliest_that_has_not_begun():
    assert next_phase(reversed(PHASES), START) == TALK
    assert next_phase(PHASES, START + 3 * DAY) is None


def test_without_phases_people_score_alone_until_the_list_was_sent():
    for is_open in (True, False):
        found = rights([], START, has_submitted=True, is_open=is_open)
        assert (found.may_score, found.sees_others, found.may_discuss) == (is_open, False, False)


@pytest.mark.parametrize(
    ("at", "has_submitted", "is_open", "expected"),
    [
        (START, True, True, (True, False, False)),
        (START + DAY, False, True, (True, False, False)),
        (START + DAY, True, True, (True, True, True)),
        (START + DAY, True, False, (False, True, False)),
        (START + 3 * DAY, False, True, (False, True, False)),
    ],
)
def test_rights_follow_the_phase_ones_own_review_and_the_list(at, has_submitted, is_open, expected):
    found = rights(PHASES, at, has_submitted=has_submitted, is_open=is_open)
    assert (found.may_score, found.sees_others, found.may_discuss) == expected


def test_nothing_is_allowed_between_phases():
    assert rights(PHASES, START + 2 * DAY, has_submitted=True, is_open=True) == NOTHING


def test_reviews_are_wanted_until_the_first_phase_of_scoring_ends():
    assert scoring_ends_at(PHASES) == START + DAY
    assert scoring_ends_at([OPEN]) is None


def test_phases_that_touch_do_not_overlap_and_those_that_share_a_moment_do():
    assert overlapping(PHASES) == []
    assert overlapping([replace(TALK, starts_at=START + DAY - timedelta(seconds=1)), ALONE]) == [("alone", "talk")]
    within = Phase("within", START + timedelta(hours=1), START + timedelta(hours=2))
    last = Phase("last", START + timedelta(hours=3), START + 2 * DAY)
    assert overlapping([ALONE, within, last]) == [("alone", "within"), ("alone", "last")]
