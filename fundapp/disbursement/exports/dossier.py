"""The dossier of an award: one archive with all that stands behind it, as far as its reader may see. docs/exports.md.

What is masked on pages is in no dossier: answers stand there as masks, and files that tell who somebody is are named
in the manifest as left out. Of a protected application that is every file.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Final

import regex
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P, Role
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.identity import masked_names, submitted_form
from fundapp.applications.models import Application, Attachment, Call, FileStatus
from fundapp.applications.presentation.copies import copy_pdf
from fundapp.applications.presentation.files import copy_name
from fundapp.applications.sealed_answers import sent_files
from fundapp.core import sealed_files
from fundapp.core.audit import canonical_time
from fundapp.core.db import db
from fundapp.core.keys import NotOpened
from fundapp.core.money import Money
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import Erased
from fundapp.core.storage import Storage, StorageError
from fundapp.core.tables import Cell, write_csv
from fundapp.disbursement.exports.anonymous import reviewer_alias
from fundapp.disbursement.exports.decisions import COLUMNS, decision_rows
from fundapp.disbursement.letters import names_somebody_protected
from fundapp.disbursement.models import Letter, LetterStatus, Payment
from fundapp.disbursement.queries.offers import OfferRow, offers
from fundapp.disbursement.queries.payments import InstalmentRow, managed_plan
from fundapp.disbursement.queries.signed_copies import copies_of
from fundapp.review.models import SlateStatus
from fundapp.review.offline import ZipPart
from fundapp.review.presentation.minutes import minutes_pdf
from fundapp.review.presentation.minutes_parts import Minuted
from fundapp.review.queries.selection import reviews_of, selection

REVIEW_COLUMNS: Final = (
    "entry_reference", "reviewer", "submitted_at", "criterion", "score", "reason", "comment", "comment_on_all",
    "sample",
)  # fmt: skip
QUESTION_COLUMNS: Final = ("award_reference", "number", "asked_at", "question", "answered_at", "answer", "sample")
PAYMENT_COLUMNS: Final = (
    "award_reference", "instalment", "currency", "amount", "waits_for", "due_on", "met_at", "approved_at", "standing",
    "payment_reference", "payment_status", "sent_at", "received_at", "returned_at", "sample",
)  # fmt: skip
MASKED: Final = "it tells who or where somebody is, and has to be opened with a reason"
INFECTED: Final = "a virus was found in it"
UNREADABLE: Final = "it could not be read from the storage"
MADE_BEFORE: Final = "it was made before the application was protected, and has its name in it"
NOT_MADE: Final = "it is not made"
_NAME_CHARACTERS: Final = 80
_NOT_IN_NAMES: Final = regex.compile(r"[^\p{L}\p{M}\p{N}._-]+")


@dataclass(frozen=True)
class Matter:
    """What a dossier is made of."""

    actor: Actor
    call: Call
    row: OfferRow
    storage: Storage
    now: datetime

    @property
    def application(self) -> Application:
        """Return the application that got the award."""
        return self.row.award.decision.entry.application

    @property
    def sample(self) -> str:
        """Return what stands in the column of that name."""
        return "yes" if self.call.is_sample else "no"


@dataclass(frozen=True)
class Paper:
    """A file of a dossier: its place there, what it is, its bytes in pieces, and how it was called by its people."""

    name: str
    what: str
    sha256: str
    size_bytes: int
    pieces: Iterable[bytes] = field(repr=False)
    original_name: str = ""
    is_packed: bool = True


@dataclass(frozen=True)
class LeftOut:
    """Something that belongs into a dossier and is not in it, and why."""

    what: str
    why: str


Part = Callable[[Matter], Iterable[Paper | LeftOut]]
"""Gives the papers of one kind. It reads the database at once, and the storage while the archive is sent."""


@dataclass(frozen=True)
class Dossier:
    """An archive before it is sent. The manifest names every other file of it with its hash."""

    name: str
    papers: Sequence[Paper]
    manifest: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the manifest, by which all else in the archive is known too."""
        return sha256(self.manifest).hexdigest()

    def parts(self) -> Iterator[ZipPart]:
        """Yield the files in their order, each in the folder that has the dossier's name."""
        yield ZipPart(f"{self.name}/manifest.json", [self.manifest])
        for paper in self.papers:
            yield ZipPart(f"{self.name}/{paper.name}", paper.pieces, is_packed=paper.is_packed)


def dossier_of(matter: Matter) -> Dossier:
    """Return the dossier of an award; the same state gives the same bytes at the same instant.

    The caller has asked for the permissions. Raises PdfUnavailable where this machine lacks a part.
    """
    found = [each for part in PARTS for each in part(matter)]
    papers = [each for each in found if isinstance(each, Paper)]
    left_out = [each for each in found if isinstance(each, LeftOut)]
    reference = matter.row.award.reference
    return Dossier(f"dossier-{reference}", papers, _manifest(matter, papers, left_out))


def safe_name(number: int, filename: str) -> str:
    """Return a name that no system takes for a path, a command or a hidden file: `02-Budget-2020.pdf`.

    Letters and digits of every script stay; all else becomes a hyphen. The number keeps equal names apart.
    """
    plain = _NOT_IN_NAMES.sub("-", unicodedata.normalize("NFC", filename))
    path = PurePosixPath(plain.strip(".-_") or "file")
    ending = path.suffix[:10]
    stem = path.name.removesuffix(path.suffix)[: _NAME_CHARACTERS - len(ending)].strip(".-_") or "file"
    return f"{number:02}-{stem}{ending}"


def _application(matter: Matter) -> Iterator[Paper]:
    """Give every version that was sent as PDF, with masks as on the pages of staff."""
    for submission in sorted(matter.application.submissions, key=lambda each: each.number):
        data = copy_pdf(matter.application, submission, mask=True)
        yield _made(f"application/version-{submission.number}.pdf", "application", data)


def _files(matter: Matter) -> Iterator[Paper | LeftOut]:
    application = matter.application
    masked = masked_names(submitted_form(application), is_protected=application.is_protected)
    given = sorted(sent_files(application), key=lambda each: (each.uploaded_at, each.question, str(each.id)))
    for number, attachment in enumerate(given, start=1):
        what = f"file {number}"
        if application.is_protected or name_of(attachment.question) in masked:
            yield LeftOut(what, MASKED)
        elif attachment.status is FileStatus.INFECTED:
            yield LeftOut(what, INFECTED)
        else:
            yield _attached(matter, number, attachment)


def _attached(matter: Matter, number: int, attachment: Attachment) -> Paper | LeftOut:
    name = f"files/{safe_name(number, attachment.filename)}"
    return _stored(matter, name, f"file {number}", attachment.file, attachment.size_bytes, attachment.filename)


def _reviews(matter: Matter) -> Iterator[Paper]:
    """Give the reviews that count, once scores are open; reviewers stand there under their alias."""
    award = matter.row.award
    rows: list[Sequence[Cell]] = [
        (
            award.reference,
            reviewer_alias(matter.call.id, review.assignment.reviewer_id),
            review.submitted_at,
            score.criterion.code,
            score.value,
            score.reason or None,
            score.comment or None,
            review.comment or None,
            matter.sample,
        )
        for review in reviews_of(actor=matter.actor, entry=award.decision.entry)
        for score in sorted(review.scores, key=lambda each: each.criterion.position)
    ]
    yield _table("reviews.csv", "reviews", REVIEW_COLUMNS, sorted(rows, key=lambda row: str(row[1])))


def _decision(matter: Matter) -> Iterator[Paper]:
    place = COLUMNS.index("entry_reference")
    rows = decision_rows(actor=matter.actor, call=matter.call)
    yield _table("decision.csv", "decision", COLUMNS, [row for row in rows if row[place] == matter.row.award.reference])


def _minutes(matter: Matter) -> Iterator[Paper]:
    found = selection(actor=matter.actor, call=matter.call)
    if found.slate is not None and found.slate.status is not SlateStatus.OPEN:
        yield _made("minutes.pdf", "minutes", minutes_pdf(Minuted(matter.actor, found, found.slate)))


def _letters(matter: Matter) -> Iterator[Paper | LeftOut]:
    """Give the letters about the decision, each with what it was before it was made anew."""
    of_decision = select(Letter).where(Letter.decision_id == matter.row.award.decision_id).order_by(Letter.reference)
    for letter in db.session.scalars(of_decision):
        what = f"letter, {letter.kind}"
        if letter.status is not LetterStatus.MADE or letter.file is None:
            yield LeftOut(what, NOT_MADE)
        elif names_somebody_protected(letter):
            yield LeftOut(what, MADE_BEFORE)
        else:
            yield _stored(matter, f"letters/{letter.kind}.pdf", what, letter.file, letter.size_bytes or 0)
        for each in sorted(letter.superseded, key=lambda before: before.number):
            what_before = f"{what}, before {each.number}"
            if matter.application.is_protected:
                yield LeftOut(what_before, MADE_BEFORE)
            else:
                name = f"letters/{letter.kind}-before-{each.number}.pdf"
                yield _stored(matter, name, what_before, each.file, each.size_bytes)


def _answer(matter: Matter) -> Iterator[Paper]:
    """Give how its people answered, and what they asked; of a protected application without who signed."""
    offer, is_protected = matter.row.offer, matter.application.is_protected
    named: dict[str, Cell] = {
        "name": None if offer is None or is_protected else offer.name,
        "role": None if offer is None or is_protected else offer.role,
        "agreement_language": None if offer is None else offer.language,
        "reason": None if offer is None or is_protected else offer.reason,
    }
    listed = offers(actor=matter.actor, call=matter.call, now=matter.now).columns
    cells = {heading: column(matter.row) for heading, column in listed.items()} | named
    yield _table("acceptance.csv", "acceptance", list(cells), [list(cells.values())])
    if offer is not None and offer.questions and not is_protected:
        rows: list[Sequence[Cell]] = [
            (
                matter.row.award.reference,
                each.number,
                each.asked_at,
                each.question,
                each.answered_at,
                each.answer or None,
                matter.sample,
            )
            for each in offer.questions
        ]
        yield _table("questions.csv", "questions", QUESTION_COLUMNS, rows)


def _signed_copies(matter: Matter) -> Iterator[Paper | LeftOut]:
    """Give the signed copies of the letter as those who look at them get them, cleaned."""
    for row in reversed(copies_of(matter.row.offer)):
        what, file = f"signed copy {row.copy.number}", row.file
        if matter.application.is_protected:
            yield LeftOut(what, MASKED)
        elif file is None or file.copy is None:
            yield LeftOut(what, NOT_MADE)
        else:
            ending = safe_name(row.copy.number, copy_name(file, "signed-copy"))
            yield _stored(matter, f"signed/{ending}", what, file.copy, file.copy_size_bytes or 0)


def _payments(matter: Matter) -> Iterator[Paper]:
    """Give the instalments with each attempt to pay them, for those who read payments; no account is named."""
    award = matter.row.award
    if not matter.actor.can(P.PAYMENTS_READ, matter.call.id):
        return
    plan = managed_plan(actor=matter.actor, call=matter.call, award_id=award.id)
    rows: list[Sequence[Cell]] = [
        (
            award.reference,
            row.instalment.number,
            award.currency,
            Money(row.instalment.amount_minor, award.currency).decimal,
            None if matter.application.is_protected else row.instalment.waits_for or None,
            row.instalment.due_on,
            row.instalment.met_at,
            row.instalment.approved_at,
            row.standing.value,
            *_payment_cells(payment),
            matter.sample,
        )
        for row in plan.rows
        for payment in _attempts(row)
    ]
    if rows:
        yield _table("payments.csv", "payments", PAYMENT_COLUMNS, rows)


def _attempts(row: InstalmentRow) -> Sequence[Payment | None]:
    """Return the payments of an instalment, the oldest first; None in their place where there is none."""
    return [*reversed(row.payments)] or [None]


def _payment_cells(payment: Payment | None) -> Sequence[Cell]:
    if payment is None:
        return (None,) * 5
    return (payment.reference, payment.status.value, payment.sent_at, payment.received_at, payment.returned_at)


PARTS: Final[Sequence[Part]] = (
    _application,
    _files,
    _reviews,
    _decision,
    _minutes,
    _letters,
    _answer,
    _signed_copies,
    _payments,
)
"""What a dossier holds, in its order."""


def _table(name: str, what: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Paper:
    return _made(name, what, write_csv(columns, rows), is_packed=False)


def _made(name: str, what: str, data: bytes, *, is_packed: bool = True) -> Paper:
    return Paper(name, what, sha256(data).hexdigest(), len(data), [data], is_packed=is_packed)


def _stored(
    matter: Matter, name: str, what: str, file: SealedFile, size_bytes: int, original_name: str = ""
) -> Paper | LeftOut:
    """Open a stored file; one that is missing or damaged is left out and said so, since all else is whole."""
    try:
        if not file.sha256:  # of a copy only its seal is known
            return _made(name, what, sealed_files.read(matter.storage, file))
        pieces = sealed_files.contents(matter.storage, file)
    except (Erased, NotOpened, StorageError, OSError):
        return LeftOut(what, UNREADABLE)
    return Paper(name, what, file.sha256, size_bytes, pieces, original_name)


def _manifest(matter: Matter, papers: Sequence[Paper], left_out: Sequence[LeftOut]) -> bytes:
    actor, award = matter.actor, matter.row.award
    person = db.session.get(Person, actor.person_id) if actor.person_id else None
    told = {
        "dossier": award.reference,
        "call": matter.call.slug,
        "is_sample": matter.call.is_sample,
        "made_by": None if person is None else person.name,
        "made_as": [role for role in actor.roles_in(matter.call.id) if role != Role.APPLICANT],
        "made_at": canonical_time(matter.now),
        "fundapp": version("fundapp"),
        "files": [
            {
                "name": each.name,
                "what": each.what,
                "sha256": each.sha256,
                "size_bytes": each.size_bytes,
                **({"original_name": each.original_name} if each.original_name else {}),
            }
            for each in papers
        ],
        "left_out": [asdict(each) for each in left_out],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()
