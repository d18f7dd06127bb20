"""All roles; who gave and took them.

Revision: 0003
Revises: 0002
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FIRST = ("applicant", "reviewer", "manager", "ratifier")
ALL = (
    "applicant",
    "collaborator",
    "nominator",
    "reviewer",
    "chair",
    "manager",
    "ratifier",
    "finance",
    "auditor",
    "administrator",
)


def one_of(roles: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*roles, name="role", native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.alter_column("role", existing_type=one_of(FIRST), type_=one_of(ALL), existing_nullable=False)
    op.create_table(
        "role_change",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", one_of(ALL), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_change_person_id_person")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_role_change_call_id_call")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_role_change_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_change")),
    )
    with op.batch_alter_table("role_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_change_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("role_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_change_person_id"))
    op.drop_table("role_change")
    first = sa.bindparam("first", FIRST, expanding=True)
    op.get_bind().execute(sa.text("DELETE FROM role_grant WHERE role NOT IN :first").bindparams(first))
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.alter_column("role", existing_type=one_of(ALL), type_=one_of(FIRST), existing_nullable=False)
