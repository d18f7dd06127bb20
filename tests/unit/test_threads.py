"""Arithmetic runs in one thread in every process, unless an operator says otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

WATCH = """
import importlib, os, sys
class Watch:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "numpy":
            print(os.environ.get("OPENBLAS_NUM_THREADS"))
sys.meta_path.insert(0, Watch)
importlib.import_module(sys.argv[1])
"""
"""Says how many threads are set at the moment at which NumPy is first asked for."""


def threads_when_numpy_comes(module: str, **settings: str) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    child = subprocess.run(
        [sys.executable, "-c", WATCH, module],
        cwd=ROOT,
        env=environment | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return child.stdout.split()


@pytest.mark.parametrize("module", ["fundapp", "fundapp.cli", "fundapp.worker", "tests.bench.bench_tally"])
def test_a_fresh_process_has_one_thread_before_numpy_is_imported(module):
    assert threads_when_numpy_comes(module) == ["1"]


def test_what_an_operator_set_stays():
    assert threads_when_numpy_comes("fundapp", OPENBLAS_NUM_THREADS="3") == ["3"]
