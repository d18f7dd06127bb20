"""Exports of survey tools with a sheet for each repeat: every row where it belongs, problems by cell, nothing twice."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.form_engine.definition import Choice, FormDefinition, Group, Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.importing import ImportedApplications, import_applications, titles_of_sheets
from fundapp.applications.models import Application, ApplicationSource, ApplicationStatus, Call, Submission
from fundapp.applications.sealed_answers import clear_answers
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from fundapp.core.tables import read_table
from tests.factories import make_call, make_staff

from ..conftest import SignedIn

NOW = datetime(2020, 12, 1, 12, 0, tzinfo=UTC)

FORM = FormDefinition(
    title="Survey (sample)",
    form_id="survey",
    version="1",
    languages=("en", "fr"),
    default_language="en",
    groups=(
        Group(path=("about",), label={"en": "About"}),
        Group(path=("partners",), label={"en": "Partner"}, is_repeat=True),
        Group(path=("partners", "visits"), label={"en": "Visit"}, is_repeat=True),
    ),
    questions=(
        Question(
            name="organisation",
            kind=Kind.TEXT,
            label={"en": "Name"},
            group=("about",),
            role=FormRole.ORGANISATION,
            required=True,
        ),
        Question(name="email", kind=Kind.TEXT, label={"en": "Mail"}, group=("about",), role=FormRole.EMAIL),
        Question(name="opens", kind=Kind.TIME, label={"en": "Opens"}),
        Question(
            name="needs",
            kind=Kind.RANK,
            label={"en": "Needs"},
            choices=(Choice("money", {"en": "Money"}), Choice("rest", {"en": "Rest"})),
        ),
        Question(name="partner", kind=Kind.TEXT, label={"en": "Its name"}, group=("partners",), required=True),
        Question(
            name="help",
            kind=Kind.SELECT_MULTIPLE,
            label={"en": "Help"},
            group=("partners",),
            choices=(Choice("talk", {"en": "Talks"}), Choice("train", {"en": "Training"})),
        ),
        Question(name="people", kind=Kind.INTEGER, label={"en": "People"}, group=("partners", "visits")),
    ),
)
MAIN: list[list[Any]] = [
    ["about/organisation", "about/email", "opens", "needs", "_uuid", "_index"],
    ["Hill Group (sample)", "hill@example.org", "08:30:00.000+03:00", "rest money", "u-1", 1],
    ["Lake Group (sample)", "lake@example.org", "", "", "u-2", 2],
]
PARTNERS: list[list[Any]] = [
    ["partners/partner", "partners/help", "partners/help/talk", "partners/help/train", "_index", "_parent_index"],
    ["Coast", "talk train", 1, 1, 1, 2],
    ["Plain", "", 0, 1, 2, 1],
    ["River", "", 0, 0, 3, 2],
]
VISITS: list[list[Any]] = [
    ["partners/visits/people", "_index", "_parent_table_name", "_parent_index"],
    [7, 1, "partners", 3],
    [9, 2, "partners", 3],
]


@pytest.fixture
def call(app: Any) -> Call:
    made = make_call(form=FORM)
    db.session.commit()
    return made


def workbook(**sheets: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for title, rows in sheets.items():
        sheet = book.active if title == "main" else book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def take(call: Call, data: bytes, *, as_drafts: bool = False) -> ImportedApplications:
    table = read_table(data, "export.xlsx", also=titles_of_sheets(FORM))
    done = import_applications(call=call, table=table, actor=system_actor(), now=NOW, as_drafts=as_drafts)
    db.session.commit()
    return done


def by_name() -> dict[str, dict[str, Any]]:
    found = db.session.scalars(select(Application)).all()
    answers = [clear_answers(each) for each in found]
    return {str(each["organisation"]): dict(each) for each in answers}


def test_rows_of_repeats_go_to_the_applications_that_they_belong_to(call: Call) -> None:
    done = take(call, workbook(main=MAIN, partners=PARTNERS, visits=VISITS, notes=[["", "no table"]]))
    assert (done.taken, [str(each) for each in done.problems]) == (2, [])
    hill, lake = by_name()["Hill Group (sample)"], by_name()["Lake Group (sample)"]
    assert hill["opens"] == "08:30"
    assert hill["needs"] == ["rest", "money"]
    assert {key: answer for key, answer in hill.items() if key.startswith("partners")} == {
        "partners": [1],
        "partners~1~partner": "Plain",
        "partners~1~help": ["train"],
    }
    assert {key: answer for key, answer in lake.items() if key.startswith("partners")} == {
        "partners": [1, 2],
        "partners~1~partner": "Coast",
        "partners~1~help": ["talk", "train"],
        "partners~2~partner": "River",
        "partners~2~visits": [1, 2],
        "partners~2~visits~1~people": 7,
        "partners~2~visits~2~people": 9,
    }


def test_export_taken_again_changes_nothing_and_a_changed_row_of_a_repeat_is_told(call: Call) -> None:
    take(call, workbook(main=MAIN, partners=PARTNERS, visits=VISITS))
    again = take(call, workbook(main=MAIN, partners=PARTNERS, visits=VISITS))
    assert (again.taken, again.unchanged, again.problems) == (0, 2, [])
    changed = take(call, workbook(main=MAIN, partners=PARTNERS, visits=[*VISITS[:2], [10, 2, "partners", 3]]))
    assert [str(each) for each in changed.problems] == [
        "row 3: This row was taken before and is different now. It was left as it was."
    ]
    assert by_name()["Lake Group (sample)"]["partners~2~visits~2~people"] == 9
    assert db.session.scalar(select(func.count()).select_from(Submission)) == 2


def test_problems_in_repeats_name_sheet_row_and_column(call: Call) -> None:
    done = take(call, workbook(main=MAIN, partners=PARTNERS, visits=[*VISITS[:2], ["many", 2, "partners", 3]]))
    assert (done.taken, done.refused) == (1, 1)
    assert [each.place for each in done.problems] == ["visits, row 3, column partners/visits/people"]


def test_sheet_that_does_not_say_where_its_rows_belong_stops_the_import(call: Call) -> None:
    with pytest.raises(RuleViolations) as refused:
        take(call, workbook(main=MAIN, partners=[row[:-1] for row in PARTNERS]))
    assert [each.place for each in refused.value.problems] == ["partners"]


def test_rows_become_drafts_of_the_people_with_these_addresses(call: Call) -> None:
    wanting = [*MAIN, ["", "new@example.org", "at dawn", "", "u-3", 3], ["No Mail (sample)", "", "", "", "u-4", 4]]
    done = take(call, workbook(main=wanting, partners=PARTNERS), as_drafts=True)
    assert (done.taken, done.refused) == (3, 1)
    assert [each.place for each in done.problems] == ["row 4, column opens", "row 5"]
    drafts = db.session.scalars(select(Application).order_by(Application.import_key)).all()
    assert {each.status for each in drafts} == {ApplicationStatus.DRAFT}
    assert {each.source for each in drafts} == {ApplicationSource.IMPORT}
    assert [each.person.email for each in drafts] == ["hill@example.org", "lake@example.org", "new@example.org"]
    assert clear_answers(drafts[2])["opens"] == {"typed": "at dawn"}, "what is not understood is kept as it was typed"
    assert db.session.scalar(select(func.count()).select_from(Submission)) == 0
    again = take(call, workbook(main=wanting, partners=PARTNERS), as_drafts=True)
    assert (again.taken, again.unchanged) == (0, 3)


def test_manager_takes_an_export_in_the_browser(call: Call, signed_in: SignedIn, run_jobs: Callable[[], int]) -> None:
    client = signed_in(make_staff(Role.MANAGER, call))
    data = workbook(main=MAIN, partners=PARTNERS, visits=VISITS)
    fields = {"table": (io.BytesIO(data), "export.xlsx"), "take": "1", "drafts": "1"}
    given = client.post(f"/manage/{call.slug}/import", data=fields, content_type="multipart/form-data")
    assert given.status_code == 302
    run_jobs()
    assert "2 new drafts" in client.get(given.headers["Location"]).text
    assert by_name()["Lake Group (sample)"]["partners~2~visits~1~people"] == 7
