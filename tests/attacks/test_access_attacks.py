"""Reaching for what belongs to others, on every route that names an object. Rows: README.md."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from fundapp.accounts.models import Person, RoleGrant
from fundapp.accounts.permissions import Role
from fundapp.accounts.queries import person_by_email
from fundapp.applications.models import Application, ApplicationStatus, Call, ConflictOfInterest, ConflictSource
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Outcome, Slate

from ..factories import NOW, make_application, make_decision, make_organisation, make_review, make_reviewer, make_staff
from .crawl import fetch, fetch_unparsed, forms_on, rules_for, rules_of, visit, without_address
from .matrix import MAKES_CALLS, OF_DECLINED, OF_FUNDERS, OF_POOLS
from .world import (
    IMPARTIAL,
    ROLES,
    Round,
    addresses,
    all_rows,
    changed_tables,
    everything_stored,
    make_paper,
    make_round,
    names_objects,
)

OURS, THEIRS = "Ours-Canary", "Theirs-Canary"
OPEN_TO_ALL = ("/calls/", "/common-grants/")
"""A call is announced to everybody: naming another one in a public address is no attack."""


@pytest.fixture
def ours(app: FundApp, clock) -> Round:
    clock.move_to(NOW)
    return make_round(app.extensions["storage"], OURS, decided=True)


@pytest.fixture
def theirs(app: FundApp, clock) -> Round:
    clock.move_to(NOW)
    return make_round(app.extensions["storage"], THEIRS, decided=True, **IMPARTIAL)


def unknown(objects: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: ["no-such-call"] if name == "slug" else [uuid4()] for name in objects}


def ask(client: FlaskClient, path: str, method: str) -> TestResponse:
    return fetch_unparsed(client, path, method, data={"seen": ""} if method == "POST" else None)


def foreign_addresses(app: FundApp, role: Role, method: str, ours: Round, theirs: Round) -> list[tuple[str, str]]:
    """Return (foreign address, address of nothing) for each way to put foreign objects into a guarded address."""
    pairs = []
    for rule in rules_for(app, role, method):
        names = names_objects(rule)
        if not names or rule.rule.startswith(OPEN_TO_ALL):
            continue
        if role is Role.ADMINISTRATOR and set(names) <= {"person_id", "grant_id"}:
            continue  # people belong to no call: all of them are an administrator's
        nothing = addresses(app, rule, unknown(ours.objects()))[0]
        for foreign in names:
            mixed = ours.objects() | {foreign: theirs.objects()[foreign]}
            pairs += [(path, nothing) for path in addresses(app, rule, mixed)]
        pairs += [(path, nothing) for path in addresses(app, rule, theirs.objects())]
    return pairs


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_row_01_and_12_objects_of_others_are_answered_like_nothing_at_all(app, signed_in, ours, theirs, role, method):
    client = signed_in(ours.people[role])
    pairs = foreign_addresses(app, role, method, ours, theirs)
    assert pairs
    before = all_rows()
    for path, nothing in pairs:
        answer = ask(client, path, method)
        assert answer.status_code == 404, (method, path)
        assert THEIRS not in answer.text, path
        assert without_address(answer.text, path) == without_address(ask(client, nothing, method).text, nothing), path
    assert not list(changed_tables(before))


@pytest.mark.parametrize("role", ROLES)
def test_row_01_the_same_addresses_do_open_ones_own_objects(app, signed_in, ours, role):
    """Otherwise the test above would prove nothing."""
    client = signed_in(ours.people[role])
    opened: dict[str, set[int]] = {}
    for page in visit(app, client, role, ours.objects()):
        if names_objects(page.rule):
            opened.setdefault(page.rule.endpoint, set()).add(page.answer.status_code)
    held = {Role.APPLICANT: set(opened), role: set(opened)}[role]
    for endpoint in held:
        own = endpoint in {rule.endpoint for rule in rules_for(app, Role.APPLICANT, "GET")}
        if endpoint in MAKES_CALLS and role is not Role.APPLICANT:
            assert opened[endpoint] == {403}, endpoint
        elif endpoint in OF_POOLS:
            assert opened[endpoint] == {404}, endpoint  # our call has none
        elif endpoint in OF_DECLINED:
            assert opened[endpoint] == {404}, endpoint  # our only row has an award
        elif endpoint in OF_FUNDERS and role is Role.APPLICANT:
            assert opened[endpoint] == {404}, endpoint  # the people of the funder are others
        elif role is Role.APPLICANT or not own:
            assert opened[endpoint] & {200, 302}, (endpoint, opened[endpoint])


def test_row_01_pages_that_make_calls_open_for_those_who_manage_every_call(app, signed_in, ours):
    client = signed_in(make_staff(Role.MANAGER))
    rules = [rule for rule in rules_for(app, Role.MANAGER, "GET") if rule.endpoint in MAKES_CALLS]
    assert {rule.endpoint for rule in rules} == MAKES_CALLS
    for rule in rules:
        for path in addresses(app, rule, ours.objects()):
            assert fetch(client, path).status_code == 200, path


@pytest.mark.parametrize("role", ROLES)
def test_row_01_pages_of_pools_open_for_the_staff_of_a_call_that_has_them(app, signed_in, ours, theirs, role):
    """Otherwise it would prove nothing that they are closed to others, and absent from other calls."""
    rules = [rule for rule in rules_for(app, role, "GET") if rule.endpoint in OF_POOLS - {"review.pools_file"}]
    assert {rule.endpoint for rule in rules} >= {"review.pools"}
    for rule in rules:
        (path,) = addresses(app, rule, theirs.objects())
        is_open = rule.endpoint == "review.pools"
        assert fetch(signed_in(theirs.people[role]), path).status_code == 200, path
        assert fetch(signed_in(ours.people[role]), path).status_code == (200 if is_open else 404), path


@pytest.mark.parametrize("role", [Role.MANAGER, Role.RATIFIER, Role.AUDITOR])
def test_row_01_pages_of_declined_rows_open_for_those_who_read_the_list(app, signed_in, ours, role):
    (entry,) = make_application(ours.call).entries
    slate = db.session.scalars(select(Slate).where(Slate.call_id == ours.call.id)).one()
    make_decision(slate, entry, outcome=Outcome.DECLINE)
    db.session.commit()
    client = signed_in(ours.people[role])
    rules = [rule for rule in rules_for(app, role, "GET") if rule.endpoint in OF_DECLINED]
    assert rules
    for rule in rules:
        for path in addresses(app, rule, ours.objects() | {"entry_id": [entry.id]}):
            assert fetch(client, path).status_code == 200, path


def test_row_02_every_object_is_named_by_a_random_id(app):
    for rule in app.url_map.iter_rules():
        for name in names_objects(rule):
            converter = type(rule._converters[name]).__name__
            assert converter == "UUIDConverter" or name == "slug", (rule.rule, name)


@pytest.mark.parametrize(
    "guess", ["1", "0", "-1", "00000000-0000-0000-0000-000000000000", "../1", "1;", "%00", "'", "*"]
)
def test_row_02_guessed_ids_lead_nowhere(app, signed_in, ours, guess):
    client = signed_in(ours.people[Role.APPLICANT])
    for beginning in ("/applications/", "/reviews/", "/letters/", "/manage/applications/"):
        assert client.get(f"{beginning}{guess}").status_code in (404, 403), beginning


def test_row_04_a_stored_file_is_not_reached_by_its_hash(app, signed_in, ours):
    sha256 = ours.papers[0].sha256
    client = signed_in(ours.people[Role.APPLICANT])
    for path in (f"/files/{sha256}", f"/static/{sha256}", f"/static/../files/{sha256[:2]}/{sha256}", f"/{sha256}"):
        assert client.get(path).status_code == 404, path
    for name in ("fundapp.sqlite", "..%2f..%2fsettings.py", "..\\settings.py", "%2e%2e/cli.py", "/etc/passwd"):
        assert client.get(f"/static/{name}").status_code in (404, 308), name


def test_row_05_a_reviewer_reads_nothing_of_what_others_wrote_about_an_entry(app, signed_in, ours):
    (entry,) = ours.sent.entries
    other = make_reviewer(ours.call)
    review = make_review(entry, other, [1, 2], comment="Other-Canary comment")
    other.person.name = "Other-Canary reviewer"
    client = signed_in(ours.people[Role.REVIEWER])
    for path in (f"/reviews/{review.assignment_id}", f"/reviews/{review.assignment_id}/conflict"):
        assert fetch(client, path).status_code == 404, path
        assert fetch(client, path, "POST", data={"answer": "none", "criterion_1": "5"}).status_code == 404, path
    pages = [page.answer.data for page in visit(app, client, Role.REVIEWER, ours.objects())]
    assert any(OURS.encode() in data for data in pages)
    assert not any(b"Other-Canary" in data for data in pages)


def test_row_05_an_applicant_reads_nothing_of_reviewers_and_their_scores(app, signed_in, ours):
    comment = "Other-Canary comment"
    (entry,) = ours.sent.entries
    other = make_reviewer(ours.call)
    other.person.name = "Other-Canary reviewer"
    make_review(entry, other, [1, 2], comment=comment)
    for role in (Role.APPLICANT, None):
        client = signed_in(ours.people[role] if role else None)
        pages = [page.answer for page in visit(app, client, role, ours.objects())]
        assert any(OURS in page.text for page in pages if page.mimetype == "text/html")
        for page in pages:
            assert b"Other-Canary" not in page.data, page.request.path
            assert f"Reviewer {OURS}".encode() not in page.data, page.request.path


MARKER = "987654321987"
MARKED_FIELDS = (
    *("id", "person_id", "owner_id", "call_id", "organisation_id", "entry_id", "assignment_id", "slate_id"),
    *("decided_by_id", "ratified_by_id", "eligibility_by_id", "reference", "version", "rank", "sha256", "import_key"),
    *("committed_minor", "budget_minor", "amount_minor", "amount_awarded", "submitted_at", "closes_at", "token_hash"),
    *("name_key", "q_organisation_id", "q_person_id"),
)
HOSTILE_FIELDS = dict.fromkeys(MARKED_FIELDS, MARKER) | {
    "status": "decided",
    "state": "awarded",
    "role": "manager",
    "is_active": "",
    "is_system": "1",
    "actor": "system",
    "email": "taken@example.org",
    "_method": "DELETE",
}


@pytest.mark.parametrize("role", ROLES)
def test_row_06_fields_that_no_form_has_change_nothing(app, signed_in, ours, theirs, role):
    client = signed_in(ours.people[role])
    forms = {}
    for page in visit(app, client, role, ours.objects()):
        if page.is_html and page.answer.status_code == 200:
            forms.update({form.path: form for form in forms_on(page)})
    assert forms
    people = {(p.id, p.email, p.is_active, p.password_hash) for p in db.session.scalars(select(Person))}
    grants = {(g.person_id, g.role, g.call_id) for g in db.session.scalars(select(RoleGrant))}
    owners = {(a.id, a.person_id, a.call_id) for a in db.session.scalars(select(Application))}
    calls = {(c.id, c.budget_minor, c.currency, c.status) for c in db.session.scalars(select(Call))}
    for form in forms.values():
        if role is Role.ADMINISTRATOR and not form.free:
            continue  # buttons that close accounts do what they say
        own = {*form.values, *form.free}
        data = {name: value for name, value in HOSTILE_FIELDS.items() if name not in own} | form.values
        answer = client.post(form.path, data=data)
        assert answer.status_code < 500, form.path
    db.session.rollback()
    assert MARKER not in everything_stored()
    assert {(p.id, p.email, p.is_active, p.password_hash) for p in db.session.scalars(select(Person))} >= people
    assert person_by_email("taken@example.org") is None
    assert {(g.person_id, g.role, g.call_id) for g in db.session.scalars(select(RoleGrant))} <= grants
    assert {(a.id, a.person_id, a.call_id) for a in db.session.scalars(select(Application))} >= owners
    assert {(c.id, c.budget_minor, c.currency, c.status) for c in db.session.scalars(select(Call))} == calls


def without_questions(answer: TestResponse) -> bytes:
    """Return an answer without the random question that each page for passkeys asks."""
    return re.sub(rb"[\w.-]{40,}", b"", answer.data)


@pytest.mark.parametrize("role", ROLES)
def test_row_09_a_head_or_an_overridden_method_changes_nothing(app, signed_in, ours, role):
    client = signed_in(ours.people[role])
    before = all_rows()
    tricks = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "DELETE", "X-HTTP-Method": "PUT"}
    for rule in rules_of(app, role, "GET"):
        for path in addresses(app, rule, ours.objects()):
            fetch_unparsed(client, path)  # whatever an address before has left to be told is told now
            answer = fetch_unparsed(client, path)
            assert fetch_unparsed(client, path, "HEAD").status_code == answer.status_code, path
            assert without_questions(fetch_unparsed(client, path, headers=tricks)) == without_questions(answer), path
            for method in ("POST", "DELETE"):
                assert fetch_unparsed(client, f"{path}?_method={method}").status_code == answer.status_code
    assert not list(changed_tables(before))


def hide(application: Application, person: Person) -> None:
    db.session.add(
        ConflictOfInterest(
            application_id=application.id, person_id=person.id, source=ConflictSource.SET_BY_MANAGER, recorded_at=NOW
        )
    )
    db.session.flush()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.RATIFIER])
def test_row_14_what_somebody_must_not_see_leaves_no_trace_in_lists_counts_and_exports(app, signed_in, clock, role):
    clock.move_to(NOW)
    ours = make_round(app.extensions["storage"], OURS)
    client = signed_in(ours.people[role])

    def seen() -> dict[str, bytes]:
        paths = [path for rule in rules_of(app, role, "GET") for path in addresses(app, rule, ours.objects())]
        paths.append(f"/manage/{ours.call.slug}/applications?status=ineligible")
        found = {path: fetch_unparsed(client, path).data for path in paths}
        search = f"/manage/{ours.call.slug}/applications"
        return found | {"search": fetch_unparsed(client, search, "POST", data={"search": "Hidden"}).data}

    before = seen()
    organisation = make_organisation("Hidden-Canary organisation")
    hidden = make_application(ours.call, organisation=organisation, answers={"title": "Hidden-Canary title"})
    refused = make_application(
        ours.call, organisation=organisation, status=ApplicationStatus.INELIGIBLE, answers={"title": "Hidden-Canary"}
    )
    make_paper(app.extensions["storage"], hidden, "Hidden-Canary paper")
    db.session.commit()
    assert any(b"Hidden-Canary" in data for data in seen().values()), "it would be seen, were it not for the conflict"
    for application in (hidden, refused):
        hide(application, ours.people[role])
    db.session.commit()
    after = seen()
    assert {path for path in after if after[path] != before[path]} == set()
