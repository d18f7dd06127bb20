"""The audit log becomes a chain that is only ever added to.

Entries get a number without gaps and the hash of the one before; triggers refuse to change or delete them. Entries from
before are chained in the order of their time, with the moment of this migration as the moment at which they were
written. Texts that people wrote, which some of them held, are left out: they stay in the rows that they belong to.

Revision: 0002
Revises: 0001
Created: 2026-11-21
"""

import hashlib
import json
from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
APPEND_ONLY = ("audit_entry", "audit_checkpoint")
FREE_TEXTS = frozenset({"reason", "reasons", "failure"})

APPEND_ONLY_FUNCTION = """
CREATE FUNCTION fundapp_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$
"""
ONLY_FORWARD_FUNCTION = """
CREATE FUNCTION fundapp_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.seq <= OLD.seq THEN
        RAISE EXCEPTION '% only moves forward', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    old = _take_old_entries()
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("entry_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("entry_hash", name=op.f("uq_audit_entry_entry_hash")),
    )
    op.create_index(op.f("ix_audit_entry_call_id"), "audit_entry", ["call_id"])
    op.create_index(op.f("ix_audit_entry_object_type_object_id"), "audit_entry", ["object_type", "object_id"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_checkpoint")),
    )
    seq, newest = _chain(old)
    op.bulk_insert(head, [{"id": 1, "seq": seq, "hash": newest}])
    _guard()


def downgrade() -> None:
    entries = _entries()
    rows = list(op.get_bind().execute(sa.select(entries).order_by(entries.c.seq)).mappings())
    for table in ("audit_checkpoint", "audit_head", "audit_entry"):
        op.drop_table(table)  # and its triggers with it
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION fundapp_append_only()")
        op.execute("DROP FUNCTION fundapp_only_forward()")
    before = op.create_table(
        "audit_entry",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_call_id"), "audit_entry", ["call_id"])
    op.create_index(op.f("ix_audit_entry_object_type_object_id"), "audit_entry", ["object_type", "object_id"])
    kept = ("at", "actor_id", "action", "object_type", "object_id", "call_id", "data")
    op.bulk_insert(before, [{"id": uuid4(), **{name: row[name] for name in kept}} for row in rows])


def _take_old_entries() -> list[dict]:
    old = sa.table(
        "audit_entry",
        sa.column("id", sa.Uuid()),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("actor_id", sa.Uuid()),
        sa.column("action", sa.Text()),
        sa.column("object_type", sa.Text()),
        sa.column("object_id", sa.Uuid()),
        sa.column("call_id", sa.Uuid()),
        sa.column("data", JSON),
    )
    rows = op.get_bind().execute(sa.select(old).order_by(old.c.at, old.c.id)).mappings().all()
    op.drop_index(op.f("ix_audit_entry_object_type_object_id"), "audit_entry")
    op.drop_index(op.f("ix_audit_entry_call_id"), "audit_entry")
    op.drop_table("audit_entry")
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def _entries() -> sa.TableClause:
    return sa.table(
        "audit_entry",
        sa.column("seq", sa.BigInteger()),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("written_at", sa.DateTime(timezone=True)),
        sa.column("actor_id", sa.Uuid()),
        sa.column("roles", JSON),
        sa.column("action", sa.Text()),
        sa.column("object_type", sa.Text()),
        sa.column("object_id", sa.Uuid()),
        sa.column("call_id", sa.Uuid()),
        sa.column("data", JSON),
        sa.column("prev_hash", sa.Text()),
        sa.column("entry_hash", sa.Text()),
    )


def _chain(old: list[dict]) -> tuple[int, str]:
    """Chain the entries from before; return the number and the hash of the last one."""
    seq, before = 0, "0" * 64
    written_at = datetime.now(UTC)
    for seq, row in enumerate(old, 1):
        facts = {
            "seq": seq,
            "at": _spelled(row["at"]),
            "written_at": _spelled(written_at),
            "actor_id": None if row["actor_id"] is None else str(row["actor_id"]),
            "roles": [],
            "action": row["action"],
            "object_type": row["object_type"],
            "object_id": str(row["object_id"]),
            "call_id": None if row["call_id"] is None else str(row["call_id"]),
            "data": {key: value for key, value in row["data"].items() if key not in FREE_TEXTS},
        }
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        entry_hash = hashlib.sha256(b"fundapp-audit-v1\0" + bytes.fromhex(before) + text.encode()).hexdigest()
        values = {
            **row,
            "seq": seq,
            "at": _aware(row["at"]),
            "written_at": written_at,
            "roles": [],
            "data": facts["data"],
            "prev_hash": before,
            "entry_hash": entry_hash,
        }
        op.get_bind().execute(sa.insert(_entries()).values(values))
        before = entry_hash
    return seq, before


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _spelled(instant: datetime) -> str:
    return _aware(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(APPEND_ONLY_FUNCTION)
        op.execute(ONLY_FORWARD_FUNCTION)
        for table in APPEND_ONLY:
            _trigger(f"{table}_keeps", f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", "append_only")
        _trigger("audit_head_keeps", "BEFORE DELETE ON audit_head FOR EACH ROW", "append_only")
        _trigger("audit_head_moves", "BEFORE UPDATE ON audit_head FOR EACH ROW", "only_forward")
        for table in (*APPEND_ONLY, "audit_head"):
            _trigger(f"{table}_keeps_all", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", "append_only")
        return
    for table in (*APPEND_ONLY, "audit_head"):
        op.execute(
            f"CREATE TRIGGER {table}_keeps_deleted BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only: DELETE is refused'); END"
        )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_keeps_updated BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only: UPDATE is refused'); END"
        )
    # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
    in_the_way = {
        "audit_entry": "seq = NEW.seq OR entry_hash = NEW.entry_hash",
        "audit_checkpoint": "seq = NEW.seq",
        "audit_head": "id = NEW.id",
    }
    for table, condition in in_the_way.items():
        op.execute(
            f"CREATE TRIGGER {table}_keeps_replaced BEFORE INSERT ON {table}"  # noqa: S608 - names of this file
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {condition})"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only: this row is there already'); END"
        )
    op.execute(
        "CREATE TRIGGER audit_head_moves BEFORE UPDATE ON audit_head WHEN NEW.id <> OLD.id OR NEW.seq <= OLD.seq"
        " BEGIN SELECT RAISE(ABORT, 'audit_head only moves forward'); END"
    )


def _trigger(name: str, when: str, function: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_{function}()")
