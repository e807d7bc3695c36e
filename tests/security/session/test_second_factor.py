"""S-AUZ-10: nobody has a session before both factors of the same user are there."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.bed.cases import Case
from tests.factories import make_recovery_codes, new_email
from tests.security.calls import Answer, assert_refused, carries_token
from tests.security.conftest import MakePlace
from tests.security.password import people as passwords
from tests.security.place import Place, claims_of
from tests.security.totp.people import Owner, kept, make_owner

PASSWORD = "correct horse battery"
MANAGED = "/v1/mgmt/user/password/set/active"
RECOVER = "/v1/auth/avow/recoverycodes/verify"


def make_person(place: Place) -> Owner:
    """Insert a user with a password and an app."""
    owner = make_owner(place)
    body = {"loginId": owner.login_id, "password": PASSWORD}
    assert place.api.post(MANAGED, place.avow.management_key, body).status == 200
    return owner


def by_password(place: Place, owner: Owner, token: str = "", **options: object) -> Answer:
    body = {"loginId": owner.login_id, "password": PASSWORD, "loginOptions": options}
    return place.api.post(passwords.SIGN_IN, token, body)


def waiting(place: Place, owner: Owner) -> str:
    """Show the password; return the ticket of the first factor."""
    asked = by_password(place, owner)
    assert (asked.status, asked.body["errorCode"]) == (403, "E061401"), asked.content
    assert set(asked.body) == {"errorCode", "errorDescription", "errorMessage", "factors", "mfaToken"}
    assert not asked.set_cookies
    assert not carries_token(asked.content)
    return str(asked.body["mfaToken"])


def both(place: Place, owner: Owner, early: int = 0) -> dict[str, Any]:
    """Show both factors; return the session."""
    answer = owner.send(owner.code(early), waiting(place, owner), mfa=True)
    assert answer.status == 200, answer.content
    body: dict[str, Any] = answer.body
    return body


def calls_with(place: Place, ticket: str, login_id: str) -> Iterator[tuple[str, Callable[[], Answer]]]:
    """Return every call that would make something of the ticket."""
    api = place.api
    yield "refresh", lambda: api.refresh(ticket)
    yield "refresh by cookie", lambda: api.post("/v1/auth/refresh", cookies={"DSR": ticket})
    yield "me", lambda: api.me(ticket)
    yield "tenants", lambda: api.post("/v1/auth/me/tenants", ticket, {"ids": []})
    yield "tenant/select", lambda: api.post("/v1/auth/tenant/select", ticket, {"tenant": "T1"})
    yield "history", lambda: api.get("/v1/auth/me/history", ticket)
    yield "sessions", lambda: api.get("/v1/auth/avow/sessions", ticket)
    yield "devices", lambda: api.get("/v1/auth/avow/devices", ticket)
    yield "app", lambda: api.post("/v1/auth/totp/update", ticket, {"loginId": login_id})
    yield "removal of the app", lambda: api.post("/v1/auth/avow/totp/remove", ticket)
    yield "recovery codes", lambda: api.post("/v1/auth/avow/recoverycodes/generate", ticket)
    yield "password", lambda: api.post(passwords.UPDATE, ticket, {"loginId": login_id, "newPassword": "another " * 3})
    yield (
        "address",
        lambda: api.post("/v1/auth/otp/update/email", ticket, {"loginId": login_id, "email": new_email("mallory")}),
    )
    yield "exchange of a code", lambda: api.post("/v1/auth/oauth/exchange", ticket, {"code": ticket})
    yield "a session token", lambda: api.post("/v1/mgmt/jwt/update", place.avow.management_key, {"jwt": ticket})


def test_s_auz_10_second_factor(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(mfa="enrolled", trusted_device_days=30)
    mine, theirs = make_person(place), make_person(place)
    early = iter(range(-1, 2))
    case.control(lambda: bool(both(place, make_person(place))))
    with case.cell("password and TOTP: second factor skipped, or sent with another user's token"):
        ticket = waiting(place, mine)
        before = kept(place)
        for name, call in calls_with(place, ticket, mine.login_id):
            answer = call()
            assert answer.status in {400, 401, 403}, (name, answer.content)
            assert not carries_token(answer.content), name
            assert not answer.cookie("DSR"), name
        foreign = waiting(place, theirs)
        for options in ({"mfa": True}, {"stepup": True}):
            assert_refused(mine.send(mine.code(), foreign, **options))
            assert_refused(theirs.send(mine.code(), ticket, **options))
        assert len(kept(place)["sessions"]) == len(before["sessions"]) + 1  # what waits for their factor
        assert kept(place)["totp_seeds"] == before["totp_seeds"]
    with case.cell("first factor once more, and by other names"):
        ticket = waiting(place, mine)
        again = by_password(place, mine, ticket, mfa=True)
        assert (again.status, again.body["errorCode"]) == (403, "E061401")
        for how in ("signin", "signup-in"):
            code = place.send_code(mine.login_id, how=how)
            assert place.verify_code(mine.login_id, code).status == 403
        link = place.send_magic_link(mine.login_id)
        assert place.api.post("/v1/auth/magiclink/verify", body={"token": link}).status == 403
        enchanted, pending = place.send_enchanted_link(mine.login_id)
        assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": enchanted}).status == 200
        got = place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending})
        assert got.status == 403
        taken = place.api.post(passwords.SIGN_UP, body={"loginId": mine.login_id, "password": PASSWORD})
        assert_refused(taken, 400)
    with case.cell("a reset alone"):
        sent = place.api.post(passwords.RESET, body={"loginId": mine.login_id})
        assert sent.status == 200, sent.content
        token = place.avow.link(mine.login_id).partition("t=")[2]
        came = place.api.post("/v1/auth/magiclink/verify", body={"token": token})
        assert (came.status, came.body["factors"]) == (403, ["totp"])
        refused = place.api.post(
            passwords.UPDATE, came.body["mfaToken"], {"loginId": mine.login_id, "newPassword": "another " * 3}
        )
        assert_refused(refused, code="E061401")
        assert by_password(place, mine).status == 403  # the password is the one it was
    with case.cell("another user's codes"):
        ticket = waiting(place, mine)
        assert_refused(mine.send(theirs.code(), ticket, mfa=True))
        [code] = make_recovery_codes(place.avow, theirs.id, 1)
        body = {"loginId": mine.login_id, "code": code, "loginOptions": {"mfa": True}}
        assert_refused(place.api.post(RECOVER, ticket, body))
    with case.cell("a ticket is used once, and for ten minutes"):
        ticket = waiting(place, mine)
        assert mine.send(mine.code(next(early)), ticket, mfa=True).status == 200
        assert_refused(mine.send(mine.code(next(early)), ticket, mfa=True))
        late = waiting(place, theirs)
        place.advance(600)
        assert_refused(theirs.send(theirs.code(), late, mfa=True))
    with case.cell("a stolen refresh token trusts no device"):
        session = both(place, theirs, 1)
        stolen = by_password(place, theirs, session["refreshJwt"], mfa=True)
        assert stolen.status == 200
        assert "trustedDeviceJwt" not in stolen.body
        assert not stolen.cookie("DTD")
    with case.cell("a device that another user trusts"):
        body = {"loginId": mine.login_id, "password": PASSWORD}
        device = {"x-descope-trusted-device-token": session["trustedDeviceJwt"]}
        assert place.api.post(passwords.SIGN_IN, body=body, headers=device).status == 403
    with case.cell("amr says what was shown"):
        place.advance(60)
        assert claims_of(both(place, mine)["sessionJwt"])["amr"] == ["pwd", "totp", "mfa"]
