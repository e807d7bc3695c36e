"""The basic plan of the conformance suite, and the same with answers by a form: one test for each module."""

import base64
import json
from typing import Any

import pytest

from tests.factories import new_email
from tests.oidc.modules.suite import ATTRIBUTES, Suite
from tests.server.oidc.relying import CHALLENGE, REDIRECT, VERIFIER, claims, header, make_app

PROFILE = {"name", "given_name", "family_name", "middle_name", "nickname", "picture", "updated_at", *ATTRIBUTES} - {
    "address"
}


def test_oidcc_server(suite: Suite) -> None:
    told = suite.authorized()
    assert (told["state"], told["iss"]) == ("xyz", suite.rp.issuer)
    said = suite.id_token(suite.rp.redeem(told["code"]))
    assert said["exp"] > said["iat"]


def test_oidcc_response_type_missing(suite: Suite) -> None:
    told = suite.told(suite.ask(response_type=""))
    assert (told["error"], told["state"]) == ("invalid_request", "xyz")


def test_oidcc_idtoken_signature(suite: Suite) -> None:
    token = suite.tokens()["id_token"]
    assert header(token)["alg"] == "RS256"
    assert header(token)["kid"] in suite.rp.key_set()


def test_oidcc_idtoken_unsigned(suite: Suite) -> None:
    found = suite.rp.call("/.well-known/openid-configuration", verb="GET")
    assert "none" not in found["id_token_signing_alg_values_supported"]
    suite.id_token(suite.tokens())


def test_oidcc_userinfo_get(suite: Suite) -> None:
    suite.userinfo(suite.tokens())


def test_oidcc_userinfo_post_header(suite: Suite) -> None:
    token = suite.tokens()["access_token"]
    assert suite.rp.call("/userinfo", {}, authorization=f"Bearer {token}")["sub"] == suite.user


def test_oidcc_userinfo_post_body(suite: Suite) -> None:
    token = suite.tokens()["access_token"]
    assert suite.rp.call("/userinfo", {"access_token": token})["sub"] == suite.user


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    suite.id_token(suite.tokens(nonce=""), nonce="")


def test_oidcc_scope_profile(suite: Suite) -> None:
    told = suite.userinfo(suite.tokens(scope="openid profile"))
    assert told.keys() >= PROFILE
    assert isinstance(told["updated_at"], int)
    assert {"email", "phone_number", "address"}.isdisjoint(told)


def test_oidcc_scope_email(suite: Suite) -> None:
    told = suite.userinfo(suite.tokens(scope="openid email"))
    assert (told["email"], told["email_verified"]) == (suite.email, True)
    assert PROFILE.isdisjoint(told)


def test_oidcc_scope_address(suite: Suite) -> None:
    assert suite.userinfo(suite.tokens(scope="openid address"))["address"] == ATTRIBUTES["address"]


def test_oidcc_scope_phone(suite: Suite) -> None:
    told = suite.userinfo(suite.tokens(scope="openid phone"))
    assert (told["phone_number"], told["phone_number_verified"]) == ("+12025550123", True)


def test_oidcc_scope_all(suite: Suite) -> None:
    told = suite.userinfo(suite.tokens(scope="openid profile email address phone"))
    assert PROFILE | {"email", "email_verified", "address", "phone_number", "phone_number_verified"} <= told.keys()


def test_oidcc_alternate_happy_flow(suite: Suite) -> None:
    suite.id_token(suite.tokens(scope="openid", display="page", state="another"))


def test_oidcc_display_page(suite: Suite) -> None:
    suite.id_token(suite.tokens(display="page"))


def test_oidcc_display_popup(suite: Suite) -> None:
    suite.id_token(suite.tokens(display="popup"))


def test_oidcc_prompt_login(suite: Suite) -> None:
    first = suite.id_token(suite.tokens())
    suite.rp.avow.advance(3)
    page = suite.ask(prompt="login")
    assert page.status == 200
    second = suite.id_token(suite.rp.redeem(suite.sign_in(page)["code"]))
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    told = suite.told(suite.ask(prompt="none"))
    assert (told["error"], told["state"]) == ("login_required", "xyz")


def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    first = suite.id_token(suite.tokens())
    suite.rp.avow.advance(3)
    second = suite.id_token(suite.rp.redeem(suite.told(suite.ask(prompt="none"))["code"]))
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_max_age_1(suite: Suite) -> None:
    first = suite.id_token(suite.tokens())
    suite.rp.avow.advance(2)
    page = suite.ask(max_age="1")
    second = suite.id_token(suite.rp.redeem(suite.sign_in(page)["code"]))
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_max_age_10000(suite: Suite) -> None:
    first = suite.id_token(suite.tokens())
    suite.rp.avow.advance(2)
    second = suite.id_token(suite.rp.redeem(suite.told(suite.ask(max_age="10000"))["code"]))
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite: Suite) -> None:
    suite.id_token(suite.tokens(extra="foobar"))


def test_oidcc_id_token_hint(suite: Suite) -> None:
    token = suite.tokens()["id_token"]
    told = suite.told(suite.ask(prompt="none", id_token_hint=token))
    assert suite.id_token(suite.rp.redeem(told["code"]))["sub"] == claims(token)["sub"]


def test_oidcc_login_hint(suite: Suite) -> None:
    page = suite.ask(login_hint=suite.email)
    assert page.form().fields["email"] == suite.email
    assert "code" in suite.sign_in(page)


@pytest.mark.parametrize("locales", ["se", "de fr"])
def test_oidcc_ui_locales(suite: Suite, locales: str) -> None:
    suite.id_token(suite.tokens(ui_locales=locales))


def test_oidcc_claims_locales(suite: Suite) -> None:
    suite.id_token(suite.tokens(claims_locales="se"))


def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    suite.id_token(suite.tokens(acr_values="1 2"))


def reused(suite: Suite, seconds: int) -> None:
    code = suite.authorized()["code"]
    first = suite.rp.redeem(code)
    suite.rp.avow.advance(seconds)
    assert suite.rp.redeem(code).error == (400, "invalid_grant")
    assert suite.rp.userinfo(first["access_token"]).status == 401


def test_oidcc_codereuse(suite: Suite) -> None:
    reused(suite, 0)


def test_oidcc_codereuse_30seconds(suite: Suite) -> None:
    reused(suite, 30)


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    page = suite.ask(redirect_uri="https://app.example.com/unregistered")
    assert page.status == 400
    assert "location" not in page.headers


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    fields = {
        "client_id": suite.rp.id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid",
        "state": "xyz",
        "nonce": "n-0S6",
    }
    fields |= {} if suite.mode == "query" else {"response_mode": suite.mode}
    headers: dict[str, Any] = {"sec_fetch_site": "cross-site", "origin": "https://app.example.com"}
    page = suite.browser.post(f"{suite.rp.prefix}/authorize", fields, **headers)
    suite.id_token(suite.rp.redeem(suite.sign_in(page)["code"]))


def test_oidcc_server_client_secret_post(suite: Suite) -> None:
    suite.id_token(suite.tokens(secret_in_body=True))


def unsigned(suite: Suite, **said: Any) -> str:
    parts = ({"alg": "none"}, {"client_id": suite.rp.id, "response_type": "code", "redirect_uri": REDIRECT, **said})
    encoded = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in parts]
    return f"{encoded[0]}.{encoded[1]}."


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    told = suite.told(suite.ask(request_uri="https://app.example.com/request.jwt"))
    assert told["error"] == "request_uri_not_supported"


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    assert suite.told(suite.ask(request=unsigned(suite)))["error"] == "request_not_supported"


def test_oidcc_claims_essential(suite: Suite) -> None:
    asked = {"userinfo": {"name": {"essential": True}}}
    assert suite.userinfo(suite.tokens(claims=json.dumps(asked)))["name"] == "Mia Example"


def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite) -> None:
    inside = unsigned(suite, redirect_uri="https://evil.example/cb")
    told = suite.told(suite.ask(request=inside))
    assert told["error"] == "request_not_supported"


def test_oidcc_refresh_token(suite: Suite) -> None:
    first = suite.tokens(scope="openid offline_access")
    second = suite.rp.refresh(first["refresh_token"])
    assert suite.id_token(second)["iat"] >= claims(first["id_token"])["iat"]
    suite.userinfo(second)
    other = make_app(suite.rp.avow)
    assert other.refresh(first["refresh_token"]).error == (400, "invalid_grant")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    told = suite.authorized(code_challenge=CHALLENGE, code_challenge_method="S256")
    suite.id_token(suite.rp.redeem(told["code"], code_verifier=VERIFIER))


def test_another_person_in_another_browser_is_somebody_else(suite: Suite) -> None:
    """Control of the modules above: their person is not simply everybody."""
    suite.authorized()
    other = suite.rp.browser()
    told = suite.told(suite.rp.sign_in(other, suite.ask(other), new_email()))
    assert claims(suite.rp.redeem(told["code"])["id_token"])["sub"] != suite.user
