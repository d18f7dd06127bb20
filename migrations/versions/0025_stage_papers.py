"""Further papers of a stage: the form that a call had becomes that of its last stage.

Revision: 0025
Revises: 0024
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.add_column(sa.Column("papers_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_stage_papers_id_form_version"), "form_version", ["papers_id"], ["id"])
    with op.batch_alter_table("reopening", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_reopening_stage_id_stage"), "stage", ["stage_id"], ["id"])
    op.execute(
        "UPDATE stage SET papers_id = (SELECT form_version.id FROM form_version"
        " WHERE form_version.call_id = stage.call_id AND form_version.purpose = 'papers'"
        " ORDER BY form_version.number DESC LIMIT 1)"
        " WHERE position = (SELECT max(others.position) FROM stage AS others WHERE others.call_id = stage.call_id)"
    )
    op.execute(
        "UPDATE reopening SET stage_id = (SELECT stage.id FROM stage"
        " JOIN application ON application.call_id = stage.call_id"
        " WHERE application.id = reopening.application_id ORDER BY stage.position DESC LIMIT 1)"
        " WHERE kind = 'papers'"
    )


def downgrade() -> None:
    with op.batch_alter_table("reopening", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_reopening_stage_id_stage"), type_="foreignkey")
        batch_op.drop_column("stage_id")
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_stage_papers_id_form_version"), type_="foreignkey")
        batch_op.drop_column("papers_id")
