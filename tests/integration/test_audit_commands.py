"""The commands of the record, as an operator runs them."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, text, update

from fundapp import doctor
from fundapp.audit_cli import audit, verify
from fundapp.core.audit import AuditCheckpoint, AuditHead, KeptVersion
from fundapp.core.audit.digests import RowDigest, RowSalt
from fundapp.core.db import db
from fundapp.review.models import Decision

from ..audit_log import empty_all_tables, without_triggers
from ..factories import make_application, make_call, make_decision, make_slate


@pytest.fixture
def run(app, monkeypatch):
    monkeypatch.setenv("KEYS_DIR", str(app.extensions["settings"].keys_dir))

    def command(group, *arguments):
        db.session.rollback()  # a command has a session of its own
        return CliRunner().invoke(
            group, [str(each) for each in arguments], obj=lambda *_holds: app, catch_exceptions=False
        )

    return command


@pytest.fixture
def decided(app) -> Decision:
    decision = make_decision(make_slate(make_call()), make_application(make_call()).entries[0])
    db.session.commit()
    return decision


def test_a_checkpoint_is_written_here_and_elsewhere_once(run, decided, tmp_path):
    file = tmp_path / "checkpoints.jsonl"
    made, again = run(audit, "checkpoint", "--to", file), run(audit, "checkpoint", "--to", file)
    assert (made.exit_code, again.exit_code) == (0, 0)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines == [made.output.strip()]
    assert json.loads(lines[0])["seq"] == db.session.scalars(select(AuditHead.seq)).one()
    assert len(db.session.scalars(select(AuditCheckpoint)).all()) == 1
    assert run(verify, "--checkpoints", file).output == "everything is as it was written\n"


def test_nothing_is_signed_before_anything_was_recorded(run, app):
    empty_all_tables()
    done = run(audit, "checkpoint")
    assert done.exit_code == 1
    assert "nothing has been recorded yet" in done.output


def test_without_the_private_key_nothing_is_signed_and_all_is_verified(run, decided, app, tmp_path, monkeypatch):
    for key in app.extensions["settings"].keys_dir.glob("audit.*.public"):
        (tmp_path / key.name).write_bytes(key.read_bytes())
    monkeypatch.setenv("KEYS_DIR", str(tmp_path))
    assert run(audit, "checkpoint").exit_code == 1
    assert run(verify).exit_code == 0


def test_verify_and_doctor_name_what_was_changed_and_exit_1(run, decided, app):
    assert run(verify).exit_code == 0
    db.session.execute(text("UPDATE decision SET amount_minor = amount_minor + 1"))
    db.session.execute(text("UPDATE call SET committed_minor = committed_minor"))
    db.session.commit()
    done = run(verify)
    assert done.exit_code == 1
    assert f"decision {db.session.scalars(select(KeptVersion.seq)).one()}" in done.output
    assert "amount_minor" in done.output
    findings = {finding.name: finding for finding in doctor.examine(app)}
    assert not findings["audit log"].healthy
    assert "amount_minor" in findings["audit log"].detail
    assert findings["guards of the audit log"].healthy
    assert findings["clock"].healthy


def test_doctor_misses_a_trigger_that_is_gone(app, decided):
    with without_triggers(db.session.connection()):
        pass
    sqlite = db.session.get_bind().dialect.name == "sqlite"
    name = "audit_entry_keeps_deleted" if sqlite else "audit_entry_keeps ON audit_entry"
    db.session.execute(text(f"DROP TRIGGER {name}"))
    findings = {finding.name: finding for finding in doctor.examine(app)}
    assert findings["guards of the audit log"].detail == "missing on: audit_entry"
    db.session.rollback()


def test_doctor_misses_minutes(app, decided, clock):
    clock.shift(600)
    findings = {finding.name: finding for finding in doctor.examine(app)}
    assert not findings["clock"].healthy


def test_what_was_made_before_versions_were_kept_is_adopted_once(run, decided):
    with without_triggers(db.session.connection()):
        for table in (KeptVersion, RowDigest, RowSalt):
            db.session.connection().execute(delete(table))
        db.session.execute(text("DELETE FROM audit_entry"))
        db.session.execute(update(AuditHead).values(seq=0, hash="0" * 64))
    db.session.commit()
    before = run(verify)
    assert before.exit_code == 1
    assert "has no version" in before.output
    assert run(audit, "adopt").output.startswith("1 rows adopted, ")
    assert run(verify).exit_code == 0
    assert run(audit, "adopt").output == "0 rows adopted, 0 digests made\n"


def test_an_export_holds_keys_entries_and_checkpoints(run, decided, tmp_path):
    run(audit, "checkpoint")
    file = tmp_path / "export.jsonl"
    assert run(audit, "export", file).exit_code == 0
    kinds = [next(iter(json.loads(line))) for line in file.read_text(encoding="utf-8").splitlines()]
    assert kinds[0] == "key"
    assert kinds[-1] == "checkpoint"
    assert kinds.count("entry") == db.session.scalars(select(AuditHead.seq)).one()
