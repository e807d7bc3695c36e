"""For FastAPI: who is signed in and what they may, as dependencies; a login page, and cookies that keep a session.

from avow.fastapi import Avow, AvowSession, current_session, require

Avow(app)

@app.get("/me")
async def me(session: Annotated[AvowSession, Depends(current_session)]) -> dict[str, str]:
    return {"user": session.user_id}
"""

from avow.fastapi.dependencies import (
    CurrentSession,
    CurrentUser,
    OptionalSession,
    current_session,
    current_user,
    optional_session,
    require,
)
from avow.fastapi.extension import Avow
from avow.fastapi.installed import client_of
from avow.fastapi.resource import AccessToken, ResourceServer
from avow.sdk.integration.demands import SELECTED
from avow.sdk.integration.session import AvowSession
from avow.sdk.integration.settings import InvalidSettings

__all__ = [
    "SELECTED",
    "AccessToken",
    "Avow",
    "AvowSession",
    "CurrentSession",
    "CurrentUser",
    "InvalidSettings",
    "OptionalSession",
    "ResourceServer",
    "client_of",
    "current_session",
    "current_user",
    "optional_session",
    "require",
]
