"""Pages for changing one's address, and for the links that confirm or undo it."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import factor_queries, limits, queries
from fundapp.accounts.forms import EmptyForm, LinkRequestForm
from fundapp.accounts.models import LinkPurpose, OneTimeLink
from fundapp.accounts.permissions import P
from fundapp.accounts.services import addresses
from fundapp.accounts.sessions import current_actor
from fundapp.accounts.views import bp
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, public, requires
from fundapp.core.web import problems_into


@bp.get("/account/address")
@requires(P.SESSION_USE)
@fresh
def address() -> ResponseReturnValue:
    """Show the present address, and ask for another."""
    return _address_page(LinkRequestForm(formdata=None))


@bp.post("/account/address")
@requires(P.SESSION_USE)
@limited("link")
@fresh
def change_address() -> ResponseReturnValue:
    """Mail the new address a link that confirms it."""
    form = LinkRequestForm()
    if form.validate():
        try:
            if limits.may_mail(form.email.data or ""):
                addresses.request_change(
                    actor=current_actor(),
                    person=factor_queries.person_of(current_actor()),
                    email=form.email.data or "",
                    secret_key=current_app.config["SECRET_KEY"],
                    now=clock.now(),
                )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("A mail is on its way to the new address. Nothing changes before you open the link in it."))
            return redirect(url_for("accounts.home"))
    return _address_page(form), 422


@bp.get("/address/<token>")
@public
@limited("tokens")
def open_address_link(token: str) -> ResponseReturnValue:
    """Show the button that confirms a new address, or takes the old one back."""
    link = _usable(token)
    if link is None:
        return render_template("accounts/address_link_spent.html"), 410
    return render_template(
        "accounts/address_link.html",
        token=token,
        takes_back=link.purpose is LinkPurpose.REVERT_ADDRESS,
        form=EmptyForm(),
    )


@bp.post("/address/<token>")
@public
@limited("tokens")
def use_address_link(token: str) -> ResponseReturnValue:
    """Confirm the new address, or take the old one back and sign everybody out."""
    link = _usable(token)
    if link is None:
        return render_template("accounts/address_link_spent.html"), 410
    if link.purpose is LinkPurpose.CONFIRM_ADDRESS:
        addresses.confirm_change(link=link, secret_key=current_app.config["SECRET_KEY"], now=clock.now())
        flash(_("Your new address counts from now on. The old one was told."))
    else:
        addresses.revert_change(link=link, now=clock.now())
        flash(_("Your old address counts again, and everybody who was signed in is signed out. Sign in with it now."))
    return redirect(url_for("accounts.sign_in"))


def _usable(token: str) -> OneTimeLink | None:
    return queries.usable_link(token, clock.now(), LinkPurpose.CONFIRM_ADDRESS, LinkPurpose.REVERT_ADDRESS)


def _address_page(form: LinkRequestForm) -> str:
    person = factor_queries.person_of(current_actor())
    return render_template(
        "accounts/address.html", form=form, present=person.email, has_words=person.sign_in_reference is not None
    )
