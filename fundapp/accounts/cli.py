"""Commands about people and their roles: what an administrator's pages do, for whoever runs the service."""

from uuid import UUID

import click

from fundapp.accounts import people_queries as queries
from fundapp.accounts.call_names import call_names
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.queries import person_by_email
from fundapp.accounts.refusals import permission_table
from fundapp.accounts.role_rules import GIVEN
from fundapp.accounts.services import administering, sessions
from fundapp.accounts.services import roles as services
from fundapp.core import clock
from fundapp.core.commands import with_app
from fundapp.core.i18n import LANGUAGES
from fundapp.core.web import FundApp

role_choice = click.Choice([role.value for role in Role])
given_choice = click.Choice([role.value for role in GIVEN])


@click.group()
def people() -> None:
    """People who work here."""


@people.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=given_choice, help="Their first role, for every call; more with: fundapp roles grant.")
@click.option("--reason", default="", help="Needed when they have a duty already that should be in other hands.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
@with_app
def people_add(app: FundApp, email: str, name: str, role: str | None, reason: str, language: str) -> None:
    """Make EMAIL known as somebody who works here, and mail a link for choosing a password."""
    now, actor = clock.now(), system_actor()
    person = administering.invite_person(
        actor=actor, email=email, name=name, language=language, secret_key=app.config["SECRET_KEY"], now=now
    )
    if role is not None:
        services.give_role(actor=actor, person=person, role=Role(role), call_id=None, reason=reason, now=now)
    click.echo(f"{person.email} is {f'a {role}' if role else 'known'}; a link for choosing a password is on its way")


@people.command("list")
@with_app
def people_list(_app: FundApp) -> None:
    """List everybody who has a role, with their roles."""
    places = _places()
    for found in queries.every_holder(actor=system_actor()):
        roles = ", ".join(f"{grant.role.value} ({places[grant.call_id]})" for grant in found.grants)
        state = "" if found.person.is_active else " CLOSED"
        click.echo(f"{found.person.email or found.person.id}\t{found.person.name}\t{roles}{state}")


@people.command("disable")
@click.argument("email")
@with_app
def people_disable(_app: FundApp, email: str) -> None:
    """Close the account of EMAIL: it is signed out at once."""
    administering.disable_person(actor=system_actor(), person=_person(email), now=clock.now())
    click.echo(f"the account of {email} is closed")


@people.command("enable")
@click.argument("email")
@with_app
def people_enable(_app: FundApp, email: str) -> None:
    """Open the account of EMAIL again."""
    administering.enable_person(actor=system_actor(), person=_person(email), now=clock.now())
    click.echo(f"the account of {email} is open")


@people.command("sign-out")
@click.argument("email", required=False)
@click.option("--everybody", is_flag=True, help="End every session of everybody: after a break-in, or a leaked backup.")
@with_app
def people_sign_out(_app: FundApp, email: str | None, everybody: bool) -> None:
    """End the sessions of EMAIL, or of everybody, at once."""
    if everybody == bool(email):
        raise click.UsageError("name an address, or give --everybody")
    now, actor = clock.now(), system_actor()
    if email:
        count = sessions.end_all_sessions(actor=actor, person=_person(email), now=now)
    else:
        count = sessions.end_every_session(actor=actor, now=now)
    click.echo(f"{count} sessions are ended")


@click.group()
def roles() -> None:
    """Who may do what: everywhere, or in one call."""


@roles.command("grant")
@click.argument("email")
@click.argument("role", type=given_choice)
@click.option("--call", "slug", help="The call's name in its address; without it, every call.")
@click.option("--reason", default="", help="Needed when the person has a duty that should be in other hands.")
@with_app
def roles_grant(_app: FundApp, email: str, role: str, slug: str | None, reason: str) -> None:
    """Give ROLE to EMAIL, who must be known (fundapp people add)."""
    services.give_role(
        actor=system_actor(),
        person=_person(email),
        role=Role(role),
        call_id=_call_id(slug),
        reason=reason,
        now=clock.now(),
    )
    click.echo(f"{email} is {role} ({slug or 'every call'})")


@roles.command("revoke")
@click.argument("email")
@click.argument("role", type=role_choice)
@click.option("--call", "slug", help="The call's name in its address; without it, the role for every call.")
@click.option("--reason", default="", help="Kept with the change.")
@with_app
def roles_revoke(_app: FundApp, email: str, role: str, slug: str | None, reason: str) -> None:
    """Take ROLE from EMAIL; it is gone at their next request."""
    actor, person, call_id = system_actor(), _person(email), _call_id(slug)
    held = queries.holder(actor=actor, person_id=person.id).grants
    grant = next((each for each in held if each.role == role and each.call_id == call_id), None)
    if grant is None:
        raise click.ClickException(f"{email} is not {role} ({slug or 'every call'})")
    services.take_role(actor=actor, grant=grant, reason=reason, now=clock.now())
    click.echo(f"{email} is no longer {role} ({slug or 'every call'})")


@roles.command("list")
@click.option("--call", "slug", help="Only what counts in this call.")
@with_app
def roles_list(_app: FundApp, slug: str | None) -> None:
    """List roles with who has them."""
    call_id = _call_id(slug)
    places = _places()
    for found in queries.every_holder(actor=system_actor()):
        for grant in found.grants:
            if call_id is None or grant.call_id in (None, call_id):
                click.echo(f"{grant.role.value}\t{places[grant.call_id]}\t{found.person.email or found.person.id}")


@roles.command("table")
@with_app
def roles_table(_app: FundApp) -> None:
    """Print which role holds which permission, as a Markdown table (docs/roles.md)."""
    click.echo(permission_table(), nl=False)


def _places() -> dict[UUID | None, str]:
    return {None: "every call", **{call.id: call.slug for call in call_names()}}


def _person(email: str) -> Person:
    person = person_by_email(email)
    if person is None:
        raise click.ClickException(f"nobody is known by {email}")
    return person


def _call_id(slug: str | None) -> UUID | None:
    if slug is None:
        return None
    found = next((call.id for call in call_names() if call.slug == slug), None)
    if found is None:
        raise click.ClickException(f"there is no call {slug}")
    return found
