"""What every request must show before anything else is looked at: a host of ours, a page of ours, each thing once."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from fundapp.core.routes import SAFE_METHODS

HEALTH_PATH: Final = "/health"
"""Asked by load balancers, under whatever name or number they know us."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OUR_OWN: Final = frozenset({"same-origin", "none"})
"""What browsers say in Sec-Fetch-Site of a page of ours, and of somebody who reloads one."""


class ForeignRequest(BadRequest):
    """A request that no page of ours can have made (400). `event` names what is logged."""

    def __init__(self, event: str) -> None:
        super().__init__()
        self.event = event


@dataclass(frozen=True)
class Site:
    """By which names this installation is called: that of its base address, and those that are set besides."""

    base_url: str
    hosts: Collection[str] = ()

    def has(self, host: str) -> bool:
        """Say whether a Host header names us. On a loopback base address, every loopback name and port does."""
        base = urlsplit(self.base_url)
        if host.lower() in {base.netloc.lower(), *(name.lower() for name in self.hosts)}:
            return True
        return base.hostname in _LOOPBACK and _name(host) in _LOOPBACK

    def is_origin(self, origin: str, request_origin: str) -> bool:
        """Say whether an Origin header names us: the base address, or the very place that the request was sent to."""
        base = urlsplit(self.base_url)
        return origin.lower() in {f"{base.scheme}://{base.netloc}".lower(), request_origin.lower()}


def refuse_foreign_requests(app: Flask, site: Site) -> None:
    """Answer 400 to requests for another host, from another site, or with a parameter of the address given twice.

    A browser that sends neither Sec-Fetch-Site nor a telling Origin passes here; the form's token still guards it.
    Fields of a form may repeat (boxes that were ticked); where one value is meant, everything reads the first.
    """

    @app.before_request
    def refuse_foreign() -> None:
        if request.path != HEALTH_PATH and not site.has(request.host):
            raise ForeignRequest("unknown_host")
        if any(len(values) > 1 for _name, values in request.args.lists()):
            raise ForeignRequest("repeated_parameter")
        if request.method in SAFE_METHODS:
            return
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in _OUR_OWN:
            raise ForeignRequest("foreign_site")
        origin = request.headers.get("Origin", "null")  # "null" is what our own Referrer-Policy makes browsers send
        if origin != "null" and not site.is_origin(origin, f"{request.scheme}://{request.host}"):
            raise ForeignRequest("foreign_origin")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
