"""Files on a line that breaks: what has arrived stays there, and the rest follows."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from ..sample_files import PDF
from . import applicants
from .calls import load_open_call
from .service import Service
from .visitor import Meet, Variant, Visitor

expect.set_options(timeout=30_000)
SLUG = "uploading"
PARTS = 4
ONLINE = [Variant("360-parts", 360, scripts=True)]


@pytest.fixture(scope="module")
def call(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One open call for this module."""
    load_open_call(service, tmp_path_factory.mktemp("calls") / SLUG, SLUG)
    return SLUG


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    """A budget of several parts."""
    file = tmp_path / "budget (sample).pdf"
    file.write_bytes(PDF.ljust(PARTS * 256 * 1024 - 1000, b"\n"))
    return file


@pytest.fixture
def writer(call: str, meet: Meet) -> Visitor:
    """Somebody with a draft, who has seen its first page already, on the page with a file field."""
    writer = meet("Zola Sample")
    applicants.start_by_mail(writer, call)
    writer.follow("About your group")
    writer.press("Save and see all parts")
    writer.follow("Money")
    return writer


def status(page: Page) -> Locator:
    return page.locator("[data-part=upload]")


@pytest.mark.parametrize("variant", ONLINE, ids=lambda each: each.name)
def test_file_goes_up_in_parts_and_a_lost_part_is_sent_again(variant: Variant, writer: Visitor, budget: Path) -> None:
    page, sent = writer.page, []

    def lose_the_second(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/uploads/*", lose_the_second)
    page.locator("input[type=file]").set_input_files(budget)
    expect(status(page)).to_contain_text("There is no connection.")
    expect(status(page)).to_have_text("Kept: budget (sample).pdf")
    assert len(sent) == PARTS + 1
    assert page.locator("input[type=file]").input_value() == "", "the form does not carry it once more"
    writer.look(weighed=False)
    page.reload()
    writer.sees("budget (sample).pdf")


@pytest.mark.parametrize("variant", [Variant("1280-parts", 1280, scripts=True)], ids=lambda each: each.name)
def test_same_file_chosen_again_after_a_reload_goes_on_where_it_stopped(
    variant: Variant, writer: Visitor, budget: Path
) -> None:
    page, sent = writer.page, []

    def two_parts_only(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) > 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/uploads/*", two_parts_only)
    page.locator("input[type=file]").set_input_files(budget)
    expect(status(page)).to_contain_text("There is no connection.")
    page.unroute_all()
    page.reload()
    again = []
    page.on("request", lambda request: again.append(request.url) if "/uploads/" in request.url else None)
    page.locator("input[type=file]").set_input_files(budget)
    expect(status(page)).to_have_text("Kept: budget (sample).pdf")
    assert len(again) == PARTS - 2


@pytest.mark.parametrize("variant", [Variant("360-refused", 360, scripts=True)], ids=lambda each: each.name)
def test_file_that_cannot_be_taken_is_said_beside_its_field(variant: Variant, writer: Visitor, tmp_path: Path) -> None:
    page_file = tmp_path / "page (sample).pdf"
    page_file.write_bytes(b"<html><script>alert(1)</script></html>")
    writer.page.locator("input[type=file]").set_input_files(page_file)
    expect(status(writer.page)).to_contain_text("Print it as a PDF, and choose that.")
    writer.look(weighed=False)


@pytest.mark.parametrize("variant", [Variant("1280-waits", 1280, scripts=True)], ids=lambda each: each.name)
def test_form_waits_for_its_file_and_is_sent_once(variant: Variant, writer: Visitor, budget: Path) -> None:
    page = writer.page
    held: list[Route] = []
    page.route("**/uploads/*", lambda route: held.append(route) if not held else route.continue_())
    page.locator("input[type=file]").set_input_files(budget)
    expect(status(page)).to_contain_text("Sending the file")
    address = page.url
    page.get_by_role("button", name="Save and see all parts").click()
    assert page.url == address
    held[0].continue_()
    page.wait_for_url(lambda url: url != address)
    page.goto(address)
    writer.sees("budget (sample).pdf")
