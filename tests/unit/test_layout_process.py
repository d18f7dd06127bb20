"""Laying out within limits: a page that never ends or takes all memory fails alone, and the next one is made."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fundapp.core import layout_process
from fundapp.core.layout_process import LayoutProcess, TooLarge, TooLong
from fundapp.core.pdf import PdfError, html_to_pdf

PAGE = "<!doctype html><html lang=en><title>A page</title><h1>A page</h1><p>With a <b>word</b>."
ENDLESS = "<!doctype html><html lang=en><title>Rows</title><table>" + "<tr><td>1<td>2<td>3" * 100_000 + "</table>"


@pytest.fixture
def layout() -> Iterator[LayoutProcess]:
    made = LayoutProcess()
    yield made
    made.close()


def children() -> set[int]:
    return {int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def test_it_gives_the_same_bytes_as_laying_out_here(layout: LayoutProcess) -> None:
    assert layout.to_pdf(PAGE) == html_to_pdf(PAGE)
    assert layout.to_pdf(PAGE) == html_to_pdf(PAGE)


def test_row_115_a_page_without_end_fails_alone(layout: LayoutProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_process, "MOST_SECONDS", 1)
    monkeypatch.setattr(layout_process, "MOST_MEMORY", 8 << 30)
    with pytest.raises(TooLong, match="takes too long: 1"):
        layout.to_pdf(ENDLESS)
    assert layout.to_pdf(PAGE).startswith(b"%PDF-")


def test_row_115_a_page_without_measure_fails_alone(layout: LayoutProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_process, "MOST_MEMORY", 32 << 20)
    with pytest.raises(TooLarge, match="takes too much memory: 32"):
        layout.to_pdf(ENDLESS)
    monkeypatch.undo()
    assert layout.to_pdf(PAGE).startswith(b"%PDF-")


def test_work_of_many_pages_is_no_work_of_one(layout: LayoutProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_process, "MOST_SECONDS", 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    long = PAGE + "<p>With a word." * 150
    for _ in range(layout_process.PAGES_EACH):
        layout.to_pdf(long)
    layout.close()
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before > 2 * layout_process.MOST_SECONDS


def test_what_is_wrong_with_a_page_is_said(layout: LayoutProcess) -> None:
    with pytest.raises(PdfError, match="asks for something from outside"):
        layout.to_pdf(PAGE + "<img src='http://127.0.0.1:9/x' alt=x>")
    assert layout.to_pdf(PAGE).startswith(b"%PDF-")


def test_who_ends_the_process_delays_the_letter_and_does_not_fail_it(layout: LayoutProcess) -> None:
    before = children()
    layout.to_pdf(PAGE)
    [child] = children() - before
    os.kill(child, signal.SIGKILL)
    with pytest.raises(OSError, match="somebody ended"):
        layout.to_pdf(PAGE)
    assert layout.to_pdf(PAGE).startswith(b"%PDF-")


def test_a_process_is_replaced_after_some_pages(layout: LayoutProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_process, "PAGES_EACH", 2)
    before, seen = children(), []
    for _ in range(5):
        layout.to_pdf(PAGE)
        seen += list(children() - before)
    assert len(seen) == 5
    assert len(set(seen)) == 3
