"""The dossier of an award, taken out of the house."""

from datetime import datetime

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.storage import Storage
from fundapp.disbursement.exports.dossier import Dossier, Matter, dossier_of
from fundapp.disbursement.queries.offers import OfferRow


def take_dossier(*, actor: Actor, call: Call, row: OfferRow, storage: Storage, now: datetime) -> Dossier:
    """Return the dossier of an award that the actor may see, and put on record that it left.

    Raises NotAllowed without any of the permissions to read what is in it, and PdfUnavailable.
    """
    for permission in (P.DECISION_EXPORT, P.APPLICATION_READ, P.SLATE_READ, P.LETTERS_READ):
        actor.require(permission, call.id)
    dossier = dossier_of(Matter(actor, call, row, storage, now))
    record(
        actor=actor,
        action="dossier:take",
        subject=row.award,
        now=now,
        call_id=call.id,
        data={"files": len(dossier.papers), "manifest_sha256": dossier.sha256},
    )
    return dossier
