"""What is told of readers and of blocks of entries, on marks that can be reckoned on paper; and what is kept."""

from collections.abc import Mapping
from fractions import Fraction

import pytest

from fundapp.review.tally import EntryTally, ScoreRow, WeightedCriterion, tally
from fundapp.review.tally import kept as kept_module
from fundapp.review.tally.kept import Kept
from fundapp.review.tally.panel import Mark, Panel
from fundapp.review.tally.whole import blocks, whole_tally


def figures(marks: Mapping[str, Mapping[str, int]]) -> list[EntryTally]:
    rows = [ScoreRow(entry, reader, "all", value) for entry, given in marks.items() for reader, value in given.items()]
    return tally(marks, [WeightedCriterion("all", 1, 0, 10)], rows)


def test_a_reader_has_the_mean_spread_and_ends_of_their_own_marks() -> None:
    whole = whole_tally(figures({"a": {"r": 2, "s": 3}, "b": {"r": 4, "s": 4}, "c": {"r": 9}}), places=1)
    found = {each.reviewer_id: each for each in whole.readers}
    assert (found["r"].reviews, found["r"].mean, found["r"].lowest, found["r"].highest) == (3, 5.0, 2.0, 9.0)
    assert found["r"].spread == pytest.approx(13**0.5)  # (9 + 1 + 16) / 2
    assert found["s"].mean == 3.5
    assert found["s"].spread == pytest.approx(0.5**0.5)


def test_one_mark_has_no_spread_and_readers_of_another_part_are_told_apart() -> None:
    whole = whole_tally(figures({"a": {"r": 2}, "b": {"s": 4}}), places=1)
    assert [(each.reviewer_id, each.spread, each.part) for each in whole.readers] == [("r", None, 0), ("s", None, 1)]


def test_agreement_of_the_means_of_four_judges_by_shrout_and_fleiss() -> None:
    """They print .62 for the mean of four judges who are drawn from many (table 4, ICC(2,k))."""
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    marks = {f"e{i}": {f"r{j}": value for j, value in enumerate(row)} for i, row in enumerate(table)}
    variances = whole_tally(figures(marks), places=1).variances
    assert round(variances.agreement_of_means(4), 2) == 0.62
    assert variances.agreement_of_means(1) == pytest.approx(variances.agreement)


def test_blocks_say_who_reads_them_and_how_many_bridge() -> None:
    """Five readers; one of them alone reads in both languages."""
    marks = {
        "fr1": {"a": 5, "b": 6},
        "fr2": {"a": 7, "b": 6},
        "fr3": {"a": 4, "x": 5},
        "ar1": {"x": 9, "y": 8},
        "ar2": {"y": 7, "z": 9},
        "unread": {},
    }
    found = blocks(figures(marks), {name: name[:2] for name in marks})
    assert [(each.name, each.entries, each.readers, each.bridging) for each in found] == [
        ("fr", 3, 3, 1),
        ("ar", 2, 3, 1),
    ]
    french, arabic = (each.contrast for each in found)
    assert french is not None
    assert arabic is not None
    assert french.difference == pytest.approx(-arabic.difference)
    assert french.error > 0


def test_without_a_model_blocks_have_no_contrast() -> None:
    found = blocks(figures({"fr1": {"a": 5}, "ar1": {"b": 9}}), {"fr1": "fr", "ar1": "ar"})
    assert [each.contrast for each in found] == [None, None]
    assert blocks(figures({"fr1": {}}), {"fr1": "fr"}) == ()


def test_the_same_marks_have_the_same_fingerprint_and_any_other_marks_another() -> None:
    marks = [Mark("a", "r", 2.0), Mark("a", "s", 3.0), Mark("b", "r", 4.0)]
    whole = Panel.of(marks).fingerprint
    assert Panel.of(reversed(marks)).fingerprint == whole
    others = [
        [Mark("a", "r", 2.0), Mark("a", "s", 3.0), Mark("b", "s", 4.0)],
        [Mark("a", "r", 2.0), Mark("a", "s", 3.0), Mark("b", "r", 4.0000001)],
        [Mark("c", "r", 2.0), Mark("c", "s", 3.0), Mark("d", "r", 4.0)],
        [Mark("a", "q", 2.0), Mark("a", "t", 3.0), Mark("b", "q", 4.0)],
        marks[:2],
    ]
    assert whole not in {Panel.of(each).fingerprint for each in others}


def test_figures_are_kept_until_so_many_others_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "MOST", 2)
    made: list[str] = []
    kept = Kept[str]()

    def ask(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or f"of {key}")  # type: ignore[func-returns-value]  # noted, then made

    assert [ask(key) for key in "aabacb"] == ["of a", "of a", "of b", "of a", "of c", "of b"]
    assert made == ["a", "b", "c", "b"]


def test_a_score_that_changes_changes_the_figures() -> None:
    """What is kept of the one panel is not told of the other."""
    before = whole_tally(figures({"a": {"r": 2, "s": 3}, "b": {"r": 4, "s": 6}}), places=1)
    after = whole_tally(figures({"a": {"r": 9, "s": 8}, "b": {"r": 4, "s": 6}}), places=1)
    assert [each.plain.entry_id for each in before.entries] == ["b", "a"]
    assert [each.plain.entry_id for each in after.entries] == ["a", "b"]
    assert after.entries[0].plain.mean == Fraction(17, 2)
