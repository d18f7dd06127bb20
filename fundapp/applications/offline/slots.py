"""How a question lies in cells: one for its answer, or one for each choice where there can be several."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fundapp.applications.form_engine.answer_keys import transcript
from fundapp.applications.form_engine.definition import LIST_KINDS, FormDefinition, Kind
from fundapp.applications.offline.blank import BlankItem

MARK: Final = "fundapp-form-1"
ROWS: Final = "fundapp-rows-1"
"""The first words of the hidden marks of a form and of a repeat's sheet."""
ANSWER_COLUMN: Final = 3
FIRST_ROW: Final = 4
"""Where a repeat's entries begin, counted from 0: above are its mark and title, keys, headings, hints."""
ENTRY_COLUMN: Final = 1


@dataclass(frozen=True)
class Slot:
    """A cell to fill in: its hidden key, what stands beside it, and the choice that it ticks ("": the answer)."""

    key: str
    kind: Kind
    label: str
    choice: str = ""


def slots_of(item: BlankItem, words: Mapping[str, str]) -> Iterator[Slot]:
    """Give the cells of a question; none for a note and for what is given on the pages alone.

    `words` has the label of a transcript, with %(question)s in it.
    """
    kind = Kind(item.kind)
    if kind in (Kind.AUDIO, Kind.VIDEO):
        yield Slot(transcript(item.name), Kind.TEXT, words["transcript"] % {"question": item.label})
    elif item.is_on_site or kind is Kind.NOTE:
        return
    elif kind in LIST_KINDS:
        for choice in item.choices:
            yield Slot(f"{item.name}/{choice.name}", kind, choice.label, choice.name)
    else:
        yield Slot(item.name, kind, item.label)


def key_in(form: FormDefinition, written: str) -> tuple[str, str] | None:
    """Return the key inside its row, and the choice, that a hidden key means; None for what the form does not have."""
    key, slash, choice = written.partition("/")
    name = key.partition("~")[0]
    question = form.question(name)
    if question is None or not question.takes_answer:
        return None
    if slash and (question.kind not in LIST_KINDS or question.choice(choice) is None):
        return None
    return key, choice
