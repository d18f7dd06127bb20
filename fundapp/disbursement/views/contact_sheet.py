"""The page on which all letters of a release are looked at before it."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.routes import requires
from fundapp.disbursement.presentation.contact_sheet import sheet_asked, sheet_shown
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries.contact_sheet import letters_to_be
from fundapp.disbursement.views import bp
from fundapp.review.models import SlateStatus
from fundapp.review.queries.selection import current_slate


@bp.get("/manage/<slug>/letters/to-be")
@requires(P.LETTER_MANAGE)
def contact_sheet(slug: str) -> ResponseReturnValue:
    """Show every letter that a release would make, and name what cannot be made."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.LETTER_MANAGE)
    slate = current_slate(call=call)
    is_released = slate is not None and slate.status is SlateStatus.RELEASED
    letters = [] if is_released else letters_to_be(actor=actor, call=call, now=clock.now())
    given = [request.args.get(name, "") for name in ("kind", "language", "state", "page")]
    asked = sheet_asked(*given)
    return render_template(
        "disbursement/contact_sheet.html",
        call=call_head(call),
        is_released=is_released,
        sheet=sheet_shown(letters, asked),
        arguments={**asked.arguments(), "slug": call.slug},
    )
