"""The people of an application: those who hold its organisation decide who else belongs to it; the fund can help."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts import queries as accounts
from fundapp.accounts.models import (
    LinkPurpose,
    Membership,
    MembershipRole,
    Organisation,
    OrganisationInvitation,
    Person,
)
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services import links, memberships
from fundapp.applications.models import Application
from fundapp.applications.queries.applicant import holds
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

Row = TypeVar("Row", Membership, OrganisationInvitation)


def invite_colleague(
    *, actor: Actor, application: Application, email: str, role: MembershipRole, language: str, now: datetime
) -> OrganisationInvitation:
    """Ask somebody, by their address, to hold the application's organisation too, or to write for it.

    Raises RuleViolations, and NotAllowed for somebody who does not hold it.
    """
    organisation = _held(actor, application)
    return memberships.invite(
        actor=actor, organisation=organisation, email=email, role=role, language=language, now=now
    )


def add_colleague_without_mail(
    *, actor: Actor, application: Application, name: str, role: MembershipRole, language: str, now: datetime
) -> tuple[Person, list[str]]:
    """Let somebody belong who must not get mail; return them with their words. Raises NotAllowed."""
    organisation = _held(actor, application)
    person, words = memberships.add_without_address(
        actor=actor, organisation=organisation, name=name, role=role, language=language, now=now
    )
    _guard(person, organisation.id)
    return person, words


def remove_colleague(*, actor: Actor, application: Application, membership_id: UUID, now: datetime) -> None:
    """Take somebody's access away. Where they were the main contact, the longest holder becomes it.

    Raises NotFound, NotAllowed, and Conflict for the last holder.
    """
    organisation = _held(actor, application)
    membership = _found(db.session.get(Membership, membership_id), organisation)
    memberships.remove(actor=actor, membership=membership, now=now)
    heir = accounts.holders(organisation.id)[0]
    moved = db.session.scalars(
        select(Application).where(
            Application.organisation_id == organisation.id, Application.person_id == membership.person_id
        )
    ).all()
    for each in moved:
        each.person_id = heir.id
        record(actor=actor, action="application:contact", subject=each, now=now, call_id=each.call_id)
    db.session.flush()


def withdraw_invitation(*, actor: Actor, application: Application, invitation_id: UUID, now: datetime) -> None:
    """End an invitation that nobody has accepted. Raises NotFound and NotAllowed."""
    organisation = _held(actor, application)
    invitation = _found(db.session.get(OrganisationInvitation, invitation_id), organisation)
    memberships.withdraw(actor=actor, invitation=invitation, now=now)


def accept_invitation(*, actor: Actor, invitation: OrganisationInvitation, now: datetime) -> None:
    """Join the organisation that one was invited to. Raises NotFound for anybody else's invitation, and Conflict for
    one that is over: one of the fund's is, as soon as the organisation has a protected application.
    """
    if invitation.reason and any(hidden for hidden, _call_id in _locked_applications(invitation.organisation_id)):
        raise Conflict(_l("This invitation is over. Ask for a new one."))
    memberships.accept(actor=actor, invitation=invitation, now=now)
    _guard(invitation.person, invitation.organisation_id)


def help_with_holder(
    *, actor: Actor, application: Application, email: str, reason: str, language: str, now: datetime
) -> OrganisationInvitation:
    """Invite another holder for an organisation that can't get in any more, for a reason that is kept.

    Its holders are told at once. Raises RuleViolations without a reason, NotAllowed, and Conflict where the
    organisation has a protected application, or one in a call where the actor may not help: there, a manager must not
    let anybody in.
    """
    actor.require(P.APPLICANT_HELP, application.call_id)
    if not reason.strip():
        message = _l("Say how you know that this person belongs to the organisation.")
        raise RuleViolations([Problem(message, field="reason")])
    if application.is_protected or application.organisation is None:
        raise Conflict(_l("This application is protected. Only those who hold it can let somebody in."))
    # Who joins reads every application of it. Both reasons read alike: that there is a protected one stays unsaid.
    if any(
        is_protected or not actor.can(P.APPLICANT_HELP, call_id)
        for is_protected, call_id in _locked_applications(application.organisation.id)
    ):
        raise Conflict(_l("Only somebody who holds the organisation can decide who belongs to it."))
    record(actor=actor, action="applicant:help", subject=application, now=now, call_id=application.call_id)
    return memberships.invite(
        actor=actor,
        organisation=application.organisation,
        email=email,
        role=MembershipRole.APPLICANT,
        language=language,
        now=now,
        reason=reason.strip(),
    )


def help_with_links(*, actor: Actor, application: Application, secret_key: str, now: datetime) -> int:
    """Mail a new sign-in link to everybody who holds an application's organisation, at the address that they gave;
    return to how many. Raises NotAllowed.
    """
    actor.require(P.APPLICANT_HELP, application.call_id)
    reached = [person for person in accounts.holders(application.organisation_id) if person.is_active and person.email]
    for person in reached:
        links.send_link(
            person=person,
            purpose=LinkPurpose.SIGN_IN,
            secret_key=secret_key,
            now=now,
            next_path=f"/applications/{application.id}",
        )
    record(actor=actor, action="applicant:help", subject=application, now=now, call_id=application.call_id)
    return len(reached)


def _held(actor: Actor, application: Application) -> Organisation:
    if application.organisation is None or not holds(actor=actor, application=application):
        message = _l("Only somebody who holds the organisation can decide who belongs to it.")
        raise NotAllowed(P.APPLICATION_WRITE, message)
    return application.organisation


def _guard(person: Person, organisation_id: UUID) -> None:
    """Sign somebody who joins a protected application out as soon as its other people: after a short silence."""
    if any(is_protected for is_protected, _call_id in _locked_applications(organisation_id)):
        person.short_sessions = True
        db.session.flush()


def _locked_applications(organisation_id: UUID) -> Sequence[tuple[bool, UUID]]:
    """Return whether each application of an organisation is protected, and its call; none is protected meanwhile."""
    applications = (
        select(Application.is_protected, Application.call_id)
        .where(Application.organisation_id == organisation_id)
        .order_by(Application.id)  # always in one order, so that two never wait for each other
        .with_for_update()
    )
    return db.session.execute(applications).all()


def _found(row: Row | None, organisation: Organisation) -> Row:
    if row is None or row.organisation_id != organisation.id:
        raise NotFound
    return row
