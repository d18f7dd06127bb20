"""Conflicts of interest of a large call: all pairs, and what one person may see.

Run: python -m tests.bench.bench_conflicts [--applications 2000] [--reviewers 200] [--database sqlite|postgresql]

Rows are written straight into the tables: ten people in a hundred are tied to organisations of the call, by membership,
tie or address. Then all pairs of the call are asked for as planning does, and the list of one person is counted with
the condition of every read path. The ceiling is the same count without the condition. Nothing is asserted.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from fundapp.accounts.models import Membership, MembershipRole, Organisation, Person, Tie, TieKind
from fundapp.accounts.services.organisations import organisation_key
from fundapp.applications.form_engine.definition import Party
from fundapp.applications.models import Application, Call, PartyFact, PartyFactKind
from fundapp.applications.queries.conflicts import pairs_in_conflict
from fundapp.applications.scope import in_conflict
from fundapp.core.db import db
from fundapp.review.models import Reviewer, ReviewerStatus

from ..audit_log import cover_preparations
from ..conftest import counted_statements
from ..factories import NOW, make_call
from ..integration.test_application_list import LISTED
from .bench_lists import fill, insert_rows
from .databases import add_database_option, each_database, know_what_is_stored

TIED_IN = 10
"""One in so many reviewers is tied to something in the call."""


def fill_ties(call: Call, reviewers: int) -> list[Any]:
    """Put reviewers into a call, some with ties, and parties behind its applications; return the people's ids."""
    names = db.session.execute(
        select(Application.id, Application.organisation_name).where(Application.call_id == call.id)
    ).all()
    facts = [
        {
            "id": uuid4(),
            "application_id": application_id,
            "party": party,
            "kind": PartyFactKind.ORGANISATION,
            "key": key,
        }
        for number, (application_id, _) in enumerate(names)
        for party, key in (
            (Party.FISCAL_HOST, organisation_key(f"Host {number % 50}")),
            (Party.PARTNER, organisation_key(f"Partner {number}")),
        )
    ]
    people, rows, ties, members, organisations = [], [], [], [], []
    for number in range(reviewers):
        person_id, organisation_id = uuid4(), uuid4()
        people.append({"id": person_id, "language": "en", "created_at": NOW, "email_version": 0, "name_version": 0})
        rows.append(
            {
                "id": uuid4(),
                "call_id": call.id,
                "person_id": person_id,
                "max_entries": 20,
                "languages": ["en"],
                "invited_at": NOW,
                "status": ReviewerStatus.ACCEPTED,
                "answered_at": NOW,
            }
        )
        is_tied = number % TIED_IN == 0
        name = f"Host {number % 50}" if is_tied else f"Elsewhere {number}"
        ties.append(
            {
                "id": uuid4(),
                "person_id": person_id,
                "kind": TieKind.WORK,
                "organisation_version": 0,
                "organisation_key": organisation_key(name),
                "mail_domain_version": 0,
                "declared_at": NOW,
            }
        )
        member_of = names[number % len(names)][1] if is_tied else f"Club {number}"
        organisations.append(
            {"id": organisation_id, "name_key": organisation_key(member_of), "name_version": 0, "created_at": NOW}
        )
        members.append(
            {
                "id": uuid4(),
                "person_id": person_id,
                "organisation_id": organisation_id,
                "role": MembershipRole.AFFILIATE,
                "created_at": NOW,
            }
        )
    insert_rows(
        (Person, people),
        (Organisation, organisations),
        (Reviewer, rows),
        (Tie, ties),
        (Membership, members),
        (PartyFact, facts),
    )
    return [each["id"] for each in people]


def timed(what: Callable[[], Any], rounds: int) -> tuple[float, Any, int]:
    """Return the median of the seconds that something takes, what it returned last, and its statements."""
    taken: list[float] = []
    found, number = None, 0
    for _ in range(rounds):
        db.session.expunge_all()
        with counted_statements() as statements:
            start = time.perf_counter()
            found = what()
            taken.append(time.perf_counter() - start)
        number = len(statements)
    return statistics.median(taken), found, number


def run(applications: int, reviewers: int, rounds: int) -> None:
    """Measure everything on one database."""
    call = make_call(form=LISTED, opens_at=datetime(2020, 1, 1, tzinfo=UTC))
    cover_preparations()
    db.session.commit()
    call_id = call.id
    fill(call, applications)
    people = fill_ties(db.session.get_one(Call, call_id), reviewers)
    know_what_is_stored()
    print(f"\n{db.engine.dialect.name}: {applications} applications, {reviewers} reviewers, median of {rounds}")
    panel = select(Reviewer.person_id).where(Reviewer.call_id == call_id)
    of_call = Application.call_id == call_id
    counted = select(func.count()).select_from(Application).where(of_call)

    def all_pairs() -> int:
        return len(pairs_in_conflict(call=db.session.get_one(Call, call_id), people=panel))

    for name, what in (
        ("all pairs of the call", all_pairs),
        ("what one person sees", lambda: db.session.scalar(counted.where(~in_conflict(people[0])))),
        ("the same without the condition", lambda: db.session.scalar(counted)),
    ):
        seconds, found, statements = timed(what, rounds)
        print(f"{name:34}{seconds * 1000:9.1f} ms {statements:3} SQL  -> {found}", flush=True)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=2000)
    parser.add_argument("--reviewers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    add_database_option(parser)
    chosen = parser.parse_args()
    for _app in each_database(chosen.database):
        run(chosen.applications, chosen.reviewers, chosen.rounds)


if __name__ == "__main__":
    main()
