"""The work of making letters: an id in, a stored file and its hash out, each letter committed alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import system_actor
from fundapp.accounts.services.people import tell
from fundapp.applications.queries.applicant import holders_of
from fundapp.core import sealed_files
from fundapp.core.db import db
from fundapp.core.layout_process import LayoutProcess
from fundapp.core.outbox import Finish, JobKind
from fundapp.core.pdf import MissingValue, PdfError, PdfUnavailable, render_pdf
from fundapp.core.sealing import Record, record_of
from fundapp.core.storage import Storage
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.letter_words import TEMPLATES, Words
from fundapp.disbursement.letterheads import letter_logo
from fundapp.disbursement.letters import kind_of_letter, to_content, words_of
from fundapp.disbursement.models import Letter, LetterStatus
from fundapp.disbursement.queries.letters import LETTER_KIND, decided_beside, letter_to_make
from fundapp.disbursement.queries.reports import report_days_of
from fundapp.disbursement.queries.templates import holding, newest_templates
from fundapp.disbursement.rules import missing_value
from fundapp.disbursement.transitions import LETTER
from fundapp.review.queries.declined import NOTHING_PASSED_ON, passed_on

LETTERS_PATH = "/letters"
_layout: Final = LayoutProcess()


@dataclass(frozen=True)
class MadeLetter:
    """What making a letter gives: what it says, its PDF, and the version of a template that worded it (None: ours)."""

    words: Words
    data: bytes
    template_id: UUID | None


def make_letter(storage: Storage, letter: Letter) -> MadeLetter:
    """Make a letter out of what the database holds; the same decision, template and language give the same bytes.

    Nothing is written. Raises PdfError.
    """
    beside = decided_beside(letter.decision)
    heard = NOTHING_PASSED_ON if letter.decision is None else passed_on(letter.decision.entry)
    own = holding(newest_templates(letter.call_id), kind_of_letter(letter), letter.language)
    logo = letter_logo(storage, letter.application.call, letter.language)
    words = words_of(
        letter,
        considered=beside.considered,
        awarded=beside.awarded,
        passed_on=heard,
        report_days=report_days_of(letter.call_id),
        template=own,
    )
    data = render_pdf(TEMPLATES[letter.kind], words, language=letter.language, logo=logo, layout=_layout.to_pdf)
    return MadeLetter(words, data, None if own is None else own.id)


def letter_job(storage: Storage) -> JobKind:
    """Return the outbox work that makes a letter and tells its reader that there is news."""

    def work(letter_id: UUID) -> Finish | None:
        letter = letter_to_make(letter_id)
        if letter.status is not LetterStatus.QUEUED:
            return None
        try:
            made = make_letter(storage, letter)
        except PdfUnavailable:
            raise  # this machine lacks something: the letter is right, and another try may do
        except MissingValue as error:
            failure = missing_value(error.field)
            return lambda now: _fail(letter_id, failure, now)
        except PdfError as error:
            failure = str(error)
            return lambda now: _fail(letter_id, failure, now)
        return lambda now: _keep(letter_id, storage, made, now)

    def gave_up(letter_id: UUID, now: datetime, error: str) -> None:
        _fail(letter_id, error, now)

    return JobKind(name=LETTER_KIND, work=work, gave_up=gave_up)


def _keep(letter_id: UUID, storage: Storage, made: MadeLetter, now: datetime) -> None:
    letter = db.session.get_one(Letter, letter_id)
    if letter.status is not LetterStatus.QUEUED:
        return
    record = Record("application", letter.application_id)
    file = sealed_files.keep(storage, record=record, row=record_of(letter), data=made.data)
    apply_transition(
        LETTER,
        letter,
        "make",
        actor=system_actor(),
        now=now,
        call_id=letter.call_id,
        evidence={
            "sha256": file.sha256,
            "stored_as": file.stored_as,
            "size_bytes": len(made.data),
            "content": to_content(made.words),
            "made_at": now,
            "template_id": made.template_id,
        },
        data={"sha256": file.sha256},
    )
    if letter.superseded and letter.superseded[-1].kind is None:
        return  # they were told of it, and have not looked yet
    for person in holders_of(letter.application):
        tell(person, template="news", path=LETTERS_PATH, now=now)


def _fail(letter_id: UUID, failure: str, now: datetime) -> None:
    letter = db.session.get_one(Letter, letter_id)
    if letter.status is not LetterStatus.QUEUED:
        return
    apply_transition(
        LETTER,
        letter,
        "fail",
        actor=system_actor(),
        now=now,
        call_id=letter.call_id,
        evidence={"failure": failure},
    )
