"""Terms of a selection from a call package, and into one: before scores are seen, and never over what came later."""

from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor
from fundapp.applications.call_package import PackagePart
from fundapp.applications.models import Call
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.queries.selection import set_terms
from fundapp.review.queries.terms import is_late
from fundapp.review.services.calls import lock_call
from fundapp.review.services.terms import set_selection_terms
from fundapp.review.terms_package import KEY, read_terms, write_terms
from fundapp.review.terms_rules import WantedTerms


def put_terms(*, actor: Actor, call: Call, value: WantedTerms, now: datetime) -> bool:
    """Fix the terms that a package says; return whether they are new.

    Raises RuleViolations once scores or decisions can be seen: only a person gives the reason that is needed then.
    Raises Conflict once the list was sent.
    """
    lock_call(call)
    terms = set_terms(call)
    if terms is not None and terms.values() == value:
        return False
    if is_late(actor=actor, call=call):
        message = _l("Scores or decisions can be seen already. Change the terms on their page, with a reason.")
        raise RuleViolations([Problem(message, place=f"call.toml, key {KEY}")])
    version = terms.version if terms else 0
    set_selection_terms(actor=actor, call=call, wanted=value, reason="", version=version, now=now)
    return True


def _terms_of(call: Call) -> WantedTerms | None:
    terms = set_terms(call)
    return terms.values() if terms is not None else None


TERMS: Final = PackagePart(
    key=KEY,
    title=_l("Terms of the selection"),
    read=read_terms,
    write=write_terms,
    of_call=_terms_of,
    put=put_terms,
)
"""The table [selection] of call.toml."""
