"""Erase what was written about an application; scores, ranks and amounts stay."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Entry
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.review.models import Assignment, Decision, Review


def blank_reviews(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase the comments of reviews and the reasons of decisions."""
    of_application = Entry.application_id == application.id
    reviews = db.session.scalars(select(Review).join(Assignment).join(Entry).where(of_application))
    for review in [review for review in reviews if review.comment]:
        review.comment = ""
        record(actor=actor, action="review:erase", subject=review, now=now, call_id=application.call_id)
    decisions = db.session.scalars(select(Decision).join(Entry).where(of_application))
    for decision in [decision for decision in decisions if decision.reason]:
        decision.reason = ""
        record(actor=actor, action="decision:erase", subject=decision, now=now, call_id=application.call_id)
