"""Translations beside the answers of an application that was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answers import MAX_CHARACTERS
from fundapp.applications.models import AnswerTranslation, Submission, TranslatedBy
from fundapp.applications.queries.translations import Translated, languages_of, translatable, translations_of
from fundapp.applications.services.clarifying import lock_for_staff, require_running
from fundapp.applications.services.saving import NO_ANSWER, mark
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import count_characters

MOST_VERSIONS: Final = 50
"""Of one translation; each is kept as long as the application."""


@dataclass(frozen=True)
class Wording:
    """The text of a translation, and who made it (None: nobody said)."""

    text: str
    made_by: TranslatedBy | None = None

    @property
    def mark(self) -> str:
        """Return a short text that is another one for another wording."""
        return mark([self.text, self.made_by]) if self.text else NO_ANSWER


@dataclass(frozen=True)
class Kept:
    """What came of it: the keys that changed, and what stands where somebody else changed the same translation."""

    changed: frozenset[str] = frozenset()
    conflicts: Mapping[str, Wording] = field(default_factory=dict)


def translate(
    *,
    actor: Actor,
    submission: Submission,
    language: str,
    wordings: Mapping[str, Wording],
    seen: Mapping[str, str],
    now: datetime,
) -> Kept:
    """Keep translations of answers of a version, by key; an empty text takes one away. Earlier ones are kept too.

    `seen` holds the marks of what the page showed: a translation that somebody else changed since is not replaced. What
    reviewers do not read has no translation. Raises RuleViolations (field: the key, place "made_by" where that is
    missing), Conflict for an application that is withdrawn or decided, NotAllowed.
    """
    application = submission.application
    actor.require(P.TRANSLATION_WRITE, application.call_id)
    require_running(application)
    if language not in languages_of(application.call):
        raise RuleViolations([Problem(_l("Choose a language from the list."), field="language")])
    lock_for_staff(application)
    db.session.expire(application, ["translations"])
    known = translatable(submission)
    wordings = {key: wording for key, wording in wordings.items() if key in known}
    found = translations_of(submission, [language])
    changes: dict[str, Wording] = {}
    conflicts: dict[str, Wording] = {}
    for key, wording in wordings.items():
        there = wording_of(found.get((key, language)))
        shown = seen.get(key, NO_ANSWER)
        if wording.mark in (there.mark, shown):
            continue  # as it is kept, or as the page showed it: nobody changed it here
        if there.mark == shown:
            changes[key] = wording
        else:
            conflicts[key] = there
    if problems := [problem for key, wording in changes.items() for problem in _problems(key, wording)]:
        raise RuleViolations(problems)
    for key, wording in changes.items():
        before = found[key, language].versions[0] if (key, language) in found else None
        number = before.number + 1 if before else 1
        if number > MOST_VERSIONS:
            raise Conflict(_l("This translation was changed so often that it can't be changed any more."))
        made_by = wording.made_by or (before.made_by if before else TranslatedBy.PERSON)
        db.session.add(
            AnswerTranslation(
                application_id=application.id,
                submission_id=submission.id,
                question=key,
                language=language,
                number=number,
                made_by=made_by,
                text=wording.text,
                written_by_id=actor.person_id,
                written_at=now,
            )
        )
    if changes:
        db.session.flush()
        db.session.expire(application, ["translations"])
        record(
            actor=actor,
            action="application:translate",
            subject=application,
            now=now,
            call_id=application.call_id,
            data={"language": language, "questions": sorted(changes), "submission": submission.number},
        )
    return Kept(frozenset(changes), conflicts)


def wording_of(translated: Translated | None) -> Wording:
    """Return what stands of a translation."""
    standing = translated.standing if translated else None
    return Wording(standing.text, standing.made_by) if standing else Wording("")


def _problems(key: str, wording: Wording) -> list[Problem]:
    if not wording.text:
        return []
    problems = []
    if wording.made_by is None:
        problems.append(Problem(_l("Choose who made this translation."), field=key, place="made_by"))
    if (count := count_characters(wording.text)) > MAX_CHARACTERS:
        message = _l("Use at most %(most)s characters: there are %(count)s.", most=MAX_CHARACTERS, count=count)
        problems.append(Problem(message, field=key))
    return problems
