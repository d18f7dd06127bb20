"""Applications from spreadsheets: real files, every row whole or refused by row and column, nothing twice."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from fundapp.accounts.models import Membership, Organisation, Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.call_package import read_package
from fundapp.applications.cli import applications
from fundapp.applications.importing import ImportedApplications, batches, import_applications, load_call
from fundapp.applications.models import (
    Application,
    ApplicationSource,
    ApplicationStatus,
    Call,
    CallStatus,
    Entry,
    Submission,
)
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.tables import read_table, write_xlsx
from fundapp.core.web import FundApp
from fundapp.samples import folder
from tests.conftest import actor_of
from tests.factories import make_staff

NOW = datetime(2020, 12, 1, 12, 0, tzinfo=UTC)  # after the deadline: these came by other ways

ROW: Mapping[str, str] = {
    "id": "A1",
    "language": "en",
    "organisation": "Hill Paralegals (sample)",
    "form": "community_group",
    "registration": "registered",
    "partner": "no",
    "party": "no",
    "country": "KE",
    "region": "africa",
    "contact_name": "Amina Sample",
    "email": "amina@example.org",
    "founded": "2012-05-01",
    "people": "7",
    "title": "Know your rights by radio",
    "summary": "We talk about the law on the radio.",
    "themes": "work health",
    "need": "People were dismissed.",
    "plan": "Twelve broadcasts.",
    "reached": "1200",
    "amount": "17000.50",
    "costs": "Air time.",
    "true_words": "yes",
}

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def call(app: FundApp) -> Call:
    """The sample fund, loaded."""
    return load_call(package=read_package(folder("gjf-2020")), actor=system_actor(), now=NOW).call


def take(call: Call, data: bytes, filename: str = "applications.csv") -> ImportedApplications:
    return import_applications(call=call, table=read_table(data, filename), actor=system_actor(), now=NOW)


def csv(*rows: Mapping[str, str], headings: Mapping[str, str] | None = None, separator: str = ",") -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [[(headings or {}).get(column, column) for column in columns]]
    lines += [[row.get(column, "") for column in columns] for row in rows]
    return "\r\n".join(separator.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def said(done: ImportedApplications) -> list[str]:
    return [str(problem) for problem in done.problems]


def test_row_becomes_a_submitted_application(call: Call) -> None:
    done = take(call, csv(ROW).encode())
    db.session.commit()

    assert (done.taken, done.unchanged, done.refused, done.problems, done.unmapped) == (1, 0, 0, [], [])
    application = db.session.scalars(select(Application)).one()
    assert application.status is ApplicationStatus.SUBMITTED
    assert application.source is ApplicationSource.IMPORT
    assert application.reference == "GJF-2020-0001"
    assert application.submitted_at == NOW
    assert application.language == "en"
    assert (application.organisation_name, application.title) == (ROW["organisation"], ROW["title"])
    assert (application.country, application.region) == ("KE", "africa")
    assert application.answers["amount"] == "17000.5"
    assert application.answers["people"] == 7
    assert application.answers["themes"] == ["work", "health"]
    assert application.answers["true_words"] is True
    assert (application.person.email, application.person.name) == ("amina@example.org", "Amina Sample")
    assert application.organisation
    assert application.organisation.name == ROW["organisation"]
    assert [entry.requested_minor for entry in application.entries] == [1_700_050]
    (submission,) = application.submissions
    assert submission.answers == application.answers


def test_import_twice_changes_nothing(call: Call) -> None:
    data = csv(ROW, {**ROW, "id": "", "email": "b@example.org"}).encode()
    take(call, data)
    db.session.commit()
    counted = [count(model) for model in (Application, Submission, Entry, Person, Organisation, Membership)]

    again = take(call, data)

    assert (again.taken, again.unchanged, again.refused, again.problems) == (0, 2, 0, [])
    assert [count(model) for model in (Application, Submission, Entry, Person, Organisation, Membership)] == counted
    assert call.last_reference == 2


def test_row_that_changed_since_is_reported_and_left(call: Call) -> None:
    take(call, csv(ROW).encode())

    again = take(call, csv({**ROW, "amount": "20000"}).encode())

    assert (again.taken, again.unchanged) == (0, 1)
    assert said(again) == ["row 2: This row was taken before and is different now. It was left as it was."]
    assert db.session.scalars(select(Entry.requested_minor)).all() == [1_700_050]


def test_other_rows_still_go_in_and_each_problem_has_row_and_column(call: Call) -> None:
    done = take(
        call,
        csv(
            ROW,
            {**ROW, "id": "A2", "amount": "25000.01", "country": "Atlantis", "people": "many"},
            {**ROW, "id": "A3", "organisation": "", "summary": "word " * 81},
            {**ROW, "id": "A1", "title": "Another"},
            {**ROW, "id": "A5", "language": "tlh"},
            {**ROW, "id": "A6", "language": "pt"},
            {**ROW, "id": "A7", "email": "c@example.org"},
        ).encode(),
    )

    assert (done.taken, done.unchanged, done.refused) == (2, 0, 5)
    found = said(done)
    for expected in [
        "row 3, column amount: The most that you can ask for is US$25,000.00 (USD).",
        "row 3, column country: Choose from the list.",
        "row 3, column people: Write this in figures",
        "row 4, column organisation: Answer this question.",
        "row 4, column summary: This has 81 words; the limit is 80.",
        "row 5, column id: Row 2 has this id already.",
        "row 6, column language: The language “tlh” is not known.",
        "row 7, column language: The call is not in this language.",
    ]:
        assert any(problem.startswith(expected) for problem in found), f"{expected} is not in {found}"
    assert db.session.scalars(select(Application.reference).order_by(Application.reference)).all() == [
        "GJF-2020-0001",
        "GJF-2020-0002",
    ]


def test_headings_may_be_labels_in_any_language(call: Call) -> None:
    form = read_package(folder("gjf-2020")).form
    french = {question.name: question.label["fr"].upper() + " :" for question in form.questions}
    labels = {
        **ROW,
        "id": "A9",
        "language": "Français",
        "form": "Groupe ou mouvement communautaire",
        "country": "KENYA",
        "registration": "oui, il est enregistré",
        "themes": "Santé; Travail et salaires",
        "partner": "Non",
        "amount": "17 000,50",
    }

    done = take(call, csv(labels, headings=french).encode())

    assert (done.taken, said(done), done.unmapped) == (1, [], [])
    application = db.session.scalars(select(Application)).one()
    assert application.language == "fr"
    assert application.answers["themes"] == ["work", "health"]
    assert application.answers["amount"] == "17000.5"


def test_headings_of_survey_tools_are_understood(call: Call) -> None:
    row = {name: cell for name, cell in ROW.items() if name not in {"id", "themes"}}
    row |= {"_uuid": "u-1", "themes/health": "1", "themes/work": "0", "themes/Identity papers and citizenship": "TRUE"}
    kobo = {"organisation": "about/organisation", "email": "about-email", "founded": "about/founded"}
    row["founded"] = "2012-05-01T00:00:00.000+03:00"

    done = take(call, csv({**row, "_submission_time": "2020-11-01"}, headings=kobo).encode())

    assert (done.taken, said(done), done.unmapped) == (1, [], ["_submission_time"])
    application = db.session.scalars(select(Application)).one()
    assert application.import_key == "id:u-1"
    assert application.answers["themes"] == ["health", "identity"]
    assert application.answers["founded"] == "2012-05-01"


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t"), ("utf-8", ",")],
)
def test_files_as_offices_save_them(call: Call, encoding: str, separator: str) -> None:
    row = {
        **ROW,
        "organisation": "Collectif de l’été (exemple)",
        "summary": 'Un,\ndeux; et\ttrois "mots"',
        "language": "fr",
    }

    done = take(call, csv({**row, "summary": row["summary"].replace("\t", " ")}, separator=separator).encode(encoding))

    assert (done.taken, said(done)) == (1, [])
    application = db.session.scalars(select(Application)).one()
    assert application.organisation_name == "Collectif de l’été (exemple)"
    assert application.answers["summary"] == 'Un,\ndeux; et trois "mots"'


def test_workbook_gives_the_same_as_csv(call: Call) -> None:
    columns = list(ROW)
    cells = [datetime(2012, 5, 1, tzinfo=UTC).date() if name == "founded" else ROW[name] for name in columns]

    done = take(call, write_xlsx("Applications", columns, [cells]), "applications.xlsx")

    assert (done.taken, said(done)) == (1, [])
    assert db.session.scalars(select(Application)).one().answers["founded"] == "2012-05-01"


def test_missing_and_doubtful_columns_stop_the_import_before_it_begins(call: Call) -> None:
    row = {name: cell for name, cell in ROW.items() if name not in {"organisation", "plan"}}

    with pytest.raises(RuleViolations) as caught:
        take(call, csv({**row, "What is your group’s name": "X", "TITLE ": "again"}).encode())

    assert {str(problem) for problem in caught.value.problems} == {
        "column TITLE: Another column answers this question already.",
        "No column answers the required question “organisation”.",
        "No column answers the required question “plan”.",
    }
    assert count(Application) == 0


def test_file_cannot_come_in_a_table(call: Call) -> None:
    done = take(call, csv({**ROW, "budget": "our-budget.pdf"}).encode())

    assert done.taken == 1
    assert said(done) == ["row 2, column budget: A file cannot be taken from a table; it was left out."]


def test_same_row_twice_in_a_file_is_taken_once(call: Call) -> None:
    row = {name: cell for name, cell in ROW.items() if name != "id"}

    done = take(call, csv(row, row).encode())

    assert (done.taken, done.unchanged, done.refused) == (1, 1, 0)
    assert said(done) == ["row 3: This row says the same as row 2; it was taken once."]


def test_people_and_organisations_are_known_again(call: Call) -> None:
    take(
        call,
        csv(
            ROW, {**ROW, "id": "A2", "email": "AMINA@example.org", "organisation": "hill  PARALEGALS (sample)"}
        ).encode(),
    )

    assert (count(Application), count(Person), count(Organisation)) == (2, 1, 1)


def test_category_questions_are_asked_of_those_who_enter() -> None:
    prize = load_call(package=read_package(folder("gjp-2019")), actor=system_actor(), now=NOW).call
    asked = ("id", "organisation", "form", "registration", "partner", "country", "region", "contact_name", "email",
             "people", "title", "summary", "true_words")  # fmt: skip
    row = {name: ROW[name] for name in asked} | {
        "a_year": "yes",
        "story": "One day.",
        "why_courage": "They go on.",
        "why_scale": "",
    }

    done = take(
        prize,
        csv(
            {**row, "categories": "courage"},
            {**row, "id": "A2", "categories": "Courage; Scale and sustainability"},
            {**row, "id": "A3", "categories": "scale courage", "why_scale": "It grows."},
        ).encode(),
    )

    assert (done.taken, done.refused) == (2, 1)
    assert said(done) == ["row 3, column why_scale: Answer this question."]
    entries = db.session.scalars(select(Entry).order_by(Entry.created_at)).all()
    assert sorted(entry.category.code for entry in entries if entry.category) == ["courage", "courage", "scale"]
    assert {entry.requested_minor for entry in entries} == {None}


def test_hostile_cells_are_refused_or_inert(call: Call) -> None:
    done = take(
        call,
        csv(
            {**ROW, "title": "<script>alert(1)</script>", "summary": "=cmd()"},
            {**ROW, "id": "A2", "title": "annexe\u202efdp.exe"},
            {**ROW, "id": "A\u202e3"},
            {**ROW, "id": "A4", "plan": "x" * 200_000},
        ).encode(),
    )

    assert (done.taken, done.refused) == (2, 2)
    found = said(done)
    assert any(problem.startswith("row 3, column title: This text has a character") for problem in found), found
    assert any(problem.startswith("row 4, column id: This text has a hidden character") for problem in found), found
    assert any(problem.startswith("row 5, column plan: This has 200000 characters") for problem in found), found
    assert "<script>alert(1)</script>" in db.session.scalars(select(Application.title)).all()


def test_decided_call_takes_no_more(call: Call) -> None:
    call.status, call.decided_at = CallStatus.DECIDED, NOW
    db.session.flush()

    with pytest.raises(Conflict):
        take(call, csv(ROW).encode())

    assert count(Application) == 0


def test_only_those_who_may_import_do(call: Call) -> None:
    table = read_table(csv(ROW).encode(), "a.csv")

    with pytest.raises(NotAllowed):
        import_applications(call=call, table=table, actor=actor_of(make_staff(Role.RATIFIER)), now=NOW)
    assert count(Application) == 0

    manager = actor_of(make_staff(Role.MANAGER, call))
    assert import_applications(call=call, table=table, actor=manager, now=NOW).taken == 1
    assert db.session.scalars(select(Submission.submitted_by_id)).one() == manager.person_id
    db.session.commit()
    assert "application:import" in db.session.scalars(select(AuditEntry.action)).all()


def test_command_takes_what_it_can_and_says_the_rest(app: FundApp, call: Call, tmp_path: Path) -> None:
    file = tmp_path / "applications.csv"
    file.write_text(csv(ROW, {**ROW, "id": "A2", "amount": "x"}, {**ROW, "id": "A3"}), encoding="utf-8")

    def run(slug: str, path: Path) -> tuple[int, str]:
        db.session.commit()  # the command has a session of its own, which would wait for this one's lock
        result = CliRunner().invoke(applications, ["import", slug, str(path)], obj=lambda: app, catch_exceptions=False)
        return result.exit_code, result.output

    status, output = run("gjf-2020", file)
    assert status == 1
    assert "row 3, column amount: Write this in figures" in output
    assert "2 taken, 0 there already, 1 refused" in output
    assert count(Application) == 2

    file.write_text(csv(ROW, {**ROW, "id": "A3"}), encoding="utf-8")
    assert run("gjf-2020", file) == (0, "0 taken, 2 there already, 0 refused\n")
    assert run("nowhere", file) == (1, "Error: there is no call nowhere\n")
    file.write_bytes(b"%PDF-1.7\x00")
    status, output = run("gjf-2020", file)
    assert status == 1
    assert output.startswith("Error: applications.csv")


@pytest.mark.parametrize(("name", "entries"), [("gjf-2020", 68), ("gjp-2019", 29)])
def test_sample_applications_all_go_in_once(name: str, entries: int) -> None:
    loaded = load_call(package=read_package(folder(name)), actor=system_actor(), now=NOW)
    data = (folder(name) / "applications.csv").read_bytes()

    first, again = take(loaded.call, data), take(loaded.call, data)

    assert (first.refused, said(first), first.unmapped) == (0, [], [])
    assert (again.taken, again.unchanged, said(again)) == (0, first.taken, [])
    assert count(Application) == first.taken
    assert count(Entry) == entries


def many(number: int) -> bytes:
    return csv(*({**ROW, "id": f"M{each}", "email": f"m{each}@example.org"} for each in range(number))).encode()


def test_long_table_goes_in_by_batches_and_goes_on_where_it_was_cut_off(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    db.session.commit()
    table = read_table(csv(*({**ROW, "id": name} for name in ("A", "B", "C", "A", "D", "E"))).encode(), "a.csv")
    call_id = call.id
    committed: list[Any] = []
    seen: list[Any] = []

    def cut_off() -> None:
        if len(committed) == 1:
            raise ConnectionError
        db.session.commit()
        committed.append(count(Application))

    with pytest.raises(ConnectionError):
        batches.import_in_batches(call_id=call_id, table=table, actor=system_actor(), now=lambda: NOW, commit=cut_off)
    db.session.rollback()
    assert (committed, count(Application)) == ([2], 2)

    done = batches.import_in_batches(
        call_id=call_id,
        table=table,
        actor=system_actor(),
        now=lambda: NOW,
        commit=db.session.commit,
        progress=seen.append,
    )
    assert (done.taken, done.unchanged, done.refused) == (3, 2, 1)
    assert said(done) == ["row 5, column id: Row 2 has this id already."]
    assert seen == [2, 4, 6]
    assert count(Application) == 5
