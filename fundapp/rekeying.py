"""Exchanging keys: what the old key of a ring sealed is brought under the new one, in steps that may stop anywhere.

Each step takes some rows that still name an older key and is committed alone, so that what was interrupted goes on
where it stopped, and doing it again changes nothing. Both keys stay until no row names the old one.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from fundapp.accounts.mail_domains import domain_key
from fundapp.accounts.models import Organisation, Person, Tie
from fundapp.accounts.permissions import system_actor
from fundapp.accounts.services.organisations import organisation_key
from fundapp.applications.form_engine.answers import facts
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Application, PartyFact, SealedAnswer
from fundapp.applications.sealed_answers import clear_answers, note_parties_again, seal_payee_anew
from fundapp.core import keys, sealing
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part, Ring
from fundapp.core.sealing import Record, RecordKey, current_keys, wrapping_context
from fundapp.disbursement.models import PayeeDetails
from fundapp.disbursement.sealed_payees import seal_details_anew
from fundapp.review.models import PublicVote

BATCH: Final = 500


def rewrap(ring: Ring, *, now: datetime, private: Keyring | None = None, batch: int = BATCH) -> Iterator[int]:
    """Bring what older keys of a ring sealed under its newest one; yield how many rows each step changed.

    The caller commits after each step. The payee ring needs the `private` keys, old and new, of whoever holds them.
    """
    steps: Mapping[Ring, Callable[[], Iterator[int]]] = {
        Ring.IDENTITY: lambda: _data_keys(ring, batch),
        Ring.FILES: lambda: _data_keys(ring, batch),
        Ring.INDEX: lambda: _indexes(now, batch),
        Ring.PAYEE: lambda: _payee(private, now, batch),
    }
    yield from steps[ring]()


def in_use(ring: Ring) -> dict[int, int]:
    """Return how many rows name each key of a ring."""
    found: dict[int, int] = {}
    for number, count in _counts(ring):
        found[int(number)] = found.get(int(number), 0) + count
    return found


def votes_last_until(*, now: datetime) -> dict[int, datetime]:
    """Return when the last public vote under each index key closes, of those that have not closed.

    All of a vote is hashed with the key of its beginning, or an address would be two voters: no rewrap changes that.
    """
    ends = (
        select(PublicVote.key_number, func.max(PublicVote.closes_at))
        .where(PublicVote.closes_at > now)
        .group_by(PublicVote.key_number)
    )
    return dict(db.session.execute(ends).all())


def _counts(ring: Ring) -> Iterator[tuple[Any, int]]:
    if ring in (Ring.IDENTITY, Ring.FILES):
        yield from _grouped(RecordKey.key_number, RecordKey.ring == ring, RecordKey.wrapped.is_not(None))
    elif ring is Ring.PAYEE:
        for key in (SealedAnswer.payee_key, PayeeDetails.payee_key):
            yield from _grouped(key, key.is_not(None))
    elif ring is Ring.INDEX:
        for column in _index_columns():
            yield from _grouped(func.substr(column, 1, 4), column.is_not(None), column != "")


def _grouped(number: Any, *where: ColumnElement[bool]) -> Iterator[tuple[Any, int]]:
    rows = db.session.execute(select(number, func.count()).where(*where).group_by(number))
    yield from ((number, count) for number, count in rows)


def _index_columns() -> list[Any]:
    return [
        *(getattr(owner, each.index) for owner, each in sealing.indexed()),
        Organisation.name_key,
        Application.organisation_key,
        Person.domain_key,
        Tie.organisation_key,
        Tie.domain_key,
        PartyFact.key,
    ]


def _data_keys(ring: Ring, batch: int) -> Iterator[int]:
    ring_keys = current_keys()
    newest = ring_keys.newest(Part(f"{ring}.secret"))
    old = (
        select(RecordKey)
        .where(RecordKey.ring == ring, RecordKey.wrapped.is_not(None), RecordKey.key_number != newest)
        .order_by(RecordKey.id)
        .limit(batch)
        .with_for_update()
    )
    while rows := db.session.scalars(old).all():
        for row in rows:
            context = wrapping_context(Record(row.owner_table, row.owner_id), ring)
            row.wrapped = ring_keys.wrap(ring, ring_keys.unwrap(ring, row.wrapped or b"", context), context)
            row.key_number = keys.number_of(row.wrapped)
        db.session.flush()
        yield len(rows)


def _indexes(now: datetime, batch: int) -> Iterator[int]:
    for owner, each in sealing.indexed():
        yield from _index_column(owner, getattr(owner, each.index), partial(_own_index, each), now, batch)
    yield from _index_column(Organisation, Organisation.name_key, _name_of_organisation, now, batch)
    yield from _index_column(Application, Application.organisation_key, _name_of_application, now, batch)
    yield from _index_column(Person, Person.domain_key, lambda person: domain_key(person.email), now, batch)
    yield from _index_column(Tie, Tie.organisation_key, lambda tie: organisation_key(tie.organisation), now, batch)
    yield from _index_column(Tie, Tie.domain_key, lambda tie: domain_key(tie.mail_domain), now, batch)
    yield from _parties(batch)


def _index_column(
    owner: Any, column: Any, index: Callable[[Any], str | None], now: datetime, batch: int
) -> Iterator[int]:
    newest = f"{current_keys().newest(Part.INDEX):04d}"
    old = (
        select(owner)
        .where(column.is_not(None), column != "", func.substr(column, 1, 4) != newest)
        .order_by(owner.id)
        .limit(batch)
        .with_for_update(of=owner)
    )
    while rows := db.session.scalars(old).all():
        for row in rows:
            setattr(row, column.key, index(row))
            record(actor=system_actor(), action="keys:rewrap", subject=row, now=now, data={"ring": Ring.INDEX.value})
        db.session.flush()
        yield len(rows)


def _own_index(each: sealing.Sealed[Any], row: Any) -> str | None:
    value = each.__get__(row, type(row))
    return each.blind_index(value) if value else None


def _name_of_organisation(organisation: Organisation) -> str:
    return organisation_key(organisation.name)


def _name_of_application(application: Application) -> str:
    form = FormDefinition.from_json(application.form_version.definition)
    return organisation_key(facts(form, clear_answers(application), application.call.currency).organisation)


def _parties(batch: int) -> Iterator[int]:
    """Make the keys of those behind applications anew from the answers that count: one key alone tells nothing."""
    newest = f"{current_keys().newest(Part.INDEX):04d}"
    old = (
        select(Application)
        .where(Application.party_facts.any(func.substr(PartyFact.key, 1, 4) != newest))
        .order_by(Application.id)
        .limit(batch)
        .with_for_update(of=Application)
    )
    while applications := db.session.scalars(old).all():
        for application in applications:
            note_parties_again(application)
        db.session.flush()
        yield len(applications)


def index_again(*, now: datetime, batch: int = BATCH) -> Iterator[int]:
    """Make the blind indexes by which conflicts of interest are found, for what was stored before there were any.

    Yields how many people and applications each step looked at; the caller commits after each. Doing it again changes
    nothing.
    """
    for people in _in_steps(Person, batch):
        for person in people:
            indexes = (Person.name.blind_index(person.name), domain_key(person.email) if person.email else None)
            if indexes != (person.name_index, person.domain_key):
                person.name_index, person.domain_key = indexes
                record(actor=system_actor(), action="keys:rewrap", subject=person, now=now, data={"ring": "index"})
        db.session.flush()
        yield len(people)
    for applications in _in_steps(Application, batch):
        for application in applications:
            if application.erased_at is None:
                note_parties_again(application)
        db.session.flush()
        yield len(applications)


def _in_steps(owner: Any, batch: int) -> Iterator[list[Any]]:
    rows: list[Any] = list(db.session.scalars(select(owner).order_by(owner.id).limit(batch)))
    while rows:
        last = rows[-1].id
        yield rows
        rows = list(db.session.scalars(select(owner).where(owner.id > last).order_by(owner.id).limit(batch)))


def _payee(private: Keyring | None, now: datetime, batch: int) -> Iterator[int]:
    if private is None:
        return
    yield from _sealed_anew(SealedAnswer, lambda row: seal_payee_anew(row, private), now, batch)
    yield from _sealed_anew(PayeeDetails, lambda row: seal_details_anew(row, private), now, batch)


def _sealed_anew(owner: Any, reseal: Callable[[Any], None], now: datetime, batch: int) -> Iterator[int]:
    newest = current_keys().newest(Part.PAYEE_PUBLIC)
    old = select(owner).where(owner.payee_key != newest).order_by(owner.id).limit(batch)
    while rows := db.session.scalars(old.with_for_update()).all():
        for row in rows:
            reseal(row)
            record(
                actor=system_actor(),
                action="keys:rewrap",
                subject=row if owner is PayeeDetails else row.application,
                now=now,
                call_id=row.application.call_id,
                data={"ring": Ring.PAYEE.value},
            )
        db.session.flush()
        yield len(rows)
