"""Pages about conflicts of interest: who is tied to what and why, and what managers say of it."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications import conflicts as services
from fundapp.applications.models import Application, ConflictSource
from fundapp.applications.presentation.managing import sent_application_shown
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.conflicts import pinned_for
from fundapp.applications.queries.managing import managed_call, sent_application
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.conflict_forms import ConflictPinForm, OwnConflictForm
from fundapp.review.presentation import conflicts as presentation
from fundapp.review.queries import conflicts as queries
from fundapp.review.views import bp


@bp.get("/manage/applications/<uuid:application_id>/conflicts")
@requires(P.PANEL_READ)
def application_conflicts(application_id: UUID) -> ResponseReturnValue:
    """List who is tied to an application and why."""
    actor = current_actor()
    application = _sent(application_id, P.PANEL_READ)
    return render_template(
        "review/application_conflicts.html",
        slug=application.call.slug,
        application=sent_application_shown(application, actor, ""),
        may_read=actor.can(P.APPLICATION_READ, application.call_id),
        people=[
            presentation.person_shown(each, application)
            for each in queries.people_with(actor=actor, application=application)
        ],
    )


@bp.get("/manage/applications/<uuid:application_id>/conflicts/<uuid:person_id>")
@requires(P.PANEL_READ)
def standing(application_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Show what there is between one person and an application, and offer whoever may to say something of it."""
    application = _sent(application_id, P.PANEL_READ)
    person = queries.person_of_call(call=application.call, person_id=person_id)
    return _standing_page(application, person, ConflictPinForm(formdata=None))


@bp.post("/manage/applications/<uuid:application_id>/conflicts/<uuid:person_id>")
@requires(P.CONFLICT_PIN)
def pin_conflict(application_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Fix a conflict, or none, or let what is declared and computed count again."""
    application = _sent(application_id, P.CONFLICT_PIN)
    person = queries.person_of_call(call=application.call, person_id=person_id)
    form = ConflictPinForm()
    if form.validate():
        try:
            _pin(application, person, form)
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as conflict:
            form.answer.errors = [*form.answer.errors, str(conflict)]
        else:
            flash(_("It is kept, and counts from now on."))
            if person.id == current_actor().person_id:
                return redirect(url_for("applications.managed_call", slug=application.call.slug))
            return redirect(url_for("review.application_conflicts", application_id=application.id))
    return _standing_page(application, person, form), 422


@bp.get("/manage/<slug>/reviewers/<uuid:person_id>/conflicts")
@requires(P.PANEL_READ)
def person_conflicts(slug: str, person_id: UUID) -> ResponseReturnValue:
    """List which applications somebody is tied to and why; go to one by its reference."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.PANEL_READ)
    person = queries.person_of_call(call=call, person_id=person_id)
    reference = request.args.get("reference", "")
    if reference:
        found = queries.application_by_reference(actor=actor, call=call, reference=reference)
        if found is not None:
            return redirect(url_for("review.standing", application_id=found.id, person_id=person.id))
    return render_template(
        "review/person_conflicts.html",
        slug=slug,
        call_title=said(call.titles),
        person_id=person.id,
        name=person.name or person.email,
        reference=reference,
        applications=[
            presentation.application_shown(each, call, person)
            for each in queries.applications_with(actor=actor, call=call, person=person)
        ],
    )


@bp.get("/manage/applications/<uuid:application_id>/own-conflict")
@requires(P.APPLICATION_READ)
def own_conflict(application_id: UUID) -> ResponseReturnValue:
    """Ask somebody of the staff for their own conflict of interest."""
    return _own_conflict_page(_sent(application_id, P.APPLICATION_READ), OwnConflictForm(formdata=None))


@bp.post("/manage/applications/<uuid:application_id>/own-conflict")
@requires(P.SESSION_USE)
def declare_own_conflict(application_id: UUID) -> ResponseReturnValue:
    """Hide an application from somebody of the staff who says that they have a conflict of interest."""
    actor = current_actor()
    application = _sent(application_id, P.APPLICATION_READ)
    form = OwnConflictForm()
    if not form.validate() or actor.person_id is None:
        return _own_conflict_page(application, form), 422
    services.record_conflict(
        actor=actor,
        application=application,
        person_id=actor.person_id,
        source=ConflictSource.DECLARED,
        reason=(form.reason.data or "").strip(),
        now=clock.now(),
    )
    flash(_("Thank you. The application is hidden from you from now on, here and everywhere. Others look after it."))
    return redirect(url_for("applications.managed_call", slug=application.call.slug))


def _pin(application: Application, person: Person, form: ConflictPinForm) -> None:
    actor, now, reason = current_actor(), clock.now(), form.reason.data or ""
    if form.answer.data == ConflictPinForm.BY_FACTS:
        pinned = pinned_for(application=application, person_id=person.id)
        services.unpin_conflict(actor=actor, pinned=pinned, reason=reason, now=now)
        return
    services.pin_conflict(
        actor=actor,
        application=application,
        person_id=person.id,
        is_conflict=form.answer.data == ConflictPinForm.CONFLICT,
        reason=reason,
        now=now,
    )


def _sent(application_id: UUID, permission: P) -> Application:
    return sent_application(actor=current_actor(), application_id=application_id, permission=permission)


def _standing_page(application: Application, person: Person, form: ConflictPinForm) -> str:
    actor = current_actor()
    found = queries.standing_of(actor=actor, application=application, person=person)
    shown = presentation.person_shown(found, application)
    form.offer(is_pinned=shown.standing.is_pinned)
    return render_template(
        "review/standing.html",
        application=sent_application_shown(application, actor, ""),
        person=shown,
        may_pin=actor.can(P.CONFLICT_PIN, application.call_id),
        is_oneself=person.id == actor.person_id,
        form=form,
    )


def _own_conflict_page(application: Application, form: OwnConflictForm) -> str:
    return render_template(
        "review/own_conflict.html", application=sent_application_shown(application, current_actor(), ""), form=form
    )
