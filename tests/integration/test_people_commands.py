"""The command line about people and roles does what the administrators' pages do."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from fundapp.accounts.cli import people, roles
from fundapp.accounts.models import RoleChange
from fundapp.accounts.permissions import Grant, Role
from fundapp.accounts.queries import person_by_email
from fundapp.core.db import db
from fundapp.core.mail import MailMessage

from ..conftest import actor_of
from ..factories import make_call, make_person, make_staff


@pytest.fixture
def command(app):
    def run(group, *arguments: str) -> Result:
        db.session.commit()
        return CliRunner().invoke(group, arguments, obj=lambda: app)

    return run


def grants_of(email: str) -> set[Grant]:
    person = person_by_email(email)
    assert person is not None
    return set(actor_of(person).grants) - {Grant(Role.APPLICANT)}


def test_somebody_is_added_given_a_role_in_a_call_and_loses_it(app, command):
    call = make_call()
    call_id, slug = call.id, call.slug
    added = command(people, "add", "Noor@Example.org", "--name", "Noor Sample", "--language", "ar")
    assert added.exit_code == 0, added.output
    assert grants_of("noor@example.org") == set()
    mails = db.session.scalars(select(MailMessage)).all()
    assert [(mail.template, mail.language) for mail in mails] == [("set_password", "ar")]
    given = command(roles, "grant", "noor@example.org", "chair", "--call", slug)
    assert given.exit_code == 0, given.output
    assert grants_of("noor@example.org") == {Grant(Role.CHAIR, call_id)}
    assert f"chair\t{slug}\tnoor@example.org" in command(roles, "list").output
    assert f"chair ({slug})" in command(people, "list").output
    other = make_call().slug
    assert "noor" not in command(roles, "list", "--call", other).output
    assert command(roles, "revoke", "noor@example.org", "chair").exit_code == 1, "not held everywhere"
    taken = command(roles, "revoke", "noor@example.org", "chair", "--call", slug, "--reason", "Done")
    assert taken.exit_code == 0, taken.output
    assert grants_of("noor@example.org") == set()
    changes = db.session.scalars(select(RoleChange).order_by(RoleChange.at)).all()
    assert [(each.is_given, each.by_id, each.reason) for each in changes] == [(True, None, ""), (False, None, "Done")]


def test_the_first_role_can_be_given_with_the_person(app, command):
    assert command(people, "add", "m@example.org", "--name", "M", "--role", "manager").exit_code == 0
    assert grants_of("m@example.org") == {Grant(Role.MANAGER)}


def test_a_second_duty_needs_its_reason_here_too(app, command):
    make_staff(Role.MANAGER, email="m@example.org")
    refused = command(roles, "grant", "m@example.org", "ratifier")
    assert refused.exit_code == 1
    assert "should be in other hands" in refused.output
    assert command(roles, "grant", "m@example.org", "ratifier", "--reason", "We are two").exit_code == 0
    assert grants_of("m@example.org") == {Grant(Role.MANAGER), Grant(Role.RATIFIER)}


def test_an_account_is_closed_and_opened(app, command):
    person_id = make_staff(Role.MANAGER, email="m@example.org").id
    assert command(people, "disable", "m@example.org").exit_code == 0
    assert "CLOSED" in command(people, "list").output
    found = person_by_email("m@example.org")
    assert found is not None
    assert (found.id, found.is_active) == (person_id, False)
    assert command(people, "enable", "m@example.org").exit_code == 0
    assert "CLOSED" not in command(people, "list").output


def test_the_command_line_can_replace_the_last_administrator(app, command):
    make_staff(Role.ADMINISTRATOR, email="a@example.org")
    assert command(roles, "revoke", "a@example.org", "administrator").exit_code == 0
    assert grants_of("a@example.org") == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("grant", "nobody@example.org", "manager"),
        ("grant", "known@example.org", "chair"),
        ("grant", "known@example.org", "chair", "--call", "no-such-call"),
        ("grant", "known@example.org", "reviewer"),
        ("grant", "known@example.org", "applicant"),
        ("revoke", "known@example.org", "manager"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(app, command, arguments):
    make_person(email="known@example.org")
    refused = command(roles, *arguments)
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output
    assert grants_of("known@example.org") == set()
    assert db.session.scalars(select(RoleChange)).all() == []
