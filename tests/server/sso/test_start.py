"""POST /v1/auth/sso/authorize and its older name, /v1/auth/saml/authorize, as clients of all ages put the call."""

from typing import Any
from urllib.parse import urlencode

import pytest

from avow.testing.server import Avow
from tests.bed.tenant_idp import PAGE, Journey, TenantIdp
from tests.server.api import Api, Reply

pytestmark = pytest.mark.parametrize("name", ["sso", "saml"])

# The options as the official SDK sends them: every one, with null for what was not asked for.
UNASKED: dict[str, object] = {
    "stepup": False,
    "customClaims": None,
    "mfa": False,
    "revokeOtherSessions": None,
    "templateOptions": None,
    "templateId": None,
    "locale": None,
}


def start(project: Avow, name: str, body: object = None, *, token: str = "", **query: str) -> Reply:
    asked = {"tenant": "T1", "redirectURL": PAGE, **query}
    return Api(project).send("POST", f"/v1/auth/{name}/authorize", body, token=token, query=urlencode(asked))


def sent_out(idp: TenantIdp, reply: Reply) -> Journey:
    """Open the address of an answer, which has nothing else."""
    assert reply.status == 200
    assert reply.body.keys() == {"url"}
    return idp.follow(reply["url"])


def signed_in(idp: TenantIdp) -> str:
    """Sign somebody in; return the refresh token."""
    session: Any = idp.sign_in()
    return str(session["refreshSessionToken"]["jwt"])


@pytest.mark.parametrize("body", [{}, UNASKED, {**UNASKED, "locale": "de", "of another version": 1}])
def test_answer_is_an_address_for_the_browser(idp: TenantIdp, project: Avow, name: str, body: object) -> None:
    page = idp.arrive(sent_out(idp, start(project, name, body)))
    assert page.location.startswith(f"{PAGE}?code=")


def test_code_counts_under_either_name(idp: TenantIdp, project: Avow, name: str) -> None:
    for other in ("sso", "saml"):
        code = idp.arrive(sent_out(idp, start(project, name))).code
        answers = [Api(project).post(f"/v1/auth/{other}/exchange", {"code": code}) for _ in range(2)]
        assert [each.status for each in answers] == [200, 401]
        assert answers[0]["user"]["email"] == "alice@example.com"


def test_wishes_are_in_the_query(idp: TenantIdp, project: Avow, name: str) -> None:
    asked = start(project, name, forceAuthn="true", loginHint="alice@example.com", prompt="", ssoId="")
    request = sent_out(idp, asked).request
    assert request.get("ForceAuthn") == "true"
    assert request.findtext("{*}Subject/{*}NameID") == "alice@example.com"
    for plain in ("false", ""):
        assert sent_out(idp, start(project, name, forceAuthn=plain)).request.get("ForceAuthn") is None


def test_wishes_in_the_body_are_nobodys(idp: TenantIdp, project: Avow, name: str) -> None:
    body = {"redirectURL": "https://evil.example", "tenant": "T2", "forceAuthn": "true"}
    journey = sent_out(idp, start(project, name, body))
    assert journey.request.get("ForceAuthn") is None
    assert idp.arrive(journey).location.startswith(f"{PAGE}?code=")


def test_session_is_shown_for_step_up(idp: TenantIdp, project: Avow, name: str) -> None:
    refresh = signed_in(idp)
    journey = sent_out(idp, start(project, name, {**UNASKED, "stepup": True}, token=refresh))
    assert journey.request.get("ForceAuthn") == "true"
    code = idp.arrive(journey, authn_in=0).code
    assert Api(project).post(f"/v1/auth/{name}/exchange", {"code": code}).status == 200
    plain = sent_out(idp, start(project, name, UNASKED, token=refresh))
    assert plain.request.get("ForceAuthn") is None


@pytest.mark.parametrize("wish", ["stepup", "mfa"])
def test_step_up_without_a_live_session_is_refused(idp: TenantIdp, project: Avow, name: str, wish: str) -> None:
    body, refresh = {**UNASKED, wish: True}, signed_in(idp)
    assert start(project, name, body).status in (400, 401)
    assert start(project, name, body, token=f"{refresh}x").status == 401
    assert Api(project).post("/v1/auth/logout", token=refresh).status == 200
    assert start(project, name, body, token=refresh).refusal == (401, "E064001")


@pytest.mark.parametrize(
    "query",
    [
        {"tenant": ""},
        {"tenant": "T" * 2000},
        {"redirectURL": "x" * 3000},
        {"redirectURL": "https://evil.example"},
        {"ssoId": "a b"},
        {"ssoId": "none"},
        {"prompt": "p" * 600},
        {"loginHint": "h" * 3000},
        {"forceAuthn": "t" * 100},
    ],
    ids=lambda query: ",".join(f"{name} {value[:20]}" for name, value in query.items()),
)
def test_query_that_says_nothing_is_refused(idp: TenantIdp, project: Avow, name: str, query: dict[str, str]) -> None:
    reply = start(project, name, **query)
    assert reply.status == 400
    assert reply.body["errorCode"].startswith("E0110")


def test_tenant_has_to_be_named_once(idp: TenantIdp, project: Avow, name: str) -> None:
    path = f"/v1/auth/{name}/authorize"
    assert Api(project).send("POST", path).refusal == (400, "E011003")
    twice = Api(project).send("POST", path, query="tenant=T1&tenant=T2")
    assert (twice.status, twice.body["errorCode"][:5]) == (400, "E0110")
