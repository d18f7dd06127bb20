"""Settings are read once, and unsafe ones are refused."""

import pytest

from fundapp.settings import Publisher, Settings, SettingsError

SECRET = "a secret for tests, long enough to be one"


@pytest.mark.parametrize("secret", ["", "dev", "s" * 31])
def test_a_missing_or_short_secret_is_refused_with_the_way_out(secret):
    with pytest.raises(SettingsError, match=r"secrets\.token_urlsafe"):
        Settings.from_env({"SECRET_KEY": secret})


@pytest.mark.parametrize("secret", ["s" * 32, "changeme" * 8, "0123456789" * 4])
def test_a_secret_that_nobody_drew_is_refused(secret):
    with pytest.raises(SettingsError, match="looks made up"):
        Settings.from_env({"SECRET_KEY": secret})


@pytest.mark.parametrize(
    "address", ["https://grants.example.org", "http://10.0.0.5:8000", "http://localhost.example.org"]
)
def test_cookies_without_tls_are_for_ones_own_machine_only(address):
    environment = {"SECRET_KEY": SECRET, "INSECURE_COOKIES": "1"}
    with pytest.raises(SettingsError, match="INSECURE_COOKIES"):
        Settings.from_env(environment | {"BASE_URL": address})
    assert Settings.from_env(environment | {"BASE_URL": "http://localhost:8000"}).insecure_cookies


def test_the_embedded_default_needs_nothing_but_the_secret(tmp_path):
    settings = Settings.from_env({"SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/fundapp.sqlite"
    assert settings.redis_url == f"unix://{tmp_path}/queue.sock"
    assert not settings.insecure_cookies


def test_a_publisher_has_an_id_and_a_name_and_the_rest_by_default():
    environment = {"SECRET_KEY": SECRET, "PUBLISHER_ID": "GB-CHC-1", "PUBLISHER_NAME": "Fund"}
    publisher = Settings.from_env(environment).publisher
    assert publisher == Publisher(
        "GB-CHC-1", "Fund", "360G-GB-CHC-1", "https://creativecommons.org/licenses/by/4.0/", "60", "15160"
    )
    assert Settings.from_env({"SECRET_KEY": SECRET}).publisher is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"PUBLISHER_NAME": ""},
        {"PUBLISHER_ID": ""},
        {"PUBLISHER_ID": "GB/CHC|1"},
        {"PUBLISHER_PREFIX": "sample"},
        {"PUBLISHER_KIND": "NGO"},
        {"PUBLISHER_SECTOR": "x"},
    ],
)
def test_half_a_publisher_is_refused(wrong):
    environment = {"SECRET_KEY": SECRET, "PUBLISHER_ID": "GB-CHC-1", "PUBLISHER_NAME": "Fund"}
    with pytest.raises(SettingsError, match="PUBLISHER"):
        Settings.from_env(environment | wrong)


def test_addresses_switch_the_database_and_the_queue():
    environment = {"SECRET_KEY": SECRET, "DATABASE_URL": "postgresql:///fund", "REDIS_URL": "redis://queue:6379/0"}
    settings = Settings.from_env(environment)
    assert (settings.database_url, settings.redis_url) == ("postgresql:///fund", "redis://queue:6379/0")
