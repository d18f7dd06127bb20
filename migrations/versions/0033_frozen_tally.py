"""The signed file of a tally as it was when the list was sent.

Tallies that were kept with a list so far are taken over as they are, in the form "fundapp-tally-0": scores and ranks, no
versions. `fundapp audit adopt` records each of them, and the next checkpoint signs them.

Revision: 0033
Revises: 0032
Created: 2026-11-22
"""

import hashlib
import json
import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
FORM = "fundapp-tally-0"
KEYS = {"frozen_tally": "id", "tally_signature": "frozen_tally_id"}

slate = sa.table(
    "slate",
    sa.column("id", sa.Uuid()),
    sa.column("status", sa.Text()),
    sa.column("tally", DOCUMENT),
    sa.column("proposed_at", sa.DateTime(timezone=True)),
)
frozen_tally = sa.table(
    "frozen_tally",
    sa.column("id", sa.Uuid()),
    sa.column("slate_id", sa.Uuid()),
    sa.column("number", sa.Integer()),
    sa.column("made_at", sa.DateTime(timezone=True)),
    sa.column("content", sa.LargeBinary()),
    sa.column("sha256", sa.Text()),
)


def upgrade() -> None:
    op.create_table(
        "frozen_tally",
        sa.Column("slate_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["slate_id"], ["slate.id"], name=op.f("fk_frozen_tally_slate_id_slate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_tally")),
        sa.UniqueConstraint("slate_id", "number", name=op.f("uq_frozen_tally_slate_id_number")),
    )
    op.create_table(
        "tally_signature",
        sa.Column("frozen_tally_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["frozen_tally_id"],
            ["frozen_tally.id"],
            name=op.f("fk_tally_signature_frozen_tally_id_frozen_tally"),
        ),
        sa.PrimaryKeyConstraint("frozen_tally_id", name=op.f("pk_tally_signature")),
    )
    _take_over()
    for table, key in KEYS.items():
        _guard(table, key)
    with op.batch_alter_table("slate", schema=None) as batch_op:
        batch_op.drop_column("tally")


def downgrade() -> None:
    with op.batch_alter_table("slate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tally", DOCUMENT, server_default="{}", nullable=False))
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(frozen_tally.c.slate_id, frozen_tally.c.content)
        .join(slate, slate.c.id == frozen_tally.c.slate_id)
        .where(slate.c.status != "open")
        .order_by(frozen_tally.c.number)
    ).all()
    for slate_id, content in rows:
        document = json.loads(content)
        if document.pop("form") == FORM:
            connection.execute(slate.update().where(slate.c.id == slate_id).values(tally=document))
    with op.batch_alter_table("slate", schema=None) as batch_op:
        batch_op.alter_column("tally", server_default=None)
    op.drop_table("tally_signature")  # and their triggers with them
    op.drop_table("frozen_tally")


def _take_over() -> None:
    connection = op.get_bind()
    for slate_id, document, proposed_at in connection.execute(
        sa.select(slate.c.id, slate.c.tally, slate.c.proposed_at).where(slate.c.status != "open")
    ).all():
        if not document:
            continue
        spelled = json.dumps(
            {**document, "form": FORM}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode("utf-8")
        connection.execute(
            frozen_tally.insert().values(
                id=uuid.uuid4(),
                slate_id=slate_id,
                number=1,
                made_at=proposed_at,
                content=spelled,
                sha256=hashlib.sha256(spelled).hexdigest(),
            )
        )


def _guard(table: str, key: str) -> None:
    """Let rows be added, and never changed again."""
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            (f"{table}_keeps", f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"),
            (f"{table}_keeps_all", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_append_only()")
        return
    same = f"{key} = NEW.{key}"
    if table == "frozen_tally":
        same += " OR (slate_id = NEW.slate_id AND number = NEW.number)"
    for name, when, what in (
        ("deleted", f"BEFORE DELETE ON {table}", "DELETE is refused"),
        ("updated", f"BEFORE UPDATE ON {table}", "UPDATE is refused"),
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
        (
            "replaced",
            f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})",  # noqa: S608 - names of this file
            "this row is there already",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_keeps_{name} {when} BEGIN SELECT RAISE(ABORT, '{table} is append-only: {what}'); END"
        )
