"""Invented reports for tests. Everything is flushed, nothing committed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call
from fundapp.applications.services.saving import Saved, mark
from fundapp.core.audit import text_sha256
from fundapp.core.db import db
from fundapp.core.storage import Storage
from fundapp.disbursement.models import Award, Report
from fundapp.disbursement.queries.reports import reporting_of, reports_of
from fundapp.disbursement.services import offers, report_writing
from fundapp.disbursement.services.reporting import set_reporting

from .conftest import actor_of
from .factories import NOW, make_call, make_staff
from .funding import make_award

DAY = timedelta(days=1)
WRITTEN = {"done": "We trained twelve paralegals (sample).", "changed": "", "advice": ""}


class Reporting:
    """A released call with one award, its people and a manager; reports are due so many days after the acceptance."""

    def __init__(self, days: Sequence[int] | None = (30,), **call: Any) -> None:
        self.call: Call = make_call(**call)
        self.award: Award = make_award(self.call)
        self.application = self.award.decision.entry.application
        self.person: Person = self.application.person
        self.manager: Person = make_staff(Role.MANAGER, self.call)
        if days is not None:
            self.ask(days)

    def ask(self, days: Sequence[int], at: datetime = NOW) -> None:
        """Say which reports the call asks for."""
        terms = reporting_of(self.call.id)
        set_reporting(
            actor=actor_of(self.manager), call=self.call, days=days, seen=terms.version if terms else 0, now=at
        )

    def accept(self, at: datetime = NOW) -> "Reporting":
        """Accept the award, as its people."""
        agreed = text_sha256(offers.agreement_of(self.call)[0])
        offers.accept(
            actor=actor_of(self.person), award=self.award, name="Ada Sample", role="Treasurer", seen_sha256=agreed,
            with_second_factor=False, now=at,
        )  # fmt: skip
        return self

    @property
    def reports(self) -> Sequence[Report]:
        """Return the reports of the award."""
        db.session.expire_all()
        return reports_of(self.award)

    @property
    def report(self) -> Report:
        """Return the first report."""
        return self.reports[0]

    def save(self, typed: Mapping[str, Any] = WRITTEN, at: datetime = NOW + DAY, **how: Any) -> Saved:
        """Save what somebody typed into the first report, on a page that showed what is stored now."""
        report = self.report
        told: dict[str, Any] = {"person": self.person, "seen": seen_of(report)} | how
        return report_writing.save_report(
            actor=actor_of(told["person"]),
            report=report,
            typed=typed,
            seen=told["seen"],
            language="en",
            now=at,
            sent_before=told.get("sent_before"),
        )

    def send(self, at: datetime = NOW + DAY, person: Person | None = None) -> Report:
        """Send the first report."""
        report = self.report
        report_writing.send_report(actor=actor_of(person or self.person), report=report, language="en", now=at)
        return report

    def attach(
        self, storage: Storage, data: bytes, key: str = "done~spoken", filename: str = "Amina.wav", **how: Any
    ) -> Any:
        """Add a recording to the first report."""
        report = self.report
        question = report.form.form.question_at(key)
        assert question is not None
        return report_writing.attach_to_report(
            actor=actor_of(how.get("person", self.person)), report=report, question=question, key=key,
            filename=filename, data=data, storage=storage, now=NOW + DAY,
        )  # fmt: skip


def seen_of(report: Report) -> dict[str, str]:
    """Return the marks that a page of a report carries now."""
    return {key: mark(answer) for key, answer in report.answers.items()}
