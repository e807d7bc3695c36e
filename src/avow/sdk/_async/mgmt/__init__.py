"""The management calls, one module per resource; `client.mgmt`."""

from avow.sdk._async.mgmt.access_key import AsyncAccessKey
from avow.sdk._async.mgmt.app import AsyncApi, AsyncApp
from avow.sdk._async.mgmt.audit import AsyncAudit
from avow.sdk._async.mgmt.flow import AsyncFlow
from avow.sdk._async.mgmt.group import AsyncGroup
from avow.sdk._async.mgmt.jwt import AsyncJWT
from avow.sdk._async.mgmt.jwt_template import AsyncJWTTemplate
from avow.sdk._async.mgmt.license import AsyncLicense
from avow.sdk._async.mgmt.lists import AsyncLists
from avow.sdk._async.mgmt.management_key import AsyncManagementKey
from avow.sdk._async.mgmt.password import AsyncPassword
from avow.sdk._async.mgmt.permission import AsyncPermission
from avow.sdk._async.mgmt.project import AsyncProject
from avow.sdk._async.mgmt.provider import AsyncProvider
from avow.sdk._async.mgmt.role import AsyncRole
from avow.sdk._async.mgmt.sso import AsyncSSOSettings
from avow.sdk._async.mgmt.sso_application import AsyncSSOApplication
from avow.sdk._async.mgmt.tenant import AsyncTenant
from avow.sdk._async.mgmt.thirdparty import AsyncThirdPartyApplication
from avow.sdk._async.mgmt.unsupported import AsyncUnsupported
from avow.sdk._async.mgmt.user import AsyncUser
from avow.sdk._async.runner import AsyncRunner
from avow.sdk.flow import Flows

__all__ = ["AsyncMgmt"]


class AsyncMgmt:
    """What needs a management key. It is for servers: whoever holds the key holds the project."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self.access_key = AsyncAccessKey(flows, runner)
        self.api = AsyncApi(flows, runner)
        self.app = AsyncApp(flows, runner)
        self.audit = AsyncAudit(flows, runner)
        self.jwt = AsyncJWT(flows, runner)
        self.jwt_template = AsyncJWTTemplate(flows, runner)
        self.license = AsyncLicense(flows, runner)
        self.list = AsyncLists(flows, runner)
        self.flow = AsyncFlow(flows, runner)
        self.group = AsyncGroup(flows, runner)
        self.management_key = AsyncManagementKey(flows, runner)
        self.password = AsyncPassword(flows, runner)
        self.permission = AsyncPermission(flows, runner)
        self.project = AsyncProject(flows, runner)
        self.provider = AsyncProvider(flows, runner)
        self.role = AsyncRole(flows, runner)
        self.sso = AsyncSSOSettings(flows, runner)
        self.sso_application = AsyncSSOApplication(flows, runner)
        self.tenant = AsyncTenant(flows, runner)
        self.third_party_application = AsyncThirdPartyApplication(flows, runner)
        self.user = AsyncUser(flows, runner)
        # Areas of the official SDK that Avow does not do yet: each call raises NotSupported.
        self.analytics = AsyncUnsupported("mgmt.analytics")
        self.authz = AsyncUnsupported("mgmt.authz")
        self.descoper = AsyncUnsupported("mgmt.descoper")
        self.engine = AsyncUnsupported("mgmt.engine")
        self.family = AsyncUnsupported("mgmt.family")
        self.fga = AsyncUnsupported("mgmt.fga")
        self.outbound_application = AsyncUnsupported("mgmt.outbound_application")
        self.outbound_application_by_token = AsyncUnsupported("mgmt.outbound_application_by_token")
        self.outbound_scim = AsyncUnsupported("mgmt.outbound_scim")
        self.scope_claim_mapping = AsyncUnsupported("mgmt.scope_claim_mapping")
