"""Pages on which managers see a call as applicants will, in each of its languages, and exchange its form."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.call_package import document_of
from fundapp.applications.forms.call_values import FormFileForm
from fundapp.applications.models import Call
from fundapp.applications.presentation import call_settings as presentation
from fundapp.applications.presentation import calls as call_presentation
from fundapp.applications.queries import managing as queries
from fundapp.applications.queries.packages import package_of
from fundapp.applications.queries.public import current_form
from fundapp.applications.services import writing_calls
from fundapp.applications.views import bp
from fundapp.applications.views.public import said_by_call
from fundapp.applications.xlsform import read_form, write_form
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import LANGUAGES
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/manage/<slug>/preview")
@requires(P.CALL_READ)
def preview(slug: str) -> ResponseReturnValue:
    """Show a call as everybody will read it, marked as a preview."""
    call = queries.managed_call(actor=current_actor(), slug=slug)
    translations = [(code, LANGUAGES[code]) for code in call.languages if code in LANGUAGES]
    return render_template("applications/call_preview.html", translations=translations, **said_by_call(call))


@bp.get("/manage/<slug>/form")
@requires(P.CALL_WRITE)
def managed_form(slug: str) -> ResponseReturnValue:
    """Show what the form of a call asks, and where it can be changed."""
    return _form_page(_call(slug), FormFileForm(formdata=None))


@bp.post("/manage/<slug>/form")
@requires(P.CALL_WRITE)
@limited("upload")
def replace_form(slug: str) -> ResponseReturnValue:
    """Replace the form of a call by an XLSForm; with any problem, all are listed and nothing is replaced."""
    call = _call(slug)
    form = FormFileForm()
    if not form.validate():
        return _form_page(call, form), 422
    upload, warnings = form.file.data, list[Problem]()
    if not isinstance(upload, FileStorage):
        return _form_page(call, form), 422
    try:
        read = read_form(upload.read(), upload.filename or "", default_language=call.languages[0], warnings=warnings)
        writing_calls.change_call(
            actor=current_actor(), call=call, changes={}, seen=request.form.get("seen", ""), form=read, now=clock.now()
        )
    except writing_calls.ChangedElsewhere as conflict:
        form.form_errors = [conflict.message]
        return _form_page(call, form), 409
    except RuleViolations as violations:
        return _form_page(call, form, violations.problems), 422
    flash(_("The form is replaced."))
    for warning in warnings:
        flash(str(warning), "stop")
    return redirect(url_for("applications.managed_form", slug=slug))


@bp.get("/manage/<slug>/form.xlsx")
@requires(P.CALL_WRITE)
def form_file(slug: str) -> ResponseReturnValue:
    """Give the form of a call as an XLSForm."""
    call = _call(slug)
    data = write_form(package_of(call).form)
    headers = {"Content-Disposition": f'attachment; filename="{call.slug}-form.xlsx"'}
    return Response(data, mimetype=XLSX, headers=headers)


def _call(slug: str) -> Call:
    return queries.managed_call(actor=current_actor(), slug=slug, permission=P.CALL_WRITE)


def _form_page(call: Call, form: FormFileForm, problems: list[Problem] | None = None) -> str:
    version = current_form(call)
    package = package_of(call)
    missing = [each for each in writing_calls.missing_in(call) if each.field == presentation.FORM_PART]
    return render_template(
        "applications/managed_form.html",
        call=call_presentation.call_shown(call, clock.now()),
        shown=presentation.form_shown(call, package.form, version.number),
        missing=missing,
        problems=problems or [],
        form=form,
        seen=writing_calls.seen_of(document_of(package), package.form, [writing_calls.FORM_PATH]),
    )
