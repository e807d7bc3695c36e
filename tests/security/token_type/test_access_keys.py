"""S-TYP-04: the token of an access key is nobody's session."""

import asyncio

import pytest

from avow.errors import InvalidToken
from avow.wire.accesskeys import KeyTenant
from tests.bed.cases import Case
from tests.factories import make_access_key, make_role, make_tenant, make_user
from tests.security.calls import Answer, assert_refused
from tests.security.place import Place
from tests.security.presenting import stored

EXCHANGE = "/v1/auth/accesskey/exchange"
USER_CALLS = (
    ("GET", "/v1/auth/me"),
    ("GET", "/v1/auth/me/history"),
    ("GET", "/v1/auth/avow/sessions"),
    ("POST", "/v1/auth/me/tenants"),
    ("POST", "/v1/auth/tenant/select"),
    ("POST", "/v1/auth/logout"),
    ("POST", "/v1/auth/logoutall"),
    ("POST", "/v1/auth/refresh"),
)


def test_s_typ_04_token_of_an_access_key_used_as_a_session(case: Case, place: Place) -> None:
    person, tenant = place.sign_in(), make_tenant(place.avow)
    make_role(place.avow, "buyer", ["buy"])
    keys = {
        "own": make_access_key(place.avow, key_tenants=(KeyTenant(tenant_id=tenant, role_names=("buyer",)),)),
        "of a user": make_access_key(place.avow, user_id=make_user(place.avow)),
        "of the user who is signed in": make_access_key(place.avow, user_id=person.id),
    }
    case.control(lambda: place.api.me(person.refresh_jwt).status == 200)
    case.control(lambda: place.api.post(EXCHANGE, keys["own"][1], {}).status == 200)
    before = stored(place)
    for kind, (id, secret) in keys.items():
        answer = place.api.post(EXCHANGE, secret, {})
        token = answer.body["sessionJwt"]
        for verb, path in USER_CALLS:
            with case.cell(f"{verb} {path}, key {kind}"):
                for sent in (_send(place, verb, path, token, {}), _send(place, verb, path, "", {"DSR": token})):
                    assert_refused(sent, 400, 401, 403)  # 400: the body that it would need is missing
        with case.cell(f"try-refresh, key {kind}"):
            tried = place.api.post("/v1/auth/try-refresh", token)
            assert (tried.status, tried.body, tried.set_cookies) == (200, {}, ())
        with case.cell(f"management, key {kind}"):
            assert_refused(place.api.get("/v1/mgmt/license", token))
            assert_refused(place.api.get(f"/v1/mgmt/role/all?tenant={tenant}", token), 401, 403)
        with case.cell(f"no refresh token and no cookie, key {kind}"):
            assert "refreshJwt" not in answer.body
            assert answer.set_cookies == ()
        with case.cell(f"the SDK reports a key and no user, key {kind}"):
            _report(place, id, secret, token)
        with case.cell(f"the SDK does not refresh it, key {kind}"), pytest.raises(InvalidToken):
            place.avow.client().refresh_session(token)
    with case.cell("nothing stored has changed"):
        assert stored(place) == before


def _send(place: Place, verb: str, path: str, token: str, cookies: dict[str, str]) -> Answer:
    if verb == "GET":
        return place.api.get(path, token, cookies=cookies)
    return place.api.post(path, token, cookies=cookies)


def _report(place: Place, id: str, secret: str, token: str) -> None:
    """See what both colours of the SDK make of a token and of its exchange."""

    async def both() -> list[object]:
        client = place.avow.async_client()
        return [await client.validate_session(token), await client.exchange_access_key(secret)]

    client = place.avow.client()
    for said in (client.validate_session(token), client.exchange_access_key(secret), *asyncio.run(both())):
        assert isinstance(said, dict)
        assert said["keyId"] == id
        assert "userId" not in said
        assert "refreshSessionToken" not in said
