"""Who may do what: permissions named `resource:action`, roles that hold them, and the acting person."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundapp.core.errors import NotAllowed


class P(StrEnum):
    """Every permission that a route or a service can ask for. What only looks is named `…:read`."""

    SESSION_USE = "session:use"

    APPLICATION_WRITE = "application:write"
    LETTER_READ = "letter:read"
    """Reads letters to oneself; `letters:read` is for those of a whole call."""
    REVIEW_WRITE = "review:write"

    CALL_READ = "call:read"
    APPLICATION_READ = "application:read"
    PANEL_READ = "panel:read"
    TALLY_READ = "tally:read"
    CALIBRATION_READ = "calibration:read"
    """Sees how strictly each reviewer scores."""
    DISCUSSION_READ = "discussion:read"
    """Follows what reviewers say to each other; they themselves need `review:write`."""
    SLATE_READ = "slate:read"
    LETTERS_READ = "letters:read"
    FUNDS_READ = "funds:read"
    PAYEE_READ = "payee:read"
    SCREENING_READ = "screening:read"
    """Sees which names were looked up in lists of sanctions; of protected ones what was found needs `identity:open`."""
    PAYMENTS_READ = "payments:read"
    HISTORY_READ = "history:read"
    AUDIT_READ = "audit:read"
    PERSON_READ = "person:read"

    APPLICATION_IMPORT = "application:import"
    APPLICATION_ENTER = "application:enter"
    """Types in for its people what came by paper, mail or voice; `application:import` takes whole tables."""
    APPLICATION_SET_ASIDE = "application:set_aside"
    CALL_WRITE = "call:write"
    CALL_EXTEND = "call:extend"
    ELIGIBILITY_DECIDE = "eligibility:decide"
    APPLICATION_ASK = "application:ask"
    TRANSLATION_WRITE = "translation:write"
    APPLICATION_ERASE = "application:erase"
    APPLICANT_HELP = "applicant:help"
    APPLICANT_INVITE = "applicant:invite"
    IDENTITY_OPEN = "identity:open"
    PROTECTION_RAISE = "protection:raise"
    PROTECTION_LOWER = "protection:lower"
    REVIEWER_INVITE = "reviewer:invite"
    ASSIGNMENT_PLAN = "assignment:plan"
    CONFLICT_PIN = "conflict:pin"
    DISCUSSION_WRITE = "discussion:write"
    DECISION_MAKE = "decision:make"
    DECISION_VOTE = "decision:vote"
    """Votes as a chair on what others propose, where the call says that its chairs vote."""
    DECISION_RATIFY = "decision:ratify"
    DECISION_RELEASE = "decision:release"
    LETTER_MANAGE = "letter:manage"
    DECISION_EXPORT = "decision:export"
    FUND_WRITE = "fund:write"
    PAYEE_APPROVE = "payee:approve"
    """Records calls about payee details, approves them, freezes them, and sets them free."""
    SCREENING_DECIDE = "screening:decide"
    """Looks names up in lists of sanctions, and is one of two people who decide about what is found."""
    SANCTIONS_UPLOAD = "sanctions:upload"
    """Hands in lists of sanctions; they serve every call."""
    PAYMENT_PLAN = "payment:plan"
    """Plans instalments, says that what one waits for has come, and approves those of others."""
    PAYMENT_SEND = "payment:send"
    """Prepares payment files, releases those of others, and says what became of the money."""

    PERSON_MANAGE = "person:manage"
    ROLE_GRANT = "role:grant"
    FACTOR_RESET = "factor:reset"
    PERSON_ERASE = "person:erase"


class Role(StrEnum):
    """What a person may be, everywhere or in one call; applicant and collaborator come from their organisation."""

    APPLICANT = "applicant"
    COLLABORATOR = "collaborator"
    NOMINATOR = "nominator"
    REVIEWER = "reviewer"
    CHAIR = "chair"
    MANAGER = "manager"
    RATIFIER = "ratifier"
    FINANCE = "finance"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ROLE_PERMISSIONS: Final[dict[Role, frozenset[P]]] = {
    Role.APPLICANT: frozenset({P.SESSION_USE, P.APPLICATION_WRITE, P.LETTER_READ}),
    Role.COLLABORATOR: frozenset({P.SESSION_USE, P.APPLICATION_WRITE, P.LETTER_READ}),
    Role.NOMINATOR: frozenset({P.SESSION_USE}),
    Role.REVIEWER: frozenset({P.SESSION_USE, P.REVIEW_WRITE}),
    Role.CHAIR: frozenset(
        {P.SESSION_USE, P.CALL_READ, P.PANEL_READ, P.TALLY_READ, P.DISCUSSION_READ, P.DISCUSSION_WRITE, P.DECISION_VOTE}
    ),
    Role.MANAGER: frozenset(
        {
            P.SESSION_USE,
            P.CALL_READ,
            P.APPLICATION_READ,
            P.PANEL_READ,
            P.TALLY_READ,
            P.CALIBRATION_READ,
            P.DISCUSSION_READ,
            P.SLATE_READ,
            P.LETTERS_READ,
            P.FUNDS_READ,
            P.PAYMENTS_READ,
            P.SCREENING_READ,
            P.HISTORY_READ,
            P.APPLICATION_IMPORT,
            P.APPLICATION_ENTER,
            P.APPLICATION_SET_ASIDE,
            P.CALL_WRITE,
            P.CALL_EXTEND,
            P.ELIGIBILITY_DECIDE,
            P.APPLICATION_ASK,
            P.TRANSLATION_WRITE,
            P.APPLICATION_ERASE,
            P.APPLICANT_HELP,
            P.APPLICANT_INVITE,
            P.IDENTITY_OPEN,
            P.PROTECTION_RAISE,
            P.PROTECTION_LOWER,
            P.REVIEWER_INVITE,
            P.ASSIGNMENT_PLAN,
            P.CONFLICT_PIN,
            P.DISCUSSION_WRITE,
            P.DECISION_MAKE,
            P.DECISION_RELEASE,
            P.LETTER_MANAGE,
            P.SCREENING_DECIDE,
            P.DECISION_EXPORT,
            P.PAYMENT_PLAN,
        }
    ),
    Role.RATIFIER: frozenset(
        {
            P.SESSION_USE,
            P.CALL_READ,
            P.APPLICATION_READ,
            P.TALLY_READ,
            P.SLATE_READ,
            P.DECISION_RATIFY,
            P.DECISION_EXPORT,
        }
    ),
    Role.FINANCE: frozenset(
        {
            P.SESSION_USE,
            P.CALL_READ,
            P.FUNDS_READ,
            P.PAYEE_READ,
            P.SCREENING_READ,
            P.PAYMENTS_READ,
            P.DECISION_EXPORT,
            P.FUND_WRITE,
            P.PAYEE_APPROVE,
            P.SCREENING_DECIDE,
            P.SANCTIONS_UPLOAD,
            P.PAYMENT_PLAN,
            P.PAYMENT_SEND,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            P.SESSION_USE,
            P.CALL_READ,
            P.APPLICATION_READ,
            P.PANEL_READ,
            P.TALLY_READ,
            P.CALIBRATION_READ,
            P.DISCUSSION_READ,
            P.SLATE_READ,
            P.LETTERS_READ,
            P.FUNDS_READ,
            P.PAYEE_READ,
            P.SCREENING_READ,
            P.PAYMENTS_READ,
            P.HISTORY_READ,
            P.AUDIT_READ,
            P.PERSON_READ,
            P.DECISION_EXPORT,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {P.SESSION_USE, P.PERSON_READ, P.PERSON_MANAGE, P.ROLE_GRANT, P.FACTOR_RESET, P.PERSON_ERASE}
    ),
}

SECOND_FACTOR_ROLES: Final = frozenset(
    {Role.CHAIR, Role.MANAGER, Role.RATIFIER, Role.FINANCE, Role.AUDITOR, Role.ADMINISTRATOR}
)
"""Roles that need a second factor at sign-in; reviewers need one once they read in a second call."""

OF_ORGANISATIONS: Final = frozenset({Role.APPLICANT, Role.COLLABORATOR})
"""Roles that nobody gives: an organisation's people hold them."""
PER_CALL: Final = frozenset({Role.NOMINATOR, Role.REVIEWER, Role.CHAIR})
"""Roles that make sense in one call only."""
EVERYWHERE: Final = frozenset({Role.ADMINISTRATOR})
"""Roles that make sense for the whole fund only."""


@dataclass(frozen=True)
class Grant:
    """A role held everywhere (call_id None) or in one call."""

    role: Role
    call_id: UUID | None = None


def needs_second_factor(grants: Collection[Grant]) -> bool:
    """Say whether somebody who holds these roles must sign in with a second factor."""
    if any(grant.role in SECOND_FACTOR_ROLES for grant in grants):
        return True
    reviewing = [grant for grant in grants if grant.role is Role.REVIEWER]
    return len(reviewing) > 1 or any(grant.call_id is None for grant in reviewing)


@dataclass(frozen=True)
class Actor:
    """Whoever acts in a request, job or command. The system itself has no person."""

    person_id: UUID | None
    name: str
    language: str = "en"
    grants: frozenset[Grant] = frozenset()
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

    def roles_in(self, call_id: UUID | None) -> list[str]:
        """Return the names of the roles held in a call or everywhere (call_id None: in any call), by name."""
        if self.is_system:
            return ["system"]
        held = (grant for grant in self.grants if call_id is None or grant.call_id in (None, call_id))
        return sorted({grant.role.value for grant in held})

    @property
    def has_roles(self) -> bool:
        """Say whether somebody gave the actor any role; everybody may apply without."""
        return any(grant.role not in OF_ORGANISATIONS for grant in self.grants)

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
