"""The tally: how near it comes to the truth in invented worlds, and what it takes at size.

Run: python -m tests.bench.bench_tally [--seeds 40] [--only worlds|sizes] [--picture FILE.svg]

Worlds: 400 applications with a true quality of standard deviation 1, 60 reviewers, 3 reviews each, five weighted
criteria rounded to whole numbers from 1 to 5. Readers differ in severity, and each mark has its own chance, both in
units of true quality. "Precision" is how many of the 30 best by the tally are truly among the 30 best; "order" is
Spearman's correlation with the truth; each with its standard error over the seeds. Only the order of the methods should
be trusted, not the levels: the worlds are ours. The table has a bar for each precision; --picture draws both
figures with their errors.

Sizes: seconds of this process and its peak of memory, a process each.
"""

import argparse
import html
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fundapp.review.tally.certainty import certainty
from fundapp.review.tally.mixed_model import Variances, fit, solve
from fundapp.review.tally.panel import Mark, Numbers, Panel

ENTRIES, REVIEWERS, READS, FUNDED = 400, 60, 3, 30
WEIGHTS = np.array([2.0, 1.5, 1.0, 1.0, 0.5])


@dataclass(frozen=True)
class World:
    """How reviewers mark: standard deviations of severity and chance, unequal use of the scale, and carelessness."""

    severity: float
    chance: float
    stretch: float = 0.0
    careless: float = 0.0
    missing: float = 0.0


WORLDS = {
    "A untrained, mild": World(0.43, 1.0),
    "B untrained, noisy": World(0.9, 1.4),
    "C very unequal readers": World(1.3, 0.9, stretch=0.35),
    "D after a discussion": World(0.04, 0.42),
    "E as B, some careless": World(0.9, 1.4, careless=0.08, missing=0.12),
}

SIZES = {"400 x 60": (400, 60, 3), "2,972 x 1,128": (2_972, 1_128, 25), "10,000 x 1,500": (10_000, 1_500, 3)}


def drawn(world: World, seed: int) -> tuple[Panel, Numbers]:
    """Return the marks of one call in a world, and the true qualities of its entries."""
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal(ENTRIES)
    severity = rng.normal(0, world.severity, REVIEWERS)
    stretch = np.exp(rng.normal(0, world.stretch, REVIEWERS))
    is_careless = rng.random(REVIEWERS) < world.careless
    seats = np.concatenate([rng.permutation(REVIEWERS) for _ in range(ENTRIES * READS // REVIEWERS)])
    marks = {}
    for seat, reviewer in enumerate(seats):
        entry = seat % ENTRIES
        if (entry, reviewer) in marks or rng.random() < world.missing:
            continue
        felt = stretch[reviewer] * (truth[entry] + rng.normal(0, world.chance)) - severity[reviewer]
        if is_careless[reviewer]:
            felt = rng.standard_normal()
        scores = np.clip(np.round(3 + 0.8 * felt + rng.normal(0, 0.5, len(WEIGHTS))), 1, 5)
        marks[entry, reviewer] = float(scores @ WEIGHTS / WEIGHTS.sum())
    panel = Panel.of(Mark(f"{e:05}", f"{r:05}", value) for (e, r), value in marks.items())
    return panel, truth[[int(entry) for entry in panel.entries]]


def mean(panel: Panel) -> Numbers:
    return panel.means


def z_score(panel: Panel) -> Numbers:
    """Each reviewer's marks, less their mean and divided by their spread."""
    reads = np.bincount(panel.reviewer)
    own = np.bincount(panel.reviewer, panel.value) / reads
    rest = panel.value - own[panel.reviewer]
    spread = np.sqrt(np.bincount(panel.reviewer, rest**2) / reads)
    return np.asarray(np.bincount(panel.entry, rest / np.maximum(spread, 1e-9)[panel.reviewer]) / panel.reads)


def least_squares(panel: Panel) -> Numbers:
    """Both sides as they are, drawn to no middle: the model where chance is next to nothing."""
    return solve(panel, Variances(1e5, 1e5, 1.0)).scores


def model(panel: Panel) -> Numbers:
    return fit(panel).scores


METHODS: dict[str, Callable[[Panel], Numbers]] = {
    "mean": mean,
    "z-score": z_score,
    "least squares": least_squares,
    "the model": model,
}


def places_of(values: Numbers) -> Numbers:
    order = np.argsort(-values, kind="stable")
    places = np.empty(len(values))
    places[order] = np.arange(len(values))
    return places


Found = dict[str, dict[str, tuple[list[float], list[float]]]]
"""By world and method: precision and order, a number for each seed."""


def worlds(seeds: int) -> Found:
    """Print how near each method comes, as a table with a bar for each precision, and return it."""
    found: Found = {}
    for name, world in WORLDS.items():
        precision: dict[str, list[float]] = {method: [] for method in METHODS}
        order: dict[str, list[float]] = {method: [] for method in METHODS}
        for seed in range(seeds):
            panel, truth = drawn(world, seed)
            best = set(np.argsort(-truth)[:FUNDED].tolist())
            for method, scores_of in METHODS.items():
                scores = scores_of(panel)
                precision[method].append(len(best & set(np.argsort(-scores)[:FUNDED].tolist())) / FUNDED)
                order[method].append(float(np.corrcoef(places_of(truth), places_of(scores))[0, 1]))
        print(f"\n{name}\n{'':16}precision      order")
        for method in METHODS:
            one, other = told(precision[method]), told(order[method])
            print(f"{method:14}  {one}  {other}  {'█' * round(50 * statistics.mean(precision[method]))}")
        found[name] = {method: (precision[method], order[method]) for method in METHODS}
    return found


def error(values: list[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))


def told(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} ±{error(values):.3f}"


ROW, GAP, LEFT, WIDE, MIDDLE = 18, 16, 150, 300, 40
SHADES = dict(zip(METHODS, ("#b8aea4", "#8d8177", "#5d5049", "#9c3a1c"), strict=True))
"""The model stands out by its colour, and each bar has its name beside it."""


def picture(found: Found, seeds: int) -> str:
    """Return an SVG: a block for each world, a bar for each method, precision left and order right, with two errors."""
    parts, y = [], 52
    for world, methods in found.items():
        parts.append(f'<text x="8" y="{y}" font-weight="bold">{html.escape(world)}</text>')
        for method, figures in methods.items():
            y += ROW
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{html.escape(method)}</text>')
            for side, values in enumerate(figures):
                x, middle = LEFT + side * (WIDE + MIDDLE), statistics.mean(values)
                spread = 2 * error(values) * WIDE
                parts.append(
                    f'<rect x="{x}" y="{y - 6}" width="{middle * WIDE:.1f}" height="12" fill="{SHADES[method]}"/>'
                )
                begin = x + middle * WIDE - spread
                parts.append(f'<path d="M{begin:.1f} {y}h{2 * spread:.1f}" stroke="#2a211d" stroke-width="2"/>')
                parts.append(f'<text x="{x + middle * WIDE + spread + 5:.1f}" y="{y + 4}">{middle:.3f}</text>')
        y += ROW + GAP
    whole = LEFT + 2 * WIDE + 2 * MIDDLE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {y}" width="{whole}" height="{y}"'
        ' font-family="sans-serif" font-size="12" fill="#2a211d"><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{LEFT}" y="24">Share of the {FUNDED} chosen who truly are the best {FUNDED}</text>'
        f'<text x="{LEFT + WIDE + MIDDLE}" y="24">Correlation of the order with the true one</text>'
        f'<text x="8" y="{y - 6}">{seeds} invented calls a world; lines are two standard errors to each side</text>'
        + "".join(parts)
        + "</svg>\n"
    )


def size(name: str) -> None:
    """Print what one size takes."""
    entries, reviewers, reads = SIZES[name]
    rng = np.random.default_rng(0)
    truth, kind = rng.standard_normal(entries), rng.normal(0, 0.5, reviewers)
    marks = [
        Mark(f"{e:05}", f"{r:05}", float(truth[e] + kind[r] + rng.standard_normal()))
        for e in range(entries)
        for r in rng.choice(reviewers, reads, replace=False)
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    begun = time.process_time()
    fitted = fit(Panel.of(marks))
    fitted_after = time.process_time()
    certainty(fitted, places={0: 30})
    done = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{name:>15}  {len(marks):>7,} marks  model {fitted_after - begun:6.2f} s  draws {done - fitted_after:6.2f} s"
        f"  memory {before} -> {peak} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--only", choices=["worlds", "sizes", *SIZES])
    parser.add_argument("--picture", type=Path, help="where the picture of the worlds goes, as SVG")
    options = parser.parse_args()
    if options.only in SIZES:
        size(options.only)
        return
    if options.only != "sizes":
        found = worlds(options.seeds)
        if options.picture:
            options.picture.write_text(picture(found, options.seeds), encoding="utf-8")
    if options.only != "worlds":
        print("\nSeconds of processor time:", flush=True)
        for name in SIZES:
            subprocess.run([sys.executable, "-m", "tests.bench.bench_tally", "--only", name], check=True)


if __name__ == "__main__":
    main()
