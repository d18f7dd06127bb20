"""The demo's children live exactly as long as the demo: on Ctrl-C, when one dies, when the demo is killed."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from fundapp.demo.processes import ChildEnded, Children, StopAsked

# A demo of two children; the first starts a process of its own in another session, as a worker does for its job.
DEMO = """
import sys
from pathlib import Path
from fundapp.demo import processes
folder, phase = Path(sys.argv[1]), sys.argv[2]
processes.SETTLED_SECONDS = 600 if phase == "fragile" else 0
processes.STOP_SECONDS = 0.5
try:
    with processes.Children(folder, {"PATH": "/usr/bin:/bin"}, lambda text: print(text, flush=True)) as children:
        worker = children.start("worker", [
            sys.executable, "-u", "-c",
            "import subprocess, sys, time;"
            "job = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True);"
            "print(job.pid); time.sleep(600)",
        ])
        deaf = children.start("deaf", [
            sys.executable, "-u", "-c",
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)",
        ])
        children.wait_until(lambda: worker.log.read_text().endswith("\\n") and deaf.log.read_text() == "deaf\\n", 30)
        print(worker.process.pid, deaf.process.pid, int(worker.log.read_text()), flush=True)
        if phase == "starting":
            children.wait_until(lambda: False, 600)
        children.watch()
except processes.StopAsked as asked:
    print(asked.signal.name, flush=True)
"""


@pytest.fixture(params=["watching"])
def demo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", DEMO, str(tmp_path), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process
        process.terminate()


def next_line(output: IO[str] | None) -> str:
    assert output is not None
    return output.readline()


def pids_of(process: subprocess.Popen[str]) -> list[int]:
    """Worker, deaf child, and the job that the worker started."""
    return [int(word) for word in next_line(process.stdout).split()]


def ended(pid: int) -> bool:
    """Whether the process is gone, waiting for it through its own handle and not on a clock."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 30)[0])
    finally:
        os.close(handle)


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("demo", "how"),
    [
        ("watching", signal.SIGINT),
        ("watching", signal.SIGTERM),
        ("watching", signal.SIGHUP),
        ("starting", signal.SIGINT),
        ("starting", signal.SIGTERM),
    ],
    indirect=["demo"],
)
def test_signal_stops_every_child_and_what_it_started(demo: subprocess.Popen[str], how: signal.Signals) -> None:
    pids = pids_of(demo)
    assert all(running(pid) for pid in pids)
    demo.send_signal(how)
    rest, _ = demo.communicate(timeout=60)
    assert rest.splitlines()[-1] == how.name
    assert demo.returncode == 0
    assert [pid for pid in pids if running(pid)] == []


def test_child_that_dies_is_named_and_started_again(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    worker, deaf, job = pids_of(demo)
    os.kill(worker, signal.SIGKILL)
    said = next_line(demo.stdout)
    assert f"worker (process {worker}) was ended by SIGKILL" in said
    assert str(tmp_path / "worker.log") in said
    assert running(deaf)
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)
    second_job = int((tmp_path / "worker.log").read_text().split()[-1])
    assert [pid for pid in (worker, deaf, job, second_job) if running(pid)] == []


def test_signal_in_the_middle_of_a_start_is_heard_right_after(tmp_path: Path) -> None:
    """Python drops what is raised inside the hooks it runs around a fork; there, a signal must not raise."""
    armed = True

    def interrupt() -> None:
        nonlocal armed
        if armed:
            armed = False
            os.kill(os.getpid(), signal.SIGINT)

    os.register_at_fork(after_in_parent=interrupt)
    with Children(tmp_path, {}) as children, pytest.raises(StopAsked):
        children.start("web", [sys.executable, "-c", "import time; time.sleep(600)"])
    assert not armed


@pytest.mark.parametrize("demo", ["fragile"], indirect=True)
def test_child_that_dies_at_once_stops_everything(demo: subprocess.Popen[str]) -> None:
    worker, deaf, job = pids_of(demo)
    os.kill(worker, signal.SIGKILL)
    rest, _ = demo.communicate(timeout=60)
    assert "ChildEnded: worker" in rest
    assert demo.returncode != 0
    assert [pid for pid in (worker, deaf, job) if running(pid)] == []


def test_killed_demo_takes_its_children_along(demo: subprocess.Popen[str]) -> None:
    worker, deaf, job = pids_of(demo)
    demo.kill()
    demo.wait()
    try:
        assert ended(worker)
    finally:
        for pid in (deaf, job):  # one does not hear it, the other is not a child of the demo: a kernel cannot ask them
            os.kill(pid, signal.SIGKILL)


def test_waiting_for_a_child_that_ended_tells_its_code(tmp_path: Path) -> None:
    with Children(tmp_path, {}) as children:
        children.start("web", [sys.executable, "-c", "raise SystemExit(3)"])
        with pytest.raises(ChildEnded, match=r"web .* ended with code 3"):
            children.wait_until(lambda: False, 30)
