"""Two people who ratify, and each sending back with its reason.

What stood with a list so far is taken over: its ratification, and the reason for which it was last sent back, with the
person and the moment of the audit entry that tells of it. `fundapp audit adopt` records each of these rows.

Revision: 0031
Revises: 0030
Created: 2026-11-22
"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SLATE = sa.table(
    "slate",
    sa.column("id", sa.Uuid()),
    sa.column("return_reason", sa.Text()),
    sa.column("ratified_by_id", sa.Uuid()),
    sa.column("ratified_at", MOMENT),
)
RATIFICATION = sa.table(
    "ratification",
    sa.column("id", sa.Uuid()),
    sa.column("slate_id", sa.Uuid()),
    sa.column("sending", sa.Integer()),
    sa.column("person_id", sa.Uuid()),
    sa.column("ratified_at", MOMENT),
)
SEND_BACK = sa.table(
    "send_back",
    sa.column("id", sa.Uuid()),
    sa.column("slate_id", sa.Uuid()),
    sa.column("sending", sa.Integer()),
    sa.column("person_id", sa.Uuid()),
    sa.column("reason", sa.Text()),
    sa.column("sent_back_at", MOMENT),
    sa.column("sent_by_id", sa.Uuid()),
    sa.column("sent_at", MOMENT),
)
ENTRY = sa.table(
    "audit_entry",
    sa.column("seq", sa.BigInteger()),
    sa.column("at", MOMENT),
    sa.column("actor_id", sa.Uuid()),
    sa.column("action", sa.Text()),
    sa.column("object_id", sa.Uuid()),
)


def upgrade() -> None:
    op.create_table(
        "ratification",
        sa.Column("slate_id", sa.Uuid(), nullable=False),
        sa.Column("sending", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("ratified_at", MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("sending >= 1", name=op.f("ck_ratification_sending_from_one")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ratification_person_id_person")),
        sa.ForeignKeyConstraint(["slate_id"], ["slate.id"], name=op.f("fk_ratification_slate_id_slate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratification")),
        sa.UniqueConstraint(
            "slate_id", "sending", "person_id", name=op.f("uq_ratification_slate_id_sending_person_id")
        ),
    )
    op.create_table(
        "send_back",
        sa.Column("slate_id", sa.Uuid(), nullable=False),
        sa.Column("sending", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sent_back_at", MOMENT, nullable=False),
        sa.Column("sent_by_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("sending >= 1", name=op.f("ck_send_back_sending_from_one")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_send_back_has_reason")),
        sa.CheckConstraint("person_id <> sent_by_id", name=op.f("ck_send_back_by_another")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_send_back_person_id_person")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["person.id"], name=op.f("fk_send_back_sent_by_id_person")),
        sa.ForeignKeyConstraint(["slate_id"], ["slate.id"], name=op.f("fk_send_back_slate_id_slate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_back")),
        sa.UniqueConstraint("slate_id", "sending", name=op.f("uq_send_back_slate_id_sending")),
    )
    _take_over()
    with op.batch_alter_table("slate", schema=None) as batch_op:
        batch_op.drop_column("return_reason")


def downgrade() -> None:
    with op.batch_alter_table("slate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("return_reason", sa.Text(), server_default="", nullable=False))
    connection = op.get_bind()
    rows = connection.execute(sa.select(SEND_BACK.c.slate_id, SEND_BACK.c.reason).order_by(SEND_BACK.c.sending)).all()
    for slate_id, reason in rows:
        connection.execute(SLATE.update().where(SLATE.c.id == slate_id).values(return_reason=reason))
    with op.batch_alter_table("slate", schema=None) as batch_op:
        batch_op.alter_column("return_reason", existing_type=sa.Text(), server_default=None)
    op.drop_table("send_back")
    op.drop_table("ratification")


def _take_over() -> None:
    """Take over what stands with lists. Only the last reason is known; what came before it is in the audit log."""
    connection = op.get_bind()
    for slate in connection.execute(sa.select(SLATE)).all():
        returns = _entries(connection, slate.id, "slate:send_back")
        if slate.ratified_by_id is not None:
            values = {
                "id": uuid.uuid4(),
                "slate_id": slate.id,
                "sending": len(returns) + 1,
                "person_id": slate.ratified_by_id,
                "ratified_at": slate.ratified_at,
            }
            connection.execute(RATIFICATION.insert().values(values))
        for number, back in enumerate(returns, start=1):
            sent = [each for each in _entries(connection, slate.id, "slate:propose") if each.seq < back.seq]
            is_last = number == len(returns)
            if not sent or sent[-1].actor_id == back.actor_id:
                continue
            values = {
                "id": uuid.uuid4(),
                "slate_id": slate.id,
                "sending": number,
                "person_id": back.actor_id,
                "reason": (slate.return_reason if is_last else "") or "–",
                "sent_back_at": back.at,
                "sent_by_id": sent[-1].actor_id,
                "sent_at": sent[-1].at,
            }
            connection.execute(SEND_BACK.insert().values(values))


def _entries(connection: sa.Connection, slate_id: uuid.UUID, action: str) -> list[sa.Row[tuple[object, ...]]]:
    wanted = sa.select(ENTRY).where(ENTRY.c.object_id == slate_id, ENTRY.c.action == action).order_by(ENTRY.c.seq)
    return [each for each in connection.execute(wanted) if each.actor_id is not None]
