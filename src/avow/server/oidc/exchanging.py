"""Token exchange: an application that got a user's token calls another API for that user. Narrow on purpose.

It needs the grant; the token has to be its own, or for an API that it may call; the API that it asks for has to be one
that it may call in its own name, and unless it is trusted the user has to have allowed it that; of the scopes it gets
what all of them may. What it gets names it as the actor, ends with the grant and not after the token, and cannot be
exchanged again. Spec: RFC 8693 sections 2 and 4.1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avow.core.oidc import accesstoken, scopes
from avow.core.oidc.clients import Api, Client
from avow.errors import OAuthRefused
from avow.server.applications import consents
from avow.server.applications.kept import KeptApplications
from avow.server.oidc.bearers import claims_of, find_with_user, key_of
from avow.server.oidc.issuers import issuer_of
from avow.server.oidc.issuing import ACCESS_TOKEN_TYPE
from avow.server.oidc.rows import GrantRow
from avow.server.serving import Call, Steps, read
from avow.server.serving import Client as Caller
from avow.server.store import Tx
from avow.server.users.actions import Profile
from avow.wire.oidc import first

__all__ = ["GRANT_TYPE", "Exchanged", "actor_of", "counts", "exchanged", "note"]

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What is given for a token."""

    row: GrantRow
    profile: Profile
    api: Api
    scopes: tuple[str, ...]
    ends_at: int


def exchanged(
    call: Call[Any], kept: KeptApplications, client: Client, parameters: Parameters, now: int, dpop_jkt: str
) -> Steps[Exchanged]:
    """Return what a client gets for a user's token.

    Raises:
        OAuthRefused: `invalid_request`, `invalid_target`, `invalid_scope`, or `access_denied`.
    """
    _require_supported(client, parameters)
    token = first(parameters, "subject_token")
    said = claims_of(call.project, issuer_of(call), token, now) or {}
    named = accesstoken.audiences_said(token)
    is_theirs = said.get("client_id") == client.id or any(each in client.machine_scopes for each in named)
    found = (
        (yield from read(find_with_user, accesstoken.grant_of(said.get("jti"))))
        if is_theirs and "act" not in said
        else None
    )
    if found is None or found[0].user_id != said.get("sub") or key_of(said) not in {"", dpop_jkt}:
        raise OAuthRefused(error="invalid_request", error_message="The subject_token is not valid here.")
    wanted = [*parameters.get("audience", ()), *parameters.get("resource", ())]
    api = (yield from kept.api(call.project, wanted[0])) if len(set(wanted)) == 1 else None
    if api is None:
        raise OAuthRefused(error="invalid_target", error_message="Name one audience that there is.")
    allowed = yield from _allowed(client, api, found[0].user_id)
    asked = scopes.split(first(parameters, "scope"))
    if not set(asked) <= allowed:
        raise OAuthRefused(error="invalid_scope", error_message="The application may not have this scope.")
    ends_at = said.get("exp")
    held = asked or tuple(sorted(allowed))
    return Exchanged(*found, api, held, ends_at if isinstance(ends_at, int) else now)


def note(tx: Tx, caller: Caller, client_id: str, given: Exchanged) -> None:
    """Write down that an application got a token for a user. Before it has it: what is not on record is not given."""
    row = given.row
    tx.audit(
        "token.exchanged",
        actor=f"application:{client_id}",
        user_id=row.user_id,
        tenant_id=row.tenant_id,
        address=caller.address,
        device=caller.device,
        data={"grant": row.id, "application": client_id, "audience": given.api.identifier, "scopes": given.scopes},
    )


def counts(call: Call[Any], kept: KeptApplications, said: Mapping[str, object]) -> Steps[bool]:
    """Tell whether an exchanged token counts, whose grant lives: whoever got it may be used, and may call the API yet.

    The grant is that of another application, so nothing that is taken from this one ends it.
    """
    known = yield from kept.client(call.project, str(said.get("client_id")))
    if known is None or not known.client.is_enabled:
        return False
    if known.client.is_trusted:
        return True
    return str(said.get("aud")) in (yield from read(consents.find, known.client.id, str(said.get("sub"))))


def actor_of(said: Mapping[str, object]) -> str:
    """Return who acts for the subject of an access token of ours, "" for nobody."""
    acting = said.get("act")
    return str(acting.get("sub", "")) if isinstance(acting, dict) else ""


def _require_supported(client: Client, parameters: Parameters) -> None:
    if client.is_public:
        raise OAuthRefused(error="unauthorized_client", error_message="A public application exchanges nothing.")
    kinds = {first(parameters, "subject_token_type"), first(parameters, "requested_token_type") or ACCESS_TOKEN_TYPE}
    if kinds != {ACCESS_TOKEN_TYPE} or parameters.get("actor_token"):
        text = "Only access tokens are exchanged, for access tokens, and without an actor_token."
        raise OAuthRefused(error="invalid_request", error_message=text)


def _allowed(client: Client, api: Api, user_id: str) -> Steps[frozenset[str]]:
    """Return the scopes that a client may have at an API for a user.

    Raises:
        OAuthRefused: `access_denied`: the API is not granted to it, or the user has not allowed it to call it.
    """
    allowed = client.machine_scopes.get(api.identifier)
    if allowed is None:
        raise OAuthRefused(403, error="access_denied", error_message="The application may not call this API.")
    if client.is_trusted:
        return allowed & api.scopes
    consented = (yield from read(consents.find, client.id, user_id)).get(api.identifier)
    if consented is None:
        text = "The user has not allowed the application to call this API."
        raise OAuthRefused(403, error="access_denied", error_message=text)
    return allowed & api.scopes & consented
