"""Keeping a draft that was begun without an address: it goes to whoever opens the mail that was sent to one."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from fundapp.accounts import queries as accounts
from fundapp.accounts.models import Membership, MembershipRole, Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.rules import checked_email
from fundapp.accounts.services.links import request_sign_in
from fundapp.accounts.services.organisations import ensure_membership
from fundapp.accounts.services.people import ensure_person
from fundapp.accounts.services.sessions import end_all_sessions
from fundapp.applications.form_engine.definition import Role
from fundapp.applications.models import Application, ApplicationStatus, DraftOffer
from fundapp.applications.queries.applicant import own_application
from fundapp.applications.queries.entering import organisations_in, own_offers
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services.drafts import form_of
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotFound
from fundapp.core.i18n import lazy_gettext as _l

OFFER_LIFE: Final = timedelta(days=14)
OFFERS_PATH: Final = "/drafts"


def offer_draft(
    *, actor: Actor, application: Application, email: str, secret_key: str, language: str, now: datetime, browser: str
) -> None:
    """Mail an address a link; its person, signed in by it, can take the draft over. A newer offer ends the older ones.

    Known and unknown addresses are answered and mailed alike, and nobody's account gets anything without its owner.
    Raises RuleViolations for something that is no address, Conflict for somebody who has a way to come back.
    """
    actor.require(P.APPLICATION_WRITE)
    own_application(actor=actor, application_id=application.id)
    beginner = db.session.get_one(Person, actor.person_id)
    if beginner.begin_key is None:
        raise Conflict(_l("You have a way to come back already."))
    address = checked_email(email)
    person = ensure_person(email=address, now=now, language=language)
    _end_offers(actor, beginner.id, now)
    offer = DraftOffer(
        application_id=application.id,
        person_id=person.id,
        offered_by_id=beginner.id,
        offered_at=now,
        expires_at=now + OFFER_LIFE,
    )
    db.session.add(offer)
    db.session.flush()
    record(actor=actor, action="draft:offer", subject=offer, now=now, call_id=application.call_id)
    request_sign_in(
        email=address, secret_key=secret_key, now=now, next_path=OFFERS_PATH, language=language, browser=browser
    )


def take_draft(*, actor: Actor, offer_id: UUID, organisation: str, now: datetime) -> Application:
    """Take over all that somebody began without an address, for an organisation that the actor holds or ("") another.

    In a call where that organisation has an application already, the draft stays apart from it: both are there, and
    their people choose. Whoever began is signed out everywhere. Raises NotFound for an offer to somebody else.
    """
    actor.require(P.APPLICATION_WRITE)
    offer = _found(actor, offer_id, now)
    person = db.session.get_one(Person, actor.person_id)
    beginner = db.session.get_one(Person, offer.offered_by_id, with_for_update=True)
    lock_row(offer.application)
    if beginner.begin_key is None or offer.application.person_id != beginner.id:
        raise Conflict(_l("This draft was kept in another way meanwhile."))
    begun = db.session.scalars(
        select(Application).where(Application.person_id == beginner.id, Application.erased_at.is_(None))
    ).all()
    held = {str(each.id): each.id for each in accounts.organisations_held(person.id)}
    chosen = held.get(organisation)
    for application in begun:
        application.person_id = person.id
        if chosen is not None and not organisations_in(application.call, [chosen]):
            application.organisation_id = chosen
        record(actor=actor, action="draft:take", subject=application, now=now, call_id=application.call_id)
    db.session.flush()
    _hand_over_organisations(actor, beginner, person, now)
    for application in begun:
        db.session.expire(application, ["person", "organisation"])
        _fill_in_address(application, person, now)
    if any(application.is_protected for application in begun):
        person.short_sessions = True
    _end_offers(actor, beginner.id, now)
    end_all_sessions(actor=actor, person=beginner, now=now)
    beginner.begin_key = None
    beginner.is_active = False
    record(actor=actor, action="person:disable", subject=beginner, now=now)
    db.session.flush()
    return offer.application


def decline_draft(*, actor: Actor, offer_id: UUID, now: datetime) -> None:
    """Let a draft go that somebody else began with the actor's address. Raises NotFound."""
    offer = _found(actor, offer_id, now)
    record(actor=actor, action="draft:decline", subject=offer, now=now, call_id=offer.application.call_id)
    db.session.delete(offer)
    db.session.flush()


def _found(actor: Actor, offer_id: UUID, now: datetime) -> DraftOffer:
    offer = next((each for each in own_offers(actor=actor, now=now) if each.id == offer_id), None)
    if offer is None:
        raise NotFound
    return offer


def _hand_over_organisations(actor: Actor, beginner: Person, person: Person, now: datetime) -> None:
    """Let a person hold what the beginner held; the beginner's membership goes, for they were nobody."""
    for membership in db.session.scalars(select(Membership).where(Membership.person_id == beginner.id)).all():
        theirs = ensure_membership(
            actor=actor,
            person=person,
            organisation=membership.organisation,
            role=MembershipRole.APPLICANT,
            now=now,
        )
        if theirs.role is not MembershipRole.APPLICANT:
            theirs.role = MembershipRole.APPLICANT
            data = {"role": theirs.role.value}
            record(actor=actor, action="membership:change", subject=theirs, now=now, data=data)
        record(actor=actor, action="membership:change", subject=membership, now=now)
        db.session.delete(membership)
    db.session.flush()
    db.session.expire(beginner, ["memberships"])


def _fill_in_address(application: Application, person: Person, now: datetime) -> None:
    """Answer the form's own question for an address, unless it is answered."""
    if application.status is not ApplicationStatus.DRAFT or not person.email:
        return
    form = form_of(application)
    question = form.with_role(Role.EMAIL)
    if question is not None and question.name not in clear_answers(application):
        keep_answers(application=application, form=form, values={question.name: person.email}, by_id=person.id, now=now)


def _end_offers(actor: Actor, beginner_id: UUID, now: datetime) -> None:
    for offer in db.session.scalars(select(DraftOffer).where(DraftOffer.offered_by_id == beginner_id)).all():
        record(actor=actor, action="draft:decline", subject=offer, now=now)
    db.session.execute(delete(DraftOffer).where(DraftOffer.offered_by_id == beginner_id))
    db.session.flush()
