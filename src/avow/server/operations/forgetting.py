"""What housekeeping deletes of every project: in each room, that which has ended."""

from collections.abc import Callable

from avow.server.applications import registered
from avow.server.audit import actions as audit
from avow.server.challenges import actions as challenges
from avow.server.federation import assertions
from avow.server.flows import executions
from avow.server.oidc import grants, requests
from avow.server.operations.leavings import actions as leavings
from avow.server.samlidp import signins
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users

__all__ = ["TASKS"]

# Each deletes at most so many rows, and returns how many it did.
TASKS: tuple[Callable[[Tx, int], int], ...] = (
    challenges.forget,
    sessions.forget,
    users.forget_anonymous,
    leavings.purge_tenants,
    leavings.forget_imports,
    audit.forget_events,
    audit.forget_deliveries,
    assertions.forget,
    executions.forget,
    requests.forget,
    grants.forget,
    registered.forget,
    signins.forget,
)
