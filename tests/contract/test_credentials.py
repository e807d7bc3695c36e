"""What users sign in with, through the official SDK, on rows that the methods will make."""

from typing import Any

import pytest
from descope import AuthException

from avow.testing.server import Avow
from tests.contract.people import error_code
from tests.factories import (
    make_passkey,
    make_provider_token,
    make_recovery_codes,
    make_totp_seed,
    make_trusted_device,
    make_user,
    new_email,
)


@pytest.fixture
def login_id() -> str:
    return new_email()


@pytest.fixture
def user_id(avow: Avow, login_id: str) -> str:
    return make_user(avow, login_id)


def not_found(call: Any, *args: Any) -> str:
    with pytest.raises(AuthException) as refused:
        call(*args)
    assert refused.value.status_code == 404
    return error_code(refused)


@pytest.mark.operation("mgmt.user.list_passkeys", "mgmt.user.delete_passkey", "mgmt.user.remove_all_passkeys")
def test_passkeys_are_listed_and_removed(client: Any, avow: Avow, login_id: str, user_id: str, fits: Any) -> None:
    users = client.mgmt.user
    for name in ("one", "two", "three"):
        make_passkey(avow, user_id, name)
    found = users.list_passkeys(login_id)["passkeys"]
    assert fits("mgmt.user.list_passkeys", "passkeys")
    assert sorted(each["id"] for each in found) == ["one", "three", "two"]
    assert (found[0]["rpId"], found[0]["kind"], found[0]["displayName"]) == ("app.example.com", "platform", "Laptop")
    assert found[0]["createdTime"] > 0
    assert users.load(login_id)["user"]["webauthn"] is True
    assert users.delete_passkey(login_id, "two") is None
    assert sorted(each["id"] for each in users.list_passkeys(login_id)["passkeys"]) == ["one", "three"]
    assert not_found(users.delete_passkey, login_id, "two") == "E019404"
    assert users.remove_all_passkeys(login_id) is None
    assert users.list_passkeys(login_id)["passkeys"] == []
    assert users.load(login_id)["user"]["webauthn"] is False
    assert users.remove_all_passkeys(login_id) is None


@pytest.mark.operation("mgmt.user.delete_passkey")
def test_passkey_of_somebody_else_stays(client: Any, avow: Avow, login_id: str, user_id: str) -> None:
    other = new_email()
    make_passkey(avow, make_user(avow, other), "theirs")
    assert not_found(client.mgmt.user.delete_passkey, login_id, "theirs") == "E019404"
    assert len(client.mgmt.user.list_passkeys(other)["passkeys"]) == 1


@pytest.mark.operation("mgmt.user.remove_totp_seed", "mgmt.user.remove_recovery_codes")
def test_seed_and_recovery_codes_are_removed(client: Any, avow: Avow, login_id: str, user_id: str) -> None:
    make_totp_seed(avow, user_id)
    make_recovery_codes(avow, user_id)
    assert client.mgmt.user.load(login_id)["user"]["TOTP"] is True
    assert client.mgmt.user.remove_totp_seed(login_id) is None
    assert client.mgmt.user.load(login_id)["user"]["TOTP"] is False
    codes = "SELECT id FROM recovery_codes WHERE project_id = :project_id"
    assert avow.run(lambda tx: tx.all(codes, str))
    assert client.mgmt.user.remove_recovery_codes(login_id) is None
    assert avow.run(lambda tx: tx.all(codes, str)) == []


@pytest.mark.operation("mgmt.user.list_trusted_devices", "mgmt.user.remove_trusted_device")
def test_trusted_devices_are_listed_and_removed(
    client: Any, avow: Avow, login_id: str, user_id: str, fits: Any
) -> None:
    users = client.mgmt.user
    other = make_user(avow, new_email())
    for owner, name in ((user_id, "one"), (user_id, "two"), (other, "three")):
        make_trusted_device(avow, owner, name)
    make_trusted_device(avow, user_id, "over", lifetime_seconds=0)
    found = users.list_trusted_devices([login_id, other])["devices"]
    assert fits("mgmt.user.list_trusted_devices", "devices")
    assert {each["id"] for each in found} == {"one", "two", "three"}
    assert (found[0]["name"], found[0]["deviceType"], found[0]["lastLocation"]) == ("Mia at home", "desktop", "Vienna")
    assert found[0]["expirationTime"] > found[0]["lastLoginTime"]
    assert not_found(users.remove_trusted_device, login_id, ["one", "three"]) == "E019404"
    assert users.remove_trusted_device(user_id, ["one"]) is None
    assert [each["id"] for each in users.list_trusted_devices([user_id])["devices"]] == ["two"]
    assert [each["id"] for each in users.list_trusted_devices([other])["devices"]] == ["three"]


@pytest.mark.operation("mgmt.user.get_provider_token")
def test_provider_token_is_handed_out(client: Any, avow: Avow, login_id: str, user_id: str, fits: Any) -> None:
    users = client.mgmt.user
    make_provider_token(avow, user_id)
    found = users.get_provider_token(login_id, "google")
    assert fits("mgmt.user.get_provider_token", "provider", "accessToken")
    assert (found["provider"], found["providerUserID"]) == ("google", "G-1")
    assert (found["accessToken"], found["refreshToken"]) == ("access-secret", "")
    assert found["scopes"] == ["openid", "email"]
    assert found["expiration"] > 0
    assert users.get_provider_token(login_id, "google", withRefreshToken=True)["refreshToken"] == "refresh-secret"
    assert users.load(login_id)["user"]["OAuth"] == {"google": True}
    assert not_found(users.get_provider_token, login_id, "github") == "E019404"
    with pytest.raises(AuthException) as refused:
        users.get_provider_token(login_id, "google", forceRefresh=True)
    assert (refused.value.status_code, error_code(refused)) == (501, "E019501")


def test_unknown_user_is_not_found(client: Any) -> None:
    users, nobody = client.mgmt.user, new_email()
    for call, args in (
        (users.list_passkeys, (nobody,)),
        (users.delete_passkey, (nobody, "one")),
        (users.remove_all_passkeys, (nobody,)),
        (users.remove_totp_seed, (nobody,)),
        (users.remove_recovery_codes, (nobody,)),
        (users.list_trusted_devices, ([nobody],)),
        (users.remove_trusted_device, (nobody, ["one"])),
        (users.get_provider_token, (nobody, "google")),
    ):
        assert not_found(call, *args) == "E112102"


def test_users_are_given_no_application_that_is_not_there(
    client: Any, make_client: Any, avow: Avow, login_id: str
) -> None:
    make_user(avow, login_id)
    for name in ("add_sso_apps", "set_sso_apps"):
        with pytest.raises(AuthException) as refused:
            getattr(client.mgmt.user, name)(login_id, ["app"])
        assert (refused.value.status_code, error_code(refused)) == (404, "E019404")
        stranger = make_client(avow, management_key="K-wrong")
        with pytest.raises(AuthException) as refused:
            getattr(stranger.mgmt.user, name)(login_id, ["app"])
        assert refused.value.status_code == 401
