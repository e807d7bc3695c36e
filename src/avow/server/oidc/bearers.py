"""Access tokens that come back to us: at the userinfo endpoint, and where a client asks what they are worth.

Whatever the token says, its grant has to live: log-out, revocation and a user who is disabled count at once.

Spec: RFC 6750 sections 2 and 3; RFC 9449 section 7; OpenID Connect Core 1.0 section 5.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from avow.clock import Clock
from avow.core.oidc import accesstoken
from avow.core.oidc.accesstoken import userinfo_audience
from avow.core.oidc.scopes import OPENID
from avow.core.tokens import Expected, verify
from avow.errors import InvalidToken, OAuthRefused
from avow.server.applications.kept import KeptApplications
from avow.server.oidc import grants
from avow.server.oidc.authenticating import Authenticator
from avow.server.oidc.issuers import issuer_of
from avow.server.oidc.issuing import signed, userinfo_of
from avow.server.oidc.responses import open_to
from avow.server.oidc.rows import GrantRow
from avow.server.oidc.signers import Signers
from avow.server.serving import Answer, Call, Project, Steps, read
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.oidc import UserinfoQuery, given

__all__ = ["Bearer", "UserinfoEndpoint", "claims_of", "find_with_user", "key_of"]

PATH = "/userinfo"
_PROTECTED = 'realm="userinfo"'


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token as it came."""

    scheme: str
    token: str


def claims_of(project: Project, issuer: str, token: str, now: int, *, audience: str = "") -> dict[str, object] | None:
    """Return what an access token of ours says, or None when it does not hold; its grant is another question.

    Args:
        project: Whose keys count.
        issuer: That has to have made it.
        token: As it came.
        now: Seconds since the epoch.
        audience: For whom it has to be; "" for anybody.
    """
    try:
        wanted = (audience,) if audience else accesstoken.audiences_said(token)
        expected = Expected(issuer, frozenset(), audience=wanted, typ=accesstoken.TYP)
        return verify(token, project.oidc_keys, expected, now).claims() if wanted else None
    except InvalidToken:
        return None


class UserinfoEndpoint:
    """Answers `/userinfo` on one server."""

    def __init__(self, authenticator: Authenticator, kept: KeptApplications, signers: Signers, clock: Clock) -> None:
        self._authenticator = authenticator
        self._kept = kept
        self._signers = signers
        self._clock = clock

    def get(self, call: Call[UserinfoQuery]) -> Steps[Answer]:
        """Answer a GET: the token is in the header; in the query only where the application may."""
        return (yield from self._answer(call, "GET"))

    def post(self, call: Call[UserinfoQuery]) -> Steps[Answer]:
        """Answer a POST: the token is in the header or in the form."""
        return (yield from self._answer(call, "POST"))

    def _answer(self, call: Call[UserinfoQuery], verb: str) -> Steps[Answer]:
        bearer, is_in_body = _bearer(call)
        issuer = issuer_of(call)
        said = claims_of(call.project, issuer, bearer.token, self._clock(), audience=userinfo_audience(issuer))
        if said is None:
            _refuse("invalid_token", "The access token is not valid, or has expired.")
        grant_id = accesstoken.grant_of(said.get("jti"))
        found = yield from read(find_with_user, grant_id)
        if found is None:
            _refuse("invalid_token", "The access token counts no more.")
        row, profile = found
        yield from self._require_proof(call, bearer, key_of(said), verb)
        known = yield from self._kept.client(call.project, row.application_id)
        if known is None or not known.client.is_enabled:
            _refuse("invalid_token", "The access token counts no more.")
        if verb == "GET" and is_in_body and not known.client.settings.takes_token_in_query:
            _refuse("invalid_request", "The access token goes into the Authorization header.", status=400)
        held = str(said.get("scope", "")).split()
        if OPENID not in held:
            _refuse("insufficient_scope", "The scope openid is needed.", status=403)
        told, headers = userinfo_of(known.client, row, profile, held), open_to(known.client, call.shown.origin)
        if not known.client.settings.userinfo_algorithm:
            return Answer(told, headers=headers)
        key = yield from self._signers.key(call.project, known.client.settings.userinfo_algorithm)
        token = signed(key, {**told, "iss": issuer, "aud": known.client.id}, "JWT")
        return Answer(token.encode(), 200, "application/jwt", headers)

    def _require_proof(self, call: Call[UserinfoQuery], bearer: Bearer, key: str, verb: str) -> Steps[None]:
        """Refuse a token that is bound to a key without the proof of it, and one that is shown as if it were."""
        if not key:
            if bearer.scheme == "dpop":
                _refuse("invalid_token", "The access token is not bound to a key.")
            return
        jkt = yield from self._authenticator.proof(call, PATH, verb, access_token=bearer.token)
        if bearer.scheme != "dpop" or jkt != key:
            _refuse("invalid_token", "The access token is bound to a key that was not proven.")


def key_of(said: Mapping[str, object]) -> str:
    """Return the key that an access token of ours is bound to, "" for none; its grant may be bound later."""
    confirmed = said.get("cnf")
    return str(confirmed.get("jkt", "")) if isinstance(confirmed, dict) else ""


def find_with_user(tx: Tx, grant_id: str) -> tuple[GrantRow, Profile] | None:
    """Return a grant whose tokens count, and its user, or None."""
    row = grants.find_live(tx, grant_id) if grant_id else None
    profile = users.find(tx, row.user_id) if row else None
    return (row, profile) if row is not None and profile is not None and not profile.is_disabled else None


def _bearer(call: Call[Any]) -> tuple[Bearer, bool]:
    """Return the token and whether it came in the form or query; in two places at once is refused."""
    scheme, _, token = call.shown.authorization.partition(" ")
    named = given(call.body).get("access_token", ())
    has_header = scheme.lower() in {"bearer", "dpop"} and bool(token)
    if len(named) + has_header > 1:
        _refuse("invalid_request", "The access token stands there twice.", status=400)
    if has_header:
        return Bearer(scheme.lower(), token), False
    if not named:
        raise OAuthRefused(401, error="invalid_token", error_message="An access token is needed.", challenge="Bearer")
    return Bearer("bearer", named[0]), True


def _refuse(error: str, text: str, *, status: int = 401) -> NoReturn:
    """Refuse a token. Spec: RFC 6750 section 3.1."""
    challenge = f'Bearer {_PROTECTED}, error="{error}", error_description="{text}"'
    raise OAuthRefused(status, error=error, error_message=text, challenge=challenge)
