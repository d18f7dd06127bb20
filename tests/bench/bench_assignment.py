"""Plans of who reads what at three sizes: seconds and memory, beside what another implementation took.

Run: python -m tests.bench.bench_assignment [--only small|medium|large] [--fair]

Each size runs in a process of its own, so that the peak of its memory is its own. The calls are invented: languages,
regions, themes, one pair in twenty in conflict, three seats of each entry, four reviewers in ten with experience. The
table of the right columns was measured on two cores with the same solver and pruning by an independent prototype over
calls of the same sizes with about as many possible pairs, all of its levels switched on; the ratio is our CPU time to
its seconds: both are one thread, and other programs on the machine lengthen the wall clock more. A
plan whose cost is not its bound ends the bench with status 1. Nothing else is asserted.
"""

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np

from fundapp.review.assignment.programme import Instance, solve


@dataclass(frozen=True)
class Size:
    """A call, and what the prototype took for it."""

    entries: int
    reviewers: int
    most: int
    known_seconds: float
    known_mb: int


SIZES = {
    "small": Size(300, 60, 20, 0.15, 60),
    "medium": Size(2_400, 400, 24, 2.5, 130),
    "large": Size(10_000, 1_500, 27, 20.6, 753),
}
"""Source: docs/adr/0024-one-programme-for-assignment.md."""
SHARE_OF_LANGUAGES = (0.5, 0.25, 0.15, 0.1)


def made(size: Size, seed: int = 0) -> Instance:
    """Return an invented call of a size."""
    rng = np.random.default_rng(seed)
    entries, reviewers = size.entries, size.reviewers
    written = rng.choice(4, entries, p=SHARE_OF_LANGUAGES)
    read = rng.random((reviewers, 4)) < 0.12
    read[np.arange(reviewers), rng.choice(4, reviewers, p=SHARE_OF_LANGUAGES)] = True
    possible = read[:, written].T & (rng.random((entries, reviewers), dtype=np.float32) > 0.05)
    themes, known = (rng.random((count, 10)) < share for count, share in ((entries, 0.2), (reviewers, 0.3)))
    shared = themes.astype(np.int16) @ known.T.astype(np.int16)
    points = 450 * shared // np.maximum(1, themes.sum(axis=1, dtype=np.int16))[:, None]
    points += 450 * (rng.integers(0, 8, entries)[:, None] == rng.integers(0, 8, reviewers)[None, :])
    points += rng.integers(0, 20, (entries, reviewers), dtype=np.int16)
    return Instance(
        seats=np.full(entries, 3),
        room=np.full(reviewers, size.most),
        taken=np.zeros(reviewers, dtype=np.int64),
        possible=possible,
        kept=np.zeros((entries, reviewers), dtype=np.bool_),
        needs_experience=np.ones(entries, dtype=np.bool_),
        is_experienced=rng.random(reviewers) < 0.4,
        points=points.astype(np.int16),
    )


def peak_mb() -> int:
    """Return the most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(name: str, *, is_fair: bool) -> bool:
    """Measure one size in this process and print its line; return whether the plan was proved to be the best one."""
    size = SIZES[name]
    question = made(size)
    base = peak_mb()
    start, worked = time.perf_counter(), time.process_time()
    plan = solve(question, is_fair=is_fair)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    loads = np.bincount(plan.pairs[:, 1], minlength=size.reviewers)
    fits = question.points[plan.pairs[:, 0], plan.pairs[:, 1]]
    print(
        f"{size.entries:6} x {size.reviewers:5} {int(question.possible.sum()):10} {plan.programme_pairs:9}"
        f" {plan.rounds:6} {seconds:8.2f} {worked:8.2f} {size.known_seconds:7.2f} {worked / size.known_seconds:6.2f}"
        f" {peak_mb():6} {base:6} {size.known_mb:6} {peak_mb() / size.known_mb:6.2f}"
        f" {3 * size.entries - len(plan.pairs):6} {loads.min():4}-{loads.max():<3} {fits.mean():7.1f} {fits.min():6}"
        f" {plan.cost - plan.bound:4}",
        flush=True,
    )
    return plan.cost == plan.bound


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(SIZES))
    parser.add_argument("--fair", action="store_true", help="see to the worst fit first: several programmes in a row")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        sys.exit(not run(chosen.only, is_fair=chosen.fair))
    print(
        f"{'call':>14} {'pairs':>10} {'in prog.':>9} {'rounds':>6} {'seconds':>8} {'CPU':>8} {'known':>7} {'ratio':>6}"
        f" {'MB':>6} {'before':>6} {'known':>6} {'ratio':>6} {'empty':>6} {'loads':>8}"
        f" {'fit':>7} {'worst':>6} {'gap':>4}"
    )
    again = ["--here", *(["--fair"] if chosen.fair else [])]
    failed = [
        name
        for name in ([chosen.only] if chosen.only else SIZES)
        if subprocess.run([sys.executable, "-m", __spec__.name, "--only", name, *again], check=False).returncode
    ]
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
