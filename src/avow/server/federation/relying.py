"""The round trips of a sign-in at an OpenID or OAuth provider: no transaction is open meanwhile.

What is kept of a provider: its discovery document for an hour and its keys for an hour, both for a day longer while no
newer ones can be had. A token signed by a key that is not among them has the keys fetched once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from avow.core.federation import answers, idtokens, requests
from avow.core.federation.answers import Tokens
from avow.core.federation.claims import lacks, person_of
from avow.core.federation.idtokens import ExpectedIdToken, IdToken
from avow.core.federation.keys import ProviderKeys, read_keys
from avow.core.federation.people import Person
from avow.core.federation.providers import Endpoints, Provider, read_discovery, resolve
from avow.core.federation.requests import Request
from avow.errors import SignInRefused
from avow.server.federation.actions import Arrival
from avow.server.outgoing import Answered, Document, OutgoingCall
from avow.server.serving import Steps, obtain, send

__all__ = ["Proven", "endpoints_of", "prove"]

FRESH_SECONDS: Final = 3_600
STALE_SECONDS: Final = 86_400
_KEYS_ACCEPT: Final = "application/json, application/jwk-set+json"


@dataclass(frozen=True, slots=True)
class Proven:
    """Whom a provider vouches for, and what it gave for its own API."""

    person: Person
    tokens: Tokens = field(repr=False)


def endpoints_of(provider: Provider) -> Steps[Endpoints]:
    """Return where a sign-in at a provider goes, asking the provider where that was not set up.

    Raises:
        FetchFailed: It does not say.
        SignInRefused: It says something that does not count.
    """
    if not provider.needs_discovery:
        return resolve(provider, None)
    described = Document(
        provider.described_at,
        "discovery",
        read_discovery(provider.issuer),
        fresh_seconds=FRESH_SECONDS,
        stale_seconds=STALE_SECONDS,
    )
    return resolve(provider, (yield from obtain(described)))


def prove(
    provider: Provider,
    secret: str,
    arrival: Arrival,
    answer: Mapping[str, str | None],
    *,
    redirect_uri: str,
    proven_since: int = 0,
) -> Steps[Proven]:
    """Exchange the code that a browser brought for tokens, and judge what they say.

    Args:
        provider: Whose callback it is.
        secret: The client secret, or the private key in PEM.
        arrival: The start, which is consumed.
        answer: Parameters of the callback.
        redirect_uri: As the authorization request had it.
        proven_since: The person has to have proven themselves at the provider since then; 0 for ever before.

    Raises:
        FetchFailed: The provider cannot be asked.
        SignInDeclined: The person gave up there.
        SignInRefused: What came does not prove anything.
    """
    endpoints = yield from endpoints_of(provider)
    code = answers.code_of(provider, endpoints, answer)
    answered = yield from _ask(
        requests.code_request(
            provider,
            endpoints,
            secret,
            code=code,
            redirect_uri=redirect_uri,
            verifier=arrival.verifier,
            now=arrival.arrived_at,
        )
    )
    tokens = answers.read_tokens(provider, answered.status, answered.body)
    if provider.protocol == "oidc":
        expected = ExpectedIdToken(
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=arrival.nonce,
            algorithms=endpoints.algorithms,
            access_token=tokens.access_token,
            proven_since=proven_since,
        )
        claims = yield from _openid_claims(provider, endpoints, tokens, expected, arrival.arrived_at)
    elif proven_since:
        raise SignInRefused(detail="the provider does not say when somebody proved themselves")
    else:
        claims = yield from _oauth_claims(provider, endpoints, tokens)
    return Proven(person_of(provider, claims, _issuer(provider, claims)), tokens)


def _openid_claims(
    provider: Provider, endpoints: Endpoints, tokens: Tokens, expected: ExpectedIdToken, now: int
) -> Steps[dict[str, object]]:
    """Return the claims of the ID token, and of the user endpoint what it leaves out.

    Spec: OpenID Connect Core 1.0 section 5.3.2: an answer of another subject must not be used.
    """
    token = idtokens.parse(tokens.id_token)
    document = Document(
        endpoints.keys_url,
        "keys",
        read_keys,
        accept=_KEYS_ACCEPT,
        fresh_seconds=FRESH_SECONDS,
        stale_seconds=STALE_SECONDS,
    )
    keys = yield from obtain(document, has=partial(_has_key, token))
    claims = idtokens.verify(token, keys, expected, now)
    if not endpoints.user_url or not lacks(provider, claims):
        return claims
    said = yield from _user(provider, endpoints, tokens)
    if said.get("sub") != claims["sub"]:
        raise SignInRefused(detail="the user endpoint speaks of somebody else")
    return {**said, **claims}


def _oauth_claims(provider: Provider, endpoints: Endpoints, tokens: Tokens) -> Steps[dict[str, object]]:
    claims = yield from _user(provider, endpoints, tokens)
    if not provider.emails_url:
        return claims
    answered = yield from _ask(requests.emails_request(provider, tokens.access_token))
    email, is_verified = answers.read_emails(answered.status, answered.body)
    return {**claims, provider.mapping.email: email, provider.mapping.email_verified: is_verified}


def _user(provider: Provider, endpoints: Endpoints, tokens: Tokens) -> Steps[dict[str, object]]:
    answered = yield from _ask(requests.user_request(provider, endpoints, tokens.access_token))
    return answers.read_user(answered.status, answered.content_type, answered.body)


def _ask(request: Request) -> Steps[Answered]:
    return (yield from send(OutgoingCall(request.url, request.verb, request.headers, request.body)))


def _has_key(token: IdToken, keys: ProviderKeys) -> bool:
    return keys.find(token.algorithm, token.kid) is not None


def _issuer(provider: Provider, claims: Mapping[str, object]) -> str:
    """Return the issuer of an identity: of one provider for many organisations, the organisation's own."""
    issuer = claims.get("iss")
    return issuer if provider.protocol == "oidc" and isinstance(issuer, str) else provider.issuer
