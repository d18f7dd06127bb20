"""Questions with their limits, and answers as people read them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from fundapp.applications.form_engine.answer_keys import base
from fundapp.applications.form_engine.answers import Answer, is_sealed, shown
from fundapp.applications.form_engine.definition import FILE_KINDS, FormDefinition, Kind, Question, Role
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.form_engine.pages import Page, Part, PartKind, pages_of, parts_of
from fundapp.applications.form_engine.rules import REFERENCE
from fundapp.applications.models import Attachment, Call
from fundapp.applications.presentation.files import FileShown, file_limits, file_shown
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.core.i18n import current_language, localised, ngettext
from fundapp.core.i18n import gettext as _

MOST_SHOWN: Final = 10
"""With more choices than this a list that unfolds is easier to use than all of them at once."""
_UNANSWERED: Final = "…"


@dataclass(frozen=True)
class QuestionShown:
    """A question as everybody may read it before applying."""

    name: str
    label: Said
    hint: Said
    is_note: bool
    required: bool
    is_conditional: bool
    """Whether not everybody is asked."""
    limits: list[str]
    choices: list[Said]

    @property
    def has_many_choices(self) -> bool:
        """Say whether the choices are better folded away."""
        return len(self.choices) > MOST_SHOWN


@dataclass(frozen=True)
class SectionShown:
    """Questions under one heading; sections count from 1."""

    number: int
    title: Said
    is_repeat: bool
    """Whether its questions are asked once for each of something."""
    questions: list[QuestionShown]


@dataclass(frozen=True)
class TranslationShown:
    """A translation of an answer: what it is and who made it, and the text with its language and direction."""

    said_by: str
    language: str
    direction: str
    text: str


@dataclass(frozen=True)
class AnswerShown:
    """One answer as people read it: a text for each choice, none where nothing was answered or a file stands for it.

    Of a masked answer it is only known that there is one. Where translations stand beside it, `language` names its own.
    """

    question: Question
    key: str
    label: Said
    texts: list[str]
    attachment: FileShown | None
    is_masked: bool = False
    language: str | None = None
    translations: Sequence[TranslationShown] = ()


@dataclass(frozen=True)
class AnswersShown:
    """The answers of one page, or of a group or row on it; pages count from 1, and their own headings have level 2."""

    number: int
    title: Said
    answers: list[AnswerShown]
    level: int = 2


def form_title(form: FormDefinition) -> Said:
    """Return what a form is called; some have no title of their own."""
    return Said(form.title or _("The form"))


def page_title(page: Page, filling: Filling, masked: frozenset[str] = frozenset()) -> Said:
    """Return the heading of a page; of questions outside all groups the first ones stand under the form's own title."""
    group = page.group
    return said_at(filling, group.label, group.name, masked) if group else _title_outside(filling.form, page.number)


def _title_outside(form: FormDefinition, number: int) -> Said:
    """Return the heading of questions outside all groups; the title of a form is in one language, and stands once."""
    return form_title(form) if number == 1 else Said(_("More questions"))


def limits_of(question: Question, call: Call) -> list[str]:
    """Say what an answer may be, each limit in a sentence of its own."""
    limits = []
    match question.kind:
        case Kind.INTEGER:
            limits.append(_("A whole number."))
        case Kind.DECIMAL if question.role is not Role.AMOUNT:
            limits.append(_("A number."))
        case Kind.DATE:
            limits.append(_("A date."))
        case Kind.SELECT_ONE:
            limits.append(_("Choose one."))
        case Kind.SELECT_MULTIPLE:
            limits.append(_multiple_limit(question, call))
        case Kind.FILE | Kind.IMAGE | Kind.AUDIO | Kind.VIDEO | Kind.RECORDING:
            limits.append(file_limits(question))
    if question.max_words is not None:
        limits.append(ngettext("Up to %(num)s word.", "Up to %(num)s words.", question.max_words))
    if question.max_characters is not None:
        limits.append(ngettext("Up to %(num)s character.", "Up to %(num)s characters.", question.max_characters))
    if question.role is Role.AMOUNT:
        limits.append(_("An amount in %(currency)s.", currency=call.currency))
        if call.ceiling_minor is not None:
            limits.append(_("At most %(amount)s.", amount=money(call.ceiling_minor, call.currency)))
    if question.constraint and question.constraint_message:
        limits.append(
            _("If it does not fit, you will read: “%(message)s”", message=localised(question.constraint_message))
        )
    return limits


def questions_shown(form: FormDefinition, call: Call) -> list[SectionShown]:
    """Return every question with its limits, section by section; what is only computed is not asked."""
    around = {group.path: group for group in form.groups}
    return [
        SectionShown(
            number=number,
            title=said_unanswered(section.headings[-1].label) if section.headings else _title_outside(form, number),
            is_repeat=any(group.is_repeat for group in section.headings),
            questions=[
                QuestionShown(
                    name=question.name,
                    label=said_unanswered(question.label),
                    hint=said_unanswered(question.hint),
                    is_note=question.kind is Kind.NOTE,
                    required=question.required or bool(question.required_if),
                    is_conditional=bool(question.relevant or question.category)
                    or any(around[question.group[:depth]].relevant for depth in range(1, len(question.group) + 1)),
                    limits=limits_of(question, call) if question.takes_answer else [],
                    choices=[said(choice.label) for choice in question.choices],
                )
                for question in section.questions
                if not question.calculation and question.kind not in (Kind.CALCULATE, Kind.HIDDEN)
            ],
        )
        for number, section in enumerate(form.sections, 1)
    ]


def answers_shown(
    filling: Filling,
    attachments: Iterable[Attachment],
    currency: str,
    masked: frozenset[str] = frozenset(),
    file_as: Callable[[Attachment], FileShown] = file_shown,
) -> list[AnswersShown]:
    """Return the answers, section by section, without questions that were not asked of this applicant.

    `masked` names the questions whose answers are shown nowhere, neither as answers nor inside of other texts.
    """
    files = {str(attachment.id): file_as(attachment) for attachment in attachments}
    form, found = filling.form, list[AnswersShown]()
    for page in pages_of(form):
        blocks = [AnswersShown(page.number, page_title(page, filling, masked), [])]
        for part in parts_of(page, form, filling):
            if part.kind in (PartKind.HEADING, PartKind.AGAIN, PartKind.ROW):
                title, level = block_title(part, filling, masked), part.level + 2 + (part.kind is PartKind.ROW)
                blocks.append(AnswersShown(page.number, title, [], level=min(6, level)))
            elif (question := form.question_at(part.key)) and _has_answer(part, filling.answers):
                blocks[-1].answers.append(_answer_shown(part, question, filling, files, currency, masked))
        found += [block for at, block in enumerate(blocks) if _is_needed(blocks, at)]
    return found


def _is_needed(blocks: list[AnswersShown], at: int) -> bool:
    """Say whether anything stands under a heading, be it under a deeper one."""
    block = blocks[at]
    under = takewhile(lambda each: each.level > block.level, blocks[at + 1 :])
    return bool(block.answers) or any(each.answers for each in under)


def _has_answer(part: Part, answers: Mapping[str, Answer]) -> bool:
    """Say whether a part takes an answer; recordings and transcripts are shown only where there are any."""
    if part.question is None or part.question.kind is Kind.NOTE:
        return False
    return part.kind is PartKind.QUESTION or part.key in answers


def _answer_shown(
    part: Part,
    question: Question,
    filling: Filling,
    files: Mapping[str, FileShown],
    currency: str,
    masked: frozenset[str],
) -> AnswerShown:
    answer = filling.answers.get(part.key)
    is_masked = question.name in masked
    is_file = question.kind in FILE_KINDS and not is_sealed(answer)
    return AnswerShown(
        question=question,
        key=part.key,
        label=label_at(part, filling, masked),
        texts=[] if is_file or is_masked else shown(question, answer, current_language(), currency),
        attachment=files.get(answer["attachment"]) if is_file and answer and not is_masked else None,
        is_masked=is_masked and answer is not None,
    )


def block_title(part: Part, filling: Filling, masked: frozenset[str] = frozenset()) -> Said:
    """Return what a group is called where it stands, and a row of it: "Partner 2"."""
    title = label_at(part, filling, masked)
    return Said(f"{title.text} {part.row}", title.lang) if part.row else title


def label_at(part: Part, filling: Filling, masked: frozenset[str] = frozenset()) -> Said:
    """Return what a question, or what stands beside its answer, or a group is called where it stands."""
    where = part.key.rpartition("~")[0] if part.kind is PartKind.ROW else base(part.key)
    label = said_at(filling, part.of.label, where, masked)
    match part.kind:
        case PartKind.SPOKEN:
            return Said(_("A recording: %(question)s", question=label.text), label.lang)
        case PartKind.TRANSCRIPT:
            return Said(_("In writing, what is said in: %(question)s", question=label.text), label.lang)
        case _:
            return label


def said_at(filling: Filling, texts: Mapping[str, str], key: str, masked: frozenset[str] = frozenset()) -> Said:
    """Return a text of the form with the answers that it names filled in, as they are where it stands.

    Of those to questions `masked`, only an ellipsis.
    """
    return Said(filling.text(texts, key, current_language(), masked), said(texts).lang)


def said_unanswered(texts: Mapping[str, str]) -> Said:
    """Return a text of the form as it is before anybody answers: an ellipsis where it would show an answer."""
    shown_text = said(texts)
    return Said(REFERENCE.sub(_UNANSWERED, shown_text.text).strip(), shown_text.lang)


def _multiple_limit(question: Question, call: Call) -> str:
    if question.role is Role.CATEGORIES and call.max_categories > 1:
        return _("Choose 1 to %(most)s.", most=call.max_categories)
    return _("Choose all that apply.")
