"""Write in the discussion of an entry, as one of its readers or as somebody who runs the call."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.applications.phase_rules import active_phase
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.discussion_rules import alias_of, post_problems
from fundapp.review.models import Assignment, AssignmentStatus, DiscussionPost, PostMention
from fundapp.review.news_rules import News
from fundapp.review.queries.discussion import count_of_posts, readers_of
from fundapp.review.queries.phases import phases_of, rights_in, rights_of
from fundapp.review.queries.pools import scores_are_closed
from fundapp.review.services.calls import lock_call, require_open_slate
from fundapp.review.services.news import tell_reviewer

CLOSED = _l("There is no discussion now. What you typed is below, and was not kept.")


def post_as_reader(
    *, actor: Actor, assignment: Assignment, text: str, mentions: Collection[str], now: datetime
) -> DiscussionPost:
    """Add a contribution of a reviewer; `mentions` are aliases of other readers of the entry.

    Raises RuleViolations, Conflict when the phase has no discussion (any more) for this reviewer, NotFound for others.
    """
    if assignment.reviewer.person_id != actor.person_id or assignment.status is AssignmentStatus.ASSIGNED:
        raise NotFound
    actor.require(P.REVIEW_WRITE, assignment.entry.call_id)
    lock_call(assignment.entry.application.call)
    if not rights_of(assignment, now).may_discuss:
        raise Conflict(CLOSED)
    return _post(actor, assignment.entry, assignment.stage_id, assignment, text, mentions, now)


def post_for_the_call(
    *, actor: Actor, call: Call, entry: Entry, text: str, mentions: Collection[str], now: datetime
) -> DiscussionPost:
    """Add a contribution of somebody who runs the call, or chairs its panel, to the discussion of an entry.

    The caller has read the entry with `discussed_entry`. Raises RuleViolations, NotAllowed, Conflict when the phase
    has no discussion, or where applicants review each other and their scores are not open yet.
    """
    actor.require(P.DISCUSSION_WRITE, call.id)
    lock_call(call)
    require_open_slate(call)
    phase = active_phase(phases_of([entry.stage_id])[entry.stage_id], now)
    if phase is None or not phase.may_discuss or scores_are_closed(call):
        raise Conflict(CLOSED)
    return _post(actor, entry, entry.stage_id, None, text, mentions, now)


def _post(
    actor: Actor,
    entry: Entry,
    stage_id: UUID,
    assignment: Assignment | None,
    text: str,
    mentions: Collection[str],
    now: datetime,
) -> DiscussionPost:
    readers = {alias_of(each.id): each for each in readers_of(entry.id, stage_id)}
    others = {alias: each for alias, each in readers.items() if each.reviewer.person_id != actor.person_id}
    text = text.strip()
    if problems := post_problems(text, mentions, others, posts=count_of_posts(entry.id, stage_id)):
        raise RuleViolations(problems)
    post = DiscussionPost(
        entry_id=entry.id,
        stage_id=stage_id,
        author_id=actor.person_id,
        assignment_id=assignment.id if assignment else None,
        text=text,
        posted_at=now,
        mentions=[PostMention(assignment_id=others[alias].id) for alias in sorted(set(mentions))],
    )
    db.session.add(post)
    db.session.flush()
    record(
        actor=actor,
        action="discussion:post",
        subject=post,
        now=now,
        call_id=entry.call_id,
        data={"entry": str(entry.id), "mentions": len(post.mentions)},
    )
    allowed = rights_in(list(others.values()), now)
    told = {each.reviewer.person for each in others.values() if allowed[each.id].sees_others}
    for person in sorted(told, key=lambda each: each.id):
        tell_reviewer(person, News.DISCUSSION, now=now)
    return post
