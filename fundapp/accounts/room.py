"""People, organisations and sign-in join the site."""

from fundapp.accounts.links import code_of, link_url
from fundapp.accounts.refusals import needed_for
from fundapp.accounts.sessions import header_name
from fundapp.accounts.views import (
    addresses,
    bp,
    leaving,
    links,
    own_sessions,
    passphrases,
    people,
    second_step,
    security,
    sign_in,
)
from fundapp.core.web import FundApp

PAGES = (sign_in, links, passphrases, addresses, people, leaving, second_step, security, own_sessions)
"""Importing these modules puts their pages on the blueprint."""


def join(app: FundApp) -> None:
    """Register this room's pages; mails write links with `link_url`, and a refusal says what `needed_for` knows."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(link_url=link_url, code_of=code_of, needed_for=needed_for, header_name=header_name)
