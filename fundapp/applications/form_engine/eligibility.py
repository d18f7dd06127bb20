"""Who may apply: what is asked before anything else, and which organisations a call bars. Pure: no database, no web."""

from collections.abc import Iterable, Sequence
from typing import Final

from fundapp.accounts.rules import fold_email, fold_organisation_name
from fundapp.applications.form_engine.definition import NUMBER_KINDS, FormDefinition, Kind, Question
from fundapp.applications.likeness import skeleton

FIRST_KINDS: Final = frozenset(
    {Kind.SELECT_ONE, Kind.SELECT_MULTIPLE, Kind.ACKNOWLEDGE, Kind.DATE, Kind.GEOPOINT, *NUMBER_KINDS}
)
"""What can be asked before anything else; a form that asks other kinds first is not taken."""


def first_questions(form: FormDefinition) -> tuple[Question, ...]:
    """Return the questions that are asked before anything else, in the order of the form."""
    repeats = {group.path for group in form.groups if group.is_repeat}
    return tuple(
        question
        for question in form.questions
        if question.eligible
        and question.kind in FIRST_KINDS
        and not any(question.group[:depth] in repeats for depth in range(1, len(question.group) + 1))
    )


def look_barred(barred_names: Sequence[str], name: str) -> list[str]:
    """Return the names on the list of a call that a name looks like to the eye although it is spelled otherwise.

    That is a suspicion, for people to look at: it bars nobody.
    """
    seen, written = skeleton(name), fold_organisation_name(name)
    return [
        each for each in barred_names if seen and skeleton(each) == seen and fold_organisation_name(each) != written
    ]


def is_barred(
    barred_names: Sequence[str], barred_domains: Sequence[str], *, names: Iterable[str], emails: Iterable[str]
) -> bool:
    """Say whether one of these names, in any spelling of case and spaces, or addresses is on the list of a call."""
    folded = {fold_organisation_name(name) for name in barred_names} - {""}
    if any(fold_organisation_name(name) in folded for name in names):
        return True
    domains = {fold_email(domain).removeprefix("@") for domain in barred_domains} - {""}
    hosts = {fold_email(email).rpartition("@")[2] for email in emails if email}
    return any(host == domain or host.endswith(f".{domain}") for host in hosts for domain in domains)
