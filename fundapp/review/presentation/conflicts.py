"""Who stands where with an application, as pages show it."""

from dataclasses import dataclass

from flask import url_for

from fundapp.accounts.models import Person
from fundapp.applications.identity import called
from fundapp.applications.models import Application, Call
from fundapp.applications.presentation.conflicts import StandingShown, standing_shown
from fundapp.review.queries.conflicts import ApplicationStanding, PersonStanding


@dataclass(frozen=True)
class RowShown:
    """One line of a list: a person or an application, with where they stand."""

    url: str
    name: str
    standing: StandingShown


def person_shown(each: PersonStanding, application: Application) -> RowShown:
    """Return a person for the list of an application."""
    person = each.person
    return RowShown(
        url=url_for("review.standing", application_id=application.id, person_id=person.id),
        name=person.name or person.email,
        standing=standing_shown(application.call, each.causes, each.stated, is_protected=application.is_protected),
    )


def application_shown(each: ApplicationStanding, call: Call, person: Person) -> RowShown:
    """Return an application for the list of a person."""
    return RowShown(
        url=url_for("review.standing", application_id=each.application_id, person_id=person.id),
        name=called(each.face),
        standing=standing_shown(call, each.causes, each.stated, is_protected=each.face.is_protected),
    )
