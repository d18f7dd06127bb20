"""The demo that people visit: queue, pages, workers and reconciler, until it is told to stop."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from flask_migrate import upgrade
from sqlalchemy import select

from fundapp import create_app
from fundapp.applications.models import Call, Entry
from fundapp.core import clock, unit_of_work
from fundapp.core.db import db
from fundapp.demo import samples
from fundapp.demo.home import Home, open_home, start_queue
from fundapp.demo.processes import Children
from fundapp.demo.round import Round
from fundapp.demo.sign_in import SignIn, let_in, sample_reviewer
from fundapp.review.models import Assignment, Review
from fundapp.settings import Settings

WORKERS: Final = 2
SHOWN_CODES: Final = 3
FIRST_PAGE_SECONDS: Final = 60.0


def serve_demo(folder: Path, port: int | None) -> None:
    """Run everything in `folder` until a signal asks to stop (StopAsked), and leave nothing running."""
    begun = float(os.environ.get("FUNDAPP_DEMO_STARTED") or time.time())
    port = port or free_port()
    address = f"http://localhost:{port}"  # a name: browsers make no passkeys for a number
    with open_home(folder, address) as home, Children(home.logs, home.environment) as children:
        start_queue(children, home)
        sign_ins = prepare(home)
        fundapp = [sys.executable, "-m", "fundapp"]
        children.start("web", [*fundapp, "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"])
        children.wait_until(lambda: page_answers(address), FIRST_PAGE_SECONDS)
        print(f"First page after {time.time() - begun:.1f} s: {address}\n")
        for number in range(1, WORKERS + 1):
            children.start(f"worker-{number}", [*fundapp, "worker"])
        children.start("reconciler", [*fundapp, "reconcile", "--every", "15"])
        print(f"Sign in at {address}/sign-in, with an address and the password behind it; applicants open their link.")
        for each in sign_ins:
            print(f"  {each.role:<13} {each.email:<32} {each.how}")
        print("\nStaff are then asked for a code. Each of these works once (other ones at the next start):")
        for each in sign_ins:
            if each.second_step:
                print(f"  code of {each.role:<13} {'  '.join(each.second_step.codes[:SHOWN_CODES])}")
        print("Or add an account to an app for sign-in codes on your phone, with this secret:")
        for each in sign_ins:
            if each.second_step:
                print(f"  secret of {each.role:<11} {each.second_step.secret}")
        print(f"\nMails are written to {folder}/mail, what each process says to {home.logs}.")
        print("Ctrl-C stops everything.", flush=True)
        children.watch()


def prepare(home: Home) -> list[SignIn]:
    """Bring the database to the newest structure, load the samples, and return who can sign in.

    The grant's round is left in the middle of its reviews, and the prize takes applications. At a second start,
    whatever visitors have done since is left alone.
    """
    app = create_app(Settings.from_env(home.environment))
    round_ = Round(app, samples.GRANT, None)
    with app.app_context():
        upgrade()
        now = clock.now()
        grant = samples.load(samples.sample_package(samples.GRANT), now)
        prize = samples.load(samples.still_open(samples.sample_package(samples.PRIZE), now), now)
        reviews = select(Review.id).join(Review.assignment).join(Assignment.entry).where(Entry.call_id == grant.id)
        is_new = db.session.scalar(reviews.limit(1)) is None
        if is_new:
            for call in (grant, prize):
                samples.import_into(call, samples.sample_applications(call.slug), now)
        unit_of_work.commit(app.queue)
    if is_new:
        round_.check_eligibility()
        round_.invite_reviewers()
        round_.assign()
    with app.app_context():
        grant = db.session.scalars(select(Call).where(Call.slug == samples.GRANT)).one()
        reviewer = sample_reviewer(grant).email
        sign_ins = let_in(grant, password=home.password, secret_key=app.config["SECRET_KEY"], now=clock.now())
        unit_of_work.commit(app.queue)
    if is_new:
        round_.review(leave_to=reviewer)
    return sign_ins


def page_answers(address: str) -> bool:
    """Whether the first page is served. Raises HTTPError when something else is served instead."""
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own http address
            return True
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False


def free_port(wanted: int = 8000) -> int:
    """`wanted` on the loopback address, or any free port when something else has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
