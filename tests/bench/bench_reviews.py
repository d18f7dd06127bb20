"""Every page of a review at the size of real calls: 1,894 applications with 3 reviews, 144 with 11.

Run: python -m tests.bench.bench_reviews [--rounds 3] [--database sqlite|postgresql]

Rows are written straight into the tables: reviewers, what each was given and gave, scores, thoughts, conflicts of
interest. The same call is made small beside it. Then each page is asked for of both, in turns: statements,
milliseconds, and kilobytes as they go over the wire (gzip). The ceiling of a page is the same page of the small call in
the same database and run. It ends with status 1 when a page of a large call sends more statements than that of the
small one; nothing is asserted about time.
"""

import argparse
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.sessions import open_session
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    ConflictOfInterest,
    ConflictSource,
    Entry,
)
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    DiscussionPost,
    Review,
    ReviewStatus,
    Score,
)

from ..audit_log import cover_preparations
from ..conftest import counted_statements
from ..factories import NOW, make_call, make_reviewer, make_slate, make_staff
from ..integration.test_application_list import LISTED
from .bench_lists import fill, insert_rows
from .databases import add_database_option, each_database, know_what_is_stored


@dataclass(frozen=True)
class Shape:
    """A call: applications, readers of each, and how many reviewers share them."""

    applications: int
    readers: int
    reviewers: int


SMALL = Shape(12, 3, 6)
SHAPES = (Shape(1_894, 3, 300), Shape(144, 11, 80))


def make(shape: Shape) -> dict[str, str]:
    """Make a call that is read, discussed and about to be decided; return the addresses of its pages by name."""
    call = make_call(
        form=LISTED, reviews_per_entry=shape.readers, closes_at=NOW - timedelta(days=1), budget_minor=10**10
    )
    slug, call_id = call.slug, call.id
    make_slate(call)
    cover_preparations()
    db.session.commit()
    fill(db.session.get_one(Call, call_id), shape.applications)
    of_call = Application.call_id == call_id
    eligible = {"status": ApplicationStatus.ELIGIBLE, "eligibility_at": NOW}
    db.session.execute(update(Application).where(of_call).values(eligibility_by_id=Application.person_id, **eligible))
    call = db.session.get_one(Call, call_id)
    most = 2 + shape.applications * shape.readers // shape.reviewers
    panel = [
        (each.id, each.person_id) for each in (make_reviewer(call, max_entries=most) for _ in range(shape.reviewers))
    ]
    criteria = [each.id for each in call.criteria]
    cover_preparations()
    db.session.commit()
    given: list[dict[str, Any]] = []
    reviews, scores, posts, conflicts = [], [], [], []
    entries = db.session.execute(
        select(Entry.id, Entry.stage_id, Entry.application_id).where(Entry.call_id == call_id).order_by(Entry.id)
    ).all()
    for number, (entry_id, stage_id, application_id) in enumerate(entries):
        for place in range(shape.readers):
            reviewer_id, person_id = panel[(number + place * 7) % len(panel)]
            assignment_id, review_id = uuid4(), uuid4()
            given.append(
                {
                    "id": assignment_id, "entry_id": entry_id, "reviewer_id": reviewer_id, "stage_id": stage_id,
                    "status": AssignmentStatus.REVIEWED, "assigned_at": NOW, "declared_at": NOW,
                }
            )  # fmt: skip
            reviews.append(
                {
                    "id": review_id, "assignment_id": assignment_id, "status": ReviewStatus.SUBMITTED,
                    "comment": "They know the villages and say how they will go on.", "saved_at": NOW,
                    "submitted_at": NOW, "version": 1,
                }
            )  # fmt: skip
            scores += [
                {
                    "id": uuid4(), "review_id": review_id, "criterion_id": criterion_id,
                    "value": 1 + (number + place * (1 + each)) % 5, "cannot_judge": False,
                }
                for each, criterion_id in enumerate(criteria)
            ]  # fmt: skip
            if number % 10 == 0:
                posts.append(
                    {
                        "id": uuid4(), "entry_id": entry_id, "stage_id": stage_id, "author_id": person_id,
                        "text": "I read the plan in another way.", "posted_at": NOW + timedelta(minutes=place),
                    }
                )  # fmt: skip
        if number % 10 == 0:
            _, person_id = panel[(number + 3) % len(panel)]
            conflicts.append(
                {
                    "id": uuid4(), "application_id": application_id, "person_id": person_id, "is_conflict": True,
                    "source": ConflictSource.DECLARED, "reason": "A cousin works there.", "recorded_at": NOW,
                }
            )  # fmt: skip
    insert_rows(
        (Assignment, given),
        (Review, reviews),
        (Score, scores),
        (DiscussionPost, posts),
        (ConflictOfInterest, conflicts),
    )
    base, entry_id, application_id = f"/manage/{slug}", entries[0][0], entries[0][2]
    reviewer_id, person_id = panel[0]
    assignment_id = given[0]["id"]
    return {
        "call": base,
        "applications": f"{base}/applications",
        "one application": f"/manage/applications/{application_id}",
        "reviewers": f"{base}/reviewers",
        "one reviewer": f"{base}/reviewers/{reviewer_id}",
        "conflicts of a person": f"{base}/reviewers/{person_id}/conflicts",
        "conflicts of an application": f"/manage/applications/{application_id}/conflicts",
        "assignment, coverage": f"{base}/assignment",
        "readers of an entry": f"{base}/assignment/{entry_id}",
        "stages": f"{base}/stages",
        "one stage": f"{base}/stages/review",
        "panel of a stage": f"{base}/stages/review/panel",
        "tally": f"{base}/tally",
        "selection": f"{base}/selection",
        "decide one": f"{base}/selection/{entry_id}",
        "discussion": f"{base}/discussions/{entry_id}",
        "history of the call": f"{base}/history",
        "history of one": f"/manage/applications/{application_id}/history",
        "my reviews": "/reviews",
        "read and score": f"/reviews/{assignment_id}",
        "reviews of others": f"/reviews/{assignment_id}/others",
        "reader": str(person_id),
    }


def client_of(app: FundApp, person: Person) -> FlaskClient:
    """Return a browser in which somebody is signed in."""
    token = open_session(person=person, now=clock.now(), strong=True)
    cover_preparations()
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["session_token"] = token
    return client


def asked(client: FlaskClient, address: str) -> tuple[float, int, int]:
    """Ask for a page; return milliseconds, statements and bytes over the wire."""
    db.session.rollback()
    db.session.expunge_all()
    client.application.extensions["limits"].reset()
    with counted_statements() as statements:
        start = time.perf_counter()
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        taken = time.perf_counter() - start
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status}")
    return taken * 1000, len(statements), len(answer.data)


def compare(app: FundApp, manager_id: UUID, small: dict[str, str], large: dict[str, str], rounds: int) -> bool:
    """Print a line for each page; return whether none of the large call sent more statements."""
    is_constant = True
    of_manager = client_of(app, db.session.get_one(Person, manager_id))
    readers = [client_of(app, db.session.get_one(Person, UUID(each["reader"]))) for each in (small, large)]
    for name in small:
        if name == "reader":
            continue
        taken: list[list[float]] = [[], []]
        counts, sizes = [0, 0], [0, 0]
        for number in range(rounds + 1):
            for side, pages in enumerate((small, large)):
                client = readers[side] if pages[name].startswith("/reviews") else of_manager
                milliseconds, counts[side], sizes[side] = asked(client, pages[name])
                if number:
                    taken[side].append(milliseconds)
        few, many = (statistics.median(each) for each in taken)
        is_constant &= counts[1] <= counts[0]
        print(
            f"{name:30}{counts[0]:5}{counts[1]:5}{few:9.0f}{many:9.0f}{many / few:7.1f}"
            f"{sizes[0] / 1024:8.1f}{sizes[1] / 1024:8.1f}",
            flush=True,
        )
    return is_constant


def run(app: FundApp, rounds: int) -> bool:
    """Measure everything on one database; return whether every page has a constant number of statements."""
    manager_id = make_staff(Role.MANAGER).id
    cover_preparations()
    db.session.commit()
    small, is_constant = make(SMALL), True
    for shape in SHAPES:
        large = make(shape)
        know_what_is_stored()
        print(
            f"\n{db.engine.dialect.name}: {shape.applications} applications x {shape.readers} reviews,"
            f" {shape.reviewers} reviewers, beside {SMALL.applications} x {SMALL.readers}; median of {rounds}"
        )
        print(f"{'':30}{'SQL':>5}{'SQL':>5}{'ms':>9}{'ms':>9}{'ratio':>7}{'kB':>8}{'kB':>8}")
        is_constant &= compare(app, manager_id, small, large, rounds)
        print(f"scores in the database: {db.session.scalar(select(func.count()).select_from(Score))}")
    return is_constant


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    add_database_option(parser)
    chosen = parser.parse_args()
    is_constant = True
    for app in each_database(chosen.database):
        is_constant &= run(app, chosen.rounds)
    sys.exit(not is_constant)


if __name__ == "__main__":
    main()
