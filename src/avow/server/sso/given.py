"""From what an administrator writes down to what is stored: checked, and no I/O. Nothing is fetched from an address."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from avow.core import certificates, redirects
from avow.errors import InvalidArgument, MissingArgument
from avow.server.sso.stored import SAML_ATTRIBUTES, Oidc, Saml
from avow.wire.sso import GivenAttributes, GivenFgaMapping, GivenOidc, GivenSaml, GivenSamlByMetadata
from avow.wire.ssosettings import Attributes, FgaMapping, FgaRelation, OidcAttributes

__all__ = ["attributes", "fga", "oidc", "saml", "saml_by_metadata", "url"]

Filled = TypeVar("Filled", Attributes, OidcAttributes, FgaRelation)

_GRANT_TYPES = ("authorization_code", "implicit")


def saml(given: GivenSaml, redirect_url: str) -> Saml:
    """Return an identity provider that is written out.

    Raises:
        MissingArgument: Its address, name or certificate is missing.
        InvalidArgument: An address or a certificate is none.
    """
    if not (given.idp_url and given.entity_id and given.idp_cert):
        raise MissingArgument(error_message="idpUrl, entityId and idpCert say what the identity provider is.")
    further = tuple(certificates.checked(each) for each in given.idp_additional_certs or () if each.strip())
    found = Saml(
        sso_url=url("idpUrl", given.idp_url),
        entity_id=given.entity_id,
        certificates=(certificates.checked(given.idp_cert), *further),
        redirect_url=redirect_url,
    )
    return _with_own(found, given)


def saml_by_metadata(given: GivenSamlByMetadata, redirect_url: str) -> Saml:
    """Return an identity provider by the address of its metadata, which is read when somebody signs in.

    Raises:
        MissingArgument: The address is missing.
        InvalidArgument: An address is none.
    """
    if not given.idp_metadata_url:
        raise MissingArgument(error_message="idpMetadataUrl says where the identity provider describes itself.")
    found = Saml(
        metadata_url=url("idpMetadataUrl", given.idp_metadata_url),
        entity_id=given.entity_id or "",
        redirect_url=redirect_url,
    )
    return _with_own(found, given)


def oidc(given: GivenOidc, before: Oidc) -> Oidc:
    """Return an OpenID provider.

    Raises:
        MissingArgument: Its name or the client is missing.
        InvalidArgument: An address is none, or the grant type is not one of the two.
    """
    if not (given.name and given.client_id):
        raise MissingArgument(error_message="name and clientId say what the provider is, and who we are there.")
    grant_type = given.grant_type or _GRANT_TYPES[0]
    use_pkce = before.use_pkce if given.use_pkce is None else given.use_pkce
    if grant_type not in _GRANT_TYPES:
        raise InvalidArgument(error_message=f"grantType is one of {', '.join(_GRANT_TYPES)}.")
    if use_pkce and grant_type == "implicit":
        raise InvalidArgument(error_message="PKCE has no place in the grant type implicit.")
    _check_host(given.callback_domain or "")
    return Oidc(
        name=given.name,
        client_id=given.client_id,
        redirect_url=url("redirectUrl", given.redirect_url),
        auth_url=url("authUrl", given.auth_url),
        token_url=url("tokenUrl", given.token_url),
        user_data_url=url("userDataUrl", given.user_data_url),
        scope=given.scope or (),
        jwks_url=url("JWKsUrl", given.jwks_url),
        attributes=_filled(given.user_attr_mapping, OidcAttributes) if given.user_attr_mapping else Oidc().attributes,
        are_tokens_kept=bool(given.are_tokens_kept),
        callback_domain=given.callback_domain or "",
        prompt=given.prompt or (),
        grant_type=grant_type,
        issuer=url("issuer", given.issuer),
        use_pkce=use_pkce,
    )


def attributes(given: GivenAttributes | None) -> Attributes:
    """Return which attribute fills which field; none given, the usual ones."""
    return SAML_ATTRIBUTES if given is None else _filled(given, Attributes)


def fga(given: Mapping[str, GivenFgaMapping | None]) -> dict[str, FgaMapping]:
    """Return what relations groups would give."""
    return {
        group: FgaMapping(relations=tuple(_filled(each, FgaRelation) for each in (mapping and mapping.relations) or ()))
        for group, mapping in given.items()
    }


def url(name: str, value: str | None) -> str:
    """Return an address as it was given, "" for none.

    Raises:
        InvalidArgument: It is no absolute http or https URL, or can be read in two ways.
    """
    if value and not redirects.is_url(value):
        raise InvalidArgument(error_message=f"{name} has to be a plain absolute http or https URL.")
    return value or ""


def _check_host(name: str) -> None:
    if name and (set(name) & set("/?#") or not redirects.is_url(f"https://{name}")):
        raise InvalidArgument(error_message="callbackDomain is not the name of a host.")


def _with_own(found: Saml, given: GivenSaml | GivenSamlByMetadata) -> Saml:
    """Return it with what both ways of SAML share."""
    return msgspec.structs.replace(
        found,
        sp_acs_url=url("spACSUrl", given.sp_acs_url),
        sp_entity_id=given.sp_entity_id or "",
        attributes=attributes(given.attribute_mapping),
        fga_prefix=given.config_fga_prefix or "",
        fga_suffix=given.config_fga_suffix or "",
        leaves_requests_unsigned=bool(given.disable_sign_request),
        takes_unsolicited=bool(given.allow_idp_initiated),
    )


def _filled(given: msgspec.Struct, shape: type[Filled]) -> Filled:
    """Return a shape with the fields that are given."""
    values = {name: getattr(given, name) for name in shape.__struct_fields__}
    return shape(**{name: value for name, value in values.items() if value is not None})
