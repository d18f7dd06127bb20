"""A proposal, and the reason of each row: rank order, unless a rule that was set before stands against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from fundapp.review.slate.contradictions import below_floor
from fundapp.review.slate.model import Ask, LineEnd, Proposal, Reason, Rule, Terms, Why
from fundapp.review.slate.programme import choose, missed, paid_from

EQUALS_STAY_OUT: Final = 1e-7
"""What an award to an entry at the line costs: equals that do not all fit are left to people."""


@dataclass(frozen=True)
class _Line:
    """Rank order alone: who stands above, what ends there, the merit of the first group that does not fit, and it."""

    above: frozenset[str]
    ends: LineEnd | None
    merit: float | None
    first_below: frozenset[str]


@dataclass(frozen=True)
class _Needs:
    """For which minima each entry of a list is needed, and all minima that need some."""

    of: Mapping[str, tuple[str, ...]]
    tight: tuple[str, ...]


def propose(asks: Sequence[Ask], terms: Terms, held: Mapping[str, bool] | None = None) -> Proposal | None:
    """Return the proposal, or None where what people put in breaks the budget, the places, a maximum or a pot.

    `held` says which entries people put in (True) or took out (False). Entries are told apart by their ids where all
    else is equal, so that the same terms give the same list.
    """
    held = dict(held or {})
    ordered = sorted(asks, key=lambda ask: (ask.merit is None, -(ask.merit or 0.0), ask.entry_id))
    line = _line(ordered, terms, held)
    untouched = _line(ordered, terms, {key: is_in for key, is_in in held.items() if not is_in})
    fixed = {ask.entry_id: False for ask in ordered if below_floor(ask, terms)} | held
    made = _List([ask for ask in ordered if ask.entry_id in line.above or held.get(ask.entry_id)], terms)
    needs = made.needs()
    filled: frozenset[str] = frozenset()
    if not made.has_room_for([]) or made.maxima_against([]) or missed(made.chosen, terms) or not made.can_pay([]):
        choice = choose(ordered, terms, weights=_weights(ordered, terms, line), held=fixed)
        if choice is None:
            return None
        made = _pared(_List([ask for ask in ordered if ask.entry_id in choice], terms), line, held)
        needs = made.needs()  # as the rules asked for it: what fills the room that is left may count for a minimum too
        filled = _room_left(ordered, made, fixed)
    return Proposal(
        awarded=frozenset(made.ids),
        reasons={ask.entry_id: _reason(ask, made, held, line, untouched, filled, needs) for ask in ordered},
        line=len(line.above),
        line_ends=line.ends,
        spent_minor=terms.budget_minor - made.money_left,
        short=missed(made.chosen, terms),
        paid_from=paid_from(made.chosen, terms),
    )


def effects_of_rules(
    asks: Sequence[Ask], terms: Terms, proposal: Proposal, held: Mapping[str, bool] | None = None
) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return, for each rule that a reason names, who is in and who is out because of it: the list made without it."""
    named = sorted({code for reason in proposal.reasons.values() for code in reason.rules})
    found = {}
    for code in named:
        rest = replace(terms, rules=tuple(rule for rule in terms.rules if rule.code != code))
        if (other := propose(asks, rest, held)) is not None:
            found[code] = (proposal.awarded - other.awarded, other.awarded - proposal.awarded)
    return found


def _line(ordered: Sequence[Ask], terms: Terms, held: Mapping[str, bool]) -> _Line:
    """Give money by rank until a group of equals does not fit whole; what people put in is paid first."""
    put_in = [ask for ask in ordered if held.get(ask.entry_id)]
    money = terms.budget_minor - sum(ask.amount_minor for ask in put_in)
    places = len(ordered) if terms.places is None else terms.places - len(put_in)
    above: set[str] = set()
    free = [ask for ask in ordered if ask.entry_id not in held and not below_floor(ask, terms)]
    for merit in sorted({ask.merit for ask in free if ask.merit is not None}, reverse=True):
        group = [ask for ask in free if ask.merit == merit]
        asked = sum(ask.amount_minor for ask in group)
        if asked > money or len(group) > places:
            ends = LineEnd.MONEY if asked > money else LineEnd.AWARDS
            return _Line(frozenset(above), ends, merit, frozenset(ask.entry_id for ask in group))
        money, places = money - asked, places - len(group)
        above.update(ask.entry_id for ask in group)
    is_out = any(ask.merit is not None and ask.entry_id not in held and below_floor(ask, terms) for ask in ordered)
    return _Line(frozenset(above), LineEnd.FLOOR if is_out else None, None, frozenset())


def _weights(ordered: Sequence[Ask], terms: Terms, line: _Line) -> list[float]:
    """Return money times merit above the line, as shares of the budget and of the range of merits."""
    merits = [ask.merit for ask in ordered if ask.merit is not None]
    best, worst = max(merits, default=1.0), min(merits, default=0.0)
    width = (best - worst) or 1.0
    zero = worst - width if line.merit is None else line.merit
    shares = [ask.amount_minor / max(1, terms.budget_minor) for ask in ordered]
    return [
        share * ((ask.merit - zero) / width - EQUALS_STAY_OUT) if ask.merit is not None else 0.0
        for share, ask in zip(shares, ordered, strict=True)
    ]


class _List:
    """Entries that are chosen, with what rules count of them."""

    def __init__(self, chosen: Sequence[Ask], terms: Terms) -> None:
        self.terms = terms
        self.chosen: list[Ask] = []
        self.ids: set[str] = set()
        self.money_left = terms.budget_minor
        self.counted = {rule.code: 0 for rule in terms.rules}
        self.add(chosen)

    def add(self, more: Sequence[Ask]) -> None:
        self.chosen += more
        self.ids.update(ask.entry_id for ask in more)
        self.money_left -= sum(ask.amount_minor for ask in more)
        for rule in self.terms.rules:
            self.counted[rule.code] += sum(rule.counts(ask) for ask in more)

    def has_room_for(self, more: Sequence[Ask]) -> bool:
        """Return whether money and places reach for more entries."""
        asked = sum(ask.amount_minor for ask in more)
        places = self.terms.places
        return asked <= self.money_left and (places is None or len(self.chosen) + len(more) <= places)

    def maxima_against(self, more: Sequence[Ask]) -> list[Rule]:
        """Return the maxima that more entries would break, or that are broken already."""
        return [
            rule
            for rule in self.terms.rules
            if rule.most is not None and self.counted[rule.code] + sum(map(rule.counts, more)) > rule.most
        ]

    def stands_against(self, ask: Ask) -> list[Rule]:
        """Return the maxima that an award to this entry would break."""
        return [rule for rule in self.maxima_against([ask]) if rule.counts(ask)]

    def can_pay(self, more: Sequence[Ask]) -> bool:
        """Return whether the pots reach for more entries."""
        return paid_from([*self.chosen, *more], self.terms) is not None

    def minima_needing(self, ask: Ask) -> tuple[str, ...]:
        """Return the minima that would be missed, or missed by more, without this entry of the list."""
        needing = (rule for rule in self.terms.rules if rule.counts(ask))
        return tuple(rule.code for rule in needing if self.counted[rule.code] - rule.counts(ask) < rule.least)

    def needs(self) -> _Needs:
        """Return for which minima which entries of the list are needed."""
        found = {ask.entry_id: self.minima_needing(ask) for ask in self.chosen}
        tight = {code for codes in found.values() for code in codes}
        return _Needs(found, tuple(rule.code for rule in self.terms.rules if rule.code in tight))


def _pared(made: _List, line: _Line, held: Mapping[str, bool]) -> _List:
    """Return a choice without those below the line that no minimum needs, the last of them first.

    To leave in an equal at the line costs the solver less than the gap at which it stops.
    """
    for ask in reversed(made.chosen):
        if ask.entry_id not in line.above and ask.entry_id not in held and not made.minima_needing(ask):
            made = _List([other for other in made.chosen if other is not ask], made.terms)
    return made


def _room_left(ordered: Sequence[Ask], made: _List, fixed: Mapping[str, bool]) -> frozenset[str]:
    """Add who is next by rank where rules left money, until one asks for more than is left, or equals do; return them.

    Whoever a maximum or a pot stands against is passed over.
    """
    before = set(made.ids)
    free = [ask for ask in ordered if ask.entry_id not in before and fixed.get(ask.entry_id, True)]
    for _merit, equals in groupby(free, key=lambda ask: ask.merit):
        able = [ask for ask in equals if not made.stands_against(ask)]
        if not made.has_room_for(able):
            break
        if able and not made.maxima_against(able) and made.can_pay(able):
            made.add(able)
    return frozenset(made.ids - before)


def _reason(
    ask: Ask,
    made: _List,
    held: Mapping[str, bool],
    line: _Line,
    untouched: _Line,
    filled: frozenset[str],
    needs: _Needs,
) -> Reason:
    """Return why an entry is in or is not; `untouched` is the line as if people had put nothing in."""
    is_above = ask.entry_id in line.above
    if ask.entry_id in held:
        return Reason(Why.PUT_IN if held[ask.entry_id] else Why.TAKEN_OUT)
    if ask.merit is None:
        return Reason(Why.NOT_TALLIED)
    if ask.entry_id in made.ids:
        if is_above:
            return Reason(Why.ABOVE_LINE)
        needed = needs.of.get(ask.entry_id, ())
        return Reason(Why.FOR_MINIMUM, needed) if needed and ask.entry_id not in filled else Reason(Why.ROOM_LEFT)
    if below_floor(ask, made.terms):
        return Reason(Why.BELOW_FLOOR)
    if against := made.stands_against(ask):
        return Reason(Why.MAXIMUM, tuple(rule.code for rule in against))
    if is_above:
        is_for_want_of_a_pot = made.has_room_for([ask]) or (made.terms.pots and not needs.tight)
        return Reason(Why.NO_POT) if is_for_want_of_a_pot else Reason(Why.MADE_WAY, needs.tight)
    if ask.entry_id in line.first_below and len(line.first_below) > 1:
        return Reason(Why.EQUAL_AT_LINE)
    if ask.entry_id in untouched.above:
        return Reason(Why.GAVE_WAY)
    if ask.entry_id in line.first_below:
        return Reason(Why.TOO_LARGE)
    return Reason(Why.BELOW_LINE)
