"""The guard of this group: it would notice a test that attacks another machine."""

import socket
import urllib.request

import pytest

from .conftest import LeftTheMachine


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("203.0.113.9", 443), ("evil.example", 80)])
def test_no_attack_leaves_this_machine(address: tuple[str, int]) -> None:
    with socket.socket() as client, pytest.raises(LeftTheMachine):
        client.connect(address)
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(LeftTheMachine):
        client.sendto(b"x", address)
    with pytest.raises(LeftTheMachine):
        socket.create_connection(address)
    with pytest.raises(LeftTheMachine):
        urllib.request.urlopen(f"http://{address[0]}/")


def test_an_attack_on_this_machine_gets_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        other, _ = server.accept()
        with other:
            client.sendall(b"x")
            assert other.recv(1) == b"x"
