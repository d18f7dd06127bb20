"""Give roles to people, and take them away."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person, RoleGrant
from fundapp.accounts.permissions import Actor, Role
from fundapp.core.audit import record
from fundapp.core.db import db


def grant_role(*, actor: Actor, person: Person, role: Role, now: datetime, call_id: UUID | None = None) -> None:
    """Give a person a role, everywhere or in one call; giving it twice changes nothing.

    The caller's use case checks the permission (inviting a reviewer, running the command line).
    """
    known = db.session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.person_id == person.id, RoleGrant.role == role, RoleGrant.call_id.is_not_distinct_from(call_id)
        )
    )
    if known is None:
        db.session.add(RoleGrant(person_id=person.id, role=role, call_id=call_id, granted_at=now))
        record(
            actor=actor,
            action="role:grant",
            subject=person,
            now=now,
            call_id=call_id,
            data={"role": role.value},
        )
        db.session.flush()
