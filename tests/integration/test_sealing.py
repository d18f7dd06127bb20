"""Sealed columns: clear in Python, sealed in the database, bound to their place, and gone with their data key."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Organisation, Person
from fundapp.accounts.permissions import system_actor
from fundapp.accounts.queries import person_by_email
from fundapp.accounts.services.people import ensure_person
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.keys import Keyring, NotOpened, Ring
from fundapp.core.sealing import Erased, Record, RecordKey, current_keys, data_key, destroy, is_erased, record_of
from fundapp.core.web import FundApp

from ..conftest import counted_statements
from ..factories import NOW, make_person


def commit(*changed: object) -> None:
    """Commit changes of people and organisations, recorded as the services do."""
    db.session.flush()  # gives new rows their ids
    for row in changed:
        record(actor=system_actor(), action="test:change", subject=row, now=NOW)
    db.session.commit()


def fresh(person_id: object) -> Person:
    """Read a person as another request would."""
    db.session.remove()
    return db.session.get_one(Person, person_id)


def test_values_are_clear_in_python_and_sealed_in_the_database(app: FundApp) -> None:
    person = make_person("Amina Canary", email="Amina.Canary@Example.org")
    assert person.name == "Amina Canary", "before the flush too"
    commit(person)
    stored = db.session.execute(text("SELECT * FROM person")).mappings().one()
    assert b"anary" not in b"".join(bytes(str(value), "utf-8") for value in stored.values())
    assert b"anary" not in bytes(stored["name_sealed"]) + bytes(stored["email_sealed"])
    again = fresh(person.id)
    assert (again.name, again.email) == ("Amina Canary", "amina.canary@example.org")
    assert person_by_email("AMINA.canary@example.org") is again
    assert person_by_email("amina@example.org") is None


def test_a_changed_value_is_sealed_anew_under_a_new_version(app: FundApp) -> None:
    person = make_person("Amina Sample")
    commit(person)
    before, version = person.name_sealed, person.name_version
    person.name = "Amina New"
    assert person.name == "Amina New"
    commit(person)
    assert person.name_sealed != before
    assert person.name_version == version + 1
    assert fresh(person.id).name == "Amina New"


def test_a_change_that_was_undone_is_forgotten(app: FundApp) -> None:
    person = make_person("Amina Sample")
    commit(person)
    person.name = "Amina New"
    db.session.rollback()
    assert person.name == "Amina Sample"


def test_row_117_a_value_moved_to_another_row_does_not_open(app: FundApp) -> None:
    amina, bela = make_person("Amina Sample"), make_person("Bela Sample")
    commit(amina, bela)
    ids = amina.id, bela.id
    amina.name_sealed, bela.name_sealed = bela.name_sealed, amina.name_sealed
    commit(amina, bela)
    for person_id in ids:
        with pytest.raises(NotOpened):
            assert fresh(person_id).name


def test_row_117_a_value_moved_to_another_column_does_not_open(app: FundApp) -> None:
    person = make_person("amina@example.org", email="amina@example.org")
    commit(person)
    assert person.name_version == person.email_version
    person.name_sealed = person.email_sealed
    commit(person)
    with pytest.raises(NotOpened):
        assert fresh(person.id).name


def test_row_117_an_old_version_put_back_does_not_open(app: FundApp) -> None:
    person = make_person("Amina Sample")
    commit(person)
    old = person.name_sealed
    person.name = "Amina New"
    commit(person)
    person.name_sealed = old
    commit(person)
    with pytest.raises(NotOpened):
        assert fresh(person.id).name


def test_row_117_a_data_key_moved_to_another_record_does_not_open(app: FundApp) -> None:
    amina, bela = make_person("Amina Sample"), make_person("Bela Sample")
    commit(amina, bela)
    wrapped = select(RecordKey.wrapped).where(RecordKey.owner_id == amina.id).scalar_subquery()
    db.session.query(RecordKey).filter_by(owner_id=bela.id).update({"wrapped": wrapped})
    db.session.commit()
    bela_id = bela.id
    with pytest.raises(NotOpened):
        assert fresh(bela_id).name
    with pytest.raises(NotOpened):
        data_key(Record("person", bela_id), Ring.IDENTITY, make=False)


def test_row_119_a_destroyed_data_key_leaves_nothing_to_read(app: FundApp) -> None:
    erased, other = make_person("Amina Sample"), make_person("Bela Sample")
    commit(erased, other)
    erased_id, other_id = erased.id, other.id
    destroyed = destroy(record_of(erased), NOW)
    db.session.commit()
    assert len(destroyed) == 1
    again = fresh(erased_id)
    assert (again.name, again.email) == ("", "")
    assert is_erased(record_of(again), Ring.IDENTITY)
    with pytest.raises(Erased):
        data_key(record_of(again), Ring.IDENTITY, make=True)
    assert fresh(other_id).name == "Bela Sample"
    key = db.session.scalars(select(RecordKey).where(RecordKey.owner_id == erased_id)).one()
    assert (key.wrapped, key.destroyed_at) == (None, NOW)
    again = fresh(erased_id)
    again.name = "Amina once more"
    with pytest.raises(Erased):
        db.session.flush()


def test_a_value_that_is_taken_away_leaves_no_index(app: FundApp) -> None:
    person = make_person(email="amina@example.org")
    commit(person)
    person.email = ""
    commit(person)
    assert (person.email_sealed, person.email_index) == (None, None)
    assert person_by_email("amina@example.org") is None
    assert person_by_email("") is None


def test_two_people_without_an_address_are_two(app: FundApp) -> None:
    first, second = Person(created_at=NOW), Person(created_at=NOW)
    db.session.add_all([first, second])
    commit(first, second)
    assert (first.email, second.email) == ("", "")


def test_an_address_is_unique_without_being_readable(app: FundApp) -> None:
    commit(make_person(email="amina@example.org"))
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.add(Person(email="amina@example.org", created_at=NOW))
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1
    assert db.session.scalar(select(func.count()).select_from(RecordKey)) == 1
    same = ensure_person(email="AMINA@example.org", now=NOW)
    assert same.email == "amina@example.org"


def test_what_is_sealed_after_an_undone_insert_opens_later(app: FundApp) -> None:
    """The data key that was undone must not be used again: nothing could ever open what it sealed."""
    person = Person(name="Amina Sample", created_at=NOW)
    undone = db.session.begin_nested()
    db.session.add(person)
    db.session.flush()
    undone.rollback()
    db.session.add(person)
    person.name = "Amina Sample"
    commit(person)
    assert fresh(person.id).name == "Amina Sample"


@pytest.mark.parametrize("count", [1, 30])
def test_a_list_costs_one_query_for_all_data_keys(app: FundApp, count: int) -> None:
    people = [make_person(f"Person {number}") for number in range(count)]
    commit(*people)
    db.session.remove()
    with counted_statements() as statements:
        found = db.session.scalars(select(Person)).all()
        assert sorted(person.name for person in found) == sorted(f"Person {number}" for number in range(count))
    assert len(statements) == 2


def test_data_keys_are_kept_for_one_session_only(app: FundApp) -> None:
    person = make_person("Amina Sample")
    commit(person)
    again = fresh(person.id)
    assert again.name == "Amina Sample"
    with counted_statements() as statements:
        assert again.name == "Amina Sample"
    assert statements == []
    assert "data_keys" in db.session.info
    db.session.remove()
    assert "data_keys" not in db.session.info


def test_a_sealed_property_cannot_be_compared_in_a_query(app: FundApp) -> None:
    with pytest.raises(TypeError, match="matches"):
        select(Person).where(Person.email == "amina@example.org")


def test_one_name_has_two_blind_indexes_where_it_means_two_things(app: FundApp) -> None:
    keys = current_keys()
    assert keys.index("person.email_index", "x") != keys.index("call_invitation.email_index", "x")


def test_nonces_of_stored_values_never_repeat(app: FundApp) -> None:
    people = [make_person("The same name") for _ in range(50)]
    commit(*people)
    stored = [row or b"" for row in db.session.scalars(select(Person.name_sealed))]
    stored += [row or b"" for row in db.session.scalars(select(RecordKey.wrapped))]
    assert len({each[3:15] for each in stored}) == len(stored) == 100


def test_organisations_are_sealed_too(app: FundApp) -> None:
    organisation = Organisation(name="Canary Collective", name_key="", created_at=NOW)
    db.session.add(organisation)
    commit(organisation)
    assert b"Canary" not in bytes(organisation.name_sealed or b"")
    db.session.expire_all()
    assert organisation.name == "Canary Collective"


def test_another_installations_keys_open_nothing(app: FundApp, monkeypatch: pytest.MonkeyPatch) -> None:
    person = make_person("Amina Sample")
    commit(person)
    mine = current_keys()
    others = Keyring({part: {1: bytes(range(32))} for part in mine.parts})
    person_id = person.id
    db.session.remove()
    monkeypatch.setitem(app.extensions, "keys", others)
    with pytest.raises(NotOpened):
        assert db.session.get_one(Person, person_id).name
