"""When a report is due, late and reminded of; what a form of reports may ask; the table of a package."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fundapp.applications.call_package.keys import Keys
from fundapp.applications.form_engine.definition import Group, Kind, Question, Role, Sensitivity
from fundapp.core.errors import Problem
from fundapp.disbursement.report_form import house_form, report_form_problems
from fundapp.disbursement.report_package import read_reporting, write_reporting
from fundapp.disbursement.report_rules import (
    MOST_REPORTS,
    SOON,
    ReminderStep,
    ReportStatus,
    days_problems,
    due_days,
    is_overdue,
    reminder_of,
    today_in,
)

DUE = date(2021, 3, 10)
DAY = timedelta(days=1)
ASKED, BACK, SENT = ReportStatus.ASKED, ReportStatus.ASKED_BACK, ReportStatus.SENT
PACKAGE: Any = None
"""The rest of a package is not looked at."""
NOTHING_YET, TOLD_SOON, TOLD_LATE = None, ReminderStep.SOON, ReminderStep.OVERDUE


def test_days_count_from_the_acceptance_where_the_call_is():
    accepted = datetime(2020, 9, 14, 22, 30, tzinfo=UTC)  # in Nairobi it is the 15th already
    assert due_days([180, 30], accepted, "Africa/Nairobi") == [date(2020, 10, 15), date(2021, 3, 14)]
    assert due_days([30], accepted, "America/Lima") == [date(2020, 10, 14)]
    assert due_days([], accepted, "UTC") == []
    assert today_in(accepted, "Africa/Nairobi") == date(2020, 9, 15)


@pytest.mark.parametrize(
    ("days", "is_right"),
    [([], True), ([1], True), ([1825, 30], True), ([0], False), ([1826], False), ([30, 30], False),
     (list(range(1, MOST_REPORTS + 1)), True), (list(range(1, MOST_REPORTS + 2)), False)],
)  # fmt: skip
def test_a_call_asks_for_few_reports_on_days_of_their_own_or_for_none(days, is_right):
    assert (not days_problems(days)) is is_right


def test_the_last_day_is_not_late_and_what_came_never_is():
    assert not is_overdue(ASKED, DUE, DUE)
    assert is_overdue(ASKED, DUE, DUE + DAY)
    assert is_overdue(BACK, DUE, DUE + DAY)
    assert not any(is_overdue(each, DUE, DUE + DAY) for each in set(ReportStatus) - {ASKED, BACK})


@pytest.mark.parametrize(
    ("status", "reminded", "today", "expected"),
    [
        (ASKED, NOTHING_YET, DUE - SOON - DAY, None),
        (ASKED, NOTHING_YET, DUE - SOON, ReminderStep.SOON),
        (ASKED, NOTHING_YET, DUE, ReminderStep.SOON),
        (ASKED, TOLD_SOON, DUE, None),
        (ASKED, TOLD_SOON, DUE + DAY, ReminderStep.OVERDUE),
        (ASKED, NOTHING_YET, DUE + DAY, ReminderStep.OVERDUE),
        (ASKED, TOLD_LATE, DUE + 100 * DAY, None),
        (ASKED, TOLD_LATE, DUE, None),
        (BACK, NOTHING_YET, DUE + DAY, ReminderStep.OVERDUE),
        (SENT, NOTHING_YET, DUE + DAY, None),
        (ReportStatus.WAIVED, NOTHING_YET, DUE + DAY, None),
        (ReportStatus.THANKED, TOLD_SOON, DUE + DAY, None),
    ],
)
def test_somebody_is_reminded_once_before_and_once_after(status, reminded, today, expected):
    assert reminder_of(status, DUE, reminded, today) is expected


def test_the_form_of_the_house_is_short_can_be_spoken_and_speaks_the_languages_of_the_call():
    form = house_form(["en", "fr", "xx"])
    assert form.languages == ("en", "fr")
    assert [each.required for each in form.questions] == [True, False, False]
    assert all(each.spoken for each in form.questions)
    spoken = form.question_at("done~spoken")
    assert spoken is not None
    assert spoken.kind is Kind.RECORDING
    assert report_form_problems(form) == []
    assert house_form(["xx"]).languages == ("en",)
    assert type(form).from_json(form.to_json()) == form


def test_a_form_of_reports_asks_nothing_of_accounts_and_nobody_twice():
    form = house_form(["en"])
    question = Question("account", Kind.TEXT, {"en": "Account"}, given_sensitivity=Sensitivity.PAYEE)
    role = Question("title", Kind.TEXT, {"en": "Title"}, role=Role.TITLE)
    group = Group(("rows",), {"en": "Rows"}, is_repeat=True)
    wrong = replace(form, questions=(*form.questions, question, role), groups=(group,))
    assert [each.place for each in report_form_problems(wrong)] == ["rows", "account", "title"]
    note = Question("note", Kind.NOTE, {"en": "Hello"})
    assert len(report_form_problems(replace(form, questions=(note,)))) == 1
    many = tuple(replace(question, name=f"q{number}", given_sensitivity=None) for number in range(41))
    assert len(report_form_problems(replace(form, questions=many))) == 1


@pytest.mark.parametrize("days", [(), (180,), (30, 180, 365)])
def test_what_a_package_says_of_reports_is_written_as_it_is_read(days):
    problems: list[Problem] = []
    assert read_reporting(Keys(write_reporting(days, PACKAGE), problems), PACKAGE) == days
    assert problems == []


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"none": False},
        {"none": True, "reports": [{"days": 3}]},
        {"reports": [{"days": 0}]},
        {"reports": [{"days": 3}, {"days": 3}]},
        {"reports": [{"days": 3, "sooner": 1}]},
        {"none": True, "other": 1},
    ],
)
def test_a_package_that_is_not_clear_about_reports_is_refused(table):
    problems: list[Problem] = []
    read_reporting(Keys(table, problems), PACKAGE)
    assert problems
