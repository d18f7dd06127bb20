"""What the pages about one's own sign-in show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fundapp.accounts.factor_queries import Factor
from fundapp.accounts.models import AuthenticatorApp, FactorReset, Passkey, Person, SignInSession
from fundapp.accounts.permissions import Actor
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _

FEW_CODES = 3


@dataclass(frozen=True)
class FactorShown:
    """An app or a passkey: what it is, what its owner calls it, since when, and when it was used last."""

    id: UUID
    kind: str
    name: str
    added: Moment
    used: Moment | None


@dataclass(frozen=True)
class SecurityShown:
    """How somebody signs in."""

    factors: list[FactorShown]
    codes_left: int
    few_codes: bool
    has_password: bool


@dataclass(frozen=True)
class SessionShown:
    """A browser in which somebody is signed in."""

    id: UUID
    device: str
    opened: Moment
    seen: Moment
    is_this: bool


@dataclass(frozen=True)
class ResetShown:
    """A request to remove somebody's second step."""

    person_id: UUID
    person: str
    requested_by: str
    requested: Moment
    effective: Moment | None
    may_confirm: bool


def security_shown(
    person: Person, *, apps: Sequence[AuthenticatorApp], passkeys: Sequence[Passkey], codes_left: int
) -> SecurityShown:
    """Return how a person signs in."""
    return SecurityShown(
        factors=[*map(factor_shown, apps), *map(factor_shown, passkeys)],
        codes_left=codes_left,
        few_codes=codes_left <= FEW_CODES,
        has_password=person.password_hash is not None,
    )


def factor_shown(factor: Factor) -> FactorShown:
    """Return an app or a passkey as its owner sees it."""
    is_passkey = isinstance(factor, Passkey)
    return FactorShown(
        id=factor.id,
        kind=_("Passkey") if is_passkey else _("App that shows codes"),
        name=factor.name,
        added=moment(factor.created_at),
        used=_moment_or_none(factor.last_used_at) if isinstance(factor, Passkey) else None,
    )


def session_shown(session: SignInSession, *, is_this: bool) -> SessionShown:
    """Return a session as its owner sees it."""
    return SessionShown(
        id=session.id,
        device=device_shown(session.device),
        opened=moment(session.created_at),
        seen=moment(session.seen_at),
        is_this=is_this,
    )


def device_shown(label: str) -> str:
    """Say a label of accounts.devices in words."""
    browser, _slash, system = label.partition("/")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("A browser that we do not know")


def reset_shown(reset: FactorReset, actor: Actor) -> ResetShown:
    """Return a request to remove somebody's second step as an administrator sees it."""
    return ResetShown(
        person_id=reset.person_id,
        person=reset.person.name or reset.person.email or "",
        requested_by=reset.requested_by.name or reset.requested_by.email or "",
        requested=moment(reset.requested_at),
        effective=_moment_or_none(reset.effective_at),
        may_confirm=reset.confirmed_at is None and actor.person_id not in (reset.requested_by_id, reset.person_id),
    )


def _moment_or_none(at: datetime | None) -> Moment | None:
    return moment(at) if at is not None else None
