"""Give roles to people, and take them away."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts import queries
from fundapp.accounts.models import Person, RoleChange, RoleGrant
from fundapp.accounts.permissions import Actor, P, Role
from fundapp.accounts.role_rules import mixed_with, place_problems
from fundapp.accounts.services.people import tell
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

ROLES_PATH = "/account/roles"


def grant_role(
    *,
    actor: Actor,
    person: Person,
    role: Role,
    now: datetime,
    call_id: UUID | None = None,
    reason: str = "",
    given_by: UUID | None = None,
) -> bool:
    """Give a person a role, everywhere or in one call; return False when they have it already.

    The caller's use case checks the permission (inviting a reviewer, an administrator's `give_role`). `given_by` is
    whoever offered the role that the actor takes up now.
    """
    known = db.session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.person_id == person.id, RoleGrant.role == role, RoleGrant.call_id.is_not_distinct_from(call_id)
        )
    )
    if known is not None:
        return False
    db.session.add(RoleGrant(person_id=person.id, role=role, call_id=call_id, granted_at=now))
    _note(actor, person, role, call_id, now, is_given=True, reason=reason, by_id=given_by or actor.person_id)
    return True


def revoke_role(*, actor: Actor, person: Person, role: Role, call_id: UUID | None, now: datetime) -> bool:
    """End a role of a person; return False when they do not have it. The caller's use case checks the permission."""
    held = db.session.scalar(
        select(RoleGrant).where(
            RoleGrant.person_id == person.id, RoleGrant.role == role, RoleGrant.call_id.is_not_distinct_from(call_id)
        )
    )
    if held is None:
        return False
    db.session.delete(held)
    _note(actor, person, role, call_id, now, is_given=False, reason="", by_id=actor.person_id)
    return True


def give_role(
    *, actor: Actor, person: Person, role: Role, call_id: UUID | None, reason: str = "", now: datetime
) -> None:
    """Give a person a role, as an administrator does, and tell them; it counts from their next request.

    Raises RuleViolations for a role that cannot be given there, or that should not be in one hand with another one
    unless a reason is written down; NotAllowed without the permission and for a role to oneself.
    """
    actor.require(P.ROLE_GRANT)
    if actor.person_id == person.id:
        raise NotAllowed(P.ROLE_GRANT, _l("Nobody gives a role to themselves. Ask another administrator."))
    problems = place_problems(role, call_id)
    if mixed_with(role, call_id, queries.actor_of(person).grants) and not reason.strip():
        problems.append(
            Problem(_l("This person has a duty that should be in other hands. Say why it must be so."), field="reason")
        )
    if problems:
        raise RuleViolations(problems)
    if grant_role(actor=actor, person=person, role=role, call_id=call_id, reason=reason.strip(), now=now):
        tell(person, template="role_changed", path=ROLES_PATH, now=now)


def take_role(*, actor: Actor, grant: RoleGrant, reason: str = "", now: datetime) -> None:
    """Take a role from a person and tell them; it is gone at their next request.

    Raises NotAllowed without the permission, Conflict for the role of the last administrator.
    """
    actor.require(P.ROLE_GRANT)
    person = db.session.get_one(Person, grant.person_id)
    if grant.role is Role.ADMINISTRATOR:
        require_another_administrator(actor=actor, person=person)
    role, call_id = grant.role, grant.call_id
    db.session.delete(grant)
    _note(actor, person, role, call_id, now, is_given=False, reason=reason.strip(), by_id=actor.person_id)
    tell(person, template="role_changed", path=ROLES_PATH, now=now)


def hold_roles(actor: Actor) -> Actor:
    """Return a person with the roles that they have now; none of them can be taken before this transaction ends.

    For what binds: an actor is made when a request begins, and a role may have gone since. Raises NotAllowed for an
    account that was closed meanwhile.
    """
    held = select(RoleGrant.id).where(RoleGrant.person_id == actor.person_id).order_by(RoleGrant.id)
    db.session.execute(held.with_for_update()).all()
    person = db.session.get_one(Person, actor.person_id, populate_existing=True)
    if not person.is_active:
        raise NotAllowed(P.SESSION_USE)
    return queries.actor_of(person)


def require_another_administrator(*, actor: Actor, person: Person) -> None:
    """Raise Conflict when nobody but this person could administer; two who take at the same moment take turns.

    The command line may do it: whoever runs it can also make a new administrator.
    """
    if actor.is_system:
        return
    others = db.session.scalars(
        select(RoleGrant.person_id)
        .join(RoleGrant.person)
        .where(RoleGrant.role == Role.ADMINISTRATOR, Person.is_active)
        .order_by(RoleGrant.id)
        .with_for_update(of=RoleGrant)
    ).all()
    if set(others) <= {person.id}:
        raise Conflict(_l("This is the last administrator. Make somebody else an administrator first."))


def _note(
    actor: Actor,
    person: Person,
    role: Role,
    call_id: UUID | None,
    now: datetime,
    *,
    is_given: bool,
    reason: str,
    by_id: UUID | None,
) -> None:
    """Write down who gave or took a role; the reason stays in its row, the audit log says that it happened."""
    db.session.add(
        RoleChange(
            person_id=person.id,
            role=role,
            call_id=call_id,
            is_given=is_given,
            by_id=by_id,
            at=now,
            reason=reason,
        )
    )
    record(
        actor=actor,
        action="role:grant" if is_given else "role:revoke",
        subject=person,
        now=now,
        call_id=call_id,
        data={"role": role.value},
    )
    db.session.flush()
