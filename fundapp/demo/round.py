"""A whole round without a person, by the same services that the pages use. Each step is one transaction of its own."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor
from fundapp.accounts.queries import actor_of
from fundapp.accounts.rules import fold_email
from fundapp.applications.models import Application, ApplicationStatus, Call, Entry
from fundapp.applications.services.managing import mark_eligible, mark_ineligible
from fundapp.applications.services.protection import protect
from fundapp.core import clock, unit_of_work
from fundapp.core.db import db
from fundapp.core.errors import NotFound, Problem
from fundapp.core.i18n import localised
from fundapp.core.money import Money
from fundapp.core.web import FundApp
from fundapp.demo.samples import ensure_staff, sample_invitations
from fundapp.demo.scores import Scores, sample_answers
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.invitations import Invitation
from fundapp.review.models import Assignment, Decision, Outcome, Reviewer
from fundapp.review.plan_result import PlanResult
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.reading import my_assignments
from fundapp.review.queries.selection import current_slate, whole_selection
from fundapp.review.rules import MAX_ENTRIES_PER_REVIEWER
from fundapp.review.scoring_rules import COMMENT, CONFIDENCE, Answer, Confidence, Judged, Parts, Unjudged
from fundapp.review.scoring_rules import Step as Scale
from fundapp.review.services import deciding, inviting, planning, ratifying, reading, sending
from fundapp.review.services import pairs as by_hand
from fundapp.review.services.answering import accept_invitation

REFUSED_ANSWERS: Final = {
    ("partner", "yes"): {
        "en": "Direct partners of the organisers cannot receive this money.",
        "fr": "Les partenaires directs des organisateurs ne peuvent pas recevoir cet argent.",
        "es": "Los socios directos de los organizadores no pueden recibir este dinero.",
        "ar": "لا يمكن للشركاء المباشرين للجهة المنظِّمة أن يحصلوا على هذا المال.",
    },
    ("form", "company"): {
        "en": "Companies cannot receive this money.",
        "fr": "Les entreprises ne peuvent pas recevoir cet argent.",
        "es": "Las empresas no pueden recibir este dinero.",
        "ar": "لا يمكن للشركات أن تحصل على هذا المال.",
    },
}
"""What makes an application to a sample call ineligible on its face: an answer, and the reason by language."""
TIE_REASON: Final = "Tied at the line: decided in the order of references, by a round without a person."
SAMPLE_COMMENT: Final = "SAMPLE: scores and comment are invented."
SAMPLE_REASON: Final = "SAMPLE: no reason was recorded."
SAMPLE_DANGER: Final = "Sample: protected so that you can see what it looks like."
FILE_REVIEWERS: Final = "reviewers.example"
"""Reviewers whom a file of scores names without an address get one here, where no mail can arrive."""


class Step(NamedTuple):
    """Who acts on what, and when."""

    manager: Actor
    ratifier: Actor
    call: Call
    now: datetime


class Decided(NamedTuple):
    """What was decided."""

    awards: int
    declines: int
    awarded: Money
    budget: Money


class Round:
    """One call's round, run by the sample's manager and ratifier; `scores` None: by sample reviewers too."""

    def __init__(self, app: FundApp, slug: str, scores: Scores | None) -> None:
        self._app = app
        self._slug = slug
        self._scores = scores

    @property
    def is_sample(self) -> bool:
        """Say whether the scores are invented."""
        return self._scores is None

    def check_eligibility(self) -> tuple[int, int]:
        """Mark every application; return how many are eligible and how many are not.

        Those are refused that REFUSED_ANSWERS names; of a file of scores, those of them that nobody scored. The
        first eligible one of a sample is protected, so that people see what that looks like.
        """
        with self._transaction() as step:
            marked: Counter[bool] = Counter()
            for application in _applications(step.call, ApplicationStatus.SUBMITTED):
                reason = self._reason_to_refuse(application)
                if reason:
                    mark_ineligible(actor=step.manager, application=application, reason=reason, now=step.now)
                else:
                    mark_eligible(actor=step.manager, application=application, now=step.now)
                marked[not reason] += 1
            if self.is_sample:
                eligible = _applications(step.call, ApplicationStatus.ELIGIBLE)[0]
                protect(actor=step.manager, application=eligible, reason=SAMPLE_DANGER, now=step.now)
        return marked[True], marked[False]

    def invite_reviewers(self) -> int:
        """Invite the sample's reviewers, or those whom the file names, who all accept; return how many."""
        with self._transaction() as step:
            invitations = (
                sample_invitations(self._slug) if self._scores is None else _invitations(self._scores, step.call)
            )
            invited = inviting.invite_reviewers(
                actor=step.manager,
                calls=[step.call],
                invitations=invitations,
                secret_key=self._app.config["SECRET_KEY"],
                now=step.now,
            )
            for reviewer in invited:
                accept_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, now=step.now)
            return len(invited)

    def assign(self) -> int:
        """Give the entries to the reviewers: by plan, or as the file says who read what; return how many readings."""
        with self._transaction() as step:
            if self._scores is None:
                _apply_plan(step)
            else:
                entries = _entries_by_name(step.call)
                reviewers = {reviewer.person.email: reviewer for reviewer in _reviewers(step.call)}
                pairs = [
                    (entries[given.application, given.category], reviewers[_address(given.reviewer)])
                    for given in sorted(self._scores)
                ]
                by_hand.assign_by_hand(actor=step.manager, call=step.call, pairs=pairs, now=step.now)
            assigned = select(func.count()).select_from(Assignment).join(Entry).where(Entry.call_id == step.call.id)
            return db.session.scalar(assigned) or 0

    def step_back(self) -> tuple[str, int]:
        """Let the sample's first reviewer declare a conflict about one application, and plan anew.

        Return the reviewer's name, and how many readings others were given instead.
        """
        with self._transaction() as step:
            reviewer = _reviewers(step.call)[0]
            actor = actor_of(reviewer.person)
            assignment = _assignments(actor, step.call)[0]
            reason = "Sample: a relative works there."
            reading.declare_conflict(actor=actor, assignment=assignment, reason=reason, now=step.now)
        with self._transaction() as step:
            return actor.name, len(_apply_plan(step).added)

    def review(self, *, leave_to: str = "") -> int:
        """Let every reviewer declare that there is no conflict, score, and submit; return how many reviews.

        The reviewer with the address `leave_to` is left to do it in person.
        """
        given = 0
        with self._transaction() as step:
            people = [each.person_id for each in _reviewers(step.call) if each.person.email != leave_to]
            criteria = reading.steps(step.call.deciding_stage.criteria)
        for person_id in people:
            with self._transaction() as step:
                reviewer = next(each for each in _reviewers(step.call) if each.person_id == person_id)
                actor = actor_of(reviewer.person)
                for assignment in _assignments(actor, step.call):
                    reading.declare_no_conflict(actor=actor, assignment=assignment, now=step.now)
                    parts = self._parts(assignment, actor, criteria)
                    reading.submit_review(actor=actor, assignment=assignment, parts=parts, now=step.now)
                    given += 1
        return given

    def decide(self) -> Decided:
        """Award by rank order while the budget lasts, decline the rest, and send the list for ratification.

        Where the line falls between entries that tie, the order of references decides, and the reason says so.
        """
        with self._transaction() as step:
            deciding.decide_by_rank(actor=step.manager, call=step.call, now=step.now)
            for row in whole_selection(call=step.call).undecided:
                self._decide_tied(step, row)
            sending.propose_slate(actor=step.manager, call=step.call, now=step.now)
            decisions = list(db.session.scalars(select(Decision).join(Entry).where(Entry.call_id == step.call.id)))
            awarded = [decision.amount_minor for decision in decisions if decision.outcome is Outcome.AWARD]
            return Decided(
                awards=len(awarded),
                declines=len(decisions) - len(awarded),
                awarded=Money(sum(awarded), step.call.currency),
                budget=Money(step.call.budget_minor, step.call.currency),
            )

    def ratify(self) -> str:
        """Let the second person ratify the list; return their name."""
        with self._transaction() as step:
            slate = current_slate(call=step.call)
            if slate is None:
                raise NotFound
            ratifying.ratify_slate(actor=step.ratifier, slate=slate, now=step.now)
            return step.ratifier.name

    def release(self) -> None:
        """Release the decisions: from now on workers make the letters."""
        with self._transaction() as step:
            release_decisions(actor=step.manager, call=step.call, now=step.now)

    @contextmanager
    def _transaction(self) -> Iterator[Step]:
        with self._app.app_context():
            now = clock.now()
            staff = ensure_staff(now)
            call = db.session.scalars(select(Call).where(Call.slug == self._slug)).one()
            yield Step(actor_of(staff.manager), actor_of(staff.ratifier), call, now)
            unit_of_work.commit(self._app.queue)

    def _reason_to_refuse(self, application: Application) -> str:
        scored = self._scores is not None and _is_scored(self._scores, application)
        return "" if scored else _refused_on_its_face(application)

    def _parts(self, assignment: Assignment, actor: Actor, criteria: list[Scale]) -> Parts:
        """Return a whole review: where the scores are real, the words that they need are marked as a sample's."""
        answers = self._answers(assignment, actor, criteria)
        judged = {
            each.key: Judged(
                answer,
                reason=SAMPLE_REASON if answer is Unjudged.CANNOT_JUDGE else "",
                comment=SAMPLE_COMMENT if each.needs_comment(answer) else "",
            )
            for each in criteria
            if (answer := answers.get(each.key)) is not None
        }
        comment = SAMPLE_COMMENT if self._scores is None else ""
        return {**judged, COMMENT: comment, CONFIDENCE: Confidence.MEDIUM.value}

    def _answers(self, assignment: Assignment, actor: Actor, criteria: list[Scale]) -> dict[str, Answer]:
        entry = assignment.entry
        if self._scores is None:
            return sample_answers(f"{entry.application.reference} {_category(entry)}", actor.name, criteria)
        address = assignment.reviewer.person.email
        return dict(
            next(
                answers
                for given, answers in self._scores.items()
                if given.application in _names(entry.application)
                and given.category == _category(entry)
                and _address(given.reviewer) == address
            )
        )

    def _decide_tied(self, step: Step, row: Ranked) -> None:
        left_minor = step.call.budget_minor - step.call.committed_minor
        awards_left = whole_selection(call=step.call).awards_left.get(row.pool, 1)
        fits = row.in_full_minor is not None and row.in_full_minor <= left_minor and awards_left > 0
        deciding.decide_entry(
            actor=step.manager,
            entry=row.entry,
            outcome=Outcome.AWARD if fits else Outcome.DECLINE,
            amount_minor=row.in_full_minor if fits else None,
            reason=TIE_REASON,
            version=0,
            now=step.now,
        )
        db.session.refresh(step.call)


def mismatches(scores: Scores, call: Call) -> list[Problem]:
    """Say which applications of a file of scores the call does not have, and which of the call nobody scored."""
    known = _entries_by_name(call)
    missing = {(given.application, given.category) for given in scores} - set(known)
    unscored = [
        application
        for application in _applications(call, ApplicationStatus.SUBMITTED)
        if not _is_scored(scores, application) and not _refused_on_its_face(application)
    ]
    return [
        *(Problem("the call has no such application", place=" ".join(names).strip()) for names in sorted(missing)),
        *(Problem("nobody scored it", place=_names(application)[-1]) for application in unscored),
    ]


def _is_scored(scores: Scores, application: Application) -> bool:
    names = _names(application)
    return any(given.application in names for given in scores)


def _refused_on_its_face(application: Application) -> str:
    """The reason why an application is not eligible by its own answers; "" for one that is."""
    reasons = (why for (name, answer), why in REFUSED_ANSWERS.items() if application.answers.get(name) == answer)
    return localised(next(reasons, {}), application.language)


def _apply_plan(step: Step) -> PlanResult:
    plan = planning.request_plan(actor=step.manager, call=step.call, now=step.now)
    return planning.apply_plan(actor=step.manager, plan=plan, now=step.now)


def _invitations(scores: Scores, call: Call) -> list[Invitation]:
    return [
        Invitation(
            email=_address(name),
            name=name,
            organisation="",
            languages=tuple(inviting.languages_of([call])),
            max_entries=MAX_ENTRIES_PER_REVIEWER,
        )
        for name in sorted({given.reviewer for given in scores})
    ]


def _address(reviewer: str) -> str:
    """The address of a reviewer in a file: what the file says, or an unreachable one made from the name."""
    if "@" in reviewer:
        return fold_email(reviewer)
    return f"{hashlib.sha256(reviewer.casefold().encode()).hexdigest()[:16]}@{FILE_REVIEWERS}"


def _assignments(actor: Actor, call: Call) -> list[Assignment]:
    """What a reviewer was given in one call; somebody may read for several."""
    return [each for each in my_assignments(actor=actor) if each.entry.call_id == call.id]


def _applications(call: Call, status: ApplicationStatus) -> list[Application]:
    wanted = (Application.call_id == call.id, Application.status == status)
    return list(db.session.scalars(select(Application).where(*wanted).order_by(Application.reference)))


def _reviewers(call: Call) -> list[Reviewer]:
    """The call's reviewers by address."""
    found = select(Reviewer).where(Reviewer.call_id == call.id).options(joinedload(Reviewer.person))
    return sorted(db.session.scalars(found), key=lambda reviewer: reviewer.person.email)


def _entries_by_name(call: Call) -> dict[tuple[str, str], Entry]:
    """The entries of a call by each name of their application, and their category."""
    entries = db.session.scalars(
        select(Entry).where(Entry.call_id == call.id).options(joinedload(Entry.application), joinedload(Entry.category))
    )
    return {(name, _category(entry)): entry for entry in entries for name in _names(entry.application)}


def _names(application: Application) -> list[str]:
    """What a file of scores may call an application: by its reference, or by the id in the spreadsheet it came from."""
    kind, _, written = (application.import_key or "").partition(":")
    return [name for name in (application.reference, written if kind == "id" else None) if name]


def _category(entry: Entry) -> str:
    return entry.category.code if entry.category else ""
