"""Django REST framework: `AvowAuthentication`, and permissions that read the session token.

Needs `djangorestframework`. `request.auth` is the `AvowSession`; `request.user` reads its row when it is looked at.
"""

from django.http import HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from avow.django import bearer, clients
from avow.django.arrivals import arrive_by_bearer
from avow.django.shapes import Anything, View
from avow.django.visits import is_unknown, mark_unknown, session_of
from avow.sdk.integration.arrivals import Ended, Unknown
from avow.sdk.integration.bearer import SCHEME
from avow.sdk.integration.demands import Demand, Verdict, demand
from avow.sdk.integration.refusals import AWAY
from avow.sdk.integration.session import AvowSession

__all__ = ["AvowAuthentication", "Away", "HasPermissions", "HasRoles", "IsSignedIn", "has_permissions", "has_roles"]


class Away(APIException):  # type: ignore[misc]  # ships no types
    """Nobody can tell now who sends a request."""

    status_code = AWAY.status
    default_detail = AWAY.sentence
    default_code = "away"
    wait = int(AWAY.headers["Retry-After"])  # read by DRF's handler, which makes the header of it


class AvowAuthentication(SessionAuthentication):  # type: ignore[misc]  # ships no types
    """Takes `Authorization: Bearer SESSION_TOKEN`, of people and access keys, else what the middleware found."""

    def authenticate(self, request: Request) -> Anything:
        """Return the user and the session; None for a stranger.

        Raises:
            AuthenticationFailed: The token of the header does not hold.
            Away: Whether it does cannot be told now.
            PermissionDenied: Cookies sign somebody in, and the CSRF token is missing.
        """
        sent: HttpRequest = request._request  # pyright: ignore[reportPrivateUsage]  # DRF's own classes read it too
        token = bearer.token_of(sent)
        if token is not None:
            session = self._validated(sent, token)
            return bearer.user_of(session), session
        found = session_of(sent)
        if found is None:
            return None
        self.enforce_csrf(request)  # cookies come by themselves
        return sent.user, found

    # Without types, the base class seems to answer nothing but None.
    def authenticate_header(self, request: Request) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return what 401 names, so that a stranger gets that and not 403."""
        del request
        return f'{SCHEME} realm="api"'

    def _validated(self, sent: HttpRequest, token: str) -> AvowSession:
        arrival = arrive_by_bearer(token, clients.client())
        if isinstance(arrival, Unknown):
            mark_unknown(sent)
            raise Away from arrival.reason
        if isinstance(arrival, Ended):
            raise AuthenticationFailed(arrival.reason.error_message) from arrival.reason
        return arrival.session


class IsSignedIn(BasePermission):  # type: ignore[misc]  # ships no types
    """Lets in whoever has a session, without reading a row."""

    wanted = Demand()

    def has_permission(  # pyright: ignore[reportIncompatibleMethodOverride]  # read as "always True" without types
        self, request: Request, view: View
    ) -> bool:
        """Judge the session token; the view's URL may name the tenant.

        Raises:
            Away: Cookies came, and nobody can tell now whether they hold.
        """
        session = request.auth if isinstance(request.auth, AvowSession) else None
        if session is None and is_unknown(request._request):  # pyright: ignore[reportPrivateUsage]  # as above
            raise Away
        return self.wanted.judge(session, view.kwargs) is Verdict.GRANTED


class HasRoles(IsSignedIn):
    """Lets in whoever holds the roles of the view's `roles_required`, in its `tenant_kwarg` if it names one."""

    def has_permission(self, request: Request, view: View) -> bool:
        """Judge the session token."""
        self.wanted = demand(roles=tuple(view.roles_required), tenant_part=getattr(view, "tenant_kwarg", None))
        return super().has_permission(request, view)


class HasPermissions(IsSignedIn):
    """Lets in whoever holds the view's `permissions_required`, in its `tenant_kwarg` if it names one."""

    def has_permission(self, request: Request, view: View) -> bool:
        """Judge the session token."""
        names = tuple(view.permissions_required)
        self.wanted = demand(permissions=names, tenant_part=getattr(view, "tenant_kwarg", None))
        return super().has_permission(request, view)


def has_roles(*roles: str, tenant_kwarg: str | None = None) -> type[BasePermission]:
    """Return a permission class that demands roles, for `@permission_classes([has_roles("editor")])`."""
    return _demanding(demand(roles=roles, tenant_part=tenant_kwarg))


def has_permissions(*permissions: str, tenant_kwarg: str | None = None) -> type[BasePermission]:
    """Return a permission class that demands permissions."""
    return _demanding(demand(permissions=permissions, tenant_part=tenant_kwarg))


def _demanding(wanted: Demand) -> type[BasePermission]:
    return type("Demanding", (IsSignedIn,), {"wanted": wanted})
