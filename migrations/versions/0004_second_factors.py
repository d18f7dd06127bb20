"""Second factors; sessions know when they were proved.

Revision: 0004
Revises: 0003
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("authenticator_app", "passkey", "recovery_code", "factor_reset")


def upgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("short_sessions", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.alter_column("short_sessions", server_default=None)
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("device", sa.Text(), nullable=True))
    op.execute("UPDATE sign_in_session SET seen_at = created_at, proved_at = created_at, device = ''")
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        for column, kind in (
            ("seen_at", sa.DateTime(timezone=True)),
            ("proved_at", sa.DateTime(timezone=True)),
            ("device", sa.Text()),
        ):
            batch_op.alter_column(column, existing_type=kind, nullable=False)

    op.create_table(
        "authenticator_app",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (last_step IS NULL)", name=op.f("ck_authenticator_app_confirmed_by_a_code")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_authenticator_app_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticator_app")),
    )
    with op.batch_alter_table("authenticator_app", schema=None) as batch_op:
        batch_op.create_index(
            "uq_authenticator_app_unconfirmed",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("confirmed_at IS NULL"),
            postgresql_where=sa.text("confirmed_at IS NULL"),
        )

    op.create_table(
        "passkey",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("challenge_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passkey_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )

    op.create_table(
        "recovery_code",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_code_code_hash")),
    )

    op.create_table(
        "factor_reset",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by_id IS NULL) AND (confirmed_at IS NULL) = (effective_at IS NULL)",
            name=op.f("ck_factor_reset_confirmed_by_somebody"),
        ),
        sa.CheckConstraint("confirmed_by_id <> requested_by_id", name=op.f("ck_factor_reset_two_people")),
        sa.CheckConstraint(
            "person_id NOT IN (requested_by_id, confirmed_by_id)", name=op.f("ck_factor_reset_not_for_oneself")
        ),
        sa.CheckConstraint("done_at IS NULL OR stopped_at IS NULL", name=op.f("ck_factor_reset_done_or_stopped")),
        sa.CheckConstraint(
            "done_at IS NULL OR effective_at <= done_at", name=op.f("ck_factor_reset_done_after_the_delay")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_factor_reset_person_id_person")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["person.id"], name=op.f("fk_factor_reset_requested_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["person.id"], name=op.f("fk_factor_reset_confirmed_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_reset")),
    )
    with op.batch_alter_table("factor_reset", schema=None) as batch_op:
        batch_op.create_index(
            "uq_factor_reset_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("done_at IS NULL AND stopped_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND stopped_at IS NULL"),
        )
    for table in TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_person_id"), ["person_id"], unique=False)

    op.create_table(
        "known_device",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_known_device_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint("person_id", "label", name=op.f("uq_known_device_person_id_label")),
    )


def downgrade() -> None:
    for table in ("known_device", *reversed(TABLES)):
        op.drop_table(table)
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        for column in ("device", "second_factor_at", "proved_at", "seen_at"):
            batch_op.drop_column(column)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("short_sessions")
