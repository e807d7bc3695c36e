"""`client.mgmt.user` hands out proofs, lists and removes what users sign in with: both colours, on our own server."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from descope.management.user import User as OfficialUser

from avow import AuthException, CreateUserObj, DeliveryMethod, LoginOptions
from avow.errors import InvalidArgument, InvalidLink, NotFound, NotSupported, UserMissing
from avow.sdk._async.mgmt.user_credentials import AsyncUserCredentials
from avow.sdk._sync.mgmt.user_credentials import UserCredentials
from avow.testing.server import Avow, Server
from tests.factories import (
    make_passkey,
    make_provider_token,
    make_recovery_codes,
    make_totp_seed,
    make_trusted_device,
    make_user,
)
from tests.sdk.bed import WithoutAwait
from tests.server.api import token_of

EMAIL, SMS, EMBEDDED = DeliveryMethod.EMAIL, DeliveryMethod.SMS, DeliveryMethod.EMBEDDED
MAIL, PHONE, PAGE = "mia@example.com", "+12025550123", "https://app.example.com/verify"


@pytest.fixture(scope="module")
def avow_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def avow(avow_server: Server) -> Avow:
    return avow_server.project()


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, avow: Avow) -> Iterator[Any]:
    with asyncio.Runner() as runner:
        yield avow.client() if request.param == "sync" else WithoutAwait(avow.async_client(), runner)


def _arguments(function: Any) -> list[tuple[str, object]]:
    return [(each.name, each.default) for each in inspect.signature(function).parameters.values()][1:]


@pytest.mark.parametrize("ours", [UserCredentials, AsyncUserCredentials])
def test_arguments_are_the_official_ones(ours: type) -> None:
    names = [name for name, _ in inspect.getmembers(ours, inspect.isfunction) if not name.startswith("_")]
    assert len(names) == 13
    for name in names:
        mine, theirs = _arguments(getattr(ours, name)), _arguments(getattr(OfficialUser, name))
        assert [argument for argument, _ in mine] == [argument for argument, _ in theirs], name
        for (_, default), (_, other) in zip(mine, theirs, strict=True):
            assert other in (inspect.Parameter.empty, default), name


def test_codes_and_links_of_test_users(client: Any, avow: Avow) -> None:
    users = client.mgmt.user
    users.create_test_user(MAIL, phone=PHONE)
    made = users.generate_otp_for_test_user(SMS, MAIL, LoginOptions(custom_claims={"plan": "pro"}))
    assert made["loginId"] == MAIL
    assert client.otp.verify_code(SMS, MAIL, made["code"])["sessionToken"]["plan"] == "pro"
    assert client.otp.verify_code(EMAIL, MAIL, users.generate_otp_for_test_user(EMBEDDED, MAIL)["code"])
    link = users.generate_magic_link_for_test_user(EMAIL, MAIL, PAGE)["link"]
    assert link.startswith(PAGE)
    assert client.magiclink.verify(token_of(link))["user"]["test"]
    enchanted = users.generate_enchanted_link_for_test_user(MAIL, PAGE)
    client.enchantedlink.verify(token_of(enchanted["link"]))
    assert client.enchantedlink.get_session(enchanted["pendingRef"])["user"]["loginIds"] == [MAIL]
    assert avow.messages() == []


def test_embedded_links(client: Any) -> None:
    users = client.mgmt.user
    token = users.generate_sign_up_embedded_link(
        MAIL,
        CreateUserObj(phone=PHONE, name="Mia Moe", given_name="Mia", middle_name="M", family_name="Moe"),
        email_verified=True,
        login_options=LoginOptions(custom_claims={"plan": "pro"}),
        timeout=60,
    )
    session = client.magiclink.verify(token)
    user = session["user"]
    assert (user["verifiedEmail"], user["verifiedPhone"], user["phone"]) == (True, False, PHONE)
    assert (user["givenName"], user["middleName"], user["familyName"]) == ("Mia", "M", "Moe")
    assert session["sessionToken"]["plan"] == "pro"
    again = client.magiclink.verify(users.generate_embedded_link(MAIL, {"plan": "free"}, timeout=60))
    assert (again["userId"], again["sessionToken"]["plan"]) == (session["userId"], "free")
    with pytest.raises(InvalidLink):
        client.magiclink.verify(token)


def test_what_users_sign_in_with(client: Any, avow: Avow) -> None:
    users, user_id = client.mgmt.user, make_user(avow, MAIL)
    for name in ("one", "two"):
        make_passkey(avow, user_id, name)
        make_trusted_device(avow, user_id, name)
    make_totp_seed(avow, user_id)
    make_recovery_codes(avow, user_id)
    make_provider_token(avow, user_id)
    users.delete_passkey(MAIL, "one")
    assert [each["id"] for each in users.list_passkeys(MAIL)["passkeys"]] == ["two"]
    users.remove_trusted_device(MAIL, ["two"])
    assert [each["id"] for each in users.list_trusted_devices([user_id])["devices"]] == ["one"]
    token = users.get_provider_token(MAIL, "google", withRefreshToken=True)
    assert (token["accessToken"], token["refreshToken"]) == ("access-secret", "refresh-secret")
    assert users.get_provider_token(MAIL, "google")["refreshToken"] == ""
    for remove in (users.remove_all_passkeys, users.remove_totp_seed, users.remove_recovery_codes):
        assert remove(MAIL) is None
    user = users.load(MAIL)["user"]
    assert (user["webauthn"], user["TOTP"], user["OAuth"]) == (False, False, {"google": True})


def test_refusals_have_their_classes(client: Any, avow: Avow) -> None:
    users = client.mgmt.user
    make_user(avow, MAIL)
    with pytest.raises(UserMissing):
        users.generate_embedded_link("nobody@example.com")
    with pytest.raises(InvalidArgument):
        users.generate_otp_for_test_user(EMAIL, MAIL)
    with pytest.raises(NotFound):
        users.delete_passkey(MAIL, "none")
    make_provider_token(avow, users.load(MAIL)["user"]["userId"])
    with pytest.raises(NotSupported):
        users.get_provider_token(MAIL, "google", forceRefresh=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda users: users.generate_otp_for_test_user("email", MAIL),
        lambda users: users.generate_otp_for_test_user(EMAIL, ""),
        lambda users: users.generate_embedded_link(MAIL, timeout=-1),
        lambda users: users.generate_embedded_link(MAIL, ["claims"]),
        lambda users: users.generate_sign_up_embedded_link(None),
        lambda users: users.list_trusted_devices(MAIL),
        lambda users: users.remove_trusted_device(MAIL, [""]),
        lambda users: users.delete_passkey(MAIL, ""),
        lambda users: users.get_provider_token(MAIL, None),
    ],
)
def test_arguments_of_another_kind_are_not_sent(client: Any, avow: Avow, call: Any) -> None:
    with pytest.raises(AuthException) as refused:
        call(client.mgmt.user)
    assert refused.value.status_code == 400
