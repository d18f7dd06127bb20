"""A round that is on its way already: what brought it there is done by services, as the commands do it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, ScalarSelect, Select, create_engine, select, update

from fundapp import create_app
from fundapp.accounts.permissions import PER_CALL, Role, system_actor
from fundapp.accounts.queries import actor_of, person_by_email
from fundapp.accounts.services.administering import invite_person
from fundapp.accounts.services.people import ensure_person
from fundapp.accounts.services.roles import give_role, grant_role
from fundapp.applications.models import Application, Call, Entry, ReviewPhase
from fundapp.applications.services.managing import mark_eligible
from fundapp.core import clock, unit_of_work
from fundapp.core.db import db
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.finalist_rules import Profile
from fundapp.review.invitations import Invitation
from fundapp.review.models import Assignment, Outcome, PoolDraw, Reviewer
from fundapp.review.scoring_rules import Part
from fundapp.review.services.answering import accept_invitation
from fundapp.review.services.deciding import decide_entry
from fundapp.review.services.finalists import announce_finalists, answer_profile, name_finalists, write_profile
from fundapp.review.services.inviting import invite_reviewers
from fundapp.review.services.pairs import assign_by_hand
from fundapp.review.services.public_vote import set_terms
from fundapp.review.services.ratifying import ratify_slate
from fundapp.review.services.reading import declare_no_conflict, submit_review
from fundapp.review.services.sending import propose_slate
from fundapp.review.vote_rules import VoteMode
from fundapp.settings import Settings

from .calls import let_the_deadline_pass, load_open_call
from .service import Service

ALONE_DAYS = 5
"""For so long each reviewer scores alone, from yesterday on; then all see each other's reviews and discuss."""

_PHASES = """
[[phases]]
code = "alone"
title.en = "Each of us alone"
title.ar = "كلٌّ منّا وحده"
starts = {starts}T09:00:00
ends = {turns}T09:00:00
score = true

[[phases]]
code = "together"
title.en = "All of us together"
title.ar = "كلّنا معًا"
starts = {turns}T09:00:00
ends = {ends}T09:00:00
score = true
others = "after_own"
discuss = true
"""


def two_phases() -> str:
    """Return the part of a call package that says so: first alone, then together."""
    today = datetime.now(UTC).date()
    days = {"starts": -1, "turns": ALONE_DAYS, "ends": 2 * ALONE_DAYS}
    return _PHASES.format(**{word: today + timedelta(days=number) for word, number in days.items()})


def load_closed_call(
    service: Service, folder: Path, slug: str, organisations: Mapping[str, str], *, also: str, form: str = "form.md"
) -> None:
    """Load a call, bring in one application of each organisation (with its country), and let the deadline pass.

    All are eligible, in the order of their references. `also` is added to the call package; `form` is a file of the
    folder "forms", in place of the package's own.
    """
    load_open_call(service, folder, slug, form=form, also=also)
    table = folder / "applications.csv"
    rows = [
        f"T{number},{name},team@{slug}-{number}.example,{country},4,{name},We do what we say.,land,5000,yes"
        for number, (name, country) in enumerate(organisations.items(), 1)
    ]
    heading = "id,organisation,email,country,people,title,summary,themes,amount,true_words"
    table.write_text("\n".join([heading, *rows]) + "\n", "utf-8")
    service.command("applications", "import", slug, str(table))
    let_the_deadline_pass(service, slug)
    with _inside(service):
        checker = ensure_person(email=f"checker@{slug}.example", name="Checker Sample", language="en", now=clock.now())
        grant_role(actor=system_actor(), person=checker, role=Role.MANAGER, now=clock.now())
        for application in db.session.scalars(_applications(slug)).all():
            mark_eligible(actor=actor_of(checker), application=application, now=clock.now())


def invite(service: Service, slug: str, *addresses: str, name: str, language: str) -> None:
    """Ask people to review for a call."""
    with _inside(service):
        call = db.session.scalars(select(Call).where(Call.slug == slug)).one()
        invitations = [Invitation(address, name, "", (language,), 5) for address in addresses]
        invite_reviewers(
            actor=system_actor(),
            calls=[call],
            invitations=invitations,
            secret_key=service.environment["SECRET_KEY"],
            now=clock.now(),
        )


def accept_for(service: Service, slug: str, *addresses: str) -> None:
    """Let people accept who are seen on no page of a test."""
    with _inside(service):
        for address in addresses:
            reviewer = _reviewer(slug, address)
            accept_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, now=clock.now())


def give(service: Service, slug: str, address: str, *numbers: int) -> None:
    """Give a reviewer the applications with these numbers, from 1 on."""
    with _inside(service):
        reviewer = _reviewer(slug, address)
        entries = [_entry(slug, number) for number in numbers]
        pairs = [(entry, reviewer) for entry in entries]
        assign_by_hand(actor=system_actor(), call=reviewer.call, pairs=pairs, now=clock.now())


def review_for(service: Service, slug: str, address: str, number: int, parts: Mapping[str, Part]) -> None:
    """Let somebody who was given an application read and review it."""
    with _inside(service):
        reviewer = _reviewer(slug, address)
        own = Assignment.reviewer_id == reviewer.id, Assignment.entry_id == _entry(slug, number).id
        assignment = db.session.scalars(select(Assignment).where(*own)).one()
        actor = actor_of(reviewer.person)
        declare_no_conflict(actor=actor, assignment=assignment, now=clock.now())
        submit_review(actor=actor, assignment=assignment, parts=parts, now=clock.now())


def add_staff(service: Service, slug: str, people: Mapping[str, tuple[str, Role]]) -> None:
    """Let people work for a call: their name and role by their address; each gets a mail with a link."""
    with _inside(service):
        call = db.session.scalars(select(Call).where(Call.slug == slug)).one()
        for address, (name, role) in people.items():
            person = invite_person(
                actor=system_actor(),
                email=address,
                name=name,
                language="en",
                secret_key=service.environment["SECRET_KEY"],
                now=clock.now(),
            )
            place = call.id if role in PER_CALL else None
            give_role(actor=system_actor(), person=person, role=role, call_id=place, now=clock.now())


def let_all_be_scored(service: Service, slug: str, given: Mapping[str, Mapping[int, Mapping[str, Part]]]) -> None:
    """Let people review, each under the name that is given: the parts of each review by the application's number."""
    addresses = {name: f"{slug}-{number}@readers.example" for number, name in enumerate(given, 1)}
    for name, address in addresses.items():
        invite(service, slug, address, name=name, language="en")
    accept_for(service, slug, *addresses.values())
    with _inside(service):
        for name, reviews in given.items():
            reviewer = _reviewer(slug, addresses[name])
            actor, now = actor_of(reviewer.person), clock.now()
            entries = {_entry(slug, number): parts for number, parts in reviews.items()}
            pairs = [(entry, reviewer) for entry in entries]
            for made in assign_by_hand(actor=system_actor(), call=reviewer.call, pairs=pairs, now=now):
                declare_no_conflict(actor=actor, assignment=made, now=now)
                submit_review(actor=actor, assignment=made, parts=entries[made.entry], now=now)


def let_be_awarded(service: Service, slug: str, *numbers: int) -> None:
    """Let a list be decided, ratified and released: these applications get 5,000 of the call's currency each."""
    people = {f"{role.value}@{slug}.example": role for role in (Role.MANAGER, Role.RATIFIER)}
    add_staff(service, slug, {address: (f"{role.value.title()} Sample", role) for address, role in people.items()})
    with _inside(service):
        call = db.session.scalars(select(Call).where(Call.slug == slug)).one()
        manager, ratifier = (actor_of(found) for address in people if (found := person_by_email(address)))
        for number, application in enumerate(db.session.scalars(_applications(slug)).all(), 1):
            outcome = Outcome.AWARD if number in numbers else Outcome.DECLINE
            decide_entry(
                actor=manager, entry=application.entries[0], outcome=outcome,
                amount_minor=500_000 if number in numbers else 0, reason="All agree.", version=0, now=clock.now(),
            )  # fmt: skip
        slate = propose_slate(actor=manager, call=call, now=clock.now())
        ratify_slate(actor=ratifier, slate=slate, now=clock.now())
        release_decisions(actor=manager, call=call, now=clock.now())


def let_the_public_vote(service: Service, slug: str, *numbers: int) -> None:
    """Make finalists of these applications, whose people agree to be shown, and open a vote on them an hour ago."""
    before = clock.now() - timedelta(hours=2)
    with _inside(service):
        call = db.session.scalars(select(Call).where(Call.slug == slug)).one()
        manager = person_by_email(f"checker@{slug}.example")
        assert manager is not None
        entries = [_entry(slug, number) for number in numbers]
        actor = actor_of(manager)
        name_finalists(actor=actor, call=call, named={entry.id: "All of them work." for entry in entries}, now=before)
        for entry in entries:
            said = Profile(entry.application.organisation_name, "", {"en": "They do what they say."})
            profile = write_profile(
                actor=actor, call=call, entry_id=entry.id, profile=said, version=0, asks=True, now=before
            )
            holder, version = actor_of(entry.application.person), profile.said_version
            answer_profile(actor=holder, profile=profile, said=said, version=version, agrees=True, now=before)
        announce_finalists(actor=actor, call=call, now=before)
        opens, closes = before + timedelta(hours=1), before + timedelta(days=7)
        set_terms(
            actor=actor,
            call=call,
            category_code="",
            mode=VoteMode.ADVISORY,
            opens_at=opens,
            closes_at=closes,
            now=before,
        )


def given(service: Service, slug: str, address: str) -> list[int]:
    """Return the numbers of the applications that a reviewer was given."""
    with _inside(service):
        reviewer = _reviewer(slug, address)
        own = select(Assignment).where(Assignment.reviewer_id == reviewer.id)
        ids = {each.entry.application_id for each in db.session.scalars(own)}
        return [
            number for number, each in enumerate(db.session.scalars(_applications(slug)).all(), 1) if each.id in ids
        ]


def let_the_value_be_known(service: Service, slug: str) -> None:
    """Put the instant at which the value of a draw becomes known behind us."""
    with _in_time(service) as connection:
        connection.execute(update(PoolDraw).where(PoolDraw.call_id == _call_id(slug)).values(value_at=clock.now()))


def let_the_phase_turn(service: Service, slug: str) -> None:
    """Put the phases of a call where time would put them: the first is over, the second has begun."""
    passed = timedelta(days=ALONE_DAYS + 1)
    table = ReviewPhase.__table__.c
    with _in_time(service) as connection:
        found = select(table.id, table.starts_at, table.ends_at).where(table.call_id == _call_id(slug))
        for phase_id, starts_at, ends_at in connection.execute(found).all():
            moved = update(ReviewPhase).values(starts_at=starts_at - passed, ends_at=ends_at - passed)
            connection.execute(moved.where(ReviewPhase.id == phase_id))


@contextmanager
def _in_time(service: Service) -> Iterator[Connection]:
    """Change what only time changes, which nobody does and nothing records."""
    engine = create_engine(service.database_url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _call_id(slug: str) -> ScalarSelect[UUID]:
    return select(Call.id).where(Call.slug == slug).scalar_subquery()


@contextmanager
def _inside(service: Service) -> Iterator[None]:
    """Work on the database of the running service, as a command would; commit at the end."""
    app = create_app(Settings.from_env(service.environment))
    with app.app_context():
        yield
        unit_of_work.commit(app.queue)
        db.engine.dispose()


def _applications(slug: str) -> Select[Application]:
    return select(Application).join(Application.call).where(Call.slug == slug).order_by(Application.reference)


def _entry(slug: str, number: int) -> Entry:
    return db.session.scalars(_applications(slug)).all()[number - 1].entries[0]


def _reviewer(slug: str, address: str) -> Reviewer:
    person = person_by_email(address)
    assert person is not None, address
    own = select(Reviewer).join(Reviewer.call).where(Call.slug == slug, Reviewer.person_id == person.id)
    return db.session.scalars(own).one()
