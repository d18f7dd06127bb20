"""Answers: what is typed is understood or kept as typed, and everything that is wrong is said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fundapp.applications.form_engine.answers import (
    MAX_CHARACTERS,
    Typed,
    facts,
    is_understood,
    read_answer,
    shown,
    typed_again,
)
from fundapp.applications.form_engine.checking import Terms
from fundapp.applications.form_engine.definition import Choice, FormDefinition, Kind, Question, Role
from fundapp.applications.form_engine.filling import Filling, Surroundings
from fundapp.core.errors import Problem

CHOICES = (
    Choice("a", {"en": "Apple", "fr": "Pomme", "ar": "تفاحة"}),
    Choice("b", {"en": "Banana", "fr": "Banane"}),
    Choice("c", {"en": "Cherry"}),
)


def question(name: str, kind: Kind, **more: Any) -> Question:
    return Question(name=name, kind=kind, label={"en": name.title()}, **more)


FORM = FormDefinition(
    title="",
    form_id="",
    version="",
    languages=("en",),
    default_language="en",
    groups=(),
    questions=(
        question("welcome", Kind.NOTE),
        question("org", Kind.TEXT, required=True, role=Role.ORGANISATION),
        question("email", Kind.TEXT, role=Role.EMAIL),
        question("story", Kind.TEXT, multiline=True, max_words=5, max_characters=30),
        question("long", Kind.TEXT, multiline=True),
        question("code", Kind.TEXT, constraint="regex(., '[A-Z]+')", constraint_message={"en": "Capitals only."}),
        question("people", Kind.INTEGER, required=True, required_message={"en": "How many?"}, constraint=". > 0"),
        question("share", Kind.DECIMAL, constraint=". <= 100 and . <= ${people}"),
        question("amount", Kind.DECIMAL, role=Role.AMOUNT),
        question("fruit", Kind.SELECT_ONE, choices=CHOICES),
        question("basket", Kind.SELECT_MULTIPLE, choices=CHOICES, constraint="count-selected(.) <= 2"),
        question("cats", Kind.SELECT_MULTIPLE, choices=CHOICES, role=Role.CATEGORIES),
        question("why_a", Kind.TEXT, category="a", required=True),
        question("founded", Kind.DATE, constraint=". <= today()"),
        question("agree", Kind.ACKNOWLEDGE),
        question("budget", Kind.FILE),
    ),
)
MAY = Surroundings(datetime(2020, 5, 2, 12, tzinfo=UTC))
FULL: dict[str, Typed] = {"org": "Group", "people": "3"}


@dataclass(frozen=True)
class Checked:
    """Answers as they would be stored, and what is wrong with them."""

    answers: dict[str, Any]
    problems: list[Problem]


def check(
    typed: Mapping[str, Typed | Mapping[str, Any]] | None = None,
    *,
    submitting: bool = False,
    language: str = "en",
    ceiling_minor: int | None = None,
) -> Checked:
    read = {
        question.name: read_answer(question, (typed or {}).get(question.name, ""), language=language, currency="USD")
        for question in FORM.questions
        if question.takes_answer
    }
    answers = {name: answer for name, answer in read.items() if answer is not None}
    terms = Terms("USD", ceiling_minor=ceiling_minor, max_categories=2)
    return Checked(
        answers,
        Filling(FORM, answers, MAY).problems(terms, submitting=submitting, language=language),
    )


def complaints(checked: Checked) -> list[tuple[str | None, str]]:
    return [(problem.field, str(problem.message)) for problem in checked.problems]


@pytest.mark.parametrize(
    ("name", "typed", "language", "answer"),
    [
        ("org", "  Cafe\u0301 Group ", "en", "Café Group"),
        ("story", "one\r\ntwo", "en", "one\ntwo"),
        ("email", " Amina@Example.ORG", "en", "amina@example.org"),
        ("people", "1,200", "en", 1200),
        ("people", "1.200", "es", 1200),
        ("people", "1 200", "fr", 1200),
        ("people", "١٬٢٠٠", "ar", 1200),
        ("people", "१२", "en", 12),
        ("people", "3.0", "en", 3),
        ("share", "12.50", "en", "12.5"),
        ("share", "12,5", "fr", "12.5"),
        ("share", "-3", "en", "-3"),
        ("share", "100", "en", "100"),
        ("amount", "US$17,000.00", "en", "17000"),
        ("amount", "١٧٠٠٠٫٥", "ar", "17000.5"),
        ("fruit", "b", "en", "b"),
        ("basket", ["c", "a", "a"], "en", ["a", "c"]),
        ("basket", "b", "en", ["b"]),
        ("founded", "2020-05-02", "en", "2020-05-02"),
        ("founded", "2020-2-9", "en", "2020-02-09"),
        ("founded", "٢٠٢٠-٠٢-٢٩", "ar", "2020-02-29"),
        ("agree", "OK", "en", True),
    ],
)
def test_answer_is_understood(name: str, typed: Typed, language: str, answer: object) -> None:
    checked = check({"people": "50000", name: typed}, language=language)

    assert complaints(checked) == []
    assert checked.answers[name] == answer


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("org", "two\nlines", "one line"),
        ("email", "amina at example", "e-mail address"),
        ("email", "a@b.org, c@d.org", "e-mail address"),
        ("people", "a dozen", "figures"),
        ("people", "12,", "figures"),
        ("people", "1.5", "whole number"),
        ("people", "9" * 20, "too large"),
        ("share", "1e5", "figures"),
        ("amount", "-5", "less than zero"),
        ("amount", "10.123", "2 decimals"),
        ("fruit", "d", "Choose from the list"),
        ("fruit", ["a", "b"], "Give one answer"),
        ("basket", ["a", "z"], "Choose from the list"),
        ("founded", "2020-02-30", "calendar"),
        ("founded", "24/03/2020", "calendar"),
        ("founded", "99999-01-01", "calendar"),
    ],
)
def test_what_is_not_understood_is_kept_as_typed_with_a_problem(name: str, typed: Typed, words: str) -> None:
    checked = check({name: typed})

    assert checked.answers[name] == {"typed": typed}
    assert not is_understood(checked.answers[name])
    ((field, message),) = complaints(checked)
    assert field == name
    assert words in message
    assert typed_again(next(q for q in FORM.questions if q.name == name), checked.answers[name], "en") == typed


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("story", "one two three four five six", "6 words; the limit is 5"),
        ("story", "x" * 31, "31 characters; the limit is 30"),
        ("story", "👨‍👩‍👧‍👦" * 31, "31 characters; the limit is 30"),
        ("code", "abc", "Capitals only."),
        ("people", "0", "does not fit"),
        ("share", "101", "does not fit"),
        ("basket", ["a", "b", "c"], "does not fit"),
        ("founded", "2020-05-03", "does not fit"),
        ("cats", ["a", "b", "c"], "Choose at most 2"),
        ("amount", "0", "more than nothing"),
        ("amount", "20,000.01", "US$20,000.00"),
    ],
)
@pytest.mark.parametrize("submitting", [False, True])
def test_what_breaks_a_rule_is_kept_whole_and_reported(name: str, typed: Typed, words: str, submitting: bool) -> None:
    full = {**FULL, "people": "500", "why_a": "Because"}

    checked = check({**full, name: typed}, submitting=submitting, ceiling_minor=2_000_000)

    assert is_understood(checked.answers[name])
    ((field, message),) = complaints(checked)
    assert field == name
    assert words in message


def test_limits_are_inclusive() -> None:
    checked = check(
        {"story": "five words in all yes", "long": "x" * MAX_CHARACTERS, "amount": "20000"}, ceiling_minor=2_000_000
    )

    assert complaints(checked) == []
    assert complaints(check({"story": "👨‍👩‍👧‍👦" * 30})) == []


def test_draft_may_be_empty_but_a_submission_may_not() -> None:
    assert check().answers == {}
    assert complaints(check()) == []

    assert complaints(check(submitting=True)) == [("org", "Answer this question."), ("people", "How many?")]
    assert complaints(check(FULL, submitting=True)) == []


def test_blank_is_no_answer() -> None:
    checked = check({"org": "  ", "people": "", "basket": [], "fruit": ""}, submitting=True)

    assert checked.answers == {}
    assert [field for field, _message in complaints(checked)] == ["org", "people"]


def test_question_of_a_category_is_asked_only_of_those_who_enter_it() -> None:
    assert not Filling(FORM, {"cats": ["b"]}, MAY).is_asked("why_a")
    assert Filling(FORM, {"cats": ["a", "b"]}, MAY).is_asked("why_a")
    assert complaints(check({**FULL, "cats": ["b"]}, submitting=True)) == []
    assert complaints(check({**FULL, "cats": ["a"]}, submitting=True)) == [("why_a", "Answer this question.")]
    # What was written before the category was taken back is still there.
    assert check({**FULL, "cats": ["b"], "why_a": "Because"}).answers["why_a"] == "Because"


def test_file_is_stored_as_it_was_attached() -> None:
    file = {"attachment": "5b0c1f", "filename": "budget.pdf", "sha256": "ab" * 32}

    assert check({"budget": file}).answers == {"budget": file}
    assert complaints(check({"budget": "budget.pdf"})) == [("budget", "Choose the file again.")]


def test_what_was_typed_in_another_language_is_asked_again() -> None:
    answers = {"share": {"typed": "1 200,50"}}

    (problem,) = Filling(FORM, answers, MAY).problems(Terms("USD"), submitting=False, language="fr")

    assert str(problem.message) == "Please answer this question again."


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\x1b", "\ufdd0", "\U0001ffff", "\u202e", "\x85\x9f"])
@pytest.mark.parametrize("name", ["org", "long", "people", "fruit", "founded", "email"])
def test_character_that_cannot_be_kept_is_marked_and_the_rest_is_safe(bad: str, name: str) -> None:
    checked = check({name: f"before{bad}after"})

    kept = json.dumps(checked.answers[name], ensure_ascii=False)
    kept.encode("utf-8")  # a lone surrogate would raise
    assert "before" in kept
    assert "after" in kept
    assert "\ufffd" in kept
    assert any("�" in message for field, message in complaints(checked) if field == name)
    assert check({**FULL, name: f"before{bad}after"}, submitting=True).problems


def test_very_long_answer_is_kept_and_reported() -> None:
    text = "word " * 40_000

    checked = check({**FULL, "long": text, "story": text, "people": "1" * 200_000, "founded": text}, submitting=True)

    assert checked.answers["long"] == text.strip()
    assert checked.answers["story"] == text.strip()
    assert checked.answers["people"] == {"typed": "1" * 200_000}
    assert {field for field, _message in complaints(checked)} == {"long", "story", "people", "founded"}
    assert any("limit is 50000" in message for _field, message in complaints(checked))


def test_every_problem_is_reported_at_once() -> None:
    checked = check({"people": "x", "email": "y", "founded": "z", "code": "abc"}, submitting=True)

    assert sorted(field for field, _message in complaints(checked) if field) == [
        "code", "email", "founded", "org", "people",
    ]  # fmt: skip


def test_answers_are_shown_as_people_read_them() -> None:
    answers = check(
        {"people": "1200", "share": "12.5", "amount": "17000", "fruit": "a", "basket": ["a", "b"],
         "founded": "2020-03-24", "agree": "OK", "org": "G"}
    ).answers  # fmt: skip

    def seen(name: str, language: str) -> list[str]:
        asked = FORM.question(name)
        assert asked
        return shown(asked, answers.get(name), language, "USD")

    assert seen("people", "en") == ["1,200"]
    assert seen("people", "es") == ["1.200"]
    assert seen("share", "fr") == ["12,5"]
    assert seen("amount", "en") == ["US$17,000.00 (USD)"]
    assert seen("fruit", "ar") == ["تفاحة"]
    assert seen("basket", "en") == ["Apple", "Banana"]
    assert seen("basket", "fr") == ["Pomme", "Banane"]
    assert seen("founded", "en") == ["24 March 2020"]
    assert seen("founded", "fr") == ["24 mars 2020"]
    assert seen("agree", "en") == ["Yes"]
    assert seen("code", "en") == []


@pytest.mark.parametrize(
    ("name", "answer", "language", "typed"),
    [
        ("people", 1200, "es", "1200"),
        ("share", "1200.5", "fr", "1200,5"),
        ("share", "-3", "ar", "-3"),
        ("amount", "17000.5", "en", "17000.5"),
        ("founded", "2020-03-24", "ar", "2020-03-24"),
        ("basket", ["a", "b"], "en", ["a", "b"]),
        ("basket", None, "en", []),
        ("agree", True, "en", "OK"),
        ("budget", {"attachment": "5b0c1f", "filename": "budget.pdf"}, "en", ""),
    ],
)
def test_field_is_filled_so_that_nothing_can_be_misread(name: str, answer: Any, language: str, typed: Typed) -> None:
    asked = FORM.question(name)
    assert asked

    assert typed_again(asked, answer, language) == typed


def test_facts_are_read_by_role() -> None:
    found = facts(
        FORM, check({"org": "Group", "email": "a@b.org", "amount": "17000.50", "cats": ["b", "a"]}).answers, "USD"
    )

    assert found.organisation == "Group"
    assert found.email == "a@b.org"
    assert found.amount_minor == 1_700_050
    assert found.categories == ("a", "b")
    assert found.country == ""


def test_facts_pass_over_what_is_not_understood() -> None:
    found = facts(FORM, check({"amount": "lots", "email": "me"}).answers, "USD")

    assert found.amount_minor is None
    assert found.email == ""


ANY_TEXT = st.text(max_size=30) | st.sampled_from(["1.500", "1,500", "٣", "2020-01-01", "a", "OK", "x@y.org"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from([q.name for q in FORM.questions]), ANY_TEXT | st.lists(ANY_TEXT, max_size=3)),
    st.sampled_from(["en", "fr", "es", "ar"]),
    st.booleans(),
)
def test_any_input_is_answered_and_reads_back_the_same(
    typed: dict[str, Typed], language: str, submitting: bool
) -> None:
    checked = check(typed, language=language, submitting=submitting)

    assert json.loads(json.dumps(checked.answers)) == checked.answers
    json.dumps(checked.answers, ensure_ascii=False).encode("utf-8")
    again = check(
        {q.name: typed_again(q, checked.answers.get(q.name), language) for q in FORM.questions},
        language=language,
        submitting=submitting,
    )
    assert again.answers == checked.answers
    for each in FORM.questions:
        assert isinstance(shown(each, checked.answers.get(each.name), language, "USD"), list)
