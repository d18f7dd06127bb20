"""The choice as a programme of whole numbers: money times merit above the line, within budget, rules and pots.

Counting money, not entries, is what keeps cheap mediocre work from crowding good work out; counting merit from that of
the first entry below the plain line makes the answer the rank order itself wherever no rule stands against it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray

from fundapp.review.slate.model import Ask, Measure, Rule, Terms

SHORTFALL_COST: Final = 4.0
"""What it costs to miss a minimum by the whole budget. The best and the worst use of money are at most 2 apart on the
scale of the objective, so a minimum is met wherever it can be."""

MADE_WHOLE: Final = 0.5
"""A choice above this is a yes; the solver stays within a millionth of 0 and 1."""

EXACT: Final = 1e-10
"""Rows are kept to this share of the budget: less than one minor unit of any budget below a hundred million."""

GAP: Final = 1e-6
LARGE_GAP: Final = 1e-4
LARGE: Final = 2_000
"""From this many entries on, a choice within LARGE_GAP of the best is good enough."""


class _Rows:
    """Rows of a programme, gathered one by one."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.cells: list[tuple[int, int, float]] = []

    def add(self, lower: float, upper: float, cells: Collection[tuple[int, float]]) -> None:
        number = len(self.lower)
        self.lower.append(lower)
        self.upper.append(upper)
        self.cells += [(number, column, value) for column, value in cells]


def choose(
    asks: Sequence[Ask],
    terms: Terms,
    *,
    weights: Sequence[float],
    held: Mapping[str, bool],
    minima_bend: bool = True,
) -> frozenset[str] | None:
    """Return the ids of the best choice, or None where none keeps budget, places, maxima, pots and what is held.

    `weights` are the objective of each entry. Minima bend at a cost unless `minima_bend` is False.
    """
    budget = float(max(1, terms.budget_minor))
    shares = [ask.amount_minor / budget for ask in asks]
    pots = [(number, pot) for number in range(len(asks)) for pot in _pots(asks[number], terms)]
    minima = [rule for rule in terms.rules if rule.least] if minima_bend else []
    columns = len(asks) + len(pots) + len(minima)
    rows = _Rows()
    rows.add(-highspy.kHighsInf, terms.budget_minor / budget, list(enumerate(shares)))
    if terms.places is not None:
        rows.add(-highspy.kHighsInf, terms.places, [(number, 1.0) for number in range(len(asks))])
    for rule in terms.rules:
        unit = _unit(rule, budget)
        cells = [(number, count / unit) for number, ask in enumerate(asks) if (count := rule.counts(ask))]
        if rule.most is not None:
            rows.add(-highspy.kHighsInf, rule.most / unit, cells)
        if rule.least:
            bending = [(len(asks) + len(pots) + minima.index(rule), 1.0)] if minima_bend else []
            rows.add(rule.least / unit, highspy.kHighsInf, cells + bending)
    _add_pots(rows, asks, terms, pots, shares)
    solver = _solver(len(asks))
    lower, upper = np.zeros(columns), np.ones(columns)
    for number, ask in enumerate(asks):
        if ask.entry_id in held:
            lower[number] = upper[number] = float(held[ask.entry_id])
    upper[len(asks) :] = highspy.kHighsInf
    cost = np.concatenate([-np.asarray(weights, dtype=np.float64), np.zeros(len(pots)), _costs(minima, asks, budget)])
    _pass(solver, rows, cost, lower, upper, whole=len(asks))
    solver.run()
    status = solver.getModelStatus()
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"the selection was not solved: {status}")
    taken = np.array(solver.getSolution().col_value)[: len(asks)] > MADE_WHOLE
    return frozenset(ask.entry_id for ask, yes in zip(asks, taken, strict=True) if yes)


def missed(chosen: Collection[Ask], terms: Terms) -> dict[str, int]:
    """Return by how much each minimum is missed, in its own measure; those that are met are left out."""
    missing = {rule.code: rule.least - sum(rule.counts(ask) for ask in chosen) for rule in terms.rules if rule.least}
    return {code: number for code, number in missing.items() if number > 0}


def paid_from(chosen: Sequence[Ask], terms: Terms) -> dict[str, dict[str, int]] | None:
    """Return which pots pay how much of each entry, in whole minor units; None where they cannot pay for all.

    A flow from pots to entries: restricted pots pay before those that may pay for more.
    """
    if not terms.pots:
        return {}
    width = {pot.code: sum(pot.code in _pots(ask, terms) for ask in chosen) for pot in terms.pots}
    order = sorted(terms.pots, key=lambda pot: (width[pot.code], pot.code))
    pairs = [(n, p) for n, ask in enumerate(chosen) for p, pot in enumerate(order) if pot.code in _pots(ask, terms)]
    rows = _Rows()
    of_ask: list[list[tuple[int, float]]] = [[] for _ in chosen]
    of_pot: list[list[tuple[int, float]]] = [[] for _ in order]
    for column, (number, place) in enumerate(pairs):
        of_ask[number].append((column, 1.0))
        of_pot[place].append((column, 1.0))
    for ask, cells in zip(chosen, of_ask, strict=True):
        rows.add(float(ask.amount_minor), float(ask.amount_minor), cells)
    for pot, cells in zip(order, of_pot, strict=True):
        rows.add(-highspy.kHighsInf, float(pot.money_minor), cells)
    solver = _solver(0)
    cost = np.array([float(place) for _, place in pairs])
    _pass(solver, rows, cost, np.zeros(len(pairs)), np.full(len(pairs), highspy.kHighsInf), whole=0)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    found: dict[str, dict[str, int]] = {ask.entry_id: {} for ask in chosen}
    for (number, place), value in zip(pairs, solver.getSolution().col_value, strict=True):
        if minor := round(value):  # vertices of a flow of whole numbers are whole
            found[chosen[number].entry_id][order[place].code] = minor
    return found


def _pots(ask: Ask, terms: Terms) -> list[str]:
    return [pot.code for pot in terms.pots if ask.pots is None or pot.code in ask.pots]


def _add_pots(
    rows: _Rows, asks: Sequence[Ask], terms: Terms, pairs: Sequence[tuple[int, str]], shares: Sequence[float]
) -> None:
    """Add: what the pots give an entry is what it is awarded; what a pot gives is at most what is in it.

    The columns of the pairs stand behind those of the entries and count in shares of the budget.
    """
    if not terms.pots:
        return
    of_ask: dict[int, list[tuple[int, float]]] = {number: [] for number in range(len(asks))}
    of_pot: dict[str, list[tuple[int, float]]] = {pot.code: [] for pot in terms.pots}
    for place, (number, code) in enumerate(pairs):
        of_ask[number].append((len(asks) + place, 1.0))
        of_pot[code].append((len(asks) + place, 1.0))
    for number, cells in of_ask.items():
        rows.add(0.0, 0.0, [(number, -shares[number]), *cells])
    for pot in terms.pots:
        rows.add(-highspy.kHighsInf, pot.money_minor / max(1, terms.budget_minor), of_pot[pot.code])


def _unit(rule: Rule, budget: float) -> float:
    """Return in what a rule is counted in the programme: shares of the budget, or awards."""
    return budget if rule.measure is Measure.MONEY else 1.0


def _costs(minima: Sequence[Rule], asks: Sequence[Ask], budget: float) -> NDArray[np.float64]:
    """Return the cost of missing each minimum by one unit; an award counts as the largest one there is."""
    largest = max((ask.amount_minor for ask in asks), default=0) / budget
    return np.array([SHORTFALL_COST * (1.0 if rule.measure is Measure.MONEY else largest) for rule in minima])


def _solver(entries: int) -> highspy.Highs:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_feasibility_tolerance", EXACT)
    solver.setOptionValue("primal_feasibility_tolerance", EXACT)
    solver.setOptionValue("mip_rel_gap", LARGE_GAP if entries >= LARGE else GAP)
    solver.setOptionValue("mip_abs_gap", 0.0 if entries < LARGE else GAP)
    return solver


def _pass(
    solver: highspy.Highs,
    rows: _Rows,
    cost: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    *,
    whole: int,
) -> None:
    """Hand a programme to the solver; the first `whole` columns are whole numbers."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(rows.lower)
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
    model.row_lower_, model.row_upper_ = np.array(rows.lower), np.array(rows.upper)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    counts = np.bincount([row for row, _, _ in rows.cells], minlength=len(rows.lower))
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    model.a_matrix_.index_ = np.array([column for _, column, _ in rows.cells], dtype=np.int32)
    model.a_matrix_.value_ = np.array([value for _, _, value in rows.cells], dtype=np.float64)
    integer, continuous = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    if whole:
        model.integrality_ = [integer] * whole + [continuous] * (len(cost) - whole)
    solver.passModel(model)
