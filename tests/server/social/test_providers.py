"""Providers under management: what can be saved, what is shown, and where a secret goes."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from avow.core.federation.providers import Discovery, resolve
from avow.errors import AuthException, InvalidArgument, NotFound
from avow.server.social.kinds import KINDS
from avow.server.social.stored import provider_of
from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer
from tests.bed.social import Social
from tests.core.federation.test_requests import pem


def save(avow: Avow, name: str, *, secret: str | None = "a-secret", **settings: Any) -> dict[str, Any]:
    return dict(avow.client().mgmt.provider.save(name, "client-1", secret, **settings)["provider"])


def test_provider_of_many_organisations_is_trusted_for_no_domain(avow: Avow) -> None:
    with pytest.raises(InvalidArgument):
        save(avow, "microsoft", trusted_domains=["corp.example"])
    issuer = "https://login.microsoftonline.com/8d6f0f3c-8ed6-4a4e-8ea4-3c4e6f6b0001/v2.0"
    assert save(avow, "microsoft", trusted_domains=["corp.example"], issuer=issuer)["trustedDomains"] == [
        "corp.example"
    ]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "apple"])
def test_known_provider_needs_a_client_only(avow: Avow, kind: str) -> None:
    made = save(avow, kind)
    assert (made["kind"], made["name"], made["isSecretKept"], made["isEnabled"]) == (kind, kind, True, True)
    assert made["displayName"]
    assert made["redirectUri"].endswith(f"/{avow.project_id}/{kind}")
    assert "a-secret" not in str(made)
    assert avow.client().mgmt.provider.load(kind)["provider"] == made


def test_twelve_providers_are_known() -> None:
    described = {"apple", "gitlab", "google", "microsoft", "slack", "twitch"}
    spelt_out = {"bitbucket", "discord", "facebook", "github", "linkedin", "x"}
    assert {name for name, kind in KINDS.items() if kind.protocol == "oidc"} == described == set(DESCRIBED)
    assert {name for name, kind in KINDS.items() if kind.protocol == "oauth2"} == spelt_out


# What they say of themselves by discovery: authorization, token and user endpoint, keys.
DESCRIBED = {
    "apple": (
        "https://appleid.apple.com/auth/authorize",
        "https://appleid.apple.com/auth/token",
        "",
        "https://appleid.apple.com/auth/keys",
    ),
    "gitlab": (
        "https://gitlab.com/oauth/authorize",
        "https://gitlab.com/oauth/token",
        "https://gitlab.com/oauth/userinfo",
        "https://gitlab.com/oauth/discovery/keys",
    ),
    "google": (
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        "https://openidconnect.googleapis.com/v1/userinfo",
        "https://www.googleapis.com/oauth2/v3/certs",
    ),
    "microsoft": (
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "https://graph.microsoft.com/oidc/userinfo",
        "https://login.microsoftonline.com/common/discovery/v2.0/keys",
    ),
    "slack": (
        "https://slack.com/openid/connect/authorize",
        "https://slack.com/api/openid.connect.token",
        "https://slack.com/api/openid.connect.userInfo",
        "https://slack.com/openid/connect/keys",
    ),
    "twitch": (
        "https://id.twitch.tv/oauth2/authorize",
        "https://id.twitch.tv/oauth2/token",
        "https://id.twitch.tv/oauth2/userinfo",
        "https://id.twitch.tv/oauth2/keys",
    ),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_hosts_that_a_known_provider_names_count(name: str) -> None:
    provider = provider_of(replace(KINDS[name], client_id="us"))
    authorization, token, user, keys = DESCRIBED[name]
    said = Discovery(
        issuer=provider.issuer, authorization_url=authorization, token_url=token, user_url=user, keys_url=keys
    )
    found = resolve(provider, said)
    assert (found.authorization_url, found.token_url, found.user_url, found.keys_url) == DESCRIBED[name]
    assert found.uses_pkce == (name != "slack")


def test_apple_needs_a_key_and_its_names(avow: Avow) -> None:
    key = pem(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(InvalidArgument):
        save(avow, "apple", secret=key)
    with pytest.raises(InvalidArgument):
        save(avow, "apple", secret="no key", key_id="K", team_id="T")
    made = save(avow, "apple", secret=key, key_id="K", team_id="T")
    assert (made["clientAuth"], made["scopes"]) == ("apple", ["openid", "name", "email"])


def test_name_and_kind_are_two_things(avow: Avow) -> None:
    made = save(avow, "google-for-staff", kind="google", parameters={"hd": "example.com"})
    assert (made["kind"], made["parameters"]) == ("google", {"hd": "example.com"})
    assert made["issuer"] == "https://accounts.google.com"


def test_instance_of_ones_own_is_named_by_its_issuer(avow: Avow) -> None:
    made = save(avow, "gitlab", issuer="https://git.example.com")
    assert (made["issuer"], made["discoveryUrl"]) == ("https://git.example.com", "")
    tenant = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
    assert save(avow, "microsoft", issuer=tenant)["discoveryUrl"] == ""


def test_generic_provider_needs_its_issuer(avow: Avow) -> None:
    with pytest.raises(InvalidArgument):
        save(avow, "acme")
    assert save(avow, "acme", issuer="https://id.example.com")["protocol"] == "oidc"


@pytest.mark.parametrize("missing", ["issuer", "authorization_url", "token_url", "user_url"])
def test_provider_of_oauth_needs_its_addresses(avow: Avow, missing: str) -> None:
    names = ("issuer", "authorization_url", "token_url", "user_url")
    settings = {name: f"https://hub.example.com/{name}" for name in names}
    assert save(avow, "hub", kind="oauth2", **settings)["protocol"] == "oauth2"
    with pytest.raises(InvalidArgument):
        save(avow, "hub", kind="oauth2", **{**settings, missing: None})


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "myspace"},
        {"issuer": "ftp://id.example.com"},
        {"issuer": "https://id.example.com?a=1"},
        {"issuer": "https://10.0.0.1"},
        {"issuer": "https://id.example.com", "token_url": "https://169.254.169.254/token"},
        {"issuer": "https://id.example.com", "user_url": "file:///etc/passwd"},
        {"issuer": "https://id.example.com", "parameters": {"state": "x"}},
        {"issuer": "https://id.example.com", "claims": {"admin": "x"}},
        {"issuer": "https://id.example.com", "client_auth": "tls"},
        {"issuer": "https://id.example.com", "client_auth": "private_key_jwt"},
    ],
    ids=str,
)
def test_what_no_sign_in_could_go_by_is_refused(avow: Avow, settings: dict[str, Any]) -> None:
    with pytest.raises(AuthException) as refused:
        save(avow, "acme", **settings)
    assert refused.value.status_code == 400
    assert avow.client().mgmt.provider.load_all() == {"providers": []}


@pytest.mark.parametrize("name", ["", "Acme", "a/b", "a b", "ä", "x" * 64, "-a"])
def test_name_that_could_not_stand_in_an_address_is_refused(avow: Avow, name: str) -> None:
    with pytest.raises(InvalidArgument):
        save(avow, name, issuer="https://id.example.com")


def test_client_without_a_secret_says_so(avow: Avow) -> None:
    with pytest.raises(InvalidArgument):
        save(avow, "acme", issuer="https://id.example.com", secret=None)
    assert not save(avow, "acme", issuer="https://id.example.com", secret=None, client_auth="none")["isSecretKept"]


def test_secret_stays_where_it_goes_to_stays(social: Social) -> None:
    social.configure(client_secret=None, scopes=["openid"], display_name="Acme")
    assert social.sign_in()


@pytest.mark.parametrize(
    "moved",
    [
        {"issuer": "https://evil.example.com"},
        {"token_url": "https://evil.example.com/token"},
        {"hosts": ["evil.example.com"]},
        {"discovery_url": "https://evil.example.com/openid"},
    ],
    ids=str,
)
def test_secret_does_not_go_to_somebody_else(social: Social, moved: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        social.configure(client_secret=None, **moved)
    assert social.configure(client_secret="a new one", **moved)["isSecretKept"]


def test_private_key_does_not_become_a_password(social: Social) -> None:
    key = pem(ec.generate_private_key(ec.SECP256R1()))
    social.configure(client_secret=key, client_auth="private_key_jwt")
    with pytest.raises(InvalidArgument):
        social.configure(client_secret=None, client_auth="post")
    assert social.configure(client_secret=None, client_auth="private_key_jwt", key_id="other")["isSecretKept"]


def test_providers_are_listed_by_name(avow: Avow) -> None:
    for name in ("x", "github", "google"):
        save(avow, name)
    assert [each["name"] for each in avow.client().mgmt.provider.load_all()["providers"]] == ["github", "google", "x"]


def test_provider_is_deleted_with_the_tokens_that_it_gave(social: Social) -> None:
    social.sign_in()
    social.client.mgmt.provider.delete("acme")
    with pytest.raises(NotFound):
        social.client.mgmt.provider.load("acme")
    with pytest.raises(NotFound):
        social.client.mgmt.provider.delete("acme")
    with pytest.raises(NotFound):
        social.client.mgmt.user.get_provider_token("jane@example.com", "acme")
    assert social.users()[0]["OAuth"] == {"acme": True}
    user = social.users()[0]["userId"]
    social.configure()
    assert social.sign_in()["userId"] == user


def test_changes_are_audited_without_the_secret(social: Social) -> None:
    social.client.mgmt.provider.delete("acme")
    found = social.client.mgmt.audit.search(actions=["provider.saved", "provider.deleted"])["audits"]
    assert {each["action"] for each in found} == {"provider.deleted", "provider.saved"}
    assert "a-secret-of-the-client" not in str(found)


def test_project_has_so_many_providers(avow: Avow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avow.server.social.actions.MOST_PROVIDERS", 2)
    save(avow, "google")
    save(avow, "github")
    save(avow, "google")
    with pytest.raises(InvalidArgument):
        save(avow, "x")


def test_secret_is_sealed_for_its_place(social: Social, avow: Avow, peer: OpenIdPeer) -> None:
    statement = "SELECT sealed_secret FROM providers WHERE project_id = :project_id"
    [row] = avow.run(lambda tx: tx.all(statement, _Sealed))
    assert peer.client[1].encode() not in bytes(row.sealed_secret)


class _Sealed:
    def __init__(self, sealed_secret: bytes) -> None:
        self.sealed_secret = sealed_secret
