"""How the SDK looks to a type checker; nobody runs this. An ignored line is one that must not pass."""

from typing import Any, assert_type

from avow import (
    REFRESH_SESSION_TOKEN_NAME,
    SESSION_TOKEN_NAME,
    AssociatedTenant,
    AsyncClient,
    AttributeMapping,
    AuthException,
    AvowError,
    Client,
    DeliveryMethod,
    DescopeClient,
    DescopeClientAsync,
    LoginOptions,
    RateLimitException,
    RoleMapping,
    SignUpOptions,
)
from avow.sdk.answers import (
    CookieData,
    JWTResponse,
    LoginRecord,
    PendingLink,
    SessionClaims,
    Tenants,
    TokenClaims,
    UserResponse,
)

EMAIL = DeliveryMethod.EMAIL


def signs_in(client: Client) -> None:
    assert_type(client.otp.sign_up(EMAIL, "mia@example.com", {"name": "Mia"}, SignUpOptions()), str)
    assert_type(client.otp.sign_in(method=EMAIL, login_id="mia", login_options=LoginOptions(mfa=True)), str)
    assert_type(client.otp.verify_code(EMAIL, "mia", "123456", audience=["C1"]), JWTResponse)
    assert_type(client.magiclink.sign_up_or_in(EMAIL, "mia", uri="https://app.example.com/verify"), str)
    assert_type(client.magiclink.verify("t"), JWTResponse)
    assert_type(client.magiclink.verify("t")[SESSION_TOKEN_NAME], TokenClaims)
    assert_type(client.magiclink.verify("t")[REFRESH_SESSION_TOKEN_NAME]["jwt"], str)
    assert_type(client.enchantedlink.sign_in("mia"), PendingLink)
    assert_type(client.enchantedlink.sign_in("mia")["linkId"], str)
    assert_type(client.enchantedlink.get_session("p"), JWTResponse)
    assert_type(client.otp.update_user_phone(DeliveryMethod.SMS, "mia", "+12025550123", "r"), str)
    client.otp.sign_in("email", "mia")  # type: ignore[arg-type]
    client.otp.sign_in(EMAIL)  # type: ignore[call-arg]


def holds_a_session(client: Client) -> None:
    session = client.validate_session("s")
    assert_type(session, SessionClaims)
    assert_type(session["sub"], str)
    assert_type(session["sessionToken"], TokenClaims)
    assert_type(client.validate_roles(session, ["admin"]), bool)
    assert_type(client.get_matched_tenant_permissions(session, "T1", ("read",)), list[str])
    either = client.validate_and_refresh_session("s", "r")
    assert_type(either, SessionClaims | JWTResponse)
    assert_type(either["userId"], str)
    refreshed = client.refresh_session("r")
    assert_type(refreshed["refreshSessionToken"]["jwt"], str)
    assert_type(refreshed["cookieData"], CookieData)
    assert_type(refreshed["user"], UserResponse)
    assert_type(client.select_tenant("T1", "r"), JWTResponse)
    assert_type(client.history("r"), list[LoginRecord])
    assert_type(client.my_tenants("r", ids=["T1"]), Tenants)
    assert_type(client.mgmt.project.set_settings(code_digits=8), dict[str, Any])
    refreshed["nothing"]  # type: ignore[typeddict-item]


def is_refused(client: Client) -> None:
    try:
        client.logout("r")
    except RateLimitException as error:
        assert_type(error.retry_after_seconds, int)
    except AuthException as error:
        assert_type(error.status_code, int)
        assert_type(error.error_message, str)
    except AvowError as error:
        assert_type(error.error_code, str)


async def signs_in_asynchronously(client: AsyncClient) -> None:
    assert_type(await client.otp.sign_up(EMAIL, "mia@example.com"), str)
    assert_type(await client.magiclink.verify("t"), JWTResponse)
    assert_type(await client.validate_session("s"), SessionClaims)
    assert_type(await client.me("r"), UserResponse)
    assert_type(client.validate_permissions(await client.validate_session("s"), ["read"]), bool)
    async with AsyncClient() as opened:
        assert_type(opened, AsyncClient)
    client.me("r")["name"]  # type: ignore[index]


def has_the_official_names() -> None:
    assert_type(DescopeClient("P1"), Client)
    assert_type(DescopeClientAsync("P1"), AsyncClient)
    with Client() as client:
        assert_type(client, Client)
    AssociatedTenant("T1", ["admin"])
    RoleMapping(["group"], "role")
    AttributeMapping(name="displayName", custom_attributes={"a": "b"})
    Client(project="P1")  # type: ignore[call-arg]
