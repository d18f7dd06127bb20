"""Scores without one of the reviewers: against the same panel solved anew, and on paper."""

import random

import numpy as np
import pytest

from fundapp.review.tally.mixed_model import Variances, fit, solve
from fundapp.review.tally.panel import Mark, Panel
from fundapp.review.tally.reasons import swings
from fundapp.review.tally.without import joints, scores_without


def panel_of(seed: int, entries: int, reviewers: int, reads: int) -> Panel:
    chance = random.Random(seed)
    return Panel.of(
        Mark(f"e{i:02}", f"r{j:02}", chance.gauss(3, 1))
        for i in range(entries)
        for j in chance.sample(range(reviewers), reads)
    )


def read_by(**readers: str) -> Panel:
    """Return a panel in which each entry is read by the reviewers of its letters, with marks that differ."""
    pairs = [(entry, reviewer) for entry, letters in readers.items() for reviewer in letters]
    return Panel.of(Mark(entry, reviewer, float(number % 4)) for number, (entry, reviewer) in enumerate(pairs))


@pytest.mark.parametrize("variances", [Variances(1.0, 0.5, 0.4), Variances(1.0, 0.0, 0.4), Variances(0.0, 0.5, 0.4)])
@pytest.mark.parametrize("shape", [(14, 5, 2), (5, 14, 8), (9, 9, 3)], ids=["entries", "reviewers", "as many"])
def test_scores_are_those_of_the_panel_solved_anew(shape: tuple[int, int, int], variances: Variances) -> None:
    for seed in range(4):
        panel = panel_of(seed, *shape)
        told = list(scores_without(solve(panel, variances)))
        assert len(told) > 0
        for reviewer, entries, scores in told:
            rest = panel.without(reviewer)
            assert [panel.entries[each] for each in entries] == list(rest.entries)
            assert scores == pytest.approx(solve(rest, variances).scores, abs=1e-9)


def test_whoever_alone_joins_two_halves_is_not_left_out() -> None:
    panel = read_by(a1="xy", a2="xyj", b1="zwj", b2="zw")
    assert [panel.reviewers[each] for each in joints(panel)] == ["j"]
    told = [panel.reviewers[reviewer] for reviewer, _, _ in scores_without(solve(panel, Variances(1.0, 0.5, 0.4)))]
    assert told == ["w", "x", "y", "z"]


def test_an_entry_that_nobody_else_read_is_gone_with_its_reader_and_breaks_nothing() -> None:
    panel = read_by(a="xy", b="xy", c="x")
    assert joints(panel) == frozenset()
    found = {panel.reviewers[r]: entries.tolist() for r, entries, _ in scores_without(solve(panel, Variances(1, 1, 1)))}
    assert found == {"x": [0, 1], "y": [0, 1, 2]}


def test_parts_stay_apart() -> None:
    panel = read_by(a1="xy", a2="xy", b1="zw", b2="zw")
    for reviewer, entries, _ in scores_without(solve(panel, Variances(1.0, 0.5, 0.4))):
        assert set(panel.part_of_entry[entries].tolist()) == {panel.part_of_reviewer[reviewer]}


def test_one_reviewer_of_all_has_nobody_to_be_left_out_for() -> None:
    assert list(scores_without(solve(read_by(a="x", b="x", c="x"), Variances(1.0, 0.5, 0.4)))) == []


def test_a_swing_is_the_largest_move_of_all_readers() -> None:
    """As ranking the panel anew without each reader in turn says."""
    fitted = fit(panel_of(5, 12, 6, 3))
    panel = fitted.panel
    place = {entry: 1 + int((fitted.scores > fitted.scores[n]).sum()) for n, entry in enumerate(panel.entries)}
    largest = dict.fromkeys(panel.entries, 0)
    for number in range(len(panel.reviewers)):
        rest = solve(panel.without(number), fitted.variances)
        for n, entry in enumerate(rest.panel.entries):
            if number in panel.reviewer[panel.entry == panel.entries.index(entry)]:
                moved = abs(1 + int((rest.scores > rest.scores[n]).sum()) - place[entry])
                largest[entry] = max(largest[entry], moved)
    found = {entry: abs(swing.rank - place[entry]) for entry, swing in swings(fitted).items()}
    assert found == {entry: moved for entry, moved in largest.items() if moved}
    assert max(found.values()) > 1


def test_without_a_model_nobody_makes_a_difference() -> None:
    equal = Panel.of([Mark("a", "x", 3.0), Mark("b", "x", 3.0), Mark("a", "y", 3.0)])
    assert swings(fit(equal)) == {}
    single = Panel.of([Mark("a", "x", 3.0), Mark("b", "y", 4.0)])
    assert swings(fit(single)) == {}
    assert np.array_equal(fit(single).scores, [3.0, 4.0])
