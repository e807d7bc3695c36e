"""Presets, and which settings of an application hold together."""

import pytest

from avow.core.oidc.clients import PRESETS, Client, changed, preset
from avow.core.oidc.redirects import form_target, is_logout_uri, is_redirect, origin_of
from avow.errors import InvalidArgument


def test_presets_differ_in_what_their_applications_can_do() -> None:
    assert PRESETS["regular-web"].pkce == "allowed"
    assert PRESETS["regular-web"].id_token_has_claims
    assert PRESETS["regular-web"].updated_at == "text"
    assert [name for name, each in PRESETS.items() if each.pkce == "required"] == ["spa", "native", "machine"]
    assert [name for name, each in PRESETS.items() if Client("C", settings=each).is_public] == ["spa", "native"]
    assert PRESETS["machine"].grant_types == ("client_credentials",)
    weak = ("ignores_redirect_query", "takes_token_in_query")
    assert not any(getattr(each, name) for each in PRESETS.values() for name in weak)


def test_null_puts_a_setting_back_to_the_preset() -> None:
    made = preset("regular-web", {"pkce": "required", "updatedAt": "number"}, is_open=False)
    assert (made.pkce, made.updated_at) == ("required", "number")
    back = changed(made, {"pkce": None, "updated_at": None}, is_open=False)
    assert back == PRESETS["regular-web"]


@pytest.mark.parametrize(
    "changes",
    [
        {"preset": "spa"},
        {"nothing": 1},
        {"pkce": "sometimes"},
        {"redirectUris": ["http://app.example.com/cb"]},
        {"redirectUris": ["https://app.example.com/cb#x"]},
        {"redirectUris": ["https://*.example.com/cb"]},
        {"redirectUris": ["com.example.app:/cb"]},
        {"redirectUris": ["javascript:alert(1)"]},
        {"redirectUris": ["https://user@app.example.com/cb"]},
        {"webOrigins": ["https://app.example.com/path"]},
        {"logoutUris": ["nowhere"]},
        {"backchannelLogoutUri": "ftp://app.example.com"},
        {"authMethods": []},
        {"authMethods": ["none", "client_secret_post"]},
        {"authMethods": ["none"]},
        {"jwks": "[]"},
        {"grantTypes": ["implicit"]},
        {"lifetimeSeconds": 1},
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        preset("regular-web", changes, is_open=False)


def test_public_client_has_no_credentials_of_its_own() -> None:
    with pytest.raises(InvalidArgument):
        preset("spa", {"grantTypes": ["client_credentials"]}, is_open=False)


@pytest.mark.parametrize(
    ("uri", "schemes", "is_open", "expected"),
    [
        ("https://app.example.com/cb", False, False, True),
        ("http://127.0.0.1:4040/callback", False, False, True),
        ("http://localhost:4040/callback", False, False, True),
        ("http://localhost.evil.example/callback", False, False, False),
        ("http://app.example.com/cb", False, False, False),
        ("http://app.example.com/cb", False, True, True),
        ("com.example.app:/cb", True, False, True),
        ("com.example.app://cb", True, False, True),
        ("myapp:/cb", True, False, False),
        ("javascript:alert(1)", True, True, False),
        ("data:text/html,x", True, True, False),
    ],
)
def test_addresses_that_can_be_registered(uri: str, schemes: bool, is_open: bool, expected: bool) -> None:
    assert is_redirect(uri, takes_schemes=schemes, is_open=is_open) is expected


def test_no_path_of_a_logout_address_is_the_path_slash() -> None:
    settings = changed(PRESETS["regular-web"], {"logoutUris": ["http://127.0.0.1:4040"]}, is_open=False)
    assert is_logout_uri(settings, "http://127.0.0.1:4040/")
    assert is_logout_uri(settings, "http://127.0.0.1:4040")
    assert not is_logout_uri(settings, "http://127.0.0.1:4040/x")
    assert not is_logout_uri(settings, "http://127.0.0.1:4040/?foo=bar")
    assert not is_logout_uri(settings, "")


def test_form_of_a_page_may_end_at_an_origin_or_a_scheme() -> None:
    assert form_target("https://app.example.com/cb?x=1") == "https://app.example.com"
    assert form_target("com.example.app:/cb") == "com.example.app:"
    assert origin_of("com.example.app:/cb") == ""
