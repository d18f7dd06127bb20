"""Kept versions: what a score, a decision or a letter was after each change, in rows that are only ever added.

A mapped class takes part by having a method `kept()`: it returns what must stay provable of the row as JSON (numbers,
statuses, references, and hashes of texts, so that a text can still be erased), or None while there is nothing to keep.
A version is written with the change, and the change's audit entry names its number and hash: so the chain covers it.
"""

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from fundapp.core.audit.chain import canonical_json
from fundapp.core.audit.entries import GUARDED
from fundapp.core.audit.ledger import Ledger, Name, Pending
from fundapp.core.db import Base, JsonDocument


class KeptVersion(Base):
    """What a row was after a change; `content` null: the row was deleted. The newest one equals the row as it is."""

    __table_args__ = {"info": GUARDED}  # noqa: RUF012 - read by SQLAlchemy as a class attribute

    object_type: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3 … for each row."""
    content: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument())
    sha256: Mapped[str]
    seq: Mapped[int] = mapped_column(BigInteger)
    """The audit entry that tells of the change, and holds this number and hash."""


def content_sha256(content: dict[str, Any] | None) -> str:
    """Return the hash of a version, as hex."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def text_sha256(text: str) -> str:
    """Return the hash under which a version remembers a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def kept_classes() -> dict[str, type[Any]]:
    """Return the mapped classes whose versions are kept, by table."""
    return {
        mapper.class_.__tablename__: mapper.class_
        for mapper in Base.registry.mappers
        if callable(getattr(mapper.class_, "kept", None))
    }


def new_versions(session: Session, ledger: Ledger) -> list[tuple[Pending, dict[str, Any]]]:
    """Return the versions that this transaction makes, all but `seq`, each with the entry that now names it."""
    touched = dict(_touched(session, ledger))
    if not touched:
        return []
    newest = _newest(session, touched)
    made = []
    for name, row in touched.items():
        number, before = newest.get(name, (0, None))
        content = row.kept() if row is not None else None
        sha256 = content_sha256(content)
        if sha256 == before or (content is None and number == 0):
            continue
        entry = next(entry for entry in reversed(ledger.entries) if (entry.object_type, entry.object_id) == name)
        entry.data = {**entry.data, "version": number + 1, "version_sha256": sha256}
        object_type, object_id = name
        values = {"number": number + 1, "content": content, "sha256": sha256}
        made.append((entry, {"object_type": object_type, "object_id": object_id, **values}))
    return made


def _touched(session: Session, ledger: Ledger) -> Iterator[tuple[Name, Any]]:
    """Name the rows with versions that changed, themselves or in a part of them; None for those that are gone."""
    classes = kept_classes()
    by_statement = {change.name for change in ledger.changes if change.row is None}
    names = [name for change in ledger.changes for name in (change.name, *change.owners)]
    names += [(entry.object_type, entry.object_id) for entry in ledger.entries]
    for name in dict.fromkeys(names):
        if name[0] in classes:
            yield name, session.get(classes[name[0]], name[1], populate_existing=name in by_statement)


def _newest(session: Session, names: dict[Name, Any]) -> dict[Name, tuple[int, str]]:
    newest = (
        select(KeptVersion.object_type, KeptVersion.object_id, func.max(KeptVersion.number).label("number"))
        .where(KeptVersion.object_id.in_([object_id for _, object_id in names]))
        .group_by(KeptVersion.object_type, KeptVersion.object_id)
        .subquery()
    )
    rows = session.execute(
        select(KeptVersion.object_type, KeptVersion.object_id, KeptVersion.number, KeptVersion.sha256).join(
            newest,
            (KeptVersion.object_type == newest.c.object_type)
            & (KeptVersion.object_id == newest.c.object_id)
            & (KeptVersion.number == newest.c.number),
        )
    )
    return {(object_type, object_id): (number, sha256) for object_type, object_id, number, sha256 in rows}
