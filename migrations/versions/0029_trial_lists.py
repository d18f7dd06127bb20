"""Lists that people tried before they decided.

Revision: 0029
Revises: 0028
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "trial_list",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_trial_list_call_id_call")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_trial_list_made_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_list")),
        sa.UniqueConstraint("call_id", "name", name=op.f("uq_trial_list_call_id_name")),
    )
    op.create_table(
        "trial_mark",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("kind", one_of("markkind", ("put_in", "take_out", "reserve", "amount")), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'put_in' AND (amount_minor IS NULL OR amount_minor > 0))"
            " OR (kind = 'amount' AND amount_minor IS NOT NULL AND amount_minor > 0)"
            " OR (kind IN ('take_out', 'reserve') AND amount_minor IS NULL)",
            name=op.f("ck_trial_mark_amount_fits_kind"),
        ),
        sa.ForeignKeyConstraint(["list_id"], ["trial_list.id"], name=op.f("fk_trial_mark_list_id_trial_list")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_trial_mark_entry_id_entry")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_trial_mark_made_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_mark")),
        sa.UniqueConstraint("list_id", "entry_id", name=op.f("uq_trial_mark_list_id_entry_id")),
    )
    with op.batch_alter_table("trial_mark", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_trial_mark_entry_id"), ["entry_id"], unique=False)


def downgrade() -> None:
    for table in ("trial_mark", "trial_list"):
        op.drop_table(table)
