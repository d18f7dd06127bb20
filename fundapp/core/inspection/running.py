"""The parent's side: hand a file to a child process, and read what it says."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fundapp.core.inspection.limits import WAIT_SECONDS
from fundapp.core.inspection.reasons import Refused, Why

_CHILD: Final = Path(__file__).with_name("__main__.py")


@dataclass(frozen=True)
class Cleaned:
    """A copy without metadata, which may be of another kind than the file."""

    content_type: str
    data: bytes


def examine(data: bytes) -> str:
    """Return the media type of a file by its content. Raises Refused."""
    return _ask("examine", data).content_type


def clean(data: bytes) -> Cleaned:
    """Return a copy of a file without metadata. Raises Refused."""
    return _ask("clean", data)


def _ask(what: str, data: bytes) -> Cleaned:
    try:
        child = subprocess.run(  # noqa: S603 - this very Python, with fixed arguments
            [sys.executable, "-I", str(_CHILD), what],
            input=data,
            capture_output=True,
            env={},
            cwd="/",
            timeout=WAIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(Why.TOO_MUCH) from error
    if child.returncode != 0:  # it broke a limit, or its reader broke
        raise Refused(Why.TOO_MUCH if child.returncode < 0 else Why.BROKEN)
    head, _line, copy = child.stdout.partition(b"\n")
    answer = json.loads(head)
    if "refused" in answer:
        raise Refused(Why(answer["refused"]))
    return Cleaned(answer["content_type"], copy)
