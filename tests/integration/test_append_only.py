"""The database itself refuses to change, replace or delete what was recorded."""

# ruff: noqa: S608 - whoever attacks the record writes SQL, and so do these tests

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from fundapp.applications.models import Call
from fundapp.core.audit import AuditHead
from fundapp.core.audit.entries import guarded_tables, unguarded_tables
from fundapp.core.db import db
from fundapp.core.storage import Storage
from fundapp.disbursement.models import Letter, LetterKind, PaymentDocument, PaymentFile
from fundapp.disbursement.payment_rules import FileFormat
from fundapp.review.models import Decision, TallySignature

from ..attacks.world import finish_letter, make_templates, supersede
from ..conftest import NOW
from ..factories import make_application, make_call, make_decision, make_person, make_slate
from ..frozen_tallies import freeze_another
from ..funding import make_fund
from ..sanctions import make_list

ROOT = Path(__file__).parents[2]


@pytest.fixture
def filled(app):
    """At least two rows in each append-only table."""
    call = make_call()
    for _ in range(2):
        slate = make_slate(call)
        decision = make_decision(slate, make_application(call).entries[0])
        keep_letter(app.extensions["storage"], decision)
        frozen = freeze_another(slate, {"form": "fundapp-tally-0"})
        make_fund(call)
        keep_payment_file(call)
        make_list(f"SAMPLE {call.slug}")
        db.session.add(TallySignature(frozen_tally_id=frozen.id, signed_at=NOW, key_id="k", signature="s"))
        db.session.commit()
        seq = db.session.scalars(select(AuditHead.seq)).one()
        db.session.execute(
            text("INSERT INTO audit_checkpoint VALUES (:seq, 'h', :at, 'k', 's')"), {"seq": seq, "at": str(NOW)}
        )
        call = make_call()
    db.session.commit()
    counts = {table: count(table) for table in guarded_tables()}
    assert min(counts.values()) >= 1
    yield
    db.session.rollback()
    assert {table: count(table) for table in guarded_tables()} == counts


def keep_payment_file(call: Call) -> None:
    """Make a payment file in one format, as its row tells."""
    file = PaymentFile(
        call_id=call.id, message_id=uuid4().hex, currency="USD", execution_on=NOW.date(), debtor_name="Sample",
        debtor_account="1", debtor_country="DE", prepared_by_id=make_person().id, prepared_at=NOW,
    )  # fmt: skip
    db.session.add(file)
    db.session.flush()
    document = {"format": FileFormat.CSV, "sha256": "0" * 64, "stored_as": "0" * 64, "size_bytes": 1, "made_at": NOW}
    db.session.add(PaymentDocument(file_id=file.id, **document))
    db.session.flush()


def keep_letter(storage: Storage, decision: Decision) -> None:
    """Make the letter of a decision, worded by its call, and what it was before."""
    application = decision.entry.application
    letter = Letter(
        call_id=application.call_id,
        kind=LetterKind.AWARD,
        decision_id=decision.id,
        application_id=application.id,
        person_id=application.person_id,
        reference=application.reference,
        language="en",
        queued_at=NOW,
    )
    db.session.add(letter)
    db.session.flush()
    finish_letter(storage, letter, "letter")
    supersede(letter, application.person)
    make_templates(storage, application.call, application.person, "letter")


def count(table: str) -> int:
    return int(db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def refused(statement: str) -> None:
    with pytest.raises(IntegrityError):
        db.session.execute(text(statement))
    db.session.rollback()


def test_each_guarded_table_has_its_triggers(filled):
    assert set(guarded_tables()) == {
        "audit_entry",
        "audit_checkpoint",
        "audit_head",
        "kept_version",
        "row_digest",
        "frozen_tally",
        "tally_signature",
        "letter_template",
        "letterhead",
        "superseded_letter",
        "fund_movement",
        "payment_document",
        "sanction_list",
    }
    assert unguarded_tables(db.session()) == []


def test_no_column_of_a_recorded_row_can_be_updated(filled):
    for table in guarded_tables():
        if table == "audit_head":
            continue
        for column in inspect(db.session.connection()).get_columns(table):
            refused(f"UPDATE {table} SET {column['name']} = {column['name']}")


def test_no_recorded_row_can_be_deleted(filled):
    for table in guarded_tables():
        refused(f"DELETE FROM {table}")
        refused(f"WITH gone AS (SELECT 1) DELETE FROM {table} WHERE EXISTS (SELECT 1 FROM gone)")


def test_the_head_only_moves_forward(filled):
    refused("UPDATE audit_head SET seq = seq - 1")
    refused("UPDATE audit_head SET hash = 'x'")


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    "table",
    [
        "audit_entry",
        "audit_checkpoint",
        "kept_version",
        "row_digest",
        "audit_head",
        "frozen_tally",
        "tally_signature",
        "letter_template",
        "letterhead",
        "superseded_letter",
        "fund_movement",
    ],
)
def test_sqlite_replaces_no_recorded_row(filled, table):
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
    refused(f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")


@pytest.mark.only_on("sqlite")
def test_sqlite_replaces_no_entry_by_way_of_its_hash(filled):
    refused(
        "INSERT OR REPLACE INTO audit_entry SELECT seq + 100000, at, written_at, actor_id, roles, action, object_type,"
        " object_id, call_id, data, prev_hash, entry_hash, rows_sha256 FROM audit_entry LIMIT 1"
    )


@pytest.mark.only_on("postgresql")
@pytest.mark.parametrize("table", ["audit_entry", "audit_checkpoint", "kept_version", "audit_head"])
def test_postgresql_truncates_and_merges_no_recorded_row(filled, table):
    key = "id" if table == "audit_head" else "seq"
    refused(f"TRUNCATE {table}")
    refused(f"MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE")
    if table in ("audit_entry", "audit_checkpoint"):
        refused(f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {key} = {table}.{key}")


@pytest.mark.only_on("postgresql")
def test_the_role_of_the_application_can_add_and_nothing_else(filled):
    """The role is made with the very statements of docs/deploy.md."""
    for statement in statements_of_the_deploy_notes():
        db.session.execute(text(statement))
    db.session.commit()
    engine = create_engine(make_url(db.engine.url.render_as_string(hide_password=False)).set(username="fundapp_app"))
    try:
        with engine.connect() as connection:
            assert connection.execute(text("SELECT current_user")).scalar_one() == "fundapp_app"
            assert connection.execute(text("SELECT count(*) FROM audit_entry")).scalar_one() > 0
            connection.execute(text("UPDATE audit_head SET seq = seq + 1"))
            connection.execute(text("UPDATE person SET is_active = is_active"))
            connection.rollback()
            for table in ("audit_entry", "audit_checkpoint", "kept_version", "row_digest"):
                for statement in (
                    f"UPDATE {table} SET seq = seq",
                    f"DELETE FROM {table}",
                    f"TRUNCATE {table}",
                    f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                    f"DROP TRIGGER {table}_keeps ON {table}",
                    f"DROP TABLE {table}",
                    f"ALTER TABLE {table} OWNER TO fundapp_app",
                    "SET session_replication_role = replica",
                    "CREATE OR REPLACE FUNCTION fundapp_append_only() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN RETURN NEW; END $$",
                ):
                    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
                        connection.execute(text(statement))
                    connection.rollback()
            with pytest.raises(DBAPIError):
                connection.execute(text("DELETE FROM audit_head"))
    finally:
        engine.dispose()
        db.session.execute(text("DROP OWNED BY fundapp_app"))
        db.session.execute(text("DROP ROLE fundapp_app"))
        db.session.commit()


def statements_of_the_deploy_notes() -> list[str]:
    """Return the SQL that docs/deploy.md tells an operator to run for the role of the application."""
    notes = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    block = notes.split("<!-- the role of the application -->")[1].split("```sql\n")[1].split("```")[0]
    lines = [line for line in block.splitlines() if line and not line.startswith("--")]
    return [statement for statement in " ".join(lines).split(";") if statement.strip()]


@pytest.mark.only_on("sqlite")
def test_foreign_keys_count_again_after_the_migrations(app):
    """Tables are made anew without them; a process that migrates and goes on must have them back."""
    assert db.session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
