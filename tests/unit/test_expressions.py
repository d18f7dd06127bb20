"""Expressions of forms: computed as ODK computes them, and refused when they are read, not when they are used."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fundapp.applications.expressions import (
    MAX_DEPTH,
    Answers,
    ExpressionError,
    ExpressionTooSlow,
    parse_expression,
)

TODAY = date(2020, 5, 2)


def holds(expression: str, current: str = "", **others: str) -> bool:
    return parse_expression(expression).holds(Answers(current, others, TODAY))


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


def test_expression_uses_other_answers() -> None:
    expression = parse_expression(". <= ${ total } and selected(${kinds}, 'x') and '${not_me}' != ''")

    assert expression.references == {"total", "kinds"}
    assert expression.holds(Answers("10", {"total": "10", "kinds": "x y"}, TODAY))
    assert not expression.holds(Answers("11", {"total": "10", "kinds": "x y"}, TODAY))
    assert not expression.holds(Answers("10", {}, TODAY))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("(. > 5", "unexpected end"),
        (". > 5 >", "unexpected"),
        ("'open", "cannot be read"),
        ("", "cannot be read"),
        ("pulldata('a', 'b') = 1 and once(.)", "once(), pulldata()"),
        ("selected(.)", "Too few arguments"),
        ("count-selected(., 1)", "Too many arguments"),
        ("regex(., '[a-')", "pattern"),
        ("../other = 1", "../other"),
        ("/data/other = 1", "not supported"),
        ("other = 1", "other"),
        (". | .", "not supported"),
        ("$other = 1", "${name}"),
        ("${} = 1", "not the name"),
        ("${a b} = 1", "not the name"),
        ("current()/. = 1", "current()"),
        ("*", "not supported"),
        ("@a = 1", "not supported"),
        ("1" + " + 1" * 600, "longer"),
        ("(" * (MAX_DEPTH + 5) + "1" + ")" * (MAX_DEPTH + 5), "too deeply"),
    ],
)
def test_broken_expression_is_found_when_it_is_read(expression: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(expression)

    assert words in str(caught.value.message)


def test_slow_pattern_is_stopped() -> None:
    with pytest.raises(ExpressionTooSlow):
        holds("regex(., '(a|aa)+(b|bb)+(a|aa)+c')", "a" * 5000 + "b" * 5000 + "a" * 5000)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40), st.text(max_size=40))
def test_expression_answers_any_text(current: str, other: str) -> None:
    for source in (
        ". > 5 or . = ${other} or . mod ${other} = 1 or . div ${other} > 2",
        "date(.) = ${other} or round(., ${other}) = 1 or pow(., ${other}) > 1 or int(.) = 1",
        "substr(., ${other}) = '' or substring(., ${other}, 2) = 'x' or selected-at(., ${other}) = ''",
        "regex(., ${other}) or translate(., ${other}, .) = '' or min(., ${other}) > max(., ${other})",
    ):
        assert holds(source, current, other=other) in (True, False)
