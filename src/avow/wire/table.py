"""The whole API: every row of every module, in the order of the reference pages."""

from typing import Any

from avow.wire import (
    accesskeys,
    accountchanges,
    accounts,
    attributes,
    audit,
    credentials,
    embeddedlink,
    enchantedlink,
    imports,
    flows,
    groups,
    jwt,
    keys,
    lists,
    magiclink,
    managementkeys,
    otp,
    passwords,
    permissions,
    projects,
    roles,
    sessions,
    sso,
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
    *imports.ENDPOINTS,
    *sso.ENDPOINTS,
    *groups.ENDPOINTS,
    *passwords.ENDPOINTS,
    *flows.ENDPOINTS,
    *testusers.ENDPOINTS,
    *embeddedlink.ENDPOINTS,
    *credentials.ENDPOINTS,
    *accesskeys.ENDPOINTS,
    *jwt.ENDPOINTS,
    *audit.ENDPOINTS,
    *lists.ENDPOINTS,
)
