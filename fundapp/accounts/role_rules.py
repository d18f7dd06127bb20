"""Which roles may be given where, and which should not be in one hand; no database, no web."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import EVERYWHERE, OF_ORGANISATIONS, PER_CALL, Grant, Role
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

GIVEN: Final = tuple(role for role in Role if role not in OF_ORGANISATIONS and role is not Role.REVIEWER)
"""Roles that administrators give; reviewers are invited to a panel instead."""
APART: Final = frozenset(
    {Role.REVIEWER, Role.CHAIR, Role.MANAGER, Role.RATIFIER, Role.FINANCE, Role.AUDITOR, Role.ADMINISTRATOR}
)
"""Duties of which one person should have one: whoever judges, decides, confirms, pays, checks, or gives roles."""


def place_problems(role: Role, call_id: UUID | None) -> list[Problem]:
    """Say why a role cannot be given in this place (call_id None: everywhere)."""
    if role in OF_ORGANISATIONS:
        return [Problem(_l("This role comes with an organisation. Nobody gives it."), field="role")]
    if role is Role.REVIEWER:
        return [Problem(_l("Reviewers are invited on the page of the call's reviewers."), field="role")]
    if role in PER_CALL and call_id is None:
        return [Problem(_l("This role is for one call. Choose the call."), field="call")]
    if role in EVERYWHERE and call_id is not None:
        return [Problem(_l("This role is for the whole service. Choose “every call”."), field="call")]
    return []


def mixed_with(role: Role, call_id: UUID | None, held: Collection[Grant]) -> list[Role]:
    """Return the roles already held in the same place that should not be in one hand with a new one."""
    if role not in APART:
        return []
    near = {grant.role for grant in held if None in (grant.call_id, call_id) or grant.call_id == call_id}
    return [other for other in Role if other in near & APART and other is not role]
