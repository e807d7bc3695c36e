"""The conversation with the provider: Authlib's client, with a stricter eye on what comes back.

Authlib makes the authorization request (state, nonce, PKCE) and exchanges the code. What the provider says of itself,
and what its ID tokens are worth, is judged here by the rules of `avow.core.federation`.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import DjangoOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from django.core.signals import setting_changed
from django.views.decorators.debug import sensitive_variables

from avow.clock import system_clock
from avow.core.federation import idtokens
from avow.core.federation.claims import find
from avow.core.federation.keys import ProviderKeys, read_keys
from avow.core.federation.providers import ALGORITHMS
from avow.core.redirects import is_url
from avow.core.tokens.encoding import json_object
from avow.django.oidc import settings
from avow.django.oidc.problems import ANSWER_WRONG, MISCONFIGURED, PROVIDER_AWAY, SignInStopped
from avow.django.shapes import Anything
from avow.errors import SignInRefused

__all__ = ["Metadata", "Provider", "ProviderSession", "provider"]

logger = logging.getLogger("avow.django.oidc")

NAME: Final = "avow_oidc"
# How long what the provider says of itself is believed; a key that is new is asked for at once.
_LIFETIME_SECONDS: Final = 3600
_RETRY_SECONDS: Final = 60  # after a description that could not be had anew
_PAUSE_SECONDS: Final = 30  # between two looks for keys that only strangers name
_DEFAULT_ALGORITHM: Final = "RS256"  # OpenID Connect Core section 2: what a provider has to offer
_RENEWED: Final = ("access_token", "refresh_token", "token_type", "scope", "expires_at", "expires_in")
_ENDPOINTS: Final = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself, checked.

    Attributes:
        document: As it came.
        issuer: What it calls itself.
        algorithms: Those of its ID tokens that we know.
        names_itself: Its answers have to carry `iss`.
        read_at: Seconds since the epoch.
    """

    document: Mapping[str, Any]
    issuer: str
    algorithms: tuple[str, ...]
    names_itself: bool
    read_at: int

    def endpoint(self, name: str) -> str:
        """Return an endpoint, "" where there is none."""
        return str(self.document.get(name) or "")


_App: Any = DjangoOAuth2App  # Authlib ships no types, and those that others made for it leave out what it inherits
_Session: Any = OAuth2Session


class ProviderSession(_Session):  # type: ignore[misc]  # as above
    """Speaks with the provider: every call ends, and none follows a redirect, which could carry a secret elsewhere."""

    def request(self, method: str, url: str, **more: Anything) -> Anything:
        """Send one request."""
        more.setdefault("timeout", settings.load().timeout_seconds)
        return super().request(method, url, **more | {"allow_redirects": False})


class Provider(_App):  # type: ignore[misc]  # as above
    """The provider of this project, as Authlib's client."""

    client_cls = ProviderSession

    _metadata: Metadata | None = None
    _failed_at = 0
    _keys: tuple[int, ProviderKeys] | None = None
    _keys_asked_at = 0

    # --- What it says of itself ---

    @property
    def metadata(self) -> Metadata:
        """Return what the provider says of itself, at most an hour old; older while it cannot be had anew.

        Raises:
            SignInStopped: It cannot be reached, or says what cannot be true.
        """
        known = self._metadata
        now = system_clock()
        if known is not None and (now - known.read_at < _LIFETIME_SECONDS or now - self._failed_at < _RETRY_SECONDS):
            return known
        try:
            self._metadata = _read_metadata(self._fetch(settings.load().described_at))
        except SignInStopped as stopped:
            if known is None or stopped.problem is not PROVIDER_AWAY:
                raise
            self._failed_at = system_clock()  # not for every request to wait for it
            logger.warning("The provider does not describe itself anew: %s", stopped)
            return known
        return self._metadata

    def load_server_metadata(self) -> Mapping[str, Any]:
        """Return what Authlib needs to know, and no more: it takes other members for options, `verify` among them."""
        found = {name: self.metadata.endpoint(name) for name in ("authorization_endpoint", "token_endpoint")}
        methods = self.metadata.document.get("token_endpoint_auth_methods_supported")
        only_post = (
            isinstance(methods, list) and "client_secret_post" in methods and "client_secret_basic" not in methods
        )
        if only_post and self.client_secret and not settings.load().client_auth:
            found["token_endpoint_auth_method"] = "client_secret_post"
        return found

    def keys_for(self, token: idtokens.IdToken, *, is_of_stranger: bool = False) -> ProviderKeys:
        """Return the keys for a token; asked for anew when they are old, or lack the one that it names.

        Args:
            token: Not verified yet.
            is_of_stranger: Anybody may have sent it, not the provider alone: at most every half a minute it is a
                reason to ask.

        Raises:
            SignInStopped: They cannot be had.
        """
        known, now = self._keys, system_clock()
        if known and now - known[0] < _LIFETIME_SECONDS and known[1].find(token.algorithm, token.kid):
            return known[1]
        if is_of_stranger and now - self._keys_asked_at < _PAUSE_SECONDS:
            if known is None:
                raise SignInStopped(PROVIDER_AWAY, "the provider's keys could not be had a moment ago")
            return known[1]
        self._keys_asked_at = now
        body = self._fetch(self.metadata.endpoint("jwks_uri"))
        try:
            found = read_keys(body)
        except ValueError as error:
            raise SignInStopped(MISCONFIGURED, f"the provider's keys: {error}") from error
        self._keys = (now, found)
        return found

    # --- What it says of people ---

    @sensitive_variables()
    def exchange(self, **grant: Anything) -> dict[str, Any]:
        """Return the tokens for a code.

        Raises:
            SignInStopped: The provider refuses the code, or us, or cannot be reached.
        """
        try:
            answer: Any = self.fetch_access_token(**grant)
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            raise _stopped(error) from error
        if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
            raise SignInStopped(MISCONFIGURED, "the provider answers no ID token: does the scope name openid?")
        return dict(answer)

    @sensitive_variables()
    def refresh(self, refresh_token: str) -> dict[str, Any] | None:
        """Return the tokens for a refresh token, None when the provider refuses it.

        Raises:
            SignInStopped: The provider refuses us, or cannot be reached.
        """
        options = {**self.client_kwargs, **self.load_server_metadata()}
        try:
            with ProviderSession(self.client_id, self.client_secret, **options) as client:
                client.token = {"refresh_token": refresh_token}
                answer: Any = client.refresh_token(scope=None)  # the one that was granted
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            stopped = _stopped(error)
            if stopped.problem is ANSWER_WRONG:
                return None
            raise stopped from error
        return {name: answer[name] for name in _RENEWED if name in answer}

    @sensitive_variables()
    def claims_of(self, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that holds.

        Raises:
            SignInStopped: It does not.

        Spec: OpenID Connect Core 1.0 section 3.1.3.7.
        """
        metadata = self.metadata
        expected = idtokens.ExpectedIdToken(
            issuer=metadata.issuer,
            client_id=self.client_id,
            nonce=nonce,
            algorithms=metadata.algorithms,
            access_token=str(tokens.get("access_token") or ""),
        )
        try:
            token = idtokens.parse(tokens["id_token"])
            return dict(idtokens.verify(token, self.keys_for(token), expected, system_clock()))
        except SignInRefused as refused:
            raise SignInStopped(ANSWER_WRONG, refused.detail) from refused

    @sensitive_variables()
    def userinfo_of(self, tokens: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return the claims of the ID token, and beside them those of the user endpoint where that is to be asked.

        Raises:
            SignInStopped: The provider cannot be reached, or answers for somebody else.

        Spec: OpenID Connect Core 1.0 section 5.3.2 (the subjects must be the same) and 5.4.
        """
        url, asks = self.metadata.endpoint("userinfo_endpoint"), settings.load().userinfo
        if not url or asks == "never" or (asks == "auto" and not _lacks(claims)):
            return dict(claims)
        try:
            found = json_object(self._fetch(url, token=str(tokens.get("access_token") or "")))
        except ValueError as error:  # signed answers, which nobody asked for
            raise SignInStopped(ANSWER_WRONG, f"user endpoint: {error}") from error
        except SignInStopped as stopped:
            if asks == "always" or stopped.problem is PROVIDER_AWAY:
                raise
            # Many refuse a token there that is for another API; what the ID token says will have to do.
            logger.info("The user endpoint refuses the access token: %s", stopped)
            return dict(claims)
        if found.get("sub") != claims["sub"]:
            raise SignInStopped(ANSWER_WRONG, "user endpoint: of somebody else")
        return {**found, **claims}

    @sensitive_variables()
    def _fetch(self, url: str, token: str = "") -> bytes:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            with ProviderSession() as session:
                answer = session.request("GET", url, withhold_token=True, headers=headers)
        except requests.RequestException as error:
            raise SignInStopped(PROVIDER_AWAY, repr(error)) from error
        if answer.status_code != 200:
            problem = PROVIDER_AWAY if answer.status_code >= 500 or answer.status_code == 429 else MISCONFIGURED
            raise SignInStopped(problem, f"{url} answers {answer.status_code}")
        body: bytes = answer.content
        return body


@cache
def provider() -> Provider:
    """Return the provider of this project."""
    said = settings.load()
    arguments: dict[str, Any] = {"scope": said.scope, "code_challenge_method": "S256"}
    if said.client_auth:
        arguments["token_endpoint_auth_method"] = said.client_auth
    made: Provider = OAuth().register(
        NAME,
        client_cls=Provider,
        client_id=said.client_id,
        client_secret=said.client_secret or None,
        client_kwargs=arguments,
    )
    return made


def _read_metadata(body: bytes) -> Metadata:
    """Check what a provider says of itself.

    Raises:
        SignInStopped: It is of another issuer, or names endpoints that cannot be.

    Spec: OpenID Connect Discovery 1.0 section 4.3. Of the slash at the end of an issuer the provider decides: its ID
    tokens then have to say the same, character by character.
    """
    said = settings.load()
    try:
        found = json_object(body)
    except ValueError as error:
        raise SignInStopped(MISCONFIGURED, f"{said.described_at} is no description of a provider") from error
    issuer = found.get("issuer")
    if not isinstance(issuer, str) or issuer.removesuffix("/") != said.issuer.removesuffix("/"):
        raise SignInStopped(MISCONFIGURED, f"the provider calls itself {str(issuer)[:200]!r}: set it as the issuer")
    for name in _ENDPOINTS:
        url = found.get(name, "" if name in _ENDPOINTS[3:] else None)
        is_right = isinstance(url, str) and (url == "" or (is_url(url) and _is_safe(url)))
        if not is_right or (url == "" and name in _ENDPOINTS[:3]):
            raise SignInStopped(MISCONFIGURED, f"the provider names no {name} that could be: {str(url)[:200]!r}")
    listed = found.get("id_token_signing_alg_values_supported")
    algorithms = tuple(each for each in ALGORITHMS if isinstance(listed, list) and each in listed)
    names_itself = found.get("authorization_response_iss_parameter_supported") is True
    return Metadata(found, issuer, algorithms or (_DEFAULT_ALGORITHM,), names_itself, system_clock())


def _stopped(error: Exception) -> SignInStopped:
    """Return what an error at the token endpoint means: a grant that counts no more, our own fault, or its own."""
    refusal = getattr(error, "error", None) if isinstance(error, AuthlibBaseError) else None
    if not isinstance(refusal, str):
        return SignInStopped(PROVIDER_AWAY, repr(error)[:500])
    return SignInStopped(
        ANSWER_WRONG if refusal == "invalid_grant" else MISCONFIGURED, f"token endpoint: {refusal[:200]}"
    )


def _is_safe(url: str) -> bool:
    return url.startswith("https://") or settings.is_local(url)


def _lacks(claims: Mapping[str, Any]) -> bool:
    """Tell whether an ID token leaves out what was asked for: many providers say it at the user endpoint only."""
    said = settings.load()
    wanted = {"email": "email", "profile": "name"}
    scopes = said.scope.split()
    return any(claim not in claims for scope, claim in wanted.items() if scope in scopes) or bool(
        said.roles_claim and find(claims, said.roles_claim) is None
    )


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("AVOW_OIDC", "AUTH0_")):
        provider.cache_clear()


setting_changed.connect(_forget, dispatch_uid="avow.django.oidc.provider")
