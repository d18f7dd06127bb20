"""After a whole small round, neither the database nor the folder of files holds a name, an address or a number."""

import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.people import ensure_person
from fundapp.applications.models import Application
from fundapp.applications.sealed_answers import reseal
from fundapp.applications.services import attaching, drafts, managing, saving, starting, submitting
from fundapp.core import sealed_files
from fundapp.core.audit import record
from fundapp.core.db import Base, db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letter
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import SlateStatus

from ..conftest import actor_of
from ..factories import NOW, OPENS, make_call, make_decision, make_slate, make_staff
from ..sample_files import PDF
from .sensitive_form import ANSWERS, FORM

PAPER = PDF + b"Content-Canary"
TYPED = {**{name: str(answer) for name, answer in ANSWERS.items()}, "organisation": "Organisation-Canary"}
TYPED["plan"], TYPED["title"] = "Plan-Canary in six villages.", "Title-Canary"
ALWAYS = (
    "Name-Canary",
    "address-canary",
    "Contact-Canary",
    "Risk-Canary",
    "CANARY 4321",
    "Filename-Canary",
    "Content-Canary",
)
"""Of every application."""
PROTECTED = ("Organisation-Canary", "Plan-Canary", "Title-Canary")
"""Of a protected one as well."""


def dumped(app: FundApp) -> bytes:
    """Return every value of every row, and every byte of every file and its name."""
    out = io.BytesIO()
    db.session.commit()
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(table.select()):
                for value in row:
                    out.write(value if isinstance(value, bytes) else str(value).encode())
                    out.write(b"\n")
    storage = app.extensions["storage"]
    for path in storage.root.rglob("*"):
        out.write(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
    return out.getvalue()


def round_of(app: FundApp, run_jobs: Any, **call: Any) -> Application:
    """Write, attach, send, decide and letter one application, through the services."""
    storage = app.extensions["storage"]
    made = make_call(form=FORM, opens_at=OPENS, **call)
    person = ensure_person(email="address-canary@example.org", name="Name-Canary", now=NOW)
    db.session.flush()
    actor = actor_of(person)
    application = starting.start_application(actor=actor, call=made, language="en", now=NOW)
    marks = saving.marks_of(application, TYPED)
    saving.save_draft(actor=actor, application=application, typed=TYPED, seen=marks, language="en", now=NOW)
    question = FORM.question("paper")
    assert question is not None
    attaching.attach_file(
        actor=actor, application=application, question=question, key=question.name, filename="Filename-Canary.pdf",
        data=PAPER, storage=storage, now=NOW,
    )  # fmt: skip
    seen = drafts.fingerprint(application.answers)
    submitting.submit_application(actor=actor, application=application, seen=seen, language="en", now=NOW)
    managing.mark_eligible(actor=actor_of(make_staff(Role.MANAGER)), application=application, now=NOW)
    make_decision(make_slate(made, SlateStatus.RATIFIED), application.entries[0])
    release_decisions(actor=actor_of(make_staff(Role.MANAGER)), call=made, now=NOW + timedelta(days=30))
    run_jobs()
    return application


@pytest.mark.parametrize("protected", [False, True])
def test_row_116_nothing_of_a_person_is_stored_in_clear(
    app: FundApp, run_jobs: Any, mail_dir: Any, protected: bool
) -> None:
    application = round_of(app, run_jobs, is_protected=protected)
    assert application.is_protected is protected
    letter = db.session.scalars(select(Letter)).one()
    assert letter.file is not None
    assert len(sealed_files.read(app.extensions["storage"], letter.file)) == letter.size_bytes
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 2, "a receipt and news"
    everything = dumped(app)
    found = [canary for canary in ALWAYS + PROTECTED if canary.encode() in everything]
    assert found == ([] if protected else list(PROTECTED))


def test_row_116_lowering_protection_brings_back_what_lists_show(app: FundApp, run_jobs: Any, mail_dir: Any) -> None:
    """The search of the test above does find clear text where there is some."""
    application = round_of(app, run_jobs, is_protected=True)
    assert b"Plan-Canary" not in dumped(app)
    application.is_protected = False
    reseal(application=application, now=NOW)
    record(actor=system_actor(), action="test:change", subject=application, now=NOW)
    everything = dumped(app)
    assert all(canary.encode() in everything for canary in PROTECTED)
    assert not any(canary.encode() in everything for canary in ALWAYS)
