"""The routes on passkeys, seeds, recovery codes, trusted devices and provider tokens."""

from typing import Any

import pytest

from avow.server.federation import rows as federation_rows
from avow.server.keys import actions as keys
from avow.testing.server import Avow
from tests.factories import (
    make_passkey,
    make_provider_token,
    make_recovery_codes,
    make_totp_seed,
    make_trusted_device,
    make_user,
    new_email,
)
from tests.server.api import Api, Reply, Statements

USER = "/v1/mgmt/user"


@pytest.fixture
def login_id() -> str:
    return new_email()


@pytest.fixture
def user_id(avow: Avow, login_id: str) -> str:
    return make_user(avow, login_id)


def post(api: Api, path: str, **body: Any) -> Reply:
    return api.post(f"{USER}/{path}", body, token=api.avow.management_key)


def audited(avow: Avow, action: str) -> list[tuple[str, str]]:
    statement = "SELECT user_id, data FROM audit_events WHERE project_id = :project_id AND action = :action"
    return avow.run(lambda tx: tx.all(statement, lambda *columns: columns, action=action))


def test_removals_are_audited_with_their_number(api: Api, avow: Avow, login_id: str, user_id: str) -> None:
    for name in ("one", "two"):
        make_passkey(avow, user_id, name)
    make_totp_seed(avow, user_id)
    make_recovery_codes(avow, user_id, 3)
    make_trusted_device(avow, user_id, "phone")
    assert post(api, "passkeys/delete", loginId=login_id).status == 200
    assert post(api, "totp/delete", loginId=login_id).status == 200
    assert post(api, "recovery-codes/delete", loginId=login_id).status == 200
    assert post(api, "trusteddevices/remove", identifier=login_id, deviceIds=["phone", "phone"]).status == 200
    assert audited(avow, "passkey.removed") == [(user_id, '{"count":2}')]
    assert audited(avow, "totp.removed") == [(user_id, '{"count":1}')]
    assert audited(avow, "recovery_codes.removed") == [(user_id, '{"count":3}')]
    assert audited(avow, "trusted_device.removed") == [(user_id, '{"count":1}')]


def test_login_id_that_looks_like_a_users_id_does_not_stand_for_that_user(api: Api, avow: Avow, user_id: str) -> None:
    make_trusted_device(avow, user_id, "phone")
    make_trusted_device(avow, make_user(avow, user_id), "other")
    listed = post(api, "trusteddevices/list", identifiers=[user_id])["devices"]
    assert [device["id"] for device in listed] == ["phone"]
    assert post(api, "trusteddevices/remove", identifier=user_id, deviceIds=["phone"]).status == 200


def test_users_without_any_have_nothing_to_remove(api: Api, login_id: str, user_id: str) -> None:
    for path in ("passkeys/delete", "totp/delete", "recovery-codes/delete"):
        assert post(api, path, loginId=login_id).status == 200
    assert post(api, "passkeys/list", loginId=login_id)["passkeys"] == []
    assert post(api, "trusteddevices/list", identifiers=[])["devices"] == []
    assert post(api, "trusteddevices/list")["devices"] == []


def test_device_of_somebody_else_keeps_all_of_the_call(api: Api, avow: Avow, login_id: str, user_id: str) -> None:
    other = make_user(avow)
    make_trusted_device(avow, user_id, "mine")
    make_trusted_device(avow, other, "theirs")
    refused = post(api, "trusteddevices/remove", identifier=login_id, deviceIds=["mine", "theirs"])
    assert refused.refusal == (404, "E019404")
    assert len(post(api, "trusteddevices/list", identifiers=[user_id, other])["devices"]) == 2


def test_devices_are_listed_in_one_statement_for_all_users(
    api: Api, avow: Avow, statements: Statements, login_id: str, user_id: str
) -> None:
    others = [make_user(avow) for _ in range(10)]
    for number, owner in enumerate([user_id, *others]):
        make_trusted_device(avow, owner, f"device-{number}")
    with statements:
        found = post(api, "trusteddevices/list", identifiers=[login_id.upper(), *others, user_id])["devices"]
    assert len(found) == 11
    assert len([each for each in statements.ran if not each.startswith(("keys.", "projects."))]) == 2


def test_more_users_than_a_hundred_are_refused(api: Api) -> None:
    assert post(api, "trusteddevices/list", identifiers=["x"] * 101).refusal == (400, "E011003")
    assert post(api, "trusteddevices/remove", identifier="x", deviceIds=["x"] * 101).refusal == (400, "E011003")


def test_provider_token_needs_the_right_to_write_and_is_audited(
    api: Api, avow: Avow, login_id: str, user_id: str
) -> None:
    make_provider_token(avow, user_id)
    query = {"loginId": login_id, "provider": "google", "withRefreshToken": "True"}
    reader = avow.run(lambda tx: keys.create_management_key(tx, "reader", rights=["*:read"]))[1]
    assert api.get(f"{USER}/provider/token", query, token=reader).refusal == (403, "E019403")
    assert audited(avow, "provider_token.read") == []
    found = api.get(f"{USER}/provider/token", query, token=avow.management_key)
    assert (found["accessToken"], found["refreshToken"]) == ("access-secret", "refresh-secret")
    ((who, data),) = audited(avow, "provider_token.read")
    assert (who, "secret" in data) == (user_id, False)


def test_provider_token_is_sealed_for_its_row(api: Api, avow: Avow, login_id: str, user_id: str) -> None:
    make_provider_token(avow, user_id)
    other = new_email()
    other_id = make_user(avow, other)
    make_provider_token(avow, other_id)
    find = federation_rows.TOKENS
    sealed = avow.run(lambda tx: tx.one(find, federation_rows.TokenRow, user_id=user_id, provider="google"))
    assert sealed is not None
    assert b"access-secret" not in bytes(sealed.sealed)
    assert "access" not in repr(sealed)
    move = "UPDATE provider_tokens SET sealed = :sealed WHERE project_id = :project_id AND user_id = :user_id"
    avow.run(lambda tx: tx.run(move, sealed=bytes(sealed.sealed), user_id=other_id))
    query = {"loginId": other, "provider": "google"}
    assert api.get(f"{USER}/provider/token", query, token=avow.management_key).status == 500


def test_what_users_have_is_told_to_themselves_too(api: Api, avow: Avow) -> None:
    session = api.sign_in()
    user_id = session["user"]["userId"]
    assert (session["user"]["webauthn"], session["user"]["TOTP"], session["user"]["OAuth"]) == (False, False, {})
    make_passkey(avow, user_id, "one")
    make_totp_seed(avow, user_id)
    for provider in ("google", "github"):
        make_provider_token(avow, user_id, provider)
    user = api.get("/v1/auth/me", token=session["refreshJwt"]).body
    assert (user["webauthn"], user["TOTP"], user["OAuth"]) == (True, True, {"github": True, "google": True})


def test_statements_of_a_removal(api: Api, avow: Avow, statements: Statements, login_id: str, user_id: str) -> None:
    for number in range(5):
        make_passkey(avow, user_id, f"passkey-{number}")
    with statements:
        post(api, "passkeys/delete", loginId=login_id)
    assert [each for each in statements.ran if not each.startswith(("keys.", "projects."))] == [
        "accounts.LOCK",
        "credentials.REMOVE_PASSKEYS",
        "store.INSERT_AUDIT",
    ]
