"""The rules of retention, each with what it is called and what happens: docs/privacy.md holds the same table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from fundapp.accounts.models import OneTimeLink, SignInSession
from fundapp.applications.keeping_periods import DEFAULT_DAYS
from fundapp.applications.services.forgetting import (
    drop_tables,
    forget_enquiries,
    forget_imports,
    forget_nominations,
    forget_offers,
)
from fundapp.applications.services.uploading import KEPT_FOR, delete_uploads
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem
from fundapp.core.retention import Rule
from fundapp.disbursement.queries.exports import KEPT_DAYS
from fundapp.disbursement.services.exports import forget_exports
from fundapp.retention import queries, rules
from fundapp.retention.services import (
    delete_invitations,
    delete_rows,
    erase_begun_drafts,
    erase_due_applications,
    erase_due_people,
    with_its_work,
)
from fundapp.review.services.ballots import drop_requests, forget_voters


@dataclass(frozen=True)
class Told:
    """A rule as people read it. `days` is the default where calls may differ."""

    what: str
    days: int
    since: str
    per_call: bool = False


TOLD: Final[Mapping[str, Told]] = {
    "draft": Told(
        _l("Drafts that were never sent"),
        DEFAULT_DAYS["draft"],
        _l("the deadline, or the last change after it"),
        per_call=True,
    ),
    "withdrawn": Told(
        _l("Applications that were withdrawn"), DEFAULT_DAYS["withdrawn"], _l("that moment"), per_call=True
    ),
    "ineligible": Told(
        _l("Applications that are not eligible"), DEFAULT_DAYS["ineligible"], _l("that decision"), per_call=True
    ),
    "declined": Told(
        _l("Applications without an award"), DEFAULT_DAYS["declined"], _l("the release of the decision"), per_call=True
    ),
    "next_call": Told(
        _l("Applications without an award whose people let us consider them again"),
        DEFAULT_DAYS["next_call"],
        _l("the release of the decision"),
        per_call=True,
    ),
    "undecided": Told(
        _l("Applications that were never decided"), DEFAULT_DAYS["undecided"], _l("the deadline"), per_call=True
    ),
    "awarded": Told(_l("Applications with an award"), DEFAULT_DAYS["awarded"], _l("the award"), per_call=True),
    "begun": Told(_l("Drafts begun without an address and never kept"), rules.BEGUN_DAYS, _l("their beginning")),
    "beginner": Told(
        _l("People who began without an address and kept nothing"), rules.BEGUN_DAYS, _l("their beginning")
    ),
    "enquiry": Told(
        _l("Questions to a person before an application, with the answers"),
        rules.ENQUIRY_DAYS,
        _l("the deadline, or the question after it"),
    ),
    "nomination": Told(
        _l("Nominations, with who made them"),
        rules.NOMINATION_DAYS,
        _l("the deadline, or the nomination after it"),
    ),
    "offer": Told(_l("Drafts offered to an address that nobody took"), rules.OFFER_DAYS, _l("the end of the offer")),
    "vote_request": Told(
        _l("Public votes that nobody confirmed, with their addresses"),
        rules.VOTE_REQUEST_DAYS,
        _l("the end of the mailed link"),
    ),
    "voter": Told(_l("Keys that tell the voters of a public vote apart"), rules.VOTER_DAYS, _l("the end of the vote")),
    "person": Told(
        _l("People without a role and without an application"), rules.IDLE_PERSON_DAYS, _l("the last sign-in")
    ),
    "unconfirmed": Told(
        _l("People who never signed in"), rules.UNCONFIRMED_DAYS, _l("the day on which they became known")
    ),
    "session": Told(_l("Ended sign-ins"), rules.SESSION_DAYS, _l("their end")),
    "link": Told(_l("Mailed links and codes"), rules.LINK_DAYS, _l("their end")),
    "invitation": Told(_l("Invitations to join an organisation"), rules.INVITATION_DAYS, _l("their end")),
    "mail_sent": Told(_l("Mails that were handed over, with their addresses"), rules.MAIL_SENT_DAYS, _l("that moment")),
    "mail_failed": Told(
        _l("Mails that could not be handed over, with their addresses"), rules.MAIL_FAILED_DAYS, _l("giving up")
    ),
    "upload": Told(_l("Files that never arrived whole"), KEPT_FOR.days, _l("the last part that arrived")),
    "table": Told(
        _l("Tables of applications that were looked at, or that stopped"),
        rules.TABLE_DAYS,
        _l("the last work on them"),
    ),
    "import": Told(
        _l("Notes of what could not be taken from tables of applications"),
        rules.IMPORT_DAYS,
        _l("the end of that work"),
    ),
    "export": Told(_l("Tables to take out that were made in the background"), KEPT_DAYS, _l("asking for them")),
    "work": Told(_l("Notes of finished work"), rules.WORK_DONE_DAYS, _l("its end")),
}

RULES: Final = (
    *(Rule(fate, partial(queries.applications_due, fate), erase_due_applications) for fate in DEFAULT_DAYS),
    Rule("begun", queries.begun_drafts_due, erase_begun_drafts),
    Rule("beginner", queries.beginners_due, erase_due_people),
    Rule("enquiry", queries.enquiries_due, forget_enquiries),
    Rule("nomination", queries.nominations_due, forget_nominations),
    Rule("offer", queries.offers_due, forget_offers),
    Rule("vote_request", queries.vote_requests_due, drop_requests),
    Rule("voter", queries.voters_due, forget_voters),
    Rule("person", partial(queries.people_due, signed_in=True), erase_due_people),
    Rule("unconfirmed", partial(queries.people_due, signed_in=False), erase_due_people),
    Rule("session", queries.sessions_due, delete_rows(SignInSession)),
    Rule("link", queries.links_due, delete_rows(OneTimeLink)),
    Rule("invitation", queries.invitations_due, delete_invitations),
    Rule("mail_sent", queries.mails_sent_due, delete_rows(MailMessage)),
    Rule("mail_failed", queries.mails_failed_due, with_its_work(delete_rows(MailMessage))),
    Rule("upload", queries.uploads_due, delete_uploads),
    Rule("table", queries.tables_due, drop_tables),
    Rule("import", queries.imports_due, forget_imports),
    Rule("export", queries.exports_due, forget_exports),
    Rule("work", queries.work_due, delete_rows(OutboxItem)),
)
"""In this order: an application that goes may leave people whom nothing needs any more."""
