"""The one function that changes a status: table, then permission, then guard, then the audit row."""

import pytest

from fundapp.accounts.permissions import Role
from fundapp.applications.files.transitions import FILE
from fundapp.applications.models import ApplicationStatus
from fundapp.applications.transitions import APPLICATION, CALL
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import InvalidTransition, NotAllowed
from fundapp.core.workflow import Machine, apply_transition
from fundapp.disbursement.transitions import LETTER
from fundapp.review.transitions import ASSIGNMENT, FINALIST_PROFILE, PLAN, REVIEW, REVIEWER, SLATE

from ..conftest import NOW, actor_of
from ..factories import make_application, make_call, make_person, make_staff

MACHINES = [CALL, APPLICATION, FILE, REVIEWER, ASSIGNMENT, PLAN, REVIEW, FINALIST_PROFILE, SLATE, LETTER]


def eligible_by(person, application):
    apply_transition(
        APPLICATION,
        application,
        "mark_eligible",
        actor=actor_of(person),
        now=NOW,
        call_id=application.call_id,
        evidence={"eligibility_by_id": person.id, "eligibility_at": NOW},
    )


def test_a_transition_writes_status_evidence_and_one_audit_row(app):
    manager = make_staff(Role.MANAGER)
    application = make_application(make_call(), status=ApplicationStatus.SUBMITTED)
    eligible_by(manager, application)
    assert application.status is ApplicationStatus.ELIGIBLE
    db.session.commit()
    entry = db.session.query(AuditEntry).filter_by(object_id=application.id).one()
    assert (entry.action, entry.actor_id) == ("application:mark_eligible", manager.id)
    assert entry.data == {"from": "submitted", "to": "eligible"}


def test_an_event_out_of_turn_is_refused_and_changes_nothing(app):
    application = make_application(make_call(), status=ApplicationStatus.DRAFT)
    with pytest.raises(InvalidTransition):
        eligible_by(make_staff(Role.MANAGER), application)
    assert application.status is ApplicationStatus.DRAFT


def test_a_manager_of_another_call_may_not(app):
    application = make_application(make_call(), status=ApplicationStatus.SUBMITTED)
    for person in (make_person(), make_staff(Role.MANAGER, make_call()), make_staff(Role.RATIFIER)):
        with pytest.raises(NotAllowed):
            eligible_by(person, application)
    assert application.status is ApplicationStatus.SUBMITTED


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_status_can_be_reached_and_has_its_two_labels(machine: Machine):
    statuses = set(machine.statuses)
    assert set(machine.labels) == statuses
    reached = {next(iter(machine.statuses))}
    for _round in statuses:
        reached |= {step.target for step in machine.transitions if step.sources & reached}
    assert reached == statuses
    for label in machine.labels.values():
        assert str(label.staff)
        assert str(label.applicant)
