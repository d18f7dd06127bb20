"""Choices as people type them: one on each line, its name and its words in each language with “|” between."""

from collections.abc import Iterator, Sequence
from typing import Final

import regex

from fundapp.applications.form_engine.definition import Choice
from fundapp.applications.form_writing.items import proposed_name
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MOST_CHOICES: Final = 5_000
_BAR: Final = regex.compile(r"(?<!\\)(?:\\\\)*\K\|")
_FURTHER: Final = regex.compile(r"([\p{L}_][\p{L}\p{M}\p{N}_.-]{0,99})=(.*)", regex.DOTALL)
_ESCAPED: Final = {"\\": "\\\\", "|": "\\|", "\n": "\\n"}
_READ: Final = {"\\\\": "\\", "\\|": "|", "\\n": "\n"}


def lines_of(choices: Sequence[Choice], languages: Sequence[str]) -> str:
    """Return choices as lines; further columns of a list come last, as “region=north”."""
    return "\n".join(_line(choice, languages) for choice in choices)


def _line(choice: Choice, languages: Sequence[str]) -> str:
    parts = [choice.name, *(choice.label.get(language, "") for language in languages)]
    parts += [f"{name}={text}" for name, text in choice.columns.items()]
    while len(parts) > 2 and not parts[-1]:
        parts.pop()
    return " | ".join(_escaped(part) for part in parts)


def read_lines(typed: str, languages: Sequence[str], before: Sequence[Choice] = ()) -> tuple[Choice, ...]:
    """Return the choices of lines. A line without “|” is the words of a choice in the first language.

    Words in languages that have no place in the lines stay as they were `before`. Raises RuleViolations with every
    line that cannot be read.
    """
    known = {choice.name: choice for choice in before}
    choices: dict[str, Choice] = {}
    problems: list[Problem] = []
    for number, line in enumerate(typed.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip():
            continue
        name, label, further = _read(line, languages, frozenset(each.casefold() for each in choices))
        if name in choices:
            message = _l("Line %(line)s: another choice is called “%(name)s” already.", line=number, name=name)
            problems.append(Problem(message, field="choices"))
        if further is None:
            message = _l("Line %(line)s has more parts than there are languages.", line=number)
            problems.append(Problem(message, field="choices"))
        others = (
            {code: text for code, text in known[name].label.items() if code not in languages} if name in known else {}
        )
        choices[name] = Choice(name, {**label, **others}, further or {})
    if len(choices) > MOST_CHOICES:
        problems.append(Problem(_l("A list has at most %(limit)s choices.", limit=MOST_CHOICES), field="choices"))
    if problems:
        raise RuleViolations(problems)
    return tuple(choices.values())


def _read(
    line: str, languages: Sequence[str], taken: frozenset[str]
) -> tuple[str, dict[str, str], dict[str, str] | None]:
    parts = [_plain(part.strip()) for part in _BAR.split(line)]
    if len(parts) == 1:
        return proposed_name(parts[0], taken), {languages[0]: parts[0]}, {}
    name, *texts = parts
    label = {code: text for code, text in zip(languages, texts, strict=False) if text}
    read = [_FURTHER.fullmatch(text) for text in texts[len(languages) :] if text]
    further = {match[1]: match[2] for match in read if match} if all(read) else None
    return name or proposed_name(next(iter(label.values()), ""), taken), label, further


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in text)


def _plain(text: str) -> str:
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    for piece in regex.findall(r"\\[\\|n]|.", text, regex.DOTALL):
        yield _READ.get(piece, piece)
