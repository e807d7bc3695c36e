"""Keys and licence through the official SDK: fetched, rotated, of every algorithm."""

import contextlib
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException

from avow.server.keys import actions as keys
from avow.testing.server import Avow
from tests.contract.conftest import Served
from tests.contract.people import EMAIL, Person
from tests.factories import new_email

MONTH_SECONDS = 28 * 86400


def rotate(avow: Avow, algorithm: str = "ES256") -> str:
    return avow.run(lambda tx: keys.rotate(tx, keys.SESSION, algorithm=algorithm, overlap_seconds=MONTH_SECONDS))


def kid_of(client: Any, token: str) -> str:
    """Return the `kid` of a token's header, which the SDK reads too."""
    kid, _ = client._auth._kid_alg_from_token(token)
    return str(kid)


@pytest.mark.operation("keys")
def test_keys_are_fetched_once_and_fit_the_contract(
    client: Any, sign_in: Callable[..., Person], served: Served, avow: Avow, fits: Any
) -> None:
    person = sign_in()
    assert fits("keys", "keys")
    body = json.loads(served.last("keys").response.body)
    assert kid_of(client, person.session_jwt) in {key["kid"] for key in body["keys"]}
    assert all(key["alg"] == "ES256" and key["use"] == "sig" and "d" not in key for key in body["keys"])
    served.exchanges.clear()
    client.validate_session(person.session_jwt)
    assert not served.exchanges


@pytest.mark.operation("keys")
def test_rotation_is_not_noticed(
    client: Any, sign_in: Callable[..., Person], served: Served, avow: Avow, advance: Callable[[int], None]
) -> None:
    before = sign_in()
    promoted = rotate(avow)
    advance(2)
    served.exchanges.clear()
    after = sign_in()
    assert kid_of(client, after.session_jwt) == promoted != kid_of(client, before.session_jwt)
    assert not [each for each in served.exchanges if each.is_of("keys")]  # the next key was published before
    assert client.validate_session(before.session_jwt)["userId"] == before.id
    assert client.refresh_session(before.refresh_jwt)["userId"] == before.id


@pytest.mark.operation("keys")
def test_unknown_key_is_fetched_anew(
    client: Any, sign_in: Callable[..., Person], served: Served, avow: Avow, advance: Callable[[int], None]
) -> None:
    sign_in()
    rotate(avow)
    promoted = rotate(avow)
    advance(2)
    served.exchanges.clear()
    assert kid_of(client, sign_in().session_jwt) == promoted
    assert len([each for each in served.exchanges if each.is_of("keys")]) == 1


@pytest.mark.operation("keys", "otp.verify_code", "refresh_session")
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_tokens_of_every_algorithm_are_accepted(
    algorithm: str, client: Any, avow: Avow, sign_in: Callable[..., Person], advance: Callable[[int], None], fits: Any
) -> None:
    rotate(avow, algorithm)
    rotate(avow, algorithm)
    advance(2)
    person = sign_in()
    assert fits("keys")
    assert client.refresh_session(person.refresh_jwt)["userId"] == person.id


@pytest.mark.operation("keys")
def test_removed_key_ends_what_it_signed(
    make_client: Callable[..., Any],
    client: Any,
    avow: Avow,
    sign_in: Callable[..., Person],
    advance: Callable[[int], None],
) -> None:
    person = sign_in()
    kid = kid_of(client, person.session_jwt)
    rotate(avow)
    avow.run(lambda tx: keys.remove_retired(tx, kid))
    advance(2)
    with pytest.raises(AuthException) as refused:
        make_client(avow).validate_session(person.session_jwt)
    assert refused.value.error_type == "invalid public key"


# --- The licence handshake ---------------------------------------------------------------------------------------


def test_client_with_a_management_key_learns_its_tier(
    make_client: Callable[..., Any], avow: Avow, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    # The synchronous client asks when it is made, the other before its first management call.
    with urllib.request.urlopen(_license(served, avow)) as answer:
        assert json.load(answer) == {"rateLimitTier": "tier4"}
    served.exchanges.clear()
    make_client(avow)
    assert "License handshake" not in caplog.text
    asked = [each for each in served.exchanges if each.request.path == "/v1/mgmt/license"]
    assert all(each.response.status == 200 for each in asked)


def test_management_calls_name_the_tier_learnt(make_client: Callable[..., Any], avow: Avow, served: Served) -> None:
    served.exchanges.clear()
    with contextlib.suppress(AuthException):  # whether the operation itself is supported does not matter here
        make_client(avow).mgmt.tenant.load_all()
    called = [each.request for each in served.exchanges if each.is_of("mgmt.tenant.load_all")]
    assert [request.headers["x-descope-license"] for request in called] == ["tier4"]


@pytest.mark.operation("otp.sign_up_or_in", "otp.verify_code", "me")
def test_key_that_goes_with_sign_in_calls_is_accepted_and_a_wrong_one_is_not(
    make_client: Callable[..., Any], avow: Avow
) -> None:
    client, address = make_client(avow, auth_management_key=avow.management_key), new_email()
    client.otp.sign_up_or_in(EMAIL, address)
    session = client.otp.verify_code(EMAIL, address, avow.code(address))
    assert client.me(session["refreshSessionToken"]["jwt"])["email"] == address
    with pytest.raises(AuthException) as refused:
        make_client(avow, auth_management_key="wrong").otp.sign_up_or_in(EMAIL, address)
    assert refused.value.status_code == 401


def test_wrong_management_key_does_not_stop_sign_in(
    make_client: Callable[..., Any], avow: Avow, caplog: pytest.LogCaptureFixture
) -> None:
    client, address = make_client(avow, management_key="wrong"), new_email()
    client.otp.sign_up_or_in(EMAIL, address)
    assert client.otp.verify_code(EMAIL, address, avow.code(address))["firstSeen"] is True


def _license(served: Served, avow: Avow) -> urllib.request.Request:
    bearer = f"Bearer {avow.project_id}:{avow.management_key}"
    return urllib.request.Request(f"{served.base_url}/v1/mgmt/license", headers={"Authorization": bearer})
