"""A form that asks who somebody is and where money goes, with invented answers."""

from dataclasses import replace
from typing import Any

from fundapp.applications.form_engine.definition import Kind, Question, Role, Sensitivity

from ..factories import ANSWERS as ORDINARY
from ..factories import FORM as ORDINARY_FORM

CONTACT = Question(name="contact", kind=Kind.TEXT, label={"en": "Contact"}, group=("about",), role=Role.CONTACT_NAME)
RISK = Question(
    name="risk",
    kind=Kind.TEXT,
    label={"en": "Who is in danger?"},
    group=("work",),
    given_sensitivity=Sensitivity.IDENTITY,
)
ACCOUNT = Question(
    name="account",
    kind=Kind.TEXT,
    label={"en": "Account number"},
    group=("work",),
    constraint="string-length(.) >= 8",
    constraint_message={"en": "An account number has at least 8 characters."},
    given_sensitivity=Sensitivity.PAYEE,
)
FORM = replace(ORDINARY_FORM, questions=(CONTACT, *ORDINARY_FORM.questions, RISK, ACCOUNT))
ANSWERS: dict[str, Any] = {
    **ORDINARY,
    "contact": "Contact-Canary Sample",
    "risk": "Risk-Canary Sample",
    "account": "XX00 CANARY 4321",
}
