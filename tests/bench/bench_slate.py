"""Proposals within a budget at two sizes: seconds of this process and memory, beside another implementation's.

Run: python -m tests.bench.bench_slate [--only small|large]

Calls are invented: 8 regions and 10 themes (up to three of each entry) with tight minima and maxima of money, with and
without four pots; the budget is 9 % of what is asked. The right column is what an independent prototype with the same
solver took over such calls on two cores.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

from fundapp.review.slate import Ask, Measure, Pot, Rule, Terms, propose

SIZES = {
    "small": (400, ("0.03-0.46 s", "0.05-0.84 s")),
    "large": (10_000, ("3.0-10.5 s", "2.8-13.2 s, peak 281 MB")),
}
REGIONS, THEMES, POTS = 8, 10, 4


def made(number: int, seed: int, *, with_pots: bool) -> tuple[list[Ask], Terms]:
    """Return an invented call and its terms."""
    rng = np.random.default_rng(seed)
    asks = []
    for n in range(number):
        themes = rng.choice(THEMES, rng.integers(1, 4), replace=False)
        may_pay = frozenset({"pot 0", *(f"pot {p}" for p in rng.choice(POTS, 2))}) if with_pots else None
        groups = frozenset({f"region {rng.integers(REGIONS)}", *(f"theme {t}" for t in themes)})
        amount = int(rng.integers(5_000, 50_000)) * 100
        asks.append(Ask(f"{n:05}", float(rng.normal(3, 1)), amount, groups, may_pay))
    budget = int(0.09 * sum(ask.amount_minor for ask in asks))
    rules = [
        Rule(f"region {n}", f"region {n}", Measure.MONEY, least=budget // 10, most=budget // 5) for n in range(REGIONS)
    ]
    rules += [
        Rule(f"theme {n}", f"theme {n}", Measure.MONEY, least=budget // 8, most=budget // 3) for n in range(THEMES)
    ]
    pots = tuple(Pot(f"pot {n}", budget // POTS) for n in range(POTS)) if with_pots else ()
    return asks, Terms(budget, rules=tuple(rules), pots=pots)


def run(name: str) -> None:
    number, known = SIZES[name]
    for with_pots in (False, True):
        seconds = []
        for seed in range(3):
            asks, terms = made(number, seed, with_pots=with_pots)
            begun = time.process_time()
            found = propose(asks, terms)
            seconds.append(time.process_time() - begun)
            assert found is not None
            list_of_it = f"{len(found.awarded)} awards, {len(found.short)} minima missed"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        kind = " with pots" if with_pots else ""
        took = f"{min(seconds):.2f}-{max(seconds):.2f} s  (prototype {known[with_pots]})"
        print(f"{number:>6,} entries{kind:10}  {took}  peak {peak} MB  {list_of_it}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(SIZES))
    options = parser.parse_args()
    if options.only:
        run(options.only)
        return
    for name in SIZES:
        subprocess.run([sys.executable, "-m", "tests.bench.bench_slate", "--only", name], check=True)


if __name__ == "__main__":
    main()
