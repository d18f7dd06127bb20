"""What each role reads and is offered: nothing beyond its permissions. Rows 3, 5 and 10: README.md."""

from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import select

from fundapp.accounts.models import RoleGrant
from fundapp.accounts.permissions import EVERYWHERE, ROLE_PERMISSIONS, P, Role, system_actor
from fundapp.accounts.refusals import PERMISSION_LABELS, ROLE_LABELS, roles_with
from fundapp.accounts.services.roles import take_role
from fundapp.core.db import db
from fundapp.core.routes import declared_by
from fundapp.core.web import FundApp

from ..factories import (
    NOW,
    make_application,
    make_call,
    make_organisation,
    make_person,
    make_review,
    make_reviewer,
    make_staff,
)
from .crawl import Page, fetch_unparsed, forms_on, held_by, rules_for, visit
from .world import ROLES, Round, addresses, make_paper, make_round, names_objects

ORGANISATION, TITLE, PLAN = "Organisation-Canary", "Title-Canary", "Plan-Canary"
APPLICANT, ADDRESS, REVIEWER, COMMENT = (
    "Applicant-Canary",
    "address-canary@example.org",
    "Reviewer-Canary",
    "Comment-Canary",
)
CONTACT = {APPLICANT, ADDRESS}
"""What nobody reads without opening it on purpose, which is recorded."""
EVERYTHING = {ORGANISATION, TITLE, PLAN, REVIEWER, COMMENT}
EVERYBODYS = ROLE_PERMISSIONS[Role.APPLICANT]
SEEN = {
    Role.APPLICANT: set(),
    Role.REVIEWER: set(),
    Role.CHAIR: {ORGANISATION, TITLE, REVIEWER, COMMENT},
    Role.MANAGER: EVERYTHING,
    Role.RATIFIER: EVERYTHING,
    Role.FINANCE: set(),
    Role.AUDITOR: EVERYTHING,
    Role.ADMINISTRATOR: {REVIEWER},
}
"""Which texts around an application that is nobody's own each role reads on some page; the others on none.

Finance officers read them in tables that they take out, which is recorded.
"""


@pytest.fixture
def ours(app: FundApp, clock) -> Round:
    """A round with one more application, whose texts can be told apart."""
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "Ours-Canary", decided=True)
    person = make_person(APPLICANT, email=ADDRESS)
    application = make_application(
        made.call,
        person=person,
        organisation=make_organisation(ORGANISATION),
        answers={"title": TITLE, "plan": PLAN},
    )
    made.papers.append(make_paper(app.extensions["storage"], application, PLAN))
    (entry,) = application.entries
    reviewer = make_reviewer(made.call, person=make_person(REVIEWER))
    review = make_review(entry, reviewer, [2, 5], comment=COMMENT)
    made.assignments.append(review.assignment)
    db.session.commit()
    return made


def objects_of(made: Round) -> dict[str, list[Any]]:
    application = made.papers[-1].application_id
    objects = made.objects()
    objects["application_id"].append(application)
    objects["entry_id"].append(made.assignments[-1].entry_id)
    return objects


@pytest.mark.parametrize("role", ROLES)
def test_row_03_and_05_each_role_reads_and_is_offered_what_it_may_and_nothing_else(app, signed_in, ours, role):
    client = signed_in(ours.people[role])
    pages = list(visit(app, client, role, objects_of(ours)))
    texts = [page.answer.text for page in pages if page.answer.mimetype in ("text/html", "text/plain", "text/csv")]
    assert {canary for canary in EVERYTHING | CONTACT if any(canary in text for text in texts)} == SEEN[role]
    offered = offers(app, [page for page in pages if page.is_html and page.answer.status_code == 200])
    assert len(offered) > 5
    for (method, path), endpoint in offered.items():
        assert declared_by(app.view_functions[endpoint]).permission in held_by(role), (method, path)
    for method, path in sorted(set(offered) - {("GET", page.path) for page in pages}):
        if method == "GET":
            assert fetch_unparsed(client, path).status_code in (200, 302), path


def offers(app: FundApp, pages: list[Page]) -> dict[tuple[str, str], str]:
    """Return the endpoint behind every link and every form of some pages."""
    router = app.url_map.bind("localhost")
    found = {}
    for page in pages:
        links = [("GET", urljoin(page.path, link.get("href", ""))) for link in page.tree.iter("a")]
        for method, address in links + [("POST", form.path) for form in forms_on(page)]:
            path = urlsplit(address).path
            found[method, path] = router.match(path, method=method)[0]
    return found


@pytest.mark.parametrize("role", [role for role in ROLES if role is not Role.APPLICANT])
def test_row_10_a_role_that_is_taken_away_is_gone_at_the_next_request(app, signed_in, role):
    call = make_call(titles={"en": "Title-Canary"})
    person = make_staff(role, None if role in EVERYWHERE else call)
    client = signed_in(person)
    rule = next(
        rule
        for rule in rules_for(app, role, "GET")
        if declared_by(app.view_functions[rule.endpoint]).permission in ROLE_PERMISSIONS[role] - EVERYBODYS
        and set(rule.arguments) <= {"slug"}
    )
    (path,) = addresses(app, rule, {"slug": [call.slug]})
    assert fetch_unparsed(client, path).status_code == 200, path
    (grant,) = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id))
    take_role(actor=system_actor(), grant=grant, now=NOW)
    db.session.commit()
    answer = fetch_unparsed(client, path)
    assert answer.status_code == 403
    assert "Canary" not in answer.text


@pytest.mark.parametrize("role", ROLES)
def test_row_03_each_refusal_says_what_it_needs_and_who_has_it(app, signed_in, role):
    client = signed_in(make_staff(role, make_call()))
    refused = set()
    for rule in app.url_map.iter_rules():
        permission = declared_by(app.view_functions[rule.endpoint]).permission
        if permission is None or permission in held_by(role) or "GET" not in (rule.methods or ()):
            continue
        nothing = {name: ["no-such-call"] if name == "slug" else [uuid4()] for name in names_objects(rule)}
        page = fetch_unparsed(client, addresses(app, rule, nothing)[0])
        assert page.status_code == 403, rule
        assert str(PERMISSION_LABELS[P(permission)]) in page.text, rule
        for each in roles_with(permission):
            assert f"<li>{ROLE_LABELS[each]}</li>" in page.text, rule
        refused.add(permission)
    assert refused
