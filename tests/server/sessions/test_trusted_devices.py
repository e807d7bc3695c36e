"""Trusted devices: made so by the second factor alone, shown by cookie or header, ended with everything else."""

from collections.abc import Callable

import pytest

from tests.factories import change_settings, join_tenant, make_recovery_codes, make_tenant, new_email
from tests.server.api import Api, Reply, Statements
from tests.server.sessions.conftest import FIREFOX, Person

DAY = 86_400
MakePerson = Callable[..., Person]


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    return make_person(mfa="enrolled", trusted_device_days=30, refresh_lifetime_seconds=400 * DAY)


def trusted(person: Person, **headers: str) -> str:
    """Sign in with both factors; return the token of the device."""
    return str(person.signed_in(**headers)["trustedDeviceJwt"])


def by_mail(person: Person, device: str) -> Reply:
    return person.by_mail(x_descope_trusted_device_token=device)


def devices(person: Person, session: Reply) -> list[dict[str, object]]:
    found = person.api.get("/v1/auth/avow/devices", token=session["refreshJwt"])["devices"]
    assert isinstance(found, list)
    return found


# --- What makes a device trusted -----------------------------------------------------------------------------------


def test_second_factor_makes_the_device_trusted(person: Person) -> None:
    device = trusted(person)
    opened = by_mail(person, device)
    assert opened.status == 200
    assert "trustedDeviceJwt" not in opened.body  # it is trusted already


def test_no_device_is_trusted_unless_the_project_says_for_how_long(make_person: MakePerson) -> None:
    person = make_person(mfa="enrolled")
    assert "trustedDeviceJwt" not in person.signed_in().body


def test_sign_in_that_is_not_asked_makes_none(make_person: MakePerson) -> None:
    person = make_person(mfa="off", trusted_device_days=30)
    opened = person.by_mail()
    assert "trustedDeviceJwt" not in opened.body
    assert "trustedDeviceJwt" not in person.by_app(opened["refreshJwt"], {"mfa": True}).body


def test_stolen_refresh_token_makes_none(person: Person) -> None:
    stolen = person.signed_in()["refreshJwt"]
    again = person.by_mail(stolen, {"mfa": True})
    assert again.status == 200  # the session has shown the app
    assert "trustedDeviceJwt" not in again.body
    assert "trustedDeviceJwt" not in person.by_mail(stolen, {"stepup": True}).body
    assert "trustedDeviceJwt" not in person.api.refresh(stolen).body
    assert len(devices(person, again)) == 1  # of the owner


def test_recovery_code_does_as_the_app_does(person: Person) -> None:
    [code] = make_recovery_codes(person.api.avow, person.id, 1)
    body = {"loginId": person.email, "code": code, "loginOptions": {"mfa": True}}
    opened = person.api.post("/v1/auth/avow/recoverycodes/verify", body, token=person.waiting())
    assert by_mail(person, opened["trustedDeviceJwt"]).status == 200


def test_cookie_carries_it_where_cookies_carry_sessions(make_person: MakePerson) -> None:
    person = make_person(mfa="enrolled", trusted_device_days=30, refresh_token_in="cookie")
    opened = person.by_app(person.waiting(), {"mfa": True})
    assert "trustedDeviceJwt" not in opened.body
    cookies = [value for name, value in opened.headers if name == "set-cookie"]
    [device] = [value for value in cookies if value.startswith("DTD=")]
    assert device.partition(";")[2] == f" Max-Age={30 * DAY}; Path=/; SameSite=Lax; Secure; HttpOnly"
    token = device.partition(";")[0].partition("=")[2]
    assert person.by_mail(cookie=f"DTD={token}").status == 200


# --- What it is good for -------------------------------------------------------------------------------------------


def test_device_is_shown_by_header_or_cookie(person: Person) -> None:
    device = trusted(person)
    assert by_mail(person, device).status == 200
    assert person.by_mail(cookie=f"DTD={device}").status == 200
    assert person.by_mail().refusal == (403, "E061401")


def test_device_says_nothing_of_factors(person: Person) -> None:
    opened = by_mail(person, trusted(person))
    assert person.api.avow.client().validate_session(opened["sessionJwt"])["amr"] == ["email"]


def test_device_does_not_stand_in_when_stepping_up(person: Person) -> None:
    device = trusted(person)
    session = by_mail(person, device)
    again = person.by_mail(session["refreshJwt"], {"stepup": True}, x_descope_trusted_device_token=device)
    assert again.refusal == (403, "E061401")


def test_device_is_one_users(person: Person) -> None:
    device = trusted(person)
    other = new_email()
    Api(person.api.avow).sign_in(other)
    person.api.clock.advance(61)
    change_settings(person.api.avow, {"mfa": "required"})
    person.api.clock.advance(2)
    assert person.api.post("/v1/auth/otp/signin/email", {"loginId": other}).status == 200
    code = person.api.avow.code(other)
    refused = person.api.verify_code(other, code, x_descope_trusted_device_token=device)
    assert refused.refusal == (403, "E061401")


def test_device_is_one_projects(person: Person, make_person: MakePerson) -> None:
    device = trusted(person)
    other = make_person(mfa="enrolled", trusted_device_days=30)
    assert by_mail(other, device).refusal == (403, "E061401")


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text + "A", lambda text: text[:-1] + "é"])
def test_any_other_token_is_none(person: Person, change: Callable[[str], str]) -> None:
    device = trusted(person)
    assert by_mail(person, change(device)).refusal == (403, "E061401")
    wrong = device[:-1] + ("A" if device[-1] != "A" else "B")
    assert by_mail(person, wrong).refusal == (403, "E061401")


def test_device_skips_no_policy_of_whoever_shows_nothing(person: Person) -> None:
    device = trusted(person)
    wrong = person.api.verify_code(person.email, "000000", x_descope_trusted_device_token=device)
    assert wrong.status == 401


# --- How it ends ---------------------------------------------------------------------------------------------------


def test_trust_ends_to_the_second(person: Person) -> None:
    device = trusted(person)
    person.api.clock.advance(30 * DAY - 1)
    assert by_mail(person, device).status == 200  # which does not make it longer
    person.api.clock.advance(1)
    assert by_mail(person, device).refusal == (403, "E061401")


def test_device_whose_time_is_over_becomes_trusted_anew(person: Person) -> None:
    old = trusted(person)
    person.api.clock.advance(30 * DAY)
    waiting = by_mail(person, old).body["mfaToken"]
    opened = person.by_app(waiting, {"mfa": True}, x_descope_trusted_device_token=old)
    new = opened["trustedDeviceJwt"]
    assert new != old
    assert by_mail(person, new).status == 200
    assert by_mail(person, old).refusal == (403, "E061401")
    assert len(devices(person, opened)) == 1


def test_shorter_trust_holds_for_devices_that_were_trusted_for_longer(person: Person) -> None:
    device = trusted(person)
    change_settings(person.api.avow, {"trusted_device_days": 7})
    person.api.clock.advance(2)
    assert by_mail(person, device).refusal == (403, "E061401")


def test_tenant_trusts_for_shorter(person: Person) -> None:
    device = trusted(person)
    make_tenant(person.api.avow, tenant_id="acme")
    join_tenant(person.api.avow, person.id, "acme")
    body = {"tenantId": "acme", "trustedDeviceDays": 0}
    assert person.api.post("/v1/mgmt/tenant/settings", body, token=person.api.avow.management_key).status == 200
    assert by_mail(person, device).refusal == (403, "E061401")
    assert "trustedDeviceJwt" not in person.signed_in().body


def test_logging_out_everywhere_ends_it(person: Person) -> None:
    session = person.signed_in()
    assert person.api.post("/v1/auth/logoutall", token=session["refreshJwt"]).status == 200
    assert by_mail(person, session["trustedDeviceJwt"]).refusal == (403, "E061401")


def test_logging_out_here_does_not(person: Person) -> None:
    session = person.signed_in()
    assert person.api.post("/v1/auth/logout", token=session["refreshJwt"]).status == 200
    assert by_mail(person, session["trustedDeviceJwt"]).status == 200


def test_another_password_ends_it(person: Person) -> None:
    device = trusted(person)
    body = {"loginId": person.email, "password": "a long password of hers", "setActive": True}
    assert (
        person.api.post("/v1/mgmt/user/password/set/active", body, token=person.api.avow.management_key).status == 200
    )
    assert by_mail(person, device).refusal == (403, "E061401")


# --- What its owner and management see -----------------------------------------------------------------------------


def test_owner_sees_and_removes_it(person: Person) -> None:
    session = person.signed_in(user_agent=FIREFOX)
    now = person.api.clock()
    [seen] = devices(person, session)
    assert seen == {
        "id": session["trustedDeviceJwt"][:27],
        "name": "Firefox on Linux",
        "deviceType": "Desktop",
        "createdTime": now,
        "lastUsedTime": now,
        "expiresTime": now + 30 * DAY,
    }
    token, body = session["refreshJwt"], {"deviceId": seen["id"]}
    assert person.api.post("/v1/auth/avow/devices/remove", body, token=token).status == 200
    assert devices(person, session) == []
    assert by_mail(person, session["trustedDeviceJwt"]).refusal == (403, "E061401")
    assert person.api.post("/v1/auth/avow/devices/remove", body, token=token).refusal == (404, "E019404")


def test_use_is_seen(person: Person) -> None:
    session = person.signed_in()
    person.api.clock.advance(DAY)
    assert by_mail(person, session["trustedDeviceJwt"]).status == 200
    [seen] = devices(person, session)
    assert seen["lastUsedTime"] == person.api.clock()


def test_nobody_sees_or_removes_those_of_others(person: Person) -> None:
    device_id = trusted(person)[:27]
    other = Api(person.api.avow).sign_in()
    assert person.api.get("/v1/auth/avow/devices", token=other["refreshJwt"]).body == {"devices": []}
    body = {"deviceId": device_id}
    refused = person.api.post("/v1/auth/avow/devices/remove", body, token=other["refreshJwt"])
    assert refused.refusal == (404, "E019404")
    assert (
        refused.body
        == person.api.post("/v1/auth/avow/devices/remove", {"deviceId": "Dnone"}, token=other["refreshJwt"]).body
    )


def test_management_lists_and_removes_it(person: Person) -> None:
    key = person.api.avow.management_key
    device = trusted(person, user_agent=FIREFOX)
    body = {"identifiers": [person.email]}
    [seen] = person.api.post("/v1/mgmt/user/trusteddevices/list", body, token=key)["devices"]
    assert (seen["id"], seen["name"]) == (device[:27], "Firefox on Linux")
    removal = {"identifier": person.email, "deviceIds": [seen["id"]]}
    assert person.api.post("/v1/mgmt/user/trusteddevices/remove", removal, token=key).status == 200
    assert by_mail(person, device).refusal == (403, "E061401")


def test_newest_twenty_are_kept(person: Person) -> None:
    tokens = []
    for _ in range(21):
        person.api.clock.advance(600)  # so many messages are not sent at once
        tokens.append(trusted(person))
    person.api.clock.advance(600)
    session = person.signed_in()
    assert len(devices(person, session)) == 20
    assert by_mail(person, tokens[0]).refusal == (403, "E061401")
    assert by_mail(person, tokens[-1]).status == 200


def test_only_its_mac_is_kept(person: Person) -> None:
    device = trusted(person)
    rows = person.api.avow.run(
        lambda tx: tx.all("SELECT mac, id FROM trusted_devices WHERE project_id = :project_id", lambda *row: row)
    )
    [(mac, device_id)] = rows
    assert (device_id, len(bytes(mac))) == (device[:27], 32)
    assert device[27:].encode() not in bytes(mac)


def test_sign_in_on_it_costs_two_statements_more(person: Person, statements: Statements) -> None:
    device = trusted(person)
    assert person.api.post("/v1/auth/otp/signin/email", {"loginId": person.email}).status == 200
    code = person.api.avow.code(person.email)
    with statements:
        person.api.verify_code(person.email, code, x_descope_trusted_device_token=device)
    assert statements.ran == [
        "users.OWNER",
        "challenges.TAKE_CODE",
        "users.PROFILE_HELD",
        "sessions.FIND_DEVICE",
        "sessions.TOUCH_DEVICE",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]
