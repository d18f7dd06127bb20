"""What the scores of a stage propose, and what a choice against it needs."""

from fractions import Fraction

import pytest

from fundapp.review.stage_rules import (
    Checked,
    Proposed,
    Standing,
    against_proposal,
    move_problems,
    screened,
    shortlisted,
)

ON, STAYS, OPEN = Proposed.ON, Proposed.STAYS, Proposed.OPEN


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([[True, True], [True, True]], ON),
        ([[True, True], [True, False]], STAYS),
        ([[True, True]], OPEN),
        ([[True, False]], STAYS),
        ([[True, None], [True, True]], OPEN),
        ([[False, None], [True, True]], STAYS),
        ([], OPEN),
    ],
)
def test_screening_takes_on_what_all_peers_said_yes_to(readings, expected):
    assert screened([Checked("one", 2, readings)]) == {"one": expected}


def means(*values: float | None, pool: str = "") -> list[Standing]:
    return [
        Standing(f"{pool}{number}", pool, None if value is None else Fraction(value))
        for number, value in enumerate(values)
    ]


def test_shortlist_takes_the_best_of_each_category():
    entries = [*means(5, 3, 4, pool="a"), *means(1, 2, pool="b")]
    found = shortlisted(entries, {"a": 2, "b": 1})
    assert {key for key, value in found.items() if value is ON} == {"a0", "a2", "b1"}
    assert {key for key, value in found.items() if value is STAYS} == {"a1", "b0"}


def test_equals_at_the_line_and_entries_without_a_review_are_left_to_people():
    found = shortlisted(means(5, 4, 4, 3, None), {"": 2})
    assert found == {"0": ON, "1": OPEN, "2": OPEN, "3": STAYS, "4": OPEN}


def test_equals_that_all_fit_go_on():
    assert shortlisted(means(5, 4, 4), {"": 3}) == {"0": ON, "1": ON, "2": ON}


class CountedMean(Fraction):
    """A mean that counts how often it is compared."""

    compared = 0

    def __lt__(self, other):
        CountedMean.compared += 1
        return super().__lt__(other)

    def __gt__(self, other):
        CountedMean.compared += 1
        return super().__gt__(other)

    def __le__(self, other):
        CountedMean.compared += 1
        return super().__le__(other)

    def __ge__(self, other):
        CountedMean.compared += 1
        return super().__ge__(other)

    def __eq__(self, other):
        CountedMean.compared += 1
        return super().__eq__(other)

    __hash__ = Fraction.__hash__


def test_shortlist_of_a_large_call_compares_each_mean_a_few_times_and_not_with_all_others(monkeypatch):
    monkeypatch.setattr(CountedMean, "compared", 0)
    entries = [Standing(str(number), "", CountedMean(number * 7 % 500, 100)) for number in range(2_000)]
    found = shortlisted(entries, {"": 100})
    assert sum(each is ON for each in found.values()) == 100
    assert 0 < CountedMean.compared < 100 * len(entries), "all with all would be 4,000,000"


def test_only_what_the_scores_settle_can_be_gone_against():
    proposal = {"a": ON, "b": STAYS, "c": OPEN}
    assert against_proposal(proposal, ["a", "c"]) == frozenset()
    assert against_proposal(proposal, ["a", "b"]) == {"b"}
    assert against_proposal(proposal, ["c"]) == {"a"}


def test_a_choice_against_the_scores_needs_a_reason_and_all_problems_are_told():
    proposal = {"a": ON, "b": STAYS}
    assert move_problems(["a"], proposal, "", most_characters=10) == []
    assert [each.field for each in move_problems(["b"], proposal, " ", most_characters=10)] == ["reason"]
    assert move_problems(["b"], proposal, "Region.", most_characters=10) == []
    fields = [each.field for each in move_problems(["x"], proposal, "y" * 11, most_characters=10)]
    assert fields == ["entries", "reason"]
    assert [each.field for each in move_problems([], proposal, "ok", most_characters=10)] == ["entries"]
