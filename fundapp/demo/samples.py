"""The two sample calls and their invented people, loaded by the services that real ones go through."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from fundapp import samples
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.people import ensure_person
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.call_package import CallPackage, read_package
from fundapp.applications.importing import ImportedApplications, import_applications, load_call
from fundapp.applications.models import Call
from fundapp.core.tables import Table, read_table
from fundapp.review.invitations import Invitation, read_invitations

GRANT: Final = "gjf-2020"
PRIZE: Final = "gjp-2019"
OPEN_DAYS: Final = 14
"""How long the call that people can apply to stays open after it was loaded."""
MANAGER_EMAIL: Final = "manager@fund.example"
RATIFIER_EMAIL: Final = "ratifier@fund.example"
AUDITOR_EMAIL: Final = "auditor@fund.example"
ADMINISTRATOR_EMAIL: Final = "administrator@fund.example"


@dataclass(frozen=True)
class Staff:
    """Manager and ratifier, without whom no round can end; an auditor who reads, an administrator who gives roles."""

    manager: Person
    ratifier: Person
    auditor: Person
    administrator: Person


def sample_package(slug: str) -> CallPackage:
    """Return a sample's call package."""
    return read_package(samples.folder(slug))


def load(package: CallPackage, now: datetime) -> Call:
    """Load a call package; loading it again changes nothing."""
    return load_call(package=package, actor=system_actor(), now=now).call


def still_open(package: CallPackage, now: datetime) -> CallPackage:
    """Return the package with all its dates moved by whole days, so that it closes OPEN_DAYS after `now`."""
    last = max([package.closes_at, *(extension.closes_at for extension in package.extensions)])
    moved = timedelta(days=(now - last).days + 1 + OPEN_DAYS)
    nominations = package.nominations
    return replace(
        package,
        nominations=nominations
        and replace(nominations, opens_at=nominations.opens_at + moved, closes_at=nominations.closes_at + moved),
        opens_at=package.opens_at + moved,
        closes_at=package.closes_at + moved,
        extensions=tuple(
            replace(each, closes_at=each.closes_at + moved, extended_at=each.extended_at + moved)
            for each in package.extensions
        ),
    )


def import_into(call: Call, table: Table, now: datetime) -> ImportedApplications:
    """Take the rows of a table as applications to a call."""
    return import_applications(call=call, table=table, actor=system_actor(), now=now)


def sample_applications(slug: str) -> Table:
    """Return the invented applications to a sample call."""
    path = samples.folder(slug) / "applications.csv"
    return read_table(path.read_bytes(), path.name)


def sample_invitations(slug: str) -> list[Invitation]:
    """Return the invented reviewers of a sample call, read from a table as a manager would upload it."""
    path = samples.folder(slug) / "reviewers.csv"
    return read_invitations(read_table(path.read_bytes(), path.name))


def ensure_staff(now: datetime) -> Staff:
    """Return the samples' staff, made known if they are not."""
    return Staff(
        manager=_ensure(MANAGER_EMAIL, "Mira Sample", Role.MANAGER, now),
        ratifier=_ensure(RATIFIER_EMAIL, "Ramón Sample", Role.RATIFIER, now),
        auditor=_ensure(AUDITOR_EMAIL, "Aïcha Sample", Role.AUDITOR, now),
        administrator=_ensure(ADMINISTRATOR_EMAIL, "Ada Sample", Role.ADMINISTRATOR, now),
    )


def _ensure(email: str, name: str, role: Role, now: datetime) -> Person:
    person = ensure_person(email=email, name=name, now=now)
    grant_role(actor=system_actor(), person=person, role=role, now=now)
    return person
