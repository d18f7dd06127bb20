"""A person at a browser. Whatever page they come to is checked and kept as a picture."""

import functools
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, Route

from fundapp.core.i18n import direction

from .calls import arabic_of_call
from .service import Service, link_in, wait_for

_axe = Axe()
# All that axe looks at by itself, and what it leaves to those who hold to WCAG 2.2: that targets are large enough.
_AXE_OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# What a page is built of: kinds of elements with their classes, roles and states, but not what people wrote.
_BUILD_IDS_AND_WIDTHS = """() => [
    [...new Set([document.title.split(" ")[0], ...Array.from(document.querySelectorAll("body, body *"), (element) =>
        [element.tagName, element.className, element.type, element.getAttribute("role"), element.id.split("-")[0],
         ...element.getAttributeNames().filter((name) => name.startsWith("aria-"))].join(" "))])].sort().join("\\n"),
    Array.from(document.querySelectorAll("[id]"), (element) => element.id),
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
]"""
# Chromium says this of every answer that is not 2xx; which answers we expect is checked by status.
_REFUSED = "Failed to load resource"
TRANSLATIONS = Path(__file__).parents[2] / "fundapp" / "translations"
EXPECTED_STATUSES = frozenset({200, 409, 410, 422})
FIRST_BYTES = 40_000
"""What the first page that somebody opens may take of their line, with everything it needs."""
LATER_BYTES = 15_000
"""What each later page may take."""
weights: dict[str, list[int]] = {}
"""What pages took, in bytes over the wire, headers and redirects included, by their address without ids."""


class Album:
    """A folder of pictures, numbered as they were taken: one of each page that is built differently."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._seen: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.png"):
            old.unlink()

    def has_seen(self, build: str) -> bool:
        """Whether a page of this build was shown before; from now on it was."""
        seen = build in self._seen
        self._seen.add(build)
        return seen

    def next_path(self, address: str) -> Path:
        """Return where to keep the next picture, named by the address of the page without ids."""
        return self._folder / f"{next(self._numbers):03}-{address_of(address)}.png"


def address_of(url: str) -> str:
    """Return the words of an address, without ids."""
    words = re.findall(r"[a-z][a-z0-9]*", re.sub(r"[0-9a-f-]{36}|/link/.*|(?<=^/vote)/.*", "/link", urlsplit(url).path))
    return "-".join(words) or "home"


@dataclass(frozen=True)
class Variant:
    """How people look at the service: width of their window in CSS pixels, scripts, language."""

    name: str
    width: int
    scripts: bool
    language: str = "en"


# Texts in the page's own language, without what people typed (dir="auto") and codes.
_TEXTS = """() => {
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const texts = Array.from(document.querySelectorAll("[aria-label]"), (element) => element.ariaLabel);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const isOurs = element.closest("[lang]") === document.documentElement;
        if (isOurs && !element.closest("[dir=auto], code, style, script")) texts.push(walker.currentNode.data.trim());
    }
    return texts;
}"""
# Addresses, references, codes between marks of direction, and words that are the same in every language; tags, because
# what stands for missing scripts is one text with its tags to whoever has scripts.
_SAME_IN_ALL_LANGUAGES = re.compile(
    r"\S+@\S+|\b[A-Z0-9]{4,}\b|[A-Z0-9]+(-[A-Z0-9]+)+|\u2066.*?\u2069|US\$|</?[a-z][^>]*>"
    r"|\b(UTC|USD|PDF|CSV|XLSX|JPEG|PNG|Word|Excel|OpenDocument|English|Français|Español|Português|ODK|KoboToolbox)\b"
)


@functools.cache
def words_in(language: str) -> dict[str, str]:
    """Return the texts of the interface, and in Arabic those of our calls, in a language by their English."""
    if language == "en":
        return {}
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = {each.id: str(each.string) for each in read_po(file) if isinstance(each.id, str)}
    return catalogue | (arabic_of_call() if language == "ar" else {})


class Visitor:
    """One person with a browser of their own (cookies are shared with nobody)."""

    def __init__(
        self,
        name: str,
        email: str,
        *,
        service: Service,
        context: BrowserContext,
        mirror: BrowserContext | None,
        variant: Variant,
        album: Album,
    ) -> None:
        self.name = name
        self.email = email
        self.page: Page = context.new_page()
        self._service = service
        self._variant = variant
        self._album = album
        self._words = words_in(variant.language)
        self._copied = ""
        self._mirror: Page | None = mirror.new_page() if mirror else None
        if self._mirror:
            self._mirror.route(lambda url: "/static/" not in url, self._show_copy)
        self._mails_read = 0
        self.expected_statuses: set[int] = set()
        """Refusals that a test brings about on purpose."""
        self._troubles: list[str] = []
        self._is_first = True
        self._received = 0
        self._loading = ""
        """The request for a page that has not come whole yet."""
        self._fetched: dict[str, int] = {}
        """What scripts fetched since the last look, in bytes, by request."""
        wire = context.new_cdp_session(self.page)
        wire.send("Network.enable")
        wire.on("Network.requestWillBeSent", self._begin)
        wire.on("Network.loadingFinished", self._receive)
        wire.on("Network.loadingFailed", self._end)
        context.on("request", self._see_request)
        context.on("response", self._see_response)
        context.on("console", self._see_console)
        context.on("weberror", lambda error: self._troubles.append(f"script error: {error.error}"))

    # Going about. Words are given in English, and looked for in the language of the variant.

    def open(self, path: str) -> None:
        """Go to an address of the service."""
        self.page.goto(path if path.startswith("http") else self._service.address + path)
        self.look()

    def follow(self, words: str, *, within: Locator | None = None, exact: bool = True) -> None:
        """Follow the link with these words (when not `exact`: and more of them)."""
        self.click((within or self.page).get_by_role("link", name=self.words(words), exact=exact))

    def press(self, words: str, *, within: Locator | None = None) -> None:
        """Press the button with these words."""
        self.click((within or self.page).get_by_role("button", name=self.words(words), exact=True))

    def click(self, target: Locator) -> None:
        """Follow a link or press a button, and look at the page that it leads to."""
        # A form that saves itself goes on only once what was typed is stored.
        if target.evaluate("element => Boolean(element.closest('form[data-module=saving]'))"):
            with self.page.expect_navigation():
                target.click()
        else:
            target.click()
        self.look()

    def download(self, words: str, *, by_button: bool = False) -> Path:
        """Follow a link, or press a button, that gives a file; return where it was saved."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button" if by_button else "link", name=self.words(words), exact=True).click()
        return waiting.value.path()

    def fill(self, answers: Mapping[str, str], *, within: Locator | None = None) -> None:
        """Type into the fields with these labels."""
        for label, typed in answers.items():
            (within or self.page).get_by_label(self.words(label)).fill(typed)

    def choose(self, *labels: str, within: Locator | None = None) -> None:
        """Tick the boxes or choose the buttons with these labels."""
        for label in labels:
            (within or self.page).get_by_label(self.words(label), exact=True).check()

    def group(self, legend: str) -> Locator:
        """Return the group of fields with this legend."""
        return self.page.get_by_role("group", name=self.words(legend))

    def link_to(self, path: str) -> Locator:
        """Return the link to an address of the service, whatever its words."""
        return self.page.locator(f'main a[href="{path}"]')

    def row(self, text: str) -> Locator:
        """Return the one row of a table, or item of a list, that says this."""
        return self.page.locator("main").locator("tr, li").filter(has_text=text)

    def open_mailed_link(self) -> None:
        """Wait for the next mail to this person, and open the link in it."""
        self._mails_read += 1
        mail = self._service.mail_to(self.email, number=self._mails_read)
        self.open(link_in(mail, self._service.address))

    def read_mail(self) -> tuple[str, str]:
        """Wait for the next mail to this person, and return its subject and text."""
        self._mails_read += 1
        mail = self._service.mail_to(self.email, number=self._mails_read)
        return str(mail["Subject"]), mail.get_content()

    def reload_until(self, ready: Callable[[], bool], *, weighed: bool = True) -> None:
        """Load the page again until it says what is waited for, then look at it; only the last time is weighed."""

        def loaded_and_ready() -> bool | None:
            self.page.reload()
            return ready() or None

        wait_for(loaded_and_ready, f"a change of {self.page.url}")
        self.look(weighed=weighed)

    def sees(self, *texts: str) -> None:
        """Fail unless the page says all this, in the language of the variant."""
        said = self.page.locator("body").inner_text()
        missing = [text for text in map(self.words, texts) if text not in said]
        assert not missing, f"{missing} not on {self.page.url}:\n{said}"

    def sees_not(self, *texts: str) -> None:
        """Fail if the page says any of this."""
        said = self.page.locator("body").inner_text()
        assert not [text for text in map(self.words, texts) if text in said], f"{texts} on {self.page.url}:\n{said}"

    def words(self, text: str) -> str:
        """Return a text in the language of the variant; what people wrote stays as it is."""
        return self._words.get(text, text)

    # Looking

    def look(self, *, weighed: bool = True) -> None:
        """Check the page that is shown, and take a picture; a page that is built like one seen before is no news.

        Not `weighed`: one that was open for long, and has saved much.
        """
        page = self.page
        page.wait_for_load_state()
        where = f"{self.name} at {urlsplit(page.url).path}: {page.title()}"
        build, ids, wide, room = page.evaluate(_BUILD_IDS_AND_WIDTHS)
        html = page.locator("html")
        language = self._variant.language
        assert (html.get_attribute("lang"), html.get_attribute("dir")) == (language, direction(language)), where
        assert page.locator("h1").count() == 1, f"{where}: not exactly one h1"
        twice = {each for each in ids if ids.count(each) > 1}
        assert not twice, f"{where}: ids that stand there twice: {twice}"
        assert wide <= room, f"{where}: {wide} px wide in a window of {room} px"
        english = [text for text in page.evaluate(_TEXTS) if self._is_english(text)] if language != "en" else []
        assert not english, f"{where}: not translated: {english}"
        self.check_untroubled()
        if weighed:
            self._weigh(where)
        if self._album.has_seen(build):
            return
        page.screenshot(path=self._album.next_path(page.url), full_page=True)
        found = _axe.run(self._for_axe(), options=_AXE_OPTIONS)
        assert not found.violations_count, f"{where}\n{found.generate_report()}"

    def _is_english(self, text: str) -> bool:
        """Say whether a text was left in English: by its letters in Arabic, elsewhere by the catalogue."""
        if direction(self._variant.language) == "rtl":
            return re.search("[A-Za-z]", _SAME_IN_ALL_LANGUAGES.sub("", text)) is not None
        return text != "" and self._words.get(text, text) != text

    def check_untroubled(self) -> None:
        """Fail if anything went wrong behind the pages: requests elsewhere, refusals, script or policy errors."""
        assert not self._troubles, f"{self.name} at {self.page.url}: {self._troubles}"

    def _weigh(self, where: str) -> None:
        """Fail if this page, or what one of its scripts asked for, took more of the line than it may."""
        wait_for(self._all_arrived, f"the whole of {self.page.url}")
        took, most = self._received, FIRST_BYTES if self._is_first else LATER_BYTES
        self._received, self._is_first = 0, False
        weights.setdefault(address_of(self.page.url), []).append(took)
        assert took <= most, f"{where}: took {took} bytes of the line, {most} are allowed"
        fetched, self._fetched = self._fetched, {}
        if fetched:
            weights.setdefault("fetched by scripts", []).extend(fetched.values())
        heavy = {request: took for request, took in fetched.items() if took > LATER_BYTES}
        assert not heavy, f"{where}: scripts fetched {heavy} bytes, {LATER_BYTES} are allowed at a time"

    def _begin(self, event: dict[str, Any]) -> None:
        # A page is weighed from the request for it on, with the answer that redirected to it; each fetch by itself:
        # how many there are goes by how long somebody types.
        redirect = event.get("redirectResponse")
        if redirect:
            self._received += round(redirect["encodedDataLength"])
        elif event["type"] == "Document":
            self._received = 0
            self._loading = event["requestId"]
        elif event["type"] == "Fetch":
            self._fetched[event["requestId"]] = 0

    def _receive(self, event: dict[str, Any]) -> None:
        took = round(event["encodedDataLength"])
        if event["requestId"] in self._fetched:
            self._fetched[event["requestId"]] = took
        else:
            self._received += took
        self._end(event)

    def _end(self, event: dict[str, Any]) -> None:
        if event["requestId"] == self._loading:
            self._loading = ""

    def _all_arrived(self) -> bool | None:
        self.page.evaluate("0")  # lets what the browser has told meanwhile come through
        return not self._loading or None

    def _for_axe(self) -> Page:
        """Return the page; where scripts are off, and axe could not run, a copy of it in a window that has them on."""
        if self._mirror is None:
            return self.page
        self._copied = self.page.content()
        self._mirror.goto(self.page.url)
        return self._mirror

    def _show_copy(self, route: Route) -> None:
        # The page's own scripts stay out of the copy as well.
        route.fulfill(
            body=self._copied,
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": "script-src 'none'"},
        )

    # What the browser notices

    def _see_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self._service.address}/"):
            self._troubles.append(f"asked elsewhere: {request.url}")

    def _see_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in EXPECTED_STATUSES | self.expected_statuses:
            self._troubles.append(f"{response.status} for {response.request.method} {response.url}")

    def _see_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_REFUSED):
            self._troubles.append(f"console: {message.text}")


Meet = Callable[[str], Visitor]
"""Seats a person, by name, at a browser of their own."""
