"""Which score puts entries in order: ranks by means, by adjusted scores, and what is not tallied."""

from fundapp.review.tally import EntryTally, ScoreRow, WeightedCriterion, tally
from fundapp.review.tally.leading import adjusted_scores, led_by_adjusted, led_by_mean

RUBRIC = [WeightedCriterion("merit", 1, 1, 10)]
STRICT, KIND = "s", "k"


def figures(scores: dict[str, dict[str, int]]) -> list[EntryTally]:
    rows = [ScoreRow(entry, who, "merit", score) for entry, of in scores.items() for who, score in of.items()]
    return tally(scores, RUBRIC, rows)


def labels(entries: list[EntryTally]) -> list[tuple[str, str]]:
    return [(entry.entry_id, entry.rank_label) for entry in entries]


def crossed() -> list[EntryTally]:
    """Return eight entries: the strict reader gives three less than the kind one; "a" was read by strict ones alone."""
    scores = {f"e{number}": {STRICT: number, KIND: number + 3} for number in range(1, 7)}
    return figures(scores | {"a": {STRICT: 6, "t": 6}, "b": {KIND: 7, "u": 7}, "c": {"t": 3, "u": 6}})


def test_with_one_review_enough_means_lead_as_in_the_plain_tally() -> None:
    plain = crossed()
    assert labels(led_by_mean(plain)) == labels(plain)


def test_entries_with_fewer_reviews_have_no_rank_and_leave_no_gap() -> None:
    plain = figures({"a": {"r": 9}, "b": {"r": 5, "q": 5}, "c": {"r": 5, "q": 5}, "d": {"r": 1, "q": 1}, "e": {}})
    assert labels(led_by_mean(plain, least_reviews=2)) == [("b", "=1"), ("c", "=1"), ("d", "3"), ("a", ""), ("e", "")]


def test_adjusted_scores_lead_past_means_where_readers_differ() -> None:
    plain = crossed()
    adjusted = adjusted_scores(plain)
    assert [entry_id for entry_id, _rank in labels(plain)].index("b") < 3
    led = [entry_id for entry_id, _rank in labels(led_by_adjusted(plain, adjusted))]
    assert led.index("a") < led.index("b"), "six from the strict is more than seven from the kind"
    assert adjusted["a"].score > adjusted["b"].score


def test_where_readers_say_nothing_the_adjusted_order_is_that_of_means_ties_too() -> None:
    plain = figures({"a": {"r": 5}, "b": {"q": 7}, "c": {"p": 5}, "d": {}})
    adjusted = adjusted_scores(plain)
    assert (
        labels(led_by_adjusted(plain, adjusted)) == labels(plain) == [("b", "1"), ("a", "=2"), ("c", "=2"), ("d", "")]
    )


def test_adjusted_scores_use_the_marks_of_entries_that_are_not_tallied() -> None:
    plain = figures({"a": {"s": 3, "k": 6}, "b": {"s": 5, "k": 7}, "c": {"s": 2, "k": 6}, "d": {"s": 4, "k": 8}})
    enough = adjusted_scores([*plain, *figures({"once": {"s": 9}})], least_reviews=2)
    assert sorted(enough) == ["a", "b", "c", "d"]
    assert sorted(each.rank for each in enough.values())[0] == 1
    assert enough["a"].score != adjusted_scores(plain, least_reviews=2)["a"].score


def test_a_group_without_a_mark_has_no_adjusted_scores() -> None:
    assert adjusted_scores(figures({"a": {}, "b": {}})) == {}
