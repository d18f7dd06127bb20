"""Applications that came by paper, mail or voice: staff begin them for their people, and type them in."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.organisations import organisation_named
from fundapp.accounts.services.people import ensure_person
from fundapp.applications.form_engine.answers import Answer
from fundapp.applications.form_engine.definition import FormDefinition, Role
from fundapp.applications.form_engine.filling import defaults
from fundapp.applications.models import Application, ApplicationSource, ApplicationStatus, Call, CallStatus
from fundapp.applications.queries.public import current_form
from fundapp.applications.sealed_answers import keep_answers
from fundapp.applications.services.drafts import lock, surroundings_of
from fundapp.applications.services.protection import protect_with_call
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

BY_HAND: Final = (ApplicationSource.PAPER, ApplicationSource.MAIL, ApplicationSource.VOICE)


def enter_application(
    *,
    actor: Actor,
    call: Call,
    source: ApplicationSource,
    received_on: date,
    organisation: str,
    contact_name: str,
    email: str,
    language: str,
    now: datetime,
) -> Application:
    """Begin a draft for people who sent theirs another way; of staff, only the actor writes and sends it, until a
    colleague takes it over.

    That can be after the deadline. `received_on` is a day in the call's time zone. Whoever has an address gets the
    receipt and can sign in to it; `email` may be "". Raises RuleViolations, Conflict for a call that is not announced
    or is decided, NotAllowed.
    """
    actor.require(P.APPLICATION_ENTER, call.id)
    if call.status is CallStatus.DRAFT:
        raise Conflict(_l("This call is not announced yet."))
    if call.status is CallStatus.DECIDED:
        raise Conflict(_l("This call is decided; no applications can be added."))
    problems = []
    if source not in BY_HAND:
        problems.append(Problem(_l("Choose how the application came."), field="source"))
    if received_on > now.astimezone(ZoneInfo(call.time_zone)).date():
        problems.append(Problem(_l("This day is still to come."), field="received_on"))
    if language not in call.languages:
        problems.append(Problem(_l("The call is not in this language."), field="language"))
    if not organisation.strip():
        problems.append(Problem(_l("Write the name of the organisation."), field="organisation"))
    if problems:
        raise RuleViolations(problems)
    person = _contact(contact_name.strip(), email.strip(), language, actor, now)
    version = current_form(call)
    application = Application(
        call=call,
        form_version=version,
        person=person,
        organisation=organisation_named(actor=actor, holder=person, name=organisation.strip(), now=now),
        source=source,
        entered_by_id=actor.person_id,
        received_on=received_on,
        language=language,
        answers={},
        category_codes=[],
        started_at=now,
        saved_at=now,
    )
    db.session.add(application)
    form = FormDefinition.from_json(version.definition)
    known = _known(form, organisation.strip(), contact_name.strip(), person.email)
    begun = defaults(form, surroundings_of(call, now, language), known)
    keep_answers(application=application, form=form, values=begun, by_id=actor.person_id, now=now)
    db.session.flush()
    record(
        actor=actor,
        action="application:enter",
        subject=application,
        now=now,
        call_id=call.id,
        data={"source": source.value, "received_on": received_on.isoformat()},
    )
    if call.is_protected:
        protect_with_call(actor=actor, application=application, now=now)
    db.session.flush()
    return application


def take_over_entering(*, actor: Actor, application: Application, now: datetime) -> None:
    """Let the actor go on with a draft that a colleague types in for its people; from then on the colleague does not.

    Raises NotAllowed, Conflict for what nobody types in any more.
    """
    actor.require(P.APPLICATION_ENTER, application.call_id)
    lock(application)
    if application.entered_by_id is None or application.status is not ApplicationStatus.DRAFT:
        raise Conflict(_l("Nobody types this in any more."))
    if application.entered_by_id == actor.person_id:
        return
    application.entered_by_id = actor.person_id
    record(
        actor=actor,
        action="application:go_on_entering",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"source": application.source.value},
    )
    db.session.flush()


def _contact(name: str, email: str, language: str, actor: Actor, now: datetime) -> Person:
    """Return the person with an address, made if unknown; without one, a new person who gets no mail."""
    if email:
        return ensure_person(email=email, name=name, language=language, now=now)
    person = Person(email="", name=name, language=language, created_at=now)
    db.session.add(person)
    db.session.flush()
    record(actor=actor, action="person:add", subject=person, now=now)
    return person


def _known(form: FormDefinition, organisation: str, contact_name: str, email: str) -> dict[str, Answer]:
    by_role = {Role.ORGANISATION: organisation, Role.CONTACT_NAME: contact_name, Role.EMAIL: email}
    found = [(form.with_role(role), text) for role, text in by_role.items() if text]
    return {question.name: text for question, text in found if question is not None}
