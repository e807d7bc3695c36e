"""Clients of the provider: what an application is to it, its presets, and whether its settings hold together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from avow import shaping
from avow.core.federation.keys import read_keys
from avow.core.oidc import redirects
from avow.errors import InvalidArgument
from avow.wire.applications import ApplicationSettings, Preset
from avow.wire.thirdparty import ThirdPartySettings

__all__ = ["OTHERS", "PRESETS", "Api", "Client", "changed", "preset"]

Settings = TypeVar("Settings", bound=ApplicationSettings)

_CODE: Final = ("authorization_code", "refresh_token")
_NAMES: Final = {each.encode_name: each.name for each in msgspec.structs.fields(ApplicationSettings)}

PRESETS: Final[Mapping[Preset, ApplicationSettings]] = MappingProxyType(
    {
        # As Auth0's regular web applications: they send no PKCE, and read the ID token instead of asking for more.
        "regular-web": ApplicationSettings(
            preset="regular-web", grant_types=_CODE, pkce="allowed", updated_at="text", rotates=True
        ),
        "spa": ApplicationSettings(preset="spa", grant_types=_CODE, auth_methods=("none",)),
        "native": ApplicationSettings(preset="native", grant_types=_CODE, auth_methods=("none",)),
        "machine": ApplicationSettings(preset="machine", grant_types=("client_credentials",)),
    }
)
OTHERS: Final = ThirdPartySettings(preset="regular-web", pkce="required")  # applications of others as they are made


@dataclass(frozen=True, slots=True)
class Api:
    """An API as tokens for it are judged.

    Attributes:
        identifier: Its audience.
        lifetime_seconds: Of access tokens.
        algorithm: Of access tokens.
        has_rbac: Tokens say the user's permissions.
        allows_offline: Refresh tokens are given for it.
        scopes: What it knows.
        name: For people, or "".
        descriptions: Of its scopes, for people; those that have one.
    """

    identifier: str
    lifetime_seconds: int = 86_400
    algorithm: str = "RS256"
    has_rbac: bool = False
    allows_offline: bool = True
    scopes: frozenset[str] = frozenset()
    name: str = ""
    descriptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Client:
    """A client: an application as the provider judges its requests.

    Attributes:
        id: The client_id.
        name: For people.
        logo: URL of a picture, or "".
        is_enabled: It can be used.
        is_trusted: Nobody is asked for consent.
        forces_authentication: Everybody signs in anew for it.
        login_page_url: A sign-in page of its own, or "".
        settings: See there.
        machine_scopes: What it may do in its own name, by audience.
        is_published: It says itself what it is, in a document at the address that is its id.
    """

    id: str
    name: str = ""
    logo: str = ""
    is_enabled: bool = True
    is_trusted: bool = False
    forces_authentication: bool = False
    login_page_url: str = ""
    settings: ApplicationSettings = field(default_factory=ApplicationSettings)
    machine_scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_published: bool = False

    @property
    def is_public(self) -> bool:
        """Tell whether it cannot keep a secret."""
        return self.settings.auth_methods == ("none",)


def preset(name: Preset, changes: Mapping[str, object] | None, *, is_open: bool) -> ApplicationSettings:
    """Return the settings of a new application.

    Args:
        name: The preset.
        changes: What differs from it, by name on the wire or in Python.
        is_open: Development: http is good for every host.

    Raises:
        InvalidArgument: A name is unknown, or a value cannot be.
    """
    return changed(PRESETS[name], changes or {}, is_open=is_open)


def changed(settings: Settings, changes: Mapping[str, object], *, is_open: bool) -> Settings:
    """Return settings with changes; None puts one back to what new ones have. Arguments and errors as `preset`."""
    base = OTHERS if isinstance(settings, ThirdPartySettings) else PRESETS[settings.preset]
    values: dict[str, Any] = msgspec.to_builtins(settings)
    for given, value in changes.items():
        name = given if given in _NAMES else next((wire for wire, own in _NAMES.items() if own == given), "")
        if not name or name == "preset":
            raise InvalidArgument(error_message=f"There is no application setting {given[:100]!r} to change.")
        values[name] = msgspec.to_builtins(getattr(base, _NAMES[name])) if value is None else value
    try:
        made = shaping.convert(values, type(settings))
    except msgspec.ValidationError as wrong:
        raise InvalidArgument(error_message=f"An application setting is not valid: {wrong}.") from wrong
    _check(made, is_open=is_open)
    return made


def _check(settings: ApplicationSettings, *, is_open: bool) -> None:
    is_native = settings.preset == "native"
    for uri in (*settings.redirect_uris, *settings.logout_uris):
        if not redirects.is_redirect(uri, takes_schemes=is_native, is_open=is_open):
            raise InvalidArgument(error_message=f"{uri[:200]!r} is no address that a browser may be sent back to.")
    for origin in settings.web_origins:
        if not redirects.is_origin(origin):
            raise InvalidArgument(error_message=f"{origin[:200]!r} is not an origin such as https://app.example.com.")
    for url in _urls(settings):
        if url and not redirects.is_redirect(url, takes_schemes=False, is_open=is_open):
            raise InvalidArgument(error_message=f"{url[:200]!r} is not an https URL.")
    methods = set(settings.auth_methods)
    if not methods or ("none" in methods and len(methods) > 1):
        raise InvalidArgument(error_message="authMethods names either none, or ways to show a secret or key.")
    if "none" in methods and "client_credentials" in settings.grant_types:
        raise InvalidArgument(error_message="An application that is public has no client_credentials.")
    if "none" in methods and settings.pkce != "required":
        raise InvalidArgument(error_message="An application that is public needs PKCE.")
    if settings.jwks:
        try:
            read_keys(settings.jwks.encode())
        except ValueError as wrong:
            raise InvalidArgument(error_message="jwks is not a key set.") from wrong


def _urls(settings: ApplicationSettings) -> tuple[str, ...]:
    return (
        settings.initiate_login_uri,
        settings.jwks_uri,
        settings.backchannel_logout_uri,
        settings.policy_uri,
        settings.terms_uri,
    )
