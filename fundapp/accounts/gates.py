"""What a request must pass because of how somebody is signed in: a second factor, and a fresh proof.

They stand around `web.permission_gate`: a person who owes a second factor is nobody to it, and freshness is asked
only of those who may do the thing at all.
"""

from dataclasses import replace

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from fundapp.accounts.forms import ProofForm
from fundapp.accounts.limits import limit_gate
from fundapp.accounts.sessions import current_session
from fundapp.accounts.views import proving
from fundapp.core import clock, security_log, unit_of_work
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import PUBLIC, SAFE_METHODS, Declared, Early
from fundapp.core.web import WebActor, typed_texts

PAGES = {Early.TO_GIVE_FACTOR: "accounts.second_step", Early.TO_CHOOSE_FACTOR: "accounts.security"}


def factor_gate(declared: Declared, _actor: WebActor) -> ResponseReturnValue | None:
    """Let somebody who owes a second factor reach the pages where it is given or chosen, and no other of their own."""
    current = current_session()
    if current is None or current.is_complete:
        return None
    owed = Early.TO_GIVE_FACTOR if current.has_factor else Early.TO_CHOOSE_FACTOR
    if declared.early in (owed, Early.ALWAYS):
        g.actor = current.actor
        return None
    if declared.permission == PUBLIC:
        return None
    security_log.note("factor_needed")
    path = request.full_path.rstrip("?") if request.method in SAFE_METHODS else request.path
    page = url_for(PAGES[owed], next=path)
    if typed := typed_texts(is_ours=True):
        return render_template("errors/second_step_needed.html", typed=typed, page=page), 401
    return redirect(page)


def fresh_gate(declared: Declared, actor: WebActor) -> ResponseReturnValue | None:
    """Ask for a proof where the last one is too old. What was typed goes along, and is done once the proof is right."""
    current = current_session()
    if not declared.fresh or current is None or current.is_fresh(clock.now()):
        return None
    if request.method in SAFE_METHODS:
        return redirect(url_for("accounts.confirm", next=request.full_path.rstrip("?")))
    form = ProofForm()
    status = 401
    if proving.was_given(form):
        try:
            limit_gate(replace(declared, limit="factor"), actor)
        except TooManyRequests:
            form.form_errors = [
                *form.form_errors,
                _("You have tried this too often. Wait a few minutes, then try again."),
            ]
            status = 429
        else:
            if proving.prove(form, current):
                return None
    security_log.note("fresh_proof_needed")
    unit_of_work.rollback()
    page = proving.page(form, current, action=request.full_path.rstrip("?"), kept=proving.kept_fields())
    return page, status
