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
from avow.flask.visits import current_session
from avow.sdk.integration.demands import SELECTED
from avow.sdk.integration.session import AvowSession
from avow.sdk.integration.settings import InvalidSettings

__all__ = [
    "SELECTED",
    "Avow",
    "AvowAuth",
    "AvowSession",
    "InvalidSettings",
    "current_session",
    "login_required",
    "permissions_required",
    "roles_required",
    "tenant_required",
    "token_required",
]

AvowAuth = Avow
