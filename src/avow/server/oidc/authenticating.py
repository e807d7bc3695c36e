"""Which client calls: its secret or assertion checked, wrong tries counted, proofs of possession taken once."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from avow.clock import Clock
from avow.core.federation.keys import ProviderKeys, read_keys
from avow.core.networks import subscriber
from avow.core.oidc import clientauth, dpop
from avow.core.oidc.clientauth import CredentialsFault, Presented
from avow.core.oidc.clients import Client
from avow.core.tokens.encoding import to_base64url
from avow.core.vault import Vault
from avow.errors import FetchFailed, OAuthRefused, RateLimitException
from avow.server.applications.kept import KeptApplications, Known
from avow.server.oidc.issuers import address, issuer_of
from avow.server.outgoing import Document
from avow.server.serving import Call, Steps, count, obtain, write
from avow.server.serving import Client as Caller
from avow.server.store import Tx

__all__ = ["MOST_FAILURES", "Authenticator"]

MOST_FAILURES = 20  # of one client from one address, in ten minutes
_WINDOW_SECONDS = 600
_MINUTE_SECONDS = 60
_MOST_NOTED = 10  # of one address in a minute
_KEYS_SECONDS = 600
_MOST_BLOCKED = 10_000

Parameters = Mapping[str, Sequence[str]]


class Authenticator:
    """Knows clients by what they show, on one server."""

    def __init__(self, kept: KeptApplications, vault: Vault, clock: Clock) -> None:
        self._kept = kept
        self._vault = vault
        self._clock = clock
        self._blocked: dict[str, int] = {}

    def client(
        self,
        call: Call[Any],
        parameters: Parameters,
        path: str,
        *,
        is_secret: bool = False,
        takes_disabled: bool = False,
    ) -> Steps[Client]:
        """Return the client that calls.

        Args:
            call: The request.
            parameters: Of its body.
            path: Of the endpoint, below the issuer.
            is_secret: A public client will not do.
            takes_disabled: One that is switched off is returned too, once it has shown who it is.

        Raises:
            OAuthRefused: `invalid_client`: unknown, switched off, or without what it has to show.
            RateLimitException: There were too many wrong tries from here.
        """
        try:
            shown = clientauth.presented(call.shown.authorization, parameters)
        except CredentialsFault as fault:
            _refuse(call, str(fault))
        key = f"{call.project.id}:{shown.client_id[:128]}:{subscriber(call.client.address)}"
        self._require_patience(key)
        known = yield from self._kept.client(call.project, shown.client_id)
        is_right = known is not None and (yield from self._is_right(call, known, shown, path))
        is_off = known is not None and not known.client.is_enabled and not takes_disabled
        if known is None or not is_right or is_off or (is_secret and known.client.is_public):
            told = {"application": known.client.id if known else "", "method": shown.method, "endpoint": path}
            yield from self._count_failure(call, key, told)
            _refuse(call, f"{shown.method} of {shown.client_id[:128]!r}")
        return known.client

    def proof(self, call: Call[Any], path: str, verb: str = "POST", *, access_token: str = "") -> Steps[str]:
        """Return the thumbprint of the key whose proof came with the request, "" for none.

        Raises:
            OAuthRefused: `invalid_dpop_proof`: it does not hold, or was shown before.
        """
        if not call.shown.dpop:
            return ""
        now = self._clock()
        try:
            proof = dpop.verify(call.shown.dpop, verb, address(issuer_of(call), path), now, access_token=access_token)
        except dpop.ProofFault as fault:
            text = f"The DPoP proof does not hold: {fault}."
            raise OAuthRefused(error="invalid_dpop_proof", error_message=text) from None
        if not (yield from self._is_first("dpop", call, proof.jkt + proof.jti, proof.ends_at)):
            raise OAuthRefused(error="invalid_dpop_proof", error_message="The DPoP proof was shown before.")
        return proof.jkt

    def _is_right(self, call: Call[Any], known: Known, shown: Presented, path: str) -> Steps[bool]:
        if shown.method not in known.client.settings.auth_methods:
            return False
        if shown.method == "none":
            return True
        if shown.method == "private_key_jwt":
            return (yield from self._holds(call, known.client, shown, path))
        return known.is_secret(self._vault, call.project.id, shown.secret, self._clock())

    def _holds(self, call: Call[Any], client: Client, shown: Presented, path: str) -> Steps[bool]:
        """Tell whether an assertion holds, and is shown for the first time."""
        issuer = issuer_of(call)
        audiences = (issuer, issuer.rstrip("/"), address(issuer, path), address(issuer, "/oauth/token"))
        try:
            token = clientauth.read_assertion(shown.assertion)
            keys = yield from _keys_of(client, token.algorithm, token.kid)
            jti, ends_at = clientauth.verify_assertion(token, keys, client.id, audiences, self._clock())
        except CredentialsFault:
            return False
        return (yield from self._is_first("assertion", call, f"{client.id} {jti}", ends_at + 120))

    def _is_first(self, kind: str, call: Call[Any], named: str, ends_at: int) -> Steps[bool]:
        """Tell whether something is shown for the first time before it ends, on any node."""
        digest = to_base64url(hashlib.sha256(named.encode()).digest())
        [seen] = yield from count((f"{kind}:{call.project.id}:{digest}", ends_at))
        return seen == 1

    def _count_failure(self, call: Call[Any], key: str, told: Mapping[str, str]) -> Steps[None]:
        """Count a wrong try, and note it in the audit log; of one address only some in a minute."""
        window, minute = self._clock() // _WINDOW_SECONDS, self._clock() // _MINUTE_SECONDS
        ends_at = (window + 1) * _WINDOW_SECONDS
        noted = f"client-refused:{call.project.id}:{subscriber(call.client.address)}:{minute}"
        failures, seen = yield from count(
            (f"client-failures:{key}:{window}", ends_at), (noted, (minute + 1) * _MINUTE_SECONDS)
        )
        if failures >= MOST_FAILURES:
            if len(self._blocked) >= _MOST_BLOCKED:
                self._blocked.clear()
            self._blocked[key] = ends_at
        if seen <= _MOST_NOTED:
            yield from write(_note, call.client, told)

    def _require_patience(self, key: str) -> None:
        wait = self._blocked.get(key, 0) - self._clock()
        if wait > 0:
            raise RateLimitException(retry_after_seconds=wait)


def _keys_of(client: Client, algorithm: str, kid: str) -> Steps[ProviderKeys]:
    settings = client.settings
    if settings.jwks:
        return read_keys(settings.jwks.encode())
    if not settings.jwks_uri:
        raise CredentialsFault("the client has no keys")
    document = Document(settings.jwks_uri, "keys", read_keys, fresh_seconds=_KEYS_SECONDS)
    try:
        return (yield from obtain(document, lambda found: found.find(algorithm, kid) is not None))
    except FetchFailed as failed:
        raise CredentialsFault("the client's keys cannot be had") from failed


def _note(tx: Tx, caller: Caller, told: Mapping[str, str]) -> None:
    tx.audit(
        "client.refused",
        outcome="refused",
        actor="anyone",
        address=caller.address,
        device=caller.device,
        data=told,
    )


def _refuse(call: Call[Any], detail: str) -> NoReturn:
    """Refuse a client, always in the same words. Spec: RFC 6749 section 5.2."""
    raise OAuthRefused(
        401,
        error="invalid_client",
        error_message="The client is not known, or did not show who it is.",
        challenge='Basic realm="oauth", charset="UTF-8"',
        detail=detail,
    )
