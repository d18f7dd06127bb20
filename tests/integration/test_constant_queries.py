"""Every page of a call's review and of those who run it asks as much of the database for few rows as for many."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.routing import Rule

from fundapp.accounts.models import MembershipRole, Person, TieKind
from fundapp.accounts.permissions import Actor, Role, system_actor
from fundapp.accounts.refusals import roles_with
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.models import Application, Call, Clarification, ConflictOfInterest, ConflictSource, Entry
from fundapp.core.db import db
from fundapp.core.outbox import OutboxItem
from fundapp.core.routes import PUBLIC, declared_by
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, Fund, Letter, LetterKind, PaymentFile
from fundapp.review.list_rules import MarkKind
from fundapp.review.models import (
    Anchor,
    AssignmentStatus,
    ChairVote,
    Decision,
    DiscussionPost,
    Outcome,
    PairRule,
    PairRuleKind,
    ProfileStatus,
    PublicVote,
    Reviewer,
    ReviewerStatus,
    Slate,
    SlateStatus,
    TrialList,
    TrialMark,
    UnapprovedAward,
)
from fundapp.review.queries.pools import current_draw
from fundapp.review.services import pools
from fundapp.review.services.planning import apply_plan, request_plan, undo_plan
from fundapp.review.services.telling import TELL_KIND
from fundapp.review.voting_rules import VoteChoice
from tests.attacks.prize_world import make_finalist
from tests.attacks.world import (
    IMPARTIAL,
    Round,
    addresses,
    finish_letter,
    let_chairs_vote,
    make_offer,
    make_payee,
    make_payment,
    make_report,
    make_round,
    make_templates,
    payment_files_of,
    supersede,
)
from tests.conftest import NOW, actor_of, counted_statements
from tests.factories import (
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_member,
    make_organisation,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)
from tests.funding import give, make_fund

SignedIn = Callable[[Person | None], FlaskClient]
FEW, MANY = (6, 4), (30, 12)
"""Applications and reviewers that a call has more than its first ones."""
VIEWERS = (Role.MANAGER, Role.CHAIR, Role.RATIFIER, Role.FINANCE, Role.REVIEWER, Role.APPLICANT)
"""Who looks at a page: the first of these who may."""


def pages(app: FundApp) -> list[Rule]:
    """Return every route that shows something of a review, or of a call to those who run it."""
    rules = (rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
    return [rule for rule in rules if rule.endpoint.startswith("review.") or rule.rule.startswith("/manage")]


def viewer(app: FundApp, rule: Rule) -> Role:
    if rule.rule.startswith("/reviews"):
        return Role.REVIEWER
    permission = declared_by(app.view_functions[rule.endpoint]).permission or ""
    return VIEWERS[0] if permission == PUBLIC else next(role for role in VIEWERS if role in roles_with(permission))


class Grown:
    """A round that grows in all that its pages list.

    Each application is read by several people, and each person reads several applications; each is a finalist with
    votes of the public and of the chairs, and on the lists that people try. Where the list is released, awards have
    letters, questions and funds, and the letters ever more wordings.
    """

    def __init__(self, made: Round, storage: Storage) -> None:
        self.call_id, self.sent_id = made.call.id, made.sent.id
        self.manager_id = made.people[Role.MANAGER].id
        self.reader_id = made.assignments[0].reviewer_id
        self.chair_id = made.people[Role.CHAIR].id
        self.fund_id = made.funds[0].id
        self.file_id = next(iter(payment_files_of(made.call)), None)
        self.storage = storage
        self.applications, self.panel = 0, 0

    def grow_to(self, applications: int, reviewers: int) -> None:
        call = db.session.get_one(Call, self.call_id)
        slate = db.session.scalar(select(Slate).where(Slate.call_id == call.id))
        for number in range(self.panel, reviewers):
            self._add_reviewer(call, number)
        of_call = select(Reviewer).where(Reviewer.call_id == call.id, Reviewer.status == ReviewerStatus.ACCEPTED)
        panel = db.session.scalars(of_call.order_by(Reviewer.id)).all()
        reader = db.session.get_one(Reviewer, self.reader_id)
        for number in range(self.applications, applications):
            others = [each for each in panel if each is not reader]
            self._add_application(call, slate, reader, others, number)
        self.applications, self.panel = applications, reviewers
        manager = actor_of(db.session.get_one(Person, self.manager_id))
        if call.is_impartial:
            self._deal(call, manager)
        request_plan(actor=manager, call=call, now=NOW)
        db.session.commit()
        db.session.expunge_all()

    def _deal(self, call: Call, manager: Actor) -> None:
        if current_draw(call) is not None:
            pools.place_late(actor=manager, call=call, now=NOW)
            return
        pools.fix_list(
            actor=manager, call=call, value_source="A lottery (sample)", value_at=NOW + timedelta(hours=1), now=NOW
        )
        pools.draw_pools(actor=manager, call=call, public_value="12 34 56", now=NOW + timedelta(hours=1))

    def _add_reviewer(self, call: Call, number: int) -> None:
        reviewer = make_reviewer(call, languages=["en", "fr"] if number % 2 else ["en"], regions=["north"])
        make_member(reviewer.person, make_organisation(), MembershipRole.AFFILIATE)
        declare_tie(
            actor=system_actor(), person=reviewer.person, kind=TieKind.BOARD, organisation=f"Tie {number}", now=NOW
        )
        (entry,) = db.session.get_one(Application, self.sent_id).entries
        make_review(entry, reviewer, [1 + number % 5, 3], comment=f"Read by {number}.")
        self._say(entry, reviewer.person, number)
        make_reviewer(call, status=ReviewerStatus.INVITED, answered_at=None)
        self._vote(entry, make_staff(Role.CHAIR, call), number)

    def _add_application(
        self, call: Call, slate: Slate | None, reader: Reviewer, panel: list[Reviewer], number: int
    ) -> None:
        language = "fr" if number % 2 else "en"
        application = make_application(call, language=language)
        (entry,) = application.entries
        if number % 2:
            make_review(entry, reader, [4, None])
        else:
            make_assignment(entry, reader, AssignmentStatus.READING if number % 4 else AssignmentStatus.ASSIGNED)
        for place in range(2):
            make_review(entry, panel[(number + place) % len(panel)], [1 + number % 5, 2])
        self._say(entry, reader.person, number)
        stepped_back, kept = panel[(number + 2) % len(panel)], panel[(number + 3) % len(panel)]
        db.session.add_all(
            [
                ConflictOfInterest(
                    application_id=application.id, person_id=stepped_back.person_id, source=ConflictSource.DECLARED,
                    reason="A cousin.", recorded_at=NOW + timedelta(minutes=number),
                ),
                PairRule(entry_id=entry.id, reviewer_id=kept.id, kind=PairRuleKind.FORBID, set_at=NOW),
                Clarification(
                    application_id=application.id, number=1, for_reviewers=True, asked_at=NOW, question="How many?"
                ),
                *([Anchor(entry_id=entry.id, readers=3, set_at=NOW)] if number % 3 == 0 else []),
            ]
        )  # fmt: skip
        if slate is not None and number % 2:
            decision = make_decision(slate, entry, amount_minor=1)
            if slate.status is SlateStatus.RELEASED:
                self._release(decision, number)
            self._vote(entry, db.session.get_one(Person, self.chair_id), number)
        self._try(entry, number)
        vote = db.session.scalars(select(PublicVote).where(PublicVote.call_id == call.id)).one()
        status = (ProfileStatus.AGREED, ProfileStatus.ASKED, ProfileStatus.DRAFT)[number % 3]
        make_finalist(vote, entry, db.session.get_one(Person, self.manager_id), f"Finalist {number}.", status)
        db.session.flush()

    def _vote(self, entry: Entry, chair: Person, number: int) -> None:
        """Let a chair vote on an award; every other one stays on the list although others did not approve it."""
        choice = (VoteChoice.FOR, VoteChoice.AGAINST, VoteChoice.ABSTAIN)[number % 3]
        db.session.add(
            ChairVote(
                entry_id=entry.id, person_id=chair.id, choice=choice, outcome=Outcome.AWARD.value, amount_minor=1,
                reason=f"Vote {number}.", voted_at=NOW,
            )
        )  # fmt: skip
        if chair.id == self.chair_id and number % 4 == 1:
            db.session.add(
                UnapprovedAward(
                    entry_id=entry.id, amount_minor=1, reason=f"Stays {number}.", given_by_id=self.manager_id,
                    given_at=NOW,
                )
            )  # fmt: skip

    def _release(self, decision: Decision, number: int) -> None:
        """Make the award and the letter of a decision, with what hangs on them; a fund of its own gives to it too."""
        call, application = db.session.get_one(Call, self.call_id), decision.entry.application
        award = Award(
            decision_id=decision.id, call_id=call.id, reference=application.reference,
            amount_minor=decision.amount_minor, currency=call.currency, awarded_at=NOW,
        )  # fmt: skip
        db.session.add(award)
        letter = Letter(
            call_id=call.id, kind=LetterKind.AWARD, decision_id=decision.id, application_id=application.id,
            person_id=application.person_id, reference=application.reference, language="en", queued_at=NOW,
        )  # fmt: skip
        db.session.add(letter)
        db.session.flush()
        funder = {"name": f"Funder {number}"}
        own = make_fund(call, funder=funder, name=f"Fund {number}", whole_programme=number % 4 == 1)
        give(own if number % 3 else db.session.get_one(Fund, self.fund_id), award, decision.amount_minor)
        finish_letter(self.storage, letter, f"Letter {number}.")
        supersede(letter, application.person)
        make_offer(award, application.person, f"Offer {number}.")
        make_report(award, application.person, f"Report {number}.")
        details = make_payee(award, application.person, f"Account {number}.")
        file = db.session.get_one(PaymentFile, self.file_id) if number % 4 == 1 else None
        make_payment(award, details, application.person, f"Paid {number}.", file)
        make_templates(self.storage, call, db.session.get_one(Person, self.manager_id), f"Words {number}", number + 1)

    def _try(self, entry: Entry, number: int) -> None:
        """Mark an entry in every list of its call, and with every third one try another list."""
        if number % 3 == 0:
            manager = db.session.get_one(Person, self.manager_id)
            db.session.add(TrialList(call_id=entry.call_id, name=f"List {number}", made_by_id=manager.id, made_at=NOW))
            db.session.flush()
        kind = (MarkKind.PUT_IN, MarkKind.TAKE_OUT, MarkKind.RESERVE)[number % 3]
        lists = db.session.scalars(select(TrialList.id).where(TrialList.call_id == entry.call_id))
        db.session.add_all(
            TrialMark(
                list_id=each, entry_id=entry.id, kind=kind, reason=f"Mark {number}.", made_by_id=self.manager_id,
                made_at=NOW,
            )
            for each in lists
        )  # fmt: skip

    def _say(self, entry: Entry, person: Person, number: int) -> None:
        db.session.add(
            DiscussionPost(
                entry_id=entry.id, stage_id=entry.stage_id, author_id=person.id, text=f"Thought {number}.",
                posted_at=NOW + timedelta(minutes=number),
            )
        )  # fmt: skip


@pytest.fixture
def storage(app: FundApp) -> Storage:
    found: Storage = app.extensions["storage"]
    return found


def in_review(storage: Storage) -> Round:
    made = make_round(storage, "Reading", closed=True, budget_minor=10**12)
    make_slate(made.call)
    return made


def released(storage: Storage) -> Round:
    return make_round(storage, "Released", closed=True, decided=True, budget_minor=10**12)


def sent(storage: Storage) -> Round:
    """Return a call whose list waits for the ratifiers, with a finalist who is declined and chairs who vote."""
    made = make_round(storage, "Sent", closed=True, budget_minor=10**12)
    let_chairs_vote(made.call, made.people[Role.MANAGER])
    (entry,) = made.sent.entries
    make_decision(make_slate(made.call, SlateStatus.PROPOSED), entry, outcome=Outcome.DECLINE)
    return made


def in_pools(storage: Storage) -> Round:
    return make_round(storage, "Pools", closed=True, budget_minor=10**12, **IMPARTIAL)


NOT_SHOWN = {
    "applications.clone": "its permission is one for all calls, and it shows a form",
    "review.open_vote": "no vote waits for the click on its link",
    **dict.fromkeys(
        (
            "applications.form_item",
            "applications.new_form_item",
            "applications.form_draft_file",
            "applications.form_draft_preview",
            "applications.form_draft_texts",
        ),
        "it shows what is being written of a form, and here nobody has begun",
    ),
}
"""Pages that are nothing but a refusal or a redirection in these calls, with the reason."""
ONLY_WITH_POOLS = {"review.pools", "review.pools_file", "review.manage_pools"}
LETTER = {"disbursement.letter_file", "disbursement.superseded_letter"}
AWARD = {
    "disbursement.managed_report",
    "disbursement.report_file",
    "disbursement.instalments",
    "disbursement.payment_file",
    "disbursement.funds_of_award",
    "disbursement.managed_offer",
    "disbursement.managed_payee",
    "disbursement.screened_award",
    "disbursement.signed_copy",
}
FROZEN = {"review.tally_file"}
TO_RATIFY = {"review.confirm_ratification"}
DECLINED = {"review.declined_comment"}
DECIDED = {"review.minutes_file", "review.row_votes", "review.vote"}


@pytest.mark.parametrize(
    ("make", "elsewhere"),
    [
        (in_review, ONLY_WITH_POOLS | LETTER | AWARD | FROZEN | TO_RATIFY | DECLINED | DECIDED),
        (released, ONLY_WITH_POOLS | TO_RATIFY | DECLINED),
        (sent, ONLY_WITH_POOLS | LETTER | AWARD | FROZEN),
        (in_pools, LETTER | AWARD | FROZEN | TO_RATIFY | DECLINED | DECIDED | {"review.finalist_profile"}),
    ],
    ids=["in_review", "released", "sent", "in_pools"],
)
def test_no_page_asks_more_of_the_database_the_more_is_read(
    app: FundApp, storage: Storage, signed_in: SignedIn, make: Callable[[Storage], Round], elsewhere: set[str]
) -> None:
    made = make(storage)
    grown, objects = Grown(made, storage), made.objects()
    clients = {role: signed_in(made.people[role]) for role in VIEWERS}
    walked = [(rule, path) for rule in pages(app) for path in addresses(app, rule, objects)]

    def asked() -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for rule, path in walked:
            with counted_statements() as statements:
                answer = clients[viewer(app, rule)].get(path)
            found[path] = answer.status_code, len(statements)
            db.session.expunge_all()
        return found

    grown.grow_to(*FEW)
    few = asked()
    grown.grow_to(*MANY)
    many = asked()
    other = {path for path in few if few[path][0] != many[path][0]}
    more = {path for path in few if few[path][1] < many[path][1]}
    assert {path: (few[path], many[path]) for path in other | more} == {}
    shown = {rule.endpoint for rule, path in walked if many[path][0] == 200}
    assert {rule.endpoint for rule in pages(app)} - shown == NOT_SHOWN.keys() | elsewhere


def test_applying_and_undoing_a_plan_ask_as_much_of_the_database_for_few_as_for_many(app: FundApp) -> None:
    asked = []
    for applications, reviewers in (FEW, MANY):
        call = make_call(reviews_per_entry=2)
        for _ in range(applications):
            make_application(call)
        for _ in range(reviewers):
            make_reviewer(call)
        manager = actor_of(make_staff(Role.MANAGER))
        plan = request_plan(actor=manager, call=call, now=NOW)
        db.session.commit()
        for step in (apply_plan, undo_plan):
            db.session.refresh(plan)
            with counted_statements() as statements:
                step(actor=manager, plan=plan, now=NOW)
                db.session.commit()
            asked.append(len(statements))
        told = db.session.scalars(select(OutboxItem.id).where(OutboxItem.kind == TELL_KIND)).all()
        assert len(told) == reviewers
        db.session.execute(delete(OutboxItem))
        db.session.commit()
    assert asked[:2] == asked[2:]
