"""Checks of an installation: what it needs, and what must always be true of its data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from fundapp import rekeying
from fundapp.applications.files.rules import MEGABYTE, SPARE_BYTES
from fundapp.applications.models import Application, Attachment, Call, FileStatus
from fundapp.core import clock, keys, logs, pdf
from fundapp.core.audit.entries import unguarded_tables
from fundapp.core.audit.verification import first_broken
from fundapp.core.audit.writing import database_now
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part, Ring
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.queue import RedisQueue
from fundapp.core.scanning import Scanner
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letter, LetterStatus
from fundapp.disbursement.queries.fund_check import broken_funds
from fundapp.disbursement.queries.moving_up import committed_since_release
from fundapp.disbursement.queries.payment_check import broken_payments
from fundapp.retention.checks import erasure_problems, unfinished_erasures
from fundapp.retention.queries import held_work
from fundapp.retention.room import erased_list
from fundapp.review.models import Decision, Slate
from fundapp.review.queries.frozen_check import broken_tally

FILES_WAIT: Final = timedelta(hours=1)
CLOCK_SECONDS: Final = 60
"""How far this machine's clock may be from the database's."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    healthy: bool
    detail: str


def examine(app: FundApp) -> list[Finding]:
    """Look at everything; a check that cannot run is itself a finding."""
    return [_look(name, check, app) for name, check in _checks()]


def _checks() -> Iterator[tuple[str, Callable[[FundApp], tuple[bool, str]]]]:
    yield "database structure", _structure
    yield "queue", _queue
    yield "file store", _files
    yield "budgets", _budgets
    yield "funds", _funds
    yield "letters", _letters
    yield "fonts of letters", _fonts
    yield "attached files", _attached_files
    yield "files on their way to reviewers", _prepared_files
    yield "virus scanner", _scanner
    yield "erasures", _erasures
    yield "work given up", _given_up
    yield "work put aside", _held
    yield "keys", _keys
    yield "guards of the audit log", _guards
    yield "audit log", _audit_log
    yield "clock", _clock


def _look(name: str, check: Callable[[FundApp], tuple[bool, str]], app: FundApp) -> Finding:
    try:
        healthy, detail = check(app)
    except Exception as error:  # whatever broke is what the operator must read
        db.session.rollback()
        return Finding(name, healthy=False, detail=logs.described(error))
    return Finding(name, healthy, detail)


def _structure(app: FundApp) -> tuple[bool, str]:
    script = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
    current = MigrationContext.configure(db.session.connection()).get_current_revision()
    return current == script.get_current_head(), f"at {current}, newest is {script.get_current_head()}"


def _queue(app: FundApp) -> tuple[bool, str]:
    if not isinstance(app.queue, RedisQueue):
        return False, "no queue server"
    app.queue.connection.ping()
    return True, f"answers, {app.queue.queue().count} jobs waiting"


def _files(app: FundApp) -> tuple[bool, str]:
    storage: Storage = app.extensions["storage"]
    storage.read(storage.put(b"fundapp doctor"))
    free = storage.free_bytes()
    return free > SPARE_BYTES, f"writes and reads back, {free // MEGABYTE} MB are free"


def _budgets(_app: FundApp) -> tuple[bool, str]:
    sums = select(Slate.call_id, func.sum(Decision.amount_minor)).join(Decision).group_by(Slate.call_id)
    decided = dict(db.session.execute(sums).all())
    since = committed_since_release()
    wrong = [
        slug
        for call_id, slug, committed in db.session.execute(select(Call.id, Call.slug, Call.committed_minor))
        if committed != (decided.get(call_id) or 0) + since.get(call_id, 0)
    ]
    return not wrong, f"differ from their decisions: {', '.join(wrong)}" if wrong else "equal their decisions"


def _funds(_app: FundApp) -> tuple[bool, str]:
    wrong = [*broken_funds(), *broken_payments()]
    return not wrong, f"differ from their ledger: {', '.join(wrong)}" if wrong else "equal their ledger"


def _letters(app: FundApp) -> tuple[bool, str]:
    storage: Storage = app.extensions["storage"]
    missing = [
        letter.reference
        for letter in db.session.scalars(
            select(Letter).join(Application).where(Letter.status == LetterStatus.MADE, Application.erased_at.is_(None))
        )
        if letter.stored_as is None or not storage.exists(letter.stored_as)
    ]
    return not missing, f"without a file: {', '.join(missing)}" if missing else "each made letter has its file"


def _fonts(_app: FundApp) -> tuple[bool, str]:
    changed = pdf.changed_faces()
    if changed:
        return False, f"other files than those that letters were tested with: {', '.join(changed)}"
    return True, "each is the file that letters were tested with"


def _attached_files(app: FundApp) -> tuple[bool, str]:
    storage: Storage = app.extensions["storage"]
    missing = [
        str(attachment_id)
        for attachment_id, *stored in db.session.execute(
            select(Attachment.id, Attachment.stored_as, Attachment.copy_stored_as)
        )
        if not all(storage.exists(name) for name in stored if name is not None)
    ]
    return not missing, f"missing: {', '.join(missing)}" if missing else "each attachment has its file"


def _prepared_files(_app: FundApp) -> tuple[bool, str]:
    """Files wait for a few minutes at most; a scanner that is away keeps them waiting."""
    late = clock.now() - FILES_WAIT
    waiting = db.session.scalar(
        select(func.count())
        .select_from(Attachment)
        .where(Attachment.status == FileStatus.PENDING, Attachment.uploaded_at < late)
    )
    failed = db.session.scalar(
        select(func.count()).select_from(Attachment).where(Attachment.status == FileStatus.FAILED)
    )
    if waiting:
        return False, f"{waiting} wait for more than an hour, and reviewers do not get them"
    return True, f"none waits for long; {failed} cannot be shown to reviewers" if failed else "none waits for long"


def _scanner(app: FundApp) -> tuple[bool, str]:
    scanner: Scanner | None = app.extensions["scanner"]
    unscanned = db.session.scalar(select(func.count()).select_from(Attachment).where(Attachment.scanned_at.is_(None)))
    if scanner is None:
        return True, f"none is set up (CLAMD_ADDRESS): {unscanned} files were not scanned for viruses"
    return True, f"{scanner.version()} answers; {unscanned} files were not scanned (fundapp files scan)"


def _erasures(app: FundApp) -> tuple[bool, str]:
    problems = erasure_problems(erased_list(app), clock.now())
    if problems:
        return False, "; ".join(problems)
    if waiting := unfinished_erasures():
        return True, f"{waiting} wait for a worker, which removes their files and lists them outside the database"
    return True, "nothing is left of what was erased, and the list outside is whole"


def _held(_app: FundApp) -> tuple[bool, str]:
    count = len(held_work())
    return not count, f"{count} mails wait after a restore: fundapp outbox list" if count else "none"


def _given_up(_app: FundApp) -> tuple[bool, str]:
    count = db.session.scalar(
        select(func.count()).select_from(OutboxItem).where(OutboxItem.state == OutboxState.FAILED)
    )
    return not count, f"{count} pieces of work need somebody to look at them" if count else "none"


def _guards(_app: FundApp) -> tuple[bool, str]:
    missing = unguarded_tables(db.session())
    return not missing, f"missing on: {', '.join(missing)}" if missing else "each append-only table has its triggers"


def _audit_log(app: FundApp) -> tuple[bool, str]:
    public = Keyring.load(app.extensions["settings"].keys_dir, [Part.AUDIT_PUBLIC])
    broken = first_broken(db.session(), ring=public) or broken_tally(ring=public)
    return broken is None, str(broken) if broken else "everything is as it was written; fundapp verify knows more"


def _clock(_app: FundApp) -> tuple[bool, str]:
    seconds = abs((clock.now() - database_now(db.session.connection())).total_seconds())
    return seconds < CLOCK_SECONDS, f"differs from the database's by {seconds:.0f} s"


def _keys(app: FundApp) -> tuple[bool, str]:
    """Every key that a row names is here, and the next rotation can start: how much is still under older keys."""
    folder = app.extensions["settings"].keys_dir
    missing, older = [], 0
    for ring in (Ring.IDENTITY, Ring.FILES, Ring.INDEX, Ring.PAYEE):
        here = keys.numbers_in(folder, ring)
        used = rekeying.in_use(ring)
        missing += [f"{ring} {number:04d}" for number in sorted(used.keys() - here)]
        older += sum(count for number, count in used.items() if number != max(here, default=0))
    if missing:
        return False, f"missing, though rows need them: {', '.join(missing)}"
    return True, f"all that rows need are here; {older} rows are under older keys"
