"""Keys: made safely, refused when unsafe, and what they sealed opens years later and nowhere else."""

import base64
import hashlib
import hmac
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fundapp.core import keys
from fundapp.core.keys import Keyring, KeysError, NotOpened, Part, Ring

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "sealing.json").read_text())
CONTEXT = keys.context("person", "email_sealed", "6f1c2e0a-1b7d-4c55-9b1e-0d5a6a3f9c01", 1)
KEY = bytes(range(32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.make(tmp_path / "keys")
    return tmp_path / "keys"


def example_ring() -> Keyring:
    key = bytes.fromhex(VECTORS["key"])
    parts = (Part.IDENTITY, Part.INDEX, Part.PAYEE_PRIVATE, Part.AUDIT_PRIVATE)
    return Keyring({part: {VECTORS["key_number"]: key} for part in parts})


def hexed(name: str, field: str) -> bytes:
    return bytes.fromhex(VECTORS[name][field])


def test_vectors_of_a_value_and_its_data_key_open_with_nothing_but_aes_gcm() -> None:
    wrapped, wrapping = hexed("wrapped_data_key", "sealed"), VECTORS["wrapped_data_key"]["context"].encode()
    assert wrapped[:3] == b"\x01" + VECTORS["key_number"].to_bytes(2, "big")
    data_key = AESGCM(bytes.fromhex(VECTORS["key"])).decrypt(wrapped[3:15], wrapped[15:], wrapping)
    assert data_key.hex() == VECTORS["data_key"]
    sealed = hexed("value", "sealed")
    assert sealed[:3] == b"\x01\x00\x00"
    opened = AESGCM(data_key).decrypt(sealed[3:15], sealed[15:], VECTORS["value"]["context"].encode())
    assert opened.decode() == VECTORS["value"]["plaintext"]


def test_vectors_open_with_this_code() -> None:
    ring = example_ring()
    wrapping = VECTORS["wrapped_data_key"]["context"].encode()
    data_key = ring.unwrap(Ring.IDENTITY, hexed("wrapped_data_key", "sealed"), wrapping)
    value = keys.unseal(data_key, hexed("value", "sealed"), VECTORS["value"]["context"].encode())
    assert value.decode() == VECTORS["value"]["plaintext"]
    payee = ring.open_payee(hexed("payee", "sealed"), VECTORS["payee"]["context"].encode())
    assert payee.decode() == VECTORS["payee"]["plaintext"]
    assert ring.index(VECTORS["index"]["purpose"], VECTORS["index"]["value"]) == VECTORS["index"]["index"]
    message = VECTORS["signature"]["message"].encode()
    assert ring.sign(message) == (VECTORS["key_number"], hexed("signature", "signature"))
    Ed25519PublicKey.from_public_bytes(hexed("signature", "public_key")).verify(
        hexed("signature", "signature"), message
    )


def test_vector_of_the_blind_index_is_128_bits_of_hmac_sha_256() -> None:
    message = f"{VECTORS['index']['purpose']}\0{VECTORS['index']['value']}".encode()
    digest = hmac.new(bytes.fromhex(VECTORS["key"]), message, hashlib.sha256).hexdigest()
    assert VECTORS["index"]["index"] == f"{VECTORS['key_number']:04d}{digest[:32]}"


def test_row_117_one_flipped_bit_anywhere_does_not_open() -> None:
    sealed = keys.seal(KEY, b"amina@sample.example", CONTEXT)
    assert keys.unseal(KEY, sealed, CONTEXT) == b"amina@sample.example"
    for place in range(len(sealed)):
        for bit in range(8):
            flipped = bytearray(sealed)
            flipped[place] ^= 1 << bit
            with pytest.raises(NotOpened):
                keys.unseal(KEY, bytes(flipped), CONTEXT)


@pytest.mark.parametrize(
    "elsewhere",
    [
        keys.context("person", "email_sealed", "another row", 1),
        keys.context("person", "name_sealed", "6f1c2e0a-1b7d-4c55-9b1e-0d5a6a3f9c01", 1),
        keys.context("organisation", "email_sealed", "6f1c2e0a-1b7d-4c55-9b1e-0d5a6a3f9c01", 1),
        keys.context("person", "email_sealed", "6f1c2e0a-1b7d-4c55-9b1e-0d5a6a3f9c01", 2),
    ],
)
def test_row_117_a_value_opens_only_in_its_table_column_row_and_version(elsewhere: bytes, folder: Path) -> None:
    sealed = keys.seal(KEY, b"amina@sample.example", CONTEXT)
    with pytest.raises(NotOpened):
        keys.unseal(KEY, sealed, elsewhere)
    payee = Keyring.load(folder, [Part.PAYEE_PUBLIC, Part.PAYEE_PRIVATE])
    sealed = payee.close_to_payee(b"GB00 SAMPLE 4321", CONTEXT)
    assert payee.open_payee(sealed, CONTEXT) == b"GB00 SAMPLE 4321"
    with pytest.raises(NotOpened):
        payee.open_payee(sealed, elsewhere)


@pytest.mark.parametrize("cut", [0, 1, 3, 15, 20])
def test_cut_bytes_do_not_open(cut: int, folder: Path) -> None:
    sealed = keys.seal(KEY, b"amina@sample.example", CONTEXT)[:cut]
    with pytest.raises(NotOpened):
        keys.unseal(KEY, sealed, CONTEXT)
    with pytest.raises(NotOpened):
        keys.number_of(sealed[:2])
    payee = Keyring.load(folder, [Part.PAYEE_PUBLIC, Part.PAYEE_PRIVATE])
    with pytest.raises(NotOpened):
        payee.open_payee(payee.close_to_payee(b"GB00 SAMPLE 4321", CONTEXT)[: max(cut, 3)], CONTEXT)


def test_nonces_never_repeat_under_one_key() -> None:
    sealed = [keys.seal(KEY, b"the same text", CONTEXT) for _ in range(20_000)]
    assert len({each[3:15] for each in sealed}) == len(sealed)


def test_whoever_seals_for_the_payee_ring_cannot_open_it(folder: Path) -> None:
    web = Keyring.load(folder, keys.WEB)
    sealed = web.close_to_payee(b"GB00 SAMPLE 4321", CONTEXT)
    assert b"SAMPLE" not in sealed
    with pytest.raises(KeysError, match=r"does not hold payee\.private"):
        web.open_payee(sealed, CONTEXT)
    assert Keyring.load(folder, [Part.PAYEE_PRIVATE]).open_payee(sealed, CONTEXT) == b"GB00 SAMPLE 4321"


def test_web_worker_and_commands_hold_no_private_key(folder: Path) -> None:
    private = {Part.PAYEE_PRIVATE, Part.AUDIT_PRIVATE, Part.BACKUP_PRIVATE}
    for parts in (keys.WEB, keys.WORKER, keys.COMMAND):
        ring = Keyring.load(folder, parts)
        assert ring.parts == parts
        assert not parts & private


def test_signatures_hold_for_their_message_and_number_only(folder: Path) -> None:
    ring = Keyring.load(folder, [Part.AUDIT_PRIVATE, Part.AUDIT_PUBLIC])
    number, signature = ring.sign(b"checkpoint")
    assert ring.verifies(b"checkpoint", signature, number=number)
    assert not ring.verifies(b"another", signature, number=number)
    with pytest.raises(KeysError, match="key 0002"):
        ring.verifies(b"checkpoint", signature, number=2)


def test_made_keys_are_their_owners_alone_and_never_made_twice(folder: Path) -> None:
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(made) == 3 + 2 * 3
    assert len(set(made.values())) == len(made), "no two keys are alike"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert keys.make(folder) == []
    (folder / "payee.0001.private").unlink()  # as it should be on a server
    assert keys.make(folder) == []
    assert {name for name in made if (folder / name).exists()} == set(made) - {"payee.0001.private"}


def test_a_new_key_of_a_ring_seals_and_the_old_one_still_opens(folder: Path) -> None:
    before = Keyring.load(folder, [Part.IDENTITY, Part.INDEX]).wrap(Ring.IDENTITY, KEY, CONTEXT)
    index = Keyring.load(folder, [Part.INDEX]).index("person.email_index", "amina@sample.example")
    assert keys.rotate(folder, Ring.IDENTITY) == 2
    assert keys.rotate(folder, Ring.INDEX) == 2
    ring = Keyring.load(folder, [Part.IDENTITY, Part.INDEX])
    assert ring.unwrap(Ring.IDENTITY, before, CONTEXT) == KEY
    after = ring.wrap(Ring.IDENTITY, KEY, CONTEXT)
    assert (keys.number_of(before), keys.number_of(after)) == (1, 2)
    assert ring.unwrap(Ring.IDENTITY, after, CONTEXT) == KEY
    assert ring.indexes("person.email_index", "amina@sample.example") == [
        index,
        ring.index("person.email_index", "amina@sample.example"),
    ]
    (folder / "identity.0001.secret").unlink()
    with pytest.raises(KeysError, match=r"key 0001 of identity\.secret is not here"):
        Keyring.load(folder, [Part.IDENTITY]).unwrap(Ring.IDENTITY, before, CONTEXT)


def test_one_value_has_another_blind_index_in_each_column(folder: Path) -> None:
    ring = Keyring.load(folder, [Part.INDEX])
    assert ring.index("person.email_index", "a") != ring.index("call_invitation.email_index", "a")
    assert ring.index("ab", "c") != ring.index("a", "bc")


def _others_may_read(folder: Path) -> None:
    (folder / "identity.0001.secret").chmod(0o640)


def _others_may_write_in_the_folder(folder: Path) -> None:
    folder.chmod(0o770)


def _missing(folder: Path) -> None:
    (folder / "identity.0001.secret").unlink()


def _example(folder: Path) -> None:
    (folder / "identity.0001.secret").write_bytes(base64.b64encode(keys.EXAMPLE_KEY))


def _zeros(folder: Path) -> None:
    (folder / "identity.0001.secret").write_bytes(base64.b64encode(bytes(32)))


def _short(folder: Path) -> None:
    (folder / "identity.0001.secret").write_bytes(base64.b64encode(os.urandom(31)))


def _no_key_at_all(folder: Path) -> None:
    (folder / "identity.0001.secret").write_text("-----BEGIN")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_others_may_read, r"chmod 600 .*identity\.0001\.secret"),
        (_others_may_write_in_the_folder, "chmod go-w"),
        (_missing, r"no identity\.secret key in .*fundapp keys make"),
        (_example, "holds an example"),
        (_zeros, "holds an example"),
        (_short, "32 bytes"),
        (_no_key_at_all, "holds no key"),
    ],
)
def test_row_125_an_unsafe_or_missing_key_is_refused_with_the_way_out(folder: Path, spoil: Any, said: str) -> None:
    assert Part.IDENTITY in Keyring.load(folder, keys.WEB).parts
    spoil(folder)
    with pytest.raises(KeysError, match=said) as refused:
        Keyring.load(folder, keys.WEB)
    assert not any(part in str(refused.value) for part in ("c29", "BEGIN")), "no byte of a key is quoted"


def test_a_missing_folder_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="fundapp keys make"):
        Keyring.load(tmp_path / "keys", keys.WEB)


def test_a_keyring_never_prints_its_keys(folder: Path) -> None:
    shown = repr(Keyring.load(folder, [Part.IDENTITY]))
    assert shown == "<Keyring identity.secret>"


def test_private_halves_belong_to_the_public_ones(folder: Path) -> None:
    ring = Keyring.load(folder, list(Part))
    backup = X25519PrivateKey.from_private_bytes(ring.raw(Part.BACKUP_PRIVATE))
    assert backup.public_key().public_bytes_raw() == ring.raw(Part.BACKUP_PUBLIC)
