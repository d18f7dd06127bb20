"""Translations of answers as they stand beside them, and as staff write them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from fundapp.applications.models import AnswerTranslation, Application, Submission, TranslatedBy
from fundapp.applications.presentation.questions import AnswerShown, AnswersShown, TranslationShown
from fundapp.applications.queries.translations import Translated, translations_of
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import direction, language_name
from fundapp.core.i18n import gettext as _


@dataclass(frozen=True)
class VersionShown:
    """One version of a translation; an empty text took it away."""

    translation: TranslationShown
    written: Moment
    stands: bool


@dataclass(frozen=True)
class AnswerToTranslate:
    """An answer with all that there is of its translation into one language, the newest version first."""

    answer: AnswerShown
    is_outdated: bool
    versions: Sequence[VersionShown]


@dataclass(frozen=True)
class LanguageShown:
    """A language that answers were translated into: how many stand, and how many are outdated."""

    code: str
    name: str
    standing: int
    outdated: int


def translation_shown(translation: AnswerTranslation) -> TranslationShown:
    """Return a translation as readers see it: who made it is a role, never a name."""
    return TranslationShown(
        said_by=said_by(translation.language, translation.made_by),
        language=translation.language,
        direction=direction(translation.language),
        text=translation.text,
    )


def said_by(language: str, made_by: TranslatedBy) -> str:
    """Say what a translation is and who made it."""
    name = language_name(language)
    match made_by:
        case TranslatedBy.PERSON:
            return _("Translation into %(language)s, by a person", language=name)
        case TranslatedBy.MACHINE:
            return _("Translation into %(language)s, by a machine", language=name)
        case TranslatedBy.APPLICANT:
            return _("Translation into %(language)s, by the applicant", language=name)


def with_translations(
    sections: Sequence[AnswersShown], application: Application, languages: Collection[str]
) -> list[AnswersShown]:
    """Put the translations that stand beside answers of what was sent last; a masked answer gets none.

    In the order of `languages`.
    """
    found = translations_of(application.submissions[-1], languages)

    def beside(answer: AnswerShown) -> AnswerShown:
        if answer.is_masked or not answer.texts:
            return answer
        standing = [found[answer.key, code].standing for code in languages if (answer.key, code) in found]
        translations = [translation_shown(each) for each in standing if each is not None]
        return replace(answer, language=application.language, translations=translations) if translations else answer

    return [replace(section, answers=[beside(answer) for answer in section.answers]) for section in sections]


def only(sections: Sequence[AnswersShown], keys: Collection[str]) -> list[AnswersShown]:
    """Leave out all answers but those with these keys, and the headings over nothing."""
    kept = [replace(each, answers=[a for a in each.answers if a.key in keys]) for each in sections]
    return [section for section in kept if section.answers]


def to_translate(
    answer: AnswerShown, submission: Submission, language: str, found: Mapping[tuple[str, str], Translated]
) -> AnswerToTranslate:
    """Return an answer with all that there is of its translation into a language."""
    application = submission.application
    there = found.get((answer.key, language), Translated((), None))
    return AnswerToTranslate(
        answer=replace(answer, language=application.language),
        is_outdated=there.is_outdated,
        versions=[
            VersionShown(
                translation_shown(each), moment(each.written_at, application.call.time_zone), each is there.standing
            )
            for each in there.versions
        ],
    )


def languages_shown(
    found: Mapping[tuple[str, str], Translated], languages: Collection[str], keys: Collection[str]
) -> list[LanguageShown]:
    """Return the languages that there are translations into, with how many."""
    by_code = {code: [each for (key, of), each in found.items() if of == code and key in keys] for code in languages}
    return [
        LanguageShown(
            code,
            language_name(code),
            standing=sum(each.standing is not None for each in there),
            outdated=sum(each.is_outdated for each in there),
        )
        for code, there in by_code.items()
        if there
    ]
