"""ODK's own engine: its packages are installed beside the tests, as the lock file says."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALLED = HERE / "node_modules" / ".package-lock.json"


@pytest.fixture(scope="session", autouse=True)
def packages() -> None:
    """Install the packages, unless they are there; say plainly what is missing."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        pytest.exit(
            f"{' and '.join(missing)}: not installed. ODK's engine runs under Node.js 20 or later.", returncode=3
        )
    lock = HERE / "package-lock.json"
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True, timeout=300)
