"""Sign-in without a page of ours, in the words of Auth0's clients: off unless allowed, with the methods' own rules."""

from typing import Any

import pytest

from avow.server.projects import actions as projects
from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.api import Api
from tests.server.oidc.relying import Reply, Rp, claims, make_app

OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"
REALM = "http://auth0.com/oauth/grant-type/password-realm"
PASSWORD = "Correct-horse-battery-7"


@pytest.fixture
def direct(project: Avow) -> Rp:
    return make_app(project, grantTypes=["authorization_code", "refresh_token", OTP, REALM, "password"])


def start(rp: Rp, email: str, **said: Any) -> Reply:
    body = {"client_id": rp.id, "client_secret": rp.secret, "connection": "email", "email": email, "send": "code"}
    return rp.call("/passwordless/start", as_json={**body, **said})


def by_code(rp: Rp, email: str, code: str, **said: str) -> Reply:
    return rp.token({"grant_type": OTP, "username": email, "otp": code, "realm": "email", **said})


def by_password(rp: Rp, email: str, password: str = PASSWORD, grant: str = REALM, **said: str) -> Reply:
    return rp.token({"grant_type": grant, "username": email, "password": password, **said})


def signed_up(rp: Rp) -> str:
    email = new_email()
    body = {"client_id": rp.id, "email": email, "password": PASSWORD, "connection": "Username-Password-Authentication"}
    assert rp.call("/dbconnections/signup", as_json=body)["email"] == email
    return email


def test_code_by_message_signs_in(direct: Rp) -> None:
    email = new_email()
    assert start(direct, email)["email"] == email
    code = direct.avow.code(email)
    tokens = by_code(direct, email, code, scope="openid email offline_access")
    assert claims(tokens["id_token"])["email"] == email
    assert direct.userinfo(tokens["access_token"])["email"] == email
    assert direct.refresh(tokens["refresh_token"]).status == 200
    assert by_code(direct, email, code).error == (403, "invalid_grant")


def test_password_signs_in_whoever_has_signed_up(direct: Rp) -> None:
    email = signed_up(direct)
    for grant in (REALM, "password"):
        tokens = by_password(direct, email, grant=grant, scope="openid", realm="Username-Password-Authentication")
        assert claims(tokens["id_token"])["aud"] == direct.id


def test_nobody_is_told_whether_there_is_an_account(direct: Rp) -> None:
    email = signed_up(direct)
    wrong, nobody = by_password(direct, email, "wrong-Password-1"), by_password(direct, new_email())
    assert wrong.error == nobody.error == (403, "invalid_grant")
    assert wrong.body == nobody.body
    answers = [
        direct.browser().post(f"{direct.prefix}/dbconnections/change_password", {"client_id": direct.id, "email": each})
        for each in (email, new_email())
    ]
    assert [each.status for each in answers] == [200, 200]
    assert answers[0].html == answers[1].html
    assert len(direct.avow.messages(email)) == 1


def test_guesses_are_counted_by_the_method(direct: Rp) -> None:
    email = signed_up(direct)
    statuses = [by_password(direct, email, f"wrong-Password-{each}").status for each in range(30)]
    assert 429 in statuses
    assert by_password(direct, email).status == 429


def test_off_unless_a_trusted_application_is_allowed(project: Avow, rp: Rp) -> None:
    email = new_email()
    assert start(rp, email).error == (400, "unauthorized_client")
    assert by_password(rp, email).error == (400, "unauthorized_client")
    assert by_code(rp, email, "123456").error == (400, "unauthorized_client")
    body = {"client_id": rp.id, "email": email, "password": PASSWORD}
    assert rp.call("/dbconnections/signup", as_json=body).error == (400, "unauthorized_client")
    assert rp.call("/dbconnections/change_password", as_json=body).error == (400, "unauthorized_client")
    asking = make_app(project, trusted=False, grantTypes=[OTP, REALM])
    assert start(asking, email).error == (400, "unauthorized_client")
    assert by_password(asking, email).error == (400, "unauthorized_client")
    assert project.messages(email) == []


def test_start_needs_the_secret_of_a_confidential_application(direct: Rp) -> None:
    assert start(direct, new_email(), client_secret="wrong").error == (401, "invalid_client")
    assert start(direct, new_email(), send="link").error == (400, "invalid_request")


def test_a_second_factor_that_is_asked_for_is_not_passed_over(direct: Rp) -> None:
    email = signed_up(direct)
    direct.avow.run(lambda tx: projects.change_settings(tx, {"mfa": "required"}, actor="test"))
    direct.avow.advance(3)
    refused = by_password(direct, email)
    assert refused.error == (403, "mfa_required")
    assert "access_token" not in refused.body


def test_disabled_person_gets_nothing(direct: Rp) -> None:
    email = signed_up(direct)
    body = {"loginId": email, "status": "disabled"}
    Api(direct.avow).post("/v1/mgmt/user/update/status", body, token=direct.avow.management_key)
    assert by_password(direct, email).status == 403
