"""The dossier of an award, as an archive to save."""

from typing import cast
from uuid import UUID

from flask import Response, current_app
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.storage import Storage
from fundapp.disbursement.exports.handing_out import ZIP
from fundapp.disbursement.queries.offers import managed_offer
from fundapp.disbursement.services.dossier import take_dossier
from fundapp.disbursement.views import bp
from fundapp.review.offline import zip_stream


@bp.post("/manage/<slug>/awards/<uuid:award_id>/dossier")
@requires(P.LETTERS_READ)
@fresh
@limited("export")
def dossier(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Put on record that the dossier of an award leaves, and send it while it is made."""
    actor, now = current_actor(), clock.now()
    call = managed_call(actor=actor, slug=slug, permission=P.LETTERS_READ)
    row = managed_offer(actor=actor, call=call, award_id=award_id)
    storage = cast(Storage, current_app.extensions["storage"])
    made = take_dossier(actor=actor, call=call, row=row, storage=storage, now=now)
    response = Response(zip_stream(list(made.parts()), now), content_type=ZIP)
    response.headers.set("Content-Disposition", "attachment", filename=f"{made.name}.zip")
    response.headers["Cache-Control"] = "no-store"
    return response
