"""S-TYP-01, 02, 05 and 06: a token is good for the one thing it was made for, and says what the server knows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, assert_refused
from tests.security.place import Place, claims_of, token_of
from tests.security.presenting import Stage, present, refuses, stored

RESERVED = {
    "sub": "Uattacker",
    "dsub": "Uattacker",
    "iss": "Pother",
    "aud": "Cother",
    "exp": 4_102_444_800,
    "iat": 0,
    "roles": ["is_superuser"],
    "permissions": ["all"],
    "tenants": {"T1": {"roles": ["admin"]}},
    "dct": "T1",
    "amr": ["webauthn", "mfa"],
    "drn": "DSR",
    "tkn": "admin",
    "sid": "Sother",
    "gen": 99,
    "jti": "Jother",
    "su": True,
    "projectId": "Pother",
    "userId": "Uattacker",
    "email_verified": True,
    "nsec": {"roles": ["admin"]},
}
SESSION_CALLS = ("/v1/auth/refresh", "/v1/auth/logout", "/v1/auth/logoutall", "/v1/auth/me/tenants")


def test_s_typ_01_refresh_token_used_as_session_token(case: Case, stage: Stage) -> None:
    place, person = stage.place, stage.person
    present(case, stage)
    client = place.avow.client()
    with case.cell("the genuine refresh token, validate_session"):
        refuses(partial(client.validate_session, person.refresh_jwt))
    with case.cell("the genuine refresh token, validate_session with an audience"):
        refuses(partial(client.validate_session, person.refresh_jwt, audience=place.avow.project_id))
    with case.cell("the genuine refresh token, validate_and_refresh_session as the session token"):
        answer = client.validate_and_refresh_session(person.refresh_jwt, person.refresh_jwt)
        assert answer["sessionToken"]["jwt"] != person.refresh_jwt
        assert answer["sessionToken"]["drn"] == "DS"


def test_s_typ_02_session_token_used_as_refresh_token(case: Case, place: Place) -> None:
    person = place.sign_in()
    case.control(lambda: place.api.refresh(person.refresh_jwt).status == 200)
    before = stored(place)
    api = place.api
    for path in SESSION_CALLS:
        with case.cell(f"POST {path}, header"):
            assert_refused(api.post(path, person.session_jwt))
        with case.cell(f"POST {path}, DSR cookie"):
            assert_refused(api.post(path, cookies={"DSR": person.session_jwt}))
        with case.cell(f"POST {path}, DS cookie"):
            assert_refused(api.post(path, cookies={"DS": person.session_jwt}))
    for path in ("/v1/auth/me", "/v1/auth/me/history", "/v1/auth/avow/sessions"):
        with case.cell(f"GET {path}, header"):
            assert_refused(api.get(path, person.session_jwt))
        with case.cell(f"GET {path}, DSR cookie"):
            assert_refused(api.get(path, cookies={"DSR": person.session_jwt}))
    with case.cell("a cookie of another name that holds it"):
        headers = {"x-descope-refresh-cookie-name": "mine"}
        assert_refused(api.post("/v1/auth/refresh", cookies={"mine": person.session_jwt}, headers=headers))
    with case.cell("try-refresh"):
        answer = api.post("/v1/auth/try-refresh", person.session_jwt)
        assert (answer.status, answer.body, answer.set_cookies) == (200, {}, ())
    with case.cell("step-up"):
        body = {"loginId": person.login_id, "loginOptions": {"stepup": True}}
        assert_refused(api.post("/v1/auth/otp/signin/email", person.session_jwt, body))
    with case.cell("refresh_session of the SDK, without asking the server"):
        refuses(partial(place.avow.client().refresh_session, person.session_jwt))
    with case.cell("nothing stored has changed"):
        assert stored(place) == before


def test_s_typ_05_single_purpose_tokens_are_not_sessions(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    kinds = (
        "code",
        "magic link",
        "embedded link",
        "invitation",
        "enchanted link",
        "pending reference",
        "step-up code",
    )
    for kind in kinds:
        login_id = new_email()
        token, works = _made(place, kind, login_id)
        before = [row for table in ("sessions", "users") for row in place.rows(table)]
        for name, call in _wrong_uses(place, kind, token, login_id).items():
            with case.cell(f"{kind}: {name}"):
                assert_refused(call())
        with case.cell(f"{kind}: nothing came of it"):
            assert [row for table in ("sessions", "users") for row in place.rows(table)] == before
        with case.cell(f"{kind}: where it belongs it still works"):
            assert works().status == 200


def _made(place: Place, kind: str, login_id: str) -> tuple[str, Callable[[], Answer]]:
    """Return an unused token of a kind, and the call that it is for."""
    api = place.api
    if kind == "code":
        code = place.send_code(login_id)
        return code, lambda: place.verify_code(login_id, code)
    if kind == "step-up code":
        person = place.sign_in(login_id)
        body = {"loginId": login_id, "loginOptions": {"stepup": True}}
        assert api.post("/v1/auth/otp/signin/email", person.refresh_jwt, body).status == 200
        stepped = place.avow.code(login_id)
        return stepped, lambda: place.verify_code(login_id, stepped)
    if kind in ("magic link", "embedded link", "invitation"):
        link = _link_of(place, kind, login_id)
        return link, lambda: api.post("/v1/auth/magiclink/verify", body={"token": link})
    token, pending = place.send_enchanted_link(login_id)
    if kind == "enchanted link":
        return token, lambda: api.post("/v1/auth/enchantedlink/verify", body={"token": token})
    assert api.post("/v1/auth/enchantedlink/verify", body={"token": token}).status == 200
    return pending, lambda: api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})


def _link_of(place: Place, kind: str, login_id: str) -> str:
    """Return the token of a link of a kind that magic links take back."""
    if kind == "magic link":
        return place.send_magic_link(login_id)
    is_invited = kind == "invitation"
    body = {"loginId": login_id, "invite": is_invited}
    key = place.avow.management_key
    assert place.api.post("/v1/mgmt/user/create", key, body).status == 200
    if is_invited:
        return token_of(place.avow.link(login_id))
    return str(place.api.post("/v1/mgmt/user/signin/embeddedlink", key, {"loginId": login_id}).body["token"])


def _wrong_uses(place: Place, kind: str, token: str, login_id: str) -> dict[str, Callable[[], Answer]]:
    api = place.api
    uses: dict[str, Callable[[], Answer]] = {
        "GET /v1/auth/me": partial(api.me, token),
        "POST /v1/auth/refresh": partial(api.refresh, token),
        "refresh cookie": partial(api.post, "/v1/auth/refresh", cookies={"DSR": token}),
        "management key": partial(api.get, "/v1/mgmt/avow/project/settings", token),
        "magiclink/verify": partial(api.post, "/v1/auth/magiclink/verify", body={"token": token}),
        "enchantedlink/verify": partial(api.post, "/v1/auth/enchantedlink/verify", body={"token": token}),
        "pending-session": partial(api.post, "/v1/auth/enchantedlink/pending-session", body={"pendingRef": token}),
    }
    for method in ("email", "sms", "voice", "whatsapp"):
        body = {"loginId": login_id, "code": token[:64]}
        uses[f"otp/verify/{method}"] = partial(api.post, f"/v1/auth/otp/verify/{method}", body=body)
    mine = {
        "code": "otp/verify/email",
        "step-up code": "otp/verify/email",
        "magic link": "magiclink/verify",
        "embedded link": "magiclink/verify",
        "invitation": "magiclink/verify",
        "enchanted link": "enchantedlink/verify",
        "pending reference": "pending-session",
    }
    uses.pop(mine[kind])
    return uses


@pytest.mark.parametrize("method", ["otp", "magiclink", "enchantedlink"])
@pytest.mark.parametrize("how", ["signup-in", "signup", "signin"])
def test_s_typ_06_client_claims_cannot_override_reserved_ones(
    case: Case, local_place: Place, method: str, how: str
) -> None:
    place = local_place
    case.control(lambda: place.sign_in())
    known = place.sign_in() if how == "signin" else None
    login_id = known.login_id if known else new_email()
    wish: dict[str, Any] = {**RESERVED, "shoe_size": 44}
    answer = _signed_in_with(place, method, how, login_id, wish)
    person = answer.body["user"]["userId"]
    refreshed = place.api.refresh(answer.body["refreshJwt"]).body
    tokens = {
        "session": answer.body["sessionJwt"],
        "refresh": answer.body["refreshJwt"],
        "next": refreshed["sessionJwt"],
    }
    for name, token in tokens.items():
        claims = claims_of(token)
        with case.cell(f"{method}/{how}, {name} token: reserved claims are the server's"):
            assert (claims["sub"], claims["iss"]) == (person, place.avow.project_id)
            assert claims["drn"] == ("DSR" if name == "refresh" else "DS")
            assert claims["amr"] == ["email"]
            assert claims["exp"] < RESERVED["exp"]
            assert not claims.get("roles")
            assert not claims.get("permissions")
            assert not claims.get("tenants")
            assert claims.get("gen") in (None, 1)
            assert not {"tkn", "su", "dct", "dsub", "aud", "projectId", "userId", "email_verified"} & set(claims)
            assert claims["sid"] != "Sother"
        with case.cell(f"{method}/{how}, {name} token: the rest stands apart, without reserved names"):
            assert "shoe_size" not in claims
            if name != "refresh":
                assert claims["nsec"] == {"shoe_size": 44}
    with case.cell(f"{method}/{how}, the SDK sees the server's values"):
        seen = place.avow.client().validate_session(tokens["session"])
        assert (seen["userId"], seen["projectId"], seen["roles"]) == (person, place.avow.project_id, [])
    for name, claims in _unbearable().items():
        with case.cell(f"{method}/{how}, {name}"):
            who = known.login_id if known else new_email()
            body = {"loginId": who, "loginOptions": {"customClaims": claims}}
            assert_refused(place.api.post(f"/v1/auth/{method}/{how}/email", body=body), 400)


def test_s_typ_07_claims_of_an_embedded_link_cannot_override_reserved_ones(case: Case, each_place: Place) -> None:
    place, key = each_place, each_place.avow.management_key
    login_id = place.sign_in().login_id

    def generated(path: str, login_id: str, claims: object) -> Answer:
        options = {"customClaims": claims, "loginOptions": {"customClaims": claims}}
        return place.api.post(f"/v1/mgmt/user/{path}/embeddedlink", key, {"loginId": login_id, **options})

    def signed_in(path: str, login_id: str, claims: object) -> Answer:
        token = generated(path, login_id, claims).body["token"]
        return place.api.post("/v1/auth/magiclink/verify", body={"token": token})

    case.control(lambda: signed_in("signin", login_id, {"plan": "pro"}).status == 200)
    with case.cell("user/signin/embeddedlink"):
        for path, who in (("signin", login_id), ("signup", new_email())):
            answer = signed_in(path, who, {**RESERVED, "plan": "pro"})
            person = answer.body["user"]["userId"]
            refreshed = place.api.refresh(answer.body["refreshJwt"]).body["sessionJwt"]
            for token in (answer.body["sessionJwt"], refreshed, answer.body["refreshJwt"]):
                claims = claims_of(token)
                assert (claims["sub"], claims["iss"], claims["amr"]) == (person, place.avow.project_id, ["embedded"])
                assert claims["exp"] < RESERVED["exp"]
                assert not claims.get("roles")
                assert not claims.get("tenants")
                assert not {"tkn", "su", "dct", "dsub", "aud", "projectId", "nsec"} & set(claims)
            assert claims_of(refreshed)["plan"] == "pro"
    with case.cell("user/signin/embeddedlink, claims that no token holds"):
        for claims in _unbearable().values():
            before = stored(place)
            assert_refused(generated("signin", login_id, claims), 400)
            assert_refused(generated("signup", new_email(), claims), 400)
            assert stored(place) == before


def _unbearable() -> dict[str, Any]:
    deep: Any = "bottom"
    for _ in range(8):
        deep = {"x": deep}
    return {
        "claims over 8 kB": {"x": "x" * 9_000},
        "claims nested deep": {"x": deep},
        "claims that are a list": ["sub"],
        "more than a hundred claims": {f"c{number}": 1 for number in range(101)},
    }


def _signed_in_with(place: Place, method: str, how: str, login_id: str, claims: dict[str, Any]) -> Answer:
    options = {"loginOptions": {"customClaims": claims}}
    if method == "otp":
        return place.verify_code(login_id, place.send_code(login_id, how=how, **options))
    if method == "magiclink":
        token = place.send_magic_link(login_id, how=how, **options)
        return place.api.post("/v1/auth/magiclink/verify", body={"token": token})
    token, pending = place.send_enchanted_link(login_id, how=how, **options)
    assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": token}).status == 200
    return place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})
