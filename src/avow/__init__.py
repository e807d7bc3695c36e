"""Avow: self-hosted authentication and user management for Python web developers.

    from avow import Client, DeliveryMethod

    client = Client()  # AVOW_BASE_URL and AVOW_PROJECT_ID say where
    client.otp.sign_up_or_in(DeliveryMethod.EMAIL, "mia@example.com")

Each name is imported when it is first asked for, so that `import avow` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avow.errors import (
        API_RATE_LIMIT_RETRY_AFTER_HEADER,
        ERROR_TYPE_API_RATE_LIMIT,
        ERROR_TYPE_SERVER_ERROR,
        AuthException,
        AvowError,
        RateLimitException,
    )
    from avow.sdk._async.client import AsyncClient
    from avow.sdk._async.client import AsyncClient as DescopeClientAsync
    from avow.sdk._sync.client import Client
    from avow.sdk._sync.client import Client as DescopeClient
    from avow.sdk.calls.mgmt.user import Sort, UserObj
    from avow.sdk.calls.mgmt.userproofs import CreateUserObj
    from avow.sdk.options import (
        COOKIE_DATA_NAME,
        REFRESH_SESSION_COOKIE_NAME,
        REFRESH_SESSION_TOKEN_NAME,
        SESSION_COOKIE_NAME,
        SESSION_TOKEN_NAME,
        AccessKeyLoginOptions,
        AssociatedFamily,
        AssociatedTenant,
        AttributeMapping,
        DeliveryMethod,
        FlowRunOptions,
        LoginOptions,
        MgmtKeyProjectRole,
        MgmtKeyReBac,
        MgmtKeyStatus,
        MgmtKeyTagRole,
        MgmtLoginOptions,
        MgmtSignUpOptions,
        MgmtUserRequest,
        RoleMapping,
        SignUpOptions,
    )
    from avow.sdk.passwords import (
        UserPassword,
        UserPasswordArgon2,
        UserPasswordBcrypt,
        UserPasswordDjango,
        UserPasswordFirebase,
        UserPasswordMd5,
        UserPasswordPbkdf2,
        UserPasswordPhpass,
        UserPasswordScrypt,
        UserPasswordSha,
    )
    from avow.sdk.ssooptions import (
        FGAGroupMapping,
        FGAGroupMappingRelation,
        OIDCAttributeMapping,
        SAMLIDPAttributeMappingInfo,
        SAMLIDPGroupsMappingInfo,
        SAMLIDPRoleGroupMappingInfo,
        SSOOIDCSettings,
        SSOSAMLSettings,
        SSOSAMLSettingsByMetadata,
        XAAIssuerSettings,
        XAAJWTBearerSettings,
        XAASettings,
    )

__version__ = "0.1.0"

__all__ = [
    "Client",
    "AsyncClient",
    "DescopeClient",
    "DescopeClientAsync",
    "AuthException",
    "RateLimitException",
    "AvowError",
    "DeliveryMethod",
    "LoginOptions",
    "SignUpOptions",
    "AccessKeyLoginOptions",
    "AssociatedTenant",
    "AssociatedFamily",
    "UserObj",
    "UserPassword",
    "UserPasswordArgon2",
    "UserPasswordBcrypt",
    "UserPasswordDjango",
    "UserPasswordFirebase",
    "UserPasswordMd5",
    "UserPasswordPbkdf2",
    "UserPasswordPhpass",
    "UserPasswordScrypt",
    "UserPasswordSha",
    "CreateUserObj",
    "Sort",
    "FlowRunOptions",
    "RoleMapping",
    "AttributeMapping",
    "FGAGroupMapping",
    "FGAGroupMappingRelation",
    "OIDCAttributeMapping",
    "SAMLIDPAttributeMappingInfo",
    "SAMLIDPGroupsMappingInfo",
    "SAMLIDPRoleGroupMappingInfo",
    "SSOOIDCSettings",
    "SSOSAMLSettings",
    "SSOSAMLSettingsByMetadata",
    "XAAIssuerSettings",
    "XAAJWTBearerSettings",
    "XAASettings",
    "MgmtKeyProjectRole",
    "MgmtKeyReBac",
    "MgmtKeyStatus",
    "MgmtKeyTagRole",
    "MgmtLoginOptions",
    "MgmtSignUpOptions",
    "MgmtUserRequest",
    "SESSION_TOKEN_NAME",
    "REFRESH_SESSION_TOKEN_NAME",
    "SESSION_COOKIE_NAME",
    "REFRESH_SESSION_COOKIE_NAME",
    "COOKIE_DATA_NAME",
    "API_RATE_LIMIT_RETRY_AFTER_HEADER",
    "ERROR_TYPE_API_RATE_LIMIT",
    "ERROR_TYPE_SERVER_ERROR",
]

_ELSEWHERE = {
    "Client": ("avow.sdk._sync.client", "Client"),
    "DescopeClient": ("avow.sdk._sync.client", "Client"),
    "AsyncClient": ("avow.sdk._async.client", "AsyncClient"),
    "DescopeClientAsync": ("avow.sdk._async.client", "AsyncClient"),
    "UserObj": ("avow.sdk.calls.mgmt.user", "UserObj"),
    "CreateUserObj": ("avow.sdk.calls.mgmt.userproofs", "CreateUserObj"),
    "Sort": ("avow.sdk.calls.mgmt.user", "Sort"),
    "FGAGroupMapping": ("avow.sdk.ssooptions", "FGAGroupMapping"),
    "FGAGroupMappingRelation": ("avow.sdk.ssooptions", "FGAGroupMappingRelation"),
    "OIDCAttributeMapping": ("avow.sdk.ssooptions", "OIDCAttributeMapping"),
    "SAMLIDPAttributeMappingInfo": ("avow.sdk.ssooptions", "SAMLIDPAttributeMappingInfo"),
    "SAMLIDPGroupsMappingInfo": ("avow.sdk.ssooptions", "SAMLIDPGroupsMappingInfo"),
    "SAMLIDPRoleGroupMappingInfo": ("avow.sdk.ssooptions", "SAMLIDPRoleGroupMappingInfo"),
    "SSOOIDCSettings": ("avow.sdk.ssooptions", "SSOOIDCSettings"),
    "SSOSAMLSettings": ("avow.sdk.ssooptions", "SSOSAMLSettings"),
    "SSOSAMLSettingsByMetadata": ("avow.sdk.ssooptions", "SSOSAMLSettingsByMetadata"),
    "XAAIssuerSettings": ("avow.sdk.ssooptions", "XAAIssuerSettings"),
    "XAAJWTBearerSettings": ("avow.sdk.ssooptions", "XAAJWTBearerSettings"),
    "XAASettings": ("avow.sdk.ssooptions", "XAASettings"),
}
_ERRORS = ("API_RATE_LIMIT_", "ERROR_TYPE_", "AuthException", "AvowError", "RateLimitException")


if not TYPE_CHECKING:  # checkers see the imports above, and no name besides

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'avow' has no attribute {name!r}")
        module, attribute = _ELSEWHERE.get(name, ("avow.sdk.options", name))
        if name.startswith("UserPassword"):
            module = "avow.sdk.passwords"
        if name.startswith(_ERRORS):
            module = "avow.errors"
        found: object = getattr(import_module(module), attribute)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
