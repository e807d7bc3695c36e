"""Django Ninja: `AvowAuth`, and `AsyncAvowAuth` for asynchronous operations. Needs `django-ninja`.

`request.auth` is the `AvowSession`. An operation that demands something raises 403: `auth=AvowAuth(roles=["editor"])`.
"""

from collections.abc import Collection

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security.http import HttpAuthBase
from ninja.utils import check_csrf

from avow.django import bearer, clients
from avow.django.arrivals import arrive_by_bearer, arrive_by_bearer_async
from avow.django.shapes import Anything
from avow.django.visits import is_unknown, mark, mark_unknown, session_of
from avow.sdk.integration.arrivals import Arrival, Ended, Unknown
from avow.sdk.integration.demands import Demand, Verdict, demand
from avow.sdk.integration.refusals import AWAY
from avow.sdk.integration.session import AvowSession

__all__ = ["AsyncAvowAuth", "AvowAuth"]


class AvowAuth(HttpAuthBase):
    """Takes `Authorization: Bearer SESSION_TOKEN`, of people and access keys, else what the middleware found."""

    openapi_scheme: str = "bearer"

    def __init__(
        self, *, roles: Collection[str] = (), permissions: Collection[str] = (), tenant_kwarg: str | None = None
    ) -> None:
        """Demand roles and permissions, in the project or in the tenant that a part of the URL names.

        Raises:
            ValueError: Names are a text instead of a list, or empty.
        """
        super().__init__()
        is_some = bool(roles or permissions or tenant_kwarg)
        wanted = demand(roles=roles, permissions=permissions, tenant_part=tenant_kwarg) if is_some else Demand()
        self._demand = wanted

    def __call__(self, request: HttpRequest) -> Anything:
        """Return the session; None for a stranger, who gets 401.

        Raises:
            HttpError: 403, somebody is signed in and lacks what is demanded, or the CSRF token is missing; 503, nobody
                can tell now who it is.
        """
        token = bearer.token_of(request)
        if token is None:
            return self._of_cookies(request)
        return self._admitted(request, arrive_by_bearer(token, clients.client()))

    def _of_cookies(self, request: HttpRequest) -> AvowSession | None:
        session = session_of(request)
        if session is None:
            if is_unknown(request):
                raise HttpError(AWAY.status, AWAY.sentence)
            return None
        if not getattr(request, "_ninja_csrf_exempt", False) and check_csrf(request) is not None:
            raise HttpError(403, "CSRF check failed")
        return self._granted(request, session)

    def _admitted(self, request: HttpRequest, arrival: Arrival) -> AvowSession | None:
        if isinstance(arrival, Unknown):
            mark_unknown(request)  # the middleware says when to try again: exceptions of Ninja have no headers
            raise HttpError(AWAY.status, AWAY.sentence)
        if isinstance(arrival, Ended):
            return None
        request.user = bearer.user_of(arrival.session)
        mark(request, arrival.session)
        return self._granted(request, arrival.session)

    def _granted(self, request: HttpRequest, session: AvowSession) -> AvowSession:
        parts = request.resolver_match.kwargs if request.resolver_match else {}
        if self._demand.judge(session, parts) is not Verdict.GRANTED:
            raise HttpError(403, "Not allowed")
        return session


class AsyncAvowAuth(AvowAuth):
    """The same for asynchronous operations: keys are fetched without blocking."""

    def __init__(
        self, *, roles: Collection[str] = (), permissions: Collection[str] = (), tenant_kwarg: str | None = None
    ) -> None:
        """Demand as `AvowAuth`."""
        super().__init__(roles=roles, permissions=permissions, tenant_kwarg=tenant_kwarg)
        self.is_async = True

    async def __call__(self, request: HttpRequest) -> Anything:
        """Return the session; None for a stranger. Raises as `AvowAuth`."""
        token = bearer.token_of(request)
        if token is None:
            return self._of_cookies(request)
        return self._admitted(request, await arrive_by_bearer_async(token, clients.async_client()))
