"""Management calls of social providers."""

from collections.abc import Mapping
from typing import TypedDict

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, shaped, text_of
from avow.wire import providers
from avow.wire.endpoint import Nothing

__all__ = ["Provider", "ProviderAnswer", "Providers", "delete", "load", "load_all", "save"]


class Provider(TypedDict):
    """A provider without its secret; `redirectUri` is what has to be registered there."""

    name: str
    kind: str
    protocol: str
    clientId: str
    displayName: str
    isEnabled: bool
    redirectUri: str
    isSecretKept: bool
    issuer: str
    discoveryUrl: str
    authorizationUrl: str
    tokenUrl: str
    userUrl: str
    emailsUrl: str
    keysUrl: str
    hosts: list[str]
    scopes: list[str]
    clientAuth: str
    keyId: str
    teamId: str
    usesPkce: bool
    parameters: dict[str, str]
    claims: dict[str, str]
    trustedDomains: list[str]
    areTokensKept: bool
    mayCreate: bool
    mayConnect: bool
    createdTime: int


class ProviderAnswer(TypedDict):
    """One provider."""

    provider: Provider


class Providers(TypedDict):
    """Every provider, by name."""

    providers: list[Provider]


def save(name: str, values: Mapping[str, object]) -> Call[ProviderAnswer]:
    """Return the call that sets a provider up.

    Args:
        name: What `oauth.start` calls it.
        values: Fields of the body by their names on the wire; None for those that are not given.
    """
    body = shaped({"name": text_of("name", name), **values}, providers.SaveProvider)
    return call(providers.SAVE, body, as_is(ProviderAnswer))


def load(name: str) -> Call[ProviderAnswer]:
    """Return the call for one."""
    return call(providers.LOAD, _reference(name), as_is(ProviderAnswer))


def load_all() -> Call[Providers]:
    """Return the call for all of them."""
    return call(providers.LOAD_ALL, Nothing(), as_is(Providers))


def delete(name: str) -> Call[None]:
    """Return the call that deletes one."""
    return call(providers.DELETE, _reference(name), ignored)


def _reference(name: str) -> providers.ProviderRef:
    return shaped({"name": text_of("name", name)}, providers.ProviderRef)
