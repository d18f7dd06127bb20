"""Set up what is missing for `demo`, `test` or `catalogues`, then run it. Standard library only.

Everything goes into .venv of this checkout; a stamp there tells the next start that nothing is to be done.
System packages are installed only by root on a system with apt; anyone else is told the line to run.
"""

import ctypes
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "fundapp-setup.json"
TRANSLATIONS = ROOT / "fundapp" / "translations"

PIP = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"  # holds all of RUN_LOCK, in the same versions


class Need(NamedTuple):
    package: str  # Debian's name
    present: Callable[[], bool]


def library(name: str) -> Callable[[], bool]:
    def present() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return present


def program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


RUN_NEEDS = [
    Need("libpangoft2-1.0-0", library("libpangoft2-1.0.so.0")),
    Need("libharfbuzz-subset0", library("libharfbuzz-subset.so.0")),
    Need("fonts-noto-core", Path("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").exists),
    Need("fonts-noto-cjk", Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists),
    Need("fonts-symbola", Path("/usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf").exists),
]
DEV_NEEDS = [
    *RUN_NEEDS,
    Need("postgresql", lambda: bool(shutil.which("initdb") or [*Path("/usr/lib/postgresql").glob("*/bin/initdb")])),
    Need("redis-server", program("redis-server")),
    Need("chromium", program("chromium")),
    Need("poppler-utils", program("pdftotext")),
    Need("clamav-daemon", Path("/usr/sbin/clamd").exists),
    Need("default-jre-headless", program("java")),
    Need("libjaxb-java", Path("/usr/share/java/jaxb-runtime.jar").exists),
]


def main(task: str, arguments: Sequence[str]) -> NoReturn:
    started = time.time()
    if "-h" not in arguments and "--help" not in arguments:
        install_system_packages(DEV_NEEDS if task == "test" else RUN_NEEDS)
    install_python_packages(RUN_LOCK if task == "demo" else DEV_LOCK)
    compile_catalogues()
    command = {
        "demo": ["-m", "fundapp.demo"],
        "test": [str(ROOT / "script" / "_test.py")],
        "catalogues": [str(ROOT / "script" / "_catalogues.py")],
    }[task]
    os.environ["FUNDAPP_DEMO_STARTED"] = str(started)
    os.execv(PYTHON, [str(PYTHON), *command, *arguments])  # noqa: S606 - replaces this process, no shell


def install_system_packages(needs: Sequence[Need]) -> None:
    missing = [need.package for need in needs if not need.present()]
    if not missing:
        return
    install = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing system packages: {' '.join(missing)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update", install):
            run(command.split(), environment)
        missing = [need.package for need in needs if not need.present()]
        if missing:
            sys.exit(f"These packages were installed, but what they bring was not found: {' '.join(missing)}")
        return
    sys.exit(
        "fundapp needs some system packages. On Debian 12 run this line as root, then start again:\n"
        f"    apt-get update && {install}"
    )


def install_python_packages(lock: Path) -> None:
    """Install `lock` and fundapp itself into .venv, unless the stamp says that exactly this was done."""
    wanted = {path.name: digest(path, ROOT / "pyproject.toml") for path in {RUN_LOCK, lock}}
    done = read_stamp()
    if done.get("python") == platform.python_version() and wanted.items() <= done.items():
        return
    begun = time.monotonic()
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if not inside or done.get("python", platform.python_version()) != platform.python_version():
        say("Making the environment .venv")
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    say(f"Installing the packages of {lock.name}")
    STAMP.unlink(missing_ok=True)
    install_lock(lock)
    run([*PIP, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    run([str(PYTHON), "-m", "compileall", "-q", str(ROOT / "fundapp")])
    STAMP.write_text(json.dumps({"python": platform.python_version(), **wanted}))
    say(f"Done in {time.monotonic() - begun:.0f} s")


def install_lock(lock: Path) -> None:
    """Install exactly the versions and hashes of `lock`: with uv if it is here and works, else with pip."""
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "--compile-bytecode"]
        if subprocess.run([*command, "--requirement", str(lock)], check=False).returncode == 0:
            return
        say("uv could not do it; trying pip")
    run([*PIP, "--require-hashes", "--requirement", str(lock)])


def compile_catalogues() -> None:
    """Compile the message catalogues whose source is newer."""
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            run([str(VENV / "bin" / "pybabel"), "-q", "compile", "-i", str(source), "-o", str(compiled)])


def read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> None:
    """Run `command` quietly; if it fails, show what it said and stop."""
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
        sys.exit(f"This failed with code {done.returncode}: {' '.join(command)}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except KeyboardInterrupt:
        sys.exit("Stopped during set-up; starting again goes on with it.")
