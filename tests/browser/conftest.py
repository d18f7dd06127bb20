"""Browser tests: Debian's Chromium, which can reach nothing but this machine, and the whole service running."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from .service import Service, running_service
from .visitor import FIRST_BYTES, LATER_BYTES, Album, Meet, Variant, Visitor, weights

PICTURES = Path(__file__).parents[2] / "var" / "test" / "pictures"
HEIGHTS = {360: 740, 1280: 900}
PATIENCE_MILLISECONDS = 30_000


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the system's Chromium, for which no names but this machine's exist."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed (apt-get install chromium)"
    return {
        **browser_type_launch_args,
        "executable_path": program,
        "args": [
            *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        ],
    }


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One running service for all browser tests; each test has calls and people of its own."""
    with running_service(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(scope="session")
def base_url(service: Service) -> str:
    """The address that pytest-playwright gives to its own fixtures."""
    return service.address


@pytest.fixture
def meet(service: Service, new_context: Callable[..., BrowserContext], variant: Variant) -> Iterator[Meet]:
    """Return a function that seats people at browsers as the variant says; their addresses are of this test alone."""
    album = Album(PICTURES / variant.name)
    met: list[Visitor] = []

    def window(scripts: bool) -> BrowserContext:
        context = new_context(
            viewport={"width": variant.width, "height": HEIGHTS[variant.width]},
            java_script_enabled=scripts,
            locale=variant.language,
            timezone_id="UTC",
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        return context

    def seat(name: str) -> Visitor:
        visitor = Visitor(
            name,
            f"{variant.name}-{len(met) + 1}@sample.example",
            service=service,
            context=window(variant.scripts),
            mirror=None if variant.scripts else window(True),
            variant=variant,
            album=album,
        )
        met.append(visitor)
        return visitor

    yield seat
    for visitor in met:
        visitor.check_untroubled()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what pages took of the line, the heaviest first."""
    if weights:
        terminalreporter.section(f"bytes over the wire (limits: {FIRST_BYTES} first, {LATER_BYTES} later)")
        for address, taken in sorted(weights.items(), key=lambda each: -max(each[1])):
            terminalreporter.line(f"{max(taken):>7} most {min(taken):>7} least {len(taken):>4} times  {address}")
