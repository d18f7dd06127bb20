"""What everybody can read without an account, and the way in."""

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import limits, sessions
from fundapp.accounts import queries as accounts
from fundapp.accounts.forms import CodeForm
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_definition import FormDefinition
from fundapp.applications.forms import StartForm
from fundapp.applications.presentation import calls as presentation
from fundapp.applications.presentation import questions
from fundapp.applications.queries import applicant, public
from fundapp.applications.services import starting
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.routes import limited
from fundapp.core.routes import public as for_everybody
from fundapp.core.web import problems_into


@bp.get("/")
@for_everybody
def calls() -> ResponseReturnValue:
    """List the announced calls."""
    now = clock.now()
    return render_template(
        "applications/calls.html",
        calls=presentation.calls_shown(public.announced_calls(), now),
    )


@bp.get("/calls/<slug>")
@for_everybody
def call_page(slug: str) -> ResponseReturnValue:
    """Show a call: purpose, dates, every question with its limits, and how it is scored."""
    call = public.announced_call(slug)
    form = FormDefinition.from_json(public.current_form(call).definition)
    return render_template(
        "applications/call_page.html",
        call=presentation.call_shown(call, clock.now()),
        extensions=presentation.extensions_shown(call.extensions, call.time_zone),
        categories=presentation.categories_shown(call.categories, call.currency),
        criteria=presentation.criteria_shown(call.criteria),
        sections=questions.questions_shown(form, call),
    )


@bp.get("/calls/<slug>/start")
@for_everybody
def start(slug: str) -> ResponseReturnValue:
    """Ask for an address, or offer to start; go on at once where there is an application already."""
    call = public.announced_call(slug)
    actor = current_actor()
    if actor.person_id is not None:
        existing = applicant.own_application_in(actor=actor, call=call)
        if existing is not None:
            return redirect(url_for("applications.tasks", application_id=existing.id))
    return _start_page(slug, StartForm(formdata=None))


@bp.post("/calls/<slug>/start")
@for_everybody
@limited("start")
def begin(slug: str) -> ResponseReturnValue:
    """Make the draft of somebody signed in; mail the link to anybody else."""
    call = public.announced_call(slug)
    actor, now = current_actor(), clock.now()
    if actor.person_id is not None:
        try:
            application = starting.start_application(
                actor=actor,
                call=call,
                language=current_language(),
                now=now,
                protected="protect" in request.form,
                organisation=request.form.get("organisation", ""),
            )
        except RuleViolations as violations:
            form = StartForm(formdata=None)
            problems_into(form, violations)
            return _start_page(slug, form), 422
        return redirect(url_for("applications.tasks", application_id=application.id))
    form = StartForm()
    if form.validate():
        try:
            if limits.may_mail(form.email.data or ""):
                starting.request_start(
                    call=call,
                    email=form.email.data or "",
                    secret_key=current_app.config["SECRET_KEY"],
                    next_path=url_for("applications.start", slug=slug),
                    language=current_language(),
                    now=now,
                    browser=sessions.name_browser(),
                )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.start_link_sent", slug=slug))
    return _start_page(slug, form), 422


@bp.get("/calls/<slug>/start/link-sent")
@for_everybody
def start_link_sent(slug: str) -> ResponseReturnValue:
    """Say where to look for the link, and take the code that stands beside it."""
    call = public.announced_call(slug)
    return render_template(
        "applications/link_sent.html",
        call=presentation.call_shown(call, clock.now()),
        form=CodeForm(formdata=None),
    )


def _start_page(slug: str, form: StartForm) -> str:
    call = public.announced_call(slug)
    held = accounts.organisations_held(current_actor().person_id)
    return render_template(
        "applications/start.html",
        call=presentation.call_shown(call, clock.now()),
        form=form,
        held=[(each.id, each.name) for each in held] if len(held) > 1 else [],
        another=starting.ANOTHER,
    )
