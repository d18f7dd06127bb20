"""The picture of loads holds every reviewer, and a plan that was kept says what it said."""

import json

import pytest

from fundapp.review.assignment import Bar, EntryNeed, Pair, ReviewerOffer, plan_assignment
from fundapp.review.load_picture import HEIGHT, LEFT, MARGIN, MOST_BARS, MOST_LABELS, RIGHT, load_plot
from fundapp.review.plan_result import PlanResult, plan_result


def test_bars_stand_for_all_reviewers_now_and_then() -> None:
    plot = load_plot([0, 0, 2], [1, 1, 0])
    assert [(bar.label, bar.before, bar.after) for bar in plot.bars] == [("0", 2, 1), ("1", 0, 2), ("2", 1, 0)]
    assert plot.most == 2
    assert plot.bars[0].before_y == plot.bars[1].after_y == MARGIN
    assert plot.bars[1].before_y == plot.bars[2].after_y == plot.floor == HEIGHT - MARGIN


@pytest.mark.parametrize("highest", [0, 1, 23, 24, 25, 500])
def test_any_loads_fit_into_the_picture(highest: int) -> None:
    plot = load_plot([highest] * 3, [0, highest // 2, highest])
    assert len(plot.bars) <= MOST_BARS + 1
    assert sum(bar.before for bar in plot.bars) == sum(bar.after for bar in plot.bars) == 3
    last = plot.bars[-1]
    assert plot.bars[0].x == LEFT
    assert last.x + last.width <= RIGHT + 0.1
    assert plot.bars[0].is_labelled
    assert sum(bar.is_labelled for bar in plot.bars) <= MOST_LABELS
    assert str(highest) in (last.label, last.label.split("-")[-1]) or int(last.label.split("-")[-1]) >= highest


def test_a_picture_of_nobody_is_empty() -> None:
    assert load_plot([], []).most == 0


def a_result() -> PlanResult:
    entries = [EntryNeed("a0", 3, "ar"), EntryNeed("e0", 1, "en"), EntryNeed("hidden", 1, "en")]
    reviewers = [
        ReviewerOffer("r0", 1, frozenset({"ar"}), is_experienced=True),
        ReviewerOffer("r1", 2, frozenset({"ar", "en"})),
        ReviewerOffer("r2", 2, frozenset({"ar", "en"})),
    ]
    barred = {Pair("a0", "r2"): Bar.CONFLICT}
    started, stored = {Pair("hidden", "r1")}, {Pair("e0", "r1")}
    plan = plan_assignment(entries, reviewers, barred=barred, started=started, current=stored)
    return plan_result(
        plan,
        entries=entries[:2],
        reviewers=reviewers,
        barred=barred,
        started=started,
        stored=stored,
        present=stored,
        anchors=(),
        minutes={"a0": 30, "e0": 45},
        hidden=["hidden"],
    )


def test_a_result_says_changes_loads_and_time_over_what_the_planner_sees() -> None:
    result = a_result()
    assert result.added == {("a0", "r0"), ("a0", "r1"), ("e0", "r2")}
    assert result.removed == {("e0", "r1")}
    assert (result.before, result.after) == ({"r0": 0, "r1": 1, "r2": 0}, {"r0": 1, "r1": 1, "r2": 1})
    assert result.minutes == {"r0": 30, "r1": 30, "r2": 45}
    assert [(each.entry_id, each.seats) for each in result.shortfalls] == [("a0", 1)]
    assert result.inexperienced == 1


def test_a_result_that_was_kept_says_the_same() -> None:
    result = a_result()
    assert PlanResult.from_json(json.loads(json.dumps(result.to_json()))) == result
