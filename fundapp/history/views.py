"""Pages of the history of a call and of an application."""

from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.identity import face_of
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.queries.managing import managed_call, sent_application
from fundapp.core import clock
from fundapp.core.routes import requires
from fundapp.history import queries
from fundapp.history.presentation import lines_shown, recorded_shown

bp = Blueprint("history", __name__)


@bp.get("/manage/<slug>/history")
@requires(P.HISTORY_READ)
def of_call(slug: str) -> ResponseReturnValue:
    """Tell what happened in a call, the newest first."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.HISTORY_READ)
    page = queries.call_history(actor=actor, call=call, number=_number())
    return render_template(
        "history/of_call.html",
        call=call_shown(call, clock.now()),
        page=page,
        lines=lines_shown(page, call, actor),
        arguments={"slug": slug},
    )


@bp.get("/manage/applications/<uuid:application_id>/history")
@requires(P.HISTORY_READ)
def of_application(application_id: UUID) -> ResponseReturnValue:
    """Tell what happened to an application, the newest first."""
    actor = current_actor()
    application = sent_application(actor=actor, application_id=application_id, permission=P.HISTORY_READ)
    page = queries.application_history(actor=actor, application=application, number=_number())
    return render_template(
        "history/of_application.html",
        face=face_of(application),
        page=page,
        lines=lines_shown(page, application.call, actor),
        arguments={"application_id": application.id},
    )


@bp.get("/record")
@requires(P.AUDIT_READ)
def of_everything() -> ResponseReturnValue:
    """Show the whole record to those who audit it, the newest first."""
    page = queries.whole_record(actor=current_actor(), number=_number())
    return render_template("history/of_everything.html", page=page, lines=recorded_shown(page))


def _number() -> int:
    return request.args.get("page", 1, type=int)
