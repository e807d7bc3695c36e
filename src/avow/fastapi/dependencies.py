"""The dependencies: who sends a request, and what they have to hold. They read the session token and ask nobody."""

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, NoReturn

from fastapi import Depends, HTTPException, Security, WebSocketException, status
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from avow.fastapi.visits import visit
from avow.sdk.integration import demands
from avow.sdk.integration.demands import Demand, Verdict
from avow.sdk.integration.refusals import FORBIDDEN, FOREIGN, Refusal, for_stranger
from avow.sdk.integration.session import AvowSession

__all__ = [
    "CurrentSession",
    "CurrentUser",
    "OptionalSession",
    "current_session",
    "current_user",
    "optional_session",
    "raise_refusal",
    "require",
]


class _SessionToken(SecurityBase):
    """What the description of the API says about credentials; who somebody is, `visit` judges."""

    def __init__(self) -> None:
        self.model = BearerModel(bearerFormat="JWT", description="A session token of Avow.")
        self.scheme_name = "avow"

    async def __call__(self, connection: HTTPConnection) -> None:
        """Ask for nothing: the scheme is shown, and the dependency beside it decides."""


_scheme = _SessionToken()


async def optional_session(connection: HTTPConnection, _: Annotated[None, Security(_scheme)]) -> AvowSession | None:
    """Return the session of whoever sends the request; None for a stranger.

    Credentials that do not hold are refused all the same when they stand in an `Authorization` header: whoever sends
    one wants to be known.

    Raises:
        HTTPException: 401 for a bearer token that does not hold, 503 while nobody can tell.
    """
    known = await visit(connection)
    if known.session is None and (known.is_foreign or known.is_known_bad):
        raise_refusal(connection, FOREIGN if known.is_foreign else for_stranger(known.arrival))
    return known.session


async def current_session(connection: HTTPConnection, _: Annotated[None, Security(_scheme)]) -> AvowSession:
    """Return the session of whoever sends the request, a person or a machine.

    Raises:
        HTTPException: 401 for a stranger, 403 for a page of another site, 503 while nobody can tell.
    """
    known = await visit(connection)
    if known.session is None:
        raise_refusal(connection, FOREIGN if known.is_foreign else for_stranger(known.arrival))
    return known.session


CurrentSession = Annotated[AvowSession, Depends(current_session)]
"""As a parameter's type: `session: CurrentSession`."""


async def current_user(connection: HTTPConnection, session: CurrentSession) -> AvowSession:
    """Return the session of a person; the token of an access key is refused.

    Raises:
        HTTPException: As for `current_session`, and 403 for a machine.
    """
    return _granted(connection, session, Demand(is_person=True))


def require(
    *,
    roles: Collection[str] = (),
    permissions: Collection[str] = (),
    tenant: str | None = None,
    tenant_param: str | None = None,
) -> Callable[..., Awaitable[AvowSession]]:
    """Return a dependency that lets in whoever holds all of these: in the project, or in one tenant.

    Args:
        roles: Names of roles.
        permissions: Names of permissions.
        tenant: Id of a tenant, or `SELECTED`; alone, its members.
        tenant_param: Name of the path's parameter that holds the id.

    Returns:
        A dependency that returns the session, and raises 401 and 403.

    Raises:
        ValueError: Nothing is demanded, or names are a text instead of a list.
    """
    demand = demands.demand(roles=roles, permissions=permissions, tenant=tenant, tenant_part=tenant_param)

    async def required(connection: HTTPConnection, session: CurrentSession) -> AvowSession:
        return _granted(connection, session, demand)

    return required


CurrentUser = Annotated[AvowSession, Depends(current_user)]
"""As a parameter's type: `session: CurrentUser`."""

OptionalSession = Annotated[AvowSession | None, Depends(optional_session)]
"""As a parameter's type: `session: OptionalSession`."""


def raise_refusal(connection: HTTPConnection, refusal: Refusal) -> NoReturn:
    """Answer a refusal.

    Raises:
        HTTPException: Always; on a WebSocket, which has no status to answer, WebSocketException.
    """
    if connection.scope["type"] == "websocket":
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, refusal.sentence)
    raise HTTPException(refusal.status, refusal.sentence, headers=refusal.headers)


def _granted(connection: HTTPConnection, session: AvowSession, demand: Demand) -> AvowSession:
    if demand.judge(session, connection.path_params) is not Verdict.GRANTED:
        raise_refusal(connection, FORBIDDEN)
    return session
