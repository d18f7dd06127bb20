"""What must always be true after erasing: read by doctor."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from fundapp.accounts.models import Membership, Person
from fundapp.applications.models import Application, Attachment, SealedAnswer, Submission
from fundapp.core.db import db
from fundapp.core.sealing import RecordKey
from fundapp.retention import tombstones
from fundapp.retention.models import Erasure

PATIENCE: Final = timedelta(hours=1)
"""How long the work after an erasure may take before somebody should look."""


def erasure_problems(list_path: Path, now: datetime) -> list[str]:
    """Say what is left of erased applications and people, and which erasures are not finished or not listed."""
    return [*_left_of_applications(), *_left_of_people(), *_unfinished(list_path, now)]


def unfinished_erasures() -> int:
    """Return how many erasures wait for a worker, which removes their files and lists them outside the database."""
    return db.session.scalars(select(func.count()).select_from(Erasure).where(Erasure.finished_at.is_(None))).one()


def _left_of_applications() -> list[str]:
    erased = select(Application.id).where(Application.erased_at.is_not(None))
    left: dict[str, Select[UUID]] = {
        "an organisation": select(Application.id).where(
            Application.id.in_(erased), Application.organisation_id.is_not(None)
        ),
        "files": select(Attachment.id).where(Attachment.application_id.in_(erased)),
        "sealed answers": select(SealedAnswer.id).where(SealedAnswer.application_id.in_(erased)),
        "data keys": _keys_of("application", erased),
    }
    problems = [f"erased applications still have {what}" for what, rows in left.items() if _any(rows)]
    sent = db.session.scalars(select(Submission.answers).where(Submission.application_id.in_(erased)))
    working = db.session.scalars(select(Application.answers).where(Application.id.in_(erased)))
    if any(sent) or any(working):
        problems.append("erased applications still have texts")
    return problems


def _left_of_people() -> list[str]:
    erased = select(Person.id).where(Person.erased_at.is_not(None))
    left: dict[str, Select[UUID]] = {
        "ways in": select(Person.id).where(
            Person.id.in_(erased), or_(Person.is_active, Person.password_hash.is_not(None))
        ),
        "memberships": select(Membership.id).where(Membership.person_id.in_(erased)),
        "data keys": _keys_of("person", erased),
    }
    return [f"erased people still have {what}" for what, rows in left.items() if _any(rows)]


def _keys_of(table: str, erased: Select[UUID]) -> Select[UUID]:
    return select(RecordKey.id).where(
        RecordKey.owner_table == table, RecordKey.owner_id.in_(erased), RecordKey.wrapped.is_not(None)
    )


def _any(rows: Select[UUID]) -> bool:
    return bool(db.session.scalar(select(func.count()).select_from(rows.subquery())))


def _unfinished(list_path: Path, now: datetime) -> list[str]:
    erasures = db.session.scalars(select(Erasure)).all()
    late = [each for each in erasures if each.finished_at is None and each.erased_at < now - PATIENCE]
    finished = {each.object_id for each in erasures if each.finished_at is not None}
    listed = {grave.object_id for grave in tombstones.read(list_path)} if finished else set()
    problems = [f"{len(late)} erasures wait for their files to be removed"] if late else []
    if finished - listed:
        problems.append(f"{len(finished - listed)} erasures are not in {list_path.name}: a restore would undo them")
    return problems
