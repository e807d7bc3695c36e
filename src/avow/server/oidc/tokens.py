"""The token endpoint: a grant for what a client brings. Spec: RFC 6749 sections 4.1.3, 4.4 and 6."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avow import shaping
from avow.clock import Clock
from avow.core.oidc import interaction, scopes
from avow.core.oidc.clients import Api, Client
from avow.core.vault import Vault
from avow.errors import AuthException, OAuthRefused
from avow.server.applications.kept import KeptApplications
from avow.server.oidc import devices, direct, exchanging, grants
from avow.server.oidc.authenticating import Authenticator
from avow.server.oidc.authorizing import Authorizing, Person, Wish
from avow.server.oidc.grants import Redemption
from avow.server.oidc.issuers import issuer_of
from avow.server.oidc.issuing import Issuer
from avow.server.oidc.responses import open_to
from avow.server.oidc.rows import GrantRow
from avow.server.serving import Answer, Call, Refusal, SessionCaller, Steps, write
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.errors import OAuthError
from avow.wire.oidc import OAuthForm, TokenResponse, first, given

__all__ = ["TokenEndpoint", "single"]

PATH = "/oauth/token"
_SEVERAL = frozenset({"resource", "audience"})
_PRAGMA = {"pragma": "no-cache"}

Parameters = Mapping[str, Sequence[str]]
Exchange = Callable[[Call[OAuthForm], Client, Parameters], Steps[TokenResponse]]


@dataclass(frozen=True, slots=True)
class _Continuation:
    """What a client brings to continue a grant: refresh token, proven key, and the scopes and APIs that it names."""

    client_id: str
    token: tuple[str, int]
    jkt: str
    scope: tuple[str, ...]
    targets: tuple[str, ...]


class TokenEndpoint:
    """Answers `/oauth/token` on one server."""

    def __init__(
        self,
        authenticator: Authenticator,
        authorizing: Authorizing,
        kept: KeptApplications,
        issuer: Issuer,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._authenticator = authenticator
        self._authorizing = authorizing
        self._kept = kept
        self._issuer = issuer
        self._vault = vault
        self._clock = clock
        self._exchanges: dict[str, Exchange] = {
            "authorization_code": self._code,
            "refresh_token": self._refresh,
            "client_credentials": self._machine,
            devices.GRANT_TYPE: self._device,
            exchanging.GRANT_TYPE: self._exchanged,
            direct.OTP: self._typed,
            direct.PASSWORD: self._typed,
            direct.PASSWORD_AT: self._typed,
        }

    def answer(self, call: Call[OAuthForm]) -> Steps[Answer]:
        """Answer a client; its own pages may read a refusal too."""
        parameters = single(given(call.body))
        client = yield from self._authenticator.client(call, parameters, PATH, takes_disabled=True)
        headers = {**_PRAGMA, **open_to(client, call.shown.origin)}
        try:
            found = yield from self._exchange(client, parameters)(call, client, parameters)
        except AuthException as refused:
            if not isinstance(refused, OAuthRefused):
                raise
            said = OAuthError(error=refused.error, error_description=refused.error_message)
            return Answer(said, refused.status_code, headers=headers)
        return Answer(found, headers=headers)

    def _exchange(self, client: Client, parameters: Parameters) -> Exchange:
        named = first(parameters, "grant_type")
        if not named:
            return _refusing("invalid_request", "grant_type is missing.")
        if not client.is_enabled:
            return _refusing("invalid_grant", "The application is switched off.")
        exchange = self._exchanges.get(named)
        # Of a grant that OAuth has given up nobody is told that others may use it (RFC 9700 section 2.4).
        is_given_up = named == direct.PASSWORD and named not in client.settings.grant_types
        if exchange is None or is_given_up:
            return _refusing("unsupported_grant_type", "This grant_type is not supported.")
        if named not in client.settings.grant_types:
            return _refusing("unauthorized_client", "The application may not use this grant_type.")
        return exchange

    # --- The grants ---

    def _code(self, call: Call[OAuthForm], client: Client, parameters: Parameters) -> Steps[TokenResponse]:
        """Redeem a code: two statements."""
        code = _required(parameters, "code")
        jkt = yield from self._proof(call, client)
        brought = Redemption(
            application_id=client.id,
            code=code,
            redirect_uri=first(parameters, "redirect_uri"),
            verifier=first(parameters, "code_verifier"),
            dpop_jkt=jkt,
        )
        targets = _targets(parameters)
        row, profile = _held((yield from write(_redeemed, call, brought, targets)))
        return (yield from self._issued(call, client, row, profile, targets=targets))

    def _refresh(self, call: Call[OAuthForm], client: Client, parameters: Parameters) -> Steps[TokenResponse]:
        """Continue a grant: two statements."""
        token = grants.read_refresh_token(self._vault, call.project.id, _required(parameters, "refresh_token"))
        jkt = yield from self._proof(call, client)
        if token is None:
            raise OAuthRefused(error="invalid_grant", error_message="The refresh token is not valid.")
        brought = _Continuation(client.id, token, jkt, scopes.split(first(parameters, "scope")), _targets(parameters))
        row, profile = _held((yield from write(_continued, call, brought)))
        targets = brought.targets
        return (yield from self._issued(call, client, row, profile, narrowed=brought.scope, targets=targets))

    def _machine(self, call: Call[OAuthForm], client: Client, parameters: Parameters) -> Steps[TokenResponse]:
        """Give a machine a token: no statement at all while its application is kept."""
        jkt = yield from self._proof(call, client)
        named = _targets(parameters)
        standard = client.settings.default_audience or call.project.settings.default_audience
        audience = next(iter(named), standard)
        if len(named) > 1:
            raise OAuthRefused(error="invalid_target", error_message="A machine's token is for one audience.")
        api = yield from self._kept.api(call.project, audience)
        if api is None:
            raise OAuthRefused(error="invalid_target", error_message="There is no such audience.")
        allowed = client.machine_scopes.get(audience)
        if allowed is None:
            raise OAuthRefused(403, error="access_denied", error_message="The application may not call this API.")
        allowed &= api.scopes  # whatever it was granted, nobody has what the API does not know
        wanted = scopes.split(first(parameters, "scope"))
        if not set(wanted) <= allowed:
            raise OAuthRefused(error="invalid_scope", error_message="The application may not have this scope.")
        held = wanted or tuple(sorted(allowed))
        issuer, now = issuer_of(call), self._clock()
        return (yield from self._issuer.machine_token(call.project, issuer, client, api, held, now=now, dpop_jkt=jkt))

    def _device(self, call: Call[OAuthForm], client: Client, parameters: Parameters) -> Steps[TokenResponse]:
        """Answer a device that polls. Spec: RFC 8628 section 3.4."""
        code = _required(parameters, "device_code")
        jkt = yield from self._proof(call, client)
        targets = _targets(parameters)
        row, profile = _held((yield from write(_polled, call, client.id, (code, jkt), targets)))
        return (yield from self._issued(call, client, row, profile, targets=targets))

    def _exchanged(self, call: Call[OAuthForm], client: Client, parameters: Parameters) -> Steps[TokenResponse]:
        """Give an application a token by which it acts for a user."""
        jkt = yield from self._proof(call, client)
        now = self._clock()
        found = yield from exchanging.exchanged(call, self._kept, client, parameters, now, jkt)
        row, profile, held = found.row, found.profile, found.scopes
        made = self._issuer.exchanged_token(
            call.project, client, row, profile, found.api, held, now=now, ends_at=found.ends_at, dpop_jkt=jkt
        )
        answer = yield from made
        yield from write(exchanging.note, call.client, client.id, found)
        return answer

    def _typed(self, call: Call[OAuthForm], client: Client, parameters: Parameters) -> Steps[TokenResponse]:
        """Sign somebody in by what they typed in the application."""
        jkt = yield from self._proof(call, client)
        audiences = yield from self.audiences(call, client, parameters)
        claims = (yield from direct.proven(call, client, parameters)).claims
        caller = SessionCaller(claims.user_id, claims.session_id, claims.generation)
        person = yield from self._authorizing.person(call, (caller, claims.expires_at), client.id)
        if person is None or not person.seen.may_reach:
            yield from write(sessions.end, caller.user_id, caller.session_id, why="refused")  # nobody holds it
            raise OAuthRefused(403, error="access_denied", error_message="The person may not use this application.")
        wanted = scopes.split(first(parameters, "scope"))
        wish = yield from self._authorizing.plain(call, client, wanted, audiences)
        row, profile = _held((yield from write(_typed, call, client, wish, person, jkt)))
        return (yield from self._issued(call, client, row, profile))

    # --- Parts ---

    def audiences(self, call: Call[Any], client: Client, parameters: Parameters) -> Steps[tuple[str, ...]]:
        """Return the audiences that are asked for, or the standard one.

        Raises:
            OAuthRefused: `invalid_target`: one is none.
        """
        standard = client.settings.default_audience or call.project.settings.default_audience
        named = _targets(parameters)
        found = []
        for each in named or ((standard,) if standard else ()):
            api = yield from self._kept.api(call.project, each)
            if api is not None:
                found.append(api.identifier)
            elif named:
                raise OAuthRefused(error="invalid_target", error_message="There is no such audience.")
        return tuple(found)

    def _proof(self, call: Call[OAuthForm], client: Client) -> Steps[str]:
        jkt = yield from self._authenticator.proof(call, PATH)
        if client.settings.requires_dpop and not jkt:
            raise OAuthRefused(error="invalid_dpop_proof", error_message="The application has to prove a key (DPoP).")
        return jkt

    def _issued(
        self,
        call: Call[OAuthForm],
        client: Client,
        row: GrantRow,
        profile: Profile,
        *,
        narrowed: Sequence[str] = (),
        targets: Sequence[str] = (),
    ) -> Steps[TokenResponse]:
        """Return the tokens of a grant: of all its scopes and APIs, or of those that are named."""
        apis: list[Api] = []
        for identifier in shaping.decode(row.audience, list[str]):
            api = yield from self._kept.api(call.project, identifier)
            if api is not None:
                apis.append(api)
        granted = row.scopes.split()
        named, held = interaction.aimed_at(client, narrowed or granted, apis, targets)
        is_narrowed = bool(narrowed) and not set(granted) <= set(narrowed)
        made = self._issuer.tokens(
            call.project, client, row, profile, named, held, is_narrowed=is_narrowed, now=self._clock()
        )
        return (yield from made)


# --- Units ---------------------------------------------------------------------------------------------------------


def _redeemed(
    tx: Tx, call: Call[Any], brought: Redemption, targets: Sequence[str]
) -> tuple[GrantRow, Profile] | Refusal:
    row = grants.spend(tx, brought, call.client)
    return row if isinstance(row, Refusal) else _with_user(tx, call, row, targets)


def _polled(
    tx: Tx, call: Call[Any], client_id: str, brought: tuple[str, str], targets: Sequence[str]
) -> tuple[GrantRow, Profile] | Refusal:
    code, jkt = brought
    row = devices.poll(tx, client_id, code, jkt, call.client)
    return row if isinstance(row, Refusal) else _with_user(tx, call, row, targets)


def _typed(
    tx: Tx, call: Call[Any], client: Client, wish: Wish, person: Person, jkt: str
) -> tuple[GrantRow, Profile] | Refusal:
    row = direct.begun(tx, call, client, wish, person, jkt)
    return row if isinstance(row, Refusal) else _with_user(tx, call, row)


def _continued(tx: Tx, call: Call[Any], brought: _Continuation) -> tuple[GrantRow, Profile] | Refusal:
    row = grants.proceed(tx, call.project, brought.client_id, brought.token, dpop_jkt=brought.jkt, client=call.client)
    if isinstance(row, Refusal):
        return row
    if not set(brought.scope) <= set(row.scopes.split()):
        raise OAuthRefused(error="invalid_scope", error_message="The scope is wider than what was granted.")
    return _with_user(tx, call, row, brought.targets)


def _with_user(
    tx: Tx, call: Call[Any], row: GrantRow, targets: Sequence[str] = ()
) -> tuple[GrantRow, Profile] | Refusal:
    if not set(targets) <= set(shaping.decode(row.audience, list[str])):
        # Raised, so that code and refresh token count still. Spec: RFC 8707 section 2.2.
        raise OAuthRefused(error="invalid_target", error_message="The audience was not granted.")
    profile = users.find(tx, row.user_id)
    if profile is None or profile.is_disabled or (row.tenant_id and row.tenant_id not in profile.tenants):
        grants.revoke(tx, row.id, why="user", user_id=row.user_id, client=call.client)
        return Refusal(OAuthRefused(error="invalid_grant", error_message="The user may not sign in any more."))
    return row, profile


# --- Parameters ----------------------------------------------------------------------------------------------------


def single(parameters: Parameters) -> Parameters:
    """Return parameters that stand there once each.

    Raises:
        OAuthRefused: One stands there twice. Spec: RFC 6749 section 3.2.
    """
    twice = next((name for name, values in parameters.items() if len(values) > 1 and name not in _SEVERAL), "")
    if twice:
        raise OAuthRefused(error="invalid_request", error_message=f"{twice} stands there twice.")
    return parameters


def _targets(parameters: Parameters) -> tuple[str, ...]:
    """Return the APIs named, by `audience` or `resource`, each once."""
    return tuple(dict.fromkeys((*parameters.get("audience", ()), *parameters.get("resource", ()))))


def _required(parameters: Parameters, name: str) -> str:
    value = first(parameters, name)
    if not value:
        raise OAuthRefused(error="invalid_request", error_message=f"{name} is missing.")
    return value


def _held(found: tuple[GrantRow, Profile] | Refusal) -> tuple[GrantRow, Profile]:
    if isinstance(found, Refusal):
        raise found.error
    return found


def _refusing(error: str, text: str) -> Exchange:
    def refuse(call: Call[OAuthForm], client: Client, parameters: Parameters) -> Steps[TokenResponse]:
        raise OAuthRefused(error=error, error_message=text)

    return refuse
