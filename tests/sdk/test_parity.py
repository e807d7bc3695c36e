"""Beside the official SDK: the same names and arguments, the same answers, as far as these areas go."""

import inspect
import json
from collections.abc import Callable
from typing import Any

import descope
import descope.exceptions
import descope.management.common
import pytest
from descope.authmethod.enchantedlink import EnchantedLink
from descope.authmethod.magiclink import MagicLink
from descope.authmethod.otp import OTP
from descope.authmethod.password import Password as SignInPassword
from descope.authmethod.totp import TOTP
from descope.authmethod.webauthn import WebAuthn
from descope.jwt_common import generate_jwt_response
from descope.management.access_key import AccessKey
from descope.management.audit import Audit
from descope.management.group import Group
from descope.management.jwt import JWT
from descope.management.license import License
from descope.management.lists import Lists
from descope.management.management_key import ManagementKey
from descope.management.password import Password
from descope.management.sso_settings import SSOSettings
from descope.management.user import User

import avow
import avow.exceptions
from avow.clock import system_clock
from avow.sdk._async.client import AsyncClient
from avow.sdk._async.enchantedlink import AsyncEnchantedLink
from avow.sdk._async.magiclink import AsyncMagicLink
from avow.sdk._async.mgmt.access_key import AsyncAccessKey
from avow.sdk._async.mgmt.audit import AsyncAudit
from avow.sdk._async.mgmt.group import AsyncGroup
from avow.sdk._async.mgmt.jwt import AsyncJWT
from avow.sdk._async.mgmt.license import AsyncLicense
from avow.sdk._async.mgmt.lists import AsyncLists
from avow.sdk._async.mgmt.management_key import AsyncManagementKey
from avow.sdk._async.mgmt.password import AsyncPassword
from avow.sdk._async.mgmt.sso import AsyncSSOSettings
from avow.sdk._async.mgmt.user_passwords import AsyncUserPasswords
from avow.sdk._async.otp import AsyncOTP
from avow.sdk._async.password import AsyncPassword as AsyncSignInPassword
from avow.sdk._async.totp import AsyncTOTP
from avow.sdk._async.webauthn import AsyncWebAuthn
from avow.sdk._sync import otp as our_otp
from avow.sdk._sync import totp as our_totp
from avow.sdk._sync.client import Client
from avow.sdk._sync.enchantedlink import EnchantedLink as OurEnchantedLink
from avow.sdk._sync.magiclink import MagicLink as OurMagicLink
from avow.sdk._sync.mgmt import jwt as our_jwt
from avow.sdk._sync.mgmt.access_key import AccessKey as OurAccessKey
from avow.sdk._sync.mgmt.audit import Audit as OurAudit
from avow.sdk._sync.mgmt.group import Group as OurGroup
from avow.sdk._sync.mgmt.license import License as OurLicense
from avow.sdk._sync.mgmt.lists import Lists as OurLists
from avow.sdk._sync.mgmt.management_key import ManagementKey as OurManagementKey
from avow.sdk._sync.mgmt.password import Password as OurPassword
from avow.sdk._sync.mgmt.sso import SSOSettings as OurSSOSettings
from avow.sdk._sync.mgmt.user_passwords import UserPasswords
from avow.sdk._sync.password import Password as OurSignInPassword
from avow.sdk._sync.webauthn import WebAuthn as OurWebAuthn
from tests.sdk.bed import PROJECT, FakeServer

PAIRS = [
    (OTP, our_otp.OTP, AsyncOTP),
    (MagicLink, OurMagicLink, AsyncMagicLink),
    (EnchantedLink, OurEnchantedLink, AsyncEnchantedLink),
    (SignInPassword, OurSignInPassword, AsyncSignInPassword),
    (WebAuthn, OurWebAuthn, AsyncWebAuthn),
    (TOTP, our_totp.TOTP, AsyncTOTP),
    (AccessKey, OurAccessKey, AsyncAccessKey),
    (ManagementKey, OurManagementKey, AsyncManagementKey),
    (JWT, our_jwt.JWT, AsyncJWT),
    (SSOSettings, OurSSOSettings, AsyncSSOSettings),
    (Group, OurGroup, AsyncGroup),
    (Password, OurPassword, AsyncPassword),
    (Audit, OurAudit, AsyncAudit),
    (License, OurLicense, AsyncLicense),
    (Lists, OurLists, AsyncLists),
]
CLIENT_METHODS = [
    "validate_session",
    "refresh_session",
    "validate_and_refresh_session",
    "logout",
    "logout_all",
    "me",
    "history",
    "my_tenants",
    "select_tenant",
    "exchange_access_key",
    "get_last_response",
    "validate_permissions",
    "validate_roles",
    "validate_tenant_permissions",
    "validate_tenant_roles",
    "get_matched_permissions",
    "get_matched_roles",
    "get_matched_tenant_permissions",
    "get_matched_tenant_roles",
]


def _public(kind: type) -> dict[str, Callable[..., Any]]:
    return {name: f for name, f in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def _positional(function: Callable[..., Any]) -> list[tuple[str, object]]:
    """Names and defaults of what can be passed by position."""
    wanted = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values() if p.kind is wanted]


def _accepts(ours: Callable[..., Any], theirs: Callable[..., Any]) -> bool:
    """Whether every call that theirs takes, ours takes with the same meaning."""
    mine, official = _positional(ours), _positional(theirs)
    if [name for name, _ in mine] != [name for name, _ in official]:
        return False
    optional = inspect.Parameter.empty
    return all(other is optional or default == other for (_, default), (_, other) in zip(mine, official, strict=True))


@pytest.mark.parametrize(("official", "sync", "asynchronous"), PAIRS)
def test_methods_take_what_the_official_ones_take(official: type, sync: type, asynchronous: type) -> None:
    theirs = _public(official)
    for ours in (_public(sync), _public(asynchronous)):
        assert theirs.keys() <= ours.keys()
        assert [name for name in theirs if not _accepts(ours[name], theirs[name])] == []


@pytest.mark.parametrize("ours", [UserPasswords, AsyncUserPasswords])
def test_passwords_of_users_take_what_the_official_calls_take(ours: type) -> None:
    assert _public(ours).keys() == {name for name in _public(User) if name.endswith("_password")}
    assert [name for name, call in _public(ours).items() if not _accepts(call, getattr(User, name))] == []


@pytest.mark.parametrize("form", ["", "Bcrypt", "Firebase", "Pbkdf2", "Django"])
def test_passwords_of_a_batch_are_made_as_the_official_ones(form: str) -> None:
    ours, theirs = getattr(avow, f"UserPassword{form}"), getattr(descope, f"UserPassword{form}")
    assert _accepts(ours.__init__, theirs.__init__)
    if form:
        values = [f"a {name}" for name, _ in _positional(theirs.__init__)[1:]]
        assert ours(*values).to_dict() == theirs(*values).to_dict()
        assert values[0] not in repr(ours(*values))


def test_clients_take_what_the_official_one_takes() -> None:
    for ours in (Client, AsyncClient):
        for name in CLIENT_METHODS:
            assert _accepts(getattr(ours, name), getattr(descope.DescopeClient, name)), name
        assert AsyncClient.aclose is AsyncClient.close
        official = inspect.signature(descope.DescopeClient.__init__).parameters
        assert list(inspect.signature(ours.__init__).parameters)[: len(official)] == list(official)


def test_options_take_what_the_official_ones_take() -> None:
    classes = (
        "LoginOptions",
        "SignUpOptions",
        "AccessKeyLoginOptions",
        "AssociatedTenant",
        "RoleMapping",
        "AttributeMapping",
    )
    for name in (*classes, "MgmtKeyReBac", "MgmtKeyProjectRole", "MgmtKeyTagRole"):
        assert _accepts(getattr(avow, name).__init__, getattr(descope, name).__init__), name
    for name in ("MgmtLoginOptions", "MgmtSignUpOptions", "MgmtUserRequest"):
        assert _accepts(getattr(avow, name).__init__, getattr(descope.management.common, name).__init__), name


def test_constants_are_the_official_ones() -> None:
    for name in avow.__all__:
        if name.isupper():
            assert getattr(avow, name) == getattr(descope, name)
    assert {m.name: m.value for m in avow.DeliveryMethod} == {m.name: m.value for m in descope.DeliveryMethod}


def test_exceptions_have_the_official_module_and_names() -> None:
    for name in ("AuthException", "RateLimitException", *(n for n in dir(descope.exceptions) if n.isupper())):
        ours, theirs = getattr(avow.exceptions, name), getattr(descope.exceptions, name)
        assert ours == theirs if isinstance(theirs, str) else issubclass(ours, avow.AvowError)
    assert not issubclass(avow.RateLimitException, avow.AuthException)


def test_every_coroutine_has_its_synchronous_twin() -> None:
    for ours, theirs in ((Client, AsyncClient), *((sync, other) for _, sync, other in PAIRS)):
        assert _public(ours).keys() == _public(theirs).keys() - {"aclose"}
        assert not any(inspect.iscoroutinefunction(method) for method in _public(ours).values())


@pytest.mark.parametrize(
    "change", [{}, {"firstSeen": True}, {"refreshJwt": ""}, {"cookieDomain": "", "cookiePath": "/"}]
)
def test_session_has_the_official_shape(client: Any, server: FakeServer, change: dict[str, Any]) -> None:
    body = server.session_body(**change)
    server.answer("POST /v1/auth/otp/verify/email", body=body)
    ours = client.otp.verify_code(avow.DeliveryMethod.EMAIL, "mia@example.com", "123456")
    assert ours == generate_jwt_response(body, None, None, _read)


def test_session_without_optional_fields_has_the_official_shape(client: Any, server: FakeServer) -> None:
    body = {"sessionJwt": server.session_token()}
    server.answer("POST /v1/auth/magiclink/verify", body=body)
    assert client.magiclink.verify("t") == generate_jwt_response(body, None, None, _read)


def test_validated_session_is_that_of_the_official_sdk(client: Any, server: FakeServer) -> None:
    server.now = system_clock()
    official = descope.DescopeClient(PROJECT, public_key=json.loads(server.key.public_jwk()))
    for changes in (
        {},
        {"claims": {"dsub": "other", "plan": "pro", "permissions": "shadowed"}},
        {"selected_tenant": "T1"},
    ):
        token = server.session_token(**changes)
        for _ in range(2):
            assert client.validate_session(token) == official.validate_session(token)


def test_roles_and_permissions_are_judged_as_by_the_official_sdk(client: Any, server: FakeServer) -> None:
    official = descope.DescopeClient(PROJECT, public_key=json.loads(server.key.public_jwk()))
    session = client.validate_session(server.session_token())
    for kind, held in (("permissions", "documents.read"), ("roles", "editor")):
        for wanted in ([], [held], [held.upper()], [held, "more"], ["admin"], ["billing.view"]):
            for name in (f"validate_{kind}", f"get_matched_{kind}"):
                assert getattr(client, name)(session, wanted) == getattr(official, name)(session, wanted)
            for name in (f"validate_tenant_{kind}", f"get_matched_tenant_{kind}"):
                for tenant in ("T1", "T2"):
                    ours, theirs = getattr(client, name), getattr(official, name)
                    assert ours(session, tenant, wanted) == theirs(session, tenant, wanted)


def _read(token: str, audience: object) -> dict[str, Any]:
    import jwt

    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims | {"jwt": token}
