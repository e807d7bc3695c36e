"""The person, as answers show them and as a sign-up names them."""

from msgspec import UNSET, UnsetType, field

from avow.wire.bounds import Name, Text
from avow.wire.endpoint import Shape

__all__ = ["ENDPOINTS", "SignUpUser", "UserResponse", "UserTenant"]


class UserTenant(Shape, frozen=True, kw_only=True):
    """A tenant the user belongs to, and what they may do in it."""

    tenant_id: str
    tenant_name: str = ""
    role_names: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


class UserResponse(Shape, frozen=True, kw_only=True):
    """A user, as every answer shows them.

    Attributes:
        login_ids: What they sign in with.
        user_id: `U...`, the subject of their tokens.
        name: Name to show.
        given_name: First name.
        middle_name: Middle name.
        family_name: Last name.
        email: E-mail address as typed.
        phone: Phone number in E.164.
        verified_email: A code or link that was sent to `email` came back.
        verified_phone: A code or link that was sent to `phone` came back.
        role_names: Roles in the project.
        user_tenants: Tenants with the roles there.
        status: `enabled`, `disabled`, `invited` or `expired`.
        external_ids: Their ids in other systems.
        picture: URL of a picture.
        test: A test user, whose codes the management API reads.
        custom_attributes: Values of the project's own attributes.
        created_time: When they were created, seconds since the epoch.
        modified_time: When they were last changed, seconds since the epoch.
        totp: They have an authenticator app.
        saml: They have signed in through SAML.
        oidc: They have signed in through OpenID Connect.
        scim: They are provisioned through SCIM.
        oauth: By social provider: they have signed in through it.
        webauthn: They have a passkey.
        push: They have a device for push notifications.
        password: They have a password.
        sso_app_ids: Applications that they may reach through us, none for all; only management answers show it.
        editable: The caller may change them.
        permissions: Permissions in the project, through the roles.
        recovery_email: Address for account recovery; only management answers show it.
        recovery_phone: Number for account recovery; only management answers show it.
    """

    login_ids: tuple[str, ...]
    user_id: str
    name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    verified_email: bool = False
    verified_phone: bool = False
    role_names: tuple[str, ...] = ()
    user_tenants: tuple[UserTenant, ...] = ()
    status: str = "enabled"
    external_ids: tuple[str, ...] = ()
    picture: str = ""
    test: bool = False
    custom_attributes: dict[str, object] = {}
    created_time: int = 0
    modified_time: int = 0
    totp: bool = field(default=False, name="TOTP")
    saml: bool = field(default=False, name="SAML")
    oidc: bool = field(default=False, name="OIDC")
    scim: bool = field(default=False, name="SCIM")
    oauth: dict[str, bool] = field(default_factory=dict, name="OAuth")
    webauthn: bool = False
    push: bool = False
    password: bool = False
    sso_app_ids: tuple[str, ...] = ()
    editable: bool = True
    permissions: tuple[str, ...] = ()
    recovery_email: str | UnsetType = UNSET
    recovery_phone: str | UnsetType = UNSET


class SignUpUser(Shape, frozen=True, kw_only=True):
    """What a sign-up says about the person; the address among it is where the code or link goes.

    Attributes:
        name: Name to show.
        given_name: First name.
        middle_name: Middle name.
        family_name: Last name.
        email: E-mail address.
        phone: Phone number.
    """

    name: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    email: Text | None = None
    phone: Text | None = None


ENDPOINTS = ()
