"""Erase what was written about an application; scores, ranks and amounts stay."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Entry
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.review.models import (
    Assignment,
    ChairVote,
    Decision,
    DeclinedComment,
    DiscussionPost,
    PoolDraw,
    PoolPlace,
    Review,
    TrialMark,
    UnapprovedAward,
)
from fundapp.review.services.finalists import forget_finalists


def blank_reviews(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase the comments of reviews, what was said in discussions or chosen for the declined, and all reasons:
    those of decisions, of what was marked in lists to try, of the votes of chairs and of excuses.
    """
    of_application = Entry.application_id == application.id
    found = select(Review).join(Assignment).join(Entry).where(of_application)
    reviews = db.session.scalars(found.options(selectinload(Review.scores)))
    for review in [review for review in reviews if _has_texts(review)]:
        review.comment, review.draft = "", None
        for score in review.scores:
            score.comment = score.reason = ""
        record(actor=actor, action="review:erase", subject=review, now=now, call_id=application.call_id)
    posts = db.session.scalars(select(DiscussionPost).join(Entry).where(of_application, DiscussionPost.text != ""))
    for post in posts:
        post.text, post.erased_at = "", now
        record(actor=actor, action="discussion:erase", subject=post, now=now, call_id=application.call_id)
    excused = select(PoolPlace).where(PoolPlace.application_id == application.id, PoolPlace.excuse != "")
    for place in list(db.session.scalars(excused)):
        place.excuse = ""
        draw = db.session.get_one(PoolDraw, place.draw_id)
        record(actor=actor, action="pools:erase", subject=draw, now=now, call_id=application.call_id)
    for comment in list(
        db.session.scalars(select(DeclinedComment).where(DeclinedComment.application_id == application.id))
    ):
        comment.text = ""
        record(actor=actor, action="comment:erase", subject=comment, now=now, call_id=application.call_id)
    decisions = db.session.scalars(select(Decision).join(Entry).where(of_application))
    for decision in [decision for decision in decisions if decision.reason]:
        decision.reason = ""
        record(actor=actor, action="decision:erase", subject=decision, now=now, call_id=application.call_id)
    votes = db.session.scalars(select(ChairVote).join(Entry).where(of_application, ChairVote.reason != ""))
    for vote in votes:
        vote.reason = ""
        record(actor=actor, action="vote:erase", subject=vote, now=now, call_id=application.call_id)
    kept = db.session.scalars(select(UnapprovedAward).join(Entry).where(of_application, UnapprovedAward.reason != ""))
    for each in kept:
        each.reason = ""
        record(actor=actor, action="unapproved:erase", subject=each, now=now, call_id=application.call_id)
    forget_finalists(actor=actor, application=application, now=now)
    marks = db.session.scalars(select(TrialMark).join(Entry).where(of_application, TrialMark.reason != ""))
    for mark in list(marks):
        mark.reason = ""
        record(
            actor=actor,
            action="trial_mark:erase",
            subject=mark,
            now=now,
            call_id=application.call_id,
            data={"entry": str(mark.entry_id)},
        )


def _has_texts(review: Review) -> bool:
    return bool(review.comment or review.draft) or any(score.comment or score.reason for score in review.scores)
