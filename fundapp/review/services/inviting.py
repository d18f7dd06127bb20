"""Invite people to read for one call or several, and change what was agreed with them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P, Role
from fundapp.accounts.queries import actor_of, person_by_email
from fundapp.accounts.role_rules import mixed_with
from fundapp.accounts.services.people import ensure_person
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES, localised
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.review.invitations import Invitation, agreement_problems, invitation_problems
from fundapp.review.models import Reviewer, ReviewerStatus
from fundapp.review.news_rules import News
from fundapp.review.queries.applicants import known_applicants
from fundapp.review.queries.news import has_work_to_come
from fundapp.review.services.news import tell_reviewer
from fundapp.review.transitions import REVIEWER


def invite_reviewers(
    *, actor: Actor, calls: Sequence[Call], invitations: Sequence[Invitation], secret_key: str, now: datetime
) -> list[Reviewer]:
    """Ask people to read for calls, and mail each of them once; who is asked already only gets new limit and languages.

    Whoever declined, or was taken off, is asked again. Raises RuleViolations naming everything that is wrong with any
    invitation to any of the calls; then nobody is invited.
    """
    problems = []
    for call in calls:
        actor.require(P.REVIEWER_INVITE, call.id)
        place = localised(call.titles, actor.language) if len(calls) > 1 else ""
        for problem in _problems_in(actor, call, invitations):
            places = ", ".join(filter(None, (problem.place, place)))
            problems.append(Problem(problem.message, problem.field, places))
    problems = invitation_problems(invitations, languages_of(calls)) + problems
    if problems:
        raise RuleViolations(problems)
    return [reviewer for invitation in invitations for reviewer in _invite(actor, calls, invitation, secret_key, now)]


def languages_of(calls: Sequence[Call]) -> list[str]:
    """Return the codes of the languages that a reviewer of these calls can be said to read."""
    return sorted({*LANGUAGES, *(code for call in calls for code in call.languages)})


def _problems_in(actor: Actor, call: Call, invitations: Sequence[Invitation]) -> list[Problem]:
    """Nobody makes themselves a reviewer, and whoever decides, confirms, pays or checks in a call does not judge in it.

    Neither does somebody who applies in it, unless the call lets applicants review. Of that only what the actor sees
    is said: whoever applies unseen is told by themselves, when they come to answer. A panel's chair may review.
    """
    duty = _l("This person has another duty in this call: who decides, confirms, pays or checks does not review.")
    applies = _l("This person applies in this call, and its applicants do not review. You can change that in the call.")
    people = {invitation: person_by_email(invitation.email) for invitation in invitations}
    ids = [person.id for person in people.values() if person is not None]
    applicants = frozenset() if call.applicants_review else known_applicants(actor=actor, call=call, person_ids=ids)
    problems = []
    for invitation, person in people.items():
        if person is None:
            continue
        others = set(mixed_with(Role.REVIEWER, call.id, actor_of(person).grants)) - {Role.CHAIR}
        if others or person.id == actor.person_id:
            problems.append(Problem(duty, field="email", place=invitation.place))
        elif person.id in applicants:
            problems.append(Problem(applies, field="email", place=invitation.place))
    return problems


def agree(*, actor: Actor, reviewer: Reviewer, max_entries: int, languages: Sequence[str], now: datetime) -> None:
    """Write down how much a reviewer is asked to take in a call, and in which languages. Raises RuleViolations."""
    actor.require(P.REVIEWER_INVITE, reviewer.call_id)
    if problems := agreement_problems(max_entries, languages, languages_of([reviewer.call])):
        raise RuleViolations(problems)
    reviewer.max_entries = max_entries
    reviewer.languages = list(languages)
    db.session.flush()
    record(
        actor=actor,
        action="reviewer:invite",
        subject=reviewer,
        now=now,
        call_id=reviewer.call_id,
        data={"max_entries": reviewer.max_entries, "languages": reviewer.languages},
    )


def remind(*, actor: Actor, reviewer: Reviewer, secret_key: str, now: datetime) -> bool:
    """Remind somebody of an invitation or of their reviews; return False where the mail waits for another day.

    Raises Conflict where there is nothing to remind them of.
    """
    actor.require(P.REVIEWER_INVITE, reviewer.call_id)
    if reviewer.status is ReviewerStatus.INVITED:
        kind = News.INVITED
    elif has_work_to_come(reviewer):
        kind = News.REMINDER
    else:
        raise Conflict(_l("This person has nothing to do now, so there is nothing to remind them of."))
    record(actor=actor, action="reviewer:remind", subject=reviewer, now=now, call_id=reviewer.call_id)
    return tell_reviewer(reviewer.person, kind, now=now, secret_key=secret_key)


def _invite(
    actor: Actor, calls: Sequence[Call], invitation: Invitation, secret_key: str, now: datetime
) -> list[Reviewer]:
    person = ensure_person(
        email=invitation.email,
        name=invitation.name.strip(),
        language=next((code for code in invitation.languages if code in LANGUAGES), DEFAULT_LANGUAGE),
        now=now,
    )
    made = []
    for call in calls:
        reviewer = db.session.scalar(
            select(Reviewer).where(Reviewer.call_id == call.id, Reviewer.person_id == person.id)
        )
        if reviewer is None:
            reviewer = Reviewer(
                call=call,
                person=person,
                status=ReviewerStatus.INVITED,
                invited_at=now,
                max_entries=invitation.max_entries,
                languages=[],
            )
            db.session.add(reviewer)
        elif reviewer.status in (ReviewerStatus.DECLINED, ReviewerStatus.REMOVED):
            apply_transition(
                REVIEWER,
                reviewer,
                "invite_again",
                actor=actor,
                now=now,
                call_id=call.id,
                evidence={"invited_at": now, "answered_at": None, "answer_reason": "", "removed_at": None},
            )
        if reviewer.status is ReviewerStatus.INVITED:
            reviewer.invited_by_id = actor.person_id
            reviewer.organisation = invitation.organisation.strip()
        agree(
            actor=actor, reviewer=reviewer, max_entries=invitation.max_entries, languages=invitation.languages, now=now
        )
        made.append(reviewer)
    if any(reviewer.invited_at == now for reviewer in made):
        tell_reviewer(person, News.INVITED, now=now, secret_key=secret_key)
    return made
