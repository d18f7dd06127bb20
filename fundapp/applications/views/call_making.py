"""Pages on which managers make a call, from nothing or from another one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.call_package import Document, document_of
from fundapp.applications.call_package.paths import value_at, with_values
from fundapp.applications.call_settings import CLONED_CALL, NEW_CALL
from fundapp.applications.forms.call_values import CallForm, NewCallForm, call_form
from fundapp.applications.models import Call, Programme
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import managing as queries
from fundapp.applications.queries.packages import package_of, programmes
from fundapp.applications.services import writing_calls as services
from fundapp.applications.services.announcing import require_for_new_calls
from fundapp.applications.views import bp
from fundapp.applications.views.call_problems import problems_into
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires


@bp.get("/new-call")
@requires(P.CALL_WRITE)
def new_call() -> ResponseReturnValue:
    """Ask for what a new call needs before anything else."""
    require_for_new_calls(current_actor())
    return _new_page(_new_form(programmes()))


@bp.post("/new-call")
@requires(P.CALL_WRITE)
def make_call() -> ResponseReturnValue:
    """Make a draft of a call."""
    known = programmes()
    form = _new_form(known)
    is_valid = form.validate()
    document = with_values(form.document, {path: each for path, each in form.changes().items() if each is not None})
    document["programme"] = _chosen_programme(form["programme"].data, known, document)
    try:
        if is_valid:
            call = services.make_call(actor=current_actor(), document=document, now=clock.now())
            flash(_("The draft is made. Nobody but you and your colleagues can see it."))
            return redirect(url_for("applications.call_settings", slug=call.slug))
        services.read_draft(document)
    except RuleViolations as violations:
        problems_into(form, violations)
    if form["programme"].errors:
        form["programme.kind"].errors = []  # nobody knows yet whether it is a new one
    return _new_page(form), 422


@bp.get("/manage/<slug>/clone")
@requires(P.CALL_WRITE)
def clone(slug: str) -> ResponseReturnValue:
    """Ask for what is different in a call that is made from this one."""
    call = _call(slug)
    require_for_new_calls(current_actor())
    return _clone_page(call, _clone_form(call))


@bp.post("/manage/<slug>/clone")
@requires(P.CALL_WRITE)
def clone_call(slug: str) -> ResponseReturnValue:
    """Make a draft of a call from another one."""
    call = _call(slug)
    require_for_new_calls(current_actor())
    form = _clone_form(call)
    if form.validate():
        try:
            made = services.clone_call(actor=current_actor(), call=call, changes=form.changes(), now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations, call)
        else:
            flash(
                _("The draft is made, with the form and the criteria. Look through all parts before you announce it.")
            )
            return redirect(url_for("applications.call_settings", slug=made.slug))
    return _clone_page(call, form), 422


def _call(slug: str) -> Call:
    return queries.managed_call(actor=current_actor(), slug=slug, permission=P.CALL_WRITE)


def _chosen_programme(slug: str | None, known: Sequence[Programme], document: Document) -> dict[str, Any]:
    """Return what a document says of the programme that was chosen, or of a new one, named after its first call."""
    chosen = next((each for each in known if each.slug == slug), None)
    if chosen is not None:
        return {"slug": chosen.slug, "kind": chosen.kind.value, "title": dict(chosen.titles)}
    new_slug = str(value_at(document, "call.slug") or "")
    taken = {each.slug for each in known}
    return {**document["programme"], "slug": f"{new_slug}-fund" if new_slug in taken else new_slug}


def _new_form(known: Sequence[Programme]) -> CallForm:
    document = {
        "programme": {},
        "call": {"languages": [current_language()], "title": {}, "purpose": {}, "reviews_per_application": 3},
        "budget": {},
        "letters": {"period_months": 12, "signatory": {}},
    }
    form = call_form(document, NEW_CALL, bases=(NewCallForm,))
    choices = [SelectChoice(each.slug, str(said(each.titles))) for each in known]
    form["programme"].choices = [*choices, SelectChoice(NewCallForm.NEW, _("A new one"))]
    return form


def _clone_form(call: Call) -> CallForm:
    document = document_of(package_of(call))
    new = ("call.slug", "call.reference_prefix", "call.opens", "call.closes")
    return call_form(with_values(document, dict.fromkeys(new)), CLONED_CALL)


def _new_page(form: CallForm) -> str:
    fields = [replace(each, missing=False) for each in form.shown()]  # everything is still to be written
    return render_template("applications/new_call.html", form=form, fields=fields)


def _clone_page(call: Call, form: CallForm) -> str:
    return render_template(
        "applications/clone_call.html", call=call_shown(call, clock.now()), form=form, fields=form.shown()
    )
