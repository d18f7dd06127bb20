"""What every route should answer to everybody about every kind of object, worked out from the inventory.

The rules here are written apart from the queries of the product, from what a permission means, so that the two can
disagree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import ROLE_PERMISSIONS, P, Role
from fundapp.applications.models import Application, ApplicationStatus, Call
from fundapp.core.db import db
from fundapp.core.routes import PUBLIC
from fundapp.disbursement.models import FunderPerson
from fundapp.inventory import Route
from fundapp.review.models import Assignment, Decision, Outcome, Review, Reviewer, ReviewStatus, Slate, SlateStatus

from .world import PLAIN_ARGUMENTS

APPLICANTS = {P.APPLICATION_WRITE, P.LETTER_READ}
"""Permissions that reach what one's own organisation has, whatever the call."""
EVERYBODY = ROLE_PERMISSIONS[Role.APPLICANT]
OF_APPLICATIONS = {
    "application_id",
    "attachment_id",
    "award_id",
    "entry_id",
    "file_id",
    "letter_id",
    "report_id",
    "superseded_id",
}
OF_ONESELF = {"session_id", "factor_id", "tie_id"}
OF_ASKERS = {"export_id"}
"""What only whoever asked for it gets: in our call, the manager."""
OF_ANSWERS = {"review.accept", "review.decline"}
"""An answer is only that of the person who was asked."""
FOR_ASKED = {"review.profile", "review.save_profile", "review.add_tie"}
"""Pages for those whom some call asks to review."""
OF_POOLS = {
    f"review.{page}"
    for page in (
        "pools",
        "pools_file",
        "manage_pools",
        "fix_list",
        "draw_pools",
        "place_late",
        "excuse",
        "open_scores",
        "ask_applicants",
    )
}
"""Pages of calls whose applicants review each other in two pools."""
OF_VOTES = {
    "review.vote",
    "review.give_vote",
    "review.step_back",
    "review.row_votes",
    "review.keep_unapproved",
}
"""Pages of rows that are decided, where the chairs vote."""
OF_DECLINED = {"review.declined_comment", "review.keep_declined_comment"}
"""Pages of rows that are decided without an award."""
OF_FUNDERS = {"disbursement.funder_view"}
"""Pages for the people of a funder alone."""
NOT_BEGUN = {"accounts.set_up_app", "accounts.passphrase"}
"""Pages of something that nobody in a round has begun."""
OF_DRAFTS_TOO = {"applications.single_deadline", "applications.extend_single_deadline"}
"""Pages of staff about an application that need not be sent: they tell that it is there, not what is in it."""
OF_TYPED_IN = {"applications.go_on_entering"}
"""Of staff about a draft that one of them types in for its people."""
ONCE_SENT = {"applications.copy", "applications.copy_as_text", "applications.copy_as_pdf", "applications.own_question"}
"""Pages of what was sent: a draft has none."""
MAKES_CALLS = {"applications.new_call", "applications.clone"}
"""Pages for those who manage every call; our people have their roles in one."""
WHOLE_LISTS = {"review.tally_file"}
"""Files of everything on a list: our people have a conflict of interest with something on it."""
FOR_ALL_CALLS = {"disbursement.take_sanction_list"}
"""What those alone do who do it for every call; our people have their roles in one."""
FOR_HOLDERS = {"retention.erase_own"}
"""Pages for those who hold the organisation, and not for those who only help to write."""
OF_FINALISTS = {"review.finalist_profile", "review.write_profile", "review.public_profile", "review.answer_profile"}
"""Pages of what the public reads of a finalist."""


OF_THANKS = {"disbursement.panel_letter"}
"""Pages for those whose reviews were handed in, once the decisions are released."""


class Answer(StrEnum):
    """What a route does with a request, apart from what its page says."""

    SIGN_IN = "asks to sign in"
    REFUSED = "refuses, and says what is needed"
    NOTHING = "answers as if there were nothing"
    OPEN = "lets in"


@dataclass(frozen=True)
class Visitor:
    """Somebody with one role in one call; role None: nobody is signed in."""

    role: Role | None
    person: Person | None
    call: Call

    @property
    def held(self) -> frozenset[str]:
        """Return the permissions held somewhere; whoever is signed in may also apply."""
        return frozenset() if self.role is None else ROLE_PERMISSIONS[self.role] | EVERYBODY

    def holds_in(self, permission: str, call: Call) -> bool:
        """Say whether a permission is held in a call."""
        own = self.role is not None and permission in ROLE_PERMISSIONS[self.role]
        return own and (self.role is Role.ADMINISTRATOR or call.id == self.call.id)


@dataclass(frozen=True)
class Bundle:
    """Objects that belong together, and how they stand to the people of our call.

    `members` may read and write the application, `holders` of them decide about it; those who are `in_conflict` must
    not see it in any other role.
    """

    name: str
    call: Call
    application: Application
    assignment: Assignment | None
    members: frozenset[UUID]
    holders: frozenset[UUID]
    in_conflict: frozenset[UUID] = frozenset()
    arguments: dict[str, Any] = field(default_factory=dict)
    owner: UUID | None = None
    """Whose session, second factor and tie are among the arguments."""
    is_finalist: bool = False
    """Whether it was named a finalist, and its people asked what the public may read."""


def asked(route: Route, bundle: Bundle) -> dict[str, Any] | None:
    """Return the arguments of a route over a bundle, or None when it lacks one."""
    wanted = [part.partition(":")[0] for part in route.objects.split("; ") if part]
    values = {name: PLAIN_ARGUMENTS[name][0] for name in wanted if name in PLAIN_ARGUMENTS} | bundle.arguments
    return {name: values[name] for name in wanted} if all(name in values for name in wanted) else None


def expected(route: Route, visitor: Visitor, bundle: Bundle, arguments: dict[str, Any]) -> Answer:
    """Return what a route should answer."""
    if route.permission == PUBLIC:
        return Answer.OPEN
    if visitor.person is None:
        return Answer.SIGN_IN
    if route.permission not in visitor.held:
        return Answer.REFUSED
    names = set(arguments) - set(PLAIN_ARGUMENTS)
    if not _reaches(route, visitor.person.id, visitor, bundle, names):
        return Answer.NOTHING
    return Answer.REFUSED if route.endpoint in MAKES_CALLS | WHOLE_LISTS | FOR_ALL_CALLS else Answer.OPEN


def _reaches(route: Route, person_id: UUID, visitor: Visitor, bundle: Bundle, names: set[str]) -> bool:
    is_draft = bundle.application.status is ApplicationStatus.DRAFT
    if route.endpoint in OF_FINALISTS and not bundle.is_finalist:
        return False
    if route.endpoint in FOR_ASKED:
        return visitor.role is Role.REVIEWER
    if route.endpoint in OF_THANKS:
        return _is_thanked(person_id, bundle.call)
    if "funder_id" in names:
        return _reads_for(person_id, bundle.arguments["funder_id"])
    if route.endpoint in OF_ANSWERS:
        return bundle.assignment is not None and bundle.assignment.reviewer.person_id == person_id
    if not names:
        return route.endpoint not in NOT_BEGUN
    if names <= OF_ONESELF:
        return bundle.owner == person_id
    if route.permission in APPLICANTS:
        own = bundle.holders if route.endpoint in FOR_HOLDERS else bundle.members
        return person_id in own and not (is_draft and route.endpoint in ONCE_SENT)
    if bundle.application.is_protected and "attachment_id" in names:
        return False  # a file shows whose it is; opening it is a step of its own
    if route.permission == P.REVIEW_WRITE:
        given = bundle.assignment is not None and bundle.assignment.reviewer.person_id == person_id
        return given and person_id not in bundle.in_conflict
    if not visitor.holds_in(route.permission, bundle.call):
        return False
    if names & OF_ASKERS:
        return visitor.role is Role.MANAGER
    if route.endpoint in OF_POOLS:
        return bundle.call.is_impartial
    if names & OF_APPLICATIONS:
        is_reached = not is_draft or route.endpoint in OF_DRAFTS_TOO
        if route.endpoint in OF_TYPED_IN:
            is_reached = is_draft and bundle.application.entered_by_id is not None
        if route.endpoint in OF_VOTES:
            is_reached = _is_decided(bundle)
        if route.endpoint in OF_DECLINED:
            is_reached = _is_decided(bundle, without_award=True)
        return is_reached and person_id not in bundle.in_conflict | bundle.members
    return True


def _is_thanked(person_id: UUID, call: Call) -> bool:
    handed_in = (
        select(Review.id)
        .join(Review.assignment)
        .join(Assignment.reviewer)
        .where(Reviewer.call_id == call.id, Reviewer.person_id == person_id, Review.status == ReviewStatus.SUBMITTED)
    )
    released = select(Slate.id).where(Slate.call_id == call.id, Slate.status == SlateStatus.RELEASED)
    return db.session.scalars(handed_in).first() is not None and db.session.scalars(released).first() is not None


def _reads_for(person_id: UUID, funder_id: UUID) -> bool:
    people = select(FunderPerson.person_id).where(FunderPerson.funder_id == funder_id, FunderPerson.ended_at.is_(None))
    return person_id in db.session.scalars(people).all()


def _is_decided(bundle: Bundle, *, without_award: bool = False) -> bool:
    found = select(Decision.id).where(Decision.entry_id == bundle.arguments["entry_id"])
    if without_award:
        found = found.where(Decision.outcome != Outcome.AWARD)
    return db.session.scalar(found) is not None


def cases(
    routes: list[Route], visitor: Visitor, bundles: list[Bundle]
) -> Iterator[tuple[Route, dict[str, Any], Bundle, Answer]]:
    """Return every route with each different set of arguments, and what it should answer to a visitor.

    A route that is closed to the visitor as such is asked about one object only.
    """
    for route in routes:
        seen: set[tuple[Any, ...]] = set()
        for bundle in bundles:
            arguments = asked(route, bundle)
            if arguments is not None and (key := tuple(arguments.values())) not in seen:
                seen.add(key)
                answer = expected(route, visitor, bundle, arguments)
                yield route, arguments, bundle, answer
                if answer in (Answer.SIGN_IN, Answer.REFUSED):
                    break
