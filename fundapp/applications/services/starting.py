"""How an application begins: at once or by a mailed link, once for each organisation of a call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fundapp.accounts.models import Organisation, Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.queries import organisations_held
from fundapp.accounts.rules import checked_email
from fundapp.accounts.services.links import request_sign_in
from fundapp.accounts.services.organisations import make_organisation
from fundapp.accounts.services.people import ensure_person, write_to_address
from fundapp.applications.form_engine.answers import Answer, Typed, facts
from fundapp.applications.form_engine.definition import FormDefinition, Role
from fundapp.applications.form_engine.filling import defaults
from fundapp.applications.models import Application, Call, CallInvitation, Enquiry
from fundapp.applications.queries.applicant import invitation_for, is_invited, own_application_in
from fundapp.applications.queries.entering import opens_start
from fundapp.applications.queries.public import current_form
from fundapp.applications.sealed_answers import keep_answers
from fundapp.applications.services.admission import Barred, first_answers, why_barred
from fundapp.applications.services.drafts import require_open, surroundings_of
from fundapp.applications.services.inviting import use_invitation
from fundapp.applications.services.protection import protect_own, protect_with_call
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

ANOTHER: Final = "another"
"""In place of an organisation's id: one that is not here yet."""


def request_start(
    *, call: Call, email: str, secret_key: str, next_path: str, language: str, now: datetime, browser: str = ""
) -> None:
    """Mail a link with which an address can start or go on with an application.

    Each address gets one mail and the same answer on screen; one that was not invited, or whose account is closed,
    reads so in the mail. Raises RuleViolations for something that is no address.
    """
    address = checked_email(email)
    if not is_invited(call=call, email=address):
        path = "/" if call.is_protected else next_path  # even the name of a protected call says too much
        write_to_address(address, template="not_invited", data={"path": path}, now=now, language=language)
        return
    ensure_person(email=address, now=now, language=language)
    request_sign_in(
        email=address, secret_key=secret_key, now=now, next_path=next_path, language=language, browser=browser
    )


def start_application(
    *,
    actor: Actor,
    call: Call,
    language: str,
    now: datetime,
    protected: bool = False,
    organisation: str = "",
    first: Mapping[str, Typed] | None = None,
    invitation: CallInvitation | None = None,
    enquiry: Enquiry | None = None,
) -> Application:
    """Return the application of the actor's organisation in a call, made if there is none: twice makes one draft.

    It is protected from the start in a protected call, and where its people ask for it. `organisation` is the id of one
    that the actor holds, or ANOTHER; "" will do for somebody who holds one or none. `first` holds what was typed for
    the call's first questions: they are the draft's first answers. An `invitation` by personal link is used up; an
    `enquiry` whose asker was let in opens the call in spite of its rules.

    Raises Conflict while the call takes no applications, Barred for an organisation that the call bars and for its
    reviewers where they do not apply, NotAllowed for an address that was not invited, RuleViolations for first answers
    that are missing or speak against applying, and where it is not clear for which organisation.
    """
    actor.require(P.APPLICATION_WRITE)
    person = db.session.get_one(Person, actor.person_id, with_for_update=True)
    existing = own_application_in(actor=actor, call=call)
    if existing is not None:
        return existing
    require_open(call, now)
    is_let_in = opens_start(enquiry, call)
    if invitation is None and not is_let_in and not is_invited(call=call, email=person.email):
        raise NotAllowed(
            P.APPLICATION_WRITE,
            _l("This call is by invitation. Sign in with the address to which the invitation was sent."),
        )
    form_version = current_form(call)
    form = FormDefinition.from_json(form_version.definition)
    look = first_answers(call=call, form=form, typed=first or {}, language=language, now=now)
    if look.wrong or (look.ineligible and not is_let_in):
        raise RuleViolations([*look.wrong, *look.ineligible])
    theirs = _organisation_for(actor, person, organisation, now)
    existing = own_application_in(actor=actor, call=call)  # somebody else of it may have been faster
    if existing is not None:
        return existing
    known = {**_known_answers(form, call, person, invitation), **look.answers}
    told = facts(form, known, call.currency)
    names, emails = [theirs.name, told.organisation], [person.email, told.email]
    barred = why_barred(call, organisation_id=theirs.id, names=names, emails=emails, people=[person.id])
    if barred is not None and not is_let_in:
        raise Barred(barred)
    application = Application(
        call=call,
        form_version=form_version,
        person_id=person.id,
        organisation_id=theirs.id,
        language=language,
        answers={},
        category_codes=[],
        started_at=now,
        saved_at=now,
    )
    db.session.add(application)
    begun = defaults(form, surroundings_of(call, now, language), known)
    keep_answers(application=application, form=form, values=begun, by_id=person.id, now=now)
    db.session.flush()
    record(actor=actor, action="application:start", subject=application, now=now, call_id=call.id)
    if invitation is not None:
        use_invitation(actor=actor, invitation=invitation, application=application, now=now)
    if is_let_in and enquiry is not None:
        enquiry.application_id = application.id
        record(actor=actor, action="enquiry:use", subject=enquiry, now=now, call_id=call.id)
    db.session.flush()
    if call.is_protected:
        protect_with_call(actor=actor, application=application, now=now)
    elif protected:
        protect_own(actor=actor, application=application, now=now)
    return application


def _organisation_for(actor: Actor, person: Person, chosen: str, now: datetime) -> Organisation:
    """Return the organisation that a new application is for, locked, so that it starts one at a time."""
    held = {str(each.id): each for each in organisations_held(person.id)}
    if not held or chosen == ANOTHER:
        return make_organisation(actor=actor, holder=person, now=now)
    found = held.get(chosen) or (next(iter(held.values())) if len(held) == 1 and not chosen else None)
    if found is None:
        raise RuleViolations([Problem(_l("Choose for which organisation you apply."), field="organisation")])
    return db.session.get_one(Organisation, found.id, with_for_update=True)


def _known_answers(
    form: FormDefinition, call: Call, person: Person, invitation: CallInvitation | None
) -> dict[str, Answer]:
    """Return what is known already, so that nobody types it twice: the address, and the name on the invitation."""
    invitation = invitation or invitation_for(call=call, email=person.email)
    known = {
        Role.EMAIL: person.email,
        Role.CONTACT_NAME: person.name,
        Role.ORGANISATION: invitation.organisation_name if invitation else "",
    }
    answers = {}
    for role, text in known.items():
        question = form.with_role(role)
        if question is not None and text:
            answers[question.name] = text
    return answers
