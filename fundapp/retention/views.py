"""Pages about erasing: the applicant's wish, what a call keeps and until when, holds, a person who wants to go."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import P
from fundapp.accounts.services.people import tell
from fundapp.accounts.sessions import current_actor
from fundapp.applications.identity import called, face_of
from fundapp.applications.models import Application, ApplicationStatus, Call
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.retention import presentation, queries, services
from fundapp.retention.forms import AnswerForm, EraseForm, HoldForm
from fundapp.retention.models import ErasureRequest

bp = Blueprint("retention", __name__)


@bp.get("/applications/<uuid:application_id>/erase")
@requires(P.APPLICATION_WRITE)
def erase_own(application_id: UUID) -> ResponseReturnValue:
    """Explain what erasing an application means, and offer it."""
    application = queries.held_application(actor=current_actor(), application_id=application_id)
    return render_template(
        "retention/erase_own.html",
        application=application,
        is_draft=application.status is ApplicationStatus.DRAFT,
        asked=queries.last_request(application.id),
    )


@bp.post("/applications/<uuid:application_id>/erase")
@requires(P.APPLICATION_WRITE)
@fresh
def erase_own_now(application_id: UUID) -> ResponseReturnValue:
    """Erase a draft; ask for the erasure of what was sent."""
    actor, now = current_actor(), clock.now()
    application = queries.held_application(actor=actor, application_id=application_id)
    if application.status is ApplicationStatus.DRAFT:
        services.erase_own_draft(actor=actor, application=application, now=now)
        return redirect(url_for("retention.erased"))
    services.ask_for_erasure(actor=actor, application=application, now=now)
    return redirect(url_for("retention.erase_own", application_id=application.id))


@bp.get("/applications/erased")
@requires(P.APPLICATION_WRITE)
def erased() -> ResponseReturnValue:
    """Say that it is gone."""
    return render_template("retention/erased.html")


@bp.get("/manage/<slug>/keeping")
@requires(P.APPLICATION_READ)
def keeping(slug: str) -> ResponseReturnValue:
    """Show what a call keeps, what is erased when, what was asked for and what is held."""
    return _keeping_page(managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_READ), HoldForm())


@bp.post("/manage/<slug>/keeping")
@requires(P.APPLICATION_ERASE)
def set_hold(slug: str) -> ResponseReturnValue:
    """Keep the whole call from being erased."""
    call = _call_to_erase_in(slug)
    form = HoldForm()
    if not form.validate_on_submit():
        return _keeping_page(call, form), 400
    services.set_hold(actor=current_actor(), call=call, reason=form.reason.data or "", now=clock.now())
    return redirect(url_for("retention.keeping", slug=slug))


@bp.post("/manage/<slug>/keeping/holds/<uuid:hold_id>/lift")
@requires(P.APPLICATION_ERASE)
@fresh
def lift_hold(slug: str, hold_id: UUID) -> ResponseReturnValue:
    """Ask to lift a hold, or lift it after somebody else asked."""
    hold = queries.hold_of(_call_to_erase_in(slug), hold_id, current_actor())
    services.lift_hold(actor=current_actor(), hold=hold, now=clock.now())
    return redirect(url_for("retention.keeping", slug=slug))


@bp.get("/manage/<slug>/keeping/requests/<uuid:request_id>")
@requires(P.APPLICATION_ERASE)
def request_page(slug: str, request_id: UUID) -> ResponseReturnValue:
    """Show a request to erase an application, and ask for an answer."""
    call = _call_to_erase_in(slug)
    return _request_page(call, queries.request_of(call, request_id, current_actor()), AnswerForm())


@bp.post("/manage/<slug>/keeping/requests/<uuid:request_id>")
@requires(P.APPLICATION_ERASE)
@fresh
def answer_request(slug: str, request_id: UUID) -> ResponseReturnValue:
    """Erase the application, or say why not; the applicant hears that there is news."""
    actor, now, form = current_actor(), clock.now(), AnswerForm()
    call = _call_to_erase_in(slug)
    asked = queries.request_of(call, request_id, actor)
    if not form.validate_on_submit():
        return _request_page(call, asked, form), 400
    try:
        if form.decision.data == "grant":
            services.grant_erasure(actor=actor, request=asked, now=now)
        else:
            services.refuse_erasure(actor=actor, request=asked, answer=form.answer.data or "", now=now)
    except RuleViolations as violations:
        problems_into(form, violations)
        return _request_page(call, asked, form), 422
    path = "/applications" if asked.is_granted else url_for("retention.erase_own", application_id=asked.application_id)
    tell(asked.asked_by, template="news", path=path, now=now)
    return redirect(url_for("retention.keeping", slug=slug))


@bp.get("/admin/people/<uuid:person_id>/erase")
@requires(P.PERSON_ERASE)
def erase_person(person_id: UUID) -> ResponseReturnValue:
    """Explain what erasing a person means, and offer it."""
    return render_template("retention/erase_person.html", person=_person(person_id), form=EraseForm())


@bp.post("/admin/people/<uuid:person_id>/erase")
@requires(P.PERSON_ERASE)
@fresh
def erase_person_now(person_id: UUID) -> ResponseReturnValue:
    """Erase a person's name, address and ways in."""
    actor = current_actor()
    services.erase_person_on_request(actor=actor, person=_person(person_id), now=clock.now())
    return redirect(url_for("accounts.people"))


def _call_to_erase_in(slug: str) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_ERASE)


def _person(person_id: UUID) -> Person:
    person = db.session.get(Person, person_id)
    if person is None or person.erased_at is not None:
        raise NotFound
    return person


def _keeping_page(call: Call, form: HoldForm) -> str:
    actor, now = current_actor(), clock.now()
    return render_template(
        "retention/keeping.html",
        call=call_shown(call, now),
        kept=presentation.kept_shown(call, actor, now),
        requests=presentation.requests_shown(call, actor),
        holds=presentation.holds_shown(call, actor),
        may_erase=actor.can(P.APPLICATION_ERASE, call.id),
        form=form,
    )


def _request_page(call: Call, asked: ErasureRequest, form: AnswerForm) -> str:
    application: Application = asked.application
    return render_template(
        "retention/request.html",
        call=call_shown(call, clock.now()),
        application=called(face_of(application)),
        is_held=queries.is_held(application),
        form=form,
    )
