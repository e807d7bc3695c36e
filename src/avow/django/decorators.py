"""Decorators of views, plain and asynchronous ones; what they demand, they read from the session token.

Strangers are sent to the login page; whoever is signed in and lacks what is demanded gets 403. Users of other backends
pass `login_required`, and `permission_required` where Django says they may; Avow's roles and tenants they have none.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeAlias, TypeVar

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

from avow.django.shapes import User, View
from avow.django.visits import session_of
from avow.sdk.integration.demands import SELECTED, Demand, Verdict, demand

__all__ = [
    "SELECTED",
    "gate",
    "gate_async",
    "login_required",
    "permission_required",
    "roles_required",
    "tenant_required",
]

V = TypeVar("V", bound=Callable[..., Any])
Parts: TypeAlias = Mapping[str, object]


def login_required(view: View = None, *, login_url: str | None = None) -> View:
    """Let in whoever is signed in: `@login_required`, or `@login_required(login_url=...)`."""
    decorate = _demanding(Demand(), login_url)
    return decorate if view is None else decorate(view)


def permission_required(
    *permissions: str, tenant: str | None = None, tenant_kwarg: str | None = None, login_url: str | None = None
) -> Callable[[V], V]:
    """Let in whoever holds all of these permissions: in the project, or in a tenant.

    Args:
        permissions: Names in Avow.
        tenant: Id of a tenant, or `SELECTED`.
        tenant_kwarg: Name of the URL's part that holds the id.
        login_url: Where strangers go; LOGIN_URL when absent.
    """
    return _demanding(_named(permissions=permissions, tenant=tenant, tenant_kwarg=tenant_kwarg), login_url)


def roles_required(
    *roles: str, tenant: str | None = None, tenant_kwarg: str | None = None, login_url: str | None = None
) -> Callable[[V], V]:
    """Let in whoever holds all of these roles: in the project, or in a tenant (as `permission_required`)."""
    return _demanding(_named(roles=roles, tenant=tenant, tenant_kwarg=tenant_kwarg), login_url)


def tenant_required(
    tenant: str | None = None, *, tenant_kwarg: str | None = None, login_url: str | None = None
) -> Callable[[V], V]:
    """Let in the members of a tenant; without arguments, whoever has selected one of theirs."""
    chosen = SELECTED if tenant is None and tenant_kwarg is None else tenant
    return _demanding(demand(tenant=chosen, tenant_part=tenant_kwarg), login_url)


def gate(request: HttpRequest, wanted: Demand, url_parts: Parts, login_url: str | None) -> HttpResponseBase | None:
    """Return the answer to a request that may not pass, None for one that may.

    Raises:
        PermissionDenied: Somebody is signed in and lacks what is demanded.
    """
    verdict = wanted.judge(session_of(request), url_parts)
    if verdict is Verdict.STRANGER:
        verdict = _of_other_backend(getattr(request, "user", None), wanted)
    return None if verdict is Verdict.GRANTED else _refused(request, verdict, login_url)


async def gate_async(
    request: HttpRequest, wanted: Demand, url_parts: Parts, login_url: str | None
) -> HttpResponseBase | None:
    """Do the same without blocking; raises as `gate`."""
    verdict = wanted.judge(session_of(request), url_parts)
    if verdict is Verdict.STRANGER:
        verdict = await _of_other_backend_async(await request.auser(), wanted)
    return None if verdict is Verdict.GRANTED else _refused(request, verdict, login_url)


def _named(
    *, roles: tuple[str, ...] = (), permissions: tuple[str, ...] = (), tenant: str | None, tenant_kwarg: str | None
) -> Demand:
    if not (roles or permissions):
        raise ValueError("Nothing is demanded: name a role or a permission, or use login_required.")
    return demand(roles=roles, permissions=permissions, tenant=tenant, tenant_part=tenant_kwarg)


def _demanding(wanted: Demand, login_url: str | None) -> Callable[[V], V]:
    def decorate(view: View) -> View:
        if iscoroutinefunction(view):  # pyright: ignore[reportDeprecated]  # on 3.11, only this one sees marks

            @wraps(view)
            async def awaited(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
                answer = await gate_async(request, wanted, kwargs, login_url)
                return answer or await view(request, *args, **kwargs)

            return awaited

        @wraps(view)
        def called(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            return gate(request, wanted, kwargs, login_url) or view(request, *args, **kwargs)

        return called

    return decorate


def _of_other_backend(user: User, wanted: Demand) -> Verdict:
    if user is None or not user.is_authenticated:
        return Verdict.STRANGER
    if wanted == Demand():
        return Verdict.GRANTED
    is_djangos = wanted == Demand(permissions=wanted.permissions)
    return Verdict.GRANTED if is_djangos and user.has_perms(wanted.permissions) else Verdict.REFUSED


async def _of_other_backend_async(user: User, wanted: Demand) -> Verdict:
    if not user.is_authenticated:
        return Verdict.STRANGER
    if wanted == Demand():
        return Verdict.GRANTED
    is_djangos = wanted == Demand(permissions=wanted.permissions)
    return Verdict.GRANTED if is_djangos and await user.ahas_perms(wanted.permissions) else Verdict.REFUSED


def _refused(request: HttpRequest, verdict: Verdict, login_url: str | None) -> HttpResponseBase:
    if verdict is Verdict.REFUSED:
        raise PermissionDenied
    return redirect_to_login(request.get_full_path(), resolve_url(login_url) if login_url else None)
