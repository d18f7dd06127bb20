"""Draws, ranks and reasons: against published figures, against the model's own covariance, and on paper."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest

from fundapp.review.tally import certainty as certainty_module
from fundapp.review.tally.certainty import certainty, draws, ranks, shares_chosen
from fundapp.review.tally.mixed_model import Variances, fit, solve
from fundapp.review.tally.panel import Mark, Panel
from fundapp.review.tally.reasons import contrasts, differences, swings


def panel_of(seed: int = 4, entries: int = 20, reviewers: int = 6, reads: int = 3) -> Panel:
    chance = random.Random(seed)
    worth = [chance.gauss(0, 1) for _ in range(entries)]
    kind = [chance.gauss(0, 0.8) for _ in range(reviewers)]
    return Panel.of(
        Mark(f"e{i:02}", f"r{j:02}", 3 + worth[i] + kind[j] + chance.gauss(0, 0.6))
        for i in range(entries)
        for j in chance.sample(range(reviewers), reads)
    )


def test_equal_scores_share_a_rank_and_the_next_is_skipped() -> None:
    assert ranks(np.array([2.0, 5.0, 3.0, 3.0 + 1e-12, 1.0])).tolist() == [4, 1, 2, 2, 5]


@pytest.mark.parametrize("shape", [(20, 6, 3), (6, 20, 8)], ids=["more entries", "more reviewers"])
def test_draws_have_the_middle_and_the_covariance_of_the_model(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the covariance of all scores, written out in full."""
    monkeypatch.setattr(certainty_module, "DRAWS", 20_000)
    panel, variances = panel_of(4, *shape), Variances(1.0, 0.5, 0.4)
    drawn = np.concatenate(list(draws(solve(panel, variances))))
    of_entry = np.eye(len(panel.entries))[panel.entry]
    of_reviewer = np.eye(len(panel.reviewers))[panel.reviewer]
    v = variances.entries * of_entry @ of_entry.T + variances.reviewers * of_reviewer @ of_reviewer.T
    inverse = np.linalg.inv(v + variances.chance * np.eye(len(panel.value)))
    ones = np.ones((len(panel.value), 1))
    information = float((ones.T @ inverse @ ones).item())
    cross = variances.entries * of_entry.T
    missed = 1 - cross @ inverse @ ones
    covariance = variances.entries * np.eye(len(panel.entries)) - cross @ inverse @ cross.T
    covariance += missed @ missed.T / information
    assert drawn.mean(axis=0) == pytest.approx(solve(panel, variances).scores, abs=0.03)
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=0.03)


def test_chances_add_up_and_better_scores_have_better_chances() -> None:
    fitted = fit(panel_of())
    (sure,) = certainty(fitted, places={0: 5})
    assert sure.fundable.sum() == pytest.approx(5)
    assert sure.expected_rank.sum() == pytest.approx(20 * 21 / 2)
    assert sure.share_beaten.mean() == pytest.approx(0.5)
    order = np.argsort(-fitted.scores)
    assert sure.fundable[order[0]] > 0.9 > 0.1 > sure.fundable[order[-1]]
    assert (sure.lowest_rank <= sure.expected_rank).all()
    assert (sure.expected_rank <= sure.highest_rank).all()
    chosen = {sure.entries[n]: 1.0 for n in order[:5]}
    assert sure.expected_right(chosen) == pytest.approx(sure.fundable[order[:5]].sum())
    assert 2.5 < sure.expected_right(chosen) < 5


def test_equals_at_the_line_count_by_the_share_of_them_that_fits() -> None:
    assert shares_chosen({"a": 1, "b": 2, "c": 2, "d": 4}, 2) == {"a": 1, "b": 0.5, "c": 0.5, "d": 0}
    assert shares_chosen({"a": 1, "b": 1, "c": 1}, 1) == pytest.approx(dict.fromkeys("abc", 1 / 3))
    assert shares_chosen({"a": 1, "b": 2}, 5) == {"a": 1, "b": 1}


def test_where_readers_agree_on_nothing_a_choice_is_as_good_as_chance() -> None:
    """Forty entries that nothing tells apart share the first rank: of ten chosen, a quarter is right."""
    chance = np.random.default_rng(4)
    marks = [Mark(f"e{n}", f"r{r}", float(chance.integers(1, 6))) for n in range(40) for r in chance.permutation(8)[:3]]
    fitted = fit(Panel.of(marks))
    (sure,) = certainty(fitted, places={0: 10})
    alike = shares_chosen(dict.fromkeys(sure.entries, 1), 10)
    assert sure.expected_right(alike) == pytest.approx(2.5)


def test_the_same_marks_give_the_same_figures() -> None:
    first, again = (certainty(fit(panel_of()), places={0: 3})[0] for _ in range(2))
    assert (first.fundable == again.fundable).all()


def test_where_nothing_tells_entries_apart_all_have_the_same_chance() -> None:
    """Marks that are only chance: the variance of entries is zero, and each has its share of the places."""
    marks = [Mark(f"e{i}", f"r{j}", float((i + j) % 4)) for i in range(4) for j in range(4)]
    fitted = fit(Panel.of(marks))
    assert fitted.variances.entries == 0
    (sure,) = certainty(fitted, places={0: 1})
    assert sure.fundable == pytest.approx([0.25] * 4, abs=0.05)


def test_parts_are_ranked_apart() -> None:
    one = panel_of(1, 6, 3, 2)
    marks = [
        Mark(name + one.entries[e], name + one.reviewers[r], float(v))
        for name in "ab"
        for e, r, v in zip(one.entry, one.reviewer, one.value, strict=True)
    ]
    first, second = certainty(fit(Panel.of(marks)), places={0: 2, 1: 4})
    assert {name[0] for name in first.entries} == {"a"}
    assert {name[0] for name in second.entries} == {"b"}
    assert (first.fundable.sum(), second.fundable.sum()) == pytest.approx((2, 4))


def test_without_a_model_nothing_is_claimed() -> None:
    assert certainty(fit(Panel.of([Mark("a", "r", 1.0), Mark("b", "r", 2.0)])), places={0: 1}) == []


# -- Reasons ----------------------------------------------------------------------------------------------------------


def test_the_two_reasons_add_up_to_the_difference() -> None:
    for seed in range(5):
        fitted = fit(panel_of(seed))
        why = differences(fitted)
        assert why.from_readers + why.from_few_readings == pytest.approx(fitted.scores - fitted.panel.means)


def test_strict_readers_are_the_reason_where_they_are() -> None:
    """Two readers mark all two points lower than the others do; who met both of them is lifted most."""
    worth = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    readers = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (1, 2), (2, 3), (0, 1)]
    marks = [
        Mark(f"e{i}", f"r{j}", worth[i] - 2 * (j < 2) + 0.1 * ((i * 7 + j * 3) % 5 - 2))
        for i, pair in enumerate(readers)
        for j in pair
    ]
    fitted = fit(Panel.of(marks))
    why = differences(fitted)
    assert fitted.leniency[:2].max() < -0.5 < 0.5 < fitted.leniency[2:].min()
    assert why.from_readers[[0, 7]].min() > 0.5
    assert why.from_readers[[3, 6]].max() < -0.5
    assert abs(why.from_readers[1]) < 0.3


def test_a_swing_is_what_leaving_one_reader_out_does() -> None:
    """One reader alone lifts the third entry to the first rank: without them it is the last."""
    table = {"e0": [5.0, 5.1, 4.9], "e1": [4.0, 4.1, 3.9], "e2": [1.0, 1.1, 20.0], "e3": [3.0, 3.1, 2.9]}
    marks = [Mark(entry, f"r{j}", value) for entry, values in table.items() for j, value in enumerate(values)]
    fitted = solve(Panel.of(marks), Variances(4.0, 0.1, 1.0))
    assert dict(zip(fitted.panel.entries, ranks(fitted.scores).tolist(), strict=True))["e2"] == 1
    assert swings(fitted)["e2"] == ("r2", 4)


def test_contrast_of_blocks_is_the_difference_of_their_scores_with_its_error() -> None:
    fitted = fit(panel_of())
    block_of = {entry: "ar" if number < 6 else "fr" for number, entry in enumerate(fitted.panel.entries)}
    found = contrasts(fitted, block_of)
    wanted = fitted.scores[:6].mean() - fitted.scores[6:].mean()
    assert found["ar"].difference == pytest.approx(wanted)
    assert found["fr"].difference == pytest.approx(-wanted)
    assert 0 < found["ar"].error == pytest.approx(found["fr"].error)
    assert contrasts(fitted, dict.fromkeys(fitted.panel.entries, "ar")) == {}


def test_a_block_that_few_bridge_is_less_sure_than_one_that_many_do() -> None:
    """Three readers of each block alone, and one or all of them bridging."""

    def error(bridges: int) -> float:
        chance = random.Random(9)
        marks = []
        for i in range(24):
            block = i % 2
            own = [f"r{block}{j}" for j in range(3)] + [f"b{j}" for j in range(bridges)]
            marks += [Mark(f"e{i:02}", r, 3 + i / 10 + chance.gauss(0, 0.5)) for r in own]
        panel = Panel.of(marks)
        fitted = solve(panel, Variances(0.5, 0.5, 0.25))
        return contrasts(fitted, {e: "ar" if int(e[1:]) % 2 else "fr" for e in panel.entries})["ar"].error

    assert error(1) > 1.2 * error(6)


# -- Published figures ------------------------------------------------------------------------------------------------

EXPECTED_RANKS = (2.44, 4.06, 4.09, 4.12, 5.08, 6.19, 7.34, 7.26, 8.43, 9.42, 10.4, 11.4, 13.0, 13.0, 13.7)
SHARES_BEATEN = (0.90, 0.78, 0.78, 0.78, 0.71, 0.63, 0.55, 0.55, 0.47, 0.40, 0.33, 0.25, 0.15, 0.14, 0.09)


@pytest.mark.published("erforresearch-panel-1.csv")
def test_expected_ranks_of_a_published_panel(published: Path) -> None:
    """15 by 5. Theirs are a full Bayes model by JAGS, ours stands on estimated variances: near, and not the same."""
    with published.open(encoding="utf-8") as file:
        marks = [Mark(row["application"], row["reviewer"], float(row["score"])) for row in csv.DictReader(file)]
    (sure,) = certainty(fit(Panel.of(marks)), places={0: 5})
    assert len(sure.entries) == 15
    assert np.abs(sure.expected_rank - EXPECTED_RANKS).max() < 0.3
    assert np.abs(np.sort(sure.share_beaten)[::-1] - SHARES_BEATEN).max() < 0.03
