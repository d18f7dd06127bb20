"""What leaves the house says what it is, is on record with its hash, and is the same in every kind of file."""

import hashlib
import io
import json
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.disbursement.exports.decisions import COLUMNS
from fundapp.review.queries.selection import whole_selection
from fundapp.review.tally_cli import tally_group

from ..conftest import NOW, SignedIn, actor_of
from ..exporting import exported_rows, read_csv, take_out, taken_out, unzipped
from ..factories import (
    make_application,
    make_call,
    make_decision,
    make_member,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

DOCUMENTED = Path(__file__).parents[2] / "docs" / "exports.md"
HOSTILE = "=cmd|'/C calc'!A0"


@pytest.fixture
def call(app: Any, clock: Any) -> Call:
    """Six applications of one country and one of another, one with an award, all with names that could run."""
    clock.move_to(NOW)
    made = make_call(budget_minor=100_000_000)
    reviewers = [make_reviewer(made, person=make_person(f"Reader Canary {number}")) for number in range(3)]
    slate = make_slate(made)
    for number in range(7):
        application = make_application(
            made,
            organisation_name=f"{HOSTILE} Canary {number}",
            title=f"@SUM(1) Canary {number}",
            country="Lesotho" if number == 6 else "Kenya",
            region="Canary Hills" if number == 5 else "Coast",
        )
        for at, reviewer in enumerate(reviewers[: 1 + number % 3]):
            make_review(application.entries[0], reviewer, [1 + (number + at) % 5, None if at == 1 else 1 + number % 5])
        if number == 1:
            decision = make_decision(slate, application.entries[0], decided_by=make_person("Decider Canary"))
            decision.reason = "Canary: because of them."
    db.session.commit()
    return made


def recorded() -> list[dict[str, Any]]:
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "export:make").order_by(AuditEntry.seq))
    return [each.data for each in entries]


def test_a_manifest_says_who_made_what_of_which_rows_and_the_record_has_its_hash(
    call: Call, signed_in: SignedIn
) -> None:
    manager = make_staff(Role.MANAGER, name="Mara Sample")
    name, data, manifest = taken_out(signed_in(manager), call.slug)
    assert name == f"decisions-{call.slug}.csv"
    assert manifest["sha256"] == hashlib.sha256(data).hexdigest()
    assert (manifest["made_by"], manifest["made_as"]) == (manager.name, ["manager"])
    assert datetime.fromisoformat(manifest["made_at"]) == NOW
    assert (manifest["call"], manifest["rows"], manifest["format"]) == (call.slug, 7, "csv")
    assert tuple(manifest["columns"]) == COLUMNS
    documented = DOCUMENTED.read_text().partition("### What goes with each table")[2].partition("\n### ")[0]
    assert [name for name in manifest if f"`{name}`" not in documented] == []
    assert manifest["fundapp"]
    assert manifest["filters"]["entries"]
    (entry,) = recorded()
    assert (entry["sha256"], entry["rows"], entry["what"]) == (manifest["sha256"], 7, "decisions")


def test_nothing_is_recorded_of_what_nobody_got(call: Call, signed_in: SignedIn) -> None:
    assert take_out(signed_in(make_staff(Role.MANAGER)), call.slug, format="exe").status_code == 422
    assert take_out(signed_in(make_person()), call.slug).status_code == 403
    assert recorded() == []


def test_a_workbook_has_its_manifest_on_a_second_sheet_and_no_formula(call: Call, signed_in: SignedIn) -> None:
    answer = take_out(signed_in(make_staff(Role.MANAGER)), call.slug, format="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    table, about = book.worksheets
    assert about.title == "manifest"
    manifest = dict(about.iter_rows(min_row=2, values_only=True))
    assert (manifest["rows"], manifest["call"], manifest["columns"]) == (7, call.slug, "; ".join(COLUMNS))
    (entry,) = recorded()
    assert entry["sha256"] == hashlib.sha256(answer.data).hexdigest()
    assert manifest["sha256_as_csv"] == entry["sha256_as_csv"]
    assert [sheet.freeze_panes for sheet in book.worksheets] == ["A2", "A2"]
    cells = [cell for sheet in book.worksheets for line in sheet.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    names = {column: table.cell(2, at).value for at, column in enumerate(COLUMNS, start=1)}
    assert names["organisation"].startswith(HOSTILE)
    assert isinstance(names["submitted_at"], datetime)
    assert isinstance(names["amount_requested"], int | float)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())


def test_json_holds_what_the_table_holds_with_null_for_what_is_not_known(call: Call, signed_in: SignedIn) -> None:
    client = signed_in(make_staff(Role.MANAGER))
    name, data, manifest = taken_out(client, call.slug, format="json")
    assert name.endswith(".json")
    assert manifest["sha256"] == hashlib.sha256(data).hexdigest()
    rows, plain = json.loads(data), exported_rows(client, call.slug)
    assert [tuple(row) for row in rows] == [COLUMNS] * 7
    for row, line in zip(rows, plain, strict=True):
        for column in COLUMNS:
            text = "" if row[column] is None else str(row[column])
            assert line[column] in (text, f"'{text}")
            assert row[column] != ""
    assert rows[0]["amount_requested"] == "12000.00"
    assert isinstance(Decimal(rows[0]["score_mean"]), Decimal)
    assert rows[0]["amount_awarded"] is None
    assert rows[0]["organisation"].startswith(HOSTILE)


def test_csv_has_the_mark_that_excel_needs_where_it_is_asked_for(call: Call, signed_in: SignedIn) -> None:
    client = signed_in(make_staff(Role.MANAGER))
    _name, plain, without = taken_out(client, call.slug)
    _name, marked, manifest = taken_out(client, call.slug, for_excel="y")
    assert marked == b"\xef\xbb\xbf" + plain
    assert manifest["sha256"] == hashlib.sha256(marked).hexdigest() != without["sha256"]
    assert manifest["sha256_as_csv"] == without["sha256_as_csv"] == without["sha256"]


@pytest.mark.parametrize("what", ["decisions", "scores"])
@pytest.mark.parametrize("file_format", ["csv", "json", "xlsx"])
def test_without_names_nothing_says_who(call: Call, signed_in: SignedIn, what: str, file_format: str) -> None:
    client = signed_in(make_staff(Role.MANAGER, name="Manager Canary"))
    answer = take_out(client, call.slug, what=what, format=file_format, variant="anonymised")
    seen = text_of(answer.data)
    for secret in ("Canary", "canary", "Lesotho", "HYPERLINK", "cmd|"):
        assert secret not in seen
    for application in whole_selection(call=call).ranked:
        assert str(application.entry.application.reference) not in seen
        assert str(application.entry.id) not in seen
    assert "Canary" in text_of(take_out(client, call.slug, what="decisions", format=file_format).data)


def text_of(data: bytes) -> str:
    """Return all that stands in a download, workbooks unpacked."""
    found = ""
    for name, content in unzipped(data).items():
        found += name + (text_of(content) if name.endswith(".xlsx") else content.decode("utf-8", "replace"))
    return found


def test_aliases_are_the_same_in_every_table_of_a_call_and_countries_that_few_share_are_not_told(
    call: Call, signed_in: SignedIn
) -> None:
    client = signed_in(make_staff(Role.MANAGER))
    rows = exported_rows(client, call.slug, variant="anonymised")
    again = exported_rows(client, call.slug, variant="anonymised")
    assert rows == again
    assert len({row["application_reference"] for row in rows}) == 7
    assert [row["entry_reference"] for row in rows] == sorted(row["entry_reference"] for row in rows)
    # One from another country would be alone among those of whom no country is told.
    assert {row["country"] for row in rows} == {row["region"] for row in rows} == {""}
    marks = exported_rows(client, call.slug, what="scores", variant="anonymised")
    assert {row["application"] for row in marks} == {row["entry_reference"] for row in rows}
    assert {row["score_mean"] for row in rows} == {row["score_mean"] for row in exported_rows(client, call.slug)}


def test_what_somebody_is_in_conflict_with_is_in_no_table_and_no_manifest(call: Call, signed_in: SignedIn) -> None:
    manager = make_staff(Role.MANAGER)
    client = signed_in(manager)
    hidden = whole_selection(call=call).ranked[0].entry.application
    make_member(manager, hidden.organisation)
    db.session.commit()
    _name, data, manifest = taken_out(client, call.slug)
    assert (manifest["rows"], len(read_csv(data))) == (6, 6)
    marks = exported_rows(client, call.slug, what="scores")
    assert str(hidden.reference) not in text_of(take_out(client, call.slug).data) + str(marks)
    assert len({row["application"] for row in marks}) == 6


def test_scores_are_for_those_who_read_single_reviewers(call: Call, signed_in: SignedIn) -> None:
    finance = signed_in(make_staff(Role.FINANCE))
    assert 'value="scores"' not in finance.get(f"/manage/{call.slug}/exports").text
    assert take_out(finance, call.slug, what="scores").status_code == 422
    manager = signed_in(make_staff(Role.MANAGER))
    assert 'value="scores"' in manager.get(f"/manage/{call.slug}/exports").text
    assert "Reader Canary" not in text_of(take_out(manager, call.slug, what="scores").data)


@pytest.mark.parametrize("variant", ["identified", "anonymised"])
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_scores_that_were_taken_out_give_the_same_ranking_again(
    call: Call, signed_in: SignedIn, tmp_path: Any, variant: str, file_format: str
) -> None:
    manager = make_staff(Role.MANAGER)
    client = signed_in(manager)
    answer = take_out(client, call.slug, what="scores", variant=variant, format=file_format)
    for name, data in unzipped(answer.data).items():
        (tmp_path / name).write_bytes(data)
    (table,) = tmp_path.glob(f"*.{file_format}")
    (rubric,) = tmp_path.glob("*-rubric.toml")
    done = CliRunner().invoke(tally_group, ["scores", str(table), "--rubric", str(rubric), "--json"])
    assert done.exit_code == 0, done.output
    reckoned = {
        each["application"]: (each["mean"], each["plain_rank"]) for each in json.loads(done.output)["applications"]
    }
    names = exported_rows(client, call.slug, variant=variant)
    told = {row["entry_reference"]: (row["score_mean"], row["rank"]) for row in names}
    here = {
        row.entry.application.reference: (str(row.figures.mean), row.figures.rank)
        for row in whole_selection(call=call).ranked
    }
    assert sorted(reckoned.values()) == sorted(here.values())
    assert reckoned == here or variant == "anonymised"
    assert {key: str(rank) for key, (_mean, rank) in reckoned.items()} == {
        key: rank for key, (_m, rank) in told.items()
    }


def test_exports_of_an_auditor_change_nothing_but_the_record(call: Call, signed_in: SignedIn) -> None:
    auditor = make_staff(Role.AUDITOR)
    assert actor_of(auditor).can("decision:export", call.id)
    assert take_out(signed_in(auditor), call.slug).status_code == 200
    assert len(recorded()) == 1


def test_a_protected_application_stands_out_in_nothing_without_names(call: Call, signed_in: SignedIn) -> None:
    client = signed_in(make_staff(Role.MANAGER))
    protected = make_application(call, is_protected=True, pseudonym="quiet river", country="Kenya", region="Coast")
    for _number in range(5):
        make_application(call, country="Uganda", region="Coast")
    db.session.commit()
    seen = text_of(take_out(client, call.slug, variant="anonymised").data)
    assert "quiet river" not in seen
    assert str(protected.reference) not in seen
    rows = exported_rows(client, call.slug, variant="anonymised")
    assert len([row for row in rows if not row["country"]]) >= 5
    assert {row["country"] for row in rows} & {"Kenya", "Uganda"}
