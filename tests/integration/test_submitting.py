"""Sending in: categories become entries, references are counted by the database, and nobody is counted twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from fundapp.accounts.permissions import system_actor
from fundapp.applications.form_engine.definition import Choice, FormDefinition, Kind, Question, Role
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallStatus,
    Entry,
    ProgrammeKind,
    Submission,
)
from fundapp.applications.queries.applicant import own_applications
from fundapp.applications.services.drafts import fingerprint, form_of
from fundapp.applications.services.starting import start_application
from fundapp.applications.services.submitting import register_submission, submit_application
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import InvalidTransition, NotAllowed, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from tests.conftest import NOW, actor_of
from tests.factories import ANSWERS, FORM, make_application, make_call, make_person

pytestmark = pytest.mark.usefixtures("app")

PRIZE_FORM: FormDefinition = replace(
    FORM,
    questions=(
        *(question for question in FORM.questions if question.role is not Role.AMOUNT),
        Question(
            name="prizes",
            kind=Kind.SELECT_MULTIPLE,
            label={"en": "Which prizes?"},
            group=("work",),
            required=True,
            choices=tuple(Choice(code, {"en": code}) for code in ("cat1", "cat2", "cat3", "cat9")),
            role=Role.CATEGORIES,
        ),
    ),
)


def with_answers(application: Application, **changes: Any) -> Application:
    answers = {**ANSWERS, **changes}
    application.answers = {name: answer for name, answer in answers.items() if answer is not None}
    application.category_codes = list(application.answers.get("prizes", []))
    db.session.flush()
    return application


def send(application: Application) -> Submission:
    return submit_application(
        actor=actor_of(application.person),
        application=application,
        seen=fingerprint(application.answers),
        language="en",
        now=NOW,
    )


def prize_draft(*codes: str) -> Application:
    call = make_call(kind=ProgrammeKind.PRIZE, categories=3, form=PRIZE_FORM)
    return with_answers(make_application(call, status=ApplicationStatus.DRAFT), amount=None, prizes=list(codes) or None)


@pytest.mark.parametrize("codes", [["cat1"], ["cat1", "cat3"], ["cat1", "cat2", "cat3"]])
def test_each_chosen_category_is_one_entry_without_a_requested_amount(codes: list[str]) -> None:
    application = prize_draft(*codes)
    send(application)
    entries = db.session.scalars(select(Entry).join(Entry.category)).all()
    assert sorted(entry.category.code for entry in entries if entry.category) == codes
    assert {entry.requested_minor for entry in entries} == {None}


@pytest.mark.parametrize("codes", [[], ["cat9"], ["cat1", "cat9"]], ids=["none", "unknown", "one unknown"])
def test_application_without_a_category_of_the_call_is_refused(codes: list[str]) -> None:
    application = prize_draft(*codes)
    with pytest.raises(RuleViolations) as refused:
        send(application)
    assert [problem.field for problem in refused.value.problems] == ["prizes"]
    assert application.status is ApplicationStatus.DRAFT


def test_more_categories_than_the_call_allows_are_refused() -> None:
    application = prize_draft("cat1", "cat2", "cat3")
    application.call.max_categories = 2
    with pytest.raises(RuleViolations) as refused:
        send(application)
    assert {problem.field for problem in refused.value.problems} == {"prizes"}


def test_submission_freezes_what_was_sent_with_a_hash_over_it() -> None:
    call = make_call()
    first = send(with_answers(make_application(call, status=ApplicationStatus.DRAFT)))
    second = send(with_answers(make_application(call, status=ApplicationStatus.DRAFT), plan="Another plan"))
    assert first.answers == ANSWERS
    assert first.content_sha256 != second.content_sha256
    assert len(first.content_sha256) == 64


def test_submission_is_recorded_without_personal_data() -> None:
    application = with_answers(make_application(make_call(), status=ApplicationStatus.DRAFT))
    send(application)
    db.session.commit()
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "application:submit")).one()
    assert entry.data["reference"] == application.reference
    assert ANSWERS["plan"] not in str(entry.data)
    assert ANSWERS["organisation"] not in str(entry.data)


def test_applicants_of_one_name_keep_organisations_of_their_own() -> None:
    call = make_call()
    names = ("Paralegals of the Hill", "PARALEGALS  of the hill")
    first, second = [
        with_answers(make_application(call, status=ApplicationStatus.DRAFT), organisation=n) for n in names
    ]
    for application in (first, second):
        send(application)
    assert first.organisation_id != second.organisation_id
    assert first.organisation is not None
    assert second.organisation is not None
    assert [first.organisation.name, second.organisation.name] == list(names)
    assert first.organisation.name_key == second.organisation.name_key
    assert own_applications(actor=actor_of(first.person)) == [first]


def test_nobody_sends_the_application_of_somebody_else() -> None:
    application = with_answers(make_application(make_call(), status=ApplicationStatus.DRAFT))
    with pytest.raises(NotAllowed):
        submit_application(
            actor=actor_of(make_person()),
            application=application,
            seen=fingerprint(application.answers),
            language="en",
            now=NOW,
        )


def test_nothing_is_registered_once_the_call_is_decided() -> None:
    application = make_application(make_call(status=CallStatus.DECIDED, decided_at=NOW))
    with pytest.raises(InvalidTransition):
        register_submission(actor=system_actor(), application=application, form=form_of(application), now=NOW)


def test_starting_is_recorded_and_gives_the_same_draft_again() -> None:
    call, person = make_call(), make_person(email="known@example.org")
    first, second = (start_application(actor=actor_of(person), call=call, language="fr", now=NOW) for _ in range(2))
    assert first is second
    assert first.language == "fr"
    db.session.commit()
    assert db.session.scalar(select(func.count()).where(AuditEntry.action == "application:start")) == 1


# -- At the same moment ---------------------------------------------------------------------------------------------


def at_once(app: FundApp, *work: Callable[[], Any]) -> list[Any]:
    """Run functions in threads of their own, each in its own transaction, started together; return what they gave."""
    gate = Barrier(len(work))

    def run(one: Callable[[], Any]) -> Any:
        with app.app_context():
            gate.wait()
            try:
                result = one()
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                return error
            return result

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_sending_twice_at_the_same_moment_is_one_submission(app: FundApp) -> None:
    application = with_answers(make_application(make_call(), status=ApplicationStatus.DRAFT))
    key = application.id
    db.session.commit()

    def send_it() -> str:
        return str(send(db.session.get_one(Application, key)).id)

    results = at_once(app, *[send_it] * 4)
    assert len(set(results)) == 1, results
    assert db.session.scalars(select(Submission.id)).one() is not None
    assert db.session.scalar(select(func.count()).select_from(Entry)) == 1
    assert db.session.scalar(select(func.count()).where(MailMessage.template == "receipt")) == 1


def test_starting_twice_at_the_same_moment_is_one_draft(app: FundApp) -> None:
    call, person = make_call(), make_person()
    actor, key = actor_of(person), call.id
    db.session.commit()

    def start() -> str:
        return str(start_application(actor=actor, call=db.session.get_one(Call, key), language="en", now=NOW).id)

    results = at_once(app, *[start] * 4)
    assert len(set(results)) == 1, results
    assert db.session.scalar(select(func.count()).select_from(Application)) == 1


def test_references_of_applications_sent_at_the_same_moment_are_all_different(app: FundApp) -> None:
    call = make_call(reference_prefix="GJF-2020")
    keys = [with_answers(make_application(call, status=ApplicationStatus.DRAFT)).id for _ in range(6)]
    db.session.commit()

    def sending(key: Any) -> Callable[[], str]:
        def send_it() -> str:
            application = db.session.get_one(Application, key)
            send(application)
            return str(application.reference)

        return send_it

    references = at_once(app, *[sending(key) for key in keys])
    assert sorted(references) == [f"GJF-2020-000{number}" for number in range(1, 7)]
