"""Pages on which tables of a call are taken out of the house."""

from collections.abc import Callable, Mapping
from typing import Final

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.disbursement.exports.anonymous import FEWEST
from fundapp.disbursement.exports.decisions import decisions
from fundapp.disbursement.exports.handing_out import Export, Format, hand_out
from fundapp.disbursement.exports.scores import scores
from fundapp.disbursement.forms import ExportForm
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.views import bp

EXPORTS: Final[Mapping[str, Callable[..., Export]]] = {"decisions": decisions, "scores": scores}


@bp.get("/manage/<slug>/exports")
@requires(P.DECISION_EXPORT)
@fresh
def exports(slug: str) -> ResponseReturnValue:
    """Ask what is to be taken out of a call, and as what kind of file."""
    call = _call(slug)
    return _page(call, _form(call, ExportForm(formdata=None)))


@bp.post("/manage/<slug>/exports")
@requires(P.DECISION_EXPORT)
@fresh
@limited("export")
def take_out(slug: str) -> ResponseReturnValue:
    """Put on record that a table leaves, and send it."""
    call, actor = _call(slug), current_actor()
    form = _form(call, ExportForm())
    if not form.validate():
        return _page(call, form), 422
    made = EXPORTS[form.what.data](actor=actor, call=call, is_anonymised=form.variant.data == "anonymised")
    handed = hand_out(
        actor=actor,
        export=made,
        file_format=Format(form.format.data),
        now=clock.now(),
        for_excel=bool(form.for_excel.data),
    )
    name, content_type, data = handed.download()
    response = Response(data, content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _call(slug: str) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=P.DECISION_EXPORT)


def _form(call: Call, form: ExportForm) -> ExportForm:
    """Return the form with the tables that the actor may take: scores are of those who read single reviewers."""
    if not current_actor().can(P.CALIBRATION_READ, call.id):
        form.what.choices = [each for each in form.what.choices if each.value != "scores"]
    return form


def _page(call: Call, form: ExportForm) -> str:
    return render_template(
        "disbursement/exports.html",
        call=call_head(call),
        form=form,
        hints={
            "decisions": _("Every entry of every application that was sent, with what was decided about it."),
            "scores": _("Every score that counts. Reviewers stand there as a letter and digits, never by name."),
            "identified": _("For those who pay and those who check."),
            "anonymised": _(
                "Other references, no names and nothing that people wrote. A country or region is told where at least "
                "%(number)s applications share it.",
                number=FEWEST,
            ),
            "xlsx": _("With a second sheet that says what the table is."),
            "csv": _("In a zip, with a file that says what the table is."),
            "json": _("In a zip, with a file that says what the table is."),
        },
    )
