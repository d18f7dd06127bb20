"""Entries from before the chain are chained by the migration, and come back when it is undone."""

from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from fundapp.core.audit import AuditEntry
from fundapp.core.audit.verification import first_broken
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part

OLD = (
    ("a", "2020-09-14 12:00:01.000002", "application:mark_ineligible", '{"reference": "GJF-1", "reason": "Amal"}'),
    ("b", "2020-09-14 12:00:00.000001", "application:submit", '{"reference": "GJF-1", "n": [1, null, "é"]}'),
    ("c", "2020-09-14 12:00:02.000000", "call:extend", '{"to": "2020-10-01", "reasons": {"en": "Amal asked."}}'),
)


def add_old_entries() -> None:
    sqlite = db.engine.dialect.name == "sqlite"
    for letter, at, action, data in OLD:
        row_id = letter * 32
        db.session.execute(
            text(
                "INSERT INTO audit_entry (id, at, actor_id, action, object_type, object_id, call_id, data)"
                " VALUES (:id, :at, NULL, :action, 'application', :id, NULL, :data)"
            )
            if sqlite
            else text(
                "INSERT INTO audit_entry (id, at, actor_id, action, object_type, object_id, call_id, data)"
                " VALUES (CAST(:id AS uuid), CAST(:at AS timestamptz), NULL, :action, 'application',"
                " CAST(:id AS uuid), NULL, CAST(:data AS jsonb))"
            ),
            {"id": row_id, "at": at if sqlite else f"{at}+00:00", "action": action, "data": data},
        )
    db.session.commit()


def test_old_entries_are_chained_in_the_order_of_their_time_and_without_texts(fresh_app):
    upgrade(revision="0001")
    add_old_entries()
    db.session.remove()
    upgrade()
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
    assert [(entry.seq, entry.action) for entry in entries] == [
        (1, "application:submit"),
        (2, "application:mark_ineligible"),
        (3, "call:extend"),
    ]
    assert [entry.data for entry in entries] == [
        {"reference": "GJF-1", "n": [1, None, "é"]},
        {"reference": "GJF-1"},
        {"to": "2020-10-01"},
    ]
    assert all(entry.written_at > entry.at for entry in entries)
    public = Keyring.load(fresh_app.extensions["settings"].keys_dir, [Part.AUDIT_PUBLIC])
    assert first_broken(db.session(), ring=public) is None
    db.session.remove()
    downgrade(revision="0001")
    rows = db.session.execute(text("SELECT action FROM audit_entry ORDER BY at")).scalars().all()
    assert rows == ["application:submit", "application:mark_ineligible", "call:extend"]
