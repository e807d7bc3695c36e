"""S-IDN-01: whoever proves an address owns the account under it, whatever others did to it before."""

from collections.abc import Callable
from typing import Any

from avow.server.sessions import actions as sessions
from tests.bed.cases import Case
from tests.factories import make_user, new_email, new_phone
from tests.security.calls import Answer, assert_refused
from tests.security.counting import send_back
from tests.security.place import Person, Place, person_of, token_of


def _start(place: Place, login_id: str, method: str, how: str = "signin", **body: Any) -> Answer:
    return place.api.post(f"/v1/auth/otp/{how}/{method}", body={"loginId": login_id, **body})


def _by_code(place: Place, login_id: str, method: str, address: str, how: str = "signup-in", **body: Any) -> Person:
    assert _start(place, login_id, method, how, **body).status == 200
    return person_of(login_id, send_back(place, login_id, place.avow.code(address), method=method))


def _by_link(place: Place, login_id: str, method: str, address: str) -> Person:
    path = f"/v1/auth/magiclink/signup-in/{method}"
    assert place.api.post(path, body={"loginId": login_id}).status == 200
    token = token_of(place.avow.link(address))
    return person_of(login_id, place.api.post("/v1/auth/magiclink/verify", body={"token": token}))


PROFILE = {"email": "email", "sms": "phone"}
CHANGES = {"email": "/v1/auth/otp/update/email", "phone": "/v1/auth/otp/update/phone/sms"}
WAYS: dict[str, Callable[[Place, str, str, str], Person]] = {"code": _by_code, "magic link": _by_link}


def test_s_idn_01_unproven_sign_up_waits_for_the_owner(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: place.sign_in())
    for name, come in WAYS.items():
        for method, address, other, theirs in (
            ("email", new_email(), "sms", new_phone()),
            ("sms", new_phone(), "email", new_email()),
        ):
            with case.cell(f"sign-up with a {'number' if other == 'sms' else 'mailbox'} of the attacker's, {name}"):
                profile = {"phone": theirs, "email": address} if other == "sms" else {"phone": address, "email": theirs}
                attacker = _by_code(place, address, other, theirs, "signup", user=profile)
                owner = come(place, address, method, address)
                _assert_attacker_is_out(place, attacker, owner, address, other, theirs)
        with case.cell(f"sign-up that was never verified, {name}"):
            address = new_email()
            assert _start(place, address, "email", "signup", user={"name": "Mallory"}).status == 200
            stale = place.avow.code(address)
            owner = come(place, address, "email", address)
            assert_refused(send_back(place, address, stale))
        with case.cell(f"change of address that was begun before the owner came, {name}"):
            address, phone, theirs = new_email(), new_phone(), new_email("mallory")
            attacker = _by_code(place, address, "sms", phone, "signup", user={"phone": phone, "email": address})
            body = {"loginId": address, "email": theirs, "addToLoginIDs": True}
            for path in ("magiclink", "enchantedlink", "otp"):
                assert place.api.post(f"/v1/auth/{path}/update/email", attacker.refresh_jwt, body).status == 200
            code, link = place.avow.code(theirs), token_of(place.avow.link(theirs))
            owner = come(place, address, "email", address)
            assert_refused(place.api.post("/v1/auth/magiclink/verify", body={"token": link}))
            assert_refused(send_back(place, address, code))
            for link_of_three in next(each.links for each in place.avow.messages(theirs) if each.links):
                token = token_of(link_of_three.url)
                assert_refused(place.api.post("/v1/auth/enchantedlink/verify", body={"token": token}))
            _assert_still_owner(place, owner, address)
        with case.cell(f"account made by the management, entered by the owner, {name}"):
            address, phone = new_email(), new_phone()
            user = make_user(place.avow, address, phone=phone, is_verified=False)
            owner = come(place, address, "email", address)
            assert owner.id == user
            assert place.api.me(owner.refresh_jwt).body["phone"] == phone
        for method, address, other, theirs, new in (
            ("email", new_email(), "sms", new_phone(), new_email("mallory")),
            ("sms", new_phone(), "email", new_email("mallory"), new_phone()),
        ):
            with case.cell(f"change of an unproven {method} address before the owner came, {name}"):
                changed = "email" if method == "email" else "phone"
                attacker = _by_code(place, address, other, theirs, "signup", user={PROFILE[other]: theirs})
                path, body = CHANGES[changed], {"loginId": address, changed: new}
                assert place.api.post(path, attacker.refresh_jwt, body).status == 200
                kept = person_of(new, send_back(place, address, place.avow.code(new), method=method))
                assert place.api.me(kept.refresh_jwt).body["loginIds"] == [new]
                owner = come(place, address, method, address)
                assert owner.id != kept.id
                _assert_still_owner(place, owner, address)
    with case.cell("change of address outlives no log-out of all"):
        person, theirs = place.sign_in(), new_email()
        body = {"loginId": person.login_id, "email": theirs}
        assert place.api.post("/v1/auth/magiclink/update/email", person.refresh_jwt, body).status == 200
        place.avow.run(lambda tx: sessions.end_all(tx, person.id, why="logout of all"))
        link = token_of(place.avow.link(theirs))
        assert_refused(place.api.post("/v1/auth/magiclink/verify", body={"token": link}))


def _assert_attacker_is_out(
    place: Place, attacker: Person, owner: Person, address: str, other: str, theirs: str
) -> None:
    """Assert that neither session nor number (or mailbox) of whoever came first leads in any more."""
    assert_refused(place.api.refresh(attacker.refresh_jwt))
    assert_refused(place.api.me(attacker.refresh_jwt))
    before = len(place.avow.messages(theirs))
    _start(place, address, other)
    place.api.post(f"/v1/auth/magiclink/signin/{other}", body={"loginId": address})
    assert len(place.avow.messages(theirs)) == before
    _assert_still_owner(place, owner, address)


def _assert_still_owner(place: Place, owner: Person, address: str) -> None:
    shown = place.api.me(owner.refresh_jwt).body
    assert shown["userId"] == owner.id
    assert address in (shown["email"], shown["phone"])
    assert shown["loginIds"] == [address]
    assert sum(bool(each) for each in (shown["email"], shown["phone"])) == 1
