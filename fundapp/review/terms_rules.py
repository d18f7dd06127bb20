"""What is fixed before a selection, as values: which score leads, the rules and the pots. No database, no web."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.scoring_rules import kept_number
from fundapp.review.slate import Measure, Rule

MAX_RULES: Final = 40
MAX_POTS: Final = 20
MAX_TITLE_CHARACTERS: Final = 120
MAX_BAND: Final = 50
MOST_PLACES: Final = 10_000
MOST_REVIEWS: Final = 100
LARGEST: Final = 99_999
"""Of scores on either side of zero, and of numbers of awards."""
YES: Final = "yes"
"""The value of the one group of those who were never given anything before."""


class Ranking(StrEnum):
    """Which score puts entries in order; the other one stands beside it."""

    MEAN = "mean"
    ADJUSTED = "adjusted"


class Lots(StrEnum):
    """Whether lots decide at the line."""

    NONE = "none"
    EQUALS = "equals"
    """Among those with the same score there."""
    BAND = "band"
    """Among so many entries on each side of it."""

    @classmethod
    def of(cls, draw_band: int | None) -> "Lots":
        """Return what the band of some terms comes to."""
        if draw_band is None:
            return cls.NONE
        return cls.BAND if draw_band else cls.EQUALS


class GroupKind(StrEnum):
    """By what entries are counted together."""

    REGION = "region"
    THEME = "theme"
    CATEGORY = "category"
    LANGUAGE = "language"
    FIRST_TIME = "first_time"
    """Nothing that the same organisation sent before was ever given anything."""


def group_of(kind: GroupKind, value: str) -> str:
    """Return how a group is written: "region:africa"."""
    return f"{kind.value}:{value}"


def kind_and_value(group: str) -> tuple[GroupKind, str]:
    """Return the parts of a group as it is written."""
    kind, _, value = group.partition(":")
    return GroupKind(kind), value


@dataclass(frozen=True, slots=True)
class PotTerms:
    """Money in minor units of the call's currency that may pay for some groups only; no groups: for everything."""

    code: str
    titles: tuple[tuple[str, str], ...]
    """Language and text, by language."""
    money_minor: int
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedTerms:
    """All that is fixed before a selection. What a call says that fixed nothing is what these are by themselves."""

    ranking: Ranking = Ranking.MEAN
    places: int | None = None
    floor: Decimal | None = None
    coverage_percent: int = 0
    least_reviews: int = 1
    two_ratifiers_from_minor: int | None = None
    chairs_vote: bool = False
    draw_band: int | None = None
    rules: tuple[Rule, ...] = ()
    pots: tuple[PotTerms, ...] = ()
    rules_published: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the terms as JSON, for the record of what was changed. Nothing is said of rules that are published,
        as in records from before that could be chosen.
        """
        return {
            "ranking": self.ranking.value,
            "places": self.places,
            "floor": None if self.floor is None else kept_number(self.floor),
            "coverage_percent": self.coverage_percent,
            "least_reviews": self.least_reviews,
            "two_ratifiers_from_minor": self.two_ratifiers_from_minor,
            "chairs_vote": self.chairs_vote,
            "draw_band": self.draw_band,
            **({} if self.rules_published else {"rules_published": False}),
            "rules": [
                {
                    "code": rule.code,
                    "group": rule.group,
                    "measure": rule.measure.value,
                    "least": rule.least,
                    "most": rule.most,
                }
                for rule in self.rules
            ],
            "pots": [
                {
                    "code": pot.code,
                    "titles": dict(pot.titles),
                    "money_minor": pot.money_minor,
                    "groups": list(pot.groups),
                }
                for pot in self.pots
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "WantedTerms":
        """Return terms as `to_json` wrote them."""
        return cls(
            ranking=Ranking(stored["ranking"]),
            places=stored["places"],
            floor=None if stored["floor"] is None else Decimal(str(stored["floor"])),
            coverage_percent=stored["coverage_percent"],
            least_reviews=stored["least_reviews"],
            two_ratifiers_from_minor=stored["two_ratifiers_from_minor"],
            chairs_vote=stored["chairs_vote"],
            draw_band=stored["draw_band"],
            rules_published=stored.get("rules_published", True),
            rules=tuple(Rule(**{**each, "measure": Measure(each["measure"])}) for each in stored["rules"]),
            pots=tuple(
                PotTerms(pot["code"], tuple(sorted(pot["titles"].items())), pot["money_minor"], tuple(pot["groups"]))
                for pot in stored["pots"]
            ),
        )


def with_codes(wanted: WantedTerms) -> WantedTerms:
    """Return the terms with a code for each rule ("r1") and pot ("p1"): those that they have stay, each once."""
    rules, pots = list(wanted.rules), list(wanted.pots)
    for number, code in enumerate(_codes("r", [each.code for each in rules])):
        rules[number] = replace(rules[number], code=code)
    for number, code in enumerate(_codes("p", [each.code for each in pots])):
        pots[number] = replace(pots[number], code=code)
    return replace(wanted, rules=tuple(rules), pots=tuple(pots))


def _codes(letter: str, given: Sequence[str]) -> list[str]:
    """Return a code for each place: the given one where it is one of ours and nothing before has it."""
    taken = {code for code in given if re.fullmatch(f"{letter}[1-9][0-9]{{0,3}}", code)}
    free = (code for number in itertools.count(1) if (code := f"{letter}{number}") not in taken)
    codes: list[str] = []
    for code in given:
        codes.append(code if code in taken and code not in codes else next(free))
    return codes


def terms_problems(wanted: WantedTerms, *, budget_minor: int) -> list[Problem]:
    """Say what is wrong with terms, field by field ("rule-0-most" is the first rule's most)."""
    problems = []
    if wanted.places is not None and wanted.places < 1:
        problems.append(Problem(_l("Enter a number of awards above zero, or leave it empty."), field="places"))
    if not 0 <= wanted.coverage_percent <= 100:
        problems.append(Problem(_l("Enter a share from 0 to 100."), field="coverage_percent"))
    if wanted.least_reviews < 1:
        problems.append(Problem(_l("An entry needs at least one review to be tallied."), field="least_reviews"))
    if wanted.draw_band is not None and not 0 <= wanted.draw_band <= MAX_BAND:
        message = _l("Enter a number from 1 to %(most)s.", most=MAX_BAND)
        problems.append(Problem(message, field="draw_band"))
    if wanted.two_ratifiers_from_minor is not None and wanted.two_ratifiers_from_minor < 1:
        problems.append(Problem(_l("Enter an amount above zero."), field="two_ratifiers_from"))
    for number, rule in enumerate(wanted.rules):
        problems += _rule_problems(rule, f"rule-{number}")
    for number, pot in enumerate(wanted.pots):
        problems += _pot_problems(pot, f"pot-{number}")
    if sum(pot.money_minor for pot in wanted.pots) > budget_minor:
        problems.append(Problem(_l("The pots hold more than the budget of the call."), field="pots"))
    return problems


def _rule_problems(rule: Rule, place: str) -> list[Problem]:
    if rule.least < 0 or (rule.most is not None and rule.most < 0):
        return [Problem(_l("Enter a number that is not below zero."), field=f"{place}-least")]
    if rule.least == 0 and rule.most is None:
        return [Problem(_l("Say how much at least, or at most."), field=f"{place}-least")]
    if rule.most is not None and rule.most < rule.least:
        return [Problem(_l("This is less than what the group gets at least."), field=f"{place}-most")]
    return []


def _pot_problems(pot: PotTerms, place: str) -> list[Problem]:
    problems = []
    if not pot.titles:
        problems.append(Problem(_l("Give the pot a name."), field=f"{place}-title"))
    if any(len(text) > MAX_TITLE_CHARACTERS for _language, text in pot.titles):
        message = _l("A name has at most %(limit)s characters.", limit=MAX_TITLE_CHARACTERS)
        problems.append(Problem(message, field=f"{place}-title"))
    if pot.money_minor < 1:
        problems.append(Problem(_l("Enter an amount above zero."), field=f"{place}-money"))
    return problems
