"""Rules of finalists: whom the scores put forward, and what a public profile may hold. No database, no web."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

MAX_NAME_CHARACTERS: Final = 200
MAX_TITLE_CHARACTERS: Final = 200
MAX_TEXT_CHARACTERS: Final = 800


@dataclass(frozen=True)
class Profile:
    """What the public reads of a finalist: the name as it is published, the title of the work, a text by language."""

    name: str
    title: str
    texts: Mapping[str, str] = field(default_factory=dict)


NO_PROFILE: Final = Profile("", "")


@dataclass(frozen=True)
class Placed:
    """An entry with its category and its rank; None where nobody reviewed it."""

    entry_id: str
    category: str
    rank: int | None


def named_against_rank(entries: Iterable[Placed], named: Collection[str]) -> frozenset[str]:
    """Return the named entries for which a reason is needed: somebody who is not named stands better by the scores.

    An entry without a rank stands behind all that have one. Who is equal to somebody not named needs no reason.
    """
    found: set[str] = set()
    by_category: dict[str, list[Placed]] = {}
    for entry in entries:
        by_category.setdefault(entry.category, []).append(entry)
    for placed in by_category.values():
        left_out = [each.rank for each in placed if each.entry_id not in named and each.rank is not None]
        best = min(left_out, default=None)
        for each in placed:
            if each.entry_id in named and (each.rank is None or (best is not None and best < each.rank)):
                found.add(each.entry_id)
    return frozenset(found)


def profile_problems(profile: Profile) -> list[Problem]:
    """Say what is missing in a profile, or too long."""
    problems = []
    limits = (("name", profile.name, MAX_NAME_CHARACTERS), ("title", profile.title, MAX_TITLE_CHARACTERS))
    for name, text, limit in limits:
        if len(text) > limit:
            problems.append(Problem(_l("Use at most %(count)s characters.", count=limit), field=name))
    if not profile.name:
        problems.append(Problem(_l("Say under which name they are shown."), field="name"))
    for language, text in profile.texts.items():
        if len(text) > MAX_TEXT_CHARACTERS:
            message = _l("Use at most %(count)s characters.", count=MAX_TEXT_CHARACTERS)
            problems.append(Problem(message, field=f"text_{language}"))
    return problems
