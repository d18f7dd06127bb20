"""Labels that hold answers tell reviewers and staff no more than the answers would; what was asked stays asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role as StaffRole
from fundapp.applications.form_engine.definition import FormDefinition, Group, Kind, Question, Sensitivity
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.presentation.applications import submitted_answers_shown
from fundapp.applications.sealed_answers import keep_answers
from fundapp.applications.services.managing import mark_eligible
from fundapp.applications.services.submitting import register_submission
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import AssignmentStatus
from tests.conftest import actor_of
from tests.factories import (
    ANSWERS,
    FORM,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_protected,
    make_reviewer,
    make_staff,
)

Client = Callable[[Person | None], FlaskClient]


def _text(name: str, label: str, **more: Any) -> Question:
    return Question(name, Kind.TEXT, {"en": label}, group=("told",), **more)


TOLD = replace(
    FORM,
    groups=(*FORM.groups, Group(("told",), {"en": "About ${leader} and ${secret}"}, hint={"en": "Of ${leader}"})),
    questions=(
        *FORM.questions,
        _text("leader", "Who leads?", given_sensitivity=Sensitivity.IDENTITY),
        _text("alias", "Other name", identifies=True),
        _text("secret", "For the fund alone", hidden_from_reviewers=True),
        _text("greeting", "Greeting", calculation="concat('Dear ', ${leader}, ' of ', ${organisation})"),
        _text("of_leader", "What does ${leader} do?"),
        _text("of_alias", "Since when is it ${alias}?"),
        _text("of_secret", "Why ${secret}?"),
        _text("of_greeting", "What follows on “${greeting}”?"),
        _text("of_organisation", "What is ${organisation} known for?"),
        _text("only_then", "Only for Hawa-Canary", relevant="${leader} = 'Leader-Canary'"),
    ),
)
GIVEN: dict[str, Any] = {
    **ANSWERS,
    "organisation": "Organisation-Canary",
    "leader": "Leader-Canary",
    "alias": "Alias-Canary",
    "secret": "Secret-Canary",
    **{f"of_{name}": f"Plain-{name}" for name in ("leader", "alias", "secret", "greeting", "organisation")},
}


def sent(form: FormDefinition = TOLD, **given: Any) -> Application:
    call = make_call(form=form)
    application = make_application(call, status=ApplicationStatus.DRAFT)
    application.answers = {}
    keep_answers(application=application, form=form, values={**GIVEN, **given}, by_id=None, now=NOW)
    register_submission(actor=actor_of(application.person), application=application, form=form, now=NOW)
    mark_eligible(actor=actor_of(make_staff(StaffRole.MANAGER)), application=application, now=NOW)
    db.session.commit()
    return application


@pytest.fixture(autouse=True)
def clock(app: FundApp) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize("protected", [False, True])
def test_a_reviewer_reads_no_masked_answer_inside_of_a_label(signed_in: Client, protected: bool) -> None:
    application = sent()
    if protected:
        make_protected(application)
    assignment = make_assignment(application.entries[0], make_reviewer(application.call), AssignmentStatus.READING)
    page = signed_in(assignment.reviewer.person).get(f"/reviews/{assignment.id}").text
    assert "Plain-leader" in page, "the answers that tell nothing are read"
    assert "Plain-greeting" in page
    assert "What does … do?" in page
    for canary in ("Leader-Canary", "Alias-Canary", "Secret-Canary"):
        assert canary not in page
    assert ("Organisation-Canary" in page) is not protected
    if protected:
        assert "What is … known for?" in page


@pytest.mark.parametrize("protected", [False, True])
def test_staff_read_no_masked_answer_inside_of_a_label(signed_in: Client, protected: bool) -> None:
    application = sent()
    if protected:
        make_protected(application)
    client = signed_in(make_staff(StaffRole.MANAGER))
    for path in ("", "/versions/1"):
        answer = client.get(f"/manage/applications/{application.id}{path}")
        assert answer.status_code == 200
        assert "Leader-Canary" not in answer.text
        assert "Plain-leader" in answer.text
        assert ("Alias-Canary" in answer.text) is not protected
        assert ("Organisation-Canary" in answer.text) is not protected
        assert "Only for Hawa-Canary" in answer.text, "what was asked hangs on an answer that is masked"


def test_what_was_asked_when_it_was_sent_is_shown_ever_after(app: FundApp, clock: Any) -> None:
    asked_then = replace(
        FORM,
        questions=(
            *FORM.questions,
            Question("then", Kind.TEXT, {"en": "Asked then"}, relevant=f"today() = date('{NOW.date()}')"),
            Question("later", Kind.TEXT, {"en": "Asked later"}, relevant=f"today() > date('{NOW.date()}')"),
        ),
    )
    application = sent(asked_then, then="Said then")
    clock.move_to(datetime(2031, 1, 1, tzinfo=UTC))
    shown = [answer for section in submitted_answers_shown(application, mask=False) for answer in section.answers]
    told = {answer.question.name: answer.texts for answer in shown}
    assert told["then"] == ["Said then"]
    assert "later" not in told
