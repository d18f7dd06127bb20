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
    assert 0 < found["expected_right"] == found["expected_right_by_mean"] <= 1
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


def test_a_list_by_means_is_told_apart_from_one_by_adjusted_scores() -> None:
    """Stern readers read the better half, kind ones the other, both a few: means put the worse half first."""
    better, worse = [f"b{n}" for n in range(6)], [f"w{n}" for n in range(6)]
    marks = {name: {"stern": 5.0 + n / 10, "strict": 5.1 + n / 10} for n, name in enumerate(better)}
    marks |= {name: {"kind": 6.0 + n / 10, "mild": 6.1 + n / 10} for n, name in enumerate(worse)}
    marks |= {f"both{n}": {"stern": 4.0, "strict": 4.1, "kind": 7.0, "mild": 7.1} for n in range(3)}
    whole = whole_tally(figures(marks), places=6)
    assert whole.expected_right is not None
    assert whole.expected_right_by_mean is not None
    assert whole.expected_right_by_mean < 1 < 5 < whole.expected_right


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


# -- Decimal commas ---------------------------------------------------------------------------------------------------


def scored(*scores: str, separator: str = ";", headings: str = "application;reviewer;score") -> bytes:
    lines = [headings] + [f"E{number};ana;{score}" for number, score in enumerate(scores, 1)]
    return "\n".join(lines).replace(";", separator).encode()


def problems(data: bytes, rubric: bytes | None = None) -> list[str]:
    with pytest.raises(RuleViolations) as refused:
        read_scores(data, "scores.csv", rubric)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("data", "scores"),
    [
        (scored("4,5", "3", "2,25"), ["4.5", "3", "2.25"]),
        (scored("1,250", "2,5"), ["1.250", "2.5"]),
        (scored("0,125"), ["0.125"]),
        (scored("4.5", "3.25"), ["4.5", "3.25"]),
        (b"sep=;\n" + scored("4,5"), ["4.5"]),
        (scored("4.5", "1.250", separator=","), ["4.5", "1.250"]),
        (scored("1.250", separator="\t"), ["1.250"]),
    ],
)
def test_decimals_are_read_where_they_can_be_read_in_one_way(data: bytes, scores: list[str]) -> None:
    assert [str(row.score) for row in read_scores(data, "scores.csv").rows] == scores


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (scored('"4,5"', separator=","), ["row 2, column “score”: “4,5” has a comma."]),
        (scored("4,5", separator="\t"), ["row 2, column “score”: “4,5” has a comma."]),
        (scored("4,5", "3", "2.5"), ["row 2, column “score”: “4,5”: some", "row 4, column “score”: “2.5”: some"]),
        (scored("1,250", "3"), ["row 2, column “score”: “1,250” may be in thousands"]),
        (scored("1.250", "3"), ["row 2, column “score”: “1.250” may be in thousands"]),
        (scored("1.250,5"), ["row 2: “1.250,5” is not a number."]),
        (b"application,reviewer,score,note\nA,ana,4,\nB,ana,4,5,\n", ["row 3: This row has more cells than"]),
        (b"application,reviewer,score,criterion\nA,ana,4\nB,ana,4,5\n", ["row 2: This row names no criterion"]),
        (b"application,reviewer,score\nA,ana,4,5\n", ["row 2: Column D has no heading."]),
    ],
)
def test_what_could_be_read_in_two_ways_is_told_by_its_place(data: bytes, said: list[str]) -> None:
    found = problems(data)
    assert len(found) == len(said)
    for problem, words in zip(found, said, strict=True):
        assert problem.startswith(f"scores.csv, {words}")


# -- What is told -----------------------------------------------------------------------------------------------------


def test_columns_have_median_and_spread_and_json_has_the_spread(tmp_path: Path) -> None:
    marks = "application,reviewer,score\nA,ana,1\nA,ben,2\nA,cleo,6\nB,ana,2\nB,ben,2\n"
    lines = run(tmp_path, scores=marks, rubric=None).output.splitlines()
    assert lines[0].split()[3:6] == ["mean", "median", "spread"]
    (of_a,) = [line.split() for line in lines if line.endswith("  A")]
    assert {"3.000", "2.000", "2.646"} <= set(of_a)
    entries = json.loads(run(tmp_path, "--json", scores=marks, rubric=None).output)["applications"]
    spreads = {each["application"]: each["spread"] for each in entries}
    assert spreads == {"A": pytest.approx(7**0.5), "B": 0}
    assert {each["chance"] for each in entries} == {None}


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ("A,ana,1\nB,ana,2\n", "One reviewer read all of this: whether reviewers are strict or agree cannot be told"),
        ("A,ana,1\nB,ben,2\n", "Within each part all marks are the same: nothing tells the applications apart"),
        (
            "A,ana,1\nB,ana,3\nC,ben,2\n",
            "No application has two readings: whether reviewers are strict or agree cannot be told",
        ),
        ("A,ana,3\nB,ana,3\nA,ben,3\n", "All marks are the same: nothing tells the applications apart"),
        ("A,ana,\n", "Nobody has scored anything."),
        ("A,ana,1\nA,ben,5\nB,ana,5\nB,ben,2\n", "Nothing in the scores tells the applications apart"),
    ],
)
def test_what_nobody_can_know_is_said_and_has_no_figure(tmp_path: Path, marks: str, said: str) -> None:
    scores = f"application,reviewer,score\n{marks}"
    text = run(tmp_path, "--places", "1", scores=scores, rubric=None).output
    assert said in text
    assert " 0%" not in text
    assert "100%" not in text
    found = json.loads(run(tmp_path, "--json", scores=scores, rubric=None).output)
    is_modelled = found["model"] == "model"
    assert (found["agreement"] is not None) is is_modelled
    assert (found["variances"] is not None) is is_modelled
    if not found["tells_apart"]:
        assert {each["rank"] for each in found["applications"]} == {None}


def test_the_rule_for_what_is_missing_stands_below(tmp_path: Path) -> None:
    assert "Missing criteria and “cannot judge” are left out and never count as zero" in run(tmp_path).output
