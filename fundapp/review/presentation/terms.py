"""What is fixed before a selection, in words: the same on every page that tells of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.core.numbers import number_text
from fundapp.review.list_words import Names, rule_words
from fundapp.review.models import SelectionTerms, TermsChange
from fundapp.review.presentation.balance import group_words, kind_titles
from fundapp.review.queries.asks import GroupCount, choice_labels
from fundapp.review.slate.contradictions import BUDGET, PLACES
from fundapp.review.terms_rules import YES, GroupKind, Ranking, WantedTerms, group_of, kind_and_value


@dataclass(frozen=True)
class GroupShown:
    """A group of the entries of a call, with how many there are and what they ask for."""

    kind: str
    name: str
    entries: int
    asked: str


@dataclass(frozen=True)
class PotShown:
    """A pot, with what is in it and what it may pay for."""

    name: Said
    words: str


@dataclass(frozen=True)
class TermsShown:
    """All that is fixed, as sentences; `set_at` is None where nobody fixed anything."""

    lines: Sequence[str]
    rules: Sequence[str]
    pots: Sequence[PotShown]
    set_by: str
    set_at: Moment | None


@dataclass(frozen=True)
class ChangeShown:
    """A change that somebody made who could see scores already: what is gone, what is new, and why."""

    gone: Sequence[str]
    new: Sequence[str]
    reason: str
    who: str
    at: Moment


def terms_shown(wanted: WantedTerms, terms: SelectionTerms | None, call: Call) -> TermsShown:
    """Return the terms of a call in words."""
    return TermsShown(
        lines=_lines(wanted, call),
        rules=_rules(wanted, call),
        pots=_pots(wanted, call),
        set_by=_who(terms) if terms else "",
        set_at=moment(terms.set_at, call.time_zone) if terms else None,
    )


def changes_shown(changes: Iterable[TermsChange], call: Call) -> list[ChangeShown]:
    """Return late changes of the terms in words."""
    shown = []
    for change in changes:
        before = _all_lines(WantedTerms.from_json(change.before), call)
        after = _all_lines(WantedTerms.from_json(change.after), call)
        shown.append(
            ChangeShown(
                gone=[line for line in before if line not in after],
                new=[line for line in after if line not in before],
                reason=change.reason,
                who=change.changed_by.name or change.changed_by.email,
                at=moment(change.changed_at, call.time_zone),
            )
        )
    return shown


def groups_shown(counts: Iterable[GroupCount], call: Call) -> list[GroupShown]:
    """Return the groups of a call's entries, kind by kind and by name."""
    words, titles = group_words(call), kind_titles()
    order = list(titles)
    rows = sorted(counts, key=lambda each: (order.index(_kind(each.group)), words(each.group).casefold()))
    return [
        GroupShown(titles[_kind(row.group)], words(row.group), row.entries, money(row.asked_minor, call.currency))
        for row in rows
    ]


def group_choices(counts: Iterable[GroupCount], wanted: WantedTerms, call: Call) -> list[tuple[str, str]]:
    """Return what a rule or a pot can be about, with its words: "Region: Africa".

    That is every choice of the forms, every language of the call, the first time, and whatever entries or terms have.
    """
    known = {*choice_labels(call), group_of(GroupKind.FIRST_TIME, YES)}
    known |= {group_of(GroupKind.LANGUAGE, language) for language in call.languages}
    known |= {each.group for each in counts} | {rule.group for rule in wanted.rules}
    known |= {group for pot in wanted.pots for group in pot.groups}
    words, titles = group_words(call), kind_titles()
    order = list(titles)
    ordered = sorted(known, key=lambda group: (order.index(_kind(group)), words(group).casefold()))
    return [(group, _choice(group, words, titles)) for group in ordered]


def contradiction_words(codes: Sequence[str], wanted: WantedTerms, call: Call) -> list[str]:
    """Return the rules that contradict each other, in words."""
    rules = {rule.code: rule_words(rule, _names(call)) for rule in wanted.rules}
    own = {
        BUDGET: _("the budget of %(money)s", money=money(call.budget_minor, call.currency)),
        PLACES: ngettext("at most %(num)s award in all", "at most %(num)s awards in all", wanted.places or 0),
    }
    return [rules.get(code) or own[code] for code in codes]


def language_choices(call: Call) -> list[tuple[str, str]]:
    """Return the languages of a call with their names."""
    return [(code, language_name(code)) for code in call.languages]


def _who(terms: SelectionTerms) -> str:
    if terms.set_by is None:
        return _("the files of the call")
    return terms.set_by.name or terms.set_by.email


def _kind(group: str) -> GroupKind:
    return kind_and_value(group)[0]


def _choice(group: str, words: Callable[[str], str], titles: dict[GroupKind, str]) -> str:
    kind = _kind(group)
    if kind is GroupKind.FIRST_TIME:
        return titles[kind]
    return _("%(kind)s: %(name)s", kind=titles[kind], name=words(group))


def _names(call: Call) -> Names:
    return Names(money=lambda minor: money(minor, call.currency), group=group_words(call), pots={}, entries={})


def _all_lines(wanted: WantedTerms, call: Call) -> list[str]:
    pots = [_("Pot %(name)s: %(words)s", name=pot.name, words=pot.words) for pot in _pots(wanted, call)]
    return [*_lines(wanted, call), *_rules(wanted, call), *pots]


def _lines(wanted: WantedTerms, call: Call) -> list[str]:
    lines = [
        _("Entries are put in order by their adjusted scores: what strict and lenient readers give is evened out.")
        if wanted.ranking is Ranking.ADJUSTED
        else _("Entries are put in order by the plain means of their marks.")
    ]
    if wanted.least_reviews > 1:
        lines.append(
            ngettext(
                "An entry with fewer than %(num)s review is not ranked.",
                "An entry with fewer than %(num)s reviews is not ranked.",
                wanted.least_reviews,
            )
        )
    if wanted.coverage_percent:
        lines.append(
            _(
                "Before the list is sent, at least %(percent)s of a hundred entries must have all their reviews.",
                percent=wanted.coverage_percent,
            )
        )
    if wanted.places is not None:
        lines.append(ngettext("At most %(num)s award is given.", "At most %(num)s awards are given.", wanted.places))
    if wanted.floor is not None:
        lines.append(_("Nothing with a score below %(floor)s is proposed.", floor=number_text(wanted.floor)))
    if wanted.chairs_vote:
        lines.append(_("The chairs of the panel vote on what is proposed."))
    if wanted.two_ratifiers_from_minor is not None:
        amount = money(wanted.two_ratifiers_from_minor, call.currency)
        lines.append(_("A list with an award of %(money)s or more is ratified by two people.", money=amount))
    lines.append(draw_words(wanted))
    if not wanted.rules_published:
        lines.append(_("The rules for groups are not published."))
    return lines


def draw_words(wanted: WantedTerms) -> str:
    """Say whether lots decide, and among whom."""
    if wanted.draw_band is None:
        return _("No lots are drawn: among equals at the line, people decide.")
    if wanted.draw_band == 0:
        return _("Among those with the same score at the line, lots decide.")
    return ngettext(
        "Among %(num)s entry on each side of the line, lots decide.",
        "Among %(num)s entries on each side of the line, lots decide.",
        wanted.draw_band,
    )


def _rules(wanted: WantedTerms, call: Call) -> list[str]:
    names = _names(call)
    return [rule_words(rule, names) for rule in wanted.rules]


def _pots(wanted: WantedTerms, call: Call) -> list[PotShown]:
    words = group_words(call)
    shown = []
    for pot in wanted.pots:
        amount = money(pot.money_minor, call.currency)
        if pot.groups:
            listed = ", ".join(words(group) for group in pot.groups)
            text = _("%(money)s for %(groups)s only", money=amount, groups=listed)
        else:
            text = _("%(money)s for everything", money=amount)
        shown.append(PotShown(said(dict(pot.titles)), text))
    return shown
