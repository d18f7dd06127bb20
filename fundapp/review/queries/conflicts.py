"""Conflicts of interest of the people of a panel: all pairs for planning, and the causes that pages tell."""

from sqlalchemy import select

from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.queries.conflicts import pairs_in_conflict
from fundapp.applications.scope import goes_to_reviewers
from fundapp.core.db import db
from fundapp.review.assignment import Pair
from fundapp.review.models import Reviewer


def entry_conflicts(call: Call) -> frozenset[Pair]:
    """Return which reviewers of a call have a conflict of interest with which of its entries that are read."""
    people = select(Reviewer.person_id).where(Reviewer.call_id == call.id)
    reviewers = {
        person_id: str(reviewer_id)
        for reviewer_id, person_id in db.session.execute(
            select(Reviewer.id, Reviewer.person_id).where(Reviewer.call_id == call.id)
        )
    }
    entries: dict[object, list[str]] = {}
    for entry_id, application_id in db.session.execute(
        select(Entry.id, Application.id).join(Entry.application).where(Entry.call_id == call.id, goes_to_reviewers())
    ):
        entries.setdefault(application_id, []).append(str(entry_id))
    return frozenset(
        Pair(entry_id, reviewers[person_id])
        for application_id, person_id in pairs_in_conflict(call=call, people=people)
        for entry_id in entries.get(application_id, ())
    )
