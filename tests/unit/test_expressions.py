"""Expressions of forms: computed as ODK computes them, and refused when a form is read, not when it is used.

The cases follow docs.getodk.org, "Form Operators and Functions" and "Form Logic", and the ODK XForms Specification,
sections "XPath Functions", "XPath Paths" and "XPath Predicates".
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fundapp.applications.form_engine.definition import Choice, FormDefinition, Group, Kind, Question, Sensitivity
from fundapp.applications.form_engine.expressions import MAX_DEPTH, ExpressionError, parse_expression
from fundapp.applications.form_engine.filling import Filling, Surroundings
from fundapp.applications.form_engine.rules import Fault, faults_of

NOW = datetime(2020, 5, 2, 14, 30, tzinfo=timezone(timedelta(hours=3)))


def question(name: str, kind: Kind = Kind.TEXT, *group: str, **more: Any) -> Question:
    return Question(name=name, kind=kind, label={"en": name}, group=group, **more)


def form_of(*questions: Question, groups: tuple[Group, ...] = ()) -> FormDefinition:
    return FormDefinition("", "kobo", "", ("en",), "en", groups, questions)


def computed(expression: str, **answers: Any) -> Any:
    """Return what a calculation comes to, beside texts with the given answers."""
    others = (question(name) for name in answers)
    form = form_of(*others, question("result", Kind.CALCULATE, calculation=expression))
    assert faults_of(form) == []
    return Filling(form, answers, Surroundings(NOW)).answers.get("result", "")


def holds(expression: str, current: str = "", **others: str) -> bool:
    form = form_of(
        *(question(name) for name in others),
        question("checked", readonly=expression),
    )
    assert faults_of(form) == []
    return Filling(form, {**others, "checked": current}, Surroundings(NOW)).is_readonly("checked")


@pytest.mark.parametrize(
    ("expression", "current"),
    [
        (". >= 18", "18"),
        (". > 9", "10"),  # as numbers, not as text
        (". = 5", "5.0"),
        (". <= today()", "2020-05-02"),
        ("today() - date(.) = 1", "2020-05-01"),
        (". < date('2020-12-31') and . > '2020-01-01'", "2020-05-01"),
        ("decimal-date-time(.) = 1", "1970-01-02"),
        ("date(today() + 30) = '2020-06-01'", ""),
        ("string-length(.) <= 3 and string-length() = 3", "été"),
        ("regex(., '[A-Z]{2}-[0-9]+')", "KE-42"),
        ("selected(., 'b')", "a b c"),
        ("count-selected(.) >= 1 and count-selected(.) <= 3", "a b c"),
        ("selected-at(., 1) = 'b'", "a b c"),
        ("coalesce(., 'x') = 'x'", ""),
        ("if(. > 5, 'many', 'few') = 'few'", "3"),
        ("int(.) = 3 and round(., 1) = 3.7 and round(.) = 4", "3.68"),
        ("floor(.) = -3 and ceiling(.) = -2 and abs(.) = 2.5", "-2.5"),
        ("pow(., 2) = 9 and min(., 5) = 3 and max(., 5, 4) = 5", "3"),
        ("7 div 2 = 3.5 and 7 mod 3 = 1 and -5 + 2 * 3 - 1 = 0", ""),
        ("contains(., 'ara') and starts-with(., 'Sar') and ends-with(., 'ah')", "Sarah"),
        ("substr(., 1, 3) = 'ar' and substring(., 2, 2) = 'ar'", "Sarah"),
        ("substring-before(., '@') = 'a' and substring-after(., '@') = 'b.org'", "a@b.org"),
        ("translate(., 'abc', 'AB') = 'AB'", "abc"),
        ("concat(., '-', 1) = 'x-1'", "x"),
        ("normalize-space(.) = 'a b'", "  a   b "),
        ("not(. = 'no') or false()", "yes"),
        ("boolean-from-string(.) = true()", "1"),
        ("number(.) != number(.)", "not a number"),
    ],
)
def test_expression_holds(expression: str, current: str) -> None:
    assert holds(expression, current)


@pytest.mark.parametrize(
    ("expression", "current"),
    [
        (". > 5", "abc"),
        (". > 5", ""),
        (". <= today()", "2020-05-03"),
        ("regex(., '[0-9]+')", "12a"),  # the whole text has to match
        ("regex(., '[0-9]+')", "١٢"),  # ODK's digits are ASCII
        ("selected(., 'a')", "aa"),
        ("count-selected(.) > 0", ""),
        (". = 'a'", "A"),
        ("''", ""),
        ("0 div 0", ""),
    ],
)
def test_expression_does_not_hold(expression: str, current: str) -> None:
    assert not holds(expression, current)


@pytest.mark.parametrize(
    ("expression", "answers", "value"),
    [
        # "Math operators": numbers only, and an empty answer is no zero
        ("${a} + ${b}", {"a": "1", "b": "2.5"}, "3.5"),
        ("${a} + ${b}", {"a": "1", "b": ""}, ""),
        ("${a} * 3 - 1", {"a": "4"}, "11"),
        ("${a} div 4", {"a": "10"}, "2.5"),
        ("(${a} mod 2) = 0", {"a": "10"}, "true"),
        # "if", "coalesce", "boolean", "not"
        ("if(${a} != '', 'some', 'none')", {"a": ""}, "none"),
        ("coalesce(${a}, ${b})", {"a": "", "b": "x"}, "x"),
        ("coalesce(${a}, ${b})", {"a": "", "b": ""}, ""),
        ("boolean(${a})", {"a": ""}, "false"),
        ("boolean(${a})", {"a": "false"}, "true"),  # any text is true: the specification says so of this very case
        ("boolean-from-string(${a})", {"a": "false"}, "false"),
        ("not(${a})", {"a": ""}, "true"),
        # "checklist" and "weighted-checklist": how many, or how much, says yes; -1 is no limit
        ("checklist(2, 3, ${a}, ${b}, 'yes')", {"a": "yes", "b": "no"}, "true"),
        ("checklist(-1, 1, ${a}, ${b})", {"a": "yes", "b": "yes"}, "false"),
        ("weighted-checklist(5, -1, ${a}, 3, ${b}, 2)", {"a": "yes", "b": "yes"}, "true"),
        ("weighted-checklist(5, -1, ${a}, 3, ${b}, 2)", {"a": "yes", "b": "no"}, "false"),
        # "Select questions"
        ("selected-at(${a}, 0)", {"a": "red blue"}, "red"),
        ("selected-at(${a}, 7)", {"a": "red blue"}, ""),
        ("selected-at(${a}, -1)", {"a": "red blue"}, ""),
        # "Strings"
        ("substr(${a}, 2)", {"a": "hello"}, "llo"),
        ("substr(${a}, 1, 3)", {"a": "hello"}, "el"),
        ("substring-before(${a}, 'x')", {"a": "hello"}, ""),
        ("substring-after(${a}, 'l')", {"a": "hello"}, "lo"),
        ("translate(${a}, 'lo', 'L')", {"a": "hello"}, "heLL"),
        ("string-length(${a})", {"a": "hello"}, "5"),
        ("concat(${a}, ' ', true(), 1 + 1)", {"a": "x"}, "x true2"),
        ("join('; ', ${a}, 'y', ${b})", {"a": "x", "b": "z"}, "x; y; z"),
        ("normalize-space(${a})", {"a": " x   y "}, "x y"),
        # "Math"
        ("round(${a}, 2)", {"a": "3.14159"}, "3.14"),
        ("round(${a}, -2)", {"a": "1250"}, "1300"),
        ("int(${a})", {"a": "-3.9"}, "-3"),
        ("number(${a})", {"a": "x"}, ""),
        ("number(${a} = 'x')", {"a": "x"}, "1"),
        ("pow(2, 10)", {}, "1024"),
        ("log10(1000) + exp10(2)", {}, "103"),
        ("round(log(exp(2)), 6)", {}, "2"),
        ("round(sqrt(2), 4)", {}, "1.4142"),
        ("sqrt(-1)", {}, ""),
        ("round(pi(), 5)", {}, "3.14159"),
        ("sin(0) + cos(0) + tan(0) + asin(0) + acos(1) + atan(0) + atan2(0, 1)", {}, "1"),
        # "Date and time": days are numbers, and numbers days
        ("today()", {}, "2020-05-02"),
        ("now()", {}, "2020-05-02T14:30:00.000+03:00"),
        ("date(today() + 7)", {}, "2020-05-09"),
        ("date(18262)", {}, "2020-01-01"),
        ("decimal-date-time('2020-01-01')", {}, "18262"),
        ("decimal-date-time('2020-01-01T12:00:00.000+03:00')", {}, "18262.5"),
        ("date-time(18262.5)", {}, "2020-01-01T12:00:00.000"),
        ("decimal-time('06:00:00.000+03:00')", {}, "0.25"),
        ("decimal-time('18:00')", {}, "0.75"),
        ("'2020-03-01' - '2020-02-01'", {}, "29"),
        ("date('2020-02-30')", {}, ""),
        ("format-date('2020-03-09', '%Y-%y-%m-%n-%d-%e')", {}, "2020-20-03-3-09-9"),
        ("format-date(today() + 1, '%a %e %b')", {}, "Sun 3 May"),
        ("format-date-time(now(), '%H:%h:%M:%S.%3 %%')", {}, "14:14:30:00.000 %"),
        ("format-date(${a}, '%Y')", {"a": "soon"}, ""),
        ("int((today() - date('1990-06-15')) div 365.25)", {}, "29"),
        # a name may stand in a literal, where it is only text
        ("concat('${a}', ${a})", {"a": "x"}, "${a}x"),
        # paths from the start of the form, whatever it is called there
        ("/data/a = //a and /kobo/a = ./../a", {"a": "x"}, "true"),
        ("count(/data/b | ../a | //b)", {"a": "x", "b": "y"}, "2"),
    ],
)
def test_what_a_calculation_comes_to(expression: str, answers: dict[str, str], value: str) -> None:
    assert computed(expression, **answers) == value


def test_month_and_day_names_are_those_of_the_language() -> None:
    form = form_of(question("day", Kind.CALCULATE, calculation="format-date(today(), '%a %e %b')"))

    def day(language: str) -> object:
        return Filling(form, {}, Surroundings(NOW, language)).answers["day"]

    assert day("en") == "Sat 2 May"
    assert day("fr") == "sam. 2 mai"


def test_a_choice_is_named_by_its_label_in_the_language() -> None:
    # docs.getodk.org, "jr:choice-name": the select question is named in quotes
    colours = (Choice("red", {"en": "Red", "es": "Rojo"}), Choice("blue", {"en": "Blue", "es": "Azul"}))
    form = form_of(
        question("colours", Kind.SELECT_MULTIPLE, choices=colours),
        question("second", Kind.CALCULATE, calculation="jr:choice-name(selected-at(${colours}, 1), '${colours}')"),
        question("none", Kind.CALCULATE, calculation="concat('[', jr:choice-name('green', '/data/colours'), ']')"),
    )
    filling = Filling(form, {"colours": ["red", "blue"]}, Surroundings(NOW, "es"))

    assert (filling.answers["second"], filling.answers["none"]) == ("Azul", "[]")


def household(*more: Question) -> FormDefinition:
    """Return a form with people in rows, and jobs in rows of theirs."""
    return form_of(
        question("limit", Kind.INTEGER),
        question("name", Kind.TEXT, "person"),
        question("age", Kind.INTEGER, "person", "about"),
        question("job", Kind.TEXT, "person", "work"),
        *more,
        groups=(
            Group(("person",), {}, is_repeat=True),
            Group(("person", "about"), {}),
            Group(("person", "work"), {}, is_repeat=True, relevant="../about/age > 15"),
        ),
    )


PEOPLE = {
    "limit": 30,
    "person": [2, 3, 7],
    "person~2~name": "Ana",
    "person~2~age": 34,
    "person~2~work": [1, 2],
    "person~2~work~1~job": "farmer",
    "person~2~work~2~job": "nurse",
    "person~3~name": "Bia",
    "person~3~age": 7,
    "person~3~work~1~job": "not asked of a child",
    "person~7~age": 52,
    "person~7~work": [4],
    "person~7~work~4~job": "driver",
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("count(${person})", "3"),
        ("count(${work})", "3"),  # those of the child are not relevant
        ("count-non-empty(${name})", "2"),
        ("sum(${age})", "93"),
        ("max(${age})", "52"),
        ("min(${age}, 3)", "3"),
        ("join(', ', ${job})", "farmer, nurse, driver"),
        ("concat(${name})", "AnaBia"),
        ("indexed-repeat(${name}, ${person}, 2)", "Bia"),
        ("indexed-repeat(${name}, ${person}, 9)", ""),
        ("indexed-repeat(${job}, ${person}, 1, ${work}, 2)", "nurse"),
        ("${person}[position() = 2]/name", "Bia"),
        ("${person}[2]/name", "Bia"),
        ("/data/person[position() = last()]/about/age", "52"),
        ("count(${person}[about/age >= 18])", "2"),
        ("count(${person}[${age} >= 18])", "2"),
        ("sum(${person}[./about/age > ${limit}]/about/age)", "86"),
        ("sum(${person}[about/age < current()/../limit]/about/age)", "7"),
        ("${person}[name = 'Bia']/about/age", "7"),
        ("count(../person/work)", "3"),
        ("count(/data/person/about/*)", "3"),
        ("count(${person}[count(work) > 1])", "1"),
    ],
)
def test_rows_are_seen_from_outside(expression: str, value: str) -> None:
    form = household(question("result", Kind.CALCULATE, calculation=expression))

    assert faults_of(form) == []
    assert Filling(form, PEOPLE, Surroundings(NOW)).answers.get("result", "") == value


@pytest.mark.parametrize(
    ("group", "expression", "values"),
    [
        (("person",), "position(..)", ["1", "2", "3"]),
        (("person",), "concat(${name}, position(..), '/', count(${person}))", ["Ana1/3", "Bia2/3", "3/3"]),
        (("person",), "../name", ["Ana", "Bia", None]),
        (("person",), "./../about/age + 1", ["35", "8", "53"]),
        (("person",), "${age} < ${limit}", ["false", "true", "false"]),
        (("person",), "indexed-repeat(${name}, ${person}, position(..) - 1)", [None, "Ana", "Bia"]),
        (("person",), "${person}[position() = position(current()/..) - 1]/name", [None, "Ana", "Bia"]),
        (("person",), "count(${person}[about/age > ${age}])", ["1", "2", "0"]),
        (("person",), "count(${work})", ["2", "0", "1"]),
        (("person",), "join('+', ${job})", ["farmer+nurse", None, "driver"]),
        (("person", "about"), "position(../..)", ["1", "2", "3"]),
        (("person", "about"), "../../name", ["Ana", "Bia", None]),
        (("person", "work"), "concat(${name}, ' ', ${job})", ["Ana farmer", "Ana nurse", " driver"]),
        (("person", "work"), "concat(position(../..), '.', position(..))", ["1.1", "1.2", "3.1"]),
        (("person", "work"), "../../name", ["Ana", "Ana", None]),
        (("person", "work"), "sum(${age})", ["34", "34", "52"]),
    ],
)
def test_a_row_sees_itself(group: tuple[str, ...], expression: str, values: list[str | None]) -> None:
    form = household(question("result", Kind.CALCULATE, *group, calculation=expression))

    assert faults_of(form) == []
    filling = Filling(form, PEOPLE, Surroundings(NOW))
    keys = [place.key for place in filling.places() if place.question.name == "result"]
    assert [filling.answers.get(key) for key in keys] == values


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("(. > 5", "unexpected end"),
        (". > 5 >", "unexpected"),
        ("'open", "cannot be read"),
        ("", "cannot be read"),
        ("pulldata('a', 'b') = 1 and digest(., 'MD5')", "digest(), pulldata()"),
        ("area(.) + distance(.)", "area(), distance()"),
        ("instance('list')/root/item", "instance()"),
        ("selected(.)", "Too few arguments"),
        ("count-selected(., 1)", "Too many arguments"),
        ("$other = 1", "${name}"),
        ("${} = 1", "not the name"),
        ("${a b} = 1", "not the name"),
        ("1" + " + 1" * 600, "longer"),
        ("(" * (MAX_DEPTH + 5) + "1" + ")" * (MAX_DEPTH + 5), "too deeply"),
    ],
)
def test_expression_that_cannot_be_read(expression: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(expression)

    assert words in str(caught.value.message)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("regex(${limit}, '[a-')", "pattern"),
        ("${missing} > 1", "No question is called “missing”"),
        ("../missing > 1", "no “missing” there"),
        ("/data/person/missing", "no “missing” there"),
        ("/other/limit", "begins with /data"),
        ("../../limit", "leads out of the form"),
        ("missing = 1", "no “missing” there"),
        ("@id = 1", "not supported"),
        ("sum(1 + 1)", "not supported"),
        ("${age} > 3", "asked in each row of “person”"),
        ("${name} = 'Ana'", "asked in each row of “person”"),
        ("indexed-repeat(${name}, ${work}, 1)", "not a repeat around"),
        ("indexed-repeat(1 + 1, ${person}, 1)", "needs a question"),
        ("count(${person}[count(../person[1]) > 1])", "no other condition"),
        ("random()", "once(random())"),
        ("uuid()", "once(uuid())"),
        ("weighted-checklist(1, 2, 'yes', 1, 'no')", "a weight for each"),
        ("jr:choice-name('a', '${limit}')", "has no choices"),
        ("jr:choice-name('a', '${missing}')", "No question is called “missing”"),
        ("${result} + 1", "depends on itself"),
    ],
)
def test_expression_that_leads_nowhere(expression: str, words: str) -> None:
    form = household(question("result", Kind.CALCULATE, calculation=expression))

    (fault,) = faults_of(form)
    assert (fault.path, fault.field) == (("result",), "calculation")
    assert words in str(fault.message)


def test_circles_are_found_through_groups_rows_and_conditions() -> None:
    def circle(*questions: Question, groups: tuple[Group, ...] = ()) -> Fault:
        (fault,) = faults_of(form_of(*questions, groups=groups))
        return fault

    calculations = circle(
        question("a", Kind.CALCULATE, calculation="${b} + 1"), question("b", Kind.CALCULATE, calculation="${a} + 1")
    )
    assert "a, b" in str(calculations.message) or "b, a" in str(calculations.message)
    inside = circle(question("a", Kind.TEXT, "g"), groups=(Group(("g",), {}, relevant="${a} = 'x'"),))
    assert inside.path == ("g",)
    assert inside.field == "relevant"
    counted = circle(
        question("a", Kind.INTEGER, "r"), groups=(Group(("r",), {}, is_repeat=True, repeat_count="sum(${a})"),)
    )
    assert counted.field == "repeat_count"
    # Conditions for an answer to be right depend on everything, and nothing on them.
    assert faults_of(form_of(question("a", constraint=". != ${b}"), question("b", constraint=". != ${a}"))) == []


def test_what_nobody_here_can_read_is_used_by_nothing() -> None:
    form = form_of(
        question("account", given_sensitivity=Sensitivity.PAYEE),
        question("copy", Kind.CALCULATE, calculation="concat(${account}, '!')"),
        Question("told", Kind.NOTE, {"en": "Yours: ${account}, ${nobody}"}),
    )

    assert [(fault.path, fault.field) for fault in faults_of(form)] == [
        (("told",), "label"),
        (("told",), "label"),
        (("copy",), "calculation"),
    ]


def test_slow_pattern_is_stopped_and_the_answer_does_not_fit() -> None:
    assert not holds("regex(., '(a|aa)+(b|bb)+(a|aa)+c')", "a" * 5000 + "b" * 5000 + "a" * 5000)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40), st.text(max_size=40))
def test_expression_answers_any_text(current: str, other: str) -> None:
    for source in (
        ". > 5 or . = ${other} or . mod ${other} = 1 or . div ${other} > 2",
        "selected(., ${other}) or selected-at(., ${other}) = '' or count-selected(.) > 1",
        "substr(., ${other}, ${other}) = . or substring(., ${other}) = . or translate(., ${other}, .) = ''",
        "date(.) = ${other} or format-date(., ${other}) = '' or decimal-time(.) > 1 or round(., ${other}) = 1",
        "regex(., ${other}) or pow(., ${other}) > 1 or int(.) = 1 or join(., ${other}, .) = ''",
    ):
        assert holds(source, current, other=other) in {True, False}


UTC_NOW = datetime(2020, 5, 2, 12, tzinfo=UTC)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="abc()[]/.$ {}'+-*<>=,1 ~|@:", max_size=60))
def test_any_expression_is_read_or_refused(source: str) -> None:
    form = household(question("result", Kind.CALCULATE, calculation=source))

    if faults_of(form) == []:
        assert isinstance(Filling(form, PEOPLE, Surroundings(UTC_NOW)).answers.get("result", ""), str)
