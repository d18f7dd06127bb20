"""Reports on awards: asked as the call says, written, spoken or told, sent once, reminded of, and erased."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from fundapp.accounts.models import MembershipRole
from fundapp.accounts.permissions import Role
from fundapp.applications.files import tasks
from fundapp.applications.models import Attachment, FileStatus
from fundapp.core import outbox, sealed_files
from fundapp.core.audit import AuditEntry, KeptVersion
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Report, ReportSending
from fundapp.disbursement.queries.reports import (
    ReportStanding,
    managed_report,
    own_report,
    report_counts,
    reported_file,
    reporting_of,
)
from fundapp.disbursement.report_form import house_form
from fundapp.disbursement.report_rules import ReminderStep, ReportStatus, ReportWay
from fundapp.disbursement.services import reports as services
from fundapp.disbursement.services.report_writing import remove_from_report
from fundapp.disbursement.services.reporting import load_report_form, put_reporting, set_reporting
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application
from fundapp.worker import reconcile

from ..conftest import NOW, actor_of
from ..factories import make_member, make_person, make_protected, make_staff
from ..reports import DAY, WRITTEN, Reporting, seen_of
from ..sample_metadata import make_recording

DUE = date(2020, 10, 14)
"""Thirty days after NOW."""


def actions() -> list[str]:
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
    return [entry.action for entry in entries if entry.action.startswith("report:")]


def mails() -> int:
    return db.session.scalar(select(func.count()).select_from(MailMessage)) or 0


def test_reports_are_asked_for_with_the_acceptance_as_the_call_says(app: FundApp) -> None:
    made = Reporting((180, 30))
    assert made.reports == []
    made.accept()
    assert [(each.number, each.due_on, each.status) for each in made.reports] == [
        (1, DUE, ReportStatus.ASKED),
        (2, date(2021, 3, 13), ReportStatus.ASKED),
    ]
    assert made.report.form.form == house_form(made.call.languages)
    made.accept(NOW + DAY)  # a second time changes nothing
    db.session.commit()
    assert len(made.reports) == 2
    assert actions() == ["report:ask", "report:ask"]


def test_no_report_is_asked_where_nobody_said_so_and_where_somebody_chose_so(app: FundApp) -> None:
    silent, chosen = Reporting(None).accept(), Reporting(()).accept()
    assert reporting_of(silent.call.id) is None
    terms = reporting_of(chosen.call.id)
    assert terms is not None
    assert terms.days == []
    assert (silent.reports, chosen.reports) == ([], [])


def test_what_is_set_later_asks_those_who_accepted_before_and_changes_nothing_that_is_asked(app: FundApp) -> None:
    made = Reporting(None).accept()
    made.ask((30,), at=NOW + 5 * DAY)
    assert [each.due_on for each in made.reports] == [DUE]  # thirty days after the acceptance
    made.ask((60, 90), at=NOW + 6 * DAY)
    assert [each.due_on for each in made.reports] == [DUE]
    with pytest.raises(Conflict):
        set_reporting(actor=actor_of(made.manager), call=made.call, days=(), seen=1, now=NOW)
    with pytest.raises(RuleViolations):
        made.ask((0,))
    for other in (make_person(), make_staff(Role.FINANCE, made.call), make_staff(Role.MANAGER)):
        if not actor_of(other).can("letter:manage", made.call.id):
            with pytest.raises(NotAllowed):
                set_reporting(actor=actor_of(other), call=made.call, days=(), seen=2, now=NOW)


def test_what_a_package_says_counts_and_the_same_twice_changes_nothing(app: FundApp) -> None:
    made = Reporting(None).accept()
    actor = actor_of(made.manager)
    assert put_reporting(actor=actor, call=made.call, value=(30,), now=NOW)
    assert not put_reporting(actor=actor, call=made.call, value=(30,), now=NOW)
    assert put_reporting(actor=actor, call=made.call, value=(), now=NOW)
    db.session.commit()
    assert len(made.reports) == 1


def test_a_report_is_kept_as_it_is_typed_and_sent_once(app: FundApp) -> None:
    made = Reporting().accept()
    with pytest.raises(RuleViolations) as refused:
        made.send()
    assert [problem.field for problem in refused.value.problems] == ["done"]
    made.save({"done": "x" * 5_000})
    assert made.report.answers == {"done": "x" * 5_000}  # too long, and kept all the same
    with pytest.raises(RuleViolations):
        made.send()
    made.save(WRITTEN)
    report = made.send(NOW + 2 * DAY)
    assert report.status is ReportStatus.SENT
    (sending,) = report.sendings
    assert (sending.way, sending.answers, sending.sent_by) == (ReportWay.FORM, {"done": WRITTEN["done"]}, made.person)
    made.send(NOW + 3 * DAY)  # a second time changes nothing
    with pytest.raises(Conflict):
        made.save({"done": "Something else."})
    db.session.commit()
    assert len(made.report.sendings) == 1
    assert actions() == ["report:ask", "report:save", "report:save", "report:send"]


def test_two_who_write_keep_their_words_and_a_page_that_was_cut_off_sends_again(app: FundApp) -> None:
    made = Reporting().accept()
    seen = seen_of(made.report)
    made.save({"done": "First."}, seen=seen)
    other = make_person("Helper Sample")
    make_member(other, made.application.organisation, MembershipRole.COLLABORATOR)
    saved = made.save({"done": "Second.", "advice": "More time."}, seen=seen, person=other)
    assert saved.conflicts == {"done": "First."}
    assert made.report.answers == {"done": "First.", "advice": "More time."}
    again = made.save({"done": "First, and more."}, seen=seen, sent_before={"done": "First."})
    assert not again.conflicts
    assert made.report.answers["done"] == "First, and more."


def test_whoever_only_reads_writes_nothing_and_whoever_only_helps_sends_nothing(app: FundApp) -> None:
    made = Reporting().accept()
    organisation = made.application.organisation
    reader, helper, stranger = make_person("Reader Sample"), make_person("Helper Sample"), make_person("Else Sample")
    make_member(reader, organisation, MembershipRole.READER)
    make_member(helper, organisation, MembershipRole.COLLABORATOR)
    assert own_report(actor=actor_of(reader), report_id=made.report.id) is made.report
    with pytest.raises(NotFound):
        own_report(actor=actor_of(stranger), report_id=made.report.id)
    for nobody in (reader, stranger, made.manager):
        with pytest.raises(NotAllowed):
            made.save(person=nobody)
        with pytest.raises(NotAllowed):
            made.attach(app.extensions["storage"], make_recording("wav"), person=nobody)
    made.save(person=helper)
    for nobody in (reader, helper, stranger, made.manager):
        with pytest.raises(NotAllowed):
            made.send(person=nobody)
    assert made.send().status is ReportStatus.SENT


def test_a_report_can_be_spoken_and_staff_hear_a_copy_without_what_the_telephone_noted(
    app: FundApp, run_jobs: Callable[[], int]
) -> None:
    made, storage = Reporting().accept(), app.extensions["storage"]
    sound = make_recording("wav")
    with pytest.raises(RuleViolations) as refused:
        made.attach(storage, b"no sound at all")
    assert [problem.field for problem in refused.value.problems] == ["done~spoken"]
    first, second = made.attach(storage, sound), made.attach(storage, sound)
    assert db.session.get(Attachment, first.id) is None  # the second took its place
    assert sound not in storage.read(second.stored_as)
    made.send()
    db.session.commit()
    run_jobs()
    db.session.expire_all()
    assert second.status is FileStatus.READY
    assert second.copy is not None
    assert b"Amina" not in sealed_files.read(storage, second.copy)
    row = managed_report(actor=actor_of(made.manager), call=made.call, report_id=made.report.id)
    assert reported_file(row, second.id) is second
    with pytest.raises(NotFound):
        reported_file(row, first.id)
    for who in (made.person, made.manager):
        with pytest.raises((Conflict, NotAllowed)):
            remove_from_report(actor=actor_of(who), report=made.report, key="done~spoken", now=NOW)


def test_a_recording_with_a_virus_is_not_sent_and_one_that_is_not_sent_is_nobodys_to_hear(
    app: FundApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, storage = Reporting().accept(), app.extensions["storage"]
    file = made.attach(storage, make_recording("wav"))
    with pytest.raises(NotFound):
        reported_file(managed_report(actor=actor_of(made.manager), call=made.call, report_id=made.report.id), file.id)
    tasks._quarantine(file.id, NOW)
    with pytest.raises(RuleViolations) as refused:
        made.send()
    assert [problem.field for problem in refused.value.problems] == ["done~spoken"]
    remove_from_report(actor=actor_of(made.person), report=made.report, key="done~spoken", now=NOW)
    assert made.report.answers == {}
    assert db.session.get(Attachment, file.id) is None


def test_staff_note_what_they_are_told_with_who_and_when(app: FundApp) -> None:
    made = Reporting().accept()
    manager = actor_of(made.manager)
    told: dict[str, Any] = {"told_by": "Ada Sample", "told_on": NOW.date(), "note": "All went well (sample)."}
    for wrong in ({"told_by": " "}, {"note": ""}, {"told_on": None}, {"told_on": NOW.date() + DAY}):
        with pytest.raises(RuleViolations) as refused:
            services.note_told(actor=manager, report=made.report, now=NOW, **told | wrong)
        assert [problem.field for problem in refused.value.problems] == list(wrong)
    with pytest.raises(NotAllowed):
        services.note_told(actor=actor_of(made.person), report=made.report, now=NOW, **told)
    services.note_told(actor=manager, report=made.report, now=NOW, **told)
    db.session.commit()
    (sending,) = made.report.sendings
    assert (sending.way, sending.told_by, sending.told_on, sending.note) == (
        ReportWay.TOLD, "Ada Sample", NOW.date(), "All went well (sample).",
    )  # fmt: skip
    assert (sending.sent_by_id, made.report.status) == (made.manager.id, ReportStatus.SENT)
    assert actions()[-1] == "report:tell"


def test_staff_ask_back_once_and_thank(app: FundApp) -> None:
    made = Reporting().accept()
    manager = actor_of(made.manager)
    made.save()
    made.send(NOW + DAY)
    before = mails()
    services.ask_back(actor=manager, report=made.report, question="How many came?", now=NOW + 40 * DAY)
    assert (made.report.status, made.report.asked_back) == (ReportStatus.ASKED_BACK, "How many came?")
    assert made.report.due_on == (NOW + 54 * DAY).date()  # two weeks, at least
    assert mails() == before + 1
    made.save({"done": "Twelve came."}, at=NOW + 41 * DAY)
    made.send(NOW + 42 * DAY)
    assert [each.answers for each in made.report.sendings] == [{"done": WRITTEN["done"]}, {"done": "Twelve came."}]
    with pytest.raises(InvalidTransition):
        services.ask_back(actor=manager, report=made.report, question="And then?", now=NOW + 43 * DAY)
    services.thank(actor=manager, report=made.report, thanks="Well done.", now=NOW + 43 * DAY)
    db.session.commit()
    assert (made.report.status, made.report.thanks, mails()) == (ReportStatus.THANKED, "Well done.", before + 2)
    kept = db.session.scalars(select(KeptVersion).where(KeptVersion.object_type == "report")).all()
    assert kept
    assert not any(word in str(each.content) for each in kept for word in ("Twelve", "How many", "Well done"))


def test_a_manager_gives_one_award_more_days_or_waives_with_a_reason(app: FundApp) -> None:
    made = Reporting((30, 60)).accept()
    manager = actor_of(made.manager)
    later = (NOW + 90 * DAY).date()
    services.extend(actor=manager, report=made.report, due_on=later, now=NOW + DAY)
    assert made.report.due_on == later
    for wrong in (None, NOW.date() - DAY, (NOW + 3_000 * DAY).date()):
        with pytest.raises(RuleViolations):
            services.extend(actor=manager, report=made.report, due_on=wrong, now=NOW)
    second = made.reports[1]
    with pytest.raises(RuleViolations):
        services.waive(actor=manager, report=second, reason=" ", now=NOW)
    services.waive(actor=manager, report=second, reason="We met.", now=NOW)
    assert (second.status, second.reason) == (ReportStatus.WAIVED, "We met.")
    services.extend(actor=manager, report=second, due_on=later, now=NOW)  # it is asked again
    assert (second.status, second.reason, second.waived_at) == (ReportStatus.ASKED, "", None)
    for nobody in (actor_of(made.person), actor_of(make_staff(Role.FINANCE, made.call))):
        with pytest.raises(NotAllowed):
            services.waive(actor=nobody, report=second, reason="No.", now=NOW)
        with pytest.raises(NotAllowed):
            services.extend(actor=nobody, report=second, due_on=later, now=NOW)
    db.session.commit()


def test_counts_tell_what_is_due_late_and_here(app: FundApp) -> None:
    made = Reporting((30, 60, 90, 120)).accept()
    manager = actor_of(made.manager)
    services.waive(actor=manager, report=made.reports[3], reason="We met.", now=NOW)
    counted = report_counts(actor=manager, call=made.call, now=NOW + 31 * DAY)
    assert {each: number for each, number in counted.items() if number} == {
        ReportStanding.OVERDUE: 1, ReportStanding.DUE: 2, ReportStanding.WAIVED: 1,
    }  # fmt: skip
    made.save(at=NOW + 31 * DAY)
    made.send(NOW + 31 * DAY)
    counted = report_counts(actor=manager, call=made.call, now=NOW + 31 * DAY)
    assert (counted[ReportStanding.OVERDUE], counted[ReportStanding.RECEIVED]) == (0, 1)
    row = managed_report(actor=manager, call=made.call, report_id=made.report.id)
    assert row.award is made.award
    with pytest.raises(NotFound):
        managed_report(actor=actor_of(make_person()), call=made.call, report_id=made.report.id)


def test_people_are_reminded_once_before_and_once_after_however_often_somebody_looks(
    app: FundApp, clock: Any, run_jobs: Callable[[], int]
) -> None:
    made = Reporting().accept()
    db.session.commit()
    sent = mails()

    def look(at: Any) -> int:
        clock.move_to(at)
        for _again in range(3):
            db.session.commit()  # another process looks
            reconcile(app)
            clock.shift(2 * outbox.RENUDGE_AFTER)  # the queue lost what it was told
            run_jobs()
        db.session.expire_all()
        return mails() - sent

    assert look(NOW + 10 * DAY) == 0
    assert look(NOW + 16 * DAY) == 1
    assert made.report.reminded is ReminderStep.SOON
    assert look(NOW + 20 * DAY) == 1
    assert look(NOW + 31 * DAY) == 2
    assert look(NOW + 60 * DAY) == 2
    services.extend(
        actor=actor_of(made.manager), report=made.report, due_on=(NOW + 70 * DAY).date(), now=NOW + 61 * DAY
    )
    db.session.commit()
    sent += 1  # that there is another day
    assert look(NOW + 62 * DAY) == 3  # of the new day they are reminded anew
    assert actions().count("report:remind") == 3


def test_a_reminder_that_waited_says_nothing_once_the_report_is_here(app: FundApp) -> None:
    made = Reporting().accept()
    services.look_for_reports(NOW + 20 * DAY)
    services.look_for_reports(NOW + 20 * DAY)
    kind = outbox.OutboxItem.kind == services.REMIND_KIND
    assert db.session.scalar(select(func.count()).select_from(outbox.OutboxItem).where(kind)) == 1
    made.save()
    made.send()
    sent = mails()
    finish = services.report_job().work(made.report.id)
    assert finish is not None
    finish(NOW + 20 * DAY)
    assert (mails(), made.report.reminded) == (sent, None)


def test_a_new_form_is_asked_of_reports_that_nobody_has_begun(app: FundApp) -> None:
    made = Reporting((30, 60)).accept()
    made.save()
    form = house_form(["en"])
    load_report_form(actor=actor_of(made.manager), call=made.call, form=form, now=NOW)
    load_report_form(actor=actor_of(made.manager), call=made.call, form=form, now=NOW)  # the same changes nothing
    db.session.commit()
    assert [each.form.number for each in made.reports] == [1, 2]
    with pytest.raises(NotAllowed):
        load_report_form(actor=actor_of(made.person), call=made.call, form=form, now=NOW)


def test_what_was_reported_is_sealed_and_goes_with_the_application(app: FundApp) -> None:
    made, storage = Reporting((30, 60)).accept(), app.extensions["storage"]
    manager = actor_of(made.manager)
    made.save()
    file = made.attach(storage, make_recording("wav"))
    made.send()
    services.ask_back(actor=manager, report=made.report, question="How many came?", now=NOW + DAY)
    services.waive(actor=manager, report=made.reports[1], reason="We met.", now=NOW)
    db.session.commit()
    raw = db.session.execute(select(Report.answers_sealed, Report.asked_back_sealed)).all()
    assert not any(word in bytes(each or b"") for row in raw for each in row for word in (b"paralegals", b"How many"))
    erase_application(actor=manager, application=made.application, cause=ErasureCause.RETENTION, now=NOW + 2 * DAY)
    db.session.commit()
    assert [(each.answers, each.asked_back, each.reason) for each in made.reports] == [({}, "", ""), ({}, "", "")]
    (sending,) = db.session.scalars(select(ReportSending)).all()
    assert (sending.answers, sending.answers_sealed) == (None, None)
    assert db.session.get(Attachment, file.id) is None
    services.look_for_reports(NOW + 40 * DAY)  # nobody is reminded of it
    assert not db.session.scalar(select(outbox.OutboxItem.id).where(outbox.OutboxItem.kind == services.REMIND_KIND))
    for refused in (lambda: made.save({"done": "More."}), lambda: made.send()):
        with pytest.raises((Conflict, NotAllowed)):
            refused()
    with pytest.raises(Conflict):
        services.thank(actor=manager, report=made.report, thanks="", now=NOW)


def test_what_a_protected_application_reports_is_opened_with_a_reason(app: FundApp) -> None:
    made, storage = Reporting().accept(), app.extensions["storage"]
    make_protected(made.application)
    made.save()
    file = made.attach(storage, make_recording("wav"))
    made.send()
    db.session.commit()
    with pytest.raises(NotFound):
        reported_file(managed_report(actor=actor_of(made.manager), call=made.call, report_id=made.report.id), file.id)
    with pytest.raises(RuleViolations):
        services.open_report(actor=actor_of(made.manager), report=made.report, reason=" ", now=NOW)
    with pytest.raises(NotAllowed):
        services.open_report(
            actor=actor_of(make_staff(Role.FINANCE, made.call)), report=made.report, reason="Why not.", now=NOW
        )
    opening = services.open_report(actor=actor_of(made.manager), report=made.report, reason="To thank them.", now=NOW)
    assert opening.opened == ["report"]
