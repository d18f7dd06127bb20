"""Instalments and payments: planned to the last unit, approved and released by others, paid once, and followed."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from fundapp.accounts.permissions import Role, system_actor
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import FundMovement, FundShare, Instalment, Payment, PaymentDocument, PaymentFile
from fundapp.disbursement.payment_rules import FileFormat, FileStatus, PaymentStatus, Planned, Standing
from fundapp.disbursement.queries.fund_check import broken_funds
from fundapp.disbursement.queries.payment_check import broken_payments
from fundapp.disbursement.queries.payments import files, managed_plan, plan_of, plans
from fundapp.disbursement.queries.screening import hits_of, screening_holds
from fundapp.disbursement.screening_rules import Outcome, ScreeningHold, Subject
from fundapp.disbursement.sealed_payees import seal_details_anew
from fundapp.disbursement.services import instalments, payees, payments
from fundapp.disbursement.services.screening import Picked, confirm, decide, screen
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application

from ..attacks.conflicting import pin
from ..conftest import NOW, actor_of
from ..factories import make_person, make_staff
from ..payees import COOLING, OTHER_IBAN, give
from ..paying import PAYER, PAYS_ON, Paying, prepare, private_keys
from ..sanctions import LIKE_IT, LISTED, make_list
from .test_no_clear_text import dumped
from .test_selection_races import all_at_once

DAY = timedelta(days=1)


def paid(award):
    found = select(FundMovement.kind, FundMovement.amount_minor).where(
        FundMovement.award_id == award.id, FundMovement.kind.in_([MovementKind.PAID, MovementKind.RETURNED])
    )
    return Counter((kind.value, amount) for kind, amount in db.session.execute(found))


def take(app, made, file, file_format=FileFormat.CSV, at=NOW):
    return payments.take_document(
        actor=actor_of(made.one), storage=app.extensions["storage"], file=file, file_format=file_format, now=at
    )


def stored(app, file):
    """Return where the first document of a file is on disk."""
    folder = app.extensions["settings"].data_dir / "files"
    return next(folder.rglob(file.documents[0].stored_as))


def ready(made, *parts):
    planned = made.plan(*(parts or (made.award.amount_minor,)))
    made.approve(*planned)
    return planned


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        ((1_000_001,), [None]),
        ((500_000, 499_999), [None]),
        ((), [None]),
        ((1_000_000, 0), ["amount-1"]),
        ((1_000_001, -1), ["amount-1"]),
        ((1,) * 13, [None]),
    ],
)
def test_row_101_instalments_come_to_the_award_exactly_or_are_not_planned(app, parts, fields):
    made = Paying()
    with pytest.raises(RuleViolations) as refused:
        made.plan(*parts)
    assert [problem.field for problem in refused.value.problems] == fields
    assert plan_of(made.award).rows == []
    made.plan(333_334, 333_333, 333_333)
    assert [row.instalment.amount_minor for row in plan_of(made.award).rows] == [333_334, 333_333, 333_333]
    assert broken_payments() == []


def test_what_is_approved_stays_when_the_rest_is_planned_anew(app):
    made = Paying()
    first, _second = made.plan(400_000, 600_000)
    made.approve(first)
    with pytest.raises(RuleViolations):
        made.plan(1_000_000)
    made.plan(300_000, 300_000, by=made.two)
    rows = plan_of(made.award).rows
    assert [(row.instalment.number, row.instalment.amount_minor) for row in rows] == [
        (1, 400_000), (2, 300_000), (3, 300_000),
    ]  # fmt: skip
    with pytest.raises(Conflict):  # typed on a page that showed another plan
        instalments.plan_award(actor=actor_of(made.one), award=made.award, planned=[Planned(600_000)], seen="", now=NOW)


def test_row_93_nobody_approves_what_they_planned_or_let_go(app):
    made = Paying()
    (one,) = made.plan(1_000_000, by=made.one, waits_for="A report")
    act: dict[str, Any] = {"award": made.award, "instalment_id": one.id, "now": NOW}
    with pytest.raises(Conflict):
        instalments.approve(actor=actor_of(made.two), version=one.version, **act)  # it waits
    instalments.note_met(actor=actor_of(made.two), version=one.version, **act)
    assert (one.met_by_id, one.met_at) == (made.two.id, NOW)
    for person in (made.one, made.two):
        with pytest.raises(Conflict):
            instalments.approve(actor=actor_of(person), version=one.version, **act)
    with pytest.raises(NotAllowed):
        instalments.approve(actor=actor_of(make_person()), version=one.version, **act)
    instalments.approve(actor=actor_of(made.manager), version=one.version, **act)
    db.session.commit()
    for column in (Instalment.planned_by_id, Instalment.met_by_id):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(update(Instalment).where(Instalment.id == one.id).values({column: one.approved_by_id}))


def test_nobody_with_a_conflict_of_interest_plans_approves_releases_or_sees_it(app):
    made = Paying()
    planned = ready(made, 400_000, 600_000)
    file = made.prepare(planned[0])
    other = made.add_award()
    (theirs,) = made.plan(1_000_000, award=other)
    made.approve(theirs)
    file = made.prepare(planned[1], theirs)
    db.session.commit()
    made.make(app, file)
    pin(made.award.decision.entry.application, made.two)
    db.session.commit()
    actor = actor_of(made.two)
    with pytest.raises(NotFound):
        instalments.approve(actor=actor, award=made.award, instalment_id=planned[0].id, version=1, now=NOW)
    with pytest.raises(NotFound):
        managed_plan(actor=actor, call=made.call, award_id=made.award.id)
    assert [plan.award.id for plan in plans(actor=actor, call=made.call)] == [other.id]
    (seen,) = files(actor=actor, call=made.call)
    assert (seen.file.id, seen.amount_minor, len(seen.rows)) == (file.id, 1_000_000, 1)
    for act in (made.release,):
        with pytest.raises(Conflict):
            act(app, file)
    assert file.status is FileStatus.MADE


def test_a_payment_goes_all_the_way_and_the_ledger_goes_with_it(app):
    made = Paying()
    first, second = ready(made, 333_333, 666_667)
    file = made.prepare(first)
    db.session.commit()
    assert plan_of(made.award).row(first.id).standing is Standing.IN_FILE
    with pytest.raises(InvalidTransition):
        made.release(app, file)  # not made yet
    db.session.rollback()
    assert made.make(app, file) is FileStatus.MADE
    assert made.make(app, file) is FileStatus.MADE
    with pytest.raises(Conflict):
        made.release(app, file, made.one)  # who prepared it
    with pytest.raises(Conflict):
        take(app, made, file)  # before it is released
    made.release(app, file)
    assert b"DE89370400440532013000" in take(app, made, file)
    assert paid(made.award) == Counter()
    made.send(file)
    made.send(file)
    assert paid(made.award) == {("paid", 233_333): 1, ("paid", 100_000): 1}
    told = [each.template for each in db.session.scalars(select(MailMessage)) if each.to_address == made.person.email]
    assert told == ["payee_changed", "news"]
    (payment,) = file.payments
    assert payment.status is PaymentStatus.SENT
    payments.confirm_received(actor=actor_of(made.person), payment=payment, now=NOW)
    payments.confirm_received(actor=actor_of(made.person), payment=payment, now=NOW)
    assert (payment.status, payment.received_by_id) == (PaymentStatus.RECEIVED, made.person.id)
    db.session.commit()
    later = made.prepare(second)
    db.session.commit()
    made.make(app, later)
    made.release(app, later)
    made.send(later)
    shares = db.session.scalars(select(FundShare.paid_minor).where(FundShare.award_id == made.award.id)).all()
    assert sorted(shares) == [300_000, 700_000]  # to the last unit
    assert [broken_funds(), broken_payments()] == [[], []]
    steps = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("payment%")))
    assert Counter(steps)["payment_file:take"] == 1


def test_money_that_comes_back_goes_to_its_funds_and_the_instalment_is_paid_anew(app):
    made = Paying()
    (payment, _other) = made.sent(app, 333_333, 666_667)
    with pytest.raises(RuleViolations):
        payments.note_returned(actor=actor_of(made.one), payment=payment, reason=" ", now=NOW)
    payments.note_returned(actor=actor_of(made.one), payment=payment, reason="Account closed", now=NOW)
    db.session.commit()
    assert payment.reason == "Account closed"
    assert sum(amount * times for (_kind, amount), times in paid(made.award).items()) == 666_667
    assert [broken_funds(), broken_payments()] == [[], []]
    row = plan_of(made.award).row(payment.instalment_id)
    assert row.standing is Standing.APPROVED
    with pytest.raises(InvalidTransition):
        payments.note_returned(actor=actor_of(made.one), payment=payment, reason="Again", now=NOW)
    db.session.rollback()
    again = made.prepare(row.instalment)
    db.session.commit()
    assert {each.reference for each in again.payments}.isdisjoint({payment.reference})
    assert b"Account closed" not in dumped(app)


def test_nothing_is_paid_that_is_not_approved_funded_and_checked(app):
    made = Paying()
    planned = made.plan(1_000_000)
    with pytest.raises(Conflict):
        made.prepare(*planned)  # not approved
    db.session.rollback()
    made.approve(*planned)
    (short,) = made.plan(1_000_001, award=made.add_award(lacking=1))
    made.approve(short)
    with pytest.raises(Conflict):
        made.prepare(short)
    db.session.rollback()
    unchecked = made.add_award((1, 1), checked=False)
    (one,) = made.plan(2, award=unchecked)
    made.approve(one)
    with pytest.raises(Conflict):
        made.prepare(one)
    db.session.rollback()
    with pytest.raises(NotAllowed):
        made.prepare(*planned, by=made.manager)


def test_row_95_the_database_itself_refuses_a_second_live_payment(app):
    made = Paying()
    (one,) = ready(made)
    (payment,) = made.prepare(one).payments
    db.session.commit()
    with pytest.raises(Conflict):
        made.prepare(one)
    db.session.rollback()
    values = {column.name: getattr(payment, column.name) for column in Payment.__table__.c}
    second = Payment(**values | {"id": None, "reference": "another"})
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.add(second)
    payments.cancel_file(actor=actor_of(made.two), file=payment.file, now=NOW)
    db.session.commit()
    made.prepare(one)
    db.session.commit()
    assert sorted(each.status for each in db.session.scalars(select(Payment))) == ["cancelled", "prepared"]


@pytest.mark.parametrize("attempt", range(2))
def test_row_95_one_instalment_in_two_files_at_once_is_in_one(app, attempt):
    made = Paying()
    (one,) = ready(made)
    people = [made.one.id, made.two.id, made.one.id, made.two.id]
    call_id, instalment_id = made.call.id, one.id
    db.session.commit()
    tasks = [partial(prepare, call_id, who, [instalment_id]) for who in people]
    assert sorted(all_at_once(app, [*tasks])) == ["Conflict"] * 3 + ["done"]
    assert len(db.session.scalars(select(Payment)).all()) == 1
    assert len(db.session.scalars(select(PaymentFile)).all()) == 1


def test_row_95_marked_sent_twice_at_once_is_paid_once(app):
    made = Paying()
    planned = ready(made)
    file = made.prepare(*planned)
    db.session.commit()
    made.make(app, file)
    made.release(app, file)
    file_id, people = file.id, [made.one.id, made.two.id, made.one.id]
    db.session.commit()

    def send(who):
        actor = actor_of(db.session.get_one(type(made.one), who))
        payments.mark_sent(actor=actor, file=db.session.get_one(PaymentFile, file_id), now=NOW)

    all_at_once(app, [partial(send, who) for who in people])
    assert paid(made.award) == {("paid", 700_000): 1, ("paid", 300_000): 1}
    assert broken_payments() == []


@pytest.mark.parametrize("when", ["before it is made", "before it is released", "before it is taken"])
@pytest.mark.parametrize("how", ["superseded", "frozen", "cooling", "sealed anew"])
def test_row_96_and_97_a_file_whose_accounts_changed_goes_no_further(app, when, how):
    made = Paying()
    planned = ready(made)
    file = made.prepare(*planned)
    db.session.commit()
    at = NOW
    if when != "before it is made":
        assert made.make(app, file) is FileStatus.MADE
    if when == "before it is taken":
        made.release(app, file)
    match how:
        case "superseded":  # and checked, and rested
            at = NOW + DAY + COOLING
            made.check(made.award, seen=1, at=NOW + DAY, account=OTHER_IBAN, country="GB", bic="")
        case "frozen":
            payees.freeze(actor=actor_of(made.one), award=made.award, reason="Odd", now=NOW)
        case "cooling":
            give(made.award, made.person, seen=1)
        case "sealed anew":
            (payment,) = file.payments
            seal_details_anew(payment.details, private_keys(app))
            record(actor=system_actor(), action="keys:rewrap", subject=payment.details, now=NOW)
    db.session.commit()
    if when == "before it is made":
        assert made.make(app, file, at) is FileStatus.FAILED
        assert file.documents == []
    elif when == "before it is released":
        with pytest.raises(Conflict):
            made.release(app, file, at=at)
        assert file.status is FileStatus.MADE
    else:
        with pytest.raises(Conflict):
            take(app, made, file, at=at)


def test_nothing_is_prepared_before_names_are_looked_up_and_two_people_decided(app):
    made = Paying()
    planned = ready(made)
    make_list(LISTED)
    db.session.commit()
    with pytest.raises(Conflict, match="not cleared"):
        made.prepare(*planned)
    db.session.rollback()
    screen(actor=actor_of(made.one), award=made.award, now=NOW)
    assert made.prepare(*planned).status is FileStatus.WAITING


def test_the_name_on_the_account_is_looked_up_where_it_is_open_and_holds_the_release(app):
    made = Paying(checked=False)
    made.check(made.award, holder=LIKE_IT)
    planned = ready(made)
    make_list(LISTED)
    screen(actor=actor_of(made.one), award=made.award, now=NOW)
    file = made.prepare(*planned)
    db.session.commit()
    assert screening_holds(made.award) == [], "the name is sealed: nobody looked it up yet"
    assert made.make(app, file) is FileStatus.MADE
    assert screening_holds(made.award) == [ScreeningHold.UNDECIDED]
    with pytest.raises(Conflict, match="not cleared"):
        made.release(app, file)
    db.session.rollback()
    (hit,) = hits_of(made.award)
    assert hit.subject is Subject.ACCOUNT
    picked = [Picked(hit.number, hit.version)]
    decide(
        actor=actor_of(made.one), award=made.award, picked=picked, outcome=Outcome.OTHER, reason="Born later.", now=NOW
    )
    picked = [Picked(hit.number, hit.version)]
    confirm(actor=actor_of(made.two), award=made.award, picked=picked, now=NOW)
    made.release(app, file)
    assert file.status is FileStatus.RELEASED


@pytest.mark.parametrize("how", ["one bit", "cut", "gone", "another's"])
def test_row_98_a_file_that_was_changed_where_it_is_stored_is_not_released(app, how):
    made = Paying()
    first, second = ready(made, 400_000, 600_000)
    file, other = made.prepare(first), made.prepare(second)
    db.session.commit()
    made.make(app, file)
    made.make(app, other)
    path = stored(app, file)
    data = path.read_bytes()
    path.chmod(0o600)
    match how:
        case "one bit":
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "cut":
            path.write_bytes(data[:-20])
        case "gone":
            path.unlink()
        case "another's":
            path.write_bytes(stored(app, other).read_bytes())
    with pytest.raises(Conflict):
        made.release(app, file)
    db.session.rollback()
    assert file.status is FileStatus.MADE
    made.release(app, other)
    assert other.status is FileStatus.RELEASED


def test_what_was_made_is_never_changed_and_is_destroyed_once_it_is_sent(app):
    made = Paying()
    planned = ready(made)
    file = made.prepare(*planned)
    db.session.commit()
    made.make(app, file)
    with pytest.raises(DBAPIError), db.session.begin_nested():
        db.session.execute(update(PaymentDocument).values(sha256="0" * 64))
    made.release(app, file)
    assert {each.format for each in file.documents} == set(FileFormat)
    made.send(file)
    with pytest.raises(Conflict):
        take(app, made, file)
    assert file.emptied_at == NOW


def test_what_banks_cannot_carry_is_said_beside_it_and_stands_in_the_tables(app):
    made = Paying()
    by_hand = made.add_award(checked=False)
    made.check(by_hand, route="agreed", agreed="Cash, at the office of Canary Street", account="", country="")
    (one,), (two,) = made.plan(1_000_000), made.plan(1_000_000, award=by_hand)
    made.approve(one, two)
    file = made.prepare(one, two)
    db.session.commit()
    made.make(app, file)
    assert {each.format for each in file.documents} == {FileFormat.CSV, FileFormat.XLSX}
    unfit = {each.award_id: each.unfit for each in file.payments}
    assert unfit[made.award.id] == ""
    assert unfit[by_hand.id] != ""
    assert "Canary" not in unfit[by_hand.id]
    made.release(app, file)
    assert b"Canary Street" in take(app, made, file)
    with pytest.raises(NotFound):
        take(app, made, file, FileFormat.PAIN)


def test_account_numbers_stand_nowhere_in_clear(app):
    made = Paying()
    planned = ready(made)
    file = made.prepare(*planned)
    db.session.commit()
    made.make(app, file)
    made.release(app, file)
    everything = dumped(app)
    assert [canary for canary in (b"370400440532013000", b"Canary Holder") if canary in everything] == []


def test_erasing_an_application_destroys_files_that_tell_its_account_and_what_was_written(app):
    made = Paying()
    (one,) = made.plan(1_000_000, waits_for="A report on Canary Street")
    instalments.note_met(actor=actor_of(made.manager), award=made.award, instalment_id=one.id, version=1, now=NOW)
    made.approve(one)
    file = made.prepare(one)
    db.session.commit()
    made.make(app, file)
    erase_application(
        actor=actor_of(make_staff(Role.ADMINISTRATOR)), application=made.award.decision.entry.application,
        cause=ErasureCause.REQUEST, now=NOW,
    )  # fmt: skip
    db.session.commit()
    assert one.waits_for == ""
    with pytest.raises(Conflict):
        made.release(app, file)
    db.session.rollback()
    payments.cancel_file(actor=actor_of(made.one), file=file, now=NOW)
    assert file.status is FileStatus.CANCELLED


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"account": "DE75512108001245126198"}, "account"),
        ({"country": "FR"}, "account"),
        ({"country": "XX"}, "country"),
        ({"name": "Fundación"}, "name"),
        ({"account": "0123456789", "country": "KE"}, "bic"),
    ],
)
def test_the_account_that_pays_is_checked(app, values, field):
    made = Paying()
    planned = ready(made)
    with pytest.raises(RuleViolations) as refused:
        payments.prepare_file(
            actor=actor_of(made.one), call=made.call, instalment_ids=[each.id for each in planned],
            payer=replace(PAYER, **values), execution_on=PAYS_ON, now=NOW,
        )  # fmt: skip
    assert field in [problem.field for problem in refused.value.problems]
    assert private_keys(app)
