"""The table [selection] of call.toml: the terms of a selection as files have them. No database, no web.

What each key means: docs/call-package.md.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

from fundapp.applications.call_package import CallPackage
from fundapp.applications.call_package.keys import Keys
from fundapp.applications.call_package.stages import choice
from fundapp.applications.form_engine.definition import CHOICE_KINDS, FormDefinition, Role
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money
from fundapp.review.profile_rules import folded
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import (
    LARGEST,
    MAX_BAND,
    MAX_POTS,
    MAX_RULES,
    MOST_PLACES,
    MOST_REVIEWS,
    YES,
    GroupKind,
    Lots,
    PotTerms,
    Ranking,
    WantedTerms,
    group_of,
    kind_and_value,
    terms_problems,
    with_codes,
)

KEY: Final = "selection"
GroupFinder = Callable[[str], str | None]
"""Returns a group as entries have it; None where no entry of the call can be in it."""


def read_terms(keys: Keys, package: CallPackage) -> WantedTerms:
    """Return the terms that a table says, and complain of what is wrong by the rules of the page."""
    if not keys.has("ranking"):
        keys.complain("ranking", _l("This is missing."))
    rules = list(_tables(keys, "rules", MAX_RULES))
    pots = list(_tables(keys, "pots", MAX_POTS))
    find = _groups_of(package)
    wanted = with_codes(
        WantedTerms(
            ranking=choice(keys, "ranking", Ranking, Ranking.ADJUSTED),
            places=keys.whole("places", least=1, most=MOST_PLACES) if keys.has("places") else None,
            floor=keys.number("floor", least=-LARGEST, most=LARGEST) if keys.has("floor") else None,
            coverage_percent=keys.whole("coverage_percent", least=0, most=100, default=0),
            least_reviews=keys.whole("least_reviews", least=1, most=MOST_REVIEWS, default=1),
            two_ratifiers_from_minor=keys.money("two_ratifiers_from", package.currency, required=False),
            chairs_vote=keys.flag("chairs_vote"),
            draw_band=_band(keys),
            rules=tuple(_rule(each, package.currency, find) for each in rules),
            pots=tuple(_pot(each, package.currency, find) for each in pots),
            rules_published=keys.flag("rules_published") if keys.has("rules_published") else True,
        )
    )
    _complain_by_rules(wanted, package, keys, rules, pots)
    for table in (*rules, *pots, keys):
        table.finish()
    return wanted


def write_terms(wanted: WantedTerms, package: CallPackage) -> dict[str, Any]:
    """Return the table from which `read_terms` reads the same terms."""
    table: dict[str, Any] = {
        "ranking": wanted.ranking.value,
        "least_reviews": wanted.least_reviews,
        "coverage_percent": wanted.coverage_percent,
        "chairs_vote": wanted.chairs_vote,
        "lots": Lots.of(wanted.draw_band).value,
        "rules_published": wanted.rules_published,
        "rules": [_rule_table(each, package.currency) for each in wanted.rules],
        "pots": [
            {
                "code": each.code,
                "title": dict(each.titles),
                "money": _amount(each.money_minor, package.currency),
                "groups": list(each.groups),
            }
            for each in wanted.pots
        ],
    }
    if wanted.draw_band:
        table["band"] = wanted.draw_band
    if wanted.places is not None:
        table["places"] = wanted.places
    if wanted.floor is not None:
        table["floor"] = float(wanted.floor) if wanted.floor % 1 else int(wanted.floor)
    if wanted.two_ratifiers_from_minor is not None:
        table["two_ratifiers_from"] = _amount(wanted.two_ratifiers_from_minor, package.currency)
    return table


def _tables(keys: Keys, key: str, most: int) -> Iterator[Keys]:
    for number, table in enumerate(keys.tables(key), 1):
        if number > most:
            keys.complain(key, _l("There are more than %(most)s of these.", most=most))
            return
        yield table


def _band(keys: Keys) -> int | None:
    lots = choice(keys, "lots", Lots, Lots.NONE)
    if lots is Lots.BAND:
        return keys.whole("band", least=1, most=MAX_BAND)
    return 0 if lots is Lots.EQUALS else None


def _rule(keys: Keys, currency: str, find: GroupFinder) -> Rule:
    measure = choice(keys, "counts", Measure, Measure.AWARDS)
    written = keys.text("group")

    def bound(key: str) -> int | None:
        if not keys.has(key):
            return None
        if measure is Measure.MONEY and keys.values[key] != 0:
            return keys.money(key, currency)
        return keys.whole(key, least=0, most=LARGEST)

    return Rule(
        code=keys.text("code", required=False),
        group=_found(keys, "group", written, find) if written else "",
        measure=measure,
        least=bound("least") or 0,
        most=bound("most"),
    )


def _rule_table(rule: Rule, currency: str) -> dict[str, Any]:
    table: dict[str, Any] = {"code": rule.code, "group": rule.group, "counts": rule.measure.value}
    for key, number in (("least", rule.least or None), ("most", rule.most)):
        if number is not None:
            table[key] = _amount(number, currency) if rule.measure is Measure.MONEY and number else number
    return table


def _pot(keys: Keys, currency: str, find: GroupFinder) -> PotTerms:
    written = keys.values.get("title")
    if isinstance(written, dict):
        # As on the page, one language is enough for what a pot is called.
        keys.languages = [code for code in keys.languages if code in written]
    titles = keys.texts("title")
    groups = keys.strings("groups", required=False)
    return PotTerms(
        code=keys.text("code", required=False),
        titles=tuple(sorted(titles.items())),
        money_minor=keys.money("money", currency) or 0,
        groups=tuple(_found(keys, "groups", each, find) for each in groups),
    )


def _found(keys: Keys, key: str, written: str, find: GroupFinder) -> str:
    group = find(written)
    if group is None:
        message = _l(
            "“%(group)s” is no group of this call. Write a kind and a value, such as region:africa, language:fr or"
            " first_time:yes.",
            group=written,
        )
        keys.complain(key, message)
    return group or written


def _groups_of(package: CallPackage) -> GroupFinder:
    """Return how groups of a call are found; a region that is typed freely can be anything, in small letters."""
    form = cast(FormDefinition | None, package.form)  # None where it could not be read
    values: dict[GroupKind, set[str]] = {
        GroupKind.CATEGORY: {each.code for each in package.categories},
        GroupKind.LANGUAGE: set(package.languages),
        GroupKind.FIRST_TIME: {YES},
    }
    region = form.with_role(Role.REGION) if form else None
    theme = form.with_role(Role.THEME) if form else None
    for kind, question in ((GroupKind.REGION, region), (GroupKind.THEME, theme)):
        values[kind] = {each.name for each in question.choices} if question else set()
    is_typed = region is not None and region.kind not in CHOICE_KINDS

    def find(written: str) -> str | None:
        try:
            kind, value = kind_and_value(written)
        except ValueError:
            return None
        if value in values[kind]:
            return written
        if form is None and kind in (GroupKind.REGION, GroupKind.THEME):
            return written  # what the form asks could not be read, which is said already
        return group_of(kind, folded(value)) if kind is GroupKind.REGION and is_typed and folded(value) else None

    return find


def _complain_by_rules(
    wanted: WantedTerms, package: CallPackage, keys: Keys, rules: Sequence[Keys], pots: Sequence[Keys]
) -> None:
    """Complain as the page does, key by key; of a key that cannot be read enough is said."""
    said = {problem.field for problem in keys.problems}
    for problem in terms_problems(wanted, budget_minor=package.budget_minor or 0):
        place, _, rest = (problem.field or "").partition("-")
        number, _, part = rest.partition("-")
        table = {"rule": rules, "pot": pots}[place][int(number)] if rest else keys
        key = part or {"draw_band": "band"}.get(place, place)
        if not any((field or "").startswith(f"{table.field}.{key}") for field in said):
            table.complain(key, problem.message)


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor, currency).decimal)
