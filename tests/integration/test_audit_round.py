"""A whole round with a canary in every text: each step is recorded, and no record holds a word of anybody's."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services.attaching import attach_file, remove_file
from fundapp.applications.services.deadlines import extend_deadline
from fundapp.applications.services.drafts import fingerprint, form_of
from fundapp.applications.services.managing import mark_eligible, mark_ineligible
from fundapp.applications.services.protection import ask_to_lower, confirm_lowering, protect
from fundapp.applications.services.saving import marks_of, save_draft
from fundapp.applications.services.starting import start_application
from fundapp.applications.services.submitting import submit_application
from fundapp.core import unit_of_work
from fundapp.core.audit import AuditEntry
from fundapp.core.audit.verification import first_broken
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part
from fundapp.disbursement.models import Letter, LetterStatus
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.invitations import Invitation
from fundapp.review.models import Assignment, Outcome
from fundapp.review.services import deciding, inviting, planning, ratifying, reading, sending
from fundapp.review.services import pairs as by_hand
from fundapp.review.services.answering import accept_invitation

from ..conftest import NOW, actor_of
from ..factories import ANSWERS, CLOSES, make_call, make_person, make_staff, parts_of
from ..sample_files import PDF

CANARY = "Zwitscherlein"
AFTER = CLOSES + timedelta(days=1)


def apply(app, commit, call, number: int) -> Application:
    """Write an application with a file, and send it."""
    person = make_person(f"{CANARY} Applicant", email=f"{CANARY.lower()}{number}@example.org")
    db.session.commit()
    actor = actor_of(person)
    application = start_application(actor=actor, call=call, language="en", now=NOW)
    commit()
    form, storage = form_of(application), app.extensions["storage"]
    typed = {**ANSWERS, "organisation": f"{CANARY} {number}", "title": CANARY, "plan": f"We help {CANARY}."}
    save_draft(
        actor=actor,
        application=application,
        typed=typed,
        seen=marks_of(application, typed),
        language="en",
        now=NOW,
    )
    commit()
    paper = next(question for question in form.questions if question.name == "paper")
    for _ in range(2):
        attach_file(
            actor=actor,
            application=application,
            question=paper,
            key=paper.name,
            filename=f"{CANARY}.pdf",
            data=PDF,
            storage=storage,
            now=NOW,
        )
        commit()
    remove_file(actor=actor, application=application, key=paper.name, now=NOW)
    commit()
    seen = fingerprint(clear_answers(application))
    submit_application(actor=actor, application=application, seen=seen, language="en", now=NOW)
    commit()
    return application


@pytest.fixture
def commit(app):
    """Commit as the product does: each step must have been recorded by the product itself."""
    return lambda: unit_of_work.commit(app.queue)


def test_a_whole_round_is_recorded_and_no_record_holds_what_people_wrote(app, commit, run_jobs):
    call = make_call(reviews_per_entry=1)
    manager, colleague = (actor_of(make_staff(Role.MANAGER, name=f"{CANARY} Manager")) for _ in range(2))
    ratifier = actor_of(make_staff(Role.RATIFIER, name=f"{CANARY} Ratifier"))
    db.session.commit()
    first, second, third = (apply(app, commit, call, number) for number in range(3))

    later = CLOSES + timedelta(hours=1)
    reasons = dict.fromkeys(call.languages, f"{CANARY} asked.")
    extend_deadline(actor=manager, call=call, closes_at=later, reasons=reasons, now=NOW)
    commit()
    protect(actor=manager, application=first, reason=f"{CANARY} is in danger.", now=NOW)
    commit()
    ask_to_lower(actor=manager, application=first, reason=f"{CANARY} is safe.", now=NOW)
    commit()
    confirm_lowering(actor=colleague, application=first, reason=f"{CANARY} agrees.", now=NOW)
    commit()
    for application in (first, second):
        mark_eligible(actor=manager, application=application, reason=f"{CANARY} is known.", now=AFTER)
    mark_ineligible(actor=manager, application=third, reason=f"{CANARY} asks for a building.", now=AFTER)
    commit()

    invitations = [
        Invitation(f"{CANARY.lower()}-r{number}@example.org", f"{CANARY} Reviewer", f"{CANARY} Ltd", ("en",), 5)
        for number in range(2)
    ]
    reviewers = inviting.invite_reviewers(
        actor=manager, calls=[call], invitations=invitations, secret_key=app.config["SECRET_KEY"], now=AFTER
    )
    commit()
    for reviewer in reviewers:
        accept_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, now=AFTER)
    commit()
    plan = planning.request_plan(actor=manager, call=call, now=AFTER)
    commit()
    planning.apply_plan(actor=manager, plan=plan, now=AFTER)
    commit()
    pairs = [(application.entries[0], reviewer) for application in (first, second) for reviewer in reviewers]
    by_hand.assign_by_hand(actor=manager, call=call, pairs=pairs, now=AFTER)
    commit()
    assignments = db.session.scalars(select(Assignment).order_by(Assignment.id)).all()
    recused, *others = assignments
    reading.declare_conflict(
        actor=actor_of(recused.reviewer.person), assignment=recused, reason=f"{CANARY} is my cousin.", now=AFTER
    )
    commit()
    for assignment in others:
        reader = actor_of(assignment.reviewer.person)
        reading.declare_no_conflict(actor=reader, assignment=assignment, now=AFTER)
        commit()
        comment = f"{CANARY} writes well."
        begun, whole = parts_of({"need": 2}, comment), parts_of({"need": 4, "plan": 3}, comment)
        reading.save_review(actor=reader, assignment=assignment, parts=begun, now=AFTER)
        commit()
        reading.submit_review(actor=reader, assignment=assignment, parts=whole, now=AFTER)
        commit()

    versions: dict[UUID, int] = {}
    for application, outcome in ((first, Outcome.AWARD), (second, Outcome.DECLINE), (first, Outcome.AWARD)):
        decision = deciding.decide_entry(
            actor=manager,
            entry=application.entries[0],
            outcome=outcome,
            amount_minor=1_000_000 if outcome is Outcome.AWARD else None,
            reason=f"{CANARY} needs it.",
            version=versions.get(application.id, 0),
            now=AFTER,
        )
        commit()
        versions[application.id] = decision.version
    deciding.withdraw_decision(actor=manager, entry=second.entries[0], now=AFTER)
    commit()
    deciding.decide_by_rank(actor=manager, call=call, now=AFTER)
    commit()
    slate = sending.propose_slate(actor=manager, call=call, now=AFTER)
    commit()
    ratifying.send_back_slate(actor=ratifier, slate=slate, reason=f"{CANARY} must wait.", now=AFTER)
    commit()
    sending.propose_slate(actor=manager, call=call, now=AFTER)
    commit()
    ratifying.ratify_slate(actor=ratifier, slate=slate, now=AFTER)
    commit()
    release_decisions(actor=colleague, call=call, now=AFTER)
    commit()
    run_jobs()
    assert {letter.status for letter in db.session.scalars(select(Letter))} == {LetterStatus.MADE}

    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {
        "application:submit",
        "application:attach",
        "call:extend",
        "protection:lowered",
        "assignment:give",
        "assignment:recuse",
        "conflict:record",
        "review:submit",
        "decision:withdraw",
        "slate:send_back",
        "award:make",
        "letter:make",
    } <= actions
    of_paper = hashlib.sha256(PDF).hexdigest()
    for table in ("audit_entry", "kept_version", "audit_checkpoint"):
        for row in db.session.execute(text(f"SELECT * FROM {table}")):  # noqa: S608 - one of three names
            assert CANARY.casefold() not in str(tuple(row)).casefold()
            assert of_paper not in str(tuple(row)), "whoever has the paper could show that it was sent"
    public = Keyring.load(app.extensions["settings"].keys_dir, [Part.AUDIT_PUBLIC])
    assert first_broken(db.session(), ring=public) is None
