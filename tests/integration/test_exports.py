"""The export of decisions: every row, exact figures, nothing that a spreadsheet program would run."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import ApplicationStatus, Call, ProgrammeKind
from fundapp.applications.sealed_answers import keep_answers
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed
from fundapp.disbursement.cli import export
from fundapp.disbursement.exports.decisions import COLUMNS, decision_rows
from fundapp.disbursement.exports.scores import COLUMNS as SCORES
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Outcome, SlateStatus
from fundapp.review.queries.selection import whole_selection
from fundapp.review.services.sending import freeze

from ..conftest import NOW, actor_of, counted_statements
from ..exporting import decisions_csv, decisions_xlsx, read_csv, take_out, taken_out
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
from ..frozen_tallies import freeze_as_sent
from .sensitive_form import ANSWERS as SENSITIVE_ANSWERS
from .sensitive_form import FORM as SENSITIVE_FORM

LATER = NOW + timedelta(days=30)
DOCUMENTED = Path(__file__).parents[2] / "docs" / "exports.md"


@pytest.fixture
def manager(app):
    return make_staff(Role.MANAGER)


def decided_call(**values: Any) -> Call:
    """An award with two reviews, a decline with one, an ineligible one, an undecided one, one unchecked, a draft."""
    call = make_call(**values)
    slate = make_slate(call)
    reviewers = [make_reviewer(call), make_reviewer(call)]
    award = make_application(call).entries[0]
    make_review(award, reviewers[0], [5, 4])
    make_review(award, reviewers[1], [None, 5])
    make_decision(slate, award, decided_by=make_person("Decider Sample"))
    decline = make_application(call).entries[0]
    make_review(decline, reviewers[0], [1, 2])
    make_decision(slate, decline, outcome=Outcome.DECLINE)
    make_decision(slate, make_application(call).entries[0], outcome=Outcome.RESERVE)
    make_application(call, status=ApplicationStatus.INELIGIBLE)
    make_application(call)
    make_application(call, status=ApplicationStatus.SUBMITTED)
    make_application(call, status=ApplicationStatus.DRAFT)
    return call


def test_every_entry_that_was_sent_is_a_row_with_its_status(manager):
    rows = read_csv(decisions_csv(actor=actor_of(manager), call=decided_call()))
    assert [(row["application_status"], row["decision"]) for row in rows] == [
        ("eligible", "award"),
        ("eligible", "decline"),
        ("eligible", "reserve"),
        ("ineligible", "ineligible"),
        ("eligible", "undecided"),
        ("submitted", "undecided"),
    ]
    award, decline, reserve, ineligible, undecided, _ = rows
    assert (award["reviews"], award["score_mean"], award["score_spread"]) == ("2", "4.67", "0.47")
    assert (award["rank"], award["rank_is_tied"]) == ("1", "no")
    assert (award["amount_requested"], award["amount_awarded"], award["currency"]) == ("12000.00", "12000.00", "USD")
    assert (award["decided_by"], award["decided_at"]) == ("Decider Sample", "2020-09-14T12:00:00Z")
    assert (award["slate_status"], award["ratified_by"], award["letter_status"]) == ("open", "", "")
    assert (decline["amount_awarded"], decline["score_mean"], decline["score_spread"]) == ("0.00", "1.67", "")
    assert reserve["amount_awarded"] == "0.00"
    assert ineligible["eligibility_reason"] == "It works in another field."
    assert (undecided["amount_awarded"], undecided["reviews"], undecided["score_mean"]) == ("", "0", "")


def test_after_release_ratification_and_letters_are_in_the_row(manager, run_jobs, clock):
    clock.move_to(LATER)
    call = make_call()
    make_decision(make_slate(call, SlateStatus.RATIFIED), make_application(call).entries[0])
    make_application(call, status=ApplicationStatus.INELIGIBLE)
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    run_jobs()
    award, notice = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    assert (award["slate_status"], award["ratified_by"]) == ("released", "Ratifier Sample")
    assert (award["ratified_at"], award["released_at"]) == ("2020-09-14T12:00:00Z", "2020-10-14T12:00:00Z")
    assert (award["letter_status"], award["letter_made_at"]) == ("made", "2020-10-14T12:00:00Z")
    assert len(award["letter_sha256"]) == 64
    assert (notice["letter_status"], notice["decision"]) == ("made", "ineligible")


def test_figures_are_those_that_were_ratified(manager):
    call = make_call()
    slate = make_slate(call, SlateStatus.PROPOSED)
    entry = make_application(call).entries[0]
    reviewer = make_reviewer(call)
    make_review(entry, reviewer, [5, 5])
    make_decision(slate, entry)
    freeze(actor=actor_of(manager), slate=slate, whole=whole_selection(call=call), now=NOW)
    make_review(entry, make_reviewer(call), [1, 1])
    [row] = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    assert (row["score_mean"], row["reviews"]) == ("5.00", "1")
    slate.status, slate.proposed_by_id, slate.proposed_at = SlateStatus.OPEN, None, None
    [row] = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    assert (row["score_mean"], row["reviews"]) == ("3.00", "2")


def test_ranks_that_were_frozen_have_no_gap_for_somebody_in_conflict_with_the_best(manager):
    call = make_call()
    slate, reviewer = make_slate(call), make_reviewer(call)
    best, second = (make_application(call).entries[0] for _ in range(2))
    for entry, score in ((best, 5), (second, 3)):
        make_review(entry, reviewer, [score, score])
        make_decision(slate, entry)
    slate.status, slate.proposed_by_id, slate.proposed_at = SlateStatus.PROPOSED, manager.id, NOW
    freeze_as_sent(slate)
    rows = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    assert [row["rank"] for row in rows] == ["1", "2"]
    make_member(manager, best.application.organisation)
    rows = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    assert [(row["application_reference"], row["rank"]) for row in rows] == [(second.application.reference, "1")]


def test_prize_entries_have_a_row_each(manager):
    call = make_call(kind=ProgrammeKind.PRIZE, categories=3)
    application = make_application(call)
    rows = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    assert [row["category"] for row in rows] == ["cat1", "cat2", "cat3"]
    assert [row["entry_reference"] for row in rows] == [f"{application.reference}-CAT{n}" for n in (1, 2, 3)]
    assert {row["amount_requested"] for row in rows} == {""}


def test_workbook_and_csv_hold_the_same(manager):
    call = decided_call()
    read = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    sheet = openpyxl.load_workbook(io.BytesIO(decisions_xlsx(actor=actor_of(manager), call=call))).active
    lines = list(sheet.iter_rows(values_only=True))
    assert lines[0] == COLUMNS
    assert len(lines) == len(read) + 1
    for line, row in zip(lines[1:], read, strict=True):
        for column, value in zip(COLUMNS, line, strict=True):
            if isinstance(value, datetime):
                assert row[column] == value.isoformat() + "Z"
            elif isinstance(value, int | float):
                assert float(row[column]) == value
            else:
                assert row[column] == (value or "")
    assert isinstance(sheet.cell(2, COLUMNS.index("amount_awarded") + 1).value, int | float)


def test_nothing_that_people_wrote_becomes_a_formula(manager):
    call = make_call()
    hostile: dict[str, Any] = {
        "organisation_name": "=cmd|'/C calc'!A0",
        "title": "@SUM(1)",
        "country": "+1+1",
        "region": "-2+3",
    }
    application = make_application(call, **hostile)
    decision = make_decision(make_slate(call), application.entries[0])
    decision.reason = "\t=HYPERLINK(1)"
    db.session.flush()
    [row] = read_csv(decisions_csv(actor=actor_of(manager), call=call))
    assert row["organisation"] == "'=cmd|'/C calc'!A0"
    assert row["title"] == "'@SUM(1)"
    assert row["country"] == "'+1+1"
    assert row["region"] == "'-2+3"
    assert row["decision_reason"].startswith("'")
    sheet = openpyxl.load_workbook(io.BytesIO(decisions_xlsx(actor=actor_of(manager), call=call))).active
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n", "d"}
    assert sheet.cell(2, COLUMNS.index("organisation") + 1).value == "=cmd|'/C calc'!A0"


def test_samples_are_marked(manager, signed_in):
    call = decided_call(is_sample=True)
    slug = call.slug
    client = signed_in(manager)
    name, data, manifest = taken_out(client, slug)
    assert name == f"decisions-{slug}-SAMPLE.csv"
    assert {row["sample"] for row in read_csv(data)} == {"yes"}
    assert manifest["is_sample"] is True
    answer = take_out(client, slug, format="xlsx")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=decisions-{slug}-SAMPLE.xlsx"
    assert openpyxl.load_workbook(io.BytesIO(answer.data)).sheetnames == ["SAMPLE decisions", "manifest"]


def test_only_who_may_export_gets_the_file(app, signed_in):
    call = decided_call()
    slug = call.slug
    ratifier = signed_in(make_staff(Role.RATIFIER))
    answer = take_out(ratifier, slug)
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert take_out(ratifier, slug, format="pdf").status_code == 422
    assert take_out(signed_in(make_person()), slug).status_code == 403
    assert take_out(signed_in(make_staff(Role.MANAGER, make_call())), slug).status_code == 404
    with pytest.raises(NotAllowed):
        decision_rows(actor=actor_of(make_staff(Role.REVIEWER)), call=call)


def test_many_rows_ask_the_database_no_more_than_one(manager):
    def statements(number: int) -> int:
        call = make_call(budget_minor=1_000_000_000)
        slate = make_slate(call, SlateStatus.RATIFIED)
        for _ in range(number):
            make_decision(slate, make_application(call).entries[0])
        db.session.expire_all()
        with counted_statements() as seen:
            assert len(decision_rows(actor=system_actor(), call=call)) == number
        return len(seen)

    assert statements(1) == statements(90)


def test_every_column_is_documented():
    decisions, _, others = DOCUMENTED.read_text().partition("\n### What goes with each table")
    assert tuple(rows_of_tables(decisions)) == COLUMNS
    scores = others.partition("\n## The scores of a call")[2].partition("\n## ")[0]
    assert tuple(rows_of_tables(scores)) == SCORES


def rows_of_tables(text: str) -> list[str]:
    return [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]


def test_command_line_writes_both_files_and_the_letters(app, manager, run_jobs, tmp_path):
    call = make_call()
    make_decision(make_slate(call, SlateStatus.RATIFIED), make_application(call).entries[0])
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()
    slug = call.slug
    runner = CliRunner()

    def run(*arguments: str) -> tuple[int, str]:
        db.session.rollback()  # the command has a session of its own
        done = runner.invoke(export, [*arguments, "--to", str(tmp_path / "out")], obj=lambda: app)
        return done.exit_code, done.output

    assert run("decisions", slug)[0] == 0
    assert len(read_csv((tmp_path / "out" / "decisions.csv").read_bytes())) == 1
    assert (tmp_path / "out" / "decisions.xlsx").read_bytes().startswith(b"PK")
    manifest = json.loads((tmp_path / "out" / "decisions.csv-manifest.json").read_bytes())
    assert (manifest["rows"], manifest["made_as"]) == (1, ["system"])
    assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "export:make")).all()) == 3
    code, said = run("letters", slug)
    assert code == 1
    assert "1 letters are not made yet" in said
    run_jobs()
    assert run("letters", slug)[0] == 0
    [letter] = (tmp_path / "out").glob("letter-*.pdf")
    assert letter.read_bytes().startswith(b"%PDF-")
    assert run("decisions", "no-such-call")[0] == 1


@pytest.mark.parametrize(("role", "shown"), [(Role.FINANCE, "•••• 4321"), (Role.MANAGER, "")])
def test_payee_details_are_masks_for_those_who_may_read_them(app, role, shown):
    call = make_call(form=SENSITIVE_FORM)
    application = make_application(call)
    keep_answers(application=application, form=SENSITIVE_FORM, values=SENSITIVE_ANSWERS, by_id=None, now=NOW)
    application.submissions[-1].answers = application.answers
    db.session.flush()
    (row,) = read_csv(decisions_csv(actor=actor_of(make_staff(role, call)), call=call))
    assert row["payee"] == shown
    assert "CANARY" not in str(row)
