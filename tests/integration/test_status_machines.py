"""The status machines, driven at random over roles and time through the services, against `round_model.py`.

Every step is tried by whoever chance names, at whatever moment: the services must take it just when the model does,
and afterwards the database must say what the model says. The steps are the same in every run.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from unittest.mock import patch
from uuid import UUID

from hypothesis import Phase as Effort
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.models import Application, Call, CallStatus, Entry, Submission
from fundapp.applications.services import drafts, managing, reopening, saving, starting, submitting
from fundapp.core import unit_of_work
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.pdf import MissingValue
from fundapp.core.web import FundApp
from fundapp.disbursement import tasks
from fundapp.disbursement.models import Award, Letter
from fundapp.disbursement.queries.letters import LETTER_KIND
from fundapp.disbursement.services import releasing as disbursement
from fundapp.review.models import Assignment, Decision, Outcome, Review, Reviewer, Slate
from fundapp.review.queries.ratifying import ratifications
from fundapp.review.scoring_rules import Answer
from fundapp.review.services import deciding, ratifying, reading, sending, withdrawing
from fundapp.review.services import pairs as by_hand
from fundapp.review.terms_rules import WantedTerms

from ..conftest import actor_of
from ..factories import ANSWERS, CLOSES, OPENS, make_call, make_person, make_reviewer, make_staff, make_terms, parts_of
from .round_model import (
    APPLICANTS,
    ASKED,
    BUDGET,
    MANAGERS,
    PEOPLE,
    RATIFIERS,
    REVIEWERS,
    TWO_FROM,
    Choice,
    Phase,
    RoundModel,
)

REFUSALS = (Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations)
MOMENTS = {
    Phase.BEFORE: OPENS - timedelta(days=9),
    Phase.OPEN: OPENS + timedelta(hours=1),
    Phase.CLOSED: CLOSES,
}
STAGES = (
    *("nothing", "written", "sent", "checked", "assigned", "reading", "decided", "proposed", "ratified", "released"),
)
BEGINNINGS = ("nothing", "written", "assigned", "reading", "decided", "proposed", "released")
RUNS_PER_BEGINNING = 8
STEPS = (
    *("start", "write", "send", "take_back", "reopen", "mark", "assign", "declare_none", "step_back"),
    *("save_review", "submit_review"),
    *("decide", "withdraw", "propose", "send_back", "ratify", "release", "work_on_letter", "retry"),
)
_numbers = count(1)
WHOLE: dict[str, Answer] = {"need": 4, "plan": 3}

anybody = st.none() | st.sampled_from((*PEOPLE, "Max", "Max"))
"""Half of the time whoever should take the step (None), otherwise anybody; Max, who holds two roles, more often."""
applicants = st.sampled_from(APPLICANTS)
reviewers = st.sampled_from(REVIEWERS)
which = st.integers(0, len(APPLICANTS) * len(REVIEWERS) - 1)
"""Which of the assignments that there are."""
fresh = st.sampled_from([True, True, True, False])
"""Whether the page that was sent showed what is stored now."""


class Steps(RuleBasedStateMachine):
    """One round of its own per run, beside those of the runs before it."""

    app: FundApp
    taken: Counter[tuple[str, bool]]
    stage: str

    def __init__(self) -> None:
        super().__init__()
        self.model = RoundModel()
        self.now = MOMENTS[Phase.OPEN]
        call = make_call(budget_minor=BUDGET)
        made = {name: make_person(name) for name in APPLICANTS}
        made |= {name: make_reviewer(call, person=make_person(name)).person for name in REVIEWERS}
        for name in sorted(MANAGERS | RATIFIERS):
            roles = [Role.MANAGER] * (name in MANAGERS) + [Role.RATIFIER] * (name in RATIFIERS)
            made[name] = make_person(name)
            for role in roles:
                make_staff(role, call, name=name, email=made[name].email)
        make_terms(call, WantedTerms(two_ratifiers_from_minor=TWO_FROM))
        self.call_id = call.id
        self.ids: dict[str, UUID] = {name: person.id for name, person in made.items()}
        self.applications: dict[str, UUID] = {}
        db.session.commit()

    # What the steps need

    def actor(self, name: str) -> Actor:
        return actor_of(db.session.get_one(Person, self.ids[name]))

    @property
    def call(self) -> Call:
        return db.session.get_one(Call, self.call_id)

    def application(self, whose: str) -> Application:
        return db.session.get_one(Application, self.applications[whose])

    def entry(self, whose: str) -> Entry:
        return db.session.scalars(select(Entry).where(Entry.application_id == self.applications[whose])).one()

    def assignment(self, pair: tuple[str, str]) -> Assignment:
        whose, reviewer = pair
        return db.session.scalars(
            select(Assignment)
            .join(Assignment.reviewer)
            .where(Assignment.entry_id == self.entry(whose).id, Reviewer.person_id == self.ids[reviewer])
        ).one()

    def pair(self, which: int) -> tuple[str, str]:
        known = sorted(self.model.readings)
        return known[which % len(known)]

    def slate(self) -> Slate:
        return db.session.scalars(select(Slate).where(Slate.call_id == self.call_id)).one()

    def letter(self, whose: str) -> Letter:
        return db.session.scalars(select(Letter).where(Letter.application_id == self.applications[whose])).one()

    def attempt(self, allowed: bool, step: Callable[[], object]) -> bool:
        """Take a step in a transaction of its own; it must succeed just when it is allowed."""
        self.now += timedelta(minutes=1)
        try:
            step()
            unit_of_work.commit(self.app.queue)
            refusal = ""
        except REFUSALS as error:
            refusal = repr(error)
        finally:
            unit_of_work.rollback()
        name = step.__qualname__.split(".")[-3]
        assert (not refusal) == allowed, f"{name}: the model says {allowed}; refused with {refusal or 'nothing'}"
        self.taken[name, allowed] += 1
        return allowed

    # A run begins with a round at some stage, which the same steps have reached

    @initialize()
    def begin(self) -> None:
        deciders = zip(["Mara", "Max"], APPLICANTS, strict=True)
        steps: list[tuple[str, Callable[[], object]]] = [
            ("written", self.all_start_and_write),
            ("sent", lambda: [self.send(name, name, fresh=True) for name in APPLICANTS]),
            ("checked", lambda: [self.mark(None, name, "eligible") for name in APPLICANTS]),
            ("assigned", lambda: [self.assign(None, name, "Rosa") for name in APPLICANTS]),
            ("reading", lambda: [self.declare_none(None, number) for number in range(len(APPLICANTS))]),
            ("decided", lambda: [self.decide(*each, 400_000, Outcome.AWARD, fresh=True) for each in deciders]),
            ("proposed", lambda: (self.time_goes_on(), self.propose("Mara"))),
            ("ratified", lambda: self.ratify("Zoe")),
            ("released", lambda: self.release("Milo")),
        ]
        for name, step in steps:
            if STAGES.index(name) <= STAGES.index(self.stage):
                step()
        if self.stage == "nothing":
            self.model.phase = Phase.BEFORE
            self.now = MOMENTS[Phase.BEFORE]

    @rule()
    def time_goes_on(self) -> None:
        if self.model.phase is not Phase.CLOSED:
            self.model.phase = Phase(self.model.phase + 1)
            self.now = MOMENTS[self.model.phase]

    # Applying

    @rule(person=applicants)
    def start(self, person: str) -> None:
        def step() -> None:
            made = starting.start_application(actor=self.actor(person), call=self.call, language="en", now=self.now)
            self.applications[person] = made.id

        if self.attempt(self.model.may_start(person), step):
            self.model.applications.setdefault(person, "draft")

    @precondition(lambda self: self.model.applications)
    @rule(person=anybody, whose=applicants, whole=st.booleans(), only_plan=st.booleans())
    def write(self, person: str | None, whose: str, whole: bool, only_plan: bool) -> None:
        if whose not in self.model.applications:
            return

        who = person or whose
        sent = self.model.applications[whose] != "draft"

        def step() -> None:
            application = self.application(whose)
            texts = {**ANSWERS, "plan": f"A plan of {self.now}" if whole else ""}
            typed = {"plan": texts["plan"]} if only_plan and sent else texts
            saving.save_draft(
                actor=self.actor(who),
                application=application,
                typed=typed,
                seen=saving.marks_of(application, typed),
                language="en",
                now=self.now,
            )

        if self.attempt(self.model.may_write(who, whose, only_plan=only_plan), step):
            self.model.write(whose, whole=whole)

    @precondition(lambda self: self.model.applications)
    @rule(person=anybody, whose=applicants, fresh=fresh)
    def send(self, person: str | None, whose: str, fresh: bool) -> None:
        if whose not in self.model.applications:
            return

        who = person or whose

        def step() -> None:
            application = self.application(whose)
            submitting.submit_application(
                actor=self.actor(who),
                application=application,
                seen=drafts.fingerprint(application.answers if fresh else {"plan": "an earlier one"}),
                language="en",
                now=self.now,
            )

        if self.attempt(self.model.may_send(who, whose, fresh=fresh), step):
            self.model.send(whose)

    def all_start_and_write(self) -> None:
        for name in APPLICANTS:
            self.start(name)
            self.write(name, name, whole=True, only_plan=False)

    @precondition(lambda self: self.model.applications)
    @rule(person=anybody, whose=applicants)
    def take_back(self, person: str | None, whose: str) -> None:
        if whose not in self.model.applications:
            return

        who = person or whose

        def step() -> None:
            withdrawing.withdraw_application(
                actor=self.actor(who), application=self.application(whose), reason="Other money came.", now=self.now
            )

        if self.attempt(self.model.may_take_back(who, whose), step):
            self.model.take_back(whose)

    @precondition(lambda self: self.model.applications)
    @rule(person=anybody, whose=applicants)
    def reopen(self, person: str | None, whose: str) -> None:
        """Staff send an application back; what they open stays open to the end of the run."""
        if whose not in self.model.applications:
            return

        who = person or "Mara"

        def step() -> None:
            reopening.send_back(
                actor=self.actor(who),
                application=self.application(whose),
                questions=["plan"],
                message="Say more.",
                closes_at=self.now + timedelta(days=60),
                now=self.now,
            )

        if self.attempt(self.model.may_reopen(who, whose), step):
            self.model.opened.add(whose)

    @precondition(lambda self: self.model.applications)
    @rule(person=anybody, whose=applicants, status=st.sampled_from(["eligible", "ineligible"]))
    def mark(self, person: str | None, whose: str, status: str) -> None:
        if whose not in self.model.applications:
            return

        who = person or "Mara"

        def step() -> None:
            mark = managing.mark_eligible if status == "eligible" else managing.mark_ineligible
            mark(actor=self.actor(who), application=self.application(whose), reason="Checked.", now=self.now)

        if self.attempt(self.model.may_mark(who, whose, status), step):
            self.model.applications[whose] = status

    # Reviewing

    def is_sent(self, whose: str) -> bool:
        return self.model.applications.get(whose, "draft") != "draft"

    @rule(person=anybody, whose=applicants, reviewer=reviewers)
    def assign(self, person: str | None, whose: str, reviewer: str) -> None:
        if not self.is_sent(whose):
            return

        who = person or "Mara"

        def step() -> None:
            seat = select(Reviewer).where(Reviewer.call_id == self.call_id, Reviewer.person_id == self.ids[reviewer])
            pair = (self.entry(whose), db.session.scalars(seat).one())
            by_hand.assign_by_hand(actor=self.actor(who), call=self.call, pairs=[pair], now=self.now)

        if self.attempt(self.model.may_assign(who, whose, reviewer), step):
            self.model.readings.setdefault((whose, reviewer), "assigned")

    @precondition(lambda self: self.model.readings)
    @rule(person=anybody, which=which)
    def declare_none(self, person: str | None, which: int) -> None:
        pair = self.pair(which)
        who = person or pair[1]

        def step() -> None:
            reading.declare_no_conflict(actor=self.actor(who), assignment=self.assignment(pair), now=self.now)

        if self.attempt(self.model.may_declare_none(who, pair), step):
            self.model.readings[pair] = "reading"
            self.model.in_review.add(pair[0])

    @precondition(lambda self: self.model.readings)
    @rule(person=anybody, which=which)
    def step_back(self, person: str | None, which: int) -> None:
        pair = self.pair(which)
        who = person or pair[1]

        def step() -> None:
            reading.declare_conflict(
                actor=self.actor(who), assignment=self.assignment(pair), reason="We know each other.", now=self.now
            )

        if self.attempt(self.model.may_step_back(who, pair), step):
            self.model.readings[pair] = "recused"
            self.model.conflicts.add(pair)

    @precondition(lambda self: self.model.readings)
    @rule(person=anybody, which=which, fresh=fresh)
    def save_review(self, person: str | None, which: int, fresh: bool) -> None:
        pair = self.pair(which)
        who = person or pair[1]

        def step() -> None:
            self.write_review(reading.save_review, who, pair, {"need": 2}, fresh=fresh)

        self.attempt(self.model.may_save(who, pair, fresh=fresh), step)

    @precondition(lambda self: self.model.readings)
    @rule(person=anybody, which=which, fresh=fresh, whole=fresh)
    def submit_review(self, person: str | None, which: int, fresh: bool, whole: bool) -> None:
        pair = self.pair(which)
        who = person or pair[1]

        def step() -> None:
            self.write_review(reading.submit_review, who, pair, WHOLE if whole else {"need": 2}, fresh=fresh)

        if self.attempt(self.model.may_submit(who, pair, fresh=fresh, whole=whole), step):
            self.model.readings[pair] = "reviewed"

    def write_review(
        self,
        service: Callable[..., reading.Saved],
        who: str,
        pair: tuple[str, str],
        answers: dict[str, Answer],
        *,
        fresh: bool,
    ) -> None:
        assignment = self.assignment(pair)
        review = db.session.scalars(select(Review).where(Review.assignment_id == assignment.id)).one_or_none()
        parts = parts_of(answers, f"Written at {self.now}, {next(_numbers)}")
        stored = reading.draft_of(review)
        shown = {name: reading.part_mark(stored.get(name)) if fresh else "of another time" for name in parts}
        saved = service(actor=self.actor(who), assignment=assignment, parts=parts, seen=shown, now=self.now)
        if saved.conflicts:
            raise Conflict("another window was faster")

    # Deciding

    @rule(
        person=anybody,
        whose=applicants,
        amount=st.sampled_from([0, 400_000, ASKED, ASKED, ASKED + 1]),
        outcome=st.sampled_from((Outcome.AWARD, *Outcome)),
        fresh=fresh,
    )
    def decide(self, person: str | None, whose: str, amount: int, outcome: Outcome, fresh: bool) -> None:
        if not self.is_sent(whose):
            return

        who = person or "Mara"

        def step() -> None:
            entry = self.entry(whose)
            version = db.session.scalar(select(Decision.version).where(Decision.entry_id == entry.id)) or 0
            deciding.decide_entry(
                actor=self.actor(who),
                entry=entry,
                outcome=outcome,
                amount_minor=amount,
                reason="The panel wants it so.",
                version=version if fresh else version + 1,
                now=self.now,
            )

        is_award = outcome is Outcome.AWARD
        if self.attempt(self.model.may_decide(who, whose, amount, is_award=is_award, fresh=fresh), step):
            self.model.choices[whose] = Choice(outcome.value, amount if is_award else 0, who)
            self.model.took_part.add(who)
            self.model.in_review.add(whose)
            self.model.slate = "open"

    @rule(person=anybody, whose=applicants)
    def withdraw(self, person: str | None, whose: str) -> None:
        if not self.is_sent(whose):
            return

        who = person or "Mara"

        def step() -> None:
            deciding.withdraw_decision(actor=self.actor(who), entry=self.entry(whose), now=self.now)

        if self.attempt(self.model.may_withdraw(who, whose), step):
            del self.model.choices[whose]
            self.model.took_part.add(who)

    @rule(person=anybody)
    def propose(self, person: str | None) -> None:
        who = person or "Mara"

        def step() -> None:
            sending.propose_slate(actor=self.actor(who), call=self.call, now=self.now)

        if self.attempt(self.model.may_propose(who), step):
            self.model.propose(who)

    @precondition(lambda self: self.model.slate)
    @rule(person=anybody, is_ratified=st.booleans())
    def send_back(self, person: str | None, is_ratified: bool) -> None:
        who = person or "Zoe"

        def step() -> None:
            ratifying.send_back_slate(
                actor=self.actor(who),
                slate=self.slate(),
                reason="Look once more.",
                now=self.now,
                is_ratified=is_ratified,
            )

        if self.attempt(self.model.may_judge(who, "ratified" if is_ratified else "proposed"), step):
            self.model.send_back()

    @precondition(lambda self: self.model.slate)
    @rule(person=anybody)
    def ratify(self, person: str | None) -> None:
        who = person or ("Zia" if "Zoe" in self.model.ratified_by else "Zoe")

        def step() -> None:
            ratifying.ratify_slate(actor=self.actor(who), slate=self.slate(), now=self.now)

        if self.attempt(self.model.may_ratify(who), step):
            self.model.ratify(who)

    @rule(person=anybody)
    def release(self, person: str | None) -> None:
        who = person or "Milo"

        def step() -> None:
            disbursement.release_decisions(actor=self.actor(who), call=self.call, now=self.now)

        if self.attempt(self.model.may_release(who), step):
            self.model.release()

    # Letters

    @precondition(lambda self: self.model.letters)
    @rule(whose=applicants, is_whole=st.booleans())
    def work_on_letter(self, whose: str, is_whole: bool) -> None:
        """A worker makes a letter, or finds that a value is missing; what was made already stays as it is."""
        if whose not in self.model.letters:
            return

        def step() -> None:
            letter_id = self.letter(whose).id
            outcome = {"return_value": b"%PDF-1.7 sample"} if is_whole else {"side_effect": MissingValue("signatory")}
            with patch.object(tasks, "render_pdf", **outcome):
                finish = self.app.job_kinds[LETTER_KIND].work(letter_id)
            if finish is not None:
                finish(self.now)

        self.attempt(True, step)
        if self.model.letters[whose] == "queued":
            self.model.letters[whose] = "made" if is_whole else "failed"

    @precondition(lambda self: self.model.letters)
    @rule(person=anybody)
    def retry(self, person: str | None) -> None:
        who = person or "Milo"

        def step() -> None:
            letters = db.session.scalars(select(Letter).where(Letter.call_id == self.call_id)).all()
            disbursement.retry_letters(actor=self.actor(who), call=self.call, letters=letters, now=self.now)

        if self.attempt(who in MANAGERS, step):
            for whose, status in self.model.letters.items():
                self.model.letters[whose] = "queued" if status == "failed" else status

    # What the database says after each step

    @invariant()
    def database_says_the_same(self) -> None:
        model = self.model
        name_of = {person_id: name for name, person_id in self.ids.items()}
        applications = db.session.scalars(select(Application).where(Application.call_id == self.call_id)).all()
        of_application = {application.id: name_of[application.person_id] for application in applications}
        assert {of_application[each.id]: each.status.value for each in applications} == model.applications
        sent = db.session.scalars(
            select(Submission.application_id).where(Submission.application_id.in_(of_application))
        ).all()
        assert Counter(of_application[each] for each in sent) == Counter(model.versions)
        waiting = {of_application[each.id] for each in applications if each.edited_at is not None}
        assert waiting == model.changed
        of_entry = {
            entry.id: of_application[entry.application_id]
            for entry in db.session.scalars(select(Entry).where(Entry.call_id == self.call_id))
        }
        rows = db.session.scalars(select(Assignment).where(Assignment.entry_id.in_(of_entry))).all()
        readings = {(of_entry[row.entry_id], name_of[row.reviewer.person_id]): row.status.value for row in rows}
        assert readings == model.readings
        decisions = db.session.scalars(select(Decision).where(Decision.entry_id.in_(of_entry))).all()
        choices = {
            of_entry[row.entry_id]: Choice(row.outcome.value, row.amount_minor, name_of[row.decided_by_id])
            for row in decisions
        }
        assert choices == model.choices
        call = self.call
        assert call.committed_minor == model.promised <= BUDGET
        assert (call.status is CallStatus.DECIDED) == model.is_decided
        slate = db.session.scalar(select(Slate).where(Slate.call_id == self.call_id))
        assert (slate.status.value if slate else None) == model.slate
        assert [name_of[each.person_id] for each in (ratifications(slate) if slate else ())] == model.ratified_by
        letters = db.session.scalars(select(Letter).where(Letter.call_id == self.call_id)).all()
        assert {of_application[each.application_id]: each.status.value for each in letters} == model.letters
        awarded = db.session.scalars(select(Award.amount_minor).where(Award.call_id == self.call_id)).all()
        promised = sorted(choice.amount for choice in model.choices.values() if choice.amount)
        assert sorted(awarded) == (promised if model.is_decided else [])
        unit_of_work.rollback()


def test_services_and_model_agree_whoever_does_what_when(app: FundApp) -> None:
    taken: Counter[tuple[str, bool]] = Counter()
    for number, stage in enumerate(BEGINNINGS):
        steps = type("Steps", (Steps,), {"app": app, "taken": taken, "stage": stage})
        run_state_machine_as_test(
            seed(number)(steps),
            settings=settings(
                max_examples=RUNS_PER_BEGINNING,
                stateful_step_count=40,
                phases=[Effort.generate],  # a disagreement is shown as it was met: to make it shorter takes minutes
                database=None,
                deadline=None,
            ),
        )
    never = [(name, done) for name in STEPS for done in (True, False) if not taken[name, done]]
    assert never == [("work_on_letter", False)], "every other step must have been both taken and refused"
