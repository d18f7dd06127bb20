"""Who may do what: permissions named `resource:action`, roles that hold them, and the acting person."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundapp.core.errors import NotAllowed


class P(StrEnum):
    """Every permission that a route or a service can ask for."""

    SESSION_USE = "session:use"
    APPLICATION_WRITE = "application:write"
    LETTER_READ = "letter:read"
    REVIEW_WRITE = "review:write"
    APPLICATION_READ = "application:read"
    APPLICATION_IMPORT = "application:import"
    CALL_LOAD = "call:load"
    CALL_EXTEND = "call:extend"
    ELIGIBILITY_DECIDE = "eligibility:decide"
    REVIEWER_INVITE = "reviewer:invite"
    ASSIGNMENT_PLAN = "assignment:plan"
    TALLY_READ = "tally:read"
    DECISION_MAKE = "decision:make"
    DECISION_RATIFY = "decision:ratify"
    DECISION_RELEASE = "decision:release"
    LETTER_MANAGE = "letter:manage"
    DECISION_EXPORT = "decision:export"


class Role(StrEnum):
    """What a person may be, everywhere or in one call."""

    APPLICANT = "applicant"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    RATIFIER = "ratifier"


ROLE_PERMISSIONS: Final[dict[Role, frozenset[P]]] = {
    Role.APPLICANT: frozenset({P.SESSION_USE, P.APPLICATION_WRITE, P.LETTER_READ}),
    Role.REVIEWER: frozenset({P.SESSION_USE, P.REVIEW_WRITE}),
    Role.MANAGER: frozenset(
        {
            P.SESSION_USE,
            P.APPLICATION_READ,
            P.APPLICATION_IMPORT,
            P.CALL_LOAD,
            P.CALL_EXTEND,
            P.ELIGIBILITY_DECIDE,
            P.REVIEWER_INVITE,
            P.ASSIGNMENT_PLAN,
            P.TALLY_READ,
            P.DECISION_MAKE,
            P.DECISION_RELEASE,
            P.LETTER_MANAGE,
            P.DECISION_EXPORT,
        }
    ),
    Role.RATIFIER: frozenset({P.SESSION_USE, P.APPLICATION_READ, P.TALLY_READ, P.DECISION_RATIFY, P.DECISION_EXPORT}),
}


@dataclass(frozen=True)
class Grant:
    """A role held everywhere (call_id None) or in one call."""

    role: Role
    call_id: UUID | None = None


@dataclass(frozen=True)
class Actor:
    """Whoever acts in a request, job or command. The system itself has no person."""

    person_id: UUID | None
    name: str
    language: str = "en"
    grants: frozenset[Grant] = frozenset()
    organisation_ids: frozenset[UUID] = field(default_factory=frozenset)
    is_system: bool = False

    def can(self, permission: str, call_id: UUID | None = None) -> bool:
        """Say whether the actor holds a permission in a call, or (call_id None) in any call at all."""
        if self.is_system:
            return True
        return any(
            permission in ROLE_PERMISSIONS[grant.role]
            and (call_id is None or grant.call_id is None or grant.call_id == call_id)
            for grant in self.grants
        )

    def require(self, permission: str, call_id: UUID | None = None) -> None:
        """Raise NotAllowed unless the actor holds the permission."""
        if not self.can(permission, call_id):
            raise NotAllowed(permission)

    def calls_with(self, permission: str) -> frozenset[UUID] | None:
        """Return the calls in which a permission is held; None means every call."""
        held = [grant for grant in self.grants if permission in ROLE_PERMISSIONS[grant.role]]
        if self.is_system or any(grant.call_id is None for grant in held):
            return None
        return frozenset(grant.call_id for grant in held if grant.call_id is not None)


def system_actor() -> Actor:
    """Return the actor of the command line and of background jobs."""
    return Actor(person_id=None, name="system", is_system=True)


ANONYMOUS: Final = Actor(person_id=None, name="")
