"""What stands against a change of a call, put beside the fields that it is about."""

from collections.abc import Sequence
from dataclasses import replace

from fundapp.applications.call_package.paths import value_at
from fundapp.applications.forms.call_values import OTHERS, TIME_OF_DAY, CallForm
from fundapp.applications.models import Call
from fundapp.applications.presentation import call_settings as presentation
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name


def problems_into(form: CallForm, violations: RuleViolations, call: Call | None = None, new_code: str = "") -> None:
    """Put each problem beside the field of its path; those of other parts name what they are about."""
    for problem in _about_languages(form, violations.problems):
        path = problem.field or ""
        if path == "programme.slug":
            path = "call.slug"  # a new programme is named after its first call
        if new_code:
            path = path.replace(f".{new_code}", ".new", 1)
        names = [path, *(f"{path}.{code}" for code in value_at(form.document, "call.languages") or [])]
        field = next((form[name] for name in names if name in form), None)
        if field is not None:
            if path + TIME_OF_DAY not in form or not form[path + TIME_OF_DAY].errors:
                field.errors = field.errors or [problem.message]
        elif call is not None and path:
            form.form_errors = [*form.form_errors, f"{presentation.named(problem, call)}: {problem.message}"]
        else:
            form.form_errors = [*form.form_errors, str(problem)]


def _about_languages(form: CallForm, problems: Sequence[Problem]) -> list[Problem]:
    """Say once, beside the languages, that texts stand in one that is taken out; a code that is none, beside it."""
    path = "call.languages"
    if path not in form:
        return list(problems)
    typed = form.changes()[path]
    out = [code for code in value_at(form.document, path) or [] if code not in typed]
    written = dict.fromkeys(code for code in out for each in problems if (each.field or "").endswith(f".{code}"))
    others = [
        replace(each, field=path + OTHERS) if each.field == path and form[path + OTHERS].data else each
        for each in problems
        if not any((each.field or "").endswith(f".{code}") for code in written)
    ]
    if not written:
        return others
    message = _(
        "The call has texts in %(languages)s. Empty them on the other pages first, then take the language out.",
        languages=", ".join(language_name(code) for code in written),
    )
    return [Problem(message, field=path), *others]
