"""Scores of a round without a person: those of a file are taken exactly or refused by row, others are invented."""

from decimal import Decimal
from statistics import mean, stdev

import pytest

from fundapp.core.errors import RuleViolations
from fundapp.core.tables import read_table
from fundapp.demo.scores import Reading, read_scores, sample_answers
from fundapp.review.scoring_rules import Step, Unjudged

CRITERIA = [Step("need", 1, 5), Step("plan", 0, 10)]


def problems_of(text: str) -> list[str]:
    with pytest.raises(RuleViolations) as caught:
        read_scores(read_table(text.encode(), "scores.csv"), CRITERIA)
    return [str(problem) for problem in caught.value.problems]


def test_scores_are_read_by_heading_and_empty_is_cannot_judge() -> None:
    text = "Score,Criterion,Reviewer,Application\n5,need,R1,A-1\n0,plan,R1,A-1\n,need,R2,A-1\n10,plan,R2,A-1\n"
    assert read_scores(read_table(text.encode(), "scores.csv"), CRITERIA) == {
        Reading("A-1", "", "R1"): {"need": 5, "plan": 0},
        Reading("A-1", "", "R2"): {"need": Unjudged.CANNOT_JUDGE, "plan": 10},
    }


def test_categories_keep_two_readings_of_one_application_apart() -> None:
    text = "application,category,reviewer,criterion,score\n" + "".join(
        f"A-1,{category},R1,{criterion},{score}\n"
        for category, score in (("advocate", 1), ("innovator", 5))
        for criterion in ("need", "plan")
    )
    read = read_scores(read_table(text.encode(), "scores.csv"), CRITERIA)
    assert read[Reading("A-1", "advocate", "R1")] == {"need": 1, "plan": 1}
    assert read[Reading("A-1", "innovator", "R1")] == {"need": 5, "plan": 5}


def test_missing_columns_are_named() -> None:
    assert problems_of("application,score\nA-1,5\n") == [
        "first row: there is no column reviewer and no column criterion"
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("A-1,R1,need,6", "row 2: '6' is no step of the scale from 1 to 5"),
        ("A-1,R1,need,0", "row 2: '0' is no step of the scale from 1 to 5"),
        ("A-1,R1,need,-1", "row 2: '-1' is no step of the scale from 1 to 5"),
        ("A-1,R1,need,4.5", "row 2: '4.5' is no step of the scale from 1 to 5"),
        ("A-1,R1,need,٤", "row 2: '٤' is no step of the scale from 1 to 5"),
        ("A-1,R1,need,--4", "row 2: '--4' is no step of the scale from 1 to 5"),
        ("A-1,R1,charm,4", "row 2: there is no criterion 'charm', only need, plan"),
        (",R1,need,4", "row 2: it names no application or no reviewer"),
        ("A-1,,need,4", "row 2: it names no application or no reviewer"),
    ],
)
def test_bad_row_is_named(row: str, problem: str) -> None:
    assert problem in problems_of(f"application,reviewer,criterion,score\n{row}\nA-1,R1,plan,4\n")


def test_score_given_twice_and_score_left_out_are_refused() -> None:
    heading = "application,reviewer,criterion,score\n"
    assert problems_of(f"{heading}A-1,R1,need,4\nA-1,R1,need,4\nA-1,R1,plan,4\n") == ["row 3: R1 scored need before"]
    assert problems_of(f"{heading}A-1,R1,need,4\n") == ["R1 on A-1: no score for plan"]


def test_sample_answers_are_the_same_each_time_and_on_the_scale() -> None:
    for number in range(300):
        answers = sample_answers(f"GJF-{number}", "Ada", CRITERIA)
        assert answers == sample_answers(f"GJF-{number}", "Ada", CRITERIA)
        for step in CRITERIA:
            answer = answers[step.key]
            assert answer is Unjudged.CANNOT_JUDGE or step.lowest <= answer <= step.highest


def test_sample_reviewers_agree_about_an_entry_more_than_entries_are_alike() -> None:
    def given(reference: str) -> list[Decimal]:
        answers = [sample_answers(reference, reviewer, CRITERIA)["plan"] for reviewer in ("Ada", "Ben", "Cleo", "Dan")]
        return [answer for answer in answers if isinstance(answer, Decimal)]

    scores = [found for number in range(100) if len(found := given(f"GJF-{number}")) > 1]
    within = mean(stdev(each) for each in scores)
    assert within < stdev(mean(each) for each in scores)
    unjudged = [answer for n in range(500) for answer in sample_answers(f"GJF-{n}", "Ada", CRITERIA).values()]
    assert 0 < unjudged.count(Unjudged.CANNOT_JUDGE) < 100
