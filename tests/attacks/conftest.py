"""For the whole group: no connection leaves this machine; no answer or line of a log tells what must stay inside."""

import ipaddress
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from .leaks import watch


class LeftTheMachine(AssertionError):
    """Something tried to reach another machine."""


def check_address(family: int, address: Any) -> None:
    """Raise LeftTheMachine unless an address is on this machine. A name is refused too: to look it up is a request."""
    if family == socket.AF_UNIX:
        return
    host = address[0] if isinstance(address, tuple) else address
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise LeftTheMachine(f"a connection to {host!r}")


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Refuse to connect, to send, or to look a name up, anywhere else."""
    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, method, _guarded(method))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


@pytest.fixture(autouse=True, scope="session")
def nothing_leaks() -> Iterator[None]:
    """Look at every answer and every line of our logs; a leak fails the test that got it, or the last one."""
    with pytest.MonkeyPatch.context() as patch:
        listener = watch(patch)
        yield
        logging.getLogger("fundapp").removeHandler(listener)
        assert listener.leaks == []


def _guarded(method: str) -> Any:
    real = getattr(socket.socket, method)

    def call(self: socket.socket, *arguments: Any) -> Any:
        check_address(self.family, arguments[-1])
        return real(self, *arguments)

    return call


def _guarded_lookup(real: Any) -> Any:
    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in (None, "localhost"):
            check_address(socket.AF_INET, (host,))
        return real(host, *arguments, **options)

    return look_up
