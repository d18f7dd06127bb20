"""Nothing is kept longer than the table says, and nothing that is younger is touched."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, or_, select, update

from fundapp.accounts.models import (
    LinkPurpose,
    MembershipRole,
    OneTimeLink,
    OrganisationInvitation,
    Person,
    SignInSession,
)
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    DraftOffer,
    Enquiry,
    EnquiryCause,
    ImportPart,
    Nomination,
    Nominee,
    TableImport,
    Upload,
)
from fundapp.core import unit_of_work
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.mail import MailMessage, queue_mail
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.retention import BATCH, Due, NothingErased, Rule, plan, run
from fundapp.core.sealing import record_of
from fundapp.disbursement.models import Award, ExportJob, NextCallConsent
from fundapp.retention.classes import RULES, TOLD
from fundapp.retention.models import Erasure, ErasureCause
from fundapp.retention.queries import is_held
from fundapp.retention.services import erase_application, lift_hold, set_hold
from fundapp.review.models import Ballot, Outcome, PublicVote, SlateStatus, VoteRequest

from ..attacks.prize_world import make_vote
from ..conftest import actor_of
from ..factories import (
    NOW,
    make_application,
    make_call,
    make_decision,
    make_member,
    make_organisation,
    make_person,
    make_slate,
    make_staff,
)

DAY = timedelta(days=1)
AGES = (timedelta(0), -timedelta(seconds=1), DAY)
"""Beyond the limit: just due, not due yet, long due."""


def since(name: str, age: timedelta) -> Any:
    """The moment from which something counts that is `age` older than its limit at NOW."""
    return NOW - timedelta(days=TOLD[name].days) - age


def application(age: timedelta, name: str) -> Any:
    at = since(name, age)
    call = make_call(opens_at=at - 100 * DAY, closes_at=at - DAY if name != "undecided" else at)
    if name == "draft":
        made = make_application(call, status=ApplicationStatus.DRAFT, saved_at=at)
    elif name == "ineligible":
        made = make_application(call, status=ApplicationStatus.INELIGIBLE, eligibility_at=at)
    elif name == "withdrawn":
        made = make_application(call, status=ApplicationStatus.WITHDRAWN, withdrawn_at=at)
    else:
        made = make_application(call)
    if name in ("declined", "next_call", "awarded"):
        slate = make_slate(call, SlateStatus.RELEASED)
        slate.released_at = at
        outcome = Outcome.AWARD if name == "awarded" else Outcome.DECLINE
        decision = make_decision(slate, made.entries[0], outcome=outcome)
        if name == "next_call":
            asked = {"text_sha256": "0" * 64, "language": "en", "answered_by_id": made.person_id, "answered_at": at}
            answer = NextCallConsent(application_id=made.id, says_yes=True, **asked)
            db.session.add(answer)
            db.session.flush()
            record(actor=system_actor(), action="consent:give", subject=answer, now=at, call_id=call.id)
        if name == "awarded":
            award = {"decision_id": decision.id, "call_id": call.id, "reference": made.reference}
            db.session.add(Award(**award, amount_minor=decision.amount_minor, currency="USD", awarded_at=at))
    keep_signing_in(made.person)
    db.session.flush()
    return made.id


def keep_signing_in(person: Person, at: Any = NOW) -> None:
    record(actor=system_actor(), action="session:open", subject=person, now=at)


def person(age: timedelta, name: str) -> Any:
    at = since(name, age)
    made = make_person()
    made.created_at = at - (1000 * DAY if name == "person" else timedelta(0))
    if name == "person":
        keep_signing_in(made, at - 50 * DAY)
        keep_signing_in(made, at)
    db.session.flush()
    return made.id


def row(age: timedelta, name: str) -> Any:
    at, owner = since(name, age), make_staff(Role.MANAGER)
    made: Any
    if name == "session":
        made = SignInSession(
            token_hash=str(uuid4()),
            person_id=owner.id,
            created_at=at - DAY,
            seen_at=at - DAY,
            expires_at=at,
            proved_at=at,
        )
    elif name == "link":
        made = OneTimeLink(
            person_id=owner.id, purpose=LinkPurpose.SIGN_IN, token_hash=str(uuid4()), created_at=at - DAY, expires_at=at
        )
    elif name == "invitation":
        made = OrganisationInvitation(
            organisation_id=make_organisation().id,
            person_id=owner.id,
            role=MembershipRole.COLLABORATOR,
            created_at=at - DAY,
            expires_at=at,
        )
    elif name == "work":
        made = OutboxItem(
            kind="k", subject_id=uuid4(), dedup_key=str(uuid4()), state=OutboxState.DONE, not_before=at, created_at=at,
            done_at=at,
        )  # fmt: skip
    else:
        made = queue_mail(to_address="a@example.org", language="en", template="news", data={"path": "/"}, now=at - DAY)
        made.sent_at, made.failed_at = (at, None) if name == "mail_sent" else (None, at)
        (item,) = db.session.scalars(select(OutboxItem).where(OutboxItem.subject_id == made.id))
        item.state = OutboxState.FAILED
    db.session.add(made)
    db.session.flush()
    return made.id


def begun(age: timedelta, name: str) -> Any:
    """What somebody began without an address, with or without a draft."""
    at = since(name, age)
    made = Person(language="en", begin_key=str(uuid4()), created_at=at)
    db.session.add(made)
    db.session.flush()
    if name == "beginner":
        return made.id
    call = make_call(opens_at=at - DAY, closes_at=NOW + DAY)
    return make_application(call, person=made, status=ApplicationStatus.DRAFT, saved_at=NOW).id


def before_applying(age: timedelta, name: str) -> Any:
    at = since(name, age)
    call = make_call(opens_at=at - 100 * DAY, closes_at=at - DAY)
    made: Any
    if name == "enquiry":
        made = Enquiry(
            call_id=call.id, cause=EnquiryCause.BARRED, questions=[], text="May we?", language="en",
            token_hash=str(uuid4()), asked_at=at,
        )  # fmt: skip
    elif name == "nomination":
        nominee = Nominee(call_id=call.id, created_at=at)
        db.session.add(nominee)
        db.session.flush()
        made = Nomination(
            nominee_id=nominee.id, name="A group", contact="+254 700", why="Good", may_be_named=False, made_at=at
        )
    else:
        call.closes_at = NOW + DAY
        draft = make_application(call, status=ApplicationStatus.DRAFT)
        made = DraftOffer(
            application_id=draft.id, person_id=draft.person_id, offered_by_id=draft.person_id, offered_at=at - DAY,
            expires_at=at,
        )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def upload(age: timedelta, name: str) -> UUID:
    """A file whose last part arrived some time ago."""
    draft = make_application(make_call(), status=ApplicationStatus.DRAFT)
    at = since(name, age)
    made = Upload(
        application_id=draft.id, question="paper", size_bytes=9, received_bytes=0, started_at=at, touched_at=at
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def table(age: timedelta, name: str) -> UUID:
    """A table of applications that was looked at some time ago, or whose notes are that old."""
    at = since(name, age)
    made = TableImport(
        call_id=make_call().id,
        begun_by_id=make_person().id,
        begun_at=at,
        touched_at=at,
        finished_at=at if name == "import" else NOW,
        takes=False,
        as_drafts=False,
        stored_as=None if name == "import" else "0" * 64,
        sha256="0" * 64,
        rows=1,
        rows_done=1,
    )
    made.filename = "table.csv"
    db.session.add(made)
    db.session.add(ImportPart(table_import_id=record_of(made).id, start_row=0, problems=[["row 2", "wrong"]]))
    db.session.flush()
    return made.id


def export(age: timedelta, name: str) -> UUID:
    """A table that somebody asked for some time ago, and never saved."""
    made = ExportJob(
        call_id=make_call().id, asked_by_id=make_person().id, asked_at=since(name, age), what="decisions", format="csv",
        is_anonymised=False, for_excel=False, language="en",
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def public_vote(age: timedelta, name: str) -> UUID:
    """A public vote that closed some time ago with a vote in it, or a choice whose link nobody opened in time."""
    at = since(name, age)
    call = make_call()
    (entry,) = make_application(call).entries
    vote = make_vote(call, entry, make_staff(Role.MANAGER), "Sample")
    if name == "voter":
        vote.opens_at, vote.closes_at = at - DAY, at
        db.session.flush()
        return vote.id
    db.session.execute(update(Ballot).where(Ballot.vote_id == vote.id).values(voter_key=None))
    mail = queue_mail(to_address="a@example.org", language="en", template="news", data={"path": "/"}, now=NOW)
    made = VoteRequest(
        vote_id=vote.id, choices=[], token_hash=str(uuid4()), mail_id=mail.id, voter_key="v", network_key="n",
        is_throwaway=False, asked_at=at - DAY, expires_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


MAKERS: dict[str, Callable[[timedelta, str], UUID]] = {
    **dict.fromkeys(("draft", "ineligible", "declined", "next_call", "undecided", "awarded", "withdrawn"), application),
    **dict.fromkeys(("person", "unconfirmed"), person),
    **dict.fromkeys(("begun", "beginner"), begun),
    **dict.fromkeys(("enquiry", "nomination", "offer"), before_applying),
    **dict.fromkeys(("session", "link", "invitation", "mail_sent", "mail_failed", "work"), row),
    "upload": upload,
    **dict.fromkeys(("table", "import"), table),
    "export": export,
    **dict.fromkeys(("vote_request", "voter"), public_vote),
}
TABLES: dict[str, type[Any]] = {
    **dict.fromkeys(("draft", "ineligible", "declined", "next_call", "undecided", "awarded", "withdrawn"), Application),
    **dict.fromkeys(("person", "unconfirmed"), Person),
    "begun": Application,
    "beginner": Person,
    "enquiry": Enquiry,
    "nomination": Nomination,
    "offer": DraftOffer,
    "session": SignInSession,
    "link": OneTimeLink,
    "invitation": OrganisationInvitation,
    "mail_sent": MailMessage,
    "mail_failed": MailMessage,
    "upload": Upload,
    "table": TableImport,
    "import": TableImport,
    "export": ExportJob,
    "work": OutboxItem,
    "vote_request": VoteRequest,
    "voter": PublicVote,
}


def erased(name: str, row_id: UUID) -> bool:
    found = db.session.get(TABLES[name], row_id, populate_existing=True)
    if name == "table":
        return found is not None and found.stored_as is None
    if name == "voter":
        kept = select(func.count()).where(Ballot.vote_id == row_id)
        assert db.session.scalar(kept), "votes are counted for good"
        keyed = or_(*(key.is_not(None) for key in (Ballot.voter_key, Ballot.network_key)))
        return not db.session.scalar(kept.where(keyed))
    return found is None or getattr(found, "erased_at", None) is not None


def run_all(app: Any, rules: Sequence[Rule] = RULES) -> dict[str, int]:
    db.session.commit()
    done = run(rules, NOW, lambda: unit_of_work.commit(app.queue))
    db.session.commit()
    return done


def test_every_class_has_words_and_a_test():
    assert [rule.name for rule in RULES] == list(TOLD)
    assert set(MAKERS) == set(TOLD) == set(TABLES)


@pytest.mark.parametrize("name", TOLD)
def test_what_is_due_goes_and_what_is_younger_stays(app, name):
    due, young, old = (MAKERS[name](age, name) for age in AGES)
    done = run_all(app)
    assert done[name] == 2
    assert [erased(name, each) for each in (due, young, old)] == [True, False, True]
    assert sum(done.values()) == 2, "nothing else was touched"
    assert sum(run_all(app).values()) == 0, "a second run finds nothing"


@pytest.mark.parametrize("name", ["draft", "declined", "person", "link"])
def test_the_plan_says_what_a_run_would_do_and_changes_nothing(app, name):
    for age in AGES:
        MAKERS[name](age, name)
    db.session.commit()
    planned = [each for each in plan(RULES, NOW) if each.rule == name]
    assert (sum(each.now for each in planned), sum(each.later for each in planned)) == (2, 1)
    assert [each.next_at for each in planned if each.next_at] == [NOW + timedelta(seconds=1)]
    assert db.session.scalar(select(func.count()).select_from(Erasure)) == 0


def test_a_call_has_periods_of_its_own(app):
    call = make_call(closes_at=NOW - 10 * DAY, opens_at=NOW - 50 * DAY, retention_days={"draft": 9})
    other = make_call(closes_at=NOW - 10 * DAY, opens_at=NOW - 50 * DAY, retention_days={"declined": 9})
    short, usual = (
        make_application(each, status=ApplicationStatus.DRAFT, saved_at=NOW - 11 * DAY).id for each in (call, other)
    )
    assert run_all(app)["draft"] == 1
    assert (erased("draft", short), erased("draft", usual)) == (True, False)


def test_a_run_that_is_cut_off_goes_on_where_it_stood(app):
    ids = [row(DAY, "link") for _ in range(BATCH + 5)]
    db.session.commit()
    links = [rule for rule in RULES if rule.name == "link"]

    def cut_off() -> None:
        db.session.commit()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(links, NOW, cut_off)
    assert sum(erased("link", each) for each in ids) == BATCH
    assert run(links, NOW, db.session.commit) == {"link": 5}


def test_a_rule_that_erases_nothing_stops_instead_of_going_on_for_ever(app):
    lazy = Rule("lazy", lambda: [Due(UUID(int=1), NOW)], lambda _ids, _now: None)
    with pytest.raises(NothingErased):
        run([lazy], NOW, db.session.commit)


def test_an_erasure_is_recorded_by_reference_only(app):
    made = db.session.get_one(Application, application(DAY, "declined"))
    name, title = made.organisation_name, made.title
    run_all(app)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.object_id == made.id)).all()
    (entry,) = [entry for entry in entries if entry.action == "application:erase"]
    assert entry.actor_id is None
    assert entry.data == {"files": 0, "submissions": 1}
    texts = repr([entry.data for entry in db.session.scalars(select(AuditEntry))])
    assert name not in texts
    assert title not in texts


@pytest.mark.parametrize("whole_call", [True, False])
def test_a_hold_keeps_what_is_due_until_two_people_lift_it(app, whole_call):
    made = db.session.get_one(Application, application(DAY, "declined"))
    first, second = (actor_of(make_staff(Role.MANAGER, made.call)) for _ in range(2))
    hold = set_hold(
        actor=first, call=made.call, application=None if whole_call else made, reason="A court asked for it.", now=NOW
    )
    assert is_held(made)
    assert run_all(app)["declined"] == 0
    with pytest.raises(Conflict):
        erase_application(actor=first, application=made, cause=ErasureCause.REQUEST, now=NOW)
    for actor in (first, first):
        lift_hold(actor=actor, hold=hold, now=NOW)
        db.session.flush()
        assert is_held(made), "one person alone does not lift it"
    lift_hold(actor=second, hold=hold, now=NOW)
    assert run_all(app)["declined"] == 1


def test_people_stay_while_something_needs_them(app):
    role = make_staff(Role.REVIEWER)
    contact = make_application(make_call()).person
    colleague = make_person()
    held = make_organisation()
    make_member(colleague, held, MembershipRole.COLLABORATOR)
    make_application(make_call(), organisation=held)
    for each in (role, contact, colleague):
        each.created_at = NOW - 3000 * DAY
    db.session.flush()
    run_all(app, [rule for rule in RULES if rule.name in ("person", "unconfirmed")])
    assert [erased("person", each.id) for each in (role, contact, colleague)] == [False, False, False]


def test_people_go_after_their_last_application(app):
    made = db.session.get_one(Application, application(DAY, "declined"))
    person_id = made.person_id
    made.person.created_at = NOW - 3000 * DAY
    run_all(app)
    assert not erased("person", person_id), "they signed in today"
    later = NOW + timedelta(days=TOLD["person"].days)
    run(RULES, later, lambda: unit_of_work.commit(app.queue))
    assert erased("person", person_id)
