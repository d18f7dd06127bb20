"""What scores would be without one of the reviewers, for each of them, at the variances of the whole panel.

A mark that is left out is as one that agrees with everything else. So instead of solving the panel anew without a
reviewer, their marks are moved until nothing of them is left unexplained: a small system of equations for each.
"""

from collections.abc import Iterator

import numpy as np

from fundapp.review.tally.equations import Equations
from fundapp.review.tally.mixed_model import Fit
from fundapp.review.tally.panel import Numbers, Panel, Places


def scores_without(fitted: Fit) -> Iterator[tuple[int, Places, Numbers]]:
    """Yield, reviewer by reviewer, the entries of their part that others read too, and what those would score.

    Reviewers and entries are told by their places in the panel. Left out are those without whom their part would fall
    apart or have no mark: then nothing could be compared with before. `fitted` is one with a model.
    """
    panel, (of_entries, of_reviewers, chance) = fitted.panel, fitted.variances
    equations = Equations.of(panel)
    solution = equations.solved(of_entries / chance, of_reviewers / chance)
    known, parts = solution.covariance, panel.parts
    ratio = (of_entries if equations.entries_are_long else of_reviewers) / chance
    shrunk = equations.shrinkage(ratio)
    taken = np.zeros((len(shrunk), len(known)))  # what each on the long side takes of the marks of its short sides
    np.add.at(taken, (equations.long, equations.part), 1.0)
    np.add.at(taken, (equations.long, parts + equations.short), 1.0)
    taken *= shrunk[:, None]
    known_taken = taken @ known
    unexplained = panel.value - solution.middles[panel.part_of_entry[panel.entry]]
    unexplained -= solution.short[equations.short] + solution.long[equations.long]
    order = np.argsort(panel.reviewer, kind="stable")
    ends = np.cumsum(np.bincount(panel.reviewer))
    held, reads = joints(panel), panel.reads
    for reviewer, marks in enumerate(np.split(order, ends[:-1])):
        part = panel.part_of_reviewer[reviewer]
        others = panel.part_of_entry == part
        others[panel.entry[marks]] &= reads[panel.entry[marks]] > 1
        if reviewer in held or not others.any():
            continue
        long, short = equations.long[marks], parts + equations.short[marks]
        own = -taken[long]
        own[:, part] += 1
        own[np.arange(len(marks)), short] += 1
        known_own = known[part] + known[short] - known_taken[long]
        explained = own @ known_own.T + shrunk[long] * (long[:, None] == long)
        moved = np.zeros(len(panel.value))
        moved[marks] = np.linalg.solve(explained - np.eye(len(marks)), unexplained[marks])
        unknowns = moved[marks] @ known_own
        entries = np.flatnonzero(others)
        by = unknowns[parts:]
        if equations.entries_are_long:
            rest = moved - unknowns[equations.part] - by[equations.short]
            by = shrunk * np.bincount(equations.long, rest, len(shrunk))
        yield reviewer, entries, fitted.scores[entries] + unknowns[part] + by[entries]


def joints(panel: Panel) -> frozenset[int]:
    """Return the reviewers, by their places, without whom entries that others read too would fall apart.

    Source: Tarjan 1972, on the graph of reviewers and of the entries that at least two people read.
    """
    entries, reads = len(panel.entries), panel.reads.tolist()
    beside: list[list[int]] = [[] for _ in range(entries + len(panel.reviewers))]
    for entry, reviewer in zip(panel.entry.tolist(), panel.reviewer.tolist(), strict=True):
        if reads[entry] > 1:
            beside[entry].append(entries + reviewer)
            beside[entries + reviewer].append(entry)
    number, lowest = [0] * len(beside), [0] * len(beside)
    found: set[int] = set()
    seen = 0
    for root in range(entries):
        if number[root]:
            continue
        seen += 1
        number[root] = lowest[root] = seen
        walk = [(root, -1, iter(beside[root]))]
        while walk:
            node, before, rest = walk[-1]
            following = next(rest, None)
            if following is None:
                walk.pop()
                if walk:
                    lowest[before] = min(lowest[before], lowest[node])
                    if lowest[node] >= number[before]:
                        found.add(before)
            elif not number[following]:
                seen += 1
                number[following] = lowest[following] = seen
                walk.append((following, node, iter(beside[following])))
            elif following != before:
                lowest[node] = min(lowest[node], number[following])
    return frozenset(node - entries for node in found if node >= entries)
