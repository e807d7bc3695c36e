"""What a configuration is while it is stored: JSON without secrets, roles by id."""

import hashlib
from typing import Final

import msgspec

from avow import shaping
from avow.wire.ssosettings import Attributes, FgaMapping, OidcAttributes
from avow.wire.xaa import Trust

__all__ = ["SAML_ATTRIBUTES", "GroupsRole", "Mappings", "Oidc", "Saml", "Settings", "Xaa", "decoded", "encoded"]

SAML_ATTRIBUTES: Final = Attributes(name="name", email="email", phone_number="phone")
_OIDC_ATTRIBUTES: Final = OidcAttributes(
    login_id="sub",
    name="name",
    given_name="given_name",
    middle_name="middle_name",
    family_name="family_name",
    email="email",
    verified_email="email_verified",
    phone_number="phone_number",
    verified_phone="phone_number_verified",
    picture="picture",
)


class GroupsRole(msgspec.Struct, frozen=True, kw_only=True):
    """Groups, and the role that their members hold."""

    role_id: str
    groups: tuple[str, ...]


class Mappings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What both halves of a configuration share.

    Attributes:
        roles: Roles that groups give.
        default_roles: Ids of the roles of everybody who signs in here.
        groups_priority: Groups, the most important first.
        fga: By group; kept and shown.
    """

    roles: tuple[GroupsRole, ...] = ()
    default_roles: tuple[str, ...] = ()
    groups_priority: tuple[str, ...] = ()
    fga: dict[str, FgaMapping] = {}


class Saml(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A SAML identity provider; either its metadata has an address, or it is written out.

    `takes_unsolicited` says that people may come from there whom nobody sent (IdP-initiated).
    """

    metadata_url: str = ""
    sso_url: str = ""
    entity_id: str = ""
    certificates: tuple[str, ...] = ()
    sp_acs_url: str = ""
    sp_entity_id: str = ""
    attributes: Attributes = SAML_ATTRIBUTES
    redirect_url: str = ""
    fga_prefix: str = ""
    fga_suffix: str = ""
    leaves_requests_unsigned: bool = False
    takes_unsolicited: bool = False

    @property
    def is_set(self) -> bool:
        """Tell whether there is an identity provider."""
        return bool(self.metadata_url or self.sso_url)


class Oidc(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An OpenID provider; fields as in `wire.sso.OidcSettings`."""

    name: str = ""
    client_id: str = ""
    redirect_url: str = ""
    auth_url: str = ""
    token_url: str = ""
    user_data_url: str = ""
    scope: tuple[str, ...] = ()
    jwks_url: str = ""
    attributes: OidcAttributes = _OIDC_ATTRIBUTES
    are_tokens_kept: bool = False
    callback_domain: str = ""
    prompt: tuple[str, ...] = ()
    grant_type: str = "authorization_code"
    issuer: str = ""
    use_pkce: bool = False

    @property
    def is_set(self) -> bool:
        """Tell whether there is a provider."""
        return bool(self.client_id)

    @property
    def secret_goes_to(self) -> tuple[str, str, str]:
        """Return whose the client secret is, and where it is sent."""
        return self.client_id, self.token_url, self.issuer


class Xaa(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose ID-JAG tokens are trusted; fields as in `wire.xaa.XaaSettings`."""

    is_enabled: bool = False
    trust: Trust = Trust()
    ranks_groups: bool = False
    overrides_roles: bool = False
    provider_id: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Both halves of a configuration, of which its kind says which one counts, and what it trusts besides."""

    saml: Saml = Saml()
    oidc: Oidc = Oidc()
    xaa: Xaa = Xaa()
    mappings: Mappings = Mappings()

    @property
    def provider_digest(self) -> str:
        """Return what tells one identity provider from another: its names, addresses and keys, and who we are there."""
        saml, oidc = self.saml, self.oidc
        told = (saml.metadata_url, saml.sso_url, saml.entity_id, saml.certificates, saml.sp_acs_url, saml.sp_entity_id)
        addresses = (oidc.auth_url, oidc.token_url, oidc.user_data_url, oidc.jwks_url)
        said = msgspec.json.encode((*told, oidc.issuer, oidc.client_id, *addresses))
        return hashlib.sha256(said).hexdigest()[:32]


def encoded(settings: Settings) -> str:
    """Return settings as the database keeps them."""
    return msgspec.json.encode(settings).decode()


def decoded(text: str) -> Settings:
    """Return settings as they were kept."""
    return shaping.decode(text, Settings)
