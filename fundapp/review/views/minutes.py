"""The minutes of a decision, as a file."""

from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries.managing import managed_call
from fundapp.core.errors import Conflict
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires
from fundapp.review.models import SlateStatus
from fundapp.review.presentation.minutes import minutes_pdf
from fundapp.review.presentation.minutes_parts import Minuted
from fundapp.review.queries.selection import selection
from fundapp.review.views import bp


@bp.get("/manage/<slug>/minutes.pdf")
@requires(P.SLATE_READ)
@limited("pdf")
def minutes_file(slug: str) -> ResponseReturnValue:
    """Give the minutes in the reader's language, from the sending of the list on, of what the reader may see."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.SLATE_READ)
    found = selection(actor=actor, call=call)
    if found.slate is None or found.slate.status is SlateStatus.OPEN:
        raise Conflict(_("There are no minutes yet: they begin when the list is sent for ratification."))
    headers = {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'attachment; filename="{file_names("minutes", call)["name"]}.pdf"',
        "Cache-Control": "no-store",
    }
    return minutes_pdf(Minuted(actor, found, found.slate)), headers
