"""The tables of a call that this room and those before it have to give."""

from typing import Final

from fundapp.accounts.permissions import P
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.exports.applications import applications, applications_at_most
from fundapp.disbursement.exports.decisions import decisions, decisions_at_most
from fundapp.disbursement.exports.kinds import TableKind
from fundapp.disbursement.exports.payees import payees, payees_at_most
from fundapp.disbursement.exports.scores import scores, scores_at_most

TABLES: Final = (
    TableKind(
        what="decisions",
        label=_l("Decisions"),
        hint=_l("Every entry of every application that was sent, with what was decided about it."),
        permissions=(),
        make=decisions,
        rows_of=decisions_at_most,
    ),
    TableKind(
        what="scores",
        label=_l("Scores"),
        hint=_l("Every score that counts. Reviewers stand there as a letter and digits, never by name."),
        permissions=(P.CALIBRATION_READ,),
        make=scores,
        rows_of=scores_at_most,
    ),
    TableKind(
        what="applications",
        label=_l("Applications"),
        hint=_l("Every application that was sent, with its answers. What has to be opened with a reason is left out."),
        permissions=(P.APPLICATION_READ,),
        make=applications,
        rows_of=applications_at_most,
    ),
    TableKind(
        what="payees",
        label=_l("Where money goes"),
        hint=_l("Every award that was accepted, with the last characters of its account and what holds money back."),
        permissions=(P.PAYEE_READ,),
        make=payees,
        rows_of=payees_at_most,
    ),
)
