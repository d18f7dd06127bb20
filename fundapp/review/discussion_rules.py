"""What may be written in a discussion, and how reviewers are called before each other. Pure."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from mnemonic import Mnemonic

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

MOST_CHARACTERS: Final = 4_000
MOST_POSTS: Final = 300
"""In the discussion of one entry in one stage."""
_WORDS: Final = tuple(Mnemonic("english").wordlist)


def alias_of(assignment_id: UUID) -> str:
    """Return the two words by which other reviewers of an entry know one of them.

    They follow from the random number of the assignment alone: they stay for as long as it does, say nothing of the
    person, and are others for each entry.
    """
    number = assignment_id.int
    return f"{_WORDS[number % len(_WORDS)]} {_WORDS[(number >> 80) % len(_WORDS)]}"


def post_problems(text: str, mentioned: Collection[str], known: Collection[str], *, posts: int) -> list[Problem]:
    """Say what is wrong with a contribution; `known` are the aliases that can be addressed, `posts` what is there."""
    problems = []
    if not text:
        problems.append(Problem(_l("Write something first."), field="text"))
    if len(text) > MOST_CHARACTERS:
        message = _l("This has %(count)s characters; at most %(limit)s fit.", count=len(text), limit=MOST_CHARACTERS)
        problems.append(Problem(message, field="text"))
    if set(mentioned) - set(known):
        problems.append(Problem(_l("Choose among those who read this application."), field="mentions"))
    if posts >= MOST_POSTS:
        problems.append(Problem(_l("This discussion is full: no more fits.")))
    return problems
