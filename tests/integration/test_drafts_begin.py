"""A new draft begins with what the form fills in by itself, and with what is known already, which counts more."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fundapp.accounts.permissions import Role
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import Application, ApplicationSource, Call
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services import earlier
from fundapp.applications.services.entering_by_hand import enter_application
from fundapp.applications.services.saving import marks_of, save_draft
from fundapp.applications.services.starting import start_application
from fundapp.core.db import db
from fundapp.core.web import FundApp
from tests.conftest import actor_of
from tests.factories import ANSWERS, FORM, make_application, make_call, make_person, make_staff

MORE = (
    Question("years", Kind.INTEGER, {"en": "Years?"}, required=True, eligible=". >= 1", default="9"),
    Question("write_to", Kind.TEXT, {"en": "Address"}, role=FormRole.EMAIL, default="nobody@example.org"),
    Question("money", Kind.TEXT, {"en": "Which money?"}, default="euro"),
    Question(
        "greeting", Kind.TEXT, {"en": "Greeting"}, default="concat('From ', ${write_to})", default_is_expression=True
    ),
    Question("began", Kind.CALCULATE, {}, calculation="once(today())"),
)
WITH_DEFAULTS = replace(FORM, questions=(*FORM.questions, *MORE))


def open_call(**values: Any) -> Call:
    now = datetime.now(UTC)
    return make_call(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=20), form=WITH_DEFAULTS, **values)


def started(person: Any, **first: str) -> Application:
    return start_application(
        actor=actor_of(person), call=open_call(), language="en", now=datetime.now(UTC), first={"years": "3", **first}
    )


def test_a_draft_begins_with_defaults_and_what_is_known_counts_more(app: FundApp) -> None:
    person = make_person(email="amina@example.org")
    answers = clear_answers(started(person))
    assert answers["money"] == "euro"
    assert answers["began"], "what is computed once is kept from the start"
    assert answers["years"] == 3, "the first answer was given, and not by the form"
    assert answers["write_to"] == "amina@example.org"
    assert answers["greeting"] == "From amina@example.org"


def test_a_default_is_changed_without_a_conflict(app: FundApp) -> None:
    person = make_person(email="amina@example.org")
    application = started(person)
    assert clear_answers(application)["money"] == "euro"
    saved = save_draft(
        actor=actor_of(person),
        application=application,
        typed={"money": "shilling"},
        seen=marks_of(application, ["money"]),
        language="en",
        now=datetime.now(UTC),
    )
    assert not saved.conflicts
    assert clear_answers(application)["money"] == "shilling"


def test_what_was_answered_before_is_offered_in_place_of_a_default(app: FundApp) -> None:
    person = make_person(email="amina@example.org")
    before = make_application(make_call(form=WITH_DEFAULTS), person=person)
    before.answers = {**ANSWERS, "money": "shilling"}
    db.session.flush()
    found = earlier.offered(started(person))
    assert found is not None
    assert ("money", "shilling") in [(question.name, answer) for question, answer in found.answers]


def test_a_promise_is_made_anew(app: FundApp) -> None:
    person = make_person(email="amina@example.org")
    honest = Question(name="honest", kind=Kind.ACKNOWLEDGE, label={"en": "All this is true."}, group=("about",))
    form = replace(WITH_DEFAULTS, questions=(*WITH_DEFAULTS.questions, honest))
    before = make_application(make_call(form=form), person=person)
    before.answers = {**ANSWERS, "money": "shilling", "honest": True}
    db.session.flush()
    again = started(person)
    again.form_version = before.form_version
    found = earlier.offered(again)
    assert found is not None
    names = [question.name for question, _answer in found.answers]
    assert "money" in names
    assert "honest" not in names


def test_what_is_typed_in_by_staff_begins_with_defaults_too(app: FundApp) -> None:
    application = enter_application(
        actor=actor_of(make_staff(Role.MANAGER)),
        call=open_call(),
        source=ApplicationSource.PAPER,
        received_on=date(2020, 9, 14),
        organisation="Hill paralegals (sample)",
        contact_name="Amina Sample",
        email="amina@example.org",
        language="en",
        now=datetime.now(UTC),
    )
    answers = clear_answers(application)
    assert (answers["money"], answers["write_to"]) == ("euro", "amina@example.org")
