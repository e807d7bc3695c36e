"""The plans of log-out, by an application or told to one, and of the configuration: one test for each module."""

from urllib.parse import urlencode

import pytest

from tests.oidc.modules.suite import Suite
from tests.server.oidc.hearing import listening
from tests.server.oidc.relying import claims, landed
from tests.server.pages.browsing import Page

BYE = "https://app.example.com/bye"


@pytest.fixture
def hint(suite: Suite) -> str:
    """Return the ID token of the browser's session."""
    token: str = suite.tokens()["id_token"]
    return token


def leave(suite: Suite, **query: str) -> Page:
    return suite.browser.get(f"{suite.rp.prefix}/oidc/logout?{urlencode(query)}")


def is_signed_in(suite: Suite) -> bool:
    return "code" in suite.told(suite.ask(prompt="none"))


def assert_asked(suite: Suite, page: Page, leads_to: str = "") -> None:
    """Check that the person is asked, and that agreeing ends the session."""
    assert (page.status, page.heading) == (200, "Sign out?")
    assert is_signed_in(suite)
    left = suite.browser.submit(page.form(), "leave")
    assert left.headers.get("location", "") == leads_to
    assert not is_signed_in(suite)


def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    found = suite.rp.call("/.well-known/openid-configuration", verb="GET").body
    assert found["issuer"] == suite.rp.issuer
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert found[name].startswith(suite.rp.issuer)
    assert "openid" in found["scopes_supported"]
    assert {"code"} == set(found["response_types_supported"])
    assert "public" in found["subject_types_supported"]
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert found["claims_parameter_supported"] is True
    assert found["request_uri_parameter_supported"] is False
    assert suite.rp.key_set()


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(suite: Suite) -> None:
    found = suite.rp.call("/.well-known/openid-configuration", verb="GET")
    assert found["end_session_endpoint"] == f"{suite.rp.issuer}/oidc/logout"


def test_oidcc_rp_initiated_logout(suite: Suite, hint: str) -> None:
    page = leave(suite, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert landed(page) == {"state": "s"}
    assert not is_signed_in(suite)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(suite: Suite, hint: str) -> None:
    page = leave(suite, id_token_hint=hint, post_logout_redirect_uri="https://evil.example/", state="s")
    assert (page.status, page.headers.get("location")) == (400, None)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(suite: Suite, hint: str) -> None:
    modified = hint[:-8] + ("A" * 8 if not hint.endswith("A" * 8) else "B" * 8)
    page = leave(suite, id_token_hint=modified, post_logout_redirect_uri=BYE, state="s")
    assert (page.status, page.headers.get("location")) == (400, None)
    assert is_signed_in(suite)


def test_oidcc_rp_initiated_logout_no_id_token_hint(suite: Suite, hint: str) -> None:
    page = leave(suite, client_id=suite.rp.id, post_logout_redirect_uri=BYE, state="s")
    assert_asked(suite, page, f"{BYE}?state=s")


def test_oidcc_rp_initiated_logout_no_params(suite: Suite, hint: str) -> None:
    assert_asked(suite, leave(suite))


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(suite: Suite, hint: str) -> None:
    page = leave(suite, id_token_hint=hint, state="s")
    assert page.status == 200
    assert "location" not in page.headers
    assert not is_signed_in(suite)


def test_oidcc_rp_initiated_logout_no_state(suite: Suite, hint: str) -> None:
    page = leave(suite, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert page.headers["location"] == BYE
    assert not is_signed_in(suite)


def test_oidcc_rp_initiated_logout_only_state(suite: Suite, hint: str) -> None:
    assert_asked(suite, leave(suite, state="s"))


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(suite: Suite, hint: str) -> None:
    page = leave(suite, id_token_hint=hint, post_logout_redirect_uri=f"{BYE}?foo=bar", state="s")
    assert (page.status, page.headers.get("location")) == (400, None)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(suite: Suite, hint: str) -> None:
    page = leave(suite, id_token_hint="rubbish", post_logout_redirect_uri=BYE, state="s")
    assert (page.status, page.headers.get("location")) == (400, None)
    assert is_signed_in(suite)


# --- Back-channel --------------------------------------------------------------------------------------------------


def test_oidcc_backchannel_logout_discovery_endpoint_verification(suite: Suite) -> None:
    found = suite.rp.call("/.well-known/openid-configuration", verb="GET")
    assert found["backchannel_logout_supported"] is True
    assert found["backchannel_logout_session_supported"] is True
    assert found["end_session_endpoint"].endswith("/oidc/logout")


def test_oidcc_backchannel_rp_initiated_logout(suite: Suite) -> None:
    with listening(suite.rp.avow.server) as ear:
        ear.hear(suite.rp)
        token = suite.tokens()["id_token"]
        page = leave(suite, id_token_hint=token, post_logout_redirect_uri=BYE, state="s")
        assert page.headers["location"] == f"{BYE}?state=s"
        assert ear.tell() == 1
        [told] = ear.told(suite.rp)
        assert (told["sub"], told["sid"]) == (claims(token)["sub"], claims(token)["sid"])
        assert told["exp"] > told["iat"]
        assert ear.tell() == 0
    assert not is_signed_in(suite)
