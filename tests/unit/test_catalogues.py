"""The check of the catalogues finds what is missing, what is still English, and keeps languages apart."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[2]


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogues", ROOT / "script" / "_catalogues.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "path_of", lambda language: tmp_path / language / "messages.po")
    return module


def texts_of(*texts: str) -> Catalog:
    catalog = Catalog(charset="utf-8")
    for text in texts:
        catalog.add(text)
    return catalog


def test_new_texts_of_one_language_do_not_reach_the_next(catalogues: ModuleType) -> None:
    texts = texts_of("Keep this draft now")
    catalogues.update("en", texts)
    catalogues.update("fr", texts)
    assert catalogues.check("en", texts) == []
    assert catalogues.check("fr", texts) == ["fr: not translated: 'Keep this draft now'"]


@pytest.mark.parametrize(
    ("text", "translation", "fault"),
    [
        ("Keep this draft now", "Keep this draft now", "still in English"),
        ("Keep this draft now", "Conserver ce brouillon", ""),
        ("%(label)s (%(language)s)", "%(label)s (%(language)s)", ""),
        ("Version %(number)s", "Version %(number)s", ""),
        ("Keep %(number)s drafts", "Conserver des brouillons", "placeholders"),
    ],
)
def test_a_text_that_is_still_english_is_found(catalogues: ModuleType, text: str, translation: str, fault: str) -> None:
    texts = texts_of(text)
    texts[text].flags.add("python-format")
    catalogues.update("fr", texts)
    written = catalogues.read("fr")
    written[text].string = translation
    with catalogues.path_of("fr").open("wb") as file:
        catalogues.write_po(file, written)
    found = catalogues.check("fr", texts)
    assert (fault in found[0]) if fault else (found == [])
