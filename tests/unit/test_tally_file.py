"""An auditor's tool: a file of scores in, the whole tally out, with nothing else at hand."""

import json
import random
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fundapp.cli import main
from fundapp.core.errors import RuleViolations
from fundapp.review.tally import EntryTally, ReviewMark, tally
from fundapp.review.tally.mixed_model import Grounds
from fundapp.review.tally.scores_file import read_scores
from fundapp.review.tally.whole import whole_tally

RUBRIC = b"""
[[criteria]]
code = "need"
weight = 2
minimum = 1
maximum = 5
label.en = "Need"

[[criteria]]
code = "people's own plan"
minimum = 1
maximum = 5
"""

SCORES = """application,reviewer,criterion,score
A-1,ana,need,5
A-1,ana,people's own plan,2
A-1,ben,need,4
A-1,ben,people's own plan,cannot judge
A-2,ana,need,3
A-2,ana,people's own plan,3
A-2,ben,need,2
A-2,ben,people's own plan,
A-3,ben,need,5
A-3,ana,need,5
"""


def run(folder: Path, *options: str, scores: str = SCORES, rubric: bytes | None = RUBRIC) -> Result:
    table = folder / "scores.csv"
    table.write_text(scores, encoding="utf-8")
    arguments = ["tally", str(table), *options]
    if rubric is not None:
        (folder / "rubric.toml").write_bytes(rubric)
        arguments += ["--rubric", str(folder / "rubric.toml")]
    return CliRunner().invoke(main, arguments, env={"DATABASE_URL": "nowhere://", "SECRET_KEY": ""})


def test_a_file_alone_gives_the_whole_tally(tmp_path: Path) -> None:
    """Marks of A-1: (2*5 + 2) / 3 = 4 and 4 alone; of A-2: 3 and 2; of A-3: 5 and 5."""
    result = run(tmp_path, "--json", "--places", "1")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    entries = {each["application"]: each for each in found["applications"]}
    assert {name: each["mean"] for name, each in entries.items()} == {"A-1": "4", "A-2": "5/2", "A-3": "5"}
    assert [entries[name]["rank"] for name in ("A-3", "A-1", "A-2")] == [1, 2, 3]
    assert found["parts"] == 1
    assert sum(each["chance"] for each in found["applications"]) == pytest.approx(1)
    assert 0 < found["expected_right"] <= 1
    assert {each["reviewer"] for each in found["reviewers"]} == {"ana", "ben"}


def test_text_for_people_says_what_can_be_compared(tmp_path: Path) -> None:
    apart = "application,reviewer,score\nA,ana,1\nB,ana,2\nC,ben,4\nD,ben,3\nC,cleo,5\nD,cleo,3\n"
    said = run(tmp_path, scores=apart, rubric=None).output
    assert "No reviewer connects the 2 parts" in said
    assert [line.split()[-1] for line in said.splitlines()[1:5]] == ["B", "A", "C", "D"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("A-2,ana,need,3", "A-2,ana,need,three"), "scores.csv, row 6: “three” is not a number."),
        (("A-2,ana,need,3", "A-2,ana,need,9"), "scores.csv, row 6: 9 is outside the scale of “need”."),
        (("A-2,ana,need,3", "A-2,ana,reach,3"), "scores.csv, row 6: The rubric has no criterion “reach”."),
        (("A-2,ana,need,3", "A-1,ana,need,3"), "scores.csv, row 6: This reviewer scored this application twice"),
        (("A-2,ana,need,3", "A-2,,need,3"), "scores.csv, row 6: This row does not say"),
        (("A-2,ana,need,3", "A-2,ana,need,NaN"), "scores.csv, row 6: “NaN” is not a number."),
        (("reviewer,", "reader,"), "scores.csv: This table has no column “reviewer”."),
    ],
)
def test_what_cannot_be_taken_is_told_by_its_row(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    result = run(tmp_path, scores=SCORES.replace(*change))
    assert result.exit_code == 1
    assert message in result.output


@pytest.mark.parametrize("rubric", [b"criteria = 1", b"", b"[[criteria]]\ncode = 'a'", b"\xff", b"[[criteria"])
def test_a_rubric_that_is_none_is_refused(rubric: bytes) -> None:
    with pytest.raises(RuleViolations):
        read_scores(SCORES.encode(), "scores.csv", rubric)


def test_without_a_rubric_criteria_weigh_the_same() -> None:
    file = read_scores(SCORES.encode(), "scores.csv")
    assert [(each.key, each.weight, each.lowest, each.highest) for each in file.criteria] == [
        ("need", 1, 2, 5),
        ("people's own plan", 1, 2, 5),
    ]


# -- The whole --------------------------------------------------------------------------------------------------------


def figures(marks: dict[str, dict[str, float]]) -> list[EntryTally]:
    return [
        EntryTally(
            entry,
            tuple(ReviewMark(reviewer, Fraction(value)) for reviewer, value in sorted(given.items())),
            Fraction(sum(Fraction(v) for v in given.values())) / len(given) if given else None,
            None,
            None,
        )
        for entry, given in marks.items()
    ]


def test_an_entry_that_nobody_read_has_no_figures_and_comes_last() -> None:
    whole = whole_tally(figures({"a": {}, "b": {"r": 2.0, "s": 3.0}, "c": {"r": 4.0, "s": 4.0}}), places=1)
    assert [each.plain.entry_id for each in whole.entries] == ["c", "b", "a"]
    last = whole.entries[-1]
    assert (last.part, last.score, last.rank, last.fundable, last.swing) == (None, None, None, None, None)
    assert whole_tally(figures({"a": {}}), places=1).entries[0].rank is None


def test_readers_stand_with_their_leniency_strict_ones_first() -> None:
    chance = random.Random(2)
    worth = {f"e{n:02}": chance.gauss(3, 1) for n in range(30)}
    kind = {"kind": 1.5, "plain": 0.0, "stern": -1.5}
    whole = whole_tally(
        figures({e: {r: w + k + chance.gauss(0, 0.3) for r, k in kind.items()} for e, w in worth.items()}), places=10
    )
    assert [each.reviewer_id for each in whole.readers] == ["stern", "plain", "kind"]
    assert all(each.reviews == 30 and each.error > 0 for each in whole.readers)
    assert whole.is_corrected
    assert whole.expected_right is not None
    assert 8 < whole.expected_right < 10


def test_parts_are_not_compared() -> None:
    whole = whole_tally(
        figures(
            {"a": {"r": 2.0, "s": 3.0}, "b": {"r": 4.0, "s": 4.0}, "c": {"t": 5.0, "u": 4.0}, "d": {"t": 3.0, "u": 1.0}}
        ),
        places=2,
    )
    assert whole.parts == 2
    assert [(each.part, each.rank) for each in whole.entries] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert whole.expected_right is None
    assert {each.fundable for each in whole.entries} == {None}


def test_single_readings_keep_their_marks_and_claim_nothing() -> None:
    whole = whole_tally(figures({"a": {"r": 2.0}, "b": {"r": 4.0}}), places=1)
    assert whole.grounds is Grounds.SINGLE_READINGS
    assert not whole.is_corrected
    assert [(each.score, each.rank, each.lowest_rank) for each in whole.entries] == [(4.0, 1, None), (2.0, 2, None)]


def test_the_tally_of_pages_goes_straight_in() -> None:
    file = read_scores(SCORES.encode(), "scores.csv", RUBRIC)
    plain = tally(file.entry_ids, file.criteria, file.rows)
    whole = whole_tally(plain, places=1)
    assert {each.plain for each in whole.entries} == set(plain)
