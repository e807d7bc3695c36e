"""`avow provider ...`: set up, listed, shown and removed, with the secret from a file, a pipe or a person."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from avow.server.social.kinds import KINDS
from avow.wire.providers import SaveProvider
from tests.cli.shops import Shop
from tests.core.federation.test_requests import pem

SECRET = "marked-secret-4711"
_NAMES = tuple(zip(SaveProvider.__struct_fields__, SaveProvider.__struct_encode_fields__, strict=True))


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """Write a client secret, as an editor does: with a line break at the end."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "apple"])
def test_known_provider_needs_a_client_and_a_secret(shop: Shop, secret: str, name: str) -> None:
    made = shop.made("provider", "add", name, "--client-id", "us", "--secret-file", secret)
    assert (made["kind"], made["isEnabled"], made["isSecretKept"]) == (name, True, True)
    assert shop.made("provider", "show", name) == made


def test_apple_takes_its_key(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "key.p8"
    file.write_text(pem(ec.generate_private_key(ec.SECP256R1())), encoding="utf-8")
    named = ("provider", "add", "apple", "--client-id", "us", "--secret-file", str(file))
    assert shop.run(*named).code == 1
    assert shop.made(*named, "--key-id", "K", "--team-id", "T")["clientAuth"] == "apple"


def test_redirect_uri_is_said(shop: Shop, secret: str) -> None:
    said = shop.said("provider", "add", "google", "--client-id", "us", "--secret-file", secret)
    assert f"/v1/auth/oauth/callback/{shop.project_id}/google" in said
    assert "is set up." in said
    assert "anew" in shop.said("provider", "add", "google", "--client-id", "us", "--secret-file", secret)
    assert len(shop.listed("provider", "list")) == 1


def test_secret_is_said_nowhere(shop: Shop, secret: str) -> None:
    said = [shop.said("provider", "add", "google", "--client-id", "us", "--secret-file", secret)]
    said += [shop.said("provider", *rest) for rest in (("list",), ("show", "google"), ("list", "--json"))]
    assert SECRET not in str(said)
    assert SECRET not in str(shop.events("provider.saved"))
    assert [who for who, _ in shop.events("provider.saved")] == ["command"]


def test_secret_comes_by_a_pipe_or_is_typed(shop: Shop) -> None:
    named = ("provider", "add", "google", "--client-id", "us")
    assert shop.answered(f"{SECRET}\n", *named, "--secret-file", "-").code == 0
    for empty in ("", " \n"):
        assert shop.answered(empty, *named, "--secret-file", "-").code == 2
    assert shop.run(*named, "--secret-file", "/nowhere").code == 2


def test_provider_of_ones_own_is_described(shop: Shop, secret: str) -> None:
    url = "https://hub.example.com"
    named = ("provider", "add", "hub", "--client-id", "us", "--secret-file", secret)
    assert shop.run(*named).code == 1
    assert shop.made(*named, "--issuer", url)["protocol"] == "oidc"
    endpoints = [f"--{each}-url={url}/{each}" for each in ("authorization", "token", "user", "emails")]
    made = shop.made(
        *named,
        *("--kind", "oauth2", "--issuer", url, "--claim", "subject=id", "--scope", "read", "--parameter", "a=b=c"),
        *("--host", "api.example.com", "--trusted-domain", "example.com", "--display-name", "Hub", "--disabled"),
        *("--client-auth", "post", *endpoints),
    )
    assert (made["protocol"], made["claims"], made["parameters"]) == ("oauth2", {"subject": "id"}, {"a": "b=c"})
    assert (made["scopes"], made["hosts"], made["trustedDomains"]) == (["read"], ["api.example.com"], ["example.com"])
    assert (made["displayName"], made["isEnabled"], made["clientAuth"]) == ("Hub", False, "post")
    assert [made[f"{each}Url"] for each in ("token", "user", "emails")] == [
        f"{url}/token",
        f"{url}/user",
        f"{url}/emails",
    ]
    assert shop.run(*named, "--issuer", url, "--claim", "subject").code == 2
    assert shop.made("provider", "show", "hub") == made


def test_every_field_of_a_provider_has_a_switch(shop: Shop, secret: str) -> None:
    said = [
        ("--issuer", "https://id.acme.example"), ("--display-name", "Acme"), ("--kind", "oidc"), ("--key-id", "K"),
        ("--discovery-url", "https://id.acme.example/d"), ("--authorization-url", "https://id.acme.example/a"),
        ("--token-url", "https://id.acme.example/t"), ("--user-url", "https://id.acme.example/u"),
        ("--emails-url", "https://id.acme.example/e"), ("--keys-url", "https://id.acme.example/k"),
        ("--host", "acme.example"), ("--scope", "openid"), ("--client-auth", "post"), ("--team-id", "T"),
        ("--parameter", "a=b"), ("--claim", "name=n"), ("--trusted-domain", "acme.example"), ("--disabled",),
        ("--no-pkce",), ("--no-tokens",), ("--no-new-users",), ("--no-connecting",),
    ]  # fmt: skip
    named = ("provider", "add", "acme", "--client-id", "us", "--secret-file", secret)
    made = shop.made(*named, *(word for pair in said for word in pair))
    switched = {"is_enabled", "uses_pkce", "are_tokens_kept", "may_create", "may_connect"}
    shown = {field: made[name] for field, name in _NAMES if field != "client_secret"}
    assert {field for field, value in shown.items() if value is False} == switched
    assert {field for field, value in shown.items() if value in ("", [], {})} == set()
    assert (made["discoveryUrl"], made["keysUrl"]) == ("https://id.acme.example/d", "https://id.acme.example/k")


def test_client_without_a_secret(shop: Shop) -> None:
    made = shop.made(
        "provider", "add", "hub", "--client-id", "us", "--issuer", "https://a.example", "--client-auth=none"
    )
    assert not made["isSecretKept"]


def test_provider_is_removed_once_somebody_agrees(shop: Shop, secret: str) -> None:
    shop.said("provider", "add", "google", "--client-id", "us", "--secret-file", secret)
    assert shop.answered("n\n", "provider", "remove", "google").code != 0
    assert len(shop.listed("provider", "list")) == 1
    assert shop.made("provider", "remove", "google", "--yes") == {"name": "google", "removed": True}
    assert shop.listed("provider", "list") == []
    assert "avow provider add" in shop.said("provider", "list")
    for absent in (("show", "google"), ("remove", "google", "--yes")):
        assert shop.run("provider", *absent).code != 0
