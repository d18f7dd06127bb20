"""A short form to begin from, marked as a sample: what every call for grants has to ask, in the languages of a call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fundapp.applications.form_engine.definition import FormDefinition, Group, Kind, Question, Role

_TITLE: Final = {"en": "Application (sample)"}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "about": {
        "en": "About you",
        "fr": "À propos de vous",
        "es": "Sobre ustedes",
        "ar": "من أنتم",
    },
    "organisation": {
        "en": "What is your organisation called?",
        "fr": "Comment s’appelle votre organisation ?",
        "es": "¿Cómo se llama su organización?",
        "ar": "ما اسم منظمتكم؟",
    },
    "email": {
        "en": "To which e-mail address may we write?",
        "fr": "À quelle adresse électronique pouvons-nous écrire ?",
        "es": "¿A qué dirección de correo podemos escribir?",
        "ar": "إلى أي عنوان بريد إلكتروني يمكننا أن نكتب؟",
    },
    "work": {
        "en": "Your work",
        "fr": "Votre travail",
        "es": "Su trabajo",
        "ar": "عملكم",
    },
    "title": {
        "en": "What do you call what you want to do?",
        "fr": "Comment appelez-vous ce que vous voulez faire ?",
        "es": "¿Cómo llaman a lo que quieren hacer?",
        "ar": "ماذا تسمّون ما تريدون القيام به؟",
    },
    "plan": {
        "en": "What will you do?",
        "fr": "Que ferez-vous ?",
        "es": "¿Qué harán?",
        "ar": "ماذا ستفعلون؟",
    },
    "amount": {
        "en": "How much do you need?",
        "fr": "De combien avez-vous besoin ?",
        "es": "¿Cuánto necesitan?",
        "ar": "كم تحتاجون؟",
    },
}


def sample_form(languages: Sequence[str]) -> FormDefinition:
    """Return the form in those of the languages that it has, else in English."""
    known = tuple(language for language in languages if language in _WORDS["about"]) or ("en",)

    def words(name: str) -> dict[str, str]:
        return {language: _WORDS[name][language] for language in known}

    def ask(name: str, kind: Kind, group: str, **rest: Any) -> Question:
        return replace(Question(name, kind, words(name), (group,), required=True), **rest)

    return FormDefinition(
        title=_TITLE["en"],
        form_id="",
        version="",
        languages=known,
        default_language=known[0],
        groups=(Group(("about",), words("about")), Group(("work",), words("work"))),
        questions=(
            ask("organisation", Kind.TEXT, "about", role=Role.ORGANISATION),
            ask("email", Kind.TEXT, "about", role=Role.EMAIL),
            ask("title", Kind.TEXT, "work", role=Role.TITLE),
            ask("plan", Kind.TEXT, "work", multiline=True, max_words=300),
            ask("amount", Kind.DECIMAL, "work", role=Role.AMOUNT),
        ),
    )
