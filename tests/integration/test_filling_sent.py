"""What a form asks decides what is sent; answers in the rows of a repeat are sealed and masked like all others."""

import json
from dataclasses import replace
from typing import Any

from fundapp.applications.form_engine.definition import Group, Kind, Question, Sensitivity
from fundapp.applications.identity import masked_names
from fundapp.applications.models import Application, ApplicationStatus, SealedAnswer
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services import drafts
from fundapp.applications.services.submitting import register_submission
from fundapp.core.db import db
from fundapp.core.web import FundApp

from ..conftest import actor_of
from ..factories import ANSWERS, FORM, NOW, make_application, make_call

PARTNERS = Group(("partners",), {"en": "Partners"}, is_repeat=True)
MORE = (
    Question("has_partners", Kind.TEXT, {"en": "Have you partners?"}),
    Question("why_alone", Kind.TEXT, {"en": "Why not?"}, relevant="${has_partners} = 'no'"),
    Question("partner", Kind.TEXT, {"en": "Name"}, group=("partners",), relevant="${has_partners} = 'yes'"),
    Question(
        "leader",
        Kind.TEXT,
        {"en": "Who leads ${partner}?"},
        group=("partners",),
        given_sensitivity=Sensitivity.IDENTITY,
    ),
    Question(
        "greeting",
        Kind.CALCULATE,
        {},
        group=("partners",),
        calculation="concat('Dear ', ${leader})",
        given_sensitivity=Sensitivity.IDENTITY,
    ),
    Question("partner_count", Kind.CALCULATE, {}, calculation="count-non-empty(${partner})"),
)
WITH_ROWS = replace(FORM, groups=(*FORM.groups, PARTNERS), questions=(*FORM.questions, *MORE))
GIVEN: dict[str, Any] = {
    **ANSWERS,
    "has_partners": "yes",
    "why_alone": "what was typed before",
    "partners": [1, 4],
    "partners~1~partner": "First group",
    "partners~1~leader": "Leader-Canary One",
    "partners~4~leader": "Leader-Canary Four",
}


def draft() -> Application:
    application = make_application(make_call(form=WITH_ROWS), status=ApplicationStatus.DRAFT)
    application.answers = {}
    keep_answers(application=application, form=WITH_ROWS, values=GIVEN, by_id=None, now=NOW)
    db.session.flush()
    return application


def test_what_is_not_asked_stays_in_the_draft_and_is_not_sent(app: FundApp) -> None:
    application = draft()

    submission = register_submission(
        actor=actor_of(application.person), application=application, form=WITH_ROWS, now=NOW
    )

    assert "why_alone" not in submission.answers
    assert application.answers["why_alone"] == "what was typed before"
    assert submission.answers["partners"] == [1, 4]
    assert submission.answers["partner_count"] == "1"
    db.session.rollback()


def test_answers_in_rows_are_sealed_each_in_its_place(app: FundApp) -> None:
    application = draft()
    submission = register_submission(
        actor=actor_of(application.person), application=application, form=WITH_ROWS, now=NOW
    )
    places = {row.question for row in db.session.query(SealedAnswer).filter_by(application_id=application.id)}

    assert {"partners~1~leader", "partners~4~leader", "partners~1~greeting", "partners~4~greeting"} <= places
    assert "Leader-Canary" not in json.dumps([application.answers, submission.answers])
    clear = clear_answers(submission)
    assert clear["partners~4~leader"] == "Leader-Canary Four"
    assert clear["partners~4~greeting"] == "Dear Leader-Canary Four"
    masked = clear_answers(submission, without=masked_names(WITH_ROWS, is_protected=False))
    assert "Leader-Canary" not in json.dumps(masked)
    assert masked["partners~1~partner"] == "First group"
    db.session.rollback()


def test_an_answer_under_a_key_that_the_form_has_not_is_never_kept(app: FundApp) -> None:
    application = draft()
    strange = {"partners~1~account": "x", "partner": "x", "partners~01~partner": "x", "nothing~1~partner": "x"}

    keep_answers(application=application, form=WITH_ROWS, values=strange, by_id=None, now=NOW)

    assert not strange.keys() & application.answers.keys()
    assert drafts.filling_of(application, WITH_ROWS, now=NOW).rows("partners") == [1, 4]
    db.session.rollback()
