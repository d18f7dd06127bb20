"""Keeping what declined applicants read of the reviews."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.applications.rules import DeclinedGet
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.i18n import LANGUAGES
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.declined_rules import Wording, wording_problems
from fundapp.review.models import DeclinedComment, SlateStatus
from fundapp.review.queries.declined import declined_entry, found_in, pieces_of
from fundapp.review.queries.selection import current_slate
from fundapp.review.services.calls import lock_call


def keep_comment(*, actor: Actor, entry: Entry, wording: Wording, version: int, now: datetime) -> DeclinedComment:
    """Keep what the people of a declined entry read of its reviews, or why there is nothing to pass on.

    `version` is that of the text which the page showed (0: none). Raises RuleViolations (no text, a language that is
    none, names of reviewers or scores that nobody confirmed), Conflict (somebody was faster, the decisions are
    released, the call promised nothing) and NotFound (an entry with an award, or one that the actor has a conflict of
    interest with).
    """
    call = db.session.get_one(Call, entry.call_id)
    actor.require(P.DECISION_MAKE, call.id)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    lock_call(call)
    _require_unreleased(call)
    declined_entry(actor=actor, call=call, entry_id=entry.id)
    comment = db.session.scalar(
        select(DeclinedComment).where(DeclinedComment.entry_id == entry.id).execution_options(populate_existing=True)
    )
    if (comment.version if comment else 0) != version:
        raise Conflict(_l("Somebody else changed this text meanwhile. Please look again."))
    if problems := wording_problems(wording, found=found_in(call, wording.text), languages=LANGUAGES):
        raise RuleViolations(problems)
    known = {piece.key for pieces in pieces_of(actor=actor, entry=entry) for piece in pieces}
    if comment is None:
        comment = DeclinedComment(entry_id=entry.id, application_id=entry.application_id)
        db.session.add(comment)
    comment.passes_on = wording.passes_on
    comment.text = wording.text.strip()
    comment.language = wording.language
    comment.chosen = [key for key in wording.chosen if key in known] if wording.passes_on else []
    comment.edited_by_id = actor.person_id
    comment.edited_at = now
    db.session.flush()
    record(
        actor=actor,
        action="comment:keep" if wording.passes_on else "comment:keep_nothing",
        subject=comment,
        now=now,
        call_id=call.id,
        data={"entry": str(entry.id), "language": wording.language, "chosen": len(comment.chosen)},
    )
    return comment


def _require_unreleased(call: Call) -> None:
    """Raise Conflict where nothing was promised, and once letters are on their way. The call's row is locked."""
    if call.declined_get is DeclinedGet.NOTHING:
        raise Conflict(_l("This call promised declined applicants nothing of the reviews."))
    slate = current_slate(call=call)
    if slate is not None:
        db.session.refresh(slate)
        if slate.status is SlateStatus.RELEASED:
            raise Conflict(_l("The decisions are released and the letters tell this: it does not change any more."))
