"""The history of a call and of an application: told in plain words, and only as far as the reader may know."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

import fundapp
from fundapp.accounts.permissions import Role
from fundapp.accounts.services import proofs
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.files.transitions import FILE
from fundapp.applications.models import ApplicationStatus, ConflictSource, ProtectionStep
from fundapp.applications.services.deadlines import extend_deadline
from fundapp.applications.services.managing import mark_ineligible
from fundapp.applications.services.protection import protect
from fundapp.applications.transitions import APPLICATION, CALL
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import db
from fundapp.disbursement.transitions import LETTER, MOVE, OFFER, PAYMENT, PAYMENT_FILE, REPORT
from fundapp.history import presentation
from fundapp.history.sentences import SENTENCES
from fundapp.review.models import AssignmentStatus, Outcome, PairRuleKind
from fundapp.review.services.deciding import withdraw_decision
from fundapp.review.services.reading import declare_conflict
from fundapp.review.transitions import ASSIGNMENT, FINALIST_PROFILE, PLAN, REVIEW, REVIEWER, SLATE

from ..conftest import NOW, actor_of, counted_statements
from ..factories import (
    CLOSES,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_person,
    make_reviewer,
    make_slate,
    make_staff,
)
from ..second_factors import give_recovery_codes

MACHINES = (
    CALL, APPLICATION, FILE, REVIEWER, ASSIGNMENT, PLAN, REVIEW, FINALIST_PROFILE, SLATE, LETTER, OFFER, PAYMENT,
    PAYMENT_FILE, REPORT, MOVE,
)  # fmt: skip
ACTION = re.compile(r"[a-z][a-z_-]*:[a-z][a-z_-]*")


def recorded_actions() -> set[str]:
    """Return every action that the code can record: those of the machines, and those that it writes out."""
    actions = {f"{machine.name}:{transition.event}" for machine in MACHINES for transition in machine.transitions}
    actions |= {f"protection:{step.value}" for step in ProtectionStep}
    actions |= {f"pair:{kind.value}" for kind in PairRuleKind}
    root = Path(fundapp.__file__).parent
    for file in root.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if not any(isinstance(node, ast.alias) and node.name == "record" for node in ast.walk(tree)):
            continue
        actions |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and ACTION.fullmatch(node.value)
        }
    return actions


def test_every_action_has_a_sentence_and_every_sentence_an_action(app):
    worded = {key.partition(" ")[0] for key in SENTENCES}
    actions = recorded_actions() - (set(app.job_kinds) - worded)  # the name of a job is written like an action
    assert {"decision:make", "assignment:give", "letter:make", "call:extend"} <= actions
    assert actions - worded == set()
    assert worded - actions == set()
    assert {f"decision:make {outcome.value}" for outcome in Outcome} <= set(SENTENCES)


def test_actions_are_written_out_or_come_from_a_machine():
    """What the test above cannot see does not exist: an action is a text, a parameter, or one of two known patterns."""
    computed = set()
    for file in Path(fundapp.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "action" and isinstance(node.value, ast.JoinedStr):
                computed.add(ast.unparse(node.value))
    assert computed == {"f'{machine.name}:{event}'", "f'protection:{step.value}'"}


@pytest.fixture
def call(app):
    return make_call()


@pytest.fixture
def manager(call):
    return make_staff(Role.MANAGER, call, name="Mina Manager")


def call_page(client, call, **arguments) -> str:
    return page_of(client, f"/manage/{call.slug}/history", **arguments)


def page_of(client, path, **arguments) -> str:
    response = client.get(path, query_string=arguments)
    assert response.status_code == 200
    return str(response.text)


def application_page(client, application) -> str:
    return page_of(client, f"/manage/applications/{application.id}/history")


def test_the_history_of_a_call_says_who_did_what_when_and_why(call, manager, signed_in):
    application = make_application(call, status=ApplicationStatus.SUBMITTED)
    actor = actor_of(manager)
    mark_ineligible(actor=actor, application=application, reason="It asks for a building.", now=NOW)
    extend_deadline(
        actor=actor,
        call=call,
        closes_at=CLOSES.replace(year=2021),
        reasons={"en": "The lines were down.", "fr": "Les lignes étaient coupées."},
        now=NOW,
    )
    decision = make_decision(make_slate(call), make_application(call).entries[0], decided_by=manager)
    record(
        actor=actor, action="decision:make", subject=decision, now=NOW, call_id=call.id,
        data={"outcome": "award", "amount_minor": 1_250_000},
    )  # fmt: skip
    page = call_page(signed_in(manager), call)
    assert "The application was found not eligible." in page
    assert "It asks for a building." in page
    assert "The deadline was moved later." in page
    assert "The lines were down." in page
    assert "12,500" in page
    assert "Mina Manager" in page
    assert "14 September 2020, 15:00" in page  # the call is in Nairobi
    assert str(application.reference) in page
    assert f"/manage/applications/{application.id}/history" in page


def test_the_history_of_an_application_tells_of_it_alone(call, manager, signed_in):
    one, other = make_application(call), make_application(call)
    reviewer = make_reviewer(call, person=make_person("Rosa Reviewer"))
    for application in (one, other):
        assignment = make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
        if application is one:
            declare_conflict(actor=actor_of(reviewer.person), assignment=assignment, reason="My cousin.", now=NOW)
    client = signed_in(manager)
    page = application_page(client, one)
    assert "The reviewer stepped back." in page
    assert "Rosa Reviewer" in page
    assert "My cousin." in page
    assert "The reviewer stepped back." not in application_page(client, other)
    assert "The reviewer stepped back." in call_page(client, call)


def test_whoever_has_a_conflict_reads_nothing_of_the_application(call, manager, signed_in):
    application, other = make_application(call), make_application(call)
    entry = application.entries[0]
    decision = make_decision(make_slate(call), entry)
    colleague = make_staff(Role.MANAGER, call, name="Carla Colleague")
    db.session.commit()
    withdraw_decision(actor=actor_of(colleague), entry=entry, now=NOW)  # from now on its row is gone
    record(actor=actor_of(colleague), action="application:mark_eligible", subject=other, now=NOW, call_id=call.id)
    record_conflict(
        actor=actor_of(colleague),
        application=application,
        person_id=manager.id,
        source=ConflictSource.SET_BY_MANAGER,
        reason="They are neighbours.",
        now=NOW,
    )
    assert decision not in db.session
    told = call_page(signed_in(colleague), call)
    hidden = call_page(signed_in(manager), call)
    for text in ("The decision on the entry was withdrawn.", "They are neighbours.", str(application.reference)):
        assert text in told
        assert text not in hidden
    assert str(other.reference) in hidden
    assert signed_in(manager).get(f"/manage/applications/{application.id}/history").status_code == 404


def test_drafts_are_not_told_of(call, manager, signed_in):
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    record(actor=actor_of(draft.person), action="application:start", subject=draft, now=NOW, call_id=call.id)
    client = signed_in(manager)
    assert "An application was started." not in call_page(client, call)
    assert client.get(f"/manage/applications/{draft.id}/history").status_code == 404


def test_a_protected_application_shows_its_pseudonym_and_no_person(call, manager, signed_in):
    application = make_application(call, person=make_person("Amal Applicant"))
    name = application.organisation_name
    record(actor=actor_of(application.person), action="application:submit", subject=application, now=NOW)
    protect(actor=actor_of(manager), application=application, reason="They were threatened.", now=NOW)
    client = signed_in(manager)
    for page in (call_page(client, call), application_page(client, application)):
        assert "The applicant" in page
        assert "They were threatened." in page
        assert str(application.pseudonym) in page
        assert name not in page
        assert "Amal Applicant" not in page


def test_only_those_who_may_read_the_panel_learn_who_reviews(call, manager, signed_in, monkeypatch):
    application = make_application(call)
    reviewer = make_reviewer(call, person=make_person("Rosa Reviewer"))
    assignment = make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
    declare_conflict(actor=actor_of(reviewer.person), assignment=assignment, reason="My cousin.", now=NOW)
    client = signed_in(manager)
    assert "Rosa Reviewer" in call_page(client, call)
    monkeypatch.setattr(presentation, "may_name_reviewers", lambda _actor, _call: False)
    page = call_page(client, call)
    assert "A reviewer" in page
    assert "Rosa Reviewer" not in page
    assert "My cousin." not in page


@pytest.mark.parametrize(
    ("role", "status"), [(Role.MANAGER, 200), (Role.AUDITOR, 200), (Role.RATIFIER, 403), (Role.REVIEWER, 403)]
)
def test_managers_and_auditors_read_it_and_nobody_else(call, signed_in, role, status):
    application = make_application(call)
    client = signed_in(make_staff(role, call))
    assert client.get(f"/manage/{call.slug}/history").status_code == status
    assert client.get(f"/manage/applications/{application.id}/history").status_code == status
    elsewhere = signed_in(make_staff(role, make_call()))
    assert elsewhere.get(f"/manage/{call.slug}/history").status_code in (403, 404)
    assert elsewhere.get(f"/manage/applications/{application.id}/history").status_code in (403, 404)


def test_auditors_read_the_whole_record_and_nobody_else(call, manager, signed_in):
    application = make_application(call, person=make_person("Amal Applicant"))
    record(actor=actor_of(application.person), action="application:submit", subject=application, now=NOW)
    record(actor=actor_of(manager), action="role:grant", subject=manager, now=NOW, data={"role": "manager"})
    page = page_of(signed_in(make_staff(Role.AUDITOR)), "/record")
    for text in ("A role was given to a person.", "The application was sent.", "Mina Manager", "The applicant"):
        assert text in page
    newest = db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
    assert newest.entry_hash[:16] in page
    for text in ("Amal Applicant", application.organisation_name, str(application.reference)):
        assert text not in page
    for role in (Role.MANAGER, Role.RATIFIER, Role.ADMINISTRATOR, Role.REVIEWER):
        assert (
            signed_in(make_staff(role, None if role is not Role.REVIEWER else call)).get("/record").status_code == 403
        )


def test_a_step_of_signing_in_that_was_given_is_not_told_as_one_that_was_set_up(manager, signed_in):
    code = give_recovery_codes(manager)[0]
    assert proofs.give_code(person=manager, code=code, now=datetime.now(UTC))
    page = page_of(signed_in(make_staff(Role.AUDITOR)), "/record")
    assert "Somebody passed the second step of signing in." in page
    for text in ("second step of signing in was set up", "second step of signing in was added"):
        assert text not in page


def test_an_auditor_of_one_call_reads_its_record_alone(call, manager, signed_in):
    other = make_call()
    record(actor=actor_of(manager), action="call:extend", subject=call, now=NOW, call_id=call.id)
    record(actor=actor_of(manager), action="call:decide", subject=other, now=NOW, call_id=other.id)
    page = page_of(signed_in(make_staff(Role.AUDITOR, call)), "/record")
    assert "The deadline was moved later." in page
    assert "The call was closed as decided." not in page


def test_long_histories_come_in_pages(call, manager, signed_in):
    for _ in range(120):
        record(actor=actor_of(manager), action="call:load", subject=call, now=NOW, call_id=call.id)
    client = signed_in(manager)
    assert call_page(client, call).count("The call was loaded") == 50
    assert call_page(client, call, page=3).count("The call was loaded") == 120 - 2 * 50
    assert call_page(client, call, page=99).count("The call was loaded") == 120 - 2 * 50
    assert call_page(client, call, page=-1).count("The call was loaded") == 50


def test_the_number_of_statements_does_not_grow(call, manager, signed_in):
    def happen(number: int) -> None:
        for _ in range(number):
            application = make_application(call)
            reviewer = make_reviewer(call)
            assignment = make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
            declare_conflict(actor=actor_of(reviewer.person), assignment=assignment, reason="My cousin.", now=NOW)

    def statements() -> int:
        page_of(client, path)
        db.session.expunge_all()  # nothing is known from making it
        with counted_statements() as counted:
            page_of(client, path)
        return len(counted)

    happen(1)
    client, path = signed_in(manager), f"/manage/{call.slug}/history"
    few = statements()
    call = db.session.merge(call)
    happen(29)
    db.session.commit()
    assert statements() == few


def test_the_pages_of_call_and_application_lead_to_their_history(call, manager, signed_in):
    application = make_application(call)
    client = signed_in(manager)
    assert f"/manage/{call.slug}/history" in client.get(f"/manage/{call.slug}").text
    page = client.get(f"/manage/applications/{application.id}").text
    assert f"/manage/applications/{application.id}/history" in page
