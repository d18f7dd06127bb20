"""Who may apply: what is asked before anything else, and which organisations a call bars. Pure: no database, no web."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fundapp.accounts.rules import fold_email, fold_organisation_name
from fundapp.applications.form_definition import FILE_KINDS, FormDefinition, Question


def first_questions(form: FormDefinition) -> tuple[Question, ...]:
    """Return the questions that are asked before anything else, in the order of the form."""
    repeats = {group.path for group in form.groups if group.is_repeat}
    return tuple(
        question
        for question in form.questions
        if question.eligible
        and question.takes_answer
        and question.kind not in FILE_KINDS
        and not any(question.group[:depth] in repeats for depth in range(1, len(question.group) + 1))
    )


def conditions(form: FormDefinition) -> FormDefinition:
    """Return a form of the first questions alone, with the call's conditions as what their answers have to be."""
    asked = tuple(
        replace(
            question,
            required=False,
            constraint=question.eligible,
            constraint_message=question.ineligible_message,
        )
        for question in first_questions(form)
    )
    return replace(form, questions=asked)


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
