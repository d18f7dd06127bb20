"""Sealed files: whole, in order, at their place, or not at all; one chunk in memory at a time."""

import io
import os
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fundapp.core.keys import NotOpened
from fundapp.core.sealed_files import CHUNK_BYTES, open_file, seal_file
from fundapp.core.sealing import Record
from fundapp.core.storage import Storage

KEY = bytes(range(32))
ROW = Record("attachment", UUID("6f1c2e0a-1b7d-4c55-9b1e-0d5a6a3f9c01"))
OTHER = Record("attachment", UUID("6f1c2e0a-1b7d-4c55-9b1e-0d5a6a3f9c02"))
SEALED_CHUNK = CHUNK_BYTES + 16
HEAD = 11


def opened(sealed: bytes, row: Record = ROW, key: bytes = KEY) -> bytes:
    return b"".join(open_file(key, row, io.BytesIO(sealed)))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_a_file_of_any_size_comes_back(size: int) -> None:
    data = os.urandom(size)
    sealed = seal_file(KEY, ROW, data)
    assert opened(sealed) == data
    assert len(sealed) == HEAD + size + 16 * max(1, -(-size // CHUNK_BYTES))


@pytest.mark.parametrize("size", [0, 10, CHUNK_BYTES, 2 * CHUNK_BYTES + 5])
def test_row_117_a_file_that_is_cut_at_any_chunk_or_byte_does_not_open(size: int) -> None:
    sealed = seal_file(KEY, ROW, os.urandom(size))
    cuts = {len(sealed) - 1, HEAD, 3, 0, *(HEAD + SEALED_CHUNK * count for count in range(1, 3))}
    for cut in sorted(cut for cut in cuts if cut < len(sealed)):
        with pytest.raises(NotOpened):
            opened(sealed[:cut])
    with pytest.raises(NotOpened):
        opened(sealed + b"\0")


def test_row_117_chunks_that_change_places_do_not_open() -> None:
    sealed = seal_file(KEY, ROW, os.urandom(3 * CHUNK_BYTES))
    head, body = sealed[:HEAD], sealed[HEAD:]
    chunks = [body[start : start + SEALED_CHUNK] for start in range(0, len(body), SEALED_CHUNK)]
    assert opened(head + b"".join(chunks))
    for order in ((1, 0, 2), (0, 2, 1), (0, 2), (0, 0, 2), (0, 1, 2, 2)):
        with pytest.raises(NotOpened):
            opened(head + b"".join(chunks[place] for place in order))


@pytest.mark.parametrize("place", [0, 2, 3, HEAD - 1, HEAD, HEAD + 100, -1])
def test_row_117_a_flipped_bit_does_not_open(place: int) -> None:
    sealed = bytearray(seal_file(KEY, ROW, b"a letter" * 100))
    sealed[place] ^= 1
    with pytest.raises(NotOpened):
        opened(bytes(sealed))


def test_row_117_a_file_of_another_row_or_key_does_not_open() -> None:
    sealed = seal_file(KEY, ROW, b"a letter")
    for row, key in ((OTHER, KEY), (Record("letter", ROW.id), KEY), (ROW, bytes(32))):
        with pytest.raises(NotOpened):
            opened(sealed, row, key)


def test_row_77_equal_files_are_stored_apart_and_one_can_go_without_the_other(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    first, second = (storage.put(seal_file(KEY, row, b"the same bytes")) for row in (ROW, OTHER))
    assert first != second
    assert storage.put(seal_file(KEY, ROW, b"the same bytes")) not in {first, second}, "nobody learns of the first"
    storage.delete(first)
    assert not storage.exists(first)
    assert opened(storage.read(second), OTHER) == b"the same bytes"


def test_nonces_of_chunks_never_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    class Watched:
        def __init__(self, key: bytes) -> None:
            self.cipher = AESGCM(key)

        def encrypt(self, nonce: bytes, data: bytes, context: bytes) -> bytes:
            seen.append(nonce)
            return self.cipher.encrypt(nonce, data, context)

    monkeypatch.setattr("fundapp.core.sealed_files.AESGCM", Watched)
    for _ in range(20):
        seal_file(KEY, ROW, bytes(3 * CHUNK_BYTES))
    assert len(set(seen)) == len(seen) == 60


def test_reading_holds_one_chunk_in_memory_at_a_time() -> None:
    class Counted(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 <= size <= SEALED_CHUNK
            self.most = max(self.most, size)
            return super().read(size)

    stored = Counted(seal_file(KEY, ROW, bytes(10 * CHUNK_BYTES)))
    assert sum(len(chunk) for chunk in open_file(KEY, ROW, stored)) == 10 * CHUNK_BYTES
    assert stored.most == SEALED_CHUNK
