"""Row 46: no text makes a reader of ours work longer than its length allows."""

import signal
import subprocess
import sys

from .slow_texts import READERS, TEXTS

PROCESSOR_SECONDS = 60
"""About ten times what all texts and readers need, and a small part of what one squared length does."""


def in_a_process(what: str, seconds: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.attacks.slow_texts", what, str(seconds)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_row_46_endless_looking_texts_are_answered_within_a_small_part_of_the_processor() -> None:
    assert len(READERS) > 10
    assert len(TEXTS) > 10
    done = in_a_process("read", PROCESSOR_SECONDS)
    assert done.returncode == 0, done.stderr


def test_row_46_a_careless_pattern_would_be_stopped() -> None:
    assert in_a_process("careless", 1).returncode in (-signal.SIGXCPU, -signal.SIGKILL)
