"""A round with an application that somebody may come to have a conflict of interest with, and all that hangs on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Person, TieKind
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import grant_role
from fundapp.accounts.services.ties import declare_tie, end_tie
from fundapp.applications.conflicts import record_conflict, unpin_conflict
from fundapp.applications.form_engine.definition import Party
from fundapp.applications.models import (
    Application,
    ApplicationSource,
    ApplicationStatus,
    Call,
    CallStatus,
    Clarification,
    ConflictOfInterest,
    ConflictSource,
    Enquiry,
    EnquiryCause,
    Entry,
    IdentityOpening,
    PartyFact,
    PartyFactKind,
    Reopening,
    ReopeningKind,
    Stage,
)
from fundapp.applications.rules import DeclinedGet
from fundapp.core.db import db
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, Letter, LetterKind, LetterStatus, NextCallConsent
from fundapp.disbursement.queries.reports import reports_of
from fundapp.retention.models import ErasureRequest, LegalHold
from fundapp.review.list_rules import MarkKind
from fundapp.review.models import (
    AssignmentStatus,
    ChairVote,
    Decision,
    DeclinedComment,
    DiscussionPost,
    MovedEntry,
    Outcome,
    ProfileStatus,
    PublicVote,
    Reviewer,
    Slate,
    StageMove,
    TrialMark,
)
from fundapp.review.voting_rules import VoteChoice

from ..conftest import actor_of
from ..factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_member,
    make_organisation,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
)
from ..funding import give
from ..sanctions import make_finding
from .prize_world import make_finalist
from .world import (
    Round,
    files_paying,
    finish_letter,
    let_chairs_vote,
    make_offer,
    make_paper,
    make_payee,
    make_payment,
    make_report,
    make_report_form,
    make_round,
    supersede,
)

OURS, CANARY = "Ours-Canary", "Hidden-Canary"


@dataclass(frozen=True)
class Panel:
    """A round with two more reviewers, and an open list of decisions."""

    round: Round
    reader: Reviewer
    """Has nothing to read yet."""
    recused: Reviewer
    """Has nothing to read yet; steps back from what is given to them."""
    slate: Slate
    first_stage: Stage
    """Comes before the stage in which everything stands."""
    earlier: Call
    """A decided call of the same programme, which the manager looks after too."""


@dataclass(frozen=True)
class Hidden:
    """An application with everything that can hang on one, and others of its people."""

    application: Application
    typed_in: Application
    """A draft that a manager types in for its people."""
    turned_down: Application
    """One that was not eligible."""
    earlier: Application
    """One of an earlier call whose people agree to be considered again."""
    awarded: Application
    """One that gets money, which a fund gives."""
    letters: list[Letter]
    award: Award
    enquiry: Enquiry
    request: ErasureRequest
    hold: LegalHold
    person: Person

    @property
    def all(self) -> list[Application]:
        """Return the applications."""
        return [self.application, self.typed_in, self.turned_down, self.earlier, self.awarded]

    @property
    def entry(self) -> Entry:
        """Return the only entry."""
        return self.application.entries[0]

    def objects(self) -> dict[str, list[Any]]:
        """Return what can stand in an address, by the name of the argument."""
        return {
            "application_id": [each.id for each in self.all],
            "attachment_id": [each.id for each in self.application.attachments],
            "entry_id": [self.entry.id],
            "letter_id": [each.id for each in self.letters],
            "superseded_id": [past.id for each in self.letters for past in each.superseded],
            "award_id": [self.award.id],
            "file_id": files_paying([self.award]),
            "report_id": [each.id for each in reports_of(self.award)],
            "enquiry_id": [self.enquiry.id],
            "request_id": [self.request.id],
            "hold_id": [self.hold.id],
        }


def make_panel(app: FundApp) -> Panel:
    """Make the round without the application."""
    made = make_round(app.extensions["storage"], OURS, closes_at=NOW + timedelta(days=7))
    made.call.stages[0].position = 2
    made.call.declined_get = DeclinedGet.SCORES
    first = Stage(call_id=made.call.id, position=1, code="first", reviews_per_entry=1)
    db.session.add(first)
    db.session.flush()
    db.session.refresh(made.call)
    reader = make_reviewer(made.call, person=make_person("Other Reader"))
    recused = make_reviewer(made.call, person=make_person("Recused Reader"))
    slate = make_slate(made.call)
    let_chairs_vote(made.call, made.people[Role.MANAGER])
    make_report_form(made.call.id)
    earlier = make_call(programme=made.call.programme, status=CallStatus.DECIDED, decided_at=NOW - timedelta(days=300))
    grant_role(actor=system_actor(), person=made.people[Role.MANAGER], role=Role.MANAGER, now=NOW, call_id=earlier.id)
    db.session.commit()
    return Panel(made, reader, recused, slate, first, earlier)


def make_hidden(app: FundApp, panel: Panel) -> Hidden:
    """Make the application: read, talked of, decided, asked about, held. Its people are others than those of ours."""
    storage, call, manager = app.extensions["storage"], panel.round.call, panel.round.people[Role.MANAGER]
    person = make_person(f"{CANARY} person")
    looks_alike = panel.round.sent.organisation_name.replace("o", "\N{CYRILLIC SMALL LETTER O}")
    about: dict[str, Any] = {"person": person, "organisation": make_organisation(looks_alike)}
    answers = {"title": f"{CANARY} title", "plan": f"{CANARY} plan"}
    application = make_application(call, **about, country="TZ", answers=answers)
    make_paper(storage, application, f"{CANARY} paper")
    typed_in = make_application(
        call, **about, status=ApplicationStatus.DRAFT, source=ApplicationSource.PAPER, entered_by_id=manager.id,
        closes_at=call.closes_at + timedelta(days=1), closes_at_reason=CANARY,
    )  # fmt: skip
    turned_down = make_application(call, **about, status=ApplicationStatus.INELIGIBLE)
    earlier = make_application(panel.earlier, **about, answers=answers)
    awarded = make_application(call, **about, answers=answers)
    again = NextCallConsent(
        application_id=earlier.id, says_yes=True, text_sha256="0" * 64, language="en", answered_by_id=person.id,
        answered_at=NOW,
    )  # fmt: skip
    db.session.add_all([_notice(turned_down), again])
    (entry,), (paid,) = application.entries, awarded.entries
    entry.stage_id = paid.stage_id = call.deciding_stage.id
    db.session.flush()
    make_review(entry, panel.reader, [5, 5], comment=f"{CANARY} comment")
    make_assignment(entry, panel.recused, AssignmentStatus.RECUSED)
    pin(application, panel.recused.person)
    decision = make_decision(panel.slate, entry, outcome=Outcome.DECLINE)
    promise = make_decision(panel.slate, paid)
    vote = ChairVote(
        entry_id=entry.id, person_id=panel.round.people[Role.CHAIR].id, choice=VoteChoice.AGAINST,
        outcome=Outcome.DECLINE, amount_minor=0, reason=CANARY, voted_at=NOW,
    )  # fmt: skip
    db.session.add(vote)
    heard = DeclinedComment(
        entry_id=entry.id, application_id=application.id, passes_on=True, language="en", chosen=[],
        edited_by_id=manager.id, edited_at=NOW,
    )  # fmt: skip
    heard.text = f"{CANARY} heard"
    db.session.add(heard)
    wanted = TrialMark(
        list_id=panel.round.lists[0].id, entry_id=entry.id, kind=MarkKind.PUT_IN, reason=CANARY,
        made_by_id=manager.id, made_at=NOW,
    )  # fmt: skip
    db.session.add(wanted)
    hidden = Hidden(
        application,
        typed_in,
        turned_down,
        earlier,
        awarded,
        [_letter(storage, decision, LetterKind.DECLINE), _letter(storage, promise, LetterKind.AWARD)],
        _award(panel, promise),
        Enquiry(
            call_id=call.id, cause=EnquiryCause.BARRED, questions=[], text=CANARY, language="en", token_hash=CANARY,
            asked_at=NOW, application_id=application.id,
        ),
        ErasureRequest(application_id=application.id, asked_by_id=person.id, asked_at=NOW),
        LegalHold(application_id=application.id, reason=CANARY, set_at=NOW),
        person,
    )  # fmt: skip
    db.session.add_all([hidden.enquiry, hidden.request, hidden.hold, *_said_about(panel, application)])
    public = db.session.scalars(select(PublicVote).where(PublicVote.call_id == call.id)).one()
    make_finalist(public, entry, manager, CANARY, ProfileStatus.ASKED)
    db.session.flush()
    return hidden


def _letter(storage: Storage, decision: Decision, kind: LetterKind) -> Letter:
    application = decision.entry.application
    letter = Letter(
        call_id=application.call_id, kind=kind, decision_id=decision.id, application_id=application.id,
        person_id=application.person_id, reference=application.reference, language="en", queued_at=NOW,
    )  # fmt: skip
    db.session.add(letter)
    db.session.flush()
    finish_letter(storage, letter, CANARY)
    supersede(letter, application.person)
    return letter


def _award(panel: Panel, decision: Decision) -> Award:
    """Let a fund that others see too pay for it."""
    application = decision.entry.application
    award = Award(
        decision_id=decision.id, call_id=application.call_id, reference=application.reference,
        amount_minor=decision.amount_minor, currency=panel.round.call.currency, awarded_at=NOW,
    )  # fmt: skip
    db.session.add(award)
    db.session.flush()
    give(panel.round.funds[0], award, award.amount_minor, reason=CANARY)
    make_offer(award, decision.entry.application.person, CANARY)
    person = decision.entry.application.person
    make_payment(award, make_payee(award, person, CANARY), person, CANARY)
    make_report(award, person, CANARY)
    make_finding(award, person, CANARY)
    return award


def _notice(application: Application) -> Letter:
    return Letter(
        call_id=application.call_id, kind=LetterKind.INELIGIBLE, application_id=application.id,
        person_id=application.person_id, reference=application.reference, language="en", queued_at=NOW,
        status=LetterStatus.FAILED, failure=CANARY,
    )  # fmt: skip


def _said_about(panel: Panel, application: Application) -> list[object]:
    (entry,) = application.entries
    manager = make_person().id
    move = StageMove(
        call_id=application.call_id, from_stage_id=panel.first_stage.id, to_stage_id=entry.stage_id, reason=CANARY,
        moved_by_id=manager, moved_at=NOW, moved=[MovedEntry(entry_id=entry.id)],
    )  # fmt: skip
    return [
        move,
        DiscussionPost(entry_id=entry.id, stage_id=entry.stage_id, author_id=manager, text=CANARY, posted_at=NOW),
        Clarification(
            application_id=application.id, number=1, for_reviewers=True, asked_by_id=manager, asked_at=NOW,
            question=CANARY,
        ),
        Reopening(
            application_id=application.id, number=1, kind=ReopeningKind.PAPERS, questions=["paper"], message=CANARY,
            opened_by_id=manager, opened_at=NOW, closes_at=NOW + timedelta(days=1), stage_id=entry.stage_id,
        ),
        IdentityOpening(
            application_id=application.id, person_id=manager, opened=["title"], reason=CANARY, opened_at=NOW
        ),
    ]  # fmt: skip


Undo = Callable[[], None]
"""Takes back what made a conflict of interest."""
Hide = Callable[[Hidden, Person], Undo]


def pinned(hidden: Hidden, person: Person) -> Undo:
    """Let a manager say so."""
    found = [pin(application, person) for application in hidden.all]
    manager = actor_of(db.session.get_one(Person, hidden.typed_in.entered_by_id))

    def undo() -> None:
        for each in found:
            unpin_conflict(actor=manager, pinned=each, reason=CANARY, now=NOW)

    return undo


def pin(application: Application, person: Person) -> ConflictOfInterest:
    """Note a conflict of interest with one application."""
    return record_conflict(
        actor=actor_of(person),
        application=application,
        person_id=person.id,
        source=ConflictSource.SET_BY_MANAGER,
        reason=CANARY,
        now=NOW,
    )


def tied(hidden: Hidden, person: Person) -> Undo:
    """Let somebody declare a tie to the organisation."""
    name = hidden.application.organisation_name
    tie = declare_tie(actor=actor_of(person), person=person, kind=TieKind.OTHER, organisation=name, now=NOW)
    return lambda: end_tie(actor=actor_of(person), tie=tie, now=NOW)


def belonging(hidden: Hidden, person: Person) -> Undo:
    """Let somebody belong to an organisation of the same name."""
    return _gone(make_member(person, make_organisation(hidden.application.organisation_name)))


def named(hidden: Hidden, person: Person) -> Undo:
    """Let somebody's address stand in the applications."""
    key = Person.email.blind_index(person.email)
    assert key
    facts = [
        PartyFact(application_id=each.id, party=Party.REFEREE, kind=PartyFactKind.ADDRESS, key=key)
        for each in hidden.all
    ]
    db.session.add_all(facts)
    db.session.flush()
    return _gone(*facts)


def _gone(*rows: Any) -> Undo:
    def undo() -> None:
        for row in rows:
            db.session.delete(row)

    return undo
