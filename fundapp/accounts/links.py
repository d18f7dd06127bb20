"""Addresses and codes of one-time links, written into mails when they are sent."""

from uuid import UUID

from flask import current_app

from fundapp.accounts.secrets import link_code, link_token


def link_url(link_id: str, path: str = "link") -> str:
    """Return the absolute address of a one-time link, by the configured base address (never the Host header)."""
    base_url = current_app.extensions["settings"].base_url
    return f"{base_url}/{path}/{link_token(current_app.config['SECRET_KEY'], UUID(link_id))}"


def code_of(link_id: str) -> str:
    """Return the code of a one-time link in two groups, as people read it."""
    code = link_code(current_app.config["SECRET_KEY"], UUID(link_id))
    return f"{code[:4]} {code[4:]}"
