"""What changes the wording and the head of a call's letters, and makes letters anew that nobody has opened."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.rules import DeclinedGet
from fundapp.core import inspection, outbox, sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.inspection import Refused
from fundapp.core.sealing import record_of
from fundapp.core.storage import Storage
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.letter_language import (
    MOST_CHARACTERS,
    MOST_IN_SUBJECT,
    TemplateKind,
    template_problems,
    with_plain_ends,
)
from fundapp.disbursement.models import Letter, Letterhead, LetterKind, LetterStatus, LetterTemplate, SupersededLetter
from fundapp.disbursement.queries.letters import LETTER_KIND
from fundapp.disbursement.queries.templates import newest_letterhead, stale_letters
from fundapp.disbursement.transitions import LETTER
from fundapp.review.services.calls import lock_call

MOST_LOGO_BYTES: Final = 2 * 1024 * 1024
LOGO_TYPES: Final = frozenset({"image/png", "image/jpeg"})


def wording_problems(call: Call, kind: TemplateKind, subject: str, body: str) -> list[Problem]:
    """Return everything that keeps a call's wording of a kind of letter from being used."""
    problems = []
    if not subject:
        problems.append(Problem(_l("Write the heading of the letter."), field="subject"))
    elif len(subject) > MOST_IN_SUBJECT or "\n" in subject:
        problems.append(
            Problem(
                _l("The heading is one line of at most %(most)s characters.", most=MOST_IN_SUBJECT), field="subject"
            )
        )
    if not body:
        problems.append(Problem(_l("Write the letter."), field="body"))
    elif len(body) > MOST_CHARACTERS:
        problems.append(Problem(_l("A letter has at most %(most)s characters.", most=MOST_CHARACTERS), field="body"))
    promised = call.declined_get is not DeclinedGet.NOTHING
    return problems or template_problems(kind, subject, body, promised_comments=promised)


def save_template(
    *,
    actor: Actor,
    call: Call,
    kind: TemplateKind,
    language: str,
    subject: str,
    body: str,
    after: int,
    now: datetime,
) -> LetterTemplate:
    """Keep a new version of a template, which holds from now on; two empty texts bring the house's wording back.

    `after` is the number of the version that was on the page, 0 for none. Saving the same again changes nothing.
    Raises RuleViolations, Conflict where somebody saved another one meanwhile, NotAllowed, and NotFound for a language
    that the call does not have.
    """
    actor.require(P.LETTER_MANAGE, call.id)
    if language not in call.languages:
        raise NotFound
    subject, body = with_plain_ends(subject), with_plain_ends(body)
    if (subject or body) and (problems := wording_problems(call, kind, subject, body)):
        raise RuleViolations(problems)
    lock_call(call)
    newest = db.session.scalar(
        select(LetterTemplate)
        .where(LetterTemplate.call_id == call.id, LetterTemplate.kind == kind, LetterTemplate.language == language)
        .order_by(LetterTemplate.number.desc())
        .limit(1)
    )
    if newest is not None and (newest.subject, newest.body) == (subject, body):
        return newest
    if (newest.number if newest else 0) != after:
        raise Conflict(_l("Somebody else saved this letter meanwhile. What you typed is below; theirs is kept too."))
    template = LetterTemplate(
        call_id=call.id,
        kind=kind,
        language=language,
        number=after + 1,
        subject=subject,
        body=body,
        sha256=sha256(f"{subject}\n{body}".encode()).hexdigest(),
        made_by_id=actor.person_id,
        made_at=now,
    )
    db.session.add(template)
    db.session.flush()
    record(
        actor=actor,
        action="letter_template:save",
        subject=template,
        now=now,
        call_id=call.id,
        data={"kind": kind, "language": language, "number": template.number, "sha256": template.sha256},
    )
    return template


def save_letterhead(
    *,
    actor: Actor,
    call: Call,
    logo: bytes | None,
    keeps_logo: bool,
    alts: Mapping[str, str],
    storage: Storage,
    now: datetime,
) -> Letterhead:
    """Keep a new letterhead: with a logo that was sent, with the one that is there, or with the mark of this house.

    A picture is drawn anew, without anything but its pixels. Raises RuleViolations and NotAllowed.
    """
    actor.require(P.LETTER_MANAGE, call.id)
    picture = _drawn_anew(logo) if logo else None
    lock_call(call)
    newest = newest_letterhead(call.id)
    kept = newest.file if newest is not None and keeps_logo and picture is None else None
    letterhead = Letterhead(
        call_id=call.id,
        number=newest.number + 1 if newest else 1,
        alts={language: text for language, text in alts.items() if text},
        made_by_id=actor.person_id,
        made_at=now,
    )
    if kept is not None and newest is not None:
        picture = inspection.Cleaned(newest.content_type or "", sealed_files.read(storage, kept))
    if picture is not None:
        own = record_of(letterhead)
        file = sealed_files.keep(storage, record=own, row=own, data=picture.data)
        letterhead.stored_as, letterhead.sha256 = file.stored_as, file.sha256
        letterhead.content_type = picture.content_type
    db.session.add(letterhead)
    db.session.flush()
    record(
        actor=actor,
        action="letterhead:save",
        subject=letterhead,
        now=now,
        call_id=call.id,
        data={"number": letterhead.number, "sha256": letterhead.sha256},
    )
    return letterhead


def remake_letters(*, actor: Actor, call: Call, now: datetime) -> int:
    """Have letters made anew whose wording is not the one that holds now; return how many that are.

    Only those that nobody has opened, and that the actor may see. What each was is kept.
    """
    actor.require(P.LETTER_MANAGE, call.id)
    ids = [letter.id for letter in stale_letters(actor=actor, call=call).unopened]
    letters = db.session.scalars(
        select(Letter)
        .where(Letter.id.in_(ids), Letter.status == LetterStatus.MADE, Letter.first_opened_at.is_(None))
        .order_by(Letter.reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for letter in letters:
        _supersede(actor, letter, now)
    return len(letters)


def open_letter(*, actor: Actor, letter: Letter, now: datetime) -> bool:
    """Note that a letter reached its reader: from now on it stays as it is. Return whether that is news.

    Raises NotFound where it is being made anew.
    """
    if letter.was_opened:
        return False
    lock_row(letter)
    return _open(actor, letter, now)


def _open(actor: Actor, letter: Letter, now: datetime) -> bool:
    """Note it on a row that is held: somebody else may have opened it, or had it made anew, until then."""
    if letter.status is not LetterStatus.MADE:
        raise NotFound
    if letter.was_opened:
        return False
    letter.first_opened_at = now
    record(actor=actor, action="letter:open", subject=letter, now=now, call_id=letter.call_id)
    return True


def turn_into_award(*, actor: Actor, letter: Letter, now: datetime) -> None:
    """Have the letter of an entry that moves up say that it has an award; what it said before is kept as superseded.

    Its people are told that there is news, and it counts as not opened. Raises Conflict while it is being made.
    """
    lock_row(letter)
    if letter.status is LetterStatus.QUEUED:
        raise Conflict(_l("Its letter is just being made. Try again in a moment."))
    if letter.status is LetterStatus.MADE:
        _supersede(actor, letter, now, said=letter.kind)
        letter.kind, letter.queued_at, letter.first_opened_at = LetterKind.AWARD, now, None
        db.session.flush()
        return
    letter.kind, letter.queued_at = LetterKind.AWARD, now
    apply_transition(LETTER, letter, "retry", actor=actor, now=now, call_id=letter.call_id, evidence={"failure": ""})
    _make_later(letter, now)


def _supersede(actor: Actor, letter: Letter, now: datetime, said: LetterKind | None = None) -> None:
    """Keep a letter as it was, and make it anew; `said` is what kind it was, where that changes."""
    number = db.session.scalar(
        select(func.count()).select_from(SupersededLetter).where(SupersededLetter.letter_id == letter.id)
    )
    file, made_at = letter.file, letter.made_at
    if file is None or made_at is None or letter.size_bytes is None:
        return
    superseded = SupersededLetter(
        letter_id=letter.id,
        number=(number or 0) + 1,
        template_id=letter.template_id,
        sha256=file.sha256,
        stored_as=file.stored_as,
        size_bytes=letter.size_bytes,
        made_at=made_at,
        superseded_at=now,
        superseded_by_id=_person(actor),
        kind=None if said is None else said.value,
    )
    db.session.add(superseded)
    apply_transition(
        LETTER,
        letter,
        "supersede",
        actor=actor,
        now=now,
        call_id=letter.call_id,
        evidence={
            "sha256": None,
            "stored_as": None,
            "size_bytes": None,
            "content": None,
            "made_at": None,
            "template_id": None,
            "first_opened_at": None,
        },
        data={"sha256": file.sha256},
    )
    _make_later(letter, now)


def _make_later(letter: Letter, now: datetime) -> None:
    outbox.enqueue(
        kind=LETTER_KIND, subject_id=letter.id, now=now, dedup_key=f"{LETTER_KIND}:{letter.id}:{now.isoformat()}"
    )


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise TypeError("a person has letters made anew")
    return actor.person_id


def _drawn_anew(logo: bytes) -> inspection.Cleaned:
    if len(logo) > MOST_LOGO_BYTES:
        raise RuleViolations([Problem(_l("This picture is larger than 2 MB. Make it smaller."), field="logo")])
    try:
        if inspection.examine(logo) in LOGO_TYPES:
            return inspection.clean(logo)
    except Refused:
        pass  # whatever is wrong with it: it is no picture that a letter can have
    raise RuleViolations([Problem(_l("This is no picture that opens. Choose a PNG or JPEG file."), field="logo")])
