"""Writing on a line that breaks: the last thing typed is found again, and the page says what is true."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from . import applicants, signing_in
from .calls import load_open_call
from .conftest import PICTURES
from .service import Service, wait_for
from .visitor import Meet, Variant, Visitor

expect.set_options(timeout=30_000)
SLUG = "writing"

SECOND_GENERATION = {"offline": False, "latency": 800, "downloadThroughput": 6_000, "uploadThroughput": 6_000}
"""Bytes a second and milliseconds, as GPRS gives them."""
SAVED = re.compile(r"^Saved at \d\d:\d\d \(time in Nairobi\)\.$")


@pytest.fixture(scope="module")
def call(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One open call for this module."""
    load_open_call(service, tmp_path_factory.mktemp("calls") / SLUG, SLUG, form="kinds.md")
    return SLUG


@pytest.fixture
def writer(call: str, meet: Meet) -> Visitor:
    """Somebody with a draft, on the first page of its form."""
    writer = meet("Wanjiru Sample")
    applicants.start_by_mail(writer, call)
    writer.follow("About your group")
    return writer


def status(page: Page) -> Locator:
    return page.locator("[data-part=said]")


def name_field(page: Page) -> Locator:
    return page.locator("[name=q_organisation]")


def in_store(visitor: Visitor) -> str:
    """Return the name that the service holds, as another window of the same person sees it."""
    other = visitor.page.context.new_page()
    other.goto(visitor.page.url)
    value = name_field(other).input_value()
    other.close()
    return value


@contextmanager
def no_line(visitor: Visitor) -> Iterator[None]:
    visitor.page.context.set_offline(True)
    yield
    visitor.page.context.set_offline(False)


@pytest.mark.parametrize("variant", [Variant("1280-typing", 1280, scripts=True)], ids=lambda each: each.name)
def test_every_change_is_saved_by_itself_and_the_page_follows_the_answers(variant: Variant, writer: Visitor) -> None:
    page = writer.page
    name_field(page).press_sequentially("Bakers of the Hill")
    expect(page.locator("#q_organisation-used")).to_have_text("You have written 18 characters.")
    expect(status(page)).to_have_text(SAVED)
    expect(page.get_by_role("group", name="Does Bakers of the Hill have an office?")).to_be_visible()
    assert name_field(page).input_value() == "Bakers of the Hill"
    assert page.evaluate("document.activeElement.name") == "q_organisation", "the field kept the focus"
    page.get_by_label("Yes", exact=True).check()
    expect(page.get_by_label("In which street is it?")).to_be_visible()
    page.get_by_label("In which street is it?").fill("Market Street")
    page.get_by_label("No", exact=True).check()
    expect(page.get_by_label("In which street is it?")).to_have_count(0)
    page.get_by_label("Yes", exact=True).check()
    expect(page.get_by_label("In which street is it?")).to_have_value("Market Street")
    expect(status(page)).to_have_text(SAVED)
    page.reload()
    assert name_field(page).input_value() == "Bakers of the Hill"
    assert page.get_by_label("In which street is it?").input_value() == "Market Street"
    writer.look(weighed=False)
    address = page.url
    name_field(page).fill("Typed and left at once")
    page.goto("about:blank")
    page.goto(address)
    writer.reload_until(lambda: name_field(page).input_value() == "Typed and left at once", weighed=False)


@pytest.mark.parametrize("variant", [Variant("360-cut", 360, scripts=True)], ids=lambda each: each.name)
def test_line_that_is_cut_while_saving_loses_nothing_and_no_button_is_dead(variant: Variant, writer: Visitor) -> None:
    page, address = writer.page, writer.page.url
    with no_line(writer):
        name_field(page).fill("Typed without a line")
        expect(status(page)).to_contain_text("there is no connection")
        page.get_by_role("button", name="Save and go on").last.click()
        expect(status(page)).to_contain_text("there is no connection")
        assert page.url == address
        assert name_field(page).input_value() == "Typed without a line"
        name_field(page).fill("Typed without a line, twice")
    expect(status(page)).to_have_text(SAVED)
    assert in_store(writer) == "Typed without a line, twice"

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    # The service stores it, and the page never hears so.
    page.route("**/answers", lose_the_answer, times=1)
    name_field(page).fill("Stored, but nobody says so")
    expect(status(page)).to_contain_text("there is no connection")
    name_field(page).fill("Stored, but nobody says so. More.")
    expect(status(page)).to_have_text(SAVED)
    assert page.locator("[data-part=conflict]").count() == 0
    assert in_store(writer) == "Stored, but nobody says so. More."
    writer.look(weighed=False)


@pytest.mark.parametrize("variant", [Variant("360-slow", 360, scripts=True)], ids=lambda each: each.name)
def test_on_a_line_of_the_second_generation_the_last_word_arrives(variant: Variant, writer: Visitor) -> None:
    page = writer.page
    wire = page.context.new_cdp_session(page)
    wire.send("Network.emulateNetworkConditions", SECOND_GENERATION)
    name_field(page).fill("Slow and sure")
    page.get_by_role("button", name="Save and go on").last.dblclick()
    page.wait_for_url("**/sections/2")
    expect(page.locator("main .notice.good")).to_have_text(SAVED)
    wire.send("Network.emulateNetworkConditions", {**SECOND_GENERATION, "latency": 0, "downloadThroughput": -1})
    page.go_back()
    assert name_field(page).input_value() == "Slow and sure"
    page.goto(re.sub(r"/applications/.*", "/applications", page.url))
    assert page.locator("main a[href^='/applications/']").count() == 1, "a double click makes one draft"


@pytest.mark.parametrize("variant", [Variant("1280-windows", 1280, scripts=True)], ids=lambda each: each.name)
def test_two_windows_that_change_one_answer_keep_both_texts_and_show_the_difference(
    variant: Variant, writer: Visitor
) -> None:
    first = writer.page
    second = first.context.new_page()
    second.goto(first.url)
    name_field(first).fill("Six bakers of the hill")
    expect(status(first)).to_have_text(SAVED)
    name_field(second).fill("Nine bakers of the hill")
    conflict = second.locator("[data-part=conflict]")
    expect(conflict).to_be_visible()
    assert conflict.locator(".said del").first.inner_text() == "Six"
    assert conflict.locator(".said ins").first.inner_text() == "Nine"
    assert name_field(second).input_value() == "Nine bakers of the hill"
    assert in_store(writer) == "Six bakers of the hill"
    writer.page = second
    writer.look(weighed=False)
    name_field(second).fill("Fifteen bakers of the hill")
    expect(conflict).to_have_count(0)
    expect(status(second)).to_have_text(SAVED)
    assert in_store(writer) == "Fifteen bakers of the hill"
    second.close()
    writer.page = first


@pytest.mark.parametrize("variant", [Variant("1280-session", 1280, scripts=True)], ids=lambda each: each.name)
def test_text_outlives_the_session_and_is_saved_after_signing_in_elsewhere(variant: Variant, writer: Visitor) -> None:
    writer.expected_statuses |= {400, 401}
    page, context = writer.page, writer.page.context
    kept = context.cookies()
    context.clear_cookies()
    name_field(page).fill("Typed after the session")
    expect(status(page)).to_contain_text("you are signed out")
    link = status(page).get_by_role("link", name="Sign in")
    with context.expect_page() as opened:
        link.click()
    other = opened.value
    other.wait_for_load_state()
    assert "/sign-in" in other.url
    writer.page = other
    signing_in.by_mailed_link(writer)
    other.close()
    writer.page = page
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(status(page)).to_have_text(SAVED)
    assert {each["name"] for each in kept}
    assert in_store(writer) == "Typed after the session"


@pytest.mark.parametrize("variant", [Variant("360-copies", 360, scripts=True)], ids=lambda each: each.name)
def test_copy_in_the_browser_is_asked_for_sealed_put_back_and_gone_after_saving(
    variant: Variant, writer: Visitor
) -> None:
    page = writer.page
    address, context = page.url, page.context

    def kept() -> dict[str, str]:
        found: dict[str, str] = page.evaluate("({ ...localStorage })")
        return found

    name_field(page).fill("Not to be kept")
    expect(status(page)).to_have_text(SAVED)
    assert kept() == {}, "nothing is kept unless somebody asks for it"
    box = page.get_by_label("Also keep what is not saved yet in this browser")
    box.check()
    context.set_offline(True)
    name_field(page).fill("Secret-Canary typed in the dark")
    expect(status(page)).to_contain_text("there is no connection")
    page.wait_for_function("Object.values({ ...localStorage }).some((each) => each.length > 100)")
    assert "Canary" not in str(kept())
    page.close(run_before_unload=False)
    context.set_offline(False)
    page = writer.page = context.new_page()
    page.goto(address)
    expect(name_field(page)).to_have_value("Secret-Canary typed in the dark")
    expect(page.locator("[data-part=restored]")).to_be_visible()
    expect(status(page)).to_have_text(SAVED)
    assert in_store(writer) == "Secret-Canary typed in the dark"
    writer.press("Sign out")
    assert kept() == {}


@pytest.mark.parametrize("variant", [Variant("360-plain", 360, scripts=False)], ids=lambda each: each.name)
def test_without_scripts_rows_relevance_and_the_whole_form_work(variant: Variant, writer: Visitor) -> None:
    page = writer.page
    writer.fill({"What is your group called?": "Bakers", "What e-mail address can we write to?": writer.email})
    writer.choose("Yes")
    writer.press("Save and go on")
    writer.sees("There are more questions on this page now", "Does Bakers have an office?")
    page.get_by_label("Place 1").select_option("rest")
    page.get_by_label("Place 2").select_option("money")
    page.get_by_label("Place 3").select_option("training")
    page.get_by_label("When do you open in the morning?").fill("08:30")
    writer.fill({"In which street is it?": "Market Street"})
    page.get_by_text("More about this question").click()
    writer.sees("A room with a door is one.")
    writer.press("Save and go on")
    writer.sees("Partner 1", "Saved at")
    writer.fill({"What is the partner called?": "Lawyers (sample)"})
    page.get_by_role("button", name="Add one: Partner").click()
    page.get_by_label("What is the partner called?").nth(1).fill("Nurses (sample)")
    writer.press("Take out Partner 2")
    writer.sees("Take this out?", "Partner 2")
    writer.press("Take it out")
    writer.sees_not("Partner 2")
    writer.follow("See the whole form on one page")
    assert page.get_by_label("What is the partner called?").input_value() == "Lawyers (sample)"
    writer.fill({"Say in short what you do.": "We bake bread."})
    writer.press("Save and see all parts")
    writer.follow("What you do")
    assert page.url.endswith("/form#part-3"), "it is remembered that the whole form is liked on one page"
    writer.open(re.sub(r"/form.*", "/check", page.url))
    writer.sees("Lawyers (sample)", "We bake bread.", "Rest", "Market Street")


@pytest.mark.parametrize("variant", [Variant("360-arabic-writing", 360, scripts=True)], ids=lambda each: each.name)
def test_arabic_text_on_a_phone_is_found_again_and_nothing_is_wider_than_the_window(
    variant: Variant, writer: Visitor
) -> None:
    page = writer.page
    page.goto(f"{page.url}?lang=ar")
    assert page.locator("html").get_attribute("dir") == "rtl"
    name_field(page).fill("خبّازو التل 2020 (Bakers)")
    expect(page.get_by_role("group", name="هل لدى خبّازو التل 2020 (Bakers) مكتب؟")).to_be_visible()
    assert name_field(page).evaluate("field => getComputedStyle(field).direction") == "rtl"
    page.get_by_label("نعم", exact=True).check()
    street = page.get_by_label("في أي شارع هو؟")
    street.fill("Market Street 12")
    assert street.evaluate("field => getComputedStyle(field).direction") == "ltr", "Latin text reads its own way"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto(re.sub(r"sections/1.*", "form", page.url))

    def found_again() -> bool | None:
        page.reload()
        return page.get_by_label("في أي شارع هو؟").input_value() == "Market Street 12" or None

    wait_for(found_again, "the last thing typed, which was sent while the page was left")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert name_field(page).input_value() == "خبّازو التل 2020 (Bakers)"
    page.screenshot(path=PICTURES / variant.name / "arabic-form.png", full_page=True)


@pytest.mark.parametrize("variant", [Variant("1280-keyboard-writing", 1280, scripts=True)], ids=lambda each: each.name)
def test_page_is_written_and_left_by_keys_alone_also_at_four_times_its_size(variant: Variant, writer: Visitor) -> None:
    page = writer.page
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.emulate_media(forced_colors="active")
    name_field(page).focus()
    page.keyboard.type("Keys alone")
    page.keyboard.press("Tab")
    page.keyboard.type(writer.email)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("In which street is it?")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A room with a door is one.")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Market Street")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sections/2")
    page.go_back()
    assert page.get_by_label("In which street is it?").input_value() == "Market Street"
    small = page.locator("main form :is(button, input, select, summary):visible").evaluate_all(
        "all => all.filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < 24 && !each.matches('.unseen'))"
        ".map((each) => each.outerHTML)"
    )
    assert small == []
