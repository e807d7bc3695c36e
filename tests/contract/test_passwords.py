"""Passwords through the official SDK: what they have to be, and how management sets and ends them."""

from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from descope import (
    AuthException,
    UserObj,
    UserPassword,
    UserPasswordBcrypt,
    UserPasswordDjango,
    UserPasswordFirebase,
    UserPasswordPbkdf2,
)

from avow.core.passwords import verify
from avow.server.passwords import actions as passwords
from avow.testing.server import Avow
from tests.contract.people import Person, error_code
from tests.factories import make_tenant, new_email

GOOD = "correct horse battery"
SETTINGS = {
    "enabled": True,
    "minLength": 10,
    "lowercase": True,
    "uppercase": False,
    "number": True,
    "nonAlphanumeric": True,
    "expiration": True,
    "expirationWeeks": 12,
    "reuse": True,
    "reuseAmount": 3,
    "lock": True,
    "lockAttempts": 5,
}


def held(avow: Avow, user_id: str) -> tuple[str, str]:
    """Return what is stored of a user's password, and its state."""
    found = avow.run(lambda tx: passwords.held(tx, user_id))
    assert found is not None
    return found.encoded, found.state


@pytest.mark.operation("mgmt.password.get_settings", "mgmt.password.configure_settings")
def test_settings_are_read_back(client: Any, avow: Avow, fits: Callable[..., bool]) -> None:
    assert client.mgmt.password.get_settings()["minLength"] > 5
    assert fits("mgmt.password.get_settings", *SETTINGS)
    assert client.mgmt.password.configure_settings("", SETTINGS) is None
    assert client.mgmt.password.get_settings() == SETTINGS
    make_tenant(avow, tenant_id="acme")
    client.mgmt.password.configure_settings("acme", {**SETTINGS, "minLength": 20})
    assert client.mgmt.password.get_settings("acme") == {**SETTINGS, "minLength": 20}
    assert client.mgmt.password.get_settings() == SETTINGS
    with pytest.raises(AuthException):
        client.mgmt.password.configure_settings("", {**SETTINGS, "minLength": 1})


@pytest.mark.operation("mgmt.user.set_temporary_password", "mgmt.user.set_active_password", "mgmt.user.set_password")
@pytest.mark.parametrize(
    ("name", "state"),
    [("set_temporary_password", "temporary"), ("set_active_password", "active"), ("set_password", "temporary")],
)
def test_password_is_set_and_ends_sessions(
    client: Any, avow: Avow, sign_in: Callable[..., Person], name: str, state: str
) -> None:
    client.mgmt.password.configure_settings("", {**SETTINGS, "expiration": False, "expirationWeeks": 0})
    person = sign_in()
    for weak in ("sh0rt!", "no symbol 1"[:9], "without a digit"):
        with pytest.raises(AuthException) as refused:
            getattr(client.mgmt.user, name)(person.login_id, weak)
        assert error_code(refused) == "E011004"
    assert not client.mgmt.user.load(person.login_id)["user"]["password"]
    client.refresh_session(person.refresh_jwt)
    assert getattr(client.mgmt.user, name)(person.login_id, "good one, 2026") is None
    assert client.mgmt.user.load(person.login_id)["user"]["password"]
    encoded, found = held(avow, person.id)
    assert (verify(encoded, "good one, 2026"), found) == (True, state)
    with pytest.raises(AuthException):
        client.refresh_session(person.refresh_jwt)


@pytest.mark.operation("mgmt.user.expire_password")
def test_password_is_expired(client: Any, avow: Avow) -> None:
    email = new_email()
    user_id = client.mgmt.user.create(email)["user"]["userId"]
    client.mgmt.user.set_active_password(email, GOOD)
    assert client.mgmt.user.expire_password(email) is None
    assert held(avow, user_id)[1] == "expired"
    with pytest.raises(AuthException) as refused:
        client.mgmt.user.expire_password("nobody")
    assert error_code(refused) == "E112102"


@pytest.mark.operation("mgmt.user.invite_batch")
def test_users_of_a_batch_bring_passwords(client: Any, avow: Avow) -> None:
    brought = {
        GOOD: UserPassword(cleartext=GOOD),
        "of bcrypt": UserPassword(hashed=UserPasswordBcrypt(bcrypt.hashpw(b"of bcrypt", bcrypt.gensalt(4)).decode())),
        "l\u00e8tmein": UserPassword(
            hashed=UserPasswordDjango("pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=")
        ),
        "password": UserPassword(hashed=UserPasswordPbkdf2("SwB5AbdlSJq+rUnZJvch0GWkKcE=", "c2FsdA==", 4096, "sha1")),
        "user1password": UserPassword(
            hashed=UserPasswordFirebase(
                hash="lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
                salt="42xEC+ixf3L2lw==",
                salt_separator="Bw==",
                signer_key="jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
                memory=14,
                rounds=8,
            )
        ),
    }
    users = [UserObj(new_email(), password=password) for password in brought.values()]
    users.append(UserObj(new_email(), seed="JBSWY3DPEHPK3PXP"))
    users.append(
        UserObj(too_dear := new_email(), password=UserPassword(hashed=UserPasswordBcrypt("$2b$31$" + "a" * 53)))
    )
    done = client.mgmt.user.invite_batch(users, send_mail=False, send_sms=False)
    assert [(user["password"], user["TOTP"]) for user in done["createdUsers"]] == [(True, False)] * 5 + [(False, True)]
    for password, user in zip(brought, done["createdUsers"], strict=False):
        encoded, state = held(avow, user["userId"])
        assert (verify(encoded, password), verify(encoded, password + "!"), state) == (True, False, "active")
    assert [each["user"]["loginIds"] for each in done["failedUsers"]] == [[too_dear]]
