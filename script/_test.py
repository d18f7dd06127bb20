"""Check and test everything, or single groups.

  script/test                        every group, two at a time
  script/test unit browser           only these groups
  script/test unit -k money -x       what follows the groups goes to pytest

Each group prints one line; the output of a group that failed follows it. A group fails when a test in it
fails, when it ran no test, and when it skipped one. Output and results are kept in var/test/.

Some tests compare with what others published: REAL_DIR and STANDARDS_DIR name the folders of data and of files of
standards; by default shared/real and shared/standards beside this checkout, where they exist. Without them those tests
are named as not checked.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "var" / "test"
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "imports": ["lint-imports"],
    "catalogues": ["python", "script/_catalogues.py", "check"],
}


class TestGroup(NamedTuple):
    folders: list[str]
    environment: dict[str, str]


TESTS: dict[str, TestGroup] = {
    "unit": TestGroup(["unit"], {}),
    "sqlite": TestGroup(["integration", "attacks"], {"TEST_DATABASE": "sqlite"}),
    "postgresql": TestGroup(["integration", "attacks"], {"TEST_DATABASE": "postgresql"}),
    "jobs": TestGroup(["jobs"], {}),
    "migrations": TestGroup(["migrations"], {}),
    "browser": TestGroup(["browser"], {}),
    "odk": TestGroup(["odk"], {"TZ": "UTC"}),
}

# Groups share nothing but the code, so two run side by side; the longest begin first, so that both lanes end together.
LANES = 2
LONGEST_FIRST = ["jobs", "browser", "postgresql", "sqlite", "odk", "unit", "migrations", *CHECKS]

# Where what others published may stand, unless a variable says so.
PUBLISHED = {"REAL_DIR": "real", "STANDARDS_DIR": "standards"}

# What a person set for their own fundapp must never be what the tests write to.
NOT_FOR_TESTS = (
    *("DATABASE_URL", "REDIS_URL", "MAIL_URL", "DATA_DIR", "KEYS_DIR", "SECRET_KEY", "BASE_URL"),
    *("HOSTS", "TRUSTED_PROXIES", "INSECURE_COOKIES", "MAIL_FROM", "PAYEE_COOLING_HOURS"),
)


class Counts(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Result(NamedTuple):
    group: str
    succeeded: bool
    counts: Counts
    log: Path
    seconds: float


def main(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] in ("-h", "--help"):
        print(f"{__doc__}\nGroups: {' '.join([*CHECKS, *TESTS])}")
        return 0
    groups = []
    for argument in arguments:
        if argument not in CHECKS and argument not in TESTS:
            break
        groups.append(argument)
    extra = arguments[len(groups) :]
    if extra and not extra[0].startswith(("-", "tests/")):
        print(f"There is no group {extra[0]!r}. Groups: {' '.join([*CHECKS, *TESTS])}", file=sys.stderr)
        return 2
    OUTPUT.mkdir(parents=True, exist_ok=True)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    for name in NOT_FOR_TESTS:
        os.environ.pop(name, None)
    for name, folder in PUBLISHED.items():
        if (path := ROOT.parent / "shared" / folder).is_dir():
            os.environ.setdefault(name, str(path))

    total = Counts()
    good = True
    with ThreadPoolExecutor(max_workers=LANES) as lanes:
        running = [lanes.submit(run_group, group, extra) for group in groups or LONGEST_FIRST]
        for done in as_completed(running):
            result = done.result()
            good = good and result.succeeded
            total = total.plus(result.counts)
            outcome = "ok" if result.succeeded else "FAILED"
            print(f"{result.group:<12}{outcome:<8}{result.counts}  {result.seconds:.1f} s", flush=True)
            if not result.succeeded:
                print(result.log.read_text(errors="replace"), flush=True)
    print(total)
    return 0 if good else 1


def run_group(group: str, extra: Sequence[str]) -> Result:
    """Run one group in this lane."""
    begun = time.monotonic()
    succeeded, counts, log = run_check(group) if group in CHECKS else run_tests(group, extra)
    return Result(group, succeeded, counts, log, time.monotonic() - begun)


def run_check(name: str) -> tuple[bool, Counts, Path]:
    """Run one check; it counts as one test."""
    code, log = run(name, CHECKS[name], {})
    return code == 0, Counts(passed=int(code == 0), failed=int(code != 0)), log


def run_tests(name: str, extra: Sequence[str]) -> tuple[bool, Counts, Path]:
    """Run the tests of one group and count them from pytest's own report."""
    report = OUTPUT / f"{name}.xml"
    report.unlink(missing_ok=True)
    folders = [f"tests/{folder}" for folder in TESTS[name].folders]
    command = ["pytest", "-q", f"--junitxml={report}", *folders, *extra]
    code, log = run(name, command, TESTS[name].environment)
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("NOT CHECKED"):
            print(line, flush=True)
    counts = count(report) if report.exists() else Counts()
    if counts == Counts():
        with log.open("a") as file:
            file.write(f"\nThe group {name} ran no test.\n")
        counts = Counts(failed=1)
    return code == 0 and not counts.failed and not counts.skipped, counts, log


def count(report: Path) -> Counts:
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314 - pytest wrote it a moment ago

    def number(name: str) -> int:
        return sum(int(suite.get(name, "0")) for suite in suites)

    failed, skipped = number("failures") + number("errors"), number("skipped")
    return Counts(number("tests") - failed - skipped, failed, skipped)


def run(name: str, command: Sequence[str], environment: dict[str, str]) -> tuple[int, Path]:
    log = OUTPUT / f"{name}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode, log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
