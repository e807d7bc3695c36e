"""The verdict on one request: who brings which token, whether it holds, whether it is enough; as a flow."""

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from avow.clock import Clock
from avow.core.oidc import dpop
from avow.core.oidc.accesstoken import TYP
from avow.core.tokens import MAX_TOKEN_BYTES, Expected, verify
from avow.core.tokens.encoding import from_base64url, json_object
from avow.errors import ERROR_TYPE_INVALID_TOKEN, AvowError, InvalidToken, KeysUnavailable, UnknownKey
from avow.sdk.failures import refuse
from avow.sdk.flow import Alone, Flow, send_again
from avow.sdk.integration.refusals import Refusal
from avow.sdk.keys import KeyRing, Snapshot, Wanted
from avow.sdk.resource import refusals
from avow.sdk.resource.credentials import DPOP, Head, Malformed, Shown, shown
from avow.sdk.resource.issuer import keys_url, usable_keys
from avow.sdk.resource.proofs import SeenProofs
from avow.sdk.resource.settings import Resource
from avow.sdk.resource.tokens import AccessToken, Needs, read
from avow.sdk.transport import Request
from avow.seen import SeenTokens

__all__ = ["Judge"]

logger = logging.getLogger("avow.resource")

_CACHE_SIZE: Final = 4096
_RETRY_DELAYS_SECONDS: Final = (0.1,)  # somebody waits for an answer
_SHORT_SECONDS: Final = 2.0
_PLAIN: Final = ("jwt",)
_TYPED: Final = (TYP, f"application/{TYP}")
# What ID tokens, logout tokens and the like have and access tokens do not.
_OF_OTHERS: Final = ("nonce", "at_hash", "c_hash", "events")


class Judge:
    """Judges the requests of one API; the state of all its threads and tasks is here."""

    def __init__(self, said: Resource, clock: Clock) -> None:
        """Begin without keys."""
        self.said = said
        self._clock = clock
        self._ring = KeyRing()
        self._seen: SeenTokens[tuple[int, str], AccessToken] = SeenTokens(_CACHE_SIZE)
        self._proofs = SeenProofs()

    def judge(self, head: Head, wanted: Needs) -> Flow[AccessToken | Refusal]:
        """Return the token of a request that may pass; the answer to one that may not.

        In this order: the form of the credentials, the token, what it is bound to, what it allows.
        """
        found = shown(head)
        if found is None:
            return refusals.refusal(refusals.STRANGER, self.said, wanted)
        if isinstance(found, Malformed):
            return refusals.refusal(refusals.MALFORMED, self.said, wanted)
        try:
            token = yield from self._verified(found.token)
        except KeysUnavailable:  # whoever asked for them has said why
            return refusals.AWAY
        except InvalidToken as wrong:
            logger.info("An access token is refused: %s", wrong.detail or wrong)
            return refusals.refusal(refusals.INVALID, self.said, wanted)
        reason = self._unbound(token, found, head)
        if reason is None and not wanted.are_met_by(token):
            reason = refusals.NOT_ENOUGH
        return token if reason is None else refusals.refusal(reason, self.said, wanted)

    # --- What the token is worth ---

    def _verified(self, token: str) -> Flow[AccessToken]:
        snapshot = self._ring.current(self._clock()) or (yield from self._keys())
        try:
            return self._check(token, snapshot)
        except UnknownKey:
            newer = yield from self._keys(lacking=snapshot)
            if newer.version == snapshot.version:
                raise
            return self._check(token, newer)

    def _check(self, token: str, snapshot: Snapshot) -> AccessToken:
        """Return a token that holds; one that held before is found again while the very same keys count.

        Spec: RFC 9068 section 4; RFC 8725 sections 3.1, 3.8, 3.9 and 3.11.
        """
        now, key = self._clock(), (snapshot.version, token)
        known = self._seen.find(key)
        if known is not None and known.expires_at > now - self.said.leeway_seconds:
            return known
        expected = Expected(
            issuer=self.said.issuer,
            kinds=frozenset(),  # the session tokens of Avow have one
            audience=(self.said.audience,),
            leeway_seconds=self.said.leeway_seconds,
            typ=self._type_of(token),
            is_of_others=True,
        )
        verified = verify(token, snapshot.keys, expected, now)
        claims = _access_claims(verified.claims(), is_plain=expected.typ.lower() in _PLAIN)
        made = read(claims, self.said.is_machine)
        self._seen.add(key, made)
        return made

    def _type_of(self, token: str) -> str:
        """Return the type that a token's header has, as it is spelt there, if it is one that is taken.

        Raises:
            InvalidToken: It is of another type, or its header cannot be read.
        """
        accepted = (*_TYPED, *(_PLAIN if self.said.allows_plain_jwt else ()))
        first = token.partition(".")[0] if len(token) <= MAX_TOKEN_BYTES else ""
        try:
            named = json_object(from_base64url(first.encode())).get("typ", "JWT")
        except ValueError as error:
            raise _refused("header") from error
        if not isinstance(named, str) or named.lower() not in accepted:
            raise _refused("typ: no access token")
        return named

    # --- What it is bound to ---

    def _unbound(self, token: AccessToken, found: Shown, head: Head) -> refusals.Reason | None:
        """Return why a token may not be used by whoever brings it; None when it may.

        Spec: RFC 9449 sections 7.1 and 7.2; RFC 7800 section 3 (who does not understand a binding refuses it).
        """
        binding = token.claims.get("cnf")
        if binding is None and found.scheme != DPOP and not self.said.requires_dpop:
            return None
        key = binding.get("jkt") if isinstance(binding, Mapping) and len(binding) == 1 else None
        if binding is not None and not isinstance(key, str):
            return refusals.OTHERWISE_BOUND
        if binding is None:
            return refusals.BOUND if self.said.requires_dpop else refusals.INVALID
        if found.scheme != DPOP or not head.proofs:
            return refusals.BOUND
        return None if self._is_proven(str(key), found.token, head) else refusals.PROOF

    def _is_proven(self, key: str, token: str, head: Head) -> bool:
        now = self._clock()
        try:
            [text] = head.proofs
            proof = dpop.verify(text, head.verb, self._address(head), now, access_token=token)
        except ValueError as wrong:  # two proofs are none
            logger.info("A proof of possession is refused: %s", wrong)
            return False
        return proof.jkt == key and self._proofs.spend(proof, now)

    def _address(self, head: Head) -> str:
        """Return the address of a request as clients have it."""
        url = head.url()
        public = self.said.public_url.rstrip("/")
        return public + urlsplit(url).path if public else url

    # --- The issuer's keys ---

    def _keys(self, lacking: Snapshot | None = None) -> Flow[Snapshot]:
        """Return keys that count, fetched once for all threads that wait, and once for the tasks of each event loop."""
        for _ in range(3):
            verdict = self._ring.judge(self._clock(), lacking)
            if isinstance(verdict, Snapshot):
                return verdict
            yield Alone(self._fetch(verdict, is_search=lacking is not None))
        raise KeysUnavailable

    def _fetch(self, wanted: Wanted, *, is_search: bool) -> Flow[None]:
        if self._ring.attempts != wanted.attempt:
            return  # somebody else fetched them while this one waited
        asked_at = self._clock()
        try:
            url = self.said.keys_url or keys_url((yield from self._ask(self.said.described_at, wanted)), self.said)
            self._ring.accept(usable_keys((yield from self._ask(url, wanted))), asked_at, is_search=is_search)
        except AvowError as failed:
            level = logging.ERROR if wanted.is_needed else logging.WARNING  # without keys every token is refused
            logger.log(level, "The keys of %s could not be fetched: %s", self.said.issuer, failed)
            self._ring.reject(failed, self._clock(), is_search=is_search)

    def _ask(self, url: str, wanted: Wanted) -> Flow[bytes]:
        """Fetch what an issuer publishes; one short try while there are keys that still count."""
        seconds = self.said.timeout_seconds if wanted.is_needed else min(_SHORT_SECONDS, self.said.timeout_seconds)
        request = Request("GET", url, headers={"accept": "application/json"}, timeout_seconds=seconds)
        response = yield from send_again(request, _RETRY_DELAYS_SECONDS if wanted.is_needed else ())
        refuse(response)
        return response.body


def _access_claims(claims: dict[str, Any], *, is_plain: bool) -> dict[str, Any]:
    """Return claims that an access token has.

    Raises:
        InvalidToken: They are of another kind of token.

    Spec: RFC 9068 section 2.2.
    """
    if is_plain:
        # ID tokens are for the client, refresh tokens and the like say what they are (Keycloak, Cognito).
        client = claims.get("azp", claims.get("client_id"))
        audience = claims["aud"]
        is_for_client = client in (audience if isinstance(audience, list) else [audience])
        kind = str(claims.get("typ", claims.get("token_use", "bearer"))).lower()
        if is_for_client or kind not in ("bearer", "access") or not claims.keys().isdisjoint(_OF_OTHERS):
            raise _refused("claims: of another kind of token")
        return claims
    if not all(isinstance(claims.get(name), str) and claims[name] for name in ("client_id", "jti")):
        raise _refused("client_id or jti: absent or not text")
    if "iat" not in claims:
        raise _refused("iat: absent")
    return claims


def _refused(detail: str) -> InvalidToken:
    return InvalidToken(error_type=ERROR_TYPE_INVALID_TOKEN, detail=detail)
