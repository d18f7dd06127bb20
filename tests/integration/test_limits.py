"""Limits: counted in Redis where it answers and in the process where not; nothing about anybody is stored in clear."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from fundapp.accounts.limits import LIMITS, Counter, Limit, networks_of
from fundapp.accounts.permissions import Role
from fundapp.core.routes import SAFE_METHODS, declared_by
from fundapp.core.web import FundApp
from tests.factories import make_call, make_person, make_staff
from tests.servers import RedisServer

SECRET = "a secret for tests, long enough to be one"
FEW = Limit(15, one=3, address=5, everybody=9)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def tries(counter: Counter, number: int, subject: str = "account:a@example.org") -> list[bool]:
    return [counter.try_once("sign_in", FEW, subject, FEW.one) == 0 for _ in range(number)]


def test_processes_count_together_in_redis(app: FundApp, redis: RedisServer) -> None:
    first, second = Counter(redis.url, SECRET), Counter(redis.url, SECRET)
    assert [*tries(first, 2), *tries(second, 2)] == [True, True, True, False]
    assert tries(second, 1, "account:b@example.org") == [True]
    assert 0 < first.try_once("sign_in", FEW, "account:a@example.org", FEW.one) <= 15 * 60


def test_what_is_stored_says_nothing_about_anybody(app: FundApp, redis: RedisServer) -> None:
    counter = Counter(redis.url, SECRET)
    tries(counter, 1, "address:192.0.2.77")
    tries(counter, 1, "account:amina@example.org")
    with Redis.from_url(redis.url) as connection:
        stored = {key: connection.ttl(key) for key in connection.keys("*")}
    assert len(stored) == 2
    assert not any(b"192.0.2" in key or b"amina" in key for key in stored)
    assert all(0 < seconds <= 15 * 60 for seconds in stored.values())


def test_the_key_of_an_address_is_another_one_tomorrow(app: FundApp, clock) -> None:
    counter = Counter("unix:///nowhere", SECRET)
    today = counter._key("address:192.0.2.77")
    clock.shift(24 * 60 * 60)
    assert counter._key("address:192.0.2.77") != today
    assert Counter("unix:///nowhere", SECRET[::-1])._key("address:192.0.2.77") != today


def test_without_redis_the_limits_still_hold(app: FundApp, caplog) -> None:
    counter = Counter("unix:///nowhere/at/all", SECRET)
    assert tries(counter, 5) == [True, True, True, False, False]
    assert [record.getMessage() for record in caplog.records].count("redis_away") == 1


def test_redis_that_goes_away_lets_nobody_in_faster_than_processes_there_are(app: FundApp) -> None:
    with RedisServer() as server:
        counter = Counter(server.url, SECRET)
        assert tries(counter, 4) == [True, True, True, False]
    assert tries(counter, 4) == [True, True, True, False]


def test_redis_is_left_alone_for_a_while_and_then_asked_again(app: FundApp, redis: RedisServer, monkeypatch) -> None:
    counter = Counter(redis.url, SECRET)
    asked: list[bool] = []
    tries(counter, 1)

    def fail(*_given: object, **_named: object) -> int:
        asked.append(True)
        raise RedisConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(counter._redis, "incr", fail)
        tries(counter, 2)
        assert len(asked) == 1
    monkeypatch.setattr(counter, "_away_until", 0.0)
    tries(counter, 2)
    assert tries(counter, 1) == [False]  # Redis remembers the first one


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("192.0.2.7", ("192.0.2.7",)),
        ("::ffff:192.0.2.7", ("192.0.2.7",)),
        ("2001:db8:1:2:3:4:5:6", ("2001:0db8:0001:0002", "2001:0db8:0001")),
        ("2001:db8:1:2:ffff::1", ("2001:0db8:0001:0002", "2001:0db8:0001")),
        ("", ("",)),
    ],
)
def test_one_network_is_one_subject(address: str, networks: tuple[str, ...]) -> None:
    assert networks_of(address) == networks


def test_every_limit_that_a_page_names_exists_and_every_way_in_names_one(app: FundApp) -> None:
    named = {rule.endpoint: declared_by(app.view_functions[rule.endpoint]).limit for rule in app.url_map.iter_rules()}
    assert {limit for limit in named.values() if limit} <= set(LIMITS)
    public_and_unsafe = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if set(rule.methods or ()) - SAFE_METHODS
        and declared_by(app.view_functions[rule.endpoint]).permission == "public"
    }
    assert {endpoint for endpoint in public_and_unsafe if not named[endpoint]} == set()


def test_a_refusal_says_when_to_come_back_and_gives_the_text_back(app: FundApp, signed_in, monkeypatch) -> None:
    call = make_call()
    client = signed_in(make_person())
    monkeypatch.setitem(LIMITS, "start", Limit(15, one=1, address=100, everybody=100))
    client.post(f"/calls/{call.slug}/start")
    text = "We hold open days in six villages."
    answer = client.post(f"/calls/{call.slug}/start", data={"typed": text}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert text in answer.text
    assert client.get(f"/calls/{call.slug}/start").status_code in (200, 302)  # looking is not counted


def test_limits_of_reading_count_looking(app: FundApp, signed_in, monkeypatch) -> None:
    monkeypatch.setitem(LIMITS, "pdf", Limit(15, one=2, address=100, everybody=100, reads=True))
    call = make_call()
    client = signed_in(make_staff(Role.MANAGER, call))
    path = f"/manage/{call.slug}/tally.pdf"
    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 429]
    assert signed_in(make_staff(Role.MANAGER, call)).get(path).status_code == 200  # each for themselves
