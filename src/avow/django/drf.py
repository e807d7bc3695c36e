"""Django REST framework: `AvowAuthentication`, and permissions that read the session token.

Needs `djangorestframework`. `request.auth` is the `AvowSession`; `request.user` reads its row when it is looked at.
"""

from django.http import HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from avow.django import bearer, clients
from avow.django.shapes import Anything, View
from avow.django.visits import session_of
from avow.errors import AuthException, AvowError
from avow.sdk.integration.bearer import SCHEME
from avow.sdk.integration.demands import Demand, Verdict, demand
from avow.sdk.integration.session import AvowSession

__all__ = ["AvowAuthentication", "HasPermissions", "HasRoles", "IsSignedIn", "has_permissions", "has_roles"]


class AvowAuthentication(SessionAuthentication):  # type: ignore[misc]  # ships no types
    """Takes `Authorization: Bearer SESSION_TOKEN`, of people and access keys, else what the middleware found."""

    def authenticate(self, request: Request) -> Anything:
        """Return the user and the session; None for a stranger.

        Raises:
            AuthenticationFailed: The token of the header does not hold.
            PermissionDenied: Cookies sign somebody in, and the CSRF token is missing.
        """
        sent: HttpRequest = request._request  # pyright: ignore[reportPrivateUsage]  # DRF's own classes read it too
        token = bearer.token_of(sent)
        if token is not None:
            session = self._validated(token)
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

    def _validated(self, token: str) -> AvowSession:
        try:
            return bearer.session_of_claims(clients.client().validate_session(token), token)
        except AuthException as error:
            raise AuthenticationFailed(error.error_message) from error
        except AvowError as error:
            raise AuthenticationFailed from error


class IsSignedIn(BasePermission):  # type: ignore[misc]  # ships no types
    """Lets in whoever has a session, without reading a row."""

    wanted = Demand()

    def has_permission(  # pyright: ignore[reportIncompatibleMethodOverride]  # read as "always True" without types
        self, request: Request, view: View
    ) -> bool:
        """Judge the session token; the view's URL may name the tenant."""
        session = request.auth if isinstance(request.auth, AvowSession) else None
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
