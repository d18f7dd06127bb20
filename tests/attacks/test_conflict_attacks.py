"""Looking for what somebody must not see because of a conflict of interest: every page, with and without it."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, true

from fundapp.accounts.models import MembershipRole, Person, TieKind
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.form_engine.definition import Party
from fundapp.applications.models import (
    Application,
    Clarification,
    ConflictSource,
    IdentityOpening,
    PartyFact,
    PartyFactKind,
)
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.retention.models import ErasureRequest, LegalHold
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer
from fundapp.review.services.reading import declare_conflict, declare_no_conflict

from ..conftest import actor_of
from ..factories import (
    NOW,
    make_application,
    make_assignment,
    make_member,
    make_organisation,
    make_person,
    make_review,
    make_reviewer,
)
from .crawl import fetch_unparsed, rules_of
from .world import Round, addresses, make_paper, make_round

OURS, CANARY = "Ours-Canary", "Hidden-Canary"
CHANGING = re.compile(rb'(name="csrf_token" value|data-token)="[^"]*"')
VIEWERS = (Role.REVIEWER, Role.CHAIR, Role.MANAGER, Role.RATIFIER)


def make_ours(app: FundApp) -> tuple[Round, Reviewer]:
    """Make a round with a second reviewer, who has nothing to read yet."""
    made = make_round(app.extensions["storage"], OURS)
    other = make_reviewer(made.call, person=make_person("Other Reader"))
    db.session.commit()
    return made, other


def make_hidden(app: FundApp, ours: Round, other: Reviewer) -> Application:
    """Make an application with everything that can hang on one; another reviewer has read it."""
    application = make_application(
        ours.call,
        person=make_person(f"{CANARY} person"),
        organisation=make_organisation(f"{CANARY} organisation"),
        answers={"title": f"{CANARY} title", "plan": f"{CANARY} plan"},
    )
    make_paper(app.extensions["storage"], application, f"{CANARY} paper")
    make_review(application.entries[0], other, [5, 5], comment=f"{CANARY} comment")
    manager = make_person().id
    db.session.add_all(
        [
            LegalHold(application_id=application.id, reason=CANARY, set_at=NOW),
            ErasureRequest(application_id=application.id, asked_by_id=application.person_id, asked_at=NOW),
            Clarification(
                application_id=application.id,
                number=1,
                for_reviewers=True,
                asked_by_id=manager,
                asked_at=NOW,
                question=CANARY,
            ),
            IdentityOpening(
                application_id=application.id, person_id=manager, opened=["title"], reason=CANARY, opened_at=NOW
            ),
        ]
    )
    db.session.flush()
    return application


def answers(app: FundApp, client: FlaskClient, role: Role, ours: Round) -> Iterator[tuple[str, bytes]]:
    """Yield what every address that a role may ask for answers, headers that can tell something included."""
    objects = ours.objects() | {"person_id": [ours.people[Role.REVIEWER].id]}
    paths = [path for rule in rules_of(app, role, "GET") for path in addresses(app, rule, objects)]
    listed = f"/manage/{ours.call.slug}/applications"
    paths += [f"{listed}?sort={column}" for column in ("title", "reference", "country", "score", "amount")]
    paths += [f"{listed}?status=eligible&page={page}" for page in (1, 2)]
    for path in paths:
        answer = fetch_unparsed(client, path)
        head = "|".join(f"{answer.headers.get(name)}" for name in ("ETag", "Content-Length", "Location"))
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            head = f"{answer.headers.get('Location')}"
        yield path, f"{answer.status_code}|{head}|".encode() + CHANGING.sub(b"", answer.data)
    search = fetch_unparsed(client, listed, "POST", data={"search": CANARY})
    yield "search", CHANGING.sub(b"", search.data)


def everything(app: FundApp, client: FlaskClient, role: Role, ours: Round) -> dict[str, bytes]:
    return dict(answers(app, client, role, ours))


def differing(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def pinned(application: Application, person: Person) -> None:
    record_conflict(
        actor=actor_of(person),
        application=application,
        person_id=person.id,
        source=ConflictSource.SET_BY_MANAGER,
        reason=CANARY,
        now=NOW,
    )


def tied(application: Application, person: Person) -> None:
    declare_tie(
        actor=actor_of(person), person=person, kind=TieKind.OTHER, organisation=application.organisation_name, now=NOW
    )


def belonging(application: Application, person: Person) -> None:
    make_member(person, make_organisation(application.organisation_name), MembershipRole.AFFILIATE)


def named(application: Application, person: Person) -> None:
    key = Person.email.blind_index(person.email)
    assert key
    db.session.add(PartyFact(application_id=application.id, party=Party.REFEREE, kind=PartyFactKind.ADDRESS, key=key))
    db.session.flush()


Hide = Callable[[Application, Person], None]


@pytest.mark.parametrize(("role", "hide"), [
    *((role, pinned) for role in VIEWERS), (Role.MANAGER, tied), (Role.MANAGER, named), (Role.REVIEWER, named),
])  # fmt: skip
def test_row_14_every_page_is_the_same_with_and_without_an_application_in_conflict(
    app: FundApp, signed_in: Any, clock: Any, role: Role, hide: Hide
) -> None:
    clock.move_to(NOW)
    ours, other = make_ours(app)
    person = ours.people[role]
    client = signed_in(person)
    before = everything(app, client, role, ours)
    application = make_hidden(app, ours, other)
    if role is Role.REVIEWER:
        make_assignment(application.entries[0], ours.assignments[0].reviewer)
    db.session.commit()
    shown = everything(app, client, role, ours)
    assert any(CANARY.encode() in data for data in shown.values()), "it would be seen, were it not for the conflict"
    hide(application, person)
    db.session.commit()
    after = everything(app, client, role, ours)
    ties = {path for path in after if path.endswith(("/conflicts", "/reviews/profile"))} if hide is tied else set()
    assert differing(before, after) - ties == set()


@pytest.mark.parametrize("role", VIEWERS)
def test_row_14_addresses_of_an_application_in_conflict_answer_like_those_of_none(
    app: FundApp, signed_in: Any, clock: Any, role: Role
) -> None:
    clock.move_to(NOW)
    ours, other = make_ours(app)
    person = ours.people[role]
    application = make_hidden(app, ours, other)
    given = make_assignment(application.entries[0], ours.assignments[0].reviewer)
    theirs = {
        "application_id": application.id,
        "attachment_id": application.attachments[0].id,
        "entry_id": application.entries[0].id,
        "assignment_id": given.id,
    }
    pinned(application, person)
    client = signed_in(person)
    nobody = {name: uuid4() for name in theirs}
    objects = ours.objects() | {"person_id": [ours.people[Role.REVIEWER].id]}
    for rule in rules_of(app, role, "GET"):
        names = [name for name in theirs if name in rule.arguments]
        if not names:
            continue
        hidden, unknown = (
            addresses(app, rule, objects | {name: [ids[name]] for name in names}) for ids in (theirs, nobody)
        )
        for one, another in zip(hidden, unknown, strict=True):
            answers = [fetch_unparsed(client, path) for path in (one, another)]
            assert answers[0].status_code == answers[1].status_code, one
            texts = [CHANGING.sub(b"", answer.data) for answer in answers]
            for name in names:
                texts[0] = texts[0].replace(str(theirs[name]).encode(), b"ID")
                texts[1] = texts[1].replace(str(nobody[name]).encode(), b"ID")
            assert texts[0] == texts[1], one


def test_row_11_a_later_recusal_hides_everything_at_once(app: FundApp, signed_in: Any, clock: Any) -> None:
    clock.move_to(NOW)
    ours, other = make_ours(app)
    reviewer = ours.assignments[0].reviewer
    client = signed_in(reviewer.person)
    before = everything(app, client, Role.REVIEWER, ours)
    mails = mails_to(reviewer.person)
    application = make_hidden(app, ours, other)
    given = make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
    declare_no_conflict(actor=actor_of(reviewer.person), assignment=given, now=NOW)
    db.session.commit()
    file = f"/reviews/applications/{application.id}/files/{application.attachments[0].id}"
    pages = [file, f"/reviews/{given.id}", f"/reviews/{given.id}/conflict"]
    opened = {path: fetch_unparsed(client, path) for path in pages}
    assert {answer.status_code for answer in opened.values()} == {200}
    assert {answer.headers["Cache-Control"] for answer in opened.values()} == {"no-store"}
    given = db.session.scalars(select(Assignment).where(Assignment.id == given.id)).one()
    declare_conflict(actor=actor_of(reviewer.person), assignment=given, reason="A friend.", now=NOW)
    db.session.commit()
    for path, answer in opened.items():
        headers = {
            "If-None-Match": answer.headers.get("ETag", "*"),
            "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT",
        }
        assert fetch_unparsed(client, path, headers=headers).status_code == 404, path
        assert fetch_unparsed(client, path, "HEAD").status_code == 404, path
    assert differing(before, everything(app, client, Role.REVIEWER, ours)) == set()
    assert mails_to(reviewer.person) == mails


def mails_to(person: Person) -> int:
    """Return how many mails wait or were sent to somebody."""
    return sum(mail.to_address == person.email for mail in db.session.scalars(select(MailMessage)))


WITNESSES = (
    "fundapp.applications.queries.managing",
    "fundapp.applications.queries.managed_applications",
    "fundapp.history.queries",
    "fundapp.retention.queries.asked",
    "fundapp.review.queries.panel",
    "fundapp.review.queries.selection",
)
"""Modules whose queries show the hidden application on a manager's pages as soon as they leave the condition out."""


def test_row_14_the_comparison_notices_queries_that_leave_their_condition_out(
    app: FundApp, signed_in: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move_to(NOW)
    ours, other = make_ours(app)
    person = ours.people[Role.MANAGER]
    client = signed_in(person)
    before = everything(app, client, Role.MANAGER, ours)
    pinned(make_hidden(app, ours, other), person)
    db.session.commit()
    assert differing(before, everything(app, client, Role.MANAGER, ours)) == set()
    unnoticed = []
    for module in WITNESSES:
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules[module], "visible_to", lambda _actor: true())
            found = answers(app, client, Role.MANAGER, ours)
            if all(before.get(path) == answer for path, answer in found):
                unnoticed.append(module)
    assert unnoticed == []
