"""A plan in the product, at size: computed by its job, looked at, applied, undone; seconds, statements and memory.

Run: python -m tests.bench.bench_plans [--entries 2400] [--reviewers 400] [--database sqlite|postgresql]

Applications and reviewers are written into the tables, each reviewer with a membership, and one in ten with a conflict
of interest with many applications. Then a manager asks for a plan, its job runs as a worker runs it, and the plan is
shown, applied and undone through its pages. The ceiling of applying is writing the same assignments and as many rows of
the audit log with nothing around them. Nothing is asserted but that every step succeeds.
"""

import argparse
import re
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from fundapp.accounts.models import Membership, MembershipRole
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    ConflictOfInterest,
    ConflictSource,
    Entry,
)
from fundapp.core import outbox
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, Plan, Reviewer, ReviewerStatus

from ..audit_log import cover_preparations
from ..conftest import counted_statements, run_item
from ..factories import NOW, make_call, make_organisation, make_person
from ..integration.test_application_list import LISTED
from .bench_lists import fill, insert_rows, signed_in
from .databases import add_database_option, each_database, know_what_is_stored

SEATS = 3
CONFLICTS_IN = 10
"""One in so many reviewers has conflicts of interest, each with a twentieth of the applications."""


def fill_panel(call: Call, number: int) -> None:
    """Put reviewers into a call, tied to organisations, some with many conflicts of interest."""
    applications = db.session.scalars(select(Application.id).where(Application.call_id == call.id)).all()
    most = 2 + SEATS * len(applications) // number * 5 // 4
    people, members, conflicts = [], [], []
    club = make_organisation("Club (sample)").id
    for each in range(number):
        person_id = make_person(f"Reviewer {each} Sample").id
        members.append(
            {
                "id": uuid4(), "person_id": person_id, "organisation_id": club, "role": MembershipRole.AFFILIATE,
                "created_at": NOW,
            }
        )  # fmt: skip
        people.append(
            {
                "id": uuid4(), "call_id": call.id, "person_id": person_id, "max_entries": most,
                "languages": ["en", "fr"] if each % 3 else ["en"], "regions": ["north"] if each % 2 else [],
                "invited_at": NOW, "status": ReviewerStatus.ACCEPTED, "answered_at": NOW,
                "is_experienced": each % 3 == 0,
            }
        )  # fmt: skip
        if each % CONFLICTS_IN == 0:
            conflicts += [
                {
                    "id": uuid4(), "application_id": application_id, "person_id": person_id, "is_conflict": True,
                    "source": ConflictSource.DECLARED, "reason": "", "recorded_at": NOW,
                }
                for application_id in applications[each % 20 :: 20]
            ]  # fmt: skip
    insert_rows((Membership, members), (Reviewer, people), (ConflictOfInterest, conflicts))


def bare_writing(assignments: list[dict[str, Any]]) -> float:
    """Return the seconds that the assignments take alone, in one transaction that is rolled back."""
    start = time.perf_counter()
    connection = db.session.connection()
    connection.execute(insert(Assignment), assignments)
    db.session.rollback()
    return time.perf_counter() - start


class Steps:
    """Prints each step with what it took."""

    def take(self, name: str, what: Callable[[], Any]) -> Any:
        db.session.rollback()
        db.session.expunge_all()
        with counted_statements() as statements:
            wall, cpu = time.perf_counter(), time.process_time()
            found = what()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        size = f"{len(found.data) / 1024:8.0f}" if hasattr(found, "data") else f"{'':8}"
        print(f"{name:34}{wall:9.2f}{cpu:9.2f}{len(statements):7}{size}{peak:8}", flush=True)
        return found


def pressed(client: FlaskClient, slug: str, path: str, plan_id: UUID) -> Any:
    """Press a button about a plan; it must have worked."""
    client.application.extensions["limits"].reset()
    answer = client.post(f"/manage/{slug}/assignment{path}", data={"plan": str(plan_id)})
    if answer.status_code != 302:
        raise RuntimeError(f"{path}: {answer.status} {re.sub('<[^>]*>', ' ', answer.text)[:2000]}")
    return answer


def run(app: FundApp, entries: int, reviewers: int) -> None:
    """Measure everything on one database."""
    call = make_call(form=LISTED, reviews_per_entry=SEATS, closes_at=NOW + timedelta(days=1))
    call_id, slug = call.id, call.slug
    cover_preparations()
    db.session.commit()
    fill(db.session.get_one(Call, call_id), entries)
    eligible = {"status": ApplicationStatus.ELIGIBLE, "eligibility_at": NOW}
    db.session.execute(update(Application).values(eligibility_by_id=Application.person_id, **eligible))
    fill_panel(db.session.get_one(Call, call_id), reviewers)
    know_what_is_stored()
    client = signed_in(app)
    print(f"\n{db.engine.dialect.name}: {entries} applications, {reviewers} reviewers, {SEATS} readers each")
    print(f"{'':34}{'seconds':>9}{'CPU':>9}{'SQL':>7}{'kB':>8}{'MB':>8}")
    steps = Steps()
    page = f"/manage/{slug}/assignment"
    steps.take("page before", lambda: client.get(page))
    steps.take("ask for a plan", lambda: client.post(f"{page}/plan"))
    for item_id in outbox.due(NOW + timedelta(days=9999)):
        db.session.commit()
        steps.take("its job", partial(run_item, item_id))
    plan_id, status = db.session.execute(select(Plan.id, Plan.status)).one()
    steps.take(f"page, {status.value}", lambda: client.get(page))
    steps.take("apply", lambda: pressed(client, slug, "", plan_id))
    rows = [
        {
            "id": uuid4(), "entry_id": each.entry_id, "reviewer_id": each.reviewer_id, "stage_id": each.stage_id,
            "assigned_at": NOW,
        }
        for each in db.session.scalars(select(Assignment))
    ]  # fmt: skip
    steps.take("page after", lambda: client.get(page))
    steps.take("undo", lambda: pressed(client, slug, "/undo", plan_id))
    print(f"{'the bare rows of applying':34}{bare_writing(rows):9.2f}   {len(rows)} assignments")
    entry_id = db.session.scalar(select(Entry.id).limit(1))
    steps.take("readers of one entry", lambda: client.get(f"{page}/{entry_id}"))


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=2400)
    parser.add_argument("--reviewers", type=int, default=400)
    add_database_option(parser)
    chosen = parser.parse_args()
    for app in each_database(chosen.database):
        run(app, chosen.entries, chosen.reviewers)


if __name__ == "__main__":
    main()
