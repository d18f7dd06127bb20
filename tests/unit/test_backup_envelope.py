"""The form of backups: opened by the private key only, and only as they were written."""

import io
from pathlib import Path

import pytest

from fundapp.backups.envelope import CHUNK_BYTES, MAGIC, NotABackup, SealedReader, SealedWriter
from fundapp.core import keys
from fundapp.core.keys import Keyring, KeysError, Part, Ring

SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]
HEAD = len(MAGIC) + 2 + 80


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    keys.make(tmp_path, [Ring.BACKUP])
    return Keyring.load(tmp_path, [Part.BACKUP_PUBLIC, Part.BACKUP_PRIVATE])


def sealed(ring: Keyring, data: bytes, step: int = 10_000) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, ring)
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
    writer.finish()
    return file.getvalue()


def opened(ring: Keyring, data: bytes) -> bytes:
    return SealedReader(io.BytesIO(data), ring).read()


def some_bytes(size: int) -> bytes:
    return (b"Amina Sample, Kampala. " * (size // 23 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read(ring, size):
    data = some_bytes(size)
    assert opened(ring, sealed(ring, data)) == data
    reader = SealedReader(io.BytesIO(sealed(ring, data)), ring)
    assert b"".join(iter(lambda: reader.read(1000), b"")) == data


def test_nothing_of_it_can_be_read(ring):
    file = sealed(ring, some_bytes(3 * CHUNK_BYTES))
    assert b"Amina" not in file
    assert file != sealed(ring, some_bytes(3 * CHUNK_BYTES))


def test_the_server_can_seal_and_not_open(ring, tmp_path):
    server = Keyring.load(tmp_path, [Part.BACKUP_PUBLIC])
    file = sealed(server, b"something")
    with pytest.raises(KeysError):
        opened(server, file)
    assert opened(ring, file) == b"something"


def test_another_key_does_not_open_it(ring, tmp_path):
    other = tmp_path / "other"
    keys.make(other, [Ring.BACKUP])
    with pytest.raises(NotABackup):
        opened(Keyring.load(other, [Part.BACKUP_PRIVATE]), sealed(ring, b"something"))


@pytest.mark.parametrize("size", SIZES)
def test_a_backup_that_is_cut_off_anywhere_is_noticed(ring, size):
    file = sealed(ring, some_bytes(size))
    chunk = 4 + CHUNK_BYTES + 16
    ends = {0, 5, HEAD - 1, HEAD, HEAD + 3, len(file) - 1, *range(HEAD, len(file), chunk)}
    for end in ends:
        with pytest.raises(NotABackup):
            opened(ring, file[:end])


def test_a_changed_byte_anywhere_is_noticed(ring):
    file = sealed(ring, some_bytes(2 * CHUNK_BYTES))
    for place in [0, len(MAGIC) + 2, HEAD - 1, HEAD, HEAD + 4, HEAD + CHUNK_BYTES, len(file) - 1]:
        changed = bytearray(file)
        changed[place] ^= 1
        with pytest.raises(NotABackup):
            opened(ring, bytes(changed))


def test_chunks_that_change_places_or_are_added_are_noticed(ring):
    file = sealed(ring, some_bytes(3 * CHUNK_BYTES))
    chunk = 4 + CHUNK_BYTES + 16
    head, first, second, last = (
        file[:HEAD],
        file[HEAD : HEAD + chunk],
        file[HEAD + chunk : HEAD + 2 * chunk],
        file[HEAD + 2 * chunk :],
    )
    assert opened(ring, head + first + second + last) == some_bytes(3 * CHUNK_BYTES)
    for wrong in (
        head + second + first + last,
        head + first + first + second + last,
        head + first + last,
        file + last,
        file + b"\0",
        sealed(ring, some_bytes(3 * CHUNK_BYTES))[:HEAD] + first + second + last,
    ):
        with pytest.raises(NotABackup):
            opened(ring, wrong)


def test_something_else_is_no_backup(ring):
    for other in (b"", b"PK\x03\x04", b"fundapp backup 2\n" + bytes(200)):
        with pytest.raises(NotABackup):
            opened(ring, other)
