"""Whoever has not answered an award is reminded by itself: on the days that the call says, once, and not for ever."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from fundapp import worker
from fundapp.core import clock, unit_of_work
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import Finish, JobKind, OutboxItem, run
from fundapp.core.web import FundApp
from fundapp.disbursement.offer_rules import reminder_since
from fundapp.disbursement.services.reminders import REMIND_KIND, look_for_reminders

from ..conftest import NOW
from .test_offers import DAY, Round, actions, letter_for, mails
from .test_selection_races import all_at_once

HOUR = timedelta(hours=1)


def released(app: FundApp, **terms: Any) -> Round:
    made = Round(**({"reminder_days": [7, 2]} | terms))
    letter_for(app, made.award)
    return made


def at(app: FundApp, when: datetime) -> int:
    """Do what the reconciler and a worker do at an instant; return how many mails there are then."""
    look_for_reminders(when)
    db.session.commit()
    for item in waiting():
        run(item, {REMIND_KIND: job(app, when)})
    return mails()


def waiting() -> list[Any]:
    found = select(OutboxItem.id).where(OutboxItem.kind == REMIND_KIND, OutboxItem.done_at.is_(None))
    return list(db.session.scalars(found))


def job(app: FundApp, when: datetime) -> JobKind:
    """Return the worker's own work, done at another instant than the clock's."""
    own = app.job_kinds[REMIND_KIND]

    def work(award_id: UUID) -> Finish:
        finish = own.work(award_id)
        assert finish is not None
        return lambda _now: finish(when)

    return replace(own, work=work)


@pytest.mark.parametrize(
    ("days", "told", "now", "since"),
    [
        ((7, 2), 0, 6, None),
        ((7, 2), 0, 7, 7),
        ((7, 2), 7, 8, None),
        ((7, 2), 0, 12, 12),  # a day was missed: one mail, not two
        ((7, 2), 7, 13, 12),
        ((7, 2), 12, 13.5, None),
        ((7, 2), 0, 14, None),  # its date is over
        ((13,), 0.5, 1.2, None),  # within a day of the last mail
        ((13,), 0.5, 1.5, 1),
        ((20,), 0, 5, None),  # the letter itself came later
        ((), 0, 13, None),
    ],
)
def test_reminders_keep_to_their_days(days, told, now, since):
    due = NOW + 14 * DAY
    found = reminder_since(days, due, NOW + told * DAY, NOW + now * DAY)
    assert found == (None if since is None else NOW + since * DAY)
    assert reminder_since(days, None, NOW, NOW + now * DAY) is None
    assert reminder_since(days, due, None, NOW + now * DAY) is None


def test_who_has_not_answered_is_reminded_on_each_day_once_and_neutrally(app: FundApp) -> None:
    made = released(app)
    assert at(app, NOW + 7 * DAY - HOUR) == 0
    assert at(app, NOW + 7 * DAY) == 1
    assert at(app, NOW + 7 * DAY + HOUR) == 1
    assert at(app, NOW + 11 * DAY) == 1
    assert at(app, NOW + 12 * DAY) == 2
    assert at(app, NOW + 13 * DAY) == at(app, NOW + 14 * DAY) == at(app, NOW + 40 * DAY) == 2
    assert actions() == ["offer:remind", "offer:remind"]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "offer:remind")).first()
    assert entry is not None
    assert entry.actor_id is None
    for message in db.session.scalars(select(MailMessage)):
        assert (message.template, message.data) == ("news", {"path": "/letters"})
    assert made.offer.reminded_at == NOW + 12 * DAY


def test_an_answer_a_question_or_a_new_date_stops_what_was_to_come(app: FundApp) -> None:
    for step in (lambda made: made.accept(), lambda made: made.refuse(), lambda made: made.ask("May we?")):
        made = released(app)
        step(made)
        assert at(app, NOW + 7 * DAY) == 0
    made = released(app)
    made.extend(7, NOW + 6 * DAY)
    before = mails()
    assert at(app, NOW + 7 * DAY) == before  # the new date is seven days after they were told of it
    assert at(app, NOW + 11 * DAY) == before + 1
    assert at(app, NOW + 13 * DAY) == before + 1


def test_nobody_is_reminded_where_the_call_does_not_say_so_or_no_letter_came(app: FundApp) -> None:
    released(app, reminder_days=[])
    released(app, answer_days=None)
    Round(reminder_days=[7])
    assert at(app, NOW + 8 * DAY) == 0


def test_a_reminder_by_hand_on_the_same_day_counts(app: FundApp) -> None:
    made = released(app)
    assert made.remind(NOW + 7 * DAY - HOUR)
    db.session.commit()
    assert at(app, NOW + 7 * DAY) == 1
    assert at(app, NOW + 8 * DAY) == 2


def test_what_was_answered_between_finding_and_sending_is_not_reminded_of(app: FundApp) -> None:
    made = released(app)
    look_for_reminders(NOW + 7 * DAY)
    db.session.commit()
    (item,) = waiting()
    made.accept(at=NOW + 7 * DAY)
    db.session.commit()
    assert run(item, {REMIND_KIND: job(app, NOW + 7 * DAY)})
    assert mails() == 0


def test_two_reconcilers_and_two_workers_at_once_remind_once(app: FundApp) -> None:
    released(app)
    db.session.remove()
    when = NOW + 7 * DAY

    def look() -> None:
        look_for_reminders(when)
        db.session.commit()

    assert all_at_once(app, [look, look, look]) == ["done"] * 3
    (item,) = waiting()
    db.session.remove()
    kinds, ran = {REMIND_KIND: job(app, when)}, []
    assert all_at_once(app, [lambda: ran.append(run(item, kinds))] * 2) == ["done"] * 2
    assert sorted(ran) == [False, True]
    assert mails() == 1


def test_the_reconciler_looks_for_them(app: FundApp, monkeypatch: pytest.MonkeyPatch) -> None:
    released(app)
    db.session.remove()
    monkeypatch.setattr(clock, "now", lambda: NOW + 7 * DAY)
    monkeypatch.setattr(unit_of_work, "nudge", lambda _queue, _ids: None)
    assert worker.reconcile(app) == 1
    assert worker.reconcile(app) == 0  # it was put into the queue a moment ago
    assert len(waiting()) == 1
