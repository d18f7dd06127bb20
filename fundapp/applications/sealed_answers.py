"""Answers that are kept sealed: the one place that writes them, and opens them again.

`Application.answers` and `Submission.answers` hold a marker where an answer is sealed, {"sealed": id, "mask": …}, so
that whoever reads them without asking for more gets a mask. Identity opens with the keys of the web; payee details open
only with the private key, which no server holds.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.services.organisations import organisation_key
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.form_engine.answers import Answer, facts, is_sealed, is_understood
from fundapp.applications.form_engine.definition import FILE_KINDS, FormDefinition, Kind, Question, Role, Sensitivity
from fundapp.applications.models import Application, Attachment, SealedAnswer, Submission
from fundapp.applications.parties import note_parties
from fundapp.core import keys
from fundapp.core.db import db
from fundapp.core.keys import Keyring, NotOpened, Ring
from fundapp.core.sealing import Erased, current_keys, record_of, seal, to_json, unseal

Holder = Application | Submission
"""Whatever holds answers: the working copy, or a frozen one."""
MASK: Final = "••••••"
_SHOWN_OF_PAYEE: Final = 4
_IDS_AT_ONCE: Final = 1000
_PLACES: Final = frozenset({Role.COUNTRY, Role.REGION})
_WORDS: Final = frozenset({Kind.TEXT, Kind.GEOPOINT, Kind.CALCULATE, Kind.HIDDEN})
_NEVER: Final = frozenset({Role.AMOUNT, Role.CATEGORIES})
"""Decisions are computed from these, whatever else is hidden."""


def clear_answers(holder: Holder, *, without: Collection[str] = ()) -> dict[str, Answer]:
    """Return the answers in clear, by key; those to questions `without` and all payee details stay markers.

    Erased ones are missing. For the applicant's own pages, for checks, and for pages that were opened with a reason.
    """
    return clear_answers_of([holder], without=without)[0]


def clear_answers_of(holders: Sequence[Holder], *, without: Collection[str] = ()) -> list[dict[str, Answer]]:
    """Return the answers of several applications or submissions, as `clear_answers` does."""
    ids = [
        UUID(answer["sealed"])
        for holder in holders
        for name, answer in holder.answers.items()
        if is_sealed(answer) and name_of(name) not in without
    ]
    rows = _rows(ids)
    return [_clear(holder, rows, without) for holder in holders]


def keep_answers(
    *,
    application: Application,
    form: FormDefinition,
    values: Mapping[str, Answer | None],
    by_id: UUID | None,
    now: datetime,
) -> None:
    """Put clear values into the answers of an application, by key (None takes one out).

    While it is a draft, what lists show follows; once it was sent, lists show what was sent.
    A value that is stored already stays in the version in which it is; a new one of a sealed question is a new version.
    """
    clear = clear_answers(application)
    stored = dict(application.answers)
    for key, value in values.items():
        if value is None or not form.has_key(key):
            stored.pop(key, None)
        elif key not in clear or clear[key] != value:
            stored[key] = _stored(application, form, key, value, by_id, now)
    was_sent = application.submitted_at is not None
    if was_sent and stored != application.answers:
        application.edited_at = now
    application.answers = stored
    if not was_sent:
        show_in_lists(application, application, form)


def frozen_answers(
    *,
    application: Application,
    form: FormDefinition,
    values: Mapping[str, Answer],
    by_id: UUID | None,
    now: datetime,
) -> dict[str, Answer]:
    """Return clear values as they are frozen: stored ones in the version in which they are, computed ones sealed anew.

    Nothing of the working copy changes.
    """
    clear = clear_answers(application)
    return {
        key: application.answers[key] if clear.get(key) == value else _stored(application, form, key, value, by_id, now)
        for key, value in values.items()
    }


def reseal(*, application: Application, now: datetime) -> None:
    """Bring everything that is stored of an application into the form that its protection asks for, up or down.

    Its working copy, its submissions, and what lists show of it. Who may do this is for the caller to check.
    """
    holders: list[Holder] = [application, *application.submissions]
    for holder in holders:
        form = FormDefinition.from_json(holder.form_version.definition)
        clear = clear_answers(holder)
        holder.answers = {
            key: _restored(application, form, key, holder.answers[key], value, now) for key, value in clear.items()
        }
    counts = _what_counts(application)
    show_in_lists(application, counts, FormDefinition.from_json(counts.form_version.definition))


def note_parties_again(application: Application) -> None:
    """Make the keys of those who stand behind an application anew, of the answers that count and its nominations."""
    counts = _what_counts(application)
    note_parties(application, FormDefinition.from_json(counts.form_version.definition), clear_answers(counts))


def _what_counts(application: Application) -> Holder:
    return application.submissions[-1] if application.submissions else application


def payee_answers(application: Application) -> dict[str, SealedAnswer]:
    """Return the sealed payee details of an application by key: the newest, as it was sent or is being written.

    Raises NotOpened for a marker that points to another application's answer, or to another question's.
    """
    holder = application.submissions[-1] if application.submissions else application
    markers = {name: UUID(answer["sealed"]) for name, answer in holder.answers.items() if is_sealed(answer)}
    rows = _rows(list(markers.values()))
    found = {name: _of_its_place(rows.get(row_id), application.id, name) for name, row_id in markers.items()}
    return {name: row for name, row in found.items() if row.ring is Ring.PAYEE}


def sent_files(application: Application) -> list[Attachment]:
    """Return the files of every version that was sent: staff read no others, whatever the working copy holds."""
    given = [answer for answers in clear_answers_of(application.submissions) for answer in answers.values()]
    named = {str(answer["attachment"]) for answer in given if isinstance(answer, dict) and "attachment" in answer}
    return [each for each in application.attachments if str(each.id) in named]


def open_payee(row: SealedAnswer, private: Keyring) -> str:
    """Return payee details in clear with the private key. Raises NotOpened, Erased, KeysError."""
    inner = unseal(record_of(row.application), Ring.IDENTITY, _context(row), row.sealed)
    return str(json.loads(private.open_payee(inner, _context(row))))


def seal_payee_anew(row: SealedAnswer, private: Keyring) -> None:
    """Seal payee details with the newest public key instead of the one before. Raises as `open_payee` does."""
    _seal(row, record_holder=row.application, value=open_payee(row, private))


def _clear(
    holder: Application | Submission, rows: Mapping[UUID, SealedAnswer], without: Collection[str]
) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for name, answer in holder.answers.items():
        if not is_sealed(answer) or name_of(name) in without:
            found[name] = answer
            continue
        application_id = holder.id if isinstance(holder, Application) else holder.application_id
        row = _of_its_place(rows.get(UUID(answer["sealed"])), application_id, name)
        if row.ring is Ring.PAYEE:
            found[name] = answer
            continue
        try:
            found[name] = json.loads(unseal(record_of(row.application), Ring.IDENTITY, _context(row), row.sealed))
        except Erased:
            continue
    return found


def _of_its_place(row: SealedAnswer | None, application_id: UUID, question: str) -> SealedAnswer:
    if row is None or (row.application_id, row.question) != (application_id, question):
        raise NotOpened(f"the sealed answer to {question} is not one of this application")
    return row


def _stored(
    application: Application, form: FormDefinition, key: str, value: Answer, by_id: UUID | None, now: datetime
) -> Answer:
    """Return what is stored for a clear value: a marker where it is to be sealed, else the value."""
    ring = _ring(form.question_at(key), value, is_protected=application.is_protected)
    if ring is None:
        return value
    versions = select(func.max(SealedAnswer.version)).where(
        SealedAnswer.application_id == application.id, SealedAnswer.question == key
    )
    row = SealedAnswer(
        id=uuid4(),
        application=application,
        question=key,
        version=(db.session.scalar(versions) or 0) + 1,
        ring=ring,
        mask=mask_of_payee(str(value)) if ring is Ring.PAYEE else MASK,
        created_at=now,
        created_by_id=by_id,
    )
    _seal(row, record_holder=application, value=value)
    db.session.add(row)
    return {"sealed": str(row.id), "mask": row.mask}


def _restored(
    application: Application, form: FormDefinition, key: str, stored: Answer, clear: Answer, now: datetime
) -> Answer:
    """Return what is stored for a clear value after protection has changed; what stays sealed keeps its version."""
    if is_sealed(clear):
        return stored
    is_to_seal = _ring(form.question_at(key), clear, is_protected=application.is_protected) is not None
    if is_to_seal == is_sealed(stored):
        return stored
    return _stored(application, form, key, clear, None, now) if is_to_seal else clear


def _ring(question: Question | None, value: Answer, *, is_protected: bool) -> Ring | None:
    """Return the ring that a value is sealed with, None for one that is stored as it is: the rows of a repeat, say."""
    if question is None:
        return None
    if question.sensitivity is Sensitivity.PAYEE:
        return Ring.PAYEE
    if question.sensitivity is Sensitivity.IDENTITY:
        return Ring.IDENTITY
    if not is_protected or question.role in _NEVER:
        return None
    tells = question.kind in _WORDS or question.kind in FILE_KINDS or question.role in _PLACES or question.identifies
    return Ring.IDENTITY if tells or not is_understood(value) else None


def _seal(row: SealedAnswer, *, record_holder: Application, value: Answer) -> None:
    plaintext = to_json(value)
    if row.ring is Ring.PAYEE:
        plaintext = current_keys().close_to_payee(plaintext, _context(row))
        row.payee_key = keys.number_of(plaintext)
    row.sealed = seal(record_of(record_holder), Ring.IDENTITY, _context(row), plaintext)


def _context(row: SealedAnswer) -> bytes:
    return keys.context(SealedAnswer.__tablename__, "sealed", row.id, row.version)


def _rows(ids: Sequence[UUID]) -> dict[UUID, SealedAnswer]:
    found: dict[UUID, SealedAnswer] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = select(SealedAnswer).where(SealedAnswer.id.in_(ids[start : start + _IDS_AT_ONCE]))
        found |= {row.id: row for row in db.session.scalars(some.options(joinedload(SealedAnswer.application)))}
    return found


def mask_of_payee(value: str) -> str:
    """Show the end of a number, so that its owner knows it again; of anything else nothing."""
    end = value.strip()[-_SHOWN_OF_PAYEE:]
    is_number = len(value.strip()) >= 2 * _SHOWN_OF_PAYEE and end.isalnum() and any(each.isdigit() for each in end)
    return f"•••• {end}" if is_number else MASK


def show_in_lists(application: Application, counts: Holder, form: FormDefinition) -> None:
    """Copy the facts that lists show out of the answers that count: those sent last, or of a draft the working copy.

    Of a protected application only its name's blind index, and those of whoever stands behind it.
    """
    answers = clear_answers(counts)
    known = facts(form, answers, application.call.currency)
    is_protected = application.is_protected
    application.organisation_name = "" if is_protected else known.organisation
    application.organisation_key = organisation_key(known.organisation)
    application.title = "" if is_protected else known.title
    application.country = "" if is_protected else known.country
    application.region = "" if is_protected else known.region
    application.category_codes = list(known.categories)
    note_parties(application, form, answers)
