"""GET and POST /v1/mgmt/avow/project/settings, GET /v1/mgmt/license."""

from collections.abc import Callable

import pytest

from avow.server.keys import actions as keys
from avow.testing.server import Avow
from avow.wire.projects import SIGN_IN_METHODS
from tests.server.api import Api

PATH = "/v1/mgmt/avow/project/settings"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def test_defaults_are_shown(api: Api, key: str) -> None:
    settings = api.get(PATH, token=key)
    assert settings["sessionLifetimeSeconds"] == 600
    assert settings["rotation"] == "sole-holder"
    assert settings["signInMethods"] == list(SIGN_IN_METHODS)


def test_named_settings_change_and_the_others_stay(api: Api, key: str) -> None:
    before = api.get(PATH, token=key).body
    answer = api.post(PATH, {"settings": {"sessionLifetimeSeconds": 120, "codeDigits": 8}}, token=key)
    assert answer.body == before | {"sessionLifetimeSeconds": 120, "codeDigits": 8}
    assert api.get(PATH, token=key).body == answer.body


def test_null_puts_a_setting_back(api: Api, key: str) -> None:
    api.post(PATH, {"settings": {"codeDigits": 8}}, token=key)
    assert api.post(PATH, {"settings": {"codeDigits": None}}, token=key)["codeDigits"] == 6


def test_change_holds_within_a_second(api: Api, key: str) -> None:
    api.sign_in()
    api.post(PATH, {"settings": {"sessionLifetimeSeconds": 120}}, token=key)
    api.clock.advance(1)
    session = api.sign_in()
    assert session["sessionExpiration"] == api.clock() + 120


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": 1},
        {"sessionLifetimeSeconds": 59},
        {"sessionLifetimeSeconds": "600"},
        {"codeDigits": 5},
        {"rotation": "sometimes"},
        {"approvedRedirects": ["no address"]},
        {"allowedOrigins": ["javascript:alert(1)"]},
        {"defaultRedirects": {"magiclink": "/relative"}},
        {"codeDigits": 8, "codeAttempts": 0},
        {"inviteUrl": "javascript:alert(1)"},
        {"cookieDomain": "example.com; Path=/elsewhere"},
        {"cookieDomain": "example.com\r\nSet-Cookie: DSR=mine"},
        {"cookieDomain": "example.com\n"},
        {"cookieDomain": "ünder.example.com"},
        {"cookieDomain": ".example.com"},
        {"brandColor": "red"},
        {"brandColor": "#12345"},
        {"brandColor": "#123456}"},
        {"logoUrl": "http://example.com/logo.svg"},
        {"logoUrl": "javascript:alert(1)"},
        {"logoUrl": "//example.com/logo.svg"},
        {"appearance": "pink"},
    ],
)
def test_invalid_change_changes_nothing(wrong: dict[str, object], api: Api, key: str) -> None:
    before = api.get(PATH, token=key).body
    assert api.post(PATH, {"settings": wrong}, token=key).refusal == (400, "E011004")
    assert api.get(PATH, token=key).body == before


def test_look_of_screens_is_what_was_set(api: Api, key: str) -> None:
    look = {"brandColor": "#aA3366", "logoUrl": "https://example.com/logo.svg", "appearance": "dark"}
    answer = api.post(PATH, {"settings": look}, token=key).body
    assert {name: answer[name] for name in look} == look


def test_domain_of_the_refresh_cookie_is_what_was_set(api: Api, key: str) -> None:
    wanted = {"refreshTokenIn": "cookie", "cookieDomain": "login.example.com"}
    assert api.post(PATH, {"settings": wanted}, token=key)["cookieDomain"] == "login.example.com"
    api.clock.advance(1)
    assert "; Domain=login.example.com; " in api.sign_in().header("set-cookie")


@pytest.mark.parametrize("path", [PATH, "/v1/mgmt/license"])
def test_live_management_key_of_this_project_is_needed(
    path: str, api: Api, key: str, make_project: Callable[..., Avow]
) -> None:
    stranger = make_project()
    for token in ("", "wrong", stranger.management_key, key[:-1], api.sign_in()["refreshJwt"]):
        assert api.get(path, token=token).refusal == (401, "E019401")
    assert api.get(path, token=key).status == 200


def test_revoked_and_expired_keys_are_refused(api: Api) -> None:
    key_id, revoked = api.avow.run(lambda tx: keys.create_management_key(tx, "revoked"))
    _, expiring = api.avow.run(lambda tx: keys.create_management_key(tx, "expiring", expires_at=tx.now + 10))
    api.avow.run(lambda tx: keys.revoke_management_key(tx, key_id))
    assert api.get(PATH, token=revoked).refusal == (401, "E019401")
    assert api.get(PATH, token=expiring).status == 200
    api.clock.advance(10)
    assert api.get(PATH, token=expiring).refusal == (401, "E019401")


def test_license_is_a_constant(api: Api, key: str) -> None:
    assert api.get("/v1/mgmt/license", token=key).body == {"rateLimitTier": "tier4"}
