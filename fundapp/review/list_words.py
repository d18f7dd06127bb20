"""Why an entry is in a list or is not, and what stands against a list, in words. No database, no web."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.numbers import number_text
from fundapp.review.list_rules import MarkKind, Tried
from fundapp.review.slate import LineEnd, Measure, Reason, Rule, Why
from fundapp.review.slate.contradictions import BUDGET, PLACES

MOST_NAMED: Final = 5
"""So many entries are named in a sentence; of more, the number is said."""


@dataclass(frozen=True)
class Names:
    """What things are called on the page: money, groups ("region:north"), pots by code, entries by id."""

    money: Callable[[int], str]
    group: Callable[[str], str]
    pots: Mapping[str, str]
    entries: Mapping[str, str]


def rule_words(rule: Rule, names: Names) -> str:
    """Say what a rule asks for."""
    group = names.group(rule.group)
    least, most = _amount(rule, rule.least, names), _amount(rule, rule.most or 0, names)
    if rule.most is None:
        return _("at least %(least)s for %(group)s", least=least, group=group)
    if not rule.least:
        return _("at most %(most)s for %(group)s", most=most, group=group)
    return _("between %(least)s and %(most)s for %(group)s", least=least, most=most, group=group)


def _amount(rule: Rule, number: int, names: Names) -> str:
    return names.money(number) if rule.measure is Measure.MONEY else awards_words(number)


def awards_words(number: int) -> str:
    """Say how many awards."""
    return ngettext("%(num)s award", "%(num)s awards", number)


def rules_by_code(made: Tried) -> dict[str, Rule]:
    """Return the rules of a list by their codes."""
    return {rule.code: rule for rule in made.terms.rules}


def reason_words(made: Tried, entry_id: str, names: Names, *, names_others: bool = True) -> str:
    """Say why an entry is in a list or is not.

    With `names_others` it says who would be in or out without a rule; a reason that is kept with a decision names
    nobody, because others who read it may have a conflict of interest with whom it names.
    """
    reason = made.reason(entry_id)
    rules = _rules(made, reason, names)
    if entry_id in made.split_equals:
        return _("Equal to others, and the rules leave no room for all of them: people decide.")
    match reason.why:
        case Why.FOR_MINIMUM:
            words = _("Below the line, but needed for a minimum: %(rules)s.", rules=rules)
            out = _others(made, reason, names, place=1) if names_others else ""
            return _join(words, _("Without that, in would be: %(entries)s.", entries=out) if out else "")
        case Why.MADE_WAY:
            words = _made_way(made, entry_id, rules)
            came = _others(made, reason, names, place=0) if names_others else ""
            return _join(words, _("In because of that: %(entries)s.", entries=came) if came else "")
        case Why.MAXIMUM:
            words = _("A maximum is reached: %(rules)s.", rules=rules)
            is_kept_out = any(entry_id in (made.effects or {}).get(code, ((), ()))[1] for code in reason.rules)
            return _join(words, _("Without that it would be in.") if is_kept_out and names_others else "")
        case Why.TOO_LARGE:
            return _too_large(made, entry_id, names)
        case Why.GAVE_WAY:
            return _gave_way(made)
        case Why.TAKEN_OUT:
            wish = made.wishes.get(entry_id)
            is_reserve = wish is not None and wish.kind is MarkKind.RESERVE
            return _("Held in reserve by a person.") if is_reserve else _("Taken out by a person.")
        case Why.PUT_IN if entry_id in made.under_floor:
            return _("Put in by a person, though its score is below the floor.")
        case _:
            return _plain(reason.why)


def _plain(why: Why) -> str:
    words = {
        Why.ABOVE_LINE: _("Above the line."),
        Why.ROOM_LEFT: _("Next by rank: rules kept others out, and it fits into what they leave."),
        Why.PUT_IN: _("Put in by a person."),
        Why.BELOW_LINE: _("Below the line."),
        Why.EQUAL_AT_LINE: _("Equal to others at the line, and not all of them fit: people decide."),
        Why.NO_POT: _("No pot that may pay for it holds enough."),
        Why.BELOW_FLOOR: _("Below the floor: nothing there is proposed."),
        Why.NOT_TALLIED: _("It has no score, or nothing says an amount: people decide."),
    }
    return words[why]


def line_words(ends: LineEnd) -> str:
    """Say what the line in a list is."""
    words = {
        LineEnd.MONEY: _("The line: by rank alone, the money ends here."),
        LineEnd.AWARDS: _("The line: by rank alone, the awards end here."),
        LineEnd.FLOOR: _("The line: what stands below it is below the floor."),
    }
    return words[ends]


def _made_way(made: Tried, entry_id: str, rules: str) -> str:
    if _gives_all_places(made) and _asked(made, entry_id) <= made.left_minor:
        if rules:
            return _("Above the line, but its place is needed for a minimum: %(rules)s.", rules=rules)
        return _("Above the line, but what the rules ask for leaves no place for it.")
    if rules:
        return _("Above the line, but its money is needed for a minimum: %(rules)s.", rules=rules)
    return _("Above the line, but what the rules ask for leaves no money for it.")


def _gave_way(made: Tried) -> str:
    if made.proposal is not None and made.proposal.line_ends is LineEnd.AWARDS:
        return _("By rank alone it would be in, but a person put in an entry that takes its place.")
    return _("By rank alone it would be in, but a person put in an entry that takes its money.")


def _gives_all_places(made: Tried) -> bool:
    return made.terms.places is not None and len(made.awarded) >= made.terms.places


def _asked(made: Tried, entry_id: str) -> int:
    return next(ask.amount_minor for ask in made.asks if ask.entry_id == entry_id)


def _too_large(made: Tried, entry_id: str, names: Names) -> str:
    if _gives_all_places(made):
        return _("The first below the line: all places are given.")
    if _asked(made, entry_id) > made.left_minor >= 0:
        return _("It asks for more than is left: %(left)s.", left=names.money(made.left_minor))
    return _("The first below the line: it asks for more than was left there.")


def _rules(made: Tried, reason: Reason, names: Names) -> str:
    rules = rules_by_code(made)
    return _listed([rule_words(rules[code], names) for code in reason.rules if code in rules])


def _others(made: Tried, reason: Reason, names: Names, *, place: int) -> str:
    """Name who is in (place 0) or out (place 1) because of the rules of a reason."""
    found = {key for code in reason.rules for key in (made.effects or {}).get(code, ((), ()))[place]}
    found -= made.split_equals
    return entries_words([key for key in names.entries if key in found], names)


def entries_words(entries: Sequence[str], names: Names) -> str:
    """Name entries, at most MOST_NAMED of them."""
    more = len(entries) - MOST_NAMED
    named = [names.entries[key] for key in entries[:MOST_NAMED]]
    return _listed([*named, ngettext("%(num)s more", "%(num)s more", more)] if more > 0 else named)


def short_words(made: Tried, names: Names) -> list[str]:
    """Name each minimum that is missed, and by how much."""
    rules = rules_by_code(made)
    return [
        _(
            "%(rule)s: missed by %(short)s",
            rule=rule_words(rules[code], names),
            short=_amount(rules[code], short, names),
        )
        for code, short in made.short.items()
    ]


def kept_words(made: Tried, names: Names) -> list[str]:
    """Name each minimum that is met."""
    return [rule_words(rule, names) for rule in made.terms.rules if rule.least and rule.code not in made.short]


def exceeded_words(made: Tried, names: Names) -> list[str]:
    """Name each limit that people put in too much for, and by how much."""
    rules = rules_by_code(made)
    words = [
        _("%(rule)s: exceeded by %(over)s", rule=rule_words(rules[code], names), over=_amount(rules[code], over, names))
        for code, over in made.exceeded.items()
    ]
    if made.left_minor < 0:
        words.append(_("The budget: exceeded by %(over)s", over=names.money(-made.left_minor)))
    places = made.terms.places
    if places is not None and len(made.awarded) > places:
        words.append(_("The number of awards: exceeded by %(over)s", over=awards_words(len(made.awarded) - places)))
    return words


def floor_words(made: Tried, names: Names) -> list[str]:
    """Name what people put in though it does not reach the floor; nothing where there is no floor."""
    if made.terms.floor is None:
        return []
    floor = number_text(Decimal(str(made.terms.floor)))
    under, unscored = ([key for key in names.entries if key in some] for some in (made.under_floor, made.unscored))
    words = []
    if under:
        words.append(_("below the floor of %(floor)s: %(entries)s", floor=floor, entries=entries_words(under, names)))
    if unscored:
        entries = entries_words(unscored, names)
        words.append(
            _("without a score to set against the floor of %(floor)s: %(entries)s", floor=floor, entries=entries)
        )
    return words


@dataclass(frozen=True, slots=True)
class TermWords:
    """One term: what it asks for, what of it the list has, and whether it is kept or by how much it is not."""

    term: str
    has: str
    verdict: str
    is_kept: bool


def terms_words(made: Tried, names: Names) -> list[TermWords]:
    """Say of each rule, of the number of awards and of the floor whether a list keeps it."""
    words = []
    for rule in made.terms.rules:
        short, over = made.short.get(rule.code, 0), made.exceeded.get(rule.code, 0)
        verdict = _kept_or_not(_amount(rule, short, names) if short else "", _amount(rule, over, names) if over else "")
        has = _amount(rule, made.counted[rule.code], names)
        words.append(TermWords(rule_words(rule, names), has, verdict, is_kept=not short and not over))
    places, number = made.terms.places, len(made.awarded)
    if places is not None:
        over = max(0, number - places)
        verdict = _kept_or_not("", awards_words(over) if over else "")
        most = _("no more than %(places)s", places=awards_words(places))
        words.append(TermWords(most, awards_words(number), verdict, is_kept=not over))
    return [*words, *_floor_words(made, names)]


def _kept_or_not(short: str, over: str) -> str:
    if short:
        return _("Missed by %(short)s", short=short)
    return _("Exceeded by %(over)s", over=over) if over else _("Kept")


def _floor_words(made: Tried, names: Names) -> list[TermWords]:
    floor = made.terms.floor
    if floor is None:
        return []
    under, unscored = ([key for key in names.entries if key in some] for some in (made.under_floor, made.unscored))
    verdict = _join(
        _("Below it: %(entries)s.", entries=entries_words(under, names)) if under else "",
        _("Without a score: %(entries)s.", entries=entries_words(unscored, names)) if unscored else "",
    )
    reach = awards_words(len(made.awarded) - len(under) - len(unscored))
    term = _("no score below %(floor)s", floor=number_text(Decimal(str(floor))))
    return [TermWords(term, reach, verdict or _("Kept"), is_kept=not verdict)]


def broken_words(made: Tried, names: Names) -> list[str]:
    """Name rules that cannot all hold."""
    rules = rules_by_code(made)
    places = awards_words(made.terms.places or 0)
    others = {
        BUDGET: _("the budget of %(money)s, and its pots", money=names.money(made.terms.budget_minor))
        if made.terms.pots
        else _("the budget of %(money)s", money=names.money(made.terms.budget_minor)),
        PLACES: _("no more than %(places)s", places=places),
    }
    return [rule_words(rules[code], names) if code in rules else others[code] for code in made.broken]


def _listed(words: Sequence[str]) -> str:
    return "; ".join(words)


def _join(*sentences: str) -> str:
    return " ".join(each for each in sentences if each)
