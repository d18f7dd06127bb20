"""Every route x every role x every kind of object, from the inventory. Rows 1, 3 and 12: README.md."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fundapp.accounts.models import MembershipRole
from fundapp.accounts.permissions import P, Role
from fundapp.applications.models import Application, ConflictOfInterest, ConflictSource
from fundapp.core.db import db
from fundapp.core.routes import PUBLIC
from fundapp.core.web import FundApp
from fundapp.disbursement.queries.reports import reports_of
from fundapp.inventory import Route, inventory
from fundapp.review.models import Assignment, Reviewer

from ..factories import NOW, make_application, make_assignment, make_reviewer
from ..funding import make_award
from .crawl import fetch_unparsed, without_address
from .matrix import Answer, Bundle, Visitor, cases, expected
from .world import (
    IMPARTIAL,
    Round,
    all_rows,
    changed_tables,
    make_paper,
    make_payee,
    make_payment,
    make_report,
    make_round,
    nominees_of,
    payment_files_of,
)


@pytest.fixture
def ours(app: FundApp, clock) -> Round:
    clock.move_to(NOW)
    return make_round(app.extensions["storage"], "Ours-Canary", decided=True)


@pytest.fixture
def bundles(app: FundApp, ours: Round) -> list[Bundle]:
    """One's own, a colleague's, of another call, in conflict, protected: as seen from our round."""
    theirs = make_round(app.extensions["storage"], "Theirs-Canary", decided=True, **IMPARTIAL)
    reviewer = ours.assignments[0].reviewer
    staff = frozenset(person.id for role, person in ours.people.items())
    made = [
        bundle("own", ours, ours.sent, ours.assignments[0], once(ours)),
        bundle("own draft", ours, ours.draft, None),
        bundle("other call's", theirs, theirs.sent, theirs.assignments[0], once(theirs)),
        another("colleague's", app, ours, make_reviewer(ours.call)),
        another("in conflict", app, ours, reviewer, in_conflict=staff),
        another("protected", app, ours, reviewer, is_protected=True, pseudonym="quiet river"),
    ]
    db.session.commit()
    return made


def once(made: Round) -> dict[str, UUID]:
    """Return what a round has only once, around its application that was sent."""
    return {
        "letter_id": made.letters[0].id,
        "superseded_id": made.letters[0].superseded[0].id,
        "hold_id": made.holds[0].id,
        "request_id": made.requests[0].id,
        "enquiry_id": made.enquiries[0].id,
        "nominee_id": nominees_of(made.call)[0],
        "import_id": made.imports[0].id,
        "export_id": made.exports[0].id,
        "fund_id": made.funds[0].id,
        "funder_id": made.funds[0].funder_id,
        "award_id": made.awards[0].id,
        "file_id": payment_files_of(made.call)[0],
        "report_id": reports_of(made.awards[0])[0].id,
    }


def another(
    name: str,
    app: FundApp,
    ours: Round,
    reviewer: Reviewer,
    *,
    in_conflict: frozenset[UUID] = frozenset(),
    **values: Any,
) -> Bundle:
    """Make an application of strangers in our call, given to a reviewer."""
    application = make_application(ours.call, answers={"title": f"{name}-Canary"}, **values)
    make_paper(app.extensions["storage"], application, f"{name} paper")
    assignment = make_assignment(application.entries[0], reviewer)
    db.session.add_all(
        ConflictOfInterest(
            application_id=application.id, person_id=person, source=ConflictSource.SET_BY_MANAGER, recorded_at=NOW
        )
        for person in in_conflict
    )
    db.session.flush()
    arguments = {}
    if in_conflict:
        award, person = make_award(ours.call, application=application), application.person
        file = make_payment(award, make_payee(award, person, name), person, name)
        report = make_report(award, person, name)
        arguments = {"award_id": award.id, "file_id": file.id, "report_id": report.id}
    return bundle(name, ours, application, assignment, arguments, in_conflict=in_conflict)


def bundle(
    name: str,
    made: Round,
    application: Application,
    assignment: Assignment | None,
    arguments: dict[str, UUID] | None = None,
    *,
    in_conflict: frozenset[UUID] = frozenset(),
) -> Bundle:
    """Return an application of a round with what is around it."""
    assert application.organisation is not None
    db.session.refresh(application)
    people = {each.person_id: each.role for each in application.organisation.memberships}
    found = {
        "slug": made.call.slug,
        "application_id": application.id,
        "attachment_id": application.attachments[0].id,
        "person_id": made.grants[0].person_id,
        "grant_id": made.grants[0].id,
        "factor_id": made.factors[0].id,
        "session_id": made.sessions[0].id,
        **({"entry_id": application.entries[0].id} if application.entries else {}),
        "tie_id": made.ties[0].id,
        **({"assignment_id": assignment.id, "reviewer_id": assignment.reviewer_id} if assignment else {}),
        **(arguments or {}),
    }
    return Bundle(
        name=name,
        call=made.call,
        application=application,
        assignment=assignment,
        members=frozenset(each for each, role in people.items() if role is not MembershipRole.AFFILIATE),
        holders=frozenset(each for each, role in people.items() if role is MembershipRole.APPLICANT),
        in_conflict=in_conflict,
        arguments=found,
        owner=made.people[Role.APPLICANT].id,
        is_finalist=application is made.sent,
    )


def answer_of(response: TestResponse) -> Answer:
    assert response.status_code < 500
    if response.status_code == 403:
        return Answer.REFUSED
    if response.status_code == 404:
        return Answer.NOTHING
    asks = response.status_code == 302 and response.location.startswith("/sign-in")
    return Answer.SIGN_IN if asks else Answer.OPEN


def ask(
    app: FundApp, client: FlaskClient, route: Route, arguments: dict[str, Any], method: str
) -> tuple[str, TestResponse]:
    with app.test_request_context():
        path = app.url_for(route.endpoint, **arguments)
    return path, fetch_unparsed(client, path, method, data={"seen": ""} if method == "POST" else None)


@pytest.mark.parametrize("role", [None, *Role])
def test_row_01_03_and_12_each_route_answers_each_role_about_each_object_as_declared(
    app, signed_in, ours, bundles, role
):
    """What lets in by POST would change the world: that it does is for other tests. Refusals must change nothing."""
    visitor = Visitor(role, ours.people[role] if role else None, ours.call)
    client = signed_in(visitor.person)
    _, nothing = ask(app, client, a_route(app, "applications.call_page"), {"slug": "no-such-call"}, "GET")
    before = all_rows()
    answers: Counter[Answer] = Counter()
    wrong = []
    for route, arguments, found, wanted in cases(inventory(app), visitor, bundles):
        if route.permission == PUBLIC or (wanted is Answer.OPEN and "POST" in route.methods):
            continue
        path, response = ask(app, client, route, arguments, route.methods)
        if 300 <= response.status_code < 400:  # what it has left to be told is told now, not on a page to compare
            ask(app, client, a_route(app, "applications.call_page"), {"slug": "no-such-call"}, "GET")
        given = answer_of(response)
        if given is not wanted:
            wrong.append(f"{route.methods} {route.endpoint} of {found.name}: {given}, not: {wanted}")
        elif given is Answer.NOTHING:
            assert without_address(response.text, path) == without_address(nothing.text, "/calls/no-such-call"), path
        answers[given] += 1
    assert not wrong, "\n".join(wrong)
    assert not list(changed_tables(before))
    assert set(answers) == ({Answer.SIGN_IN} if role is None else {Answer.REFUSED, Answer.NOTHING, Answer.OPEN})


def a_route(app: FundApp, endpoint: str) -> Route:
    return next(route for route in inventory(app) if route.endpoint == endpoint)


def test_the_matrix_tells_every_relation_apart(app, ours, bundles):
    """For a manager each relation is another answer, so none of the bundles stands for nothing."""
    manager = Visitor(Role.MANAGER, ours.people[Role.MANAGER], ours.call)
    reviewer = Visitor(Role.REVIEWER, ours.people[Role.REVIEWER], ours.call)
    applicant = Visitor(Role.APPLICANT, ours.people[Role.APPLICANT], ours.call)

    def seen(visitor: Visitor, endpoint: str) -> set[str]:
        route = a_route(app, endpoint)
        return {found.name for _, _, found, wanted in cases([route], visitor, bundles) if wanted is Answer.OPEN}

    assert seen(manager, "applications.managed_application") == {"own", "colleague's", "protected"}
    assert seen(reviewer, "review.read") == {"own", "protected"}
    assert seen(applicant, "applications.tasks") == {"own", "own draft"}
    assert seen(manager, "applications.tasks") == set()
    assert expected(a_route(app, "review.read"), manager, bundles[0], {"assignment_id": uuid4()}) is Answer.REFUSED
    assert {route.permission for route in inventory(app)} >= {P.REVIEW_WRITE, P.APPLICATION_READ}
