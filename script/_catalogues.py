"""Keep the message catalogues in step with the texts on screen.

update   take every text out of the code and the templates into fundapp/translations/*/LC_MESSAGES/messages.po
check    fail unless each of those texts is translated into each language, with the same placeholders
"""

import argparse
import re
import sys
from copy import deepcopy
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from fundapp.core.i18n import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
SOURCE_LANGUAGE = "en"  # its texts are the ones in the code
WORD = re.compile(r"(?<![%(\w.])[A-Za-z]{2,}(?![\w)])")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
SOURCES = {
    "fundapp": [("**.py", "python")],
    "templates": [("**.*", "jinja2")],
}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="script/catalogues", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["update", "check"])
    action = parser.parse_args().action
    texts = extract()
    if not len(texts):
        print("no text was found in the code: this cannot be right", file=sys.stderr)
        return 1
    if action == "update":
        for language in LANGUAGES:
            update(language, texts)
        return 0
    problems = [problem for language in LANGUAGES for problem in check(language, texts)]
    print("\n".join(problems))
    print(f"{len(texts)} texts, {len(problems)} problems")
    return 1 if problems else 0


def extract() -> Catalog:
    """All texts that gettext is asked for, with the files they stand in."""
    catalog = Catalog(project="fundapp", charset="utf-8", fuzzy=False)
    for folder, methods in SOURCES.items():
        found = extract_from_dir(
            ROOT / folder,
            method_map=methods,
            options_map={"**.*": {"silent": "false", "trimmed": "true"}},
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        )
        for name, _line, text, comments, context in found:
            catalog.add(text, locations=[(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str) -> Path:
    return ROOT / "fundapp" / "translations" / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="fundapp", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, texts: Catalog) -> None:
    catalog = read(language)
    # A copy: a catalogue takes new messages as they are, and what is written into them must stay in this language.
    catalog.update(deepcopy(texts), no_fuzzy_matching=True, update_creation_date=False)
    if language == SOURCE_LANGUAGE:
        for text in catalog:
            text.string = text.id
    catalog.header_comment = f"# Texts of fundapp on pages, in mails and in letters: {LANGUAGES[language]}."
    catalog.last_translator = catalog.language_team = "fundapp contributors"
    catalog.msgid_bugs_address = ""
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    with path_of(language).open("wb") as file:
        write_po(file, catalog, width=100, ignore_obsolete=True, include_lineno=False, sort_output=True)


def check(language: str, texts: Catalog) -> list[str]:
    """What is missing or wrong in one language, one line each."""
    catalog = read(language)
    return [
        f"{language}: {fault}: {text.id!r}"
        for text in texts
        if text.id
        for fault in faults(catalog.get(text.id, text.context), text, catalog, language)
    ]


def faults(translation: Message | None, text: Message, catalog: Catalog, language: str) -> list[str]:
    if translation is None:
        return ["missing (script/catalogues update)"]
    strings = [translation.string] if isinstance(translation.string, str) else list(translation.string or ("",))
    if not all(strings) or (text.pluralizable and len(strings) != catalog.num_plurals):
        return ["not translated"]
    originals = [text.id] if isinstance(text.id, str) else list(text.id)
    if language != SOURCE_LANGUAGE and any(len(WORD.findall(each)) >= 3 and each in strings for each in originals):
        return ["still in English"]
    if placeholders(strings) != placeholders(originals):
        return ["not the same placeholders"]
    if translation.fuzzy:
        return ["marked as unsure (fuzzy)"]
    translation.flags |= text.flags  # whether the text has placeholders is told by the code, not by the catalogue
    return [str(error) for error in translation.check(catalog)]


def placeholders(strings: list[str]) -> set[str]:
    """Those of all forms together: a form for one may say "one" in place of the number."""
    return {name for each in strings for name in PLACEHOLDER.findall(each)}


if __name__ == "__main__":
    sys.exit(main())
