"""A manager reads on the page of a call what waits, all through a round; a ratifier reads only what is theirs."""

from datetime import timedelta

import pytest

from fundapp.accounts.permissions import Role
from fundapp.applications.models import ApplicationStatus
from fundapp.core.db import db
from fundapp.disbursement.models import Letter, LetterKind, LetterStatus
from fundapp.review.models import AssignmentStatus, Outcome, SlateStatus

from ..factories import (
    CLOSES,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)


@pytest.fixture
def steps_for(app, signed_in, time_machine):
    """Return a function that says what a person reads under "Next" on a call's page."""

    def read(person, call, now=CLOSES + timedelta(days=1)):
        time_machine.move_to(now, tick=False)
        page = signed_in(person).get(f"/manage/{call.slug}").text
        known = (
            "Check whether 1 application is eligible",
            "Find a reader for 1 review",
            "Find readers for 2 reviews",
            "1 review is still to come",
            "Decide on 1 entry",
            "Try lists before you decide",
            "Send the list for ratification",
            "Ratify the list",
            "Release the decisions",
            "Some letters could not be made",
        )
        return [step for step in known if step in page]

    return read


def test_the_page_of_a_call_says_what_waits_at_each_step(app, steps_for):
    call = make_call(reviews_per_entry=2)
    manager, ratifier = make_staff(Role.MANAGER), make_staff(Role.RATIFIER)
    unchecked = make_application(call, status=ApplicationStatus.SUBMITTED)
    assert steps_for(manager, call) == ["Check whether 1 application is eligible"]
    assert steps_for(ratifier, call) == []
    db.session.delete(unchecked.entries[0])
    db.session.delete(unchecked.submissions[0])
    db.session.delete(unchecked)

    entry = make_application(call).entries[0]
    assert steps_for(manager, call) == ["Find readers for 2 reviews"]
    assert steps_for(manager, call, now=NOW) == [], "nothing waits while people still apply"
    make_review(entry, make_reviewer(call), [4, 4])
    assert steps_for(manager, call) == ["Find a reader for 1 review"]
    late = make_assignment(entry, make_reviewer(call), AssignmentStatus.ASSIGNED)
    assert steps_for(manager, call) == ["1 review is still to come"]
    db.session.delete(late)
    make_review(entry, make_reviewer(call), [3, 4])
    assert steps_for(manager, call) == ["Decide on 1 entry", "Try lists before you decide"]

    slate = make_slate(call)
    decision = make_decision(slate, entry, outcome=Outcome.DECLINE)
    assert steps_for(manager, call) == ["Send the list for ratification"]
    db.session.delete(decision)
    db.session.delete(slate)
    db.session.flush()
    slate = make_slate(call, SlateStatus.PROPOSED)
    make_decision(slate, entry, outcome=Outcome.DECLINE)
    assert steps_for(manager, call) == []
    assert steps_for(ratifier, call) == ["Ratify the list"]


def test_after_ratification_the_release_waits_and_then_what_went_wrong(app, steps_for):
    call = make_call()
    manager = make_staff(Role.MANAGER)
    application = make_application(call)
    make_decision(make_slate(call, SlateStatus.RATIFIED), application.entries[0])
    assert steps_for(manager, call) == ["Release the decisions"]
    assert steps_for(make_staff(Role.RATIFIER), call) == []
    released = make_call()
    failed = make_application(released)
    decision = make_decision(make_slate(released, SlateStatus.RELEASED), failed.entries[0])
    assert steps_for(manager, released) == []
    db.session.add(
        Letter(
            call_id=released.id,
            kind=LetterKind.AWARD,
            decision_id=decision.id,
            application_id=failed.id,
            person_id=failed.person_id,
            reference=failed.reference,
            language="en",
            status=LetterStatus.FAILED,
            failure="field:purpose",
            queued_at=NOW,
        )
    )
    assert steps_for(manager, released) == ["Some letters could not be made"]
