"""Addresses of one-time links, written into mails when they are sent."""

from uuid import UUID

from flask import current_app

from fundapp.accounts.secrets import link_token


def link_url(link_id: str) -> str:
    """Return the absolute address of a one-time link, by the configured base address (never the Host header)."""
    base_url = current_app.extensions["settings"].base_url
    return f"{base_url}/link/{link_token(current_app.config['SECRET_KEY'], UUID(link_id))}"
