"""Settings: where things are, read once from the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

MIN_SECRET_LENGTH: Final = 32
MIN_SECRET_VARIETY: Final = 12
"""Different characters; 32 random ones of a Base64 alphabet have about 25."""
ORGANISATION_ID: Final = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9._]+)+")
MOST_HOURS: Final = 720
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(Exception):
    """A setting is missing or unsafe; the message names it and says what to do."""


@dataclass(frozen=True)
class Publisher:
    """Who publishes awards as open data.

    `identifier` is the organisation's id by org-id.guide ("GB-CHC-1164883"), `prefix` the one that 360Giving gave it
    ("360G-example"), `licence` an address, `kind` a code of IATI's list of organisation types and `sector` a DAC code.
    """

    identifier: str
    name: str
    prefix: str
    licence: str
    kind: str
    sector: str


@dataclass(frozen=True)
class Settings:
    """Everything that differs between one installation and another.

    `database_url` is SQLAlchemy's (sqlite:// or postgresql://); `redis_url` is redis:// or unix://;
    `mail_url` is "smtp://host:port" or "file:DIRECTORY" (one .eml per mail); `base_url` is used in mails;
    `keys_dir` is the folder of key files; `hosts` are names besides that of `base_url` under which the site is asked
    for ("name" or "name:port", separated by commas); `trusted_proxies` is how many proxies of ours stand in front: of
    X-Forwarded-For, exactly so many entries from the right are believed; `clamd_address` is "unix:PATH" or "host:port"
    of the virus scanner ("": files are not scanned). `publisher` is None where no open files are published.
    `payee_cooling_hours` is how long changed payee details rest before money may go there.
    """

    database_url: str
    redis_url: str
    data_dir: Path
    keys_dir: Path
    secret_key: str
    base_url: str
    mail_url: str
    mail_from: str = "fundapp <no-reply@localhost>"
    insecure_cookies: bool = False
    hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0
    clamd_address: str = ""
    publisher: Publisher | None = None
    payee_cooling_hours: int = 72

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables that are the names of the fields in capitals.

        Raises SettingsError when a required one is missing, no number, or the secret is too short to be one.
        """
        data_dir = _data_dir(env)
        secret_key = env.get("SECRET_KEY", "")
        if len(secret_key) < MIN_SECRET_LENGTH:
            raise SettingsError(
                f"SECRET_KEY must have at least {MIN_SECRET_LENGTH} characters; make one with:"
                ' python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if len(set(secret_key)) < MIN_SECRET_VARIETY:
            raise SettingsError("SECRET_KEY looks made up, not drawn at random; secrets.token_urlsafe(48) draws one")
        base_url = env.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
        insecure_cookies = env.get("INSECURE_COOKIES", "") == "1"
        if insecure_cookies and urlsplit(base_url).hostname not in LOOPBACK:
            raise SettingsError("INSECURE_COOKIES is for a service on one's own machine; BASE_URL names another")
        return cls(
            database_url=env.get("DATABASE_URL", f"sqlite:///{data_dir}/fundapp.sqlite"),
            redis_url=env.get("REDIS_URL", f"unix://{data_dir}/queue.sock"),
            data_dir=data_dir,
            keys_dir=keys_dir_of(env),
            secret_key=secret_key,
            base_url=base_url,
            mail_url=env.get("MAIL_URL", f"file:{data_dir}/mail"),
            mail_from=env.get("MAIL_FROM", "fundapp <no-reply@localhost>"),
            insecure_cookies=insecure_cookies,
            hosts=tuple(name.strip() for name in env.get("HOSTS", "").split(",") if name.strip()),
            trusted_proxies=_count(env, "TRUSTED_PROXIES"),
            clamd_address=_scanner(env.get("CLAMD_ADDRESS", "")),
            publisher=_publisher(env),
            payee_cooling_hours=_hours(env, "PAYEE_COOLING_HOURS", 72),
        )


def _count(env: Mapping[str, str], name: str) -> int:
    text = env.get(name, "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) == 1):
        raise SettingsError(f"{name} must be a number from 0 to 9, not {text!r}")
    return int(text)


def _hours(env: Mapping[str, str], name: str, usual: int) -> int:
    text = env.get(name, "") or str(usual)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_HOURS):
        raise SettingsError(f"{name} must be a number of hours from 1 to {MOST_HOURS}, not {text!r}")
    return int(text)


def _publisher(env: Mapping[str, str]) -> Publisher | None:
    identifier, name = env.get("PUBLISHER_ID", ""), env.get("PUBLISHER_NAME", "")
    if not identifier and not name:
        return None
    if not name or not ORGANISATION_ID.fullmatch(identifier):
        raise SettingsError(
            "PUBLISHER_ID and PUBLISHER_NAME go together; PUBLISHER_ID is an id by org-id.guide, such as GB-CHC-1164883"
        )
    prefix = env.get("PUBLISHER_PREFIX", "") or f"360G-{identifier}"
    if not ORGANISATION_ID.fullmatch(prefix) or not prefix.startswith("360G-"):
        raise SettingsError(f"PUBLISHER_PREFIX must be one that 360Giving gave, such as 360G-example, not {prefix!r}")
    codes = {"PUBLISHER_KIND": "60", "PUBLISHER_SECTOR": "15160"}
    kind, sector = (env.get(variable, "") or code for variable, code in codes.items())
    if not (kind.isascii() and kind.isdigit() and sector.isascii() and sector.isdigit()):
        raise SettingsError("PUBLISHER_KIND and PUBLISHER_SECTOR are numbers of the code lists of IATI")
    licence = env.get("PUBLISHER_LICENCE", "") or "https://creativecommons.org/licenses/by/4.0/"
    return Publisher(identifier, name, prefix, licence, kind, sector)


def _scanner(address: str) -> str:
    host, _colon, port = address.rpartition(":")
    if address and not address.startswith("unix:/") and not (host and port.isascii() and port.isdigit()):
        raise SettingsError(f"CLAMD_ADDRESS must be unix:/PATH or host:port, not {address!r}")
    return address


def keys_dir_of(env: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of keys: KEYS_DIR, else "keys" in DATA_DIR. No other setting is needed for making keys."""
    return Path(env["KEYS_DIR"]).absolute() if env.get("KEYS_DIR") else _data_dir(env) / "keys"


def _data_dir(env: Mapping[str, str]) -> Path:
    return Path(env.get("DATA_DIR", "var")).absolute()
