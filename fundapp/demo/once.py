"""`script/demo --once`: a whole round without a person, on real parts, and what it made in a folder."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

from flask_migrate import upgrade
from sqlalchemy import func, select

from fundapp import create_app, doctor
from fundapp.applications.models import Application, Call
from fundapp.core import clock, unit_of_work
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.tables import Table, read_table
from fundapp.core.web import FundApp
from fundapp.demo import samples
from fundapp.demo.checks import Check, checks_of, checks_of_work
from fundapp.demo.home import Home, open_home, start_queue
from fundapp.demo.processes import Children
from fundapp.demo.round import Round, mismatches
from fundapp.demo.scores import Scores, read_scores
from fundapp.review.queries.freezing import frozen_file, newest_frozen
from fundapp.review.queries.selection import current_slate
from fundapp.review.scoring_rules import Step
from fundapp.settings import Settings

ADDRESS: Final = "http://127.0.0.1:8000"
"""Nothing is served here: it only stands in the mails."""
WORK_SECONDS: Final = 900.0
TRIES: Final = 3


class Summary:
    """What a round did, printed as it goes and kept in summary.txt."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.write_text("", encoding="utf-8")
        self.adds_up = True

    def line(self, text: str) -> None:
        """Print and keep one line."""
        print(text, flush=True)
        with self._path.open("a", encoding="utf-8") as file:
            print(text, file=file)

    def count(self, what: str, number: int, more: str = "") -> None:
        """Print and keep a count."""
        self.line(f"  {what:<28}{number:>6}{f'   {more}' if more else ''}")

    def check(self, check: Check) -> None:
        """Print and keep a check; one that does not hold makes the whole not add up."""
        self.adds_up = self.adds_up and check.holds
        self.line(f"  {check}")


def run_once(folder: Path, applications: Path | None, scores: Path | None) -> bool:
    """Run the samples' rounds in `folder`, and say whether everything adds up.

    With a spreadsheet of applications or scores, only the grant's round is run, with these. Without scores, sample
    reviewers give them, and every letter and list is marked SAMPLE. Raises RuleViolations for files that cannot be
    taken.
    """
    with open_home(folder / "data", ADDRESS) as home, Children(home.logs, home.environment) as children:
        start_queue(children, home)
        app = create_app(Settings.from_env(home.environment))
        with app.app_context():
            upgrade()
        fundapp = [sys.executable, "-m", "fundapp"]
        children.start("worker", [*fundapp, "worker"])
        children.start("reconciler", [*fundapp, "reconcile", "--every", "5"])
        summary = Summary(folder / "summary.txt")
        slugs = [samples.GRANT, samples.PRIZE] if applications is None and scores is None else [samples.GRANT]
        for slug in slugs:
            table = _read(applications) or samples.sample_applications(slug)
            given = _prepare(app, summary, slug, table, _read(scores))
            _review_and_decide(Round(app, slug, given), summary)
        children.wait_until(lambda: not _waiting(app), WORK_SECONDS, pause=0.2)
        for slug in slugs:
            summary.line(f"Does it add up? {slug}")
            _hand_out(app, home, folder / slug, slug, summary)
        summary.line("Does it add up? The whole")
        _sign(app, home, folder, slugs, summary)
        _examine(app, summary)
        return summary.adds_up


def _prepare(app: FundApp, summary: Summary, slug: str, applications: Table, scores: Table | None) -> Scores | None:
    """Load the call and take its applications; return the scores of the file, or None for sample scores."""
    package, given = samples.sample_package(slug), None
    if scores is not None:
        given = read_scores(
            scores, [Step(each.code, each.minimum, each.maximum, step=each.step) for each in package.criteria]
        )
        readings = Counter((reading.application, reading.category) for reading in given)
        package = replace(package, is_sample=False).with_reviews(min(readings.values(), default=1))
    with app.app_context():
        now = clock.now()
        call = samples.load(package, now)
        taken = db.session.scalar(select(func.count()).select_from(Application).where(Application.call_id == call.id))
        if taken or call.is_sample != package.is_sample:
            raise RuleViolations([Problem("this database has a round of it already", place=f"call {slug}")])
        done = samples.import_into(call, applications, now)
        if given is not None and (problems := mismatches(given, call)):
            raise RuleViolations(problems)
        unit_of_work.commit(app.queue)
        summary.line(call.titles["en"] + ("" if given is not None else "    SAMPLE: the scores are invented"))
        for problem in done.problems:
            summary.line(f"  {problem}")
        where = db.session.execute(
            select(func.count(Application.language.distinct()), func.count(Application.region.distinct())).where(
                Application.call_id == call.id
            )
        ).one()
        summary.count("applications", done.taken, "in {} languages, from {} regions".format(*where))
        summary.check(Check("rows of the spreadsheet that were taken", len(applications.rows), done.taken))
    return given


def _review_and_decide(round_: Round, summary: Summary) -> None:
    eligible, ineligible = round_.check_eligibility()
    summary.count("eligible", eligible)
    summary.count("ineligible", ineligible)
    summary.count("reviewers", round_.invite_reviewers())
    summary.count("readings given out", round_.assign())
    if round_.is_sample:
        name, taken_over = round_.step_back()
        summary.count("taken over by others", taken_over, f"{name} declared a conflict of interest")
    summary.count("reviews", round_.review())
    decided = round_.decide()
    summary.count("awards", decided.awards, f"{decided.awarded.format('en')} of {decided.budget.format('en')}")
    summary.count("declines", decided.declines)
    summary.line(f"  ratified by {round_.ratify()}")
    round_.release()


def _waiting(app: FundApp) -> bool:
    """Whether background work is still to be done; work that failed TRIES times is not waited for."""
    with app.app_context():
        is_running = OutboxItem.state == OutboxState.RUNNING
        is_ready = (OutboxItem.state == OutboxState.READY) & (OutboxItem.attempt < TRIES)
        return bool(db.session.scalar(select(func.count()).select_from(OutboxItem).where(is_running | is_ready)))


def _hand_out(app: FundApp, home: Home, folder: Path, slug: str, summary: Summary) -> None:
    """Write letters and lists of a call to `folder` by the command line, and check that all adds up."""
    for what, to in (("decisions", folder), ("letters", folder / "letters")):
        _command(home, summary, f"export {what} {slug}", "--to", to)
    with app.app_context():
        call = db.session.scalars(select(Call).where(Call.slug == slug)).one()
        for check in checks_of(call, folder):
            summary.check(check)


def _sign(app: FundApp, home: Home, folder: Path, slugs: list[str], summary: Summary) -> None:
    """Sign where the record stands and what was frozen, and verify the tally of each call from the file handed out."""
    _command(home, summary, "audit checkpoint", "--to", folder / "checkpoints.jsonl")
    for slug in slugs:
        file = folder / slug / "tally.jsonl"
        with app.app_context():
            call = db.session.scalars(select(Call).where(Call.slug == slug)).one()
            slate = current_slate(call=call)
            frozen = newest_frozen(slate) if slate is not None else None
            file.write_bytes(frozen_file(frozen) if frozen is not None else b"")
        _command(home, summary, "tally verify", file, of=slug)


def _command(home: Home, summary: Summary, name: str, *arguments: str | Path, of: str = "") -> None:
    """Run a command of fundapp as people do, and check that it ends well; `of` tells what it was about."""
    command = [sys.executable, "-m", "fundapp", *name.split(), *map(str, arguments)]
    done = subprocess.run(command, env=dict(home.environment), capture_output=True, text=True, check=False)
    if done.returncode:
        summary.line(f"  {(done.stdout + done.stderr).strip()}")
    summary.check(Check(f"exit status of: fundapp {' '.join(filter(None, (name, of)))}", 0, done.returncode))


def _examine(app: FundApp, summary: Summary) -> None:
    with app.app_context():
        for check in checks_of_work():
            summary.check(check)
        findings = doctor.examine(app)
        undone = select(OutboxItem.last_error).where(OutboxItem.state != OutboxState.DONE)
        for fault in db.session.scalars(undone.distinct()):
            summary.line(f"  background work: {fault}")
    for finding in findings:
        if not finding.healthy:
            summary.line(f"  {finding.name}: {finding.detail}")
    summary.check(Check("healthy findings of the doctor", len(findings), sum(each.healthy for each in findings)))


def _read(path: Path | None) -> Table | None:
    return read_table(path.read_bytes(), path.name) if path else None
