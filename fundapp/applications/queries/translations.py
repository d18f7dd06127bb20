"""Translations beside answers: what can be translated, and which translations fit what was sent last."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fundapp.applications.form_engine.definition import FormDefinition, Kind
from fundapp.applications.identity import kept_from_reviewers
from fundapp.applications.models import AnswerTranslation, Call, Submission
from fundapp.applications.sealed_answers import clear_answers, clear_answers_of
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


def translations_of(submission: Submission, languages: Collection[str]) -> Mapping[tuple[str, str], Translated]:
    """Return what there is of translations into these languages, by key and language.

    They are held against one version of the application, mostly the one that was sent last: a translation belongs to
    the version that was translated, and stands wherever the answer is the same.
    """
    application = submission.application
    versions: dict[tuple[str, str], list[AnswerTranslation]] = {}
    for each in application.translations:
        if each.language in languages:
            versions.setdefault((each.question, each.language), []).append(each)
    if not versions:
        return {}
    wanted = {each.submission_id for there in versions.values() for each in there} | {submission.id}
    holders = [each for each in application.submissions if each.id in wanted]
    clear = dict(zip((each.id for each in holders), clear_answers_of(holders), strict=True))
    found: dict[tuple[str, str], Translated] = {}
    for (key, language), there in versions.items():
        answer = clear[submission.id].get(key)
        fitting = (each for each in there if answer is not None and clear[each.submission_id].get(key) == answer)
        newest = next(fitting, None)
        found[key, language] = Translated(there, newest if newest is not None and newest.text else None)
    return found
