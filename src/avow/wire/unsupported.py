"""What the contract has and this server does not do yet: answered 501 once the caller is known.

Ids are those of the contract; `go-only` and `js-only` operations exist in one official client each. Where operations
share an address, it stands once, under the first. A row leaves this table when its `Endpoint` is written; a test proves
that both tables together are the contract.
"""

from msgspec import Struct

from avow.wire.endpoint import Caller

__all__ = ["UNSUPPORTED", "Unsupported"]


class Unsupported(Struct, frozen=True):
    """An operation of the contract without an endpoint.

    Attributes:
        id: Name of the operation in the contract.
        verb: HTTP method, upper case.
        path: Path with `{name}` parts.
        caller: Who may call, and is told that it is not supported.
    """

    id: str
    verb: str
    path: str
    caller: Caller


_MANAGEMENT = (
    ("mgmt.analytics.search", "POST", "/v1/mgmt/analytics/search"),
    ("mgmt.authz.create_relations", "POST", "/v1/mgmt/authz/re/create"),
    ("mgmt.authz.delete_namespace", "POST", "/v1/mgmt/authz/ns/delete"),
    ("mgmt.authz.delete_relation_definition", "POST", "/v1/mgmt/authz/rd/delete"),
    ("mgmt.authz.delete_relations", "POST", "/v1/mgmt/authz/re/delete"),
    ("mgmt.authz.delete_relations_for_resources", "POST", "/v1/mgmt/authz/re/deleteresources"),
    ("mgmt.authz.delete_schema", "POST", "/v1/mgmt/authz/schema/delete"),
    ("mgmt.authz.get_modified", "POST", "/v1/mgmt/authz/getmodified"),
    ("mgmt.authz.has_relations", "POST", "/v1/mgmt/authz/re/has"),
    ("mgmt.authz.load_schema", "POST", "/v1/mgmt/authz/schema/load"),
    ("mgmt.authz.resource_relations", "POST", "/v1/mgmt/authz/re/resource"),
    ("mgmt.authz.save_namespace", "POST", "/v1/mgmt/authz/ns/save"),
    ("mgmt.authz.save_relation_definition", "POST", "/v1/mgmt/authz/rd/save"),
    ("mgmt.authz.save_schema", "POST", "/v1/mgmt/authz/schema/save"),
    ("mgmt.authz.targets_relations", "POST", "/v1/mgmt/authz/re/targets"),
    ("mgmt.authz.what_can_target_access", "POST", "/v1/mgmt/authz/re/targetall"),
    ("mgmt.authz.what_can_target_access_with_relation", "POST", "/v1/mgmt/authz/re/targetwithrelation"),
    ("mgmt.authz.who_can_access", "POST", "/v1/mgmt/authz/re/who"),
    ("mgmt.descoper.create", "PUT", "/v1/mgmt/descoper"),
    ("mgmt.descoper.delete", "DELETE", "/v1/mgmt/descoper"),
    ("mgmt.descoper.list", "POST", "/v1/mgmt/descoper/list"),
    ("mgmt.descoper.load", "GET", "/v1/mgmt/descoper"),
    ("mgmt.descoper.update", "PATCH", "/v1/mgmt/descoper"),
    ("mgmt.engine.create", "POST", "/v1/mgmt/engine/create"),
    ("mgmt.engine.delete", "POST", "/v1/mgmt/engine/delete"),
    ("mgmt.engine.load", "GET", "/v1/mgmt/engine/load"),
    ("mgmt.engine.load_all", "GET", "/v1/mgmt/engines/load"),
    ("mgmt.engine.rotate_secret", "POST", "/v1/mgmt/engine/rotate"),
    ("mgmt.engine.update", "POST", "/v1/mgmt/engine/update"),
    ("mgmt.family.configure_settings", "POST", "/v1/mgmt/family/settings"),
    ("mgmt.family.create", "POST", "/v1/mgmt/family/create"),
    ("mgmt.family.create_custom_attributes", "POST", "/v1/mgmt/family/customattribute/create"),
    ("mgmt.family.create_dependent", "POST", "/v1/mgmt/family/dependent/create"),
    ("mgmt.family.delete", "POST", "/v1/mgmt/family/delete"),
    ("mgmt.family.delete_custom_attributes", "POST", "/v1/mgmt/family/customattribute/delete"),
    ("mgmt.family.delete_dependent", "POST", "/v1/mgmt/family/dependent/delete"),
    ("mgmt.family.get_settings", "GET", "/v1/mgmt/family/settings"),
    ("mgmt.family.impersonate_dependent", "POST", "/v1/mgmt/family/impersonate"),
    ("mgmt.family.load_custom_attributes", "GET", "/v1/mgmt/family/customattributes"),
    ("mgmt.family.search_all", "POST", "/v1/mgmt/family/search"),
    ("mgmt.family.stop_impersonation", "POST", "/v1/mgmt/family/impersonate/stop"),
    ("mgmt.family.update", "POST", "/v1/mgmt/family/update"),
    ("mgmt.fga.check", "POST", "/v1/mgmt/fga/check"),
    ("mgmt.fga.create_relations", "POST", "/v1/mgmt/fga/relations"),
    ("mgmt.fga.delete_relations", "POST", "/v1/mgmt/fga/relations/delete"),
    ("mgmt.fga.load_mappable_resources", "POST", "/v1/mgmt/fga/mappable/resources"),
    ("mgmt.fga.load_mappable_schema", "GET", "/v1/mgmt/fga/mappable/schema"),
    ("mgmt.fga.load_resources_details", "POST", "/v1/mgmt/fga/resources/load"),
    ("mgmt.fga.save_resources_details", "POST", "/v1/mgmt/fga/resources/save"),
    ("mgmt.fga.save_schema", "POST", "/v1/mgmt/fga/schema"),
    ("mgmt.fga.save_schema_dryrun", "POST", "/v1/mgmt/fga/schema/dryrun"),
    (
        "mgmt.outbound_application.batch_upload_tenant_tokens",
        "POST",
        "/v1/mgmt/outbound/app/tenant/oauthtoken/batch/upload",
    ),
    (
        "mgmt.outbound_application.batch_upload_user_tokens",
        "POST",
        "/v1/mgmt/outbound/app/user/oauthtoken/batch/upload",
    ),
    ("mgmt.outbound_application.create_application", "POST", "/v1/mgmt/outbound/app/create"),
    ("mgmt.outbound_application.delete_application", "POST", "/v1/mgmt/outbound/app/delete"),
    ("mgmt.outbound_application.delete_token", "DELETE", "/v1/mgmt/outbound/token"),
    ("mgmt.outbound_application.delete_user_tokens", "DELETE", "/v1/mgmt/outbound/user/tokens"),
    ("mgmt.outbound_application.fetch_tenant_token", "POST", "/v1/mgmt/outbound/app/tenant/token/latest"),
    ("mgmt.outbound_application.fetch_tenant_token_by_scopes", "POST", "/v1/mgmt/outbound/app/tenant/token"),
    ("mgmt.outbound_application.fetch_token", "POST", "/v1/mgmt/outbound/app/user/token/latest"),
    ("mgmt.outbound_application.fetch_token_by_scopes", "POST", "/v1/mgmt/outbound/app/user/token"),
    ("mgmt.outbound_application.list_apps_with_user_token", "GET", "/v1/mgmt/outbound/apps-with-user-token"),
    ("mgmt.outbound_application.load_all_applications", "GET", "/v1/mgmt/outbound/apps"),
    ("mgmt.outbound_application.load_application", "GET", "/v1/mgmt/outbound/app/{id}"),
    ("mgmt.outbound_application.update_application", "POST", "/v1/mgmt/outbound/app/update"),
    ("mgmt.outbound_application.upload_tenant_api_key", "POST", "/v1/mgmt/outbound/app/tenant/apikey/upload"),
    ("mgmt.outbound_application.upload_tenant_token", "POST", "/v1/mgmt/outbound/app/tenant/oauthtoken/upload"),
    ("mgmt.outbound_application.upload_user_api_key", "POST", "/v1/mgmt/outbound/app/user/apikey/upload"),
    ("mgmt.outbound_application.upload_user_token", "POST", "/v1/mgmt/outbound/app/user/oauthtoken/upload"),
    ("mgmt.outbound_scim.create_configuration", "POST", "/v1/mgmt/outbound/scim/create"),
    ("mgmt.outbound_scim.delete_configuration", "POST", "/v1/mgmt/outbound/scim/delete"),
    ("mgmt.outbound_scim.load_configuration", "GET", "/v1/mgmt/outbound/scim/{appId}"),
    ("mgmt.outbound_scim.set_enabled", "POST", "/v1/mgmt/outbound/scim/enabled/set"),
    ("mgmt.outbound_scim.update_configuration", "POST", "/v1/mgmt/outbound/scim/update"),
    ("mgmt.scope_claim_mapping.delete", "POST", "/v1/mgmt/scopeClaimMapping/delete"),
    ("mgmt.scope_claim_mapping.get", "POST", "/v1/mgmt/scopeClaimMapping/get"),
    ("mgmt.scope_claim_mapping.set", "POST", "/v1/mgmt/scopeClaimMapping/set"),
    ("mgmt.sso_application.create_wsfed_application", "POST", "/v1/mgmt/sso/idp/app/wsfed/create"),
    ("mgmt.sso_application.update_wsfed_application", "POST", "/v1/mgmt/sso/idp/app/wsfed/update"),
    ("mgmt.user.add_families", "POST", "/v1/mgmt/user/update/family/add"),
    ("mgmt.user.create_family_scoped_custom_attributes", "POST", "/v1/mgmt/user/families/customattribute/create"),
    ("mgmt.user.delete_family_scoped_custom_attributes", "POST", "/v1/mgmt/user/families/customattribute/delete"),
    ("mgmt.user.load_family_scoped_custom_attributes", "GET", "/v1/mgmt/user/families/customattributes"),
    ("mgmt.user.remove_families", "POST", "/v1/mgmt/user/update/family/remove"),
    ("go-only.lists.Load", "GET", "/v1/mgmt/list/{id}"),
    ("go-only.lists.LoadByName", "GET", "/v1/mgmt/list/name/{name}"),
    ("go-only.ssoapplication.CreateCustomAttributes", "POST", "/v1/mgmt/sso/idp/app/customattribute/create"),
    ("go-only.ssoapplication.DeleteCustomAttributes", "POST", "/v1/mgmt/sso/idp/app/customattribute/delete"),
    ("go-only.fga.LoadSchema", "GET", "/v1/mgmt/fga/schema"),
    ("go-only.outbound_application.LoadApplication", "GET", "/v1/mgmt/outbound/app"),
    ("go-only.flow.ExportFlow", "POST", "/v2/mgmt/flow/export"),
    ("go-only.flow.ImportFlow", "POST", "/v2/mgmt/flow/import"),
    ("go-only.flow.ExportTheme", "POST", "/v2/mgmt/theme/export"),
    ("go-only.flow.ImportTheme", "POST", "/v2/mgmt/theme/import"),
    ("go-only.ssoapplication.LoadCustomAttributes", "GET", "/v1/mgmt/sso/idp/app/customattributes"),
)

_PROJECT = (
    ("go-only.SignUpNOTP", "POST", "/v1/auth/notp/whatsapp/signup"),
    ("go-only.SignInNOTP", "POST", "/v1/auth/notp/whatsapp/signin"),
    ("go-only.SignUpOrInNOTP", "POST", "/v1/auth/notp/whatsapp/signup-in"),
    ("go-only.UpdateUserNOTP", "POST", "/v1/auth/notp/whatsapp/update"),
    ("go-only.GetNOTPSession", "POST", "/v1/auth/notp/pending-session"),
    ("js-only.oauth.startNative", "POST", "/v1/auth/oauth/native/start"),
    ("js-only.oauth.finishNative", "POST", "/v1/auth/oauth/native/finish"),
    ("js-only.onetap.clientId", "GET", "/v1/auth/onetap/clientid/{provider}"),
    ("js-only.onetap.exchange", "POST", "/v1/auth/onetap/idtoken/exchange"),
    ("js-only.onetap.verify", "POST", "/v1/auth/onetap/idtoken/verify"),
)

_SESSION = (("js-only.outbound.connect", "POST", "/v1/outbound/oauth/connect"),)

UNSUPPORTED: tuple[Unsupported, ...] = tuple(
    Unsupported(id, verb, path, caller)
    for caller, rows in (
        (Caller.MANAGEMENT, _MANAGEMENT),
        (Caller.PROJECT, _PROJECT),
        (Caller.SESSION, _SESSION),
    )
    for id, verb, path in rows
)
