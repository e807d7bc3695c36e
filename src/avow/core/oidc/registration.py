"""What an application that registers itself says, and which settings come of it. No I/O.

It is never trusted: people are asked. Spec: RFC 7591 sections 2 and 3.2.2; OpenID Connect Dynamic Client Registration
1.0 section 2.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import to_builtins
from msgspec.structs import replace

from avow.core.oidc import clients, redirects
from avow.errors import InvalidArgument
from avow.wire.applications import ApplicationSettings, Preset
from avow.wire.oidc import first

__all__ = ["RegistrationFault", "metadata_of", "name_of", "picture_of", "settings_of"]

Metadata = Mapping[str, Sequence[str]]

_METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
_GRANTS: Final = ("authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code")
_ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
_TEXTS: Final = {
    "jwks": "jwks",
    "jwks_uri": "jwks_uri",
    "initiate_login_uri": "initiate_login_uri",
    "backchannel_logout_uri": "backchannel_logout_uri",
    "policy_uri": "policy_uri",
    "tos_uri": "terms_uri",
}
_SWITCHES: Final = {
    "backchannel_logout_session_required": "backchannel_session_required",
    "require_pushed_authorization_requests": "requires_pushed",
    "dpop_bound_access_tokens": "requires_dpop",
}
_DEMANDS: Final = frozenset({"requires_pushed", "requires_dpop"})
_MAX_NAME: Final = 256


class RegistrationFault(ValueError):
    """What an application says of itself cannot be; `error` is the code of it."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error = error


def settings_of(said: Metadata, *, is_open: bool, held: ApplicationSettings | None = None) -> ApplicationSettings:
    """Return the settings of an application that says this of itself.

    Args:
        said: What it says.
        is_open: Development: http is good for every host.
        held: Its settings until now, or None for a new one. What it says nothing about stays as management has set it,
            and it cannot ask less of itself than was asked of it.

    Raises:
        RegistrationFault: It cannot be, or is not supported.
    """
    _require_supported(said)
    method = first(said, "token_endpoint_auth_method") or "client_secret_basic"
    is_native = first(said, "application_type") == "native"
    redirect_uris, grants = said.get("redirect_uris", ()), said.get("grant_types", ()) or ("authorization_code",)
    if "authorization_code" in grants and not redirect_uris:
        raise RegistrationFault("invalid_redirect_uri", "redirect_uris is missing.")
    for uri in redirect_uris:
        if not redirects.is_redirect(uri, takes_schemes=is_native, is_open=is_open):
            raise RegistrationFault("invalid_redirect_uri", f"{uri[:200]!r} cannot be registered.")
    before = _based(held, "native" if is_native else "regular-web")
    changes: dict[str, object] = {
        "redirect_uris": redirect_uris,
        "logout_uris": said.get("post_logout_redirect_uris", ()),
        "grant_types": (
            *(each for each in _GRANTS if each in grants),
            *(each for each in before.grant_types if each not in _GRANTS),
        ),
        "auth_methods": (method,),
        "pkce": "required" if method == "none" else before.pkce,
        "id_token_algorithm": first(said, "id_token_signed_response_alg") or before.id_token_algorithm,
        "userinfo_algorithm": first(said, "userinfo_signed_response_alg") or before.userinfo_algorithm,
        **{ours: first(said, theirs) for theirs, ours in _TEXTS.items()},
        **{ours: first(said, theirs) == "true" for theirs, ours in _SWITCHES.items()},
    }
    changes |= {name: True for name in _DEMANDS if getattr(before, name)}
    try:
        return clients.changed(before, changes, is_open=is_open)
    except InvalidArgument as wrong:
        raise RegistrationFault("invalid_client_metadata", wrong.error_message) from wrong


def name_of(said: Metadata) -> str:
    """Return the name for people; one that says none has the host of its first address.

    Raises:
        RegistrationFault: It has characters that are not seen, or turn others round.
    """
    name = first(said, "client_name").strip()
    if not name.isprintable():
        raise RegistrationFault("invalid_client_metadata", "client_name has characters that cannot be printed.")
    return (name or redirects.origin_of(first(said, "redirect_uris")) or "Application")[:_MAX_NAME]


def picture_of(said: Metadata) -> str:
    """Return the address of the logo, "" for none.

    Raises:
        RegistrationFault: It is no https address.
    """
    logo = first(said, "logo_uri")
    if logo and not (logo.startswith("https://") and redirects.is_redirect(logo, takes_schemes=False, is_open=False)):
        raise RegistrationFault("invalid_client_metadata", "logo_uri is not an https URL.")
    return logo


def metadata_of(settings: ApplicationSettings, name: str, logo: str) -> dict[str, object]:
    """Return what is registered, in the words of the registration. Spec: RFC 7591 section 3.2.1."""
    said = {
        "client_name": name,
        "logo_uri": logo,
        "application_type": "native" if settings.preset == "native" else "web",
        "redirect_uris": settings.redirect_uris,
        "post_logout_redirect_uris": settings.logout_uris,
        "response_types": ["code"] if "authorization_code" in settings.grant_types else [],
        "grant_types": settings.grant_types,
        "token_endpoint_auth_method": settings.auth_methods[0],
        "id_token_signed_response_alg": settings.id_token_algorithm,
        "userinfo_signed_response_alg": settings.userinfo_algorithm,
        "subject_type": "public",
        **{theirs: getattr(settings, ours) for theirs, ours in _TEXTS.items() if theirs != "jwks"},
        **{theirs: getattr(settings, ours) for theirs, ours in _SWITCHES.items()},
    }
    return {name: to_builtins(value) for name, value in said.items() if value not in ("", (), [])}


def _based(held: ApplicationSettings | None, kind: Preset) -> ApplicationSettings:
    """Return the settings that what an application says is laid over."""
    if held is not None:
        return replace(held, preset=kind)
    # Whoever shows a secret or key with the code need not prove more (RFC 9700 section 2.1.1).
    return replace(clients.PRESETS[kind], grant_types=(), pkce="allowed", id_token_has_claims=False)


def _require_supported(said: Metadata) -> None:
    """Refuse what this provider does not do, instead of registering something else.

    Raises:
        RegistrationFault: It asks for such a thing.
    """
    chosen = {
        "token_endpoint_auth_method": _METHODS,
        "id_token_signed_response_alg": _ALGORITHMS,
        "userinfo_signed_response_alg": ("RS256",),
        "subject_type": ("public",),
        "application_type": ("web", "native"),
    }
    for name, values in chosen.items():
        if (given := first(said, name)) and given not in values:
            raise RegistrationFault("invalid_client_metadata", f"{name} {given[:100]!r} is not supported.")
    if set(said.get("response_types", ())) - {"code"}:
        raise RegistrationFault("invalid_client_metadata", "The only response_type is code.")
    if unknown := set(said.get("grant_types", ())) - set(_GRANTS):
        raise RegistrationFault("invalid_client_metadata", f"grant_type {min(unknown)[:100]!r} is not for everybody.")
    if first(said, "jwks") and first(said, "jwks_uri"):
        raise RegistrationFault("invalid_client_metadata", "jwks and jwks_uri exclude each other.")
    is_signing = first(said, "token_endpoint_auth_method") == "private_key_jwt"
    if is_signing and not (first(said, "jwks") or first(said, "jwks_uri")):
        raise RegistrationFault("invalid_client_metadata", "private_key_jwt needs jwks or jwks_uri.")
