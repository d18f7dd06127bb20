"""The file of a frozen tally, for whoever wants to check the ranking by themselves."""

from flask import Response

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.queries.managing import managed_call
from fundapp.core.errors import NotFound
from fundapp.core.routes import requires
from fundapp.review.queries.freezing import frozen_file, newest_frozen
from fundapp.review.queries.selection import current_slate
from fundapp.review.services.calls import require_sight_of_all
from fundapp.review.views import bp


@bp.get("/manage/<slug>/tally-file")
@requires(P.SLATE_READ)
def tally_file(slug: str) -> Response:
    """Give out the tally as it was frozen when the list was sent, with its signature once there is one.

    It is whole or nothing, so whoever has a conflict of interest with anything in it is refused. Where there is no file
    everybody reads the same.
    """
    call = managed_call(actor=current_actor(), slug=slug, permission=P.SLATE_READ)
    slate = current_slate(call=call)
    frozen = newest_frozen(slate) if slate is not None else None
    if frozen is None:
        raise NotFound
    require_sight_of_all(current_actor(), call, P.SLATE_READ)
    response = Response(frozen_file(frozen), content_type="application/jsonl")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}-tally-{frozen.number}.jsonl")
    response.headers["Cache-Control"] = "no-store"
    return response
