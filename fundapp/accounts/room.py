"""People, organisations and sign-in join the site."""

from fundapp.accounts.links import link_url
from fundapp.accounts.views import bp, sign_in
from fundapp.core.web import FundApp

PAGES = (sign_in,)
"""Importing these modules puts their pages on the blueprint."""


def join(app: FundApp) -> None:
    """Register this room's pages; mails write links with `link_url`."""
    app.register_blueprint(bp)
    app.jinja_env.globals["link_url"] = link_url
