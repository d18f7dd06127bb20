"""Looking for what somebody must not see because of a conflict of interest: every page, with and without it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.queries.afterwards import shortlist
from fundapp.applications.queries.meant_applications import application_called, chosen_applications, entered_draft
from fundapp.applications.wanted import Order
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.disbursement.exports.decisions import decisions
from fundapp.disbursement.exports.kinds import tables_for
from fundapp.disbursement.exports.payees import payees_at_most
from fundapp.disbursement.models import AwardOffer
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.queries.exports import seen_sha256
from fundapp.disbursement.queries.letters import awards_to_certify
from fundapp.disbursement.queries.payees import managed_payee, payee_of, payees, sharing
from fundapp.disbursement.queries.payments import files, managed_plan, plans
from fundapp.disbursement.queries.screening import screened_award, screened_awards
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    Decision,
    DiscussionPost,
    LineDraw,
    LineLot,
    Outcome,
    PairRuleKind,
    PlanStatus,
    Ratification,
    SlateStatus,
)
from fundapp.review.news_rules import News
from fundapp.review.queries.applicants import known_applicants
from fundapp.review.queries.conflicts import application_by_reference
from fundapp.review.queries.planning import latest_plan
from fundapp.review.queries.pools import duties, pools_of, unplaced
from fundapp.review.queries.selection import decided_entries, sees_everything, set_terms
from fundapp.review.queries.waiting import work_of
from fundapp.review.services import pools
from fundapp.review.services.news import tell_of_the_day, tell_reviewer
from fundapp.review.services.pairs import rule_pair
from fundapp.review.services.planning import apply_plan, request_plan
from fundapp.review.services.reading import declare_conflict, declare_no_conflict

from ..conftest import actor_of
from ..factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_person,
    make_protected,
    make_review,
    make_reviewer,
    make_staff,
)
from ..frozen_tallies import freeze_as_sent
from ..funding import make_award
from ..integration.pool_round import KNOWN
from ..integration.pool_round import Round as PoolRound
from .conditions import Conditions, Use, uses
from .conflicting import CANARY, Hidden, Hide, Panel, belonging, make_hidden, make_panel, named, pin, pinned, tied
from .crawl import fetch_unparsed, rules_of
from .world import Round, addresses, make_payee

LIMIT = 3_000_000
"""From this award on two people ratify the list, in minor units."""
CHANGING = re.compile(rb'(name="csrf_token" value|data-token)="[^"]*"')
VIEWERS = (Role.REVIEWER, Role.CHAIR, Role.MANAGER, Role.RATIFIER, Role.FINANCE)
WAYS: dict[Role, tuple[Hide, ...]] = {
    Role.REVIEWER: (pinned, tied, belonging, named),
    Role.MANAGER: (pinned, tied, belonging, named),
}
"""How a conflict of interest can come about; the first one is tried for everybody, on every page."""
SEARCH = "search"
FILES = ("applications.csv", "applications.xlsx", "letters.csv")
"""Lists as files, which a form asks for."""


def paths_of(app: FundApp, role: Role, ours: Round, objects: dict[str, list[Any]]) -> list[str]:
    """Return every address that a role may ask for, its lists sorted and filtered in every way that could tell."""
    paths = [path for rule in rules_of(app, role, "GET") for path in addresses(app, rule, objects)]
    listed = f"/manage/{ours.call.slug}/applications"
    paths += [f"{listed}?sort={column}" for column in Order]
    paths += [f"{listed}?status=eligible&page={page}" for page in (1, 2)]
    paths += [f"{listed}?waiting=twice"]
    return paths + ([SEARCH, *FILES] if role is Role.MANAGER else [])


def answer(client: FlaskClient, path: str, ours: Round) -> bytes:
    """Return what an address answers, headers that can tell something included; messages of other pages left out."""
    with client.session_transaction() as session:
        session.pop("_flashes", None)
    managed = f"/manage/{ours.call.slug}"
    if path == SEARCH:
        found = fetch_unparsed(client, f"{managed}/applications", "POST", data={"search": CANARY})
    elif path in FILES:
        found = fetch_unparsed(client, f"{managed}/{path}", "POST")
    else:
        found = fetch_unparsed(client, path)
    head = "|".join(f"{found.headers.get(name)}" for name in ("ETag", "Last-Modified", "Content-Length", "Location"))
    if found.headers.get("Content-Type", "").startswith("text/html"):
        head = f"{found.headers.get('Location')}"
    return f"{found.status_code}|{head}|".encode() + CHANGING.sub(b"", found.data)


def everything(app: FundApp, client: FlaskClient, role: Role, ours: Round) -> dict[str, bytes]:
    objects = ours.objects() | {"person_id": [ours.people[Role.REVIEWER].id]}
    return {path: answer(client, path, ours) for path in paths_of(app, role, ours, objects)}


def differing(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


@pytest.mark.parametrize("role", VIEWERS)
def test_row_14_every_page_is_the_same_with_and_without_an_application_in_conflict(
    app: FundApp, signed_in: Any, clock: Any, role: Role
) -> None:
    clock.move_to(NOW)
    panel = make_panel(app)
    ours, person = panel.round, panel.round.people[role]
    client = signed_in(person)
    before = everything(app, client, role, ours)
    hidden = make_hidden(app, panel)
    if role is Role.REVIEWER:
        make_assignment(hidden.entry, ours.assignments[0].reviewer)
    db.session.commit()
    shown = everything(app, client, role, ours)
    telling = differing(before, shown)
    named_by = str((hidden.awarded if role is Role.FINANCE else hidden.application).reference).encode()
    assert any(named_by in shown[path] for path in telling), "it would be seen, were it not for the conflict"
    for hide in WAYS.get(role, (pinned,)):
        undo = hide(hidden, person)
        db.session.commit()
        paths = before if hide is pinned else telling
        after = {path: answer(client, path, ours) for path in paths}
        own = {path for path in paths if path.endswith(("/conflicts", "/reviews/profile"))} if hide is tied else set()
        assert differing({path: before[path] for path in paths}, after) - own == set(), hide.__name__
        undo()
        db.session.commit()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.RATIFIER])
def test_row_14_every_page_of_a_list_that_was_sent_is_the_same_with_and_without_an_application_in_conflict(
    app: FundApp, signed_in: Any, clock: Any, role: Role
) -> None:
    """What is hidden asks for two people to ratify, and one has. The frozen tally is whole, and is refused."""
    clock.move_to(NOW)
    panel = make_panel(app)
    ours, person = panel.round, panel.round.people[role]
    make_decision(panel.slate, ours.sent.entries[0], amount_minor=LIMIT - 1)
    terms, sender = set_terms(ours.call), make_person()
    assert terms is not None
    terms.two_ratifiers_from_minor = LIMIT
    panel.slate.status, panel.slate.proposed_by_id, panel.slate.proposed_at = SlateStatus.PROPOSED, sender.id, NOW
    freeze_as_sent(panel.slate)
    db.session.commit()
    client = signed_in(person)
    whole = f"/manage/{ours.call.slug}/tally-file"
    before = everything(app, client, role, ours)
    assert before.pop(whole).startswith(b"200|")
    hidden = make_hidden(app, panel)
    decision = db.session.scalars(select(Decision).where(Decision.entry_id == hidden.entry.id)).one()
    decision.outcome, decision.amount_minor = Outcome.AWARD, LIMIT
    ours.call.committed_minor += LIMIT
    db.session.add(Ratification(slate_id=panel.slate.id, sending=1, person_id=make_person("First").id, ratified_at=NOW))
    db.session.commit()
    telling = differing(before, {path: answer(client, path, ours) for path in before})
    managed = f"/manage/{ours.call.slug}"
    assert telling >= {f"{managed}/selection", f"{managed}/minutes.pdf", f"{managed}/ratification"} & before.keys()
    pinned(hidden, person)
    db.session.commit()
    assert differing(before, {path: answer(client, path, ours) for path in before}) == set()
    assert answer(client, whole, ours).startswith(b"403|")


@pytest.mark.parametrize("role", VIEWERS)
def test_row_14_addresses_of_an_application_in_conflict_answer_like_those_of_none(
    app: FundApp, signed_in: Any, clock: Any, role: Role
) -> None:
    clock.move_to(NOW)
    panel = make_panel(app)
    ours, person = panel.round, panel.round.people[role]
    hidden = make_hidden(app, panel)
    given = make_assignment(hidden.entry, ours.assignments[0].reviewer)
    theirs = {name: ids[0] for name, ids in hidden.objects().items()} | {"assignment_id": given.id}
    pinned(hidden, person)
    db.session.commit()
    client = signed_in(person)
    nobody = {name: uuid4() for name in theirs}
    objects = ours.objects() | {"person_id": [ours.people[Role.REVIEWER].id]}
    for rule in rules_of(app, role, "GET"):
        names = [name for name in theirs if name in rule.arguments]
        if not names:
            continue
        hidden_paths, unknown_paths = (
            addresses(app, rule, objects | {name: [ids[name]] for name in names}) for ids in (theirs, nobody)
        )
        for one, another in zip(hidden_paths, unknown_paths, strict=True):
            answers = [fetch_unparsed(client, path) for path in (one, another)]
            assert answers[0].status_code == answers[1].status_code, one
            texts = [CHANGING.sub(b"", answer.data) for answer in answers]
            for name in names:
                texts[0] = texts[0].replace(str(theirs[name]).encode(), b"ID")
                texts[1] = texts[1].replace(str(nobody[name]).encode(), b"ID")
            assert texts[0] == texts[1], one


def test_row_11_a_later_recusal_hides_everything_at_once(app: FundApp, signed_in: Any, clock: Any) -> None:
    clock.move_to(NOW)
    panel = make_panel(app)
    ours = panel.round
    reviewer = ours.assignments[0].reviewer
    client = signed_in(reviewer.person)
    before = everything(app, client, Role.REVIEWER, ours)
    mails = mails_to(reviewer.person)
    application = make_hidden(app, panel).application
    given = make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
    declare_no_conflict(actor=actor_of(reviewer.person), assignment=given, now=NOW)
    db.session.commit()
    file = f"/reviews/applications/{application.id}/files/{application.attachments[0].id}"
    pages = [file, f"/reviews/{given.id}", f"/reviews/{given.id}/conflict"]
    opened = {path: fetch_unparsed(client, path) for path in pages}
    assert {answer.status_code for answer in opened.values()} == {200}
    assert {answer.headers["Cache-Control"] for answer in opened.values()} == {"no-store"}
    given = db.session.scalars(select(Assignment).where(Assignment.id == given.id)).one()
    declare_conflict(actor=actor_of(reviewer.person), assignment=given, reason="A friend.", now=NOW)
    db.session.commit()
    for path, answer in opened.items():
        headers = {
            "If-None-Match": answer.headers.get("ETag", "*"),
            "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT",
        }
        assert fetch_unparsed(client, path, headers=headers).status_code == 404, path
        assert fetch_unparsed(client, path, "HEAD").status_code == 404, path
    assert differing(before, everything(app, client, Role.REVIEWER, ours)) == set()
    assert mails_to(reviewer.person) == mails


@pytest.mark.parametrize("steps_back", [False, True])
def test_row_11_no_mail_of_the_day_tells_of_what_somebody_stepped_back_from(app: FundApp, steps_back: bool) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    (entry,) = make_application(call).entries
    make_review(entry, reviewer, [4, 4])
    (given,) = reviewer.assignments
    db.session.add(
        DiscussionPost(
            entry_id=entry.id, stage_id=entry.stage_id, author_id=make_person().id, text="I disagree.", posted_at=NOW
        )
    )
    assert not tell_reviewer(reviewer.person, News.DISCUSSION, now=NOW), "it waits for the mail of the day"
    if steps_back:
        declare_conflict(actor=actor_of(reviewer.person), assignment=given, reason="A friend.", now=NOW)
    tell_of_the_day(secret_key="of a test", now=NOW + timedelta(days=1), commit=db.session.flush)
    assert mails_to(reviewer.person) == (0 if steps_back else 1)


@pytest.mark.parametrize("status", [PlanStatus.READY, PlanStatus.APPLIED])
def test_row_14_a_plan_made_before_a_conflict_tells_nothing_after_it(
    app: FundApp, signed_in: Any, clock: Any, status: PlanStatus
) -> None:
    clock.move_to(NOW)
    call = make_call(reviews_per_entry=1)
    mine, hidden = make_application(call), make_application(call)
    person = make_staff(Role.MANAGER, call)
    make_reviewer(call)
    actor, client = actor_of(person), signed_in(person)
    plan = request_plan(actor=actor, call=call, now=NOW)
    if status is PlanStatus.APPLIED:
        apply_plan(actor=actor, plan=plan, now=NOW)
    db.session.commit()
    url = f"/manage/{call.slug}/assignment"
    button = str(plan.id).encode()
    assert button in fetch_unparsed(client, url).data
    pin(hidden, person)
    db.session.commit()
    page = fetch_unparsed(client, url).data
    assert str(mine.reference).encode() in page
    assert button not in page
    assert b"2 new assignments" not in page
    for path in (url, f"{url}/undo", f"{url}/anchors", f"{url}/bridges"):
        assert fetch_unparsed(client, path, "POST", data={"plan": str(plan.id)}).status_code == 404, path
    again = request_plan(actor=actor, call=call, now=NOW)
    assert latest_plan(actor=actor, call=call) is again, "a new one is over what they may see"


def mails_to(person: Person) -> int:
    """Return how many mails wait or were sent to somebody."""
    return sum(mail.to_address == person.email for mail in db.session.scalars(select(MailMessage)))


def test_row_14_every_condition_is_noticed_when_it_is_left_out(
    app: FundApp, signed_in: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Break each place that asks for the condition, on its own; some page, file or question must answer otherwise.

    A place behind another is broken together with that one, and must make a difference there.
    """
    clock.move_to(NOW)
    panel = make_panel(app)
    ours, person = panel.round, panel.round.people[Role.MANAGER]
    hidden = make_hidden(app, panel)
    make_protected(hidden.turned_down)
    rule_pair(
        actor=actor_of(person), entry=hidden.entry, reviewer=panel.recused, kind=PairRuleKind.FORBID, now=NOW
    )  # told in the history by what it names alone
    request_plan(actor=actor_of(person), call=ours.call, now=NOW)
    fix_lot(hidden, person)
    pinned(hidden, person)
    client = signed_in(person)
    asked = asked_of_services(panel, hidden, actor_of(person)) | asked_of_pools() | asked_of_finance(panel, hidden)
    db.session.commit()
    objects = {name: ids + hidden.objects().get(name, []) for name, ids in ours.objects().items()}
    objects["person_id"] = [panel.recused.person_id]
    typing = f"/applications/{hidden.typed_in.id}"

    def said(question: str) -> object:
        try:
            return repr(asked[question]()) if question in asked else answer(client, question, ours)
        except Exception as error:  # whatever becomes of a page or a service without the condition
            return type(error).__name__
        finally:
            db.session.rollback()

    conditions = Conditions(monkeypatch)
    whole: dict[str, object] = {}
    asking: dict[Use, list[str]] = {}
    for question in [*paths_of(app, Role.MANAGER, ours, objects), typing, *asked]:
        with conditions.asked() as asked_here:
            whole[question] = said(question)
        for use in asked_here:
            asking.setdefault(use, []).append(question)

    def makes_a_difference(use: Use, question: str, first: frozenset[Use] = frozenset()) -> bool:
        with conditions.without(first):
            before = said(question) if first else whole[question]
        with conditions.without(first | {use}):
            return said(question) != before

    unnoticed = [use for use in uses() if not any(makes_a_difference(use, each) for each in asking.get(use, ()))]
    bare = [
        str(use)
        for use in unnoticed
        if not any(
            makes_a_difference(use, question, frozenset({other}))
            for other in sorted(asking.keys() - {use})
            for question in asking[other]
            if other.module == use.module or question in asking.get(use, ())
        )
    ]
    assert bare == [], "\n".join(bare)


def fix_lot(hidden: Hidden, person: Person) -> None:
    """Let lots at the line be fixed, among them that of the application."""
    draw = LineDraw(
        call_id=hidden.application.call_id, number=1, width=1, value_source=CANARY, value_at=NOW + timedelta(days=1),
        fingerprint="0", fixed_by_id=person.id, fixed_at=NOW,
    )  # fmt: skip
    draw.lots = [LineLot(entry_id=hidden.entry.id, label=CANARY, stratum=1)]
    db.session.add(draw)


def asked_of_services(panel: Panel, hidden: Hidden, actor: Actor) -> dict[str, Callable[[], object]]:
    """Return what pages ask only when a form is sent, or in another state of the call: each changes nothing."""
    call, reference = panel.round.call, str(hidden.application.reference)
    ids = [each.id for each in hidden.all]
    return {
        "who can be asked for papers": lambda: [each.id for each in shortlist(actor=actor, stage=call.deciding_stage)],
        "who was chosen": lambda: [each.id for each in chosen_applications(actor=actor, call=call, ids=ids)],
        "which one stays": lambda: application_called(actor=actor, call=call, reference=reference),
        "which one is meant": lambda: application_by_reference(actor=actor, call=call, reference=reference),
        "a draft that was typed in": lambda: entered_draft(actor=actor, application_id=hidden.typed_in.id).id,
        "who applies": lambda: known_applicants(actor=actor, call=call, person_ids=[hidden.person.id]),
        "is everything seen": lambda: sees_everything(actor=actor, call=call),
        "how many are decided": lambda: decided_entries(actor=actor, call=call),
        "what waits in the review": lambda: work_of(actor=actor, calls=[call]),
        "whose certificates are missing": lambda: [each.id for each in awards_to_certify(actor=actor, call=call)],
        "the table of decisions": lambda: decisions(actor=actor, call=call, is_anonymised=False).rows,
        "how long tables are": lambda: [kind.rows_of(actor, call) for kind in tables_for(actor, call).values()],
        "for what a long table was made": lambda: seen_sha256(actor=actor, call=call, until=KNOWN),
    }


def asked_of_finance(panel: Panel, hidden: Hidden) -> dict[str, Callable[[], object]]:
    """Return what only those ask who pay: one of them has the same conflict of interest."""
    call, person = panel.round.call, panel.round.people[Role.FINANCE]
    pinned(hidden, person)
    actor = actor_of(person)
    offer = db.session.scalars(select(AwardOffer).where(AwardOffer.award_id == hidden.award.id)).one()
    offer.status, offer.settled_at, offer.settled_by_id = OfferStatus.ACCEPTED, NOW, hidden.person.id
    offer.text_sha256, offer.language = "0" * 64, "en"
    same_account = make_award(panel.earlier)
    make_payee(same_account, make_person(), "")
    return {
        "where money goes": lambda: [each.award.id for each in payees(actor=actor, call=call)],
        "where the money of an award goes": lambda: (
            managed_payee(actor=actor, call=call, award_id=hidden.award.id).award.id
        ),
        "what became of the money": lambda: [each.award.id for each in plans(actor=actor, call=call)],
        "the instalments of an award": lambda: managed_plan(actor=actor, call=call, award_id=hidden.award.id).award.id,
        "which files pay whom": lambda: [each.file.id for each in files(actor=actor, call=call)],
        "names like those on a list": lambda: [each.award.id for each in screened_awards(actor=actor, call=call)],
        "what was found of a name": lambda: screened_award(actor=actor, call=call, award_id=hidden.award.id).award.id,
        "how long a table of payees is": lambda: payees_at_most(actor, call),
        "who names the same account": lambda: sharing(actor=actor, rows=[payee_of(same_account)]),
    }


def asked_of_pools() -> dict[str, Callable[[], object]]:
    """Return the same for a call whose applicants review each other: one application is in a pool, one came late."""
    there = PoolRound(4)
    draw, late = there.draw(), there.apply()
    placed = there.applications[0]
    for application in (placed, late):
        pin(application, there.manager)
    actor, call = there.actor, there.call
    return {
        "who did what was asked of them": lambda: len(duties(actor=actor, draw=draw)),
        "who is in no pool": lambda: unplaced(actor=actor, call=call, pools=pools_of(call)),
        "how many are in no pool": lambda: work_of(actor=actor, calls=[call])[call.id].unplaced,
        "excuse somebody": lambda: pools.excuse(
            actor=actor, call=call, application_id=placed.id, reason="Ill.", now=KNOWN
        ),
        "ask all applicants to review": lambda: len(
            pools.invite_applicants(actor=actor, call=call, max_entries=3, secret_key="of a test", now=KNOWN)
        ),
    }
