"""How often things may be done: per person or account, per network address, and by everybody together.

Limits slow strangers and lock nobody out. What counts against an account counts only for devices that never signed in
to it; a device that did, a link that is in the mailbox already and a session that is open go on working.

An address is kept as an HMAC under a key of the day, in Redis, for as long as its window lasts, and nowhere else. When
Redis is away each process counts for itself: the limits still hold, at most as often as there are processes.
"""

import hashlib
import hmac
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final, TypeVar, cast

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from fundapp.accounts import known_devices
from fundapp.accounts.rules import checked_email, fold_account, fold_reference
from fundapp.core import clock, logs, security_log
from fundapp.core.routes import SAFE_METHODS, Declared
from fundapp.core.web import WebActor

Result = TypeVar("Result")

REDIS_SECONDS: Final = 0.5
"""How long Redis may take to answer before this process counts for itself."""
AWAY_SECONDS: Final = 30
"""How long Redis is left alone after it did not answer."""


@dataclass(frozen=True)
class Limit:
    """How often in a window of `minutes`: `one` by one person or for one account, `address` from one network address,
    `everybody` in all; `device` by one that has signed in to the account before, which then counts for itself alone
    (0: not counted). More than `alarm` in all refuses nobody, and is noted as a security event.

    `account_field` is the form's field that names the account which is tried, and `fold` gives it the one form in which
    it is looked up; `reads`: looking counts too.
    """

    minutes: int
    one: int
    address: int
    everybody: int = 0
    alarm: int = 0
    device: int = 0
    account_field: str = ""
    fold: Callable[[str], str] = fold_account
    reads: bool = False


LIMITS: Final = {
    "sign_in": Limit(15, one=10, address=100, everybody=3_000, device=10, account_field="email"),
    "passkey": Limit(15, one=0, address=100, alarm=3_000, device=30),
    "passphrase": Limit(15, one=0, address=100, alarm=3_000, device=30, account_field="reference", fold=fold_reference),
    "link": Limit(15, one=60, address=100, alarm=3_000),
    "code": Limit(15, one=30, address=300),
    "tokens": Limit(15, one=60, address=300),
    "factor": Limit(15, one=10, address=300, device=10),
    "start": Limit(15, one=60, address=200, alarm=6_000),
    "ask": Limit(60, one=20, address=30, everybody=1_000),
    "nominate": Limit(60, one=40, address=60, everybody=3_000),
    "vote": Limit(60, one=20, address=60, everybody=6_000),
    "invite": Limit(60, one=20, address=100, everybody=2_000),
    "send": Limit(15, one=60, address=3_000, everybody=30_000),
    "pdf": Limit(15, one=20, address=200, everybody=1_000, reads=True),
    "save": Limit(15, one=900, address=9_000, everybody=90_000),
    "upload": Limit(15, one=300, address=3_000, everybody=30_000),
    "part": Limit(15, one=2_000, address=20_000, everybody=200_000),
    "export": Limit(15, one=30, address=100, everybody=500, reads=True),
    "open_data": Limit(15, one=600, address=600, everybody=30_000, reads=True),
    "search": Limit(15, one=600, address=3_000, everybody=30_000, reads=True),
}
"""Every name that `@limited` takes. One address may be a whole office, a cybercafé or an exit of Tor.

What is a way in, or leads to one (links, codes, words, passkeys, second factors), refuses nobody for what everybody
does together: a flood of strangers must not shut it. Passwords do: they can be guessed at many accounts at once.
Links, passkeys and passphrases are too long to guess, so nothing counts against their account: who has no other way
in cannot be kept out by whoever knows their reference. A code ends with its third wrong try, whoever types.
"""
SITE_TIMES: Final = 10
"""How much more often than one /64 a whole /48 of IPv6 may: it can be one machine, or a town of telephones."""
MAILS: Final = Limit(15, one=5, address=0)
"""Mails with a link to one address: more are not sent, and the newest one that is there goes on working."""

BEGINNINGS: Final = Limit(60, one=0, address=60, everybody=2_000)
"""People who begin without an address: each is a few rows. Who comes later can still begin with an address."""


class Counter:
    """Counts tries, in Redis where it answers, else in this process."""

    def __init__(self, redis_url: str, secret_key: str) -> None:
        self._redis_url = redis_url.replace("unix://", "redis+unix://", 1)
        self._secret = secret_key.encode()
        self._process = 0
        self._away_until = 0.0

    def try_once(self, name: str, limit: Limit, subject: str, allowed: int) -> int:
        """Count one try of a subject; return 0 while it is allowed, else the seconds until it will be again."""
        item = RateLimitItemPerMinute(allowed, limit.minutes, namespace="fundapp")
        key = self._key(subject)

        def count(storage: Storage) -> int:
            limiter = FixedWindowRateLimiter(storage)
            if limiter.hit(item, name, key):
                return 0
            return max(1, round(limiter.get_window_stats(item, name, key).reset_time - time.time()))

        return self._ask(count)

    def reset(self) -> None:
        """Forget everything that this process counted by itself."""
        self._process = 0

    def _key(self, subject: str) -> str:
        """Return a subject as it is stored: nobody who reads Redis learns an address or an account."""
        of_the_day = hmac.digest(self._secret, f"limits:{clock.now():%Y-%m-%d}".encode(), hashlib.sha256)
        return hmac.new(of_the_day, subject.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _ask(self, question: Callable[[Storage], Result]) -> Result:
        self._open()
        if time.monotonic() >= self._away_until:
            try:
                return question(self._redis)
            except (RedisError, OSError):
                self._away_until = time.monotonic() + AWAY_SECONDS
                logs.write("redis_away", level=logging.WARNING)  # this process counts tries by itself now
        return question(self._memory)

    def _open(self) -> None:
        """Make the storages in the process that uses them: neither sockets nor locks outlive a fork."""
        if self._process != os.getpid():
            self._redis = RedisStorage(
                self._redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
            )
            self._memory = MemoryStorage()
            self._process = os.getpid()


def join(app: Flask, redis_url: str) -> None:
    """Give an application its counter."""
    app.extensions["limits"] = Counter(redis_url, app.config["SECRET_KEY"])


def limit_gate(declared: Declared, actor: WebActor) -> ResponseReturnValue | None:
    """Count a request to a limited page. Raises TooManyRequests, with the seconds after which to try again."""
    if not declared.limit:
        return None
    limit = LIMITS[declared.limit]
    if request.method in SAFE_METHODS and not limit.reads:
        return None
    for subject, allowed in _subjects(limit, actor):
        if seconds := _counter().try_once(declared.limit, limit, subject, allowed):
            raise TooManyRequests(retry_after=seconds)
    if limit.alarm:
        _watch(declared.limit, limit)
    return None


def may_mail(address: str) -> bool:
    """Count a mail with a link to an address, however it is spelled; say whether it is to be sent.

    Raises RuleViolations for something that is no address at all.
    """
    return not _counter().try_once("mails", MAILS, f"account:{checked_email(address)}", MAILS.one)


def may_begin() -> bool:
    """Count somebody who begins without an address; say whether they may, or have to give one first."""
    counter = _counter()
    networks = networks_of(request.remote_addr or "")
    times = (1, SITE_TIMES)
    subjects = [(f"address:{each}", BEGINNINGS.address * more) for each, more in zip(networks, times, strict=False)]
    subjects.append(("everybody", BEGINNINGS.everybody))
    return all(not counter.try_once("beginnings", BEGINNINGS, subject, allowed) for subject, allowed in subjects)


def networks_of(address: str) -> tuple[str, ...]:
    """Return what counts as one network address: an IPv4 address; of an IPv6 one its /64, and its /48."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return (address,)  # a unix socket has none
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return parsed.exploded[:19], parsed.exploded[:14]
    return (str(getattr(parsed, "ipv4_mapped", None) or parsed),)


def _subjects(limit: Limit, actor: WebActor) -> list[tuple[str, int]]:
    """Return who is counted, each with how often."""
    account = ""
    if limit.account_field:
        account = limit.fold(request.form.get(limit.account_field, "")[:254])
    elif actor.person_id is not None:
        account = fold_account(str(actor.person_id))
    if limit.device and (device := known_devices.known_as(account)):
        return [(f"device:{device}:{account}", limit.device)]
    networks = networks_of(request.remote_addr or "")
    times = (1, SITE_TIMES)
    subjects = [(f"address:{network}", limit.address * more) for network, more in zip(networks, times, strict=False)]
    if account and limit.one:
        subjects.append((f"account:{account}", limit.one))
    if limit.everybody:
        subjects.append(("everybody", limit.everybody))
    return subjects


def _watch(name: str, limit: Limit) -> None:
    """Note, once in a window, that everybody together does more than is usual."""
    counter = _counter()
    if counter.try_once(name, limit, "everybody", limit.alarm) and not counter.try_once(name, limit, "alarm", 1):
        security_log.note("limit_alarm", limit=name)


def _counter() -> Counter:
    return cast(Counter, current_app.extensions["limits"])
