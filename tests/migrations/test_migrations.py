"""The database's structure goes up, down and up again, with data in it, on both engines."""

import json

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.permissions import system_actor
from fundapp.accounts.services.organisations import organisation_key
from fundapp.applications.models import Application, ApplicationStatus, Attachment, Call, Entry
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.core import sealed_files
from fundapp.core.audit import record
from fundapp.core.db import Base, db
from fundapp.disbursement.models import Award
from fundapp.review.models import SlateStatus

from ..factories import (
    NOW,
    make_application,
    make_attachment,
    make_call,
    make_decision,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
)
from ..integration.sensitive_form import ANSWERS as SENSITIVE_ANSWERS
from ..integration.sensitive_form import FORM as SENSITIVE_FORM


def fill() -> None:
    """Put a decided round into the tables."""
    call = make_call()
    application = make_application(call)
    make_application(call, status=ApplicationStatus.DRAFT)
    entry = application.entries[0]
    make_review(entry, make_reviewer(call), [4, None])
    decision = make_decision(make_slate(call, SlateStatus.RELEASED), entry)
    db.session.add(
        Award(
            decision_id=decision.id,
            call_id=call.id,
            reference=application.reference,
            amount_minor=decision.amount_minor,
            currency="USD",
            awarded_at=NOW,
        )
    )
    db.session.commit()


def test_up_down_and_up_with_data(fresh_app):
    upgrade()
    fill()
    db.session.remove()
    downgrade(revision="base")
    left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    upgrade()
    fill()
    assert db.session.scalar(select(func.count()).select_from(Entry)) == 1


def test_the_migrations_make_exactly_the_tables_of_the_models(migrated_app):
    check()
    assert set(inspect(db.engine).get_table_names()) - {"alembic_version"} == set(Base.metadata.tables)


def test_a_reserve_of_before_the_tables_knew_one_is_a_decline(fresh_app):
    upgrade()
    fill()
    db.session.execute(text("UPDATE decision SET outcome = 'reserve', amount_minor = 0"))
    db.session.commit()
    db.session.remove()
    downgrade(revision="0031")
    assert db.session.scalars(text("SELECT outcome FROM decision")).all() == ["decline"]
    db.session.remove()
    upgrade()


def test_there_is_one_newest_revision(fresh_app):
    script = ScriptDirectory.from_config(fresh_app.extensions["migrate"].migrate.get_config())
    assert len(script.get_heads()) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE call SET committed_minor = budget_minor + 1",
        "UPDATE call SET committed_minor = -1",
        "UPDATE application SET status = 'ineligible', eligibility_reason = ''",
        "UPDATE application SET status = 'approved'",
        "UPDATE application SET submitted_at = NULL WHERE status <> 'draft'",
        "UPDATE score SET value = 0 WHERE cannot_judge",
        "UPDATE decision SET amount_minor = 0",
        "UPDATE decision SET outcome = 'reserve'",
        "UPDATE decision SET outcome = 'shelved', amount_minor = 0",
        "UPDATE slate SET ratified_by_id = proposed_by_id",
        "UPDATE slate SET ratified_at = NULL",
        "INSERT INTO entry (application_id, call_id, category_id, stage_id, requested_minor, created_at, id)"
        " SELECT application_id, call_id, category_id, stage_id, requested_minor, created_at, application_id"
        " FROM entry",
    ],
)
def test_the_database_itself_refuses_what_must_never_be(migrated_app, statement):
    fill()
    with pytest.raises(IntegrityError):
        db.session.execute(text(statement))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Application)) == 2
    assert db.session.scalars(select(Call)).one().committed_minor > 0


def test_clear_data_is_sealed_going_up_and_clear_again_going_down(migrated_app):
    """Rows and files of before sealing: nothing of them stays in clear, and nothing is lost, either way."""
    storage = migrated_app.extensions["storage"]
    application = make_application(make_call(form=SENSITIVE_FORM), person=make_person("Person-Canary Sample"))
    values = {name: answer for name, answer in SENSITIVE_ANSWERS.items() if name != "account"}
    keep_answers(application=application, form=SENSITIVE_FORM, values=values, by_id=None, now=NOW)
    application.submissions[-1].answers = application.answers
    attachment = make_attachment(storage, application, b"File-Canary" * 9000, filename="Filename-Canary.pdf")
    assert application.organisation is not None
    email, name, file_id = application.person.email, application.organisation_name, attachment.id
    called = application.organisation.name
    record(actor=system_actor(), action="test:change", subject=application, now=NOW)
    db.session.commit()
    db.session.remove()

    downgrade(revision="0005")
    old = db.session.execute(text("SELECT email, name FROM person WHERE name = 'Person-Canary Sample'")).one()
    assert old == (email, "Person-Canary Sample")
    stored, key, organisation = db.session.execute(
        text(
            "SELECT application.answers, organisation_key, organisation.name FROM application"
            " JOIN organisation ON organisation.id = application.organisation_id"
        )
    ).one()
    answers = json.loads(stored) if isinstance(stored, str) else stored
    assert {each: answers[each] for each in ("contact", "risk")} == {each: values[each] for each in ("contact", "risk")}
    assert answers["paper"]["filename"] == "Filename-Canary.pdf"
    assert (key, organisation) == (name.casefold(), called)
    sha256 = db.session.execute(text("SELECT sha256 FROM attachment")).scalar_one()
    assert storage.read(sha256) == b"File-Canary" * 9000
    db.session.remove()

    upgrade()
    with db.engine.connect() as connection:
        rows = {
            table.name: str([tuple(row) for row in connection.execute(table.select())])
            for table in Base.metadata.sorted_tables
        }
    assert [name for name, raw in rows.items() if "-Canary" in raw or email in raw] == []
    again = db.session.scalars(select(Application)).one()
    assert (again.person.email, again.person.name) == (email, "Person-Canary Sample")
    clear = clear_answers(again)
    assert {each: clear[each] for each in values} == values
    assert clear_answers(again.submissions[-1]) == clear
    file = db.session.get_one(Attachment, file_id)
    assert file.filename == "Filename-Canary.pdf"
    assert sealed_files.read(storage, file.file) == b"File-Canary" * 9000
    assert again.organisation is not None
    assert (again.organisation_key, again.organisation.name_key) == (organisation_key(name), organisation_key(called))
