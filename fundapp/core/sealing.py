"""Sealed columns: a value that only the processes with its ring's key can read, and only where it was written.

Each record (a person, an application …) has a data key of its own for each ring, kept in `record_key`, wrapped by the
ring's newest key: a new key of the ring re-wraps data keys and leaves data alone, and destroying a data key erases at
once all that it sealed. Values are bound to table, column, row and version.

Opened data keys are kept for one session (a request, a job), and no longer.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, NoReturn, TypeVar, cast, overload
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import CheckConstraint, ColumnElement, UniqueConstraint, event, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from fundapp.core import keys
from fundapp.core.db import Base, Identified, db, enum_column
from fundapp.core.errors import Failure
from fundapp.core.keys import Keyring, Ring

Value = TypeVar("Value")
_DATA_KEYS: Final = "data_keys"
_TO_SEAL: Final = "_to_seal"
_IDS_AT_ONCE: Final = 1000


class Erased(Failure):
    """The data key of this record was destroyed: nothing can open what it sealed."""


class RecordKey(Identified, Base):
    """The data key of a record for one ring, wrapped by the ring's key `key_number`; destroyed, it is gone."""

    __table_args__ = (
        UniqueConstraint("owner_table", "owner_id", "ring"),
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed_has_time"),
    )

    owner_table: Mapped[str]
    owner_id: Mapped[UUID]
    ring: Mapped[Ring] = mapped_column(enum_column(Ring))
    key_number: Mapped[int] = mapped_column(index=True)
    wrapped: Mapped[bytes | None]
    destroyed_at: Mapped[datetime | None]


class Record(NamedTuple):
    """Whose data key it is: a row by its table and id."""

    table: str
    id: UUID


def record_of(row: Any) -> Record:
    """Return a mapped row as a record; a new row gets its id now."""
    if row.id is None:
        row.id = uuid4()
    return Record(row.__tablename__, row.id)


def current_keys() -> Keyring:
    """Return the keys of this process."""
    return cast(Keyring, current_app.extensions["keys"])


def seal(record: Record, ring: Ring, context: bytes, plaintext: bytes) -> bytes:
    """Seal a value with a record's data key, made if there is none. `context` is made by `keys.context`.

    Raises Erased when that key was destroyed.
    """
    return keys.seal(_data_key(record, ring, make=True), plaintext, context)


def unseal(record: Record, ring: Ring, context: bytes, sealed: bytes) -> bytes:
    """Open a value. Raises Erased, and NotOpened when it was changed or comes from another place."""
    return keys.unseal(_data_key(record, ring, make=False), sealed, context)


def data_key(record: Record, ring: Ring, *, make: bool) -> bytes:
    """Return a record's data key: for files, which have a format of their own. Raises Erased."""
    return _data_key(record, ring, make=make)


def is_erased(record: Record, ring: Ring) -> bool:
    """Return whether a record's data key was destroyed."""
    try:
        _data_key(record, ring, make=False)
    except Erased:
        return True
    return False


def destroy(record: Record, now: datetime) -> list[UUID]:
    """Destroy all data keys of a record, so that nothing opens what they sealed; return the ids of their rows."""
    destroyed = db.session.scalars(
        update(RecordKey)
        .where(RecordKey.owner_table == record.table, RecordKey.owner_id == record.id, RecordKey.wrapped.is_not(None))
        .values(wrapped=None, destroyed_at=now)
        .returning(RecordKey.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    _cache(db.session()).clear()
    return list(destroyed)


class Sealed(Generic[Value]):
    """A property of a mapped class that is stored sealed in `column`; made by `sealed_text` and its siblings.

    It is sealed when the session flushes. Rows are found by it with `matches`, where it has a blind index, and never
    sorted by it in the database.
    """

    def __init__(
        self,
        column: str,
        ring: Ring,
        *,
        encode: Callable[[Any], bytes],
        decode: Callable[[bytes], Value],
        empty: Value,
        version: str,
        index: str,
        fold: Callable[[str], str],
        record: Callable[[Any], Record],
        also: tuple[str, Callable[[str], str | None]] | None = None,
    ) -> None:
        self.column = column
        self.ring = ring
        self.index = index
        self._encode = encode
        self._decode = decode
        self._empty = empty
        self._version = version
        self._fold = fold
        self._also = also
        self._record = record

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner: Any = owner
        _SEALED.setdefault(owner, []).append(self)

    @overload
    def __get__(self, row: None, owner: type) -> "Sealed[Value]": ...
    @overload
    def __get__(self, row: object, owner: type) -> Value: ...
    def __get__(self, row: Any, owner: type) -> "Sealed[Value] | Value":
        """Return the clear value; the empty one where nothing is stored, or where it was erased."""
        if row is None:
            return self
        pending = row.__dict__.get(_TO_SEAL, {})
        if self.column in pending:
            return cast(Value, pending[self.column])
        sealed = getattr(row, self.column)
        if sealed is None:
            return self._empty
        try:
            return self._decode(unseal(self._record(row), self.ring, self._context(row), sealed))
        except Erased:
            return self._empty

    def __set__(self, row: Any, value: Value) -> None:
        """Take a clear value; the session seals it before it writes anything."""
        setattr(row, self.column, None)  # makes the session notice the row
        row.__dict__.setdefault(_TO_SEAL, {})[self.column] = value

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError(f"{self.column} is sealed: rows are found with matches(), by its blind index")

    __hash__ = None  # type: ignore[assignment]  # what can't be compared can't be hashed

    def matches(self, value: str) -> ColumnElement[bool]:
        """Return the condition that finds rows with this value, in any spelling that folds alike."""
        found: ColumnElement[bool] = getattr(self.owner, self.index).in_(
            current_keys().indexes(self._purpose, self._fold(value))
        )
        return found

    def blind_index(self, value: str) -> str | None:
        """Return the blind index of a value under the newest key; None for one that folds to nothing."""
        folded = self._fold(value)
        return current_keys().index(self._purpose, folded) if folded else None

    def write(self, row: Any, value: Value) -> None:
        """Seal a value into its columns: called by the session's flush."""
        if self._version:
            setattr(row, self._version, (getattr(row, self._version) or 0) + 1)
        record_of(row)  # a new row needs its id now: the value is bound to it
        record = self._record(row)
        is_set = value is not None and value != self._empty
        sealed = seal(record, self.ring, self._context(row), self._encode(value)) if is_set else None
        setattr(row, self.column, sealed)
        if self.index:
            setattr(row, self.index, self.blind_index(str(value)) if is_set else None)
        if self._also is not None:
            column, derive = self._also
            setattr(row, column, derive(str(value)) if is_set else None)

    @property
    def _purpose(self) -> str:
        return f"{self.owner.__tablename__}.{self.index}"

    def _context(self, row: Any) -> bytes:
        version = getattr(row, self._version) if self._version else 1
        return keys.context(row.__tablename__, self.column, row.id, version)


_SEALED: Final[dict[type, list[Sealed[Any]]]] = {}


def sealed_text(
    column: str,
    *,
    ring: Ring,
    version: str = "",
    index: str = "",
    fold: Callable[[str], str] = str,
    record: Callable[[Any], Record] = record_of,
    also: tuple[str, Callable[[str], str | None]] | None = None,
) -> Sealed[str]:
    """Return a text property stored sealed in `column`; "" where there is none.

    `version` names the column that counts its changes (a value that never changes needs none), `index` that of its
    blind index over `fold(value)`; `record` says whose data key seals it; `also` is a column that follows from the
    value, and how.
    """
    return Sealed(
        column, ring, encode=str.encode, decode=bytes.decode, empty="", version=version, index=index, fold=fold,
        record=record, also=also,
    )  # fmt: skip


def sealed_json(column: str, *, ring: Ring, record: Callable[[Any], Record] = record_of) -> Sealed[Any]:
    """Return a property for a JSON value that never changes, stored sealed in `column`; None where there is none."""
    return Sealed(
        column, ring, encode=to_json, decode=json.loads, empty=None, version="", index="", fold=str, record=record
    )


def to_json(value: Any) -> bytes:
    """Return a JSON value as bytes, the same for the same value."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def indexed() -> Iterator[tuple[Any, Sealed[Any]]]:
    """Yield each mapped class and property that has a blind index."""
    for owner, properties in _SEALED.items():
        yield from ((owner, each) for each in properties if each.index)


def _data_key(record: Record, ring: Ring, *, make: bool) -> bytes:
    session = db.session()
    cached = _cache(session)
    if make and cached.get((record, ring)) == _NONE_YET:
        del cached[record, ring]  # another request may have made it since we looked
    if (record, ring) not in cached:
        _load(session, record, ring)
    if make and cached[record, ring] == _NONE_YET:
        cached[record, ring] = _make(session, record, ring)
    key = cached[record, ring]
    if not key:
        raise Erased(f"the data key of {record.table} {record.id} {'was destroyed' if key is None else 'is missing'}")
    return key


_NONE_YET: Final = b""


def _cache(session: Session) -> dict[tuple[Record, Ring], bytes | None]:
    return cast("dict[tuple[Record, Ring], bytes | None]", session.info.setdefault(_DATA_KEYS, {}))


def _load(session: Session, record: Record, ring: Ring) -> None:
    """Open a record's data key, and those of all rows of its table that the session knows: a list costs one query."""
    known = [
        state.key[1][0] for state in session.identity_map.all_states() if state.key and _table(state) == record.table
    ]
    cached = _cache(session)
    wanted = [each for each in dict.fromkeys([record.id, *known]) if (Record(record.table, each), ring) not in cached]
    opened: dict[tuple[Record, Ring], bytes | None] = {}
    ring_keys = current_keys()
    with session.no_autoflush:
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            found = session.execute(
                select(RecordKey.owner_id, RecordKey.wrapped).where(
                    RecordKey.owner_table == record.table,
                    RecordKey.owner_id.in_(wanted[start : start + _IDS_AT_ONCE]),
                    RecordKey.ring == ring,
                )
            )
            for owner_id, wrapped in found:
                owner = Record(record.table, owner_id)
                opened[owner, ring] = (
                    None if wrapped is None else ring_keys.unwrap(ring, wrapped, wrapping_context(owner, ring))
                )
    # Only now: a key that did not open must not look like one that was never made.
    cached |= {(Record(record.table, each), ring): _NONE_YET for each in wanted} | opened


def _table(state: Any) -> str:
    return str(state.mapper.local_table.name)


def _make(session: Session, record: Record, ring: Ring) -> bytes:
    key, ring_keys = keys.new_key(), current_keys()
    wrapped = ring_keys.wrap(ring, key, wrapping_context(record, ring))
    session.add(
        RecordKey(
            owner_table=record.table,
            owner_id=record.id,
            ring=ring,
            key_number=keys.number_of(wrapped),
            wrapped=wrapped,
        )
    )
    return key


def wrapping_context(record: Record, ring: Ring) -> bytes:
    """Return the context of a wrapped data key: one that is moved to another record does not open."""
    return keys.context("record_key", f"{record.table}.{ring}", record.id, 1)


@event.listens_for(Session, "before_flush")
def _seal_pending(session: Session, _context: Any, _instances: Any) -> None:
    for row in [*session.new, *session.dirty]:
        pending = row.__dict__.pop(_TO_SEAL, {})
        for each in _SEALED.get(type(row), ()):
            if each.column in pending:
                each.write(row, pending[each.column])


@event.listens_for(Session, "after_soft_rollback")
def _forget_data_keys(session: Session, _previous: Any) -> None:
    """A data key that was made in what is undone has no row: nothing may be sealed with it any more."""
    session.info.pop(_DATA_KEYS, None)


@event.listens_for(Base, "expire", propagate=True)
def _forget_pending(row: Any | None, columns: list[str] | None) -> None:
    if row is None:
        return  # nobody holds the row any more
    pending = row.__dict__.get(_TO_SEAL)
    for column in list(pending or ()):
        if columns is None or column in columns:
            del pending[column]
