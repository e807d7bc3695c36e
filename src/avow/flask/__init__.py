"""For Flask: who is signed in, what they may, a login page, and cookies that keep a session.

from avow.flask import Avow, current_session, login_required

Avow(app)

@app.get("/")
@login_required
def home():
    return f"Hello {current_session.user_id}"
"""

from avow.flask.decorators import login_required, permissions_required, roles_required, tenant_required, token_required
from avow.flask.extension import Avow
from avow.flask.resource import ResourceServer, current_token
from avow.flask.visits import current_session
from avow.sdk.integration.demands import SELECTED
from avow.sdk.integration.session import AvowSession
from avow.sdk.integration.settings import InvalidSettings
from avow.sdk.resource.tokens import AccessToken

__all__ = [
    "SELECTED",
    "AccessToken",
    "Avow",
    "AvowAuth",
    "AvowSession",
    "InvalidSettings",
    "ResourceServer",
    "current_session",
    "current_token",
    "login_required",
    "permissions_required",
    "roles_required",
    "tenant_required",
    "token_required",
]

AvowAuth = Avow
