"""What one test leaves in the database is not there for the next."""

from sqlalchemy import func, select

from fundapp.core.audit import AuditHead
from fundapp.core.audit.chain import NO_HASH
from fundapp.core.db import Base, db

from ..attacks.world import make_round
from ..audit_log import empty_all_tables


def filled() -> set[str]:
    tables = Base.metadata.sorted_tables
    return {table.name for table in tables if db.session.scalar(select(func.count()).select_from(table))}


def test_a_whole_round_is_gone_and_the_chain_begins_anew(app):
    make_round(app.extensions["storage"], "Ours", decided=True)
    db.session.commit()
    assert filled() >= {"application", "audit_entry", "audit_head", "call", "letter", "person", "score"}
    empty_all_tables()
    assert filled() == {"audit_head"}
    assert db.session.execute(select(AuditHead.seq, AuditHead.hash)).one() == (0, NO_HASH)
