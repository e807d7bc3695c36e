"""Calls of the person who holds a session."""

from collections.abc import Sequence

from avow.sdk.answers import AuthBody, LoginRecord, Tenants, UserResponse, as_is, as_list, auth_body, ignored
from avow.sdk.calls.call import Call, call, refresh_token_of, refused, text_of
from avow.wire import sessions
from avow.wire.endpoint import Nothing

__all__ = ["allow_impersonation", "history", "logout", "logout_all", "me", "my_tenants", "refresh", "select_tenant"]


def refresh(refresh_token: str) -> Call[AuthBody]:
    """Return the call that exchanges a refresh token; the server's grace makes it repeatable."""
    return call(sessions.REFRESH, Nothing(), auth_body, token=refresh_token_of(refresh_token), is_repeatable=True)


def logout(refresh_token: str) -> Call[None]:
    """Return the call that ends a session."""
    return call(sessions.LOGOUT, Nothing(), ignored, token=refresh_token_of(refresh_token))


def logout_all(refresh_token: str) -> Call[None]:
    """Return the call that ends all sessions of the user."""
    return call(sessions.LOGOUT_ALL, Nothing(), ignored, token=refresh_token_of(refresh_token))


def me(refresh_token: str) -> Call[UserResponse]:
    """Return the call for the user."""
    return call(sessions.ME, Nothing(), as_is(UserResponse), token=refresh_token_of(refresh_token))


def history(refresh_token: str) -> Call[list[LoginRecord]]:
    """Return the call for the user's past sign-ins."""
    return call(sessions.HISTORY, Nothing(), as_list(LoginRecord), token=refresh_token_of(refresh_token))


def my_tenants(refresh_token: str, *, dct: bool, ids: Sequence[str] | None) -> Call[Tenants]:
    """Return the call for tenants of the user: the selected one, or those of `ids`."""
    if bool(dct) == bool(ids):
        raise refused("Give either dct=True or ids, not both.")
    body = sessions.MyTenantsRequest(dct=dct, ids=tuple(ids) if ids else None)
    return call(sessions.MY_TENANTS, body, as_is(Tenants), token=refresh_token_of(refresh_token))


def allow_impersonation(refresh_token: str, seconds: int) -> Call[None]:
    """Return the call by which a user agrees to be impersonated."""
    body = sessions.AllowImpersonation(seconds=seconds)
    return call(sessions.ALLOW_IMPERSONATION, body, ignored, token=refresh_token_of(refresh_token))


def select_tenant(tenant_id: str, refresh_token: str) -> Call[AuthBody]:
    """Return the call that makes a session act in a tenant."""
    body = sessions.SelectTenant(tenant=text_of("tenant_id", tenant_id))
    return call(sessions.SELECT_TENANT, body, auth_body, token=refresh_token_of(refresh_token))
