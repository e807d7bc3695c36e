"""`avow app ...` and `avow api ...`: applications and APIs as the options say, secrets printed once."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.shops import Shop
from tests.saml.sp import SP_KEY

REDIRECT = "http://localhost:4040/callback"


@pytest.fixture(autouse=True)
def api(shop: Shop) -> None:
    """Make an API."""
    shop.made("api", "create", "https://api.test", "--permission", "read=Read all", "--permission", "write", "--rbac")


def test_application_is_made_and_its_secret_printed_once(shop: Shop) -> None:
    made = shop.made("app", "create", "web", "--redirect", REDIRECT, "--logout", "http://localhost:4040")
    settings = made["application"]["settings"]
    assert (settings["preset"], settings["redirectUris"]) == ("regular-web", [REDIRECT])
    secret = made["secret"]
    for arguments in (("list",), ("show", "web"), ("update", "web", "--description", "d")):
        assert secret not in shop.said("app", *arguments)
    people = shop.said("app", "create", "other", "--redirect", REDIRECT)
    assert "client_secret: " in people
    assert "issuer: " in people
    assert "client_secret" not in shop.said("app", "create", "page", "--preset", "spa")


def test_issuer_is_at_the_address_that_the_server_has(shop: Shop) -> None:
    there = replace(shop, variables={**shop.variables, "AVOW_PUBLIC_URL": "https://id.example.com"})
    assert f"issuer: https://id.example.com/{shop.project_id}\n" in there.said("app", "create", "Elsewhere")


def test_settings_are_named_by_option_or_assignment(shop: Shop) -> None:
    shop.made("app", "create", "web", "--set", "pkce=required", "--set", "grantTypes=authorization_code")
    changes = ("pkce=default", "lifetimeSeconds=60", "allowsPopups=true")
    shown = shop.made("app", "update", "web", *(part for each in changes for part in ("--set", each)), "--disable")
    settings = shown["settings"]
    assert settings["allowsPopups"] is True
    assert (settings["pkce"], settings["lifetimeSeconds"], shown["enabled"]) == ("allowed", 60, False)
    assert settings["grantTypes"] == ["authorization_code"]
    assert shop.run("app", "update", "web", "--set", "nothing=1").code == 1
    assert shop.run("app", "update", "web").code == 2
    assert shop.run("app", "show", "nobody").code == 2


def test_texts_stay_texts_however_they_look(shop: Shop) -> None:
    shop.made("app", "create", "web", "--set", 'jwks={"keys":[]}')
    assert shop.made("app", "show", "web")["settings"]["jwks"] == '{"keys":[]}'
    shown = shop.made("app", "update", "web", "--set", "jwks=default", "--set", "policyUri=default")
    assert shown["settings"]["jwks"] == ""
    said = shop.run("app", "update", "web", "--set", "flow=123")
    assert "no flow '123'" in said.err


def test_secret_of_an_application_that_was_public_is_printed_once(shop: Shop) -> None:
    shop.made("app", "create", "page", "--preset", "spa")
    changed = shop.made("app", "update", "page", "--set", "authMethods=client_secret_post")
    assert changed["secret"]
    assert "secret" not in shop.made("app", "update", "page", "--set", "authMethods=none")
    assert "client_secret: " in shop.said("app", "update", "page", "--set", "authMethods=client_secret_post")


def test_secret_is_rotated_with_overlap(shop: Shop) -> None:
    first = shop.made("app", "create", "web")["secret"]
    second = shop.made("app", "rotate-secret", "web", "--overlap-hours", "2")
    assert second["secret"] != first
    assert len(second["application"]["secrets"]) == 2


def test_saml_application_is_made_shown_and_changed(shop: Shop, tmp_path: Path) -> None:
    certificate = tmp_path / "wiki.pem"
    certificate.write_text(SP_KEY.certificate)
    acs = ("--acs", "https://wiki.test/acs", "--acs", "https://wiki.test/other")
    further = ("--attribute", "mail=email", "--group", "groups=editor=Editors", "--name-id", "email")
    made = shop.made(
        *("app", "create-saml", "wiki", "--id", "w1", "--entity-id", "urn:wiki", *acs, *further),
        *("--certificate", str(certificate), "--name-id-format", "email", "--logout", "https://wiki.test/left"),
    )
    saml = made["samlSettings"]
    assert (made["id"], saml["acsUrl"], saml["acsAllowedCallbacks"]) == ("w1", acs[1], [acs[3]])
    assert saml["attributeMapping"] == [{"name": "mail", "type": "", "value": "email"}]
    assert [(each["name"], each["value"], each["roles"][0]["name"]) for each in saml["groupsMapping"]] == [
        ("groups", "Editors", "editor")
    ]
    assert (saml["subjectNameIdType"], saml["subjectNameIdFormat"].rpartition(":")[2]) == ("email", "emailAddress")
    assert saml["certificate"] == SP_KEY.certificate
    changed = shop.made("app", "update-saml", "wiki", "--acs", "https://wiki.test/new", "--disable", "--fresh")
    kept = changed["samlSettings"]
    assert (kept["acsUrl"], kept["acsAllowedCallbacks"], kept["entityId"]) == ("https://wiki.test/new", [], "urn:wiki")
    assert (changed["enabled"], kept["forceAuthentication"]) == (False, True)
    assert kept["attributeMapping"] == saml["attributeMapping"]
    shown = shop.made("app", "show", "wiki")
    assert (shown["kind"], shown["acsUrl"], shown["idpCert"]) == ("saml", "https://wiki.test/new", saml["idpCert"])
    text = shop.said("app", "create-saml", "notes", "--metadata", "https://notes.test/metadata")
    assert all(each in text for each in ("/metadata", "/sso", "/slo", "/start", "BEGIN CERTIFICATE"))
    assert "wiki" in shop.said("app", "list")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create-saml", "x"), 1),
        (("create-saml", "x", "--entity-id", "urn:x", "--acs", "nowhere"), 1),
        (("create-saml", "x", "--metadata", "https://x.test", "--attribute", "mail"), 2),
        (("create-saml", "x", "--metadata", "https://x.test", "--group", "groups"), 2),
        (("create-saml", "x", "--metadata", "https://x.test", "--certificate", "/nowhere.pem"), 2),
        (("update-saml", "wiki"), 2),
        (("update-saml", "web", "--logout", "https://x.test"), 2),
        (("update", "wiki", "--set", "pkce=required"), 2),
    ],
)
def test_what_saml_applications_cannot_be_is_refused(shop: Shop, arguments: tuple[str, ...], code: int) -> None:
    shop.made("app", "create", "web")
    made = shop.made("app", "create-saml", "wiki", "--metadata", "https://wiki.test/metadata")
    assert shop.run("app", *arguments).code == code
    assert shop.made("app", "show", "wiki")["metadataUrl"] == made["samlSettings"]["metadataUrl"]


def test_command_that_changes_a_saml_application_is_named(shop: Shop) -> None:
    shop.made("app", "create-saml", "wiki", "--metadata", "https://wiki.test/metadata")
    assert "avow app update-saml" in shop.run("app", "update", "wiki", "--redirect", REDIRECT).err
    assert shop.made("app", "update", "wiki", "--description", "d")["description"] == "d"


def test_machine_is_given_scopes_of_an_api(shop: Shop) -> None:
    shop.made("app", "create", "nightly", "--preset", "machine")
    given = shop.made("app", "grant", "nightly", "https://api.test", "--scope", "read")
    assert given["grants"] == [{"audience": "https://api.test", "scopes": ["read"]}]
    assert shop.made("app", "grant", "nightly", "https://api.test", "--none")["grants"] == []
    assert shop.run("app", "grant", "nightly", "https://api.test", "--none", "--scope", "read").code == 2


def test_api_is_changed_listed_and_deleted(shop: Shop) -> None:
    assert "read, write" in shop.said("api", "list")
    shown = shop.made("api", "update", "https://api.test", "--seconds", "60", "--no-rbac")
    assert (shown["lifetimeSeconds"], shown["rbac"], len(shown["permissions"])) == (60, False, 2)
    assert shop.made("api", "show", "https://api.test") == shown
    assert shop.run("api", "update", "https://api.test").code == 2
    shop.said("api", "delete", "https://api.test", "--yes")
    assert shop.listed("api", "list") == []


def test_application_is_deleted_when_it_is_agreed(shop: Shop) -> None:
    shop.made("app", "create", "web")
    assert shop.answered("n\n", "app", "delete", "web").code == 2
    shop.said("app", "delete", "web", "--yes")
    assert shop.listed("app", "list") == []


def test_project_is_given_a_host_of_its_own(shop: Shop) -> None:
    assert shop.made("project", "host", "id.example.com")["issuer_host"] == "id.example.com"
    assert shop.run("project", "host", "no host").code == 1
    assert shop.made("project", "host")["issuer_host"] is None
