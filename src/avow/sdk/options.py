"""What callers hand to the SDK besides plain text: delivery methods, options, mappings; and the contract's names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

__all__ = [
    "COOKIE_DATA_NAME",
    "REFRESH_SESSION_COOKIE_NAME",
    "REFRESH_SESSION_TOKEN_NAME",
    "SESSION_COOKIE_NAME",
    "SESSION_TOKEN_NAME",
    "TRUSTED_DEVICE_COOKIE_NAME",
    "AccessKeyLoginOptions",
    "AssociatedFamily",
    "AssociatedTenant",
    "AttributeMapping",
    "DeliveryMethod",
    "FlowRunOptions",
    "LoginOptions",
    "MgmtKeyProjectRole",
    "MgmtKeyReBac",
    "MgmtKeyStatus",
    "MgmtKeyTagRole",
    "MgmtLoginOptions",
    "MgmtSignUpOptions",
    "MgmtUserRequest",
    "RoleMapping",
    "SignUpOptions",
]

SESSION_COOKIE_NAME: Final = "DS"
REFRESH_SESSION_COOKIE_NAME: Final = "DSR"
SESSION_TOKEN_NAME: Final = "sessionToken"
REFRESH_SESSION_TOKEN_NAME: Final = "refreshSessionToken"
TRUSTED_DEVICE_COOKIE_NAME: Final = "DTD"
COOKIE_DATA_NAME: Final = "cookieData"


class DeliveryMethod(Enum):
    """How a code or link travels. EMBEDDED is generated for the caller and not sent."""

    WHATSAPP = 1
    SMS = 2
    EMAIL = 3
    EMBEDDED = 4
    VOICE = 5


@dataclass(frozen=True, slots=True)
class LoginOptions:
    """Options of one sign-in.

    Attributes:
        stepup: Ask for a stronger proof within a live session; needs its refresh token.
        mfa: Add this method to those of a live session; needs its refresh token.
        revoke_other_sessions: End the user's other sessions.
        custom_claims: Claims for the tokens; from an unauthenticated caller they appear under `nsec`.
        template_options: Values for the message template.
        template_id: Message template instead of the default.
        locale: Language of the message, as a BCP 47 tag.
    """

    stepup: bool = False
    mfa: bool = False
    revoke_other_sessions: bool | None = None
    custom_claims: Mapping[str, object] | None = None
    template_options: Mapping[str, str] | None = None
    template_id: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class SignUpOptions:
    """Options of one sign-up; as the fields of `LoginOptions`."""

    revoke_other_sessions: bool | None = None
    custom_claims: Mapping[str, object] | None = None
    template_options: Mapping[str, str] | None = None
    template_id: str | None = None


@dataclass(frozen=True, slots=True)
class MgmtLoginOptions:
    """Options of a sign-in that a back end vouches for.

    Attributes:
        stepup: The user has proven themselves anew within the session of `jwt`.
        mfa: They have shown a further factor within it.
        revoke_other_sessions: End their other sessions.
        custom_claims: Claims for the tokens, at their top level.
        jwt: A session or refresh token of their live session.
        refresh_duration: Seconds that the session lives, if less than the project's sessions do.
    """

    stepup: bool = False
    mfa: bool = False
    revoke_other_sessions: bool | None = None
    custom_claims: Mapping[str, object] | None = None
    jwt: str | None = field(default=None, repr=False)
    refresh_duration: int | None = None


@dataclass(frozen=True, slots=True)
class MgmtSignUpOptions:
    """Options of a sign-up that a back end vouches for; as the fields of `MgmtLoginOptions`."""

    custom_claims: Mapping[str, object] | None = None
    refresh_duration: int | None = None


@dataclass(frozen=True, slots=True)
class MgmtUserRequest:
    """What a back end knows of somebody who signs up; an address is verified only if it says so."""

    name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    phone: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    phone_verified: bool | None = None
    sso_app_id: str | None = None


@dataclass(frozen=True, slots=True)
class AccessKeyLoginOptions:
    """Options of one exchange of an access key.

    Attributes:
        custom_claims: Claims for the token, under `nsec`.
        selected_tenant: A tenant of the key, which the token names as `dct`.
    """

    custom_claims: Mapping[str, object] | None = None
    selected_tenant: str | None = None


@dataclass(frozen=True, slots=True)
class AssociatedFamily:
    """A family that a user belongs to, for code of the official SDK: the server does not support families yet (501)."""

    family_id: str
    role_names: Sequence[str] | None = None
    family_scoped_attributes: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AssociatedTenant:
    """A tenant that a user or access key belongs to, and the roles held in it."""

    tenant_id: str
    role_names: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class FlowRunOptions:
    """What a flow is run with.

    Attributes:
        flow_input: Values that its acts take, by name.
        preview: Accepted and ignored.
        tenant: Whose it is.
    """

    flow_input: Mapping[str, Any] | None = None
    preview: bool | None = None
    tenant: str | None = None


class MgmtKeyStatus(Enum):
    """Whether a management key counts."""

    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class MgmtKeyProjectRole:
    """Roles of a management key: `full access`, `read only`, or rights such as `user:read` and `user:write`."""

    project_ids: Sequence[str]
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class MgmtKeyTagRole:
    """Roles in the projects that carry a tag; a server of Avow refuses them, for it has no such tags."""

    tags: Sequence[str]
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class MgmtKeyReBac:
    """What a management key may do: the roles in its own project; a server of Avow refuses the other two."""

    company_roles: Sequence[str] | None = None
    project_roles: Sequence[MgmtKeyProjectRole] | None = None
    tag_roles: Sequence[MgmtKeyTagRole] | None = None


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """Groups of an identity provider that give a role."""

    groups: Sequence[str]
    role_name: str


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """Which attribute of an identity provider fills which attribute of a user."""

    name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    group: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    custom_attributes: Mapping[str, str] | None = None
