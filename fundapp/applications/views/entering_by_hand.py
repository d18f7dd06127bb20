"""Applications that came by paper, mail or voice: begun here, typed in on the applicant's own pages, with a receipt."""

from datetime import date
from typing import cast
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.by_hand import EnterForm, enter_form
from fundapp.applications.models import ApplicationSource, Call
from fundapp.applications.presentation.application_list import receipt_shown
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.queries.managing import managed_call, sent_application
from fundapp.applications.queries.meant_applications import entered_draft
from fundapp.applications.services.entering_by_hand import enter_application, take_over_entering
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.routes import limited, requires
from fundapp.core.web import problems_into


@bp.get("/manage/<slug>/enter")
@requires(P.APPLICATION_ENTER)
def enter(slug: str) -> ResponseReturnValue:
    """Ask how an application came, when, and from whom."""
    call = managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_ENTER)
    return _page(call, enter_form(call))


@bp.post("/manage/<slug>/enter")
@requires(P.APPLICATION_ENTER)
@limited("invite")
def begin_entering(slug: str) -> ResponseReturnValue:
    """Begin an application for its people, and go to where it is typed in."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.APPLICATION_ENTER)
    form = enter_form(call)
    if form.validate():
        try:
            application = enter_application(
                actor=actor,
                call=call,
                source=ApplicationSource(form.source.data),
                received_on=cast(date, form.received_on.data),
                organisation=form.organisation.data or "",
                contact_name=form.contact_name.data or "",
                email=form.email.data or "",
                language=form.language.data,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.tasks", application_id=application.id))
    return _page(call, form), 422


@bp.post("/manage/applications/<uuid:application_id>/go-on-entering")
@requires(P.APPLICATION_ENTER)
def go_on_entering(application_id: UUID) -> ResponseReturnValue:
    """Take over a draft that a colleague types in, and go to where that is done."""
    actor = current_actor()
    application = entered_draft(actor=actor, application_id=application_id)
    take_over_entering(actor=actor, application=application, now=clock.now())
    return redirect(url_for("applications.tasks", application_id=application.id))


@bp.get("/manage/applications/<uuid:application_id>/receipt")
@requires(P.APPLICATION_READ)
def managed_receipt(application_id: UUID) -> ResponseReturnValue:
    """Show the receipt of an application for printing, for people who get no mail."""
    application = sent_application(actor=current_actor(), application_id=application_id)
    return render_template("applications/managed_receipt.html", receipt=receipt_shown(application))


def _page(call: Call, form: EnterForm) -> str:
    return render_template("applications/enter.html", call=call_shown(call, clock.now()), form=form)
