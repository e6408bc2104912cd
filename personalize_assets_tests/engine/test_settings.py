from pathlib import Path
from typing import Any

import pytest

from personalize_assets.engine.settings import EngineSettings, SettingsError, load_settings


def test_load_settings__defaults() -> None:
    settings = load_settings({"port": None}, {"PATH": "/bin", "PERSONALIZE_ENGINE_PORT": ""})
    assert (settings.host, settings.port) == ("127.0.0.1", 0)
    assert settings.state_dir == Path(".personalize")
    assert settings.s3_endpoint is None
    assert settings.workers >= 1
    assert settings.allow_remote is False


def test_load_settings__environment_and_flags() -> None:
    environ = {"PERSONALIZE_ENGINE_PORT": "8080", "PERSONALIZE_ENGINE_STATE_DIR": "/var/x"}
    settings = load_settings({"port": 9090, "host": None}, environ)
    assert (settings.port, settings.state_dir) == (9090, Path("/var/x"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_load_settings__loopback_hosts(host: str) -> None:
    assert load_settings({"host": host}, {}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_load_settings__other_hosts_must_be_allowed(host: str) -> None:
    with pytest.raises(SettingsError, match=r"is not loopback.*--allow-remote"):
        load_settings({"host": host}, {})
    assert load_settings({"host": host, "allow_remote": True}, {}).host == host


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"port": 65536}, "port=65536: Input should be less than or equal to 65535"),
        ({"port": "http"}, "port='http': Input should be a valid integer"),
        ({"workers": 0}, "workers=0: Input should be greater than or equal to 1"),
        ({"log_level": "LOUD"}, "log_level='LOUD': Input should be 'DEBUG', 'INFO'"),
        ({"s3_endpoint": "https://s3.amazonaws.com"}, "s3_endpoint https://s3.amazonaws.com is no"),
        ({"colour": "red"}, "colour='red': Extra inputs are not permitted"),
    ],
)
def test_load_settings__bad_values(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(given, {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings__every_field_says_what_it_is() -> None:
    for name, field in EngineSettings.model_fields.items():
        assert field.description, name
