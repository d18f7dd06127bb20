"""The audit log: written with the change or not at all, chained without a gap, and nothing changes without it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Organisation, Person, RoleGrant
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import Call
from fundapp.audited import COVERAGE
from fundapp.core import unit_of_work
from fundapp.core.audit import AuditEntry, AuditHead, Unrecorded, record
from fundapp.core.audit.chain import NO_HASH, entry_hash
from fundapp.core.audit.entries import facts_of
from fundapp.core.db import Base, db, insert_or_find

from ..conftest import NOW, actor_of
from ..factories import make_application, make_call, make_person, make_review, make_reviewer, make_staff


@pytest.fixture
def commit(app):
    """Commit as the product does: here nothing is covered for the test."""
    return lambda: unit_of_work.commit(app.queue)


def note(subject: Any, action: str = "test:act", **values: Any) -> None:
    record(actor=system_actor(), action=action, subject=subject, now=NOW, **values)


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


def actions() -> list[str]:
    return [entry.action for entry in entries()]


def prepared() -> Person:
    """A person whose entries are written."""
    person = make_person()
    db.session.commit()
    return person


def test_entries_are_chained_without_a_gap_and_the_head_names_the_last(app, commit):
    person = prepared()
    before = len(entries())
    for number in range(3):
        note(person, f"test:{number}")
        note(person, data={"number": number})
        commit()
    rows = entries()
    assert len(rows) == before + 6
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    previous = NO_HASH
    for row in rows:
        assert row.prev_hash == previous
        previous = entry_hash(previous, facts_of(row))
        assert row.entry_hash == previous
    assert db.session.execute(select(AuditHead.seq, AuditHead.hash)).one() == (rows[-1].seq, previous)


def test_nothing_is_written_before_the_commit_or_without_one(app, commit):
    person = prepared()
    before = actions()
    note(person)
    db.session.flush()
    assert actions() == before
    db.session.rollback()
    commit()
    assert actions() == before


def test_what_a_savepoint_noted_goes_with_it(app, commit):
    person = prepared()
    note(person, "test:before")
    with db.session.begin_nested():
        note(person, "test:kept")
    assert "test:kept" not in actions()  # the end of a savepoint is no commit
    outer = db.session.begin_nested()
    note(person, "test:outer")
    with db.session.begin_nested():
        note(person, "test:inner")
    db.session.add(Organisation(name="lost", name_key="lost", created_at=NOW))
    db.session.flush()
    outer.rollback()
    note(person, "test:after")
    commit()
    assert actions()[-3:] == ["test:before", "test:kept", "test:after"]
    assert db.session.scalar(select(Organisation)) is None


def test_a_row_that_was_found_instead_needs_no_entry(app, commit):
    grant = RoleGrant(person_id=make_person().id, role=Role.MANAGER, granted_at=NOW)
    db.session.add(grant)
    db.session.commit()
    again = RoleGrant(person_id=grant.person_id, role=Role.MANAGER, granted_at=NOW)
    assert insert_or_find(again, lambda: grant) is grant
    commit()


def test_an_entry_says_who_under_which_role_and_by_the_clock_of_the_database(app, commit):
    call, other = make_call(), make_call()
    manager = make_staff(Role.MANAGER, call)
    make_staff(Role.RATIFIER, other, email=str(manager.email))
    db.session.commit()
    record(actor=actor_of(manager), action="test:act", subject=call, now=NOW, call_id=call.id, data={"n": 1})
    commit()
    entry = entries()[-1]
    assert (entry.actor_id, entry.action, entry.object_type, entry.object_id) == (
        manager.id,
        "test:act",
        "call",
        call.id,
    )
    assert entry.roles == ["applicant", "manager"]
    assert (entry.call_id, entry.data, entry.at) == (call.id, {"n": 1}, NOW)
    assert abs(entry.written_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_row_121_a_back_dated_action_stands_in_its_place_at_the_time_of_the_database(app, commit):
    person = prepared()
    note(person, "test:first")
    commit()
    record(actor=system_actor(), action="test:back", subject=person, now=NOW - timedelta(days=400))
    commit()
    first, back = entries()[-2:]
    assert (first.action, back.action) == ("test:first", "test:back")
    assert back.at < first.at
    assert back.written_at >= first.written_at
    assert back.prev_hash == first.entry_hash


@pytest.mark.parametrize("value", [1.5, NOW, object(), {"deep": [b"x"]}])
def test_a_value_without_one_spelling_is_refused_at_once(app, value):
    with pytest.raises(TypeError):
        note(prepared(), data={"value": value})


@pytest.mark.parametrize("name", ["version", "version_sha256"])
def test_what_only_kept_versions_are_called_is_refused_at_once(app, name):
    with pytest.raises(TypeError, match=name):
        note(prepared(), data={"number": 1, name: 1})


def test_a_subject_without_an_id_is_refused_at_once(app):
    with pytest.raises(TypeError):
        note(Organisation(name="new", name_key="new", created_at=NOW))


def rename(call: Call) -> None:
    call.titles = {"en": "Another title"}


def drop_criterion(call: Call) -> None:
    db.session.delete(call.criteria[0])


def add_person(_call: Call) -> None:
    db.session.add(Person(name="Nobody Recorded", created_at=NOW))


def change_score(call: Call) -> None:
    review = make_review(make_application(call).entries[0], make_reviewer(call), [3, 4])
    db.session.commit()
    review.scores[0].value = Decimal(5)


def bulk_update(call: Call) -> None:
    db.session.execute(update(Call).where(Call.id == call.id).values(budget_minor=1))


def bulk_delete(call: Call) -> None:
    grant = RoleGrant(person_id=make_person().id, role=Role.MANAGER, call_id=call.id, granted_at=NOW)
    db.session.add(grant)
    db.session.commit()
    db.session.execute(delete(RoleGrant).where(RoleGrant.call_id == call.id))


CHANGES = {
    "update of call": rename,
    "delete of criterion": drop_criterion,
    "insert of person": add_person,
    "update of score": change_score,
    "update of call, by statement": bulk_update,
    "delete of role_grant, by statement": bulk_delete,
}


@pytest.mark.parametrize("said", CHANGES)
def test_a_change_of_an_audited_table_without_an_entry_fails(app, commit, said):
    call = make_call()
    db.session.commit()
    before = actions()
    CHANGES[said](call)
    db.session.flush()
    written = actions()
    with pytest.raises(Unrecorded, match=said.split(",")[0]):
        commit()
    db.session.rollback()
    assert actions() == written
    assert written[: len(before)] == before
    assert db.session.get_one(Call, call.id, populate_existing=True).titles != {"en": "Another title"}


def test_an_entry_of_another_row_or_of_an_earlier_transaction_covers_nothing(app, commit):
    call, other = make_call(), make_call()
    db.session.commit()
    note(call)
    commit()
    rename(call)
    note(other)
    with pytest.raises(Unrecorded):
        commit()


def test_an_entry_of_the_row_or_of_its_owner_covers_it(app, commit):
    call = make_call()
    db.session.commit()
    rename(call)
    drop_criterion(call)
    note(call)
    commit()
    bulk_update_of_owned = update(RoleGrant).where(RoleGrant.call_id == call.id).values(granted_at=NOW)
    db.session.execute(bulk_update_of_owned)  # changes no row, so nothing is to be recorded
    commit()


def test_an_update_by_a_list_of_rows_is_seen_too(app, commit):
    person = prepared()
    db.session.execute(update(Person), [{"id": person.id, "language": "fr"}])
    with pytest.raises(Unrecorded):
        commit()


def test_a_statement_that_inserts_rows_must_go_through_the_session(app):
    with pytest.raises(Unrecorded, match="through the session"):
        db.session.execute(insert(Organisation), [{"name": "a", "name_key": "a", "created_at": NOW}])


def test_counters_may_move_without_an_entry_and_only_they(app, commit):
    call = make_call()
    db.session.commit()
    before = actions()
    db.session.execute(update(Call).where(Call.id == call.id).values(last_reference=Call.last_reference + 1))
    commit()
    assert actions() == before
    statement = update(Call).where(Call.id == call.id)
    db.session.execute(statement.values(last_reference=Call.last_reference + 1, currency="EUR"))
    with pytest.raises(Unrecorded):
        commit()


def test_a_change_that_changes_nothing_needs_no_entry(app, commit):
    call = make_call()
    db.session.commit()
    call.titles = dict(call.titles)
    commit()


def test_nothing_may_be_noted_after_the_entries_were_chained(app):
    call = prepared()

    @event.listens_for(db.session, "before_commit")
    def late(_session):
        note(call)

    try:
        with pytest.raises(RuntimeError, match="after the entries"):
            db.session.commit()
    finally:
        event.remove(db.session, "before_commit", late)


def test_every_table_is_either_audited_or_not_for_a_reason():
    tables = set(Base.metadata.tables)
    audited, not_audited = set(COVERAGE.audited), set(COVERAGE.not_audited)
    assert audited & not_audited == set()
    assert audited | not_audited == tables
    assert all(reason.strip() for reason in COVERAGE.not_audited.values())
    for table, owners in COVERAGE.audited.items():
        for column in owners:
            (foreign_key,) = Base.metadata.tables[table].c[column].foreign_keys
            assert foreign_key.column.table.name in audited
    for table, columns in COVERAGE.unrecorded.items():
        assert table in audited
        assert columns <= set(Base.metadata.tables[table].c.keys())


def test_two_entries_cannot_have_one_place(app):
    prepared()
    row = entries()[0]
    values = {column.name: getattr(row, column.name) for column in AuditEntry.__table__.c}
    with pytest.raises(IntegrityError):
        db.session.connection().execute(insert(AuditEntry), [{**values, "entry_hash": "0" * 64}])
