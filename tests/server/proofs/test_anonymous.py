"""Anonymous users who sign up: by any method they keep their id, and whoever planted their session gets nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import phones
from tests.factories import make_passkey, make_user, new_email, new_phone
from tests.server.api import Api, Reply, token_of

PASSWORD = "a long password of hers"
IDENTITY = """
    INSERT INTO identities (project_id, way, issuer, subject, protocol, user_id, created_at, last_used_at)
    VALUES (:project_id, 'oauth:google', 'https://accounts.example.com', 'thief', 'oauth', :user_id, :now, :now)
"""


def anonymous(api: Api, **body: object) -> Reply:
    """Open a session of somebody nobody knows."""
    return api.post("/v1/mgmt/auth/anonymous", body, token=api.avow.management_key)


def id_of(session: Reply) -> str:
    return str(session["user"]["userId"])


def by_code(api: Api, login_id: str, token: str, how: str = "signup") -> Reply:
    started = api.post(f"/v1/auth/otp/{how}/email", {"loginId": login_id}, token=token)
    return api.verify_code(login_id, api.avow.code(login_id)) if started.status == 200 else started


def by_sms(api: Api, login_id: str, token: str) -> Reply:
    number = new_phone()
    body = {"loginId": login_id, "user": {"phone": number}}
    assert api.post("/v1/auth/otp/signup/sms", body, token=token).status == 200
    return api.verify_code(login_id, api.avow.code(number), "sms")


def by_link(api: Api, login_id: str, token: str) -> Reply:
    assert api.post("/v1/auth/magiclink/signup/email", {"loginId": login_id}, token=token).status == 200
    return api.post("/v1/auth/magiclink/verify", {"token": api.link_token(login_id)})


def by_number(api: Api, login_id: str, token: str) -> Reply:
    started = api.post("/v1/auth/enchantedlink/signup/email", {"loginId": login_id}, token=token)
    link_id = started["linkId"]
    sent = next(message for message in api.avow.messages(login_id) if message.links)
    [right] = [link.url for link in sent.links if link.id == link_id]
    assert api.post("/v1/auth/enchantedlink/verify", {"token": token_of(right)}).status == 200
    return api.post("/v1/auth/enchantedlink/pending-session", {"pendingRef": started["pendingRef"]})


def by_app(api: Api, login_id: str, token: str) -> Reply:
    begun = api.post("/v1/auth/totp/signup", {"loginId": login_id}, token=token)
    code = phones.typing(begun["key"]).code(api.clock())
    return api.post("/v1/auth/totp/verify", {"loginId": login_id, "code": code})


def by_password(api: Api, login_id: str, token: str) -> Reply:
    return api.post("/v1/auth/password/signup", {"loginId": login_id, "password": PASSWORD}, token=token)


def up_or_in(api: Api, login_id: str, token: str) -> Reply:
    return by_code(api, login_id, token, "signup-in")


WAYS: dict[str, Callable[[Api, str, str], Reply]] = {
    "code": by_code,
    "code, up or in": up_or_in,
    "sms": by_sms,
    "magic link": by_link,
    "enchanted link": by_number,
    "app": by_app,
    "password": by_password,
}


@pytest.mark.parametrize("way", WAYS)
def test_id_is_kept(api: Api, way: str) -> None:
    before = anonymous(api)
    login_id = new_email()
    after = WAYS[way](api, login_id, before["refreshJwt"])
    assert id_of(after) == id_of(before)
    assert after["firstSeen"] is True
    assert after["user"]["loginIds"] == [login_id]
    me = api.get("/v1/auth/me", token=after["refreshJwt"]).body
    assert me["userId"] == id_of(before)
    listed = api.post("/v2/mgmt/user/search", {"loginIds": [login_id]}, token=api.avow.management_key)["users"]
    assert [each["userId"] for each in listed] == [id_of(before)]  # no search found them before


@pytest.mark.parametrize("way", WAYS)
def test_planted_session_ends(api: Api, way: str) -> None:
    planted = anonymous(api)
    assert WAYS[way](api, new_email(), planted["refreshJwt"]).status == 200
    assert api.refresh(planted["refreshJwt"]).refusal == (401, "E064001")
    assert api.get("/v1/auth/me", token=planted["refreshJwt"]).refusal == (401, "E064001")


@pytest.mark.parametrize("way", WAYS)
def test_planted_ways_to_sign_in_end(api: Api, way: str) -> None:
    planted = anonymous(api)
    codes = api.post("/v1/auth/avow/recoverycodes/generate", token=planted["refreshJwt"])["codes"]
    make_passkey(api.avow, id_of(planted), "planted")
    api.avow.run(lambda tx: tx.run(IDENTITY, user_id=id_of(planted)))
    login_id = new_email()
    after = WAYS[way](api, login_id, planted["refreshJwt"])
    assert after.status == 200
    refused = api.post("/v1/auth/avow/recoverycodes/verify", {"loginId": login_id, "code": codes[0]})
    assert refused.status == 401
    listed = api.get("/v1/auth/avow/passkeys", token=after["refreshJwt"])
    assert listed.status == 200
    assert "planted" not in str(listed.body)
    assert api.avow.run(lambda tx: tx.run("DELETE FROM identities WHERE project_id = :project_id")) == 0


def test_anonymous_user_lets_nobody_impersonate_them(api: Api) -> None:
    session = anonymous(api)
    assert api.post("/v1/auth/avow/impersonation/allow", {"seconds": 60}, token=session["refreshJwt"]).status == 401


@pytest.mark.parametrize("way", WAYS)
def test_nobody_becomes_a_user_who_is_there(api: Api, way: str) -> None:
    before, login_id = anonymous(api), new_email()
    make_user(api.avow, login_id, is_verified=False)
    try:
        after: Any = WAYS[way](api, login_id, before["refreshJwt"])
    except AssertionError:  # the start is refused already
        after = None
    assert after is None or after.status != 200 or id_of(after) != id_of(before)
    assert api.refresh(before["refreshJwt"]).status == 200  # nothing has become of them


def test_second_sign_up_makes_somebody_else(api: Api) -> None:
    before, first, second = anonymous(api), new_email(), new_email()
    for login_id in (first, second):
        body = {"loginId": login_id}
        assert api.post("/v1/auth/otp/signup/email", body, token=before["refreshJwt"]).status == 200
    assert id_of(api.verify_code(first, api.avow.code(first))) == id_of(before)
    other = api.verify_code(second, api.avow.code(second))
    assert id_of(other) != id_of(before)
    assert other["user"]["loginIds"] == [second]


def test_ended_session_keeps_nothing(api: Api) -> None:
    before = anonymous(api)
    assert api.post("/v1/auth/logout", token=before["refreshJwt"]).status == 200
    assert id_of(by_code(api, new_email(), before["refreshJwt"])) != id_of(before)


def test_session_of_somebody_known_keeps_nothing(api: Api) -> None:
    known = api.sign_in()
    other = by_code(api, new_email(), known["refreshJwt"])
    assert id_of(other) != id_of(known)
    assert api.refresh(known["refreshJwt"]).status == 200


def test_signing_in_leaves_the_anonymous_user_alone(api: Api) -> None:
    before, login_id = anonymous(api), new_email()
    user_id = make_user(api.avow, login_id)
    assert id_of(by_code(api, login_id, before["refreshJwt"], "signin")) == user_id
    assert api.refresh(before["refreshJwt"]).status == 200


def test_claims_of_the_anonymous_session_are_not_taken_over(api: Api) -> None:
    before = anonymous(api, customClaims={"cart": "full"})
    after = by_code(api, new_email(), before["refreshJwt"])
    assert "cart" not in api.avow.client().validate_session(after["sessionJwt"])


def test_upgrade_is_in_the_audit(api: Api) -> None:
    after = by_code(api, new_email(), anonymous(api)["refreshJwt"])
    found = api.post("/v1/mgmt/audit/search", {"userIds": [id_of(after)]}, token=api.avow.management_key)["audits"]
    assert "user.upgraded" in [each["action"] for each in found]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/auth/otp/update/email", {"email": "x@example.com"}),
        ("/v1/auth/totp/update", {}),
        ("/v1/auth/password/update", {"newPassword": PASSWORD}),
        ("/v1/auth/webauthn/update/start", {"origin": "http://localhost"}),
    ],
)
def test_anonymous_user_adds_nothing_to_sign_in_with(api: Api, path: str, body: dict[str, object]) -> None:
    session = anonymous(api)
    refused = api.post(path, {"loginId": id_of(session), **body}, token=session["refreshJwt"])
    assert refused.status in {400, 401, 403}
    assert api.get("/v1/auth/me", token=session["refreshJwt"]).body["loginIds"] == []
