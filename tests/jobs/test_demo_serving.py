"""The demo that people visit: it serves, lets its people in, keeps what they did, and leaves nothing running."""

import os
import re
import select
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import pytest


@dataclass
class Demo:
    """A running demo, and what it printed when it was ready."""

    process: subprocess.Popen[str]
    said: str

    @property
    def address(self) -> str:
        return self.found(r"First page after [\d.]+ s: (\S+)")

    def sign_in_of(self, role: str) -> tuple[str, str]:
        """Address and password, or address and link."""
        line = self.found(rf"^  ({role} .*)$")
        _, email, how = line.split()
        return email, how

    def code_of(self, role: str, number: int = 0) -> str:
        """A code for the second step of somebody who works for the fund."""
        return self.found(rf"^  code of {role} +(.*)$").split()[number]

    def found(self, pattern: str) -> str:
        match = re.search(pattern, self.said, re.MULTILINE)
        assert match, self.said
        return match[1]


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    servers = ("DATABASE_URL", "REDIS_URL", "MAIL_URL")
    environment = {name: value for name, value in os.environ.items() if name not in servers}
    command = [sys.executable, "-m", "fundapp.demo", "--folder", str(folder)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        try:
            yield Demo(process, said)
        finally:
            process.send_signal(signal.SIGINT)


class Visitor:
    """Somebody at a browser, as far as forms and cookies go."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        with self._browser.open(urllib.parse.urljoin(self._address, path)) as answer:
            assert answer.status == 200
            assert answer.headers.get_all("Server") == ["gunicorn"]  # and not which version of it
            page: str = answer.read().decode()
        return page

    def post(self, path: str, page: str, **fields: str) -> str:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, page
        data = urllib.parse.urlencode({"csrf_token": token[1], **fields}).encode()
        with self._browser.open(urllib.parse.urljoin(self._address, path), data) as answer:
            shown: str = answer.read().decode()
        return shown


def processes_of(demo: Demo) -> dict[int, str]:
    """What the demo started, and what that started in turn, by process id; the values are their command lines."""
    parents = {}
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
    found: list[int] = [demo.process.pid]
    for pid in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == pid]
    return {pid: Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in found[1:]}


def assert_whole(started: dict[int, str]) -> None:
    """Queue, pages (gunicorn and its process), two workers, reconciler."""
    for part, number in (("queue.sock", 1), ("gunicorn", 2), ("fundapp worker", 2), ("fundapp reconcile", 1)):
        assert sum(part in command for command in started.values()) == number, started


def wait_for_the_end_of(pids: Iterable[int]) -> None:
    """Wait through the processes' own handles, not on a clock."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            assert select.select([handle], [], [], 60)[0], f"process {pid} goes on"
        finally:
            os.close(handle)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests here: samples are loaded once, later starts find them."""
    return tmp_path_factory.mktemp("demo")


def test_demo_serves_and_its_people_sign_in(folder: Path) -> None:
    with running_demo(folder) as demo:
        assert "GRASSROOTS" in Visitor(demo.address).get("/").upper()
        for role, path, sight in (
            ("manager", "/manage/gjf-2020", "COVID-19 Grassroots Justice Fund"),
            ("reviewer", "/reviews", "GJF-2020-"),
            ("ratifier", "/home", "Ramón Sample"),
            ("auditor", "/manage/gjf-2020/selection", "GJF-2020-"),
            ("administrator", "/admin/people", "Mira Sample"),
        ):
            email, password = demo.sign_in_of(role)
            visitor = Visitor(demo.address)
            shown = visitor.post("/sign-in", visitor.get("/sign-in"), email=email, password=password)
            assert "csrf_token" in shown
            if role == "reviewer":
                assert "One more step" not in shown
            else:
                assert "One more step" in shown
                visitor.post("/sign-in/second-step", shown, proof_code=demo.code_of(role))
            assert sight in visitor.get(path), role
        email, link = demo.sign_in_of("applicant")
        visitor = Visitor(demo.address)
        assert link.startswith(demo.address)
        visitor.post(link, visitor.get(link))
        assert "GJF-2020-0001" in visitor.get("/applications")
        started = processes_of(demo)
        assert_whole(started)
        demo.process.send_signal(signal.SIGINT)
        rest, _ = demo.process.communicate(timeout=60)
    assert "Stopped by SIGINT; nothing is left running." in rest
    assert demo.process.returncode == 0
    assert [command for pid, command in started.items() if Path(f"/proc/{pid}").exists()] == []


def test_second_start_changes_nothing_and_a_dead_worker_is_replaced(folder: Path) -> None:
    with running_demo(folder) as demo:
        email, password = demo.sign_in_of("manager")
        assert email == "manager@fund.example"
        visitor = Visitor(demo.address)
        shown = visitor.post("/sign-in", visitor.get("/sign-in"), email=email, password=password)
        visitor.post("/sign-in/second-step", shown, proof_code=demo.code_of("manager", 2))
        assert "GJF-2020-0069" not in visitor.get("/manage/gjf-2020/applications")
        worker = next(pid for pid, command in processes_of(demo).items() if command.endswith("fundapp worker "))
        os.kill(worker, signal.SIGKILL)
        assert demo.process.stdout is not None
        assert f"(process {worker}) was ended by SIGKILL" in demo.process.stdout.readline()


def test_killed_demo_leaves_nothing_behind(folder: Path) -> None:
    with running_demo(folder) as demo:
        started = processes_of(demo)
        assert_whole(started)
        demo.process.kill()
        demo.process.wait()
        wait_for_the_end_of(started)
