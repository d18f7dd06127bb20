"""A call's list of 5,000 applications against the same list of 50: statements, time, and the ratio of both.

Run: python -m tests.bench.bench_lists [--applications 5000] [--rounds 5] [--database sqlite|postgresql]

Two calls are made in one database, a short and a long one, by writing rows straight into the tables. Then each page
and each table is asked for of both, in turns, as a WSGI server would ask, and the medians of the rounds are printed
with the number of SQL statements, and with the most memory that Python held meanwhile (tracemalloc, in a run of its
own: it takes time). The ceiling of a page on the long list is the same page on the short one: both draw
50 rows. Tables hold all rows: there the ratio grows with them. Nothing is asserted.
"""

import argparse
import gc
import statistics
import time
import tracemalloc
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import insert, select

from fundapp.accounts.models import Organisation
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.organisations import organisation_key
from fundapp.accounts.services.sessions import open_session
from fundapp.applications.models import Application, ApplicationStatus, Call, Entry, Submission
from fundapp.core import clock
from fundapp.core.db import Base, db
from fundapp.core.web import FundApp

from ..audit_log import cover_preparations
from ..conftest import counted_statements
from ..factories import ANSWERS, NOW, make_call, make_person, make_staff
from ..integration.test_application_list import LISTED
from .databases import add_database_option, each_database

SHORT = 50
WARM_UP = 1
PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("first page", {}),
    ("last page", {"page": "9999"}),
    ("by name, in the reader's order", {"sort": "name"}),
    ("by amount, last first", {"sort": "requested", "reverse": "1"}),
    ("filtered by four things", {"language": "fr", "country": "KE", "region": "north", "status": "eligible"}),
    ("may be there twice", {"waiting": "twice"}),
    ("search", {"search": "radio"}),
    ("page of one application", {"application": "1"}),
)
TABLES = (("table, CSV", "csv"), ("table, XLSX", "xlsx"))


def fill(call: Call, number: int) -> None:
    """Put submitted applications into a call, with what lists read of them."""
    person_ids = [make_person(f"Applicant {each} Sample").id for each in range(20)]
    applications, submissions, entries, organisations = [], [], [], []
    for each in range(number):
        application_id, organisation_id = uuid4(), uuid4()
        name = f"Radio {each} of the hill (sample)" if each % 10 == 0 else f"Paralegals {each} of the hill (sample)"
        key = organisation_key(name)
        answers = {**ANSWERS, "organisation": name, "title": f"Rights by radio in district {each} of the north"}
        is_eligible = each % 2 == 0
        organisations.append({"id": organisation_id, "name_key": key, "name_version": 0, "created_at": NOW})
        applications.append(
            {
                "id": application_id,
                "call_id": call.id,
                "form_version_id": call.form_versions[-1].id,
                "person_id": person_ids[each % len(person_ids)],
                "organisation_id": organisation_id,
                "status": ApplicationStatus.ELIGIBLE if is_eligible else ApplicationStatus.SUBMITTED,
                "language": "fr" if each % 3 == 0 else "en",
                "answers": answers,
                "category_codes": [],
                "organisation_name": name,
                "organisation_key": key,
                "title": answers["title"],
                "country": "KE" if each % 4 == 0 else "LB",
                "region": answers["region"],
                "reference": f"{call.reference_prefix}-{each:05}",
                "started_at": NOW,
                "saved_at": NOW + timedelta(seconds=each),
                "submitted_at": NOW + timedelta(seconds=each),
                "eligibility_by_id": person_ids[0] if is_eligible else None,
                "eligibility_at": NOW if is_eligible else None,
            }
        )
        submissions.append(
            {
                "id": uuid4(),
                "application_id": application_id,
                "number": 1,
                "form_version_id": call.form_versions[-1].id,
                "answers": answers,
                "content_sha256": "0" * 64,
                "submitted_by_id": person_ids[0],
                "submitted_at": NOW,
            }
        )
        entries.append(
            {
                "id": uuid4(),
                "application_id": application_id,
                "call_id": call.id,
                "stage_id": call.stages[0].id,
                "requested_minor": 100_000 + each,
                "created_at": NOW,
            }
        )
    insert_rows(
        (Organisation, organisations),
        (Application, applications),
        (Submission, submissions),
        (Entry, entries),
    )


def insert_rows(*tables: tuple[type[Base], list[dict[str, Any]]]) -> None:
    """Put rows into their tables, in this order, and commit."""
    connection = db.session.connection()
    for model, rows in tables:
        for start in range(0, len(rows), 500):
            connection.execute(insert(model), rows[start : start + 500])
    cover_preparations()
    db.session.commit()


def signed_in(app: FundApp) -> FlaskClient:
    """Return a browser in which a manager of everything is signed in."""
    manager = make_staff(Role.MANAGER)
    token = open_session(person=manager, now=clock.now(), strong=True)
    cover_preparations()
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["session_token"] = token
    return client


applications: dict[str, UUID] = {}
"""One application of each call, by the call's short name."""


def asked(client: FlaskClient, slug: str, query: dict[str, str], table: str) -> tuple[float, int, int]:
    """Ask for a page or a table; return seconds, statements and bytes."""
    address = f"/manage/{slug}/applications"
    db.session.expunge_all()
    client.application.extensions["limits"].reset()
    with counted_statements() as statements:
        start = time.perf_counter()
        if table:
            answer = client.post(f"{address}.{table}")
        elif "application" in query:
            answer = client.get(f"/manage/applications/{applications[slug]}")
        elif "search" in query:
            answer = client.post(address, data=query)
        else:
            answer = client.get(address, query_string=query)
        seconds = time.perf_counter() - start
    if answer.status_code != 200:
        raise RuntimeError(f"{address} {query} {table}: {answer.status}")
    return seconds, len(statements), len(answer.data)


def measured(client: FlaskClient, slugs: tuple[str, str], rounds: int, query: dict[str, str], table: str) -> str:
    """Ask for both lists in turns; return the line that is printed."""
    seconds: dict[str, list[float]] = {slug: [] for slug in slugs}
    statements: dict[str, int] = {}
    size = 0
    for number in range(rounds + WARM_UP):
        for slug in slugs:
            taken, statements[slug], size = asked(client, slug, query, table)
            if number >= WARM_UP:
                seconds[slug].append(taken)
    short, long = (statistics.median(seconds[slug]) * 1000 for slug in slugs)
    few, many = (statements[slug] for slug in slugs)
    return f"{short:9.1f} {long:9.1f} {long / short:7.2f} {few:5} {many:5} {size / 1024:9.0f}"


def peak_memory(client: FlaskClient, slug: str, query: dict[str, str], table: str) -> float:
    """Return how many MiB Python held at most, over what it held before, while a page or a table was made."""
    gc.collect()
    tracemalloc.start()
    try:
        asked(client, slug, query, table)
        return tracemalloc.get_traced_memory()[1] / 1024**2
    finally:
        tracemalloc.stop()


def run(app: FundApp, number: int, rounds: int) -> None:
    """Measure everything on one database."""
    calls: list[tuple[UUID, str]] = []
    for size in (SHORT, number):
        call = make_call(form=LISTED)
        calls.append((call.id, call.slug))
        cover_preparations()
        db.session.commit()
        fill(db.session.get_one(Call, call.id), size)
        applications[calls[-1][1]] = db.session.scalars(
            select(Application.id).where(Application.call_id == calls[-1][0]).limit(1)
        ).one()
    client = signed_in(app)
    print(f"\n{db.engine.dialect.name}: {SHORT} and {number} applications, median of {rounds}")
    print(f"{'':34}{'short ms':>9} {'long ms':>9} {'ratio':>7} {'SQL':>5} {'SQL':>5} {'kB':>9} {'MiB':>7} {'MiB':>7}")
    slugs = (calls[0][1], calls[1][1])
    every: list[tuple[str, dict[str, str], str]] = [(name, query, "") for name, query in PAGES]
    every += [(name, {}, kind) for name, kind in TABLES]
    for name, query, table in every:
        few, many = (peak_memory(client, slug, query, table) for slug in slugs)
        print(f"{name:34}{measured(client, slugs, rounds, query, table)} {few:7.1f} {many:7.1f}", flush=True)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    add_database_option(parser)
    chosen = parser.parse_args()
    for app in each_database(chosen.database):
        run(app, chosen.applications, chosen.rounds)


if __name__ == "__main__":
    main()
