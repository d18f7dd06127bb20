"""What was typed into payee details: sealed here, opened only with the private key, which no server holds."""

import hashlib
import json
from typing import Any, Final

from fundapp.core import keys
from fundapp.core.keys import Keyring, Ring
from fundapp.core.sealing import current_keys, record_of, seal, to_json, unseal
from fundapp.disbursement.bank_rules import Account
from fundapp.disbursement.models import PayeeDetails

_SALT: Final = b"fundapp payee account"
_COST: Final = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


def seal_details(row: PayeeDetails, details: dict[str, str]) -> None:
    """Seal what was typed for the holder of the private payee key; whoever seals can't open it again."""
    inner = current_keys().close_to_payee(to_json(details), _context(row))
    row.payee_key = keys.number_of(inner)
    row.sealed = seal(record_of(row.application), Ring.IDENTITY, _context(row), inner)


def open_details(row: PayeeDetails, private: Keyring) -> dict[str, str]:
    """Return payee details in clear with the private key; {} where they were erased.

    Raises NotOpened, Erased and KeysError.
    """
    if row.sealed is None:
        return {}
    inner = unseal(record_of(row.application), Ring.IDENTITY, _context(row), row.sealed)
    opened: dict[str, Any] = json.loads(private.open_payee(inner, _context(row)))
    return {name: str(text) for name, text in opened.items()}


def seal_details_anew(row: PayeeDetails, private: Keyring) -> None:
    """Seal payee details with the newest public key instead of the one before. Raises as `open_details` does."""
    seal_details(row, open_details(row, private))


def account_hash(account: Account) -> str:
    """Return a slow hash that is the same for the same account.

    It is never stored as it is: sealed, and as a blind index. That it is slow keeps even somebody who holds the keys of
    the web from trying all numbers of a bank.
    """
    return hashlib.scrypt(account.identity.encode(), salt=_SALT, **_COST).hex()


def _context(row: PayeeDetails) -> bytes:
    return keys.context(PayeeDetails.__tablename__, "sealed", row.id, row.number)
