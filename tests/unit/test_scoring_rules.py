"""What reviewers answer: any scale, words where the call asks for them, and nothing lost."""

from decimal import Decimal

import pytest

from fundapp.review.scoring_rules import (
    COMMENT,
    CONFIDENCE,
    MAX_COMMENT_CHARACTERS,
    MAX_NOTE_CHARACTERS,
    Judged,
    Part,
    Step,
    Unjudged,
    completeness_problems,
    judged_from,
    part_from_json,
    part_problems,
    part_to_json,
)

TENTHS = Step("plan", Decimal(0), Decimal(5), "People's plan", Decimal("0.1"), "extremes")
WHOLE = Step("need", 1, 5, "Need")


def read(typed: str, step: Step = TENTHS, language: str = "en", *, cannot_judge: bool = False) -> Judged:
    return judged_from(step, typed, cannot_judge=cannot_judge, reason="", comment="", language=language)


def fields(parts: dict[str, Part], *steps: Step, confidence: bool = False) -> list[tuple[str | None, str]]:
    problems = completeness_problems(parts, steps, asks_confidence=confidence)
    return [(problem.field, problem.place) for problem in problems]


def test_scale_in_tenths_has_every_tenth_exactly_and_nothing_between() -> None:
    assert TENTHS.values[:3] == [Decimal(0), Decimal("0.1"), Decimal("0.2")]
    assert (len(TENTHS.values), TENTHS.values[-1]) == (51, Decimal(5))
    assert all(TENTHS.has(value) for value in TENTHS.values)
    assert not any(TENTHS.has(Decimal(number)) for number in ("0.15", "5.1", "-0.1"))


def test_scale_that_begins_elsewhere_counts_its_steps_from_there() -> None:
    odd = Step("odd", Decimal("0.5"), Decimal("2.5"), step=Decimal("0.5"))
    assert odd.values == [Decimal(number) for number in ("0.5", "1", "1.5", "2", "2.5")]
    assert not odd.has(Decimal("0.75"))


@pytest.mark.parametrize(
    ("typed", "language", "number"),
    [
        ("4.5", "en", "4.5"),
        ("4,5", "fr", "4.5"),
        ("4,5", "en", "4.5"),
        ("\u0664\u066b\u0665", "ar", "4.5"),
        (" 3 ", "en", "3"),
    ],
)
def test_number_is_read_as_people_write_it(typed: str, language: str, number: str) -> None:
    assert read(typed, language=language) == Judged(Decimal(number))


@pytest.mark.parametrize("typed", ["5.1", "-1", "0.15", "many", "1e1", "4..5"])
def test_what_is_no_step_is_kept_as_typed_and_is_no_answer(typed: str) -> None:
    judged = read(typed)
    assert (judged.answer, judged.typed) == (None, typed)
    assert fields({"plan": judged}, TENTHS) == [("plan", "")]
    assert part_from_json(part_to_json(judged)) == judged


def test_cannot_judge_is_apart_from_zero_and_needs_its_own_reason() -> None:
    zero, unjudged = read("0"), read("0", cannot_judge=True)
    assert (zero.answer, unjudged.answer) == (0, Unjudged.CANNOT_JUDGE)
    assert fields({"plan": unjudged}, TENTHS) == [("plan", "reason")]
    assert fields({"plan": Judged(Unjudged.CANNOT_JUDGE, "I do not know the region.")}, TENTHS) == []


def test_extreme_scores_need_words_where_the_call_says_so() -> None:
    assert fields({"plan": Judged(Decimal(5))}, TENTHS) == [("plan", "comment")]
    assert fields({"plan": Judged(0)}, TENTHS) == [("plan", "comment")]
    assert fields({"plan": Judged(Decimal(5), comment=" ")}, TENTHS) == [("plan", "comment")]
    assert fields({"plan": Judged(Decimal(5), comment="The best I read.")}, TENTHS) == []
    assert fields({"plan": Judged(Decimal("4.9"))}, TENTHS) == []
    assert fields({"need": Judged(5)}, WHOLE) == []
    assert fields({"need": Judged(3)}, Step("need", 1, 5, "Need", comment="always")) == [("need", "comment")]


def test_everything_that_is_missing_is_named() -> None:
    assert fields({}, WHOLE, TENTHS, confidence=True) == [("need", ""), ("plan", ""), (CONFIDENCE, "")]
    whole: dict[str, Part] = {"need": Judged(1), "plan": Judged(Decimal("2.5")), CONFIDENCE: "low"}
    assert fields(whole, WHOLE, TENTHS, confidence=True) == []


def test_what_cannot_be_kept_is_named_all_at_once() -> None:
    parts: dict[str, Part] = {
        "need": Judged(6, "r" * (MAX_NOTE_CHARACTERS + 1)),
        "plan": Judged(Decimal("0.15"), comment="c" * (MAX_COMMENT_CHARACTERS + 1)),
        COMMENT: "c" * (MAX_COMMENT_CHARACTERS + 1),
    }
    problems = part_problems(parts, [WHOLE, TENTHS])
    assert [(each.field, each.place) for each in problems] == [
        ("need", ""),
        ("need", "reason"),
        ("plan", ""),
        ("plan", "comment"),
        (COMMENT, ""),
    ]


@pytest.mark.parametrize(
    "part",
    ["", "Words.", Judged(), Judged(Decimal("4.1"), comment="Good."), Judged(Unjudged.CANNOT_JUDGE, "New to me.")],
)
def test_draft_keeps_every_part_exactly(part: Part) -> None:
    assert part_from_json(part_to_json(part)) == part
