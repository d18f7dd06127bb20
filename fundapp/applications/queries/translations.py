"""Translations beside answers: what can be translated, and which translations fit what was sent last."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.applications.form_engine.definition import FormDefinition, Kind
from fundapp.applications.identity import kept_from_reviewers
from fundapp.applications.models import AnswerTranslation, Call, Submission
from fundapp.applications.sealed_answers import clear_answers, clear_answers_of
from fundapp.core.db import db
from fundapp.core.i18n import LANGUAGES


@dataclass(frozen=True)
class Translated:
    """What there is of one answer in one language: its versions, the newest first, and the one that stands.

    None stands where the applicant sent another answer since, and where it was taken away.
    """

    versions: Sequence[AnswerTranslation]
    standing: AnswerTranslation | None

    @property
    def is_outdated(self) -> bool:
        """Say whether there is a translation of an earlier answer alone."""
        return self.standing is None and any(each.text for each in self.versions[:1])


def languages_of(call: Call) -> list[str]:
    """Return the codes of the languages into which answers of a call can be translated."""
    return sorted({*LANGUAGES, *call.languages})


def translatable(submission: Submission) -> dict[str, str]:
    """Return the texts of a version that reviewers may read, by key; nothing else is ever translated."""
    application = submission.application
    form = FormDefinition.from_json(submission.form_version.definition)
    kept = kept_from_reviewers(form, is_protected=application.is_protected, see=application.call.reviewers_see)
    return {
        key: answer
        for key, answer in clear_answers(submission, without=kept).items()
        if isinstance(answer, str)
        and (question := form.question_at(key)) is not None
        and question.kind is Kind.TEXT
        and question.name not in kept
    }


def translations_of(
    submissions: Sequence[Submission], languages: Collection[str]
) -> Mapping[UUID, Mapping[tuple[str, str], Translated]]:
    """Return what there is in these languages for applications that the caller may see: by id, then (key, language).

    Each is held against one version of its application, mostly the one that was sent last: a translation belongs to the
    version that was translated, and stands wherever the answer is the same.
    """
    read = {each.application_id: each for each in submissions}
    rows = db.session.scalars(
        select(AnswerTranslation)
        .where(AnswerTranslation.application_id.in_(read), AnswerTranslation.language.in_(languages))
        .options(joinedload(AnswerTranslation.submission))
        .order_by(
            AnswerTranslation.application_id,
            AnswerTranslation.question,
            AnswerTranslation.language,
            AnswerTranslation.number.desc(),
        )
    ).all()
    translated = {row.submission_id: row.submission for row in rows}
    holders = list((translated | {each.id: each for each in (read[row.application_id] for row in rows)}).values())
    clear = dict(zip((each.id for each in holders), clear_answers_of(holders), strict=True))
    found: dict[UUID, dict[tuple[str, str], Translated]] = {}
    for (application_id, key, language), group in groupby(
        rows, key=lambda row: (row.application_id, row.question, row.language)
    ):
        versions, answer = list(group), clear[read[application_id].id].get(key)
        fitting = (each for each in versions if answer is not None and clear[each.submission_id].get(key) == answer)
        newest = next(fitting, None)
        standing = newest if newest is not None and newest.text else None
        found.setdefault(application_id, {})[key, language] = Translated(versions, standing)
    return found
