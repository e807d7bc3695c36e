"""Second factors through the official SDK, which knows of none that a server asks for, and goes on all the same.

What a sign-in that waits for its factor answers is an error. A refresh token without a session token beside it would
not do: the official SDK names its user (`userId`), and takes any JWT of the project for a session token.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from descope import AuthException, LoginOptions

from avow.testing.server import Avow
from tests import phones
from tests.contract.people import EMAIL, Person, error_code
from tests.factories import make_totp_seed, make_user, new_email
from tests.phones import Phone

MFA = LoginOptions(mfa=True)


@dataclass(frozen=True, slots=True)
class Mia:
    """Somebody with a mailbox and an app."""

    avow: Avow
    id: str
    login_id: str
    phone: Phone
    steps: Iterator[int] = field(default_factory=lambda: iter((0, 1)))

    def code(self) -> str:
        """Return a code of the app that counts now and a step later, and was not used: there are two."""
        return self.phone.code(self.avow.server.clock(), next(self.steps))


@pytest.fixture
def avow(make_project: Callable[..., Avow]) -> Avow:
    return make_project(mfa="enrolled", trusted_device_days=30)


@pytest.fixture
def mia(avow: Avow) -> Mia:
    login_id = new_email()
    user_id = make_user(avow, login_id)
    return Mia(avow, user_id, login_id, phones.holding(make_totp_seed(avow, user_id)))


@pytest.fixture
def waiting(client: Any, avow: Avow, mia: Mia) -> dict[str, Any]:
    """Show one factor; return what the refusal says."""
    client.otp.sign_in(EMAIL, mia.login_id)
    with pytest.raises(AuthException) as refused:
        client.otp.verify_code(EMAIL, mia.login_id, avow.code(mia.login_id))
    assert refused.value.status_code == 403
    said: dict[str, Any] = json.loads(refused.value.error_message or "")
    return said


def test_refusal_tells_what_is_missing_and_how_to_go_on(waiting: dict[str, Any]) -> None:
    assert waiting["errorCode"] == "E061401"
    assert waiting["factors"] == ["totp"]
    assert set(waiting) == {"errorCode", "errorDescription", "errorMessage", "factors", "mfaToken"}


def test_factor_opens_the_session(client: Any, mia: Mia, waiting: dict[str, Any]) -> None:
    session = client.totp.sign_in_code(mia.login_id, mia.code(), MFA, waiting["mfaToken"])
    assert session["userId"] == mia.id
    assert session["sessionToken"]["amr"] == ["email", "totp", "mfa"]
    assert client.validate_session(session["sessionToken"]["jwt"])["userId"] == mia.id
    assert client.refresh_session(session["refreshSessionToken"]["jwt"])["userId"] == mia.id


def test_waiting_sign_in_is_no_session_for_any_call(client: Any, waiting: dict[str, Any]) -> None:
    token = waiting["mfaToken"]
    for act in (client.validate_session, client.refresh_session):
        with pytest.raises(AuthException):
            act(token)
    for act in (client.me, client.history, client.logout_all, lambda token: client.my_tenants(token, dct=True)):
        with pytest.raises(AuthException) as refused:
            act(token)
        assert (refused.value.status_code, error_code(refused)) == (401, "E061401")
    with pytest.raises(AuthException):
        client.validate_and_refresh_session(token, token)


def test_refresh_token_would_have_been_taken_for_a_session(client: Any, sign_in: Callable[..., Person]) -> None:
    """Why there is none before the second factor; a change here allows for another answer."""
    person = sign_in()
    assert client.validate_session(person.refresh_jwt)["userId"] == person.id


@pytest.mark.operation("logout")
def test_waiting_sign_in_can_be_given_up(client: Any, mia: Mia, waiting: dict[str, Any]) -> None:
    client.logout(waiting["mfaToken"])
    with pytest.raises(AuthException) as refused:
        client.totp.sign_in_code(mia.login_id, mia.code(), MFA, waiting["mfaToken"])
    assert error_code(refused) == "E064001"


@pytest.mark.operation("mgmt.user.list_trusted_devices", "mgmt.user.remove_trusted_device")
def test_management_lists_and_removes_the_device(client: Any, mia: Mia, waiting: dict[str, Any]) -> None:
    client.totp.sign_in_code(mia.login_id, mia.code(), MFA, waiting["mfaToken"])
    [device] = client.mgmt.user.list_trusted_devices([mia.login_id])["devices"]
    client.mgmt.user.remove_trusted_device(mia.login_id, [device["id"]])
    assert client.mgmt.user.list_trusted_devices([mia.login_id])["devices"] == []


@pytest.mark.operation("mgmt.tenant.load_settings", "mgmt.tenant.update_settings")
def test_settings_of_tenants_keep_what_only_avow_knows(client: Any, avow: Avow) -> None:
    tenant = client.mgmt.tenant.create("Acme")["id"]
    ours = avow.client()
    ours.mgmt.tenant.update_settings(tenant, [], mfa="required", trusted_device_days=7, fresh_proof_seconds=300)
    client.mgmt.tenant.update_settings(tenant, [], session_settings_enabled=True)
    settings = client.mgmt.tenant.load_settings(tenant)
    assert (settings["mfa"], settings["trustedDeviceDays"], settings["freshProofSeconds"]) == ("required", 7, 300)


@pytest.mark.operation("otp.sign_in", "otp.verify_code", "totp.sign_in_code")
def test_step_up_adds_to_the_session(client: Any, avow: Avow, mia: Mia, waiting: dict[str, Any]) -> None:
    session = client.totp.sign_in_code(mia.login_id, mia.code(), MFA, waiting["mfaToken"])
    token = session["refreshSessionToken"]["jwt"]
    stepped = client.totp.sign_in_code(mia.login_id, mia.code(), LoginOptions(stepup=True), token)
    assert stepped["sessionToken"]["su"] is True
    assert stepped["sessionToken"]["amr"] == ["email", "totp", "mfa"]
