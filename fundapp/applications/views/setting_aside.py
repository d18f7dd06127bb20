"""Setting applications aside, one or many, and taking them back."""

from collections.abc import Sequence
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.handling import SetAsideForm
from fundapp.applications.models import Application, Call, SetAsideAs
from fundapp.applications.presentation import application_list as presentation
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.queries import managed_applications as queries
from fundapp.applications.queries.listed_answers import listed_form, listed_questions
from fundapp.applications.queries.managing import managed_call, sent_application
from fundapp.applications.queries.meant_applications import MAX_CHOSEN, application_called, chosen_applications
from fundapp.applications.services import setting_aside as services
from fundapp.applications.views import bp
from fundapp.applications.wanted import Wanted, wanted_in
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.routes import limited, requires
from fundapp.core.web import problems_into


@bp.post("/manage/<slug>/applications/choose")
@requires(P.APPLICATION_SET_ASIDE)
@limited("search")
def choose_to_set_aside(slug: str) -> ResponseReturnValue:
    """Show which applications were chosen, and how many of those on the list, before anything is done."""
    call = managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_SET_ASIDE)
    chosen = _chosen(call)
    if not chosen:
        flash(_("Choose at least one application first."))
        return redirect(url_for("applications.managed_applications", slug=slug, **_wanted_before().arguments()))
    return _choice_page(call, chosen, SetAsideForm(formdata=None))


@bp.post("/manage/<slug>/applications/set-aside")
@requires(P.APPLICATION_SET_ASIDE)
def set_aside(slug: str) -> ResponseReturnValue:
    """Set the chosen applications aside, with a reason."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.APPLICATION_SET_ASIDE)
    chosen, form = _chosen(call), SetAsideForm()
    if form.validate():
        try:
            done = services.set_aside(
                actor=actor,
                applications=chosen,
                kind=SetAsideAs(form.kind.data),
                reason=form.reason.data or "",
                duplicate_of=_one_that_stays(call, form.duplicate_of.data or ""),
                tells=form.tells.data,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(
                ngettext("%(num)s application is set aside.", "%(num)s applications are set aside.", len(done))
                + " "
                + _("Nothing is lost: they can be taken back until the call is decided.")
            )
            return redirect(url_for("applications.managed_applications", slug=slug))
    return _choice_page(call, chosen, form), 422


@bp.post("/manage/<slug>/applications/take-back")
@requires(P.APPLICATION_SET_ASIDE)
def take_several_back(slug: str) -> ResponseReturnValue:
    """Let the chosen applications that were set aside go on where they stood."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.APPLICATION_SET_ASIDE)
    chosen = [each for each in _chosen(call) if each.set_aside_at is not None]
    for application in chosen:
        services.take_back(actor=actor, application=application, now=clock.now())
    if chosen:
        words = ngettext(
            "%(num)s application is back where it stood.",
            "%(num)s applications are back where they stood.",
            len(chosen),
        )
    else:
        words = _("Choose at least one application first.")
    flash(words)
    return redirect(url_for("applications.managed_applications", slug=slug, **_wanted_before().arguments()))


@bp.post("/manage/applications/<uuid:application_id>/take-back")
@requires(P.APPLICATION_SET_ASIDE)
def take_back(application_id: UUID) -> ResponseReturnValue:
    """Let an application that was set aside go on where it stood."""
    actor = current_actor()
    application = sent_application(actor=actor, application_id=application_id, permission=P.APPLICATION_SET_ASIDE)
    services.take_back(actor=actor, application=application, now=clock.now())
    flash(_("The application is back where it stood."))
    return redirect(url_for("applications.managed_application", application_id=application.id))


def _wanted_before() -> Wanted:
    """Return the filters of the list from which somebody chose."""
    return wanted_in(request.form)


def _chosen(call: Call) -> list[Application]:
    """Return the applications that were chosen one by one, or all that the filters find."""
    actor = current_actor()
    if "all" in request.form:
        form = listed_form(call)
        ids = queries.found_ids(
            actor=actor,
            call=call,
            wanted=_wanted_before(),
            questions=listed_questions(form),
            language=current_language(),
        )
    else:
        ids = [found for written in request.form.getlist("chosen") if (found := _id_in(written))]
    return chosen_applications(actor=actor, call=call, ids=ids)


def _id_in(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


def _one_that_stays(call: Call, reference: str) -> Application | None:
    """Return the application with a reference, None for no reference. Raises RuleViolations for an unknown one."""
    if not reference.strip():
        return None
    found = application_called(actor=current_actor(), call=call, reference=reference.strip())
    if found is None:
        raise RuleViolations([Problem(_l("No application of this call has this reference."), field="duplicate_of")])
    return found


def _choice_page(call: Call, chosen: Sequence[Application], form: SetAsideForm) -> str:
    wanted = _wanted_before()
    total = queries.numbers_of(actor=current_actor(), call=call).total
    return render_template(
        "applications/set_aside.html",
        call=call_shown(call, clock.now()),
        list_url=url_for("applications.managed_applications", slug=call.slug, **wanted.arguments()),
        chosen=presentation.chosen_shown(chosen),
        total=total,
        max_chosen=MAX_CHOSEN,
        form=form,
    )
