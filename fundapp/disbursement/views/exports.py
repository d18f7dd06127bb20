"""Pages on which tables of a call are taken out of the house."""

from typing import cast
from uuid import UUID

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.storage import Storage
from fundapp.disbursement.exports.anonymous import FEWEST
from fundapp.disbursement.exports.handing_out import Format, hand_out
from fundapp.disbursement.exports.kinds import tables_for
from fundapp.disbursement.forms import ExportForm
from fundapp.disbursement.presentation.exports import exports_shown
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries.exports import own_export, own_exports
from fundapp.disbursement.services import exports as services
from fundapp.disbursement.views import bp


@bp.get("/manage/<slug>/exports")
@requires(P.DECISION_EXPORT)
@fresh
def exports(slug: str) -> ResponseReturnValue:
    """Ask what is to be taken out of a call, and as what kind of file; show what is being made."""
    call = _call(slug)
    return _page(call, _form(call, ExportForm(formdata=None)))


@bp.post("/manage/<slug>/exports")
@requires(P.DECISION_EXPORT)
@fresh
@limited("export")
def take_out(slug: str) -> ResponseReturnValue:
    """Put on record that a table leaves, and send it; or have a long one made in the background."""
    call, actor, now = _call(slug), current_actor(), clock.now()
    form = _form(call, ExportForm())
    if not form.validate():
        return _page(call, form), 422
    kind = tables_for(actor, call)[form.what.data]
    file_format, is_anonymised = Format(form.format.data), form.variant.data == "anonymised"
    if kind.rows_of(actor, call) > services.AT_ONCE_ROWS:
        services.ask_for_export(
            actor=actor,
            call=call,
            kind=kind,
            file_format=file_format,
            is_anonymised=is_anonymised,
            for_excel=bool(form.for_excel.data),
            language=current_language(),
            now=now,
        )
        flash(_("This table is long. It is being made now, and will stand on this page."))
        return redirect(url_for("disbursement.exports", slug=slug))
    handed = hand_out(
        actor=actor,
        export=kind.make(actor=actor, call=call, is_anonymised=is_anonymised),
        file_format=file_format,
        now=now,
        for_excel=bool(form.for_excel.data),
    )
    return _saved(*handed.download())


@bp.post("/manage/<slug>/exports/<uuid:export_id>")
@requires(P.DECISION_EXPORT)
@fresh
@limited("export")
def save_export(slug: str, export_id: UUID) -> ResponseReturnValue:
    """Send a table that was made in the background to whoever asked for it."""
    actor = current_actor()
    job = own_export(actor=actor, call=_call(slug), export_id=export_id)
    storage = cast(Storage, current_app.extensions["storage"])
    data = services.take_export(actor=actor, job=job, storage=storage, now=clock.now())
    return _saved(job.filename, job.content_type, data)


def _saved(name: str, content_type: str, data: bytes) -> Response:
    response = Response(data, content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _call(slug: str) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=P.DECISION_EXPORT)


def _form(call: Call, form: ExportForm) -> ExportForm:
    """Return the form with the tables that the actor may take."""
    form.what.choices = [SelectChoice(what, kind.label) for what, kind in tables_for(current_actor(), call).items()]
    return form


def _page(call: Call, form: ExportForm) -> str:
    actor = current_actor()
    kinds = tables_for(actor, call)
    return render_template(
        "disbursement/exports.html",
        call=call_head(call),
        form=form,
        made=exports_shown(own_exports(actor=actor, call=call), kinds, call),
        hints={
            **{what: kind.hint for what, kind in kinds.items()},
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
