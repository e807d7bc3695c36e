"""The whole API: every row of every module, in the order of the reference pages."""

from typing import Any

from avow.wire import (
    accesskeys,
    accountchanges,
    accounts,
    attributes,
    credentials,
    embeddedlink,
    enchantedlink,
    flows,
    jwt,
    keys,
    magiclink,
    managementkeys,
    otp,
    passwords,
    permissions,
    projects,
    roles,
    sessions,
    tenants,
    testusers,
    usersearch,
)
from avow.wire.endpoint import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    *otp.ENDPOINTS,
    *magiclink.ENDPOINTS,
    *enchantedlink.ENDPOINTS,
    *sessions.ENDPOINTS,
    *keys.ENDPOINTS,
    *projects.ENDPOINTS,
    *managementkeys.ENDPOINTS,
    *tenants.ENDPOINTS,
    *permissions.ENDPOINTS,
    *roles.ENDPOINTS,
    *accounts.ENDPOINTS,
    *accountchanges.ENDPOINTS,
    *usersearch.ENDPOINTS,
    *attributes.ENDPOINTS,
    *passwords.ENDPOINTS,
    *flows.ENDPOINTS,
    *testusers.ENDPOINTS,
    *embeddedlink.ENDPOINTS,
    *credentials.ENDPOINTS,
    *accesskeys.ENDPOINTS,
    *jwt.ENDPOINTS,
)
