"""The parts of the OpenID provider of one server, and the endpoints that clients call themselves."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from avow.clock import Clock
from avow.core.oidc import accesstoken
from avow.core.oidc.clients import Client
from avow.core.oidc.request import Fault
from avow.core.vault import Vault
from avow.errors import OAuthRefused
from avow.server.applications.kept import KeptApplications
from avow.server.oidc import devices, discovery, exchanging, grants, requests
from avow.server.oidc.authenticating import Authenticator
from avow.server.oidc.authorizing import Authorizing
from avow.server.oidc.bearers import UserinfoEndpoint, claims_of, key_of
from avow.server.oidc.direct import DirectEndpoints
from avow.server.oidc.issuers import address, issuer_of
from avow.server.oidc.issuing import Issuer
from avow.server.oidc.registering import Registry
from avow.server.oidc.responses import open_to
from avow.server.oidc.rows import GrantRow
from avow.server.oidc.signers import Signers
from avow.server.oidc.tokens import TokenEndpoint, single
from avow.server.published import published
from avow.server.serving import Answer, Call, Slice, Steps, plain, read, steps, write
from avow.wire import oidc as wire
from avow.wire.endpoint import Nothing
from avow.wire.oidc import Actor, Confirmation, DeviceCodes, Introspection, OAuthForm, Pushed, given

__all__ = ["Provider"]

_CREATED = 201


class Provider:
    """The OpenID provider of one server.

    Attributes:
        authorizing: Judges authorization requests; the pages ask it.
        kept: The applications that it knows.
        guesses: Codes of devices that were typed wrong.
    """

    def __init__(self, vault: Vault, clock: Clock) -> None:
        """Make the parts; nothing is read before it is needed."""
        self._vault = vault
        self._clock = clock
        self.kept = KeptApplications()
        self.authorizing = Authorizing(self.kept, clock)
        self.guesses = devices.Guesses(clock)
        self._registry = Registry(vault, clock)
        self._authenticator = Authenticator(self.kept, vault, clock)
        self._direct = DirectEndpoints(self._authenticator, self.kept)
        signers = Signers()
        self._tokens = TokenEndpoint(
            self._authenticator, self.authorizing, self.kept, Issuer(signers, vault), vault, clock
        )
        self._userinfo = UserinfoEndpoint(self._authenticator, self.kept, signers, clock)

    @property
    def slice(self) -> Slice:
        """Return the handlers, of both prefixes."""
        bound: tuple[tuple[wire.Pair, Callable[[Call[Any]], Steps[Answer]]], ...] = (
            (wire.TOKEN, self._tokens.answer),
            (wire.REVOKE, self.revoke),
            (wire.INTROSPECT, self.introspect),
            (wire.PUSH, self.push),
            (wire.DEVICE, self.device),
            (wire.START, self._direct.start),
            (wire.SIGN_UP, self._direct.sign_up),
            (wire.CHANGE_PASSWORD, self._direct.change_password),
            (wire.REGISTER, self._registry.register),
            (wire.REGISTERED, self._registry.look),
            (wire.REREGISTER, self._registry.change),
            (wire.UNREGISTER, self._registry.delete),
            (wire.USERINFO, self._userinfo.get),
            (wire.POST_USERINFO, self._userinfo.post),
        )
        handlers = [steps(endpoint, function) for pair, function in bound for endpoint in pair]
        described = [plain(endpoint, configuration) for endpoint in (*wire.CONFIGURATION, *wire.METADATA)]
        return Slice("oidc", (*handlers, *described, plain(wire.JWKS, key_set)))

    def revoke(self, call: Call[OAuthForm]) -> Steps[Answer]:
        """Take a token back, and with it all that came of the same sign-in; what is no token is taken back as well.

        Spec: RFC 7009 sections 2.1 and 2.2.
        """
        parameters = single(given(call.body))
        client = yield from self._authenticator.client(call, parameters, "/oauth/revoke")
        text = next(iter(parameters.get("token", ())), "")
        if not text:
            raise OAuthRefused(error="invalid_request", error_message="token is missing.")
        said = claims_of(call.project, issuer_of(call), text, self._clock())
        grant_id, generation = self._named(call, text, said)
        row = (yield from read(grants.find_begun, grant_id)) if grant_id else None
        is_young = row is not None and generation in {None, row.generation, row.generation - 1}
        if row is not None and is_young and row.application_id == client.id:
            yield from write(grants.revoke, row.id, why="revoked", user_id=row.user_id, client=call.client)
        return Answer(b"", headers=open_to(client, call.shown.origin))

    def introspect(self, call: Call[OAuthForm]) -> Steps[Answer]:
        """Say what a token is worth, to the client that has it, or to one that is called with it.

        Spec: RFC 7662 section 2.
        """
        parameters = single(given(call.body))
        client = yield from self._authenticator.client(call, parameters, "/oauth/introspect", is_secret=True)
        text = next(iter(parameters.get("token", ())), "")
        if not text:
            raise OAuthRefused(error="invalid_request", error_message="token is missing.")
        return Answer((yield from self._introspected(call, client, text)))

    def push(self, call: Call[OAuthForm]) -> Steps[Answer]:
        """Keep an authorization request of a client that has shown who it is. Spec: RFC 9126 section 2."""
        parameters = single(given(call.body))
        client = yield from self._authenticator.client(call, parameters, "/oauth/par")
        jkt = yield from self._authenticator.proof(call, "/oauth/par")
        own = {**{name: tuple(values) for name, values in parameters.items()}, "client_id": (client.id,)}
        if "request_uri" in own:
            raise OAuthRefused(error="invalid_request", error_message="A pushed request names no other one.")
        named = own.get("dpop_jkt", (jkt,))[0]
        if jkt and named != jkt:
            raise OAuthRefused(error="invalid_dpop_proof", error_message="dpop_jkt is of another key.")
        wished = {name: own[name] for name in self.authorizing.parameters if name in own}
        if jkt:
            wished["dpop_jkt"] = (jkt,)
        verdict = yield from self.authorizing.judged(call, wished, is_pushed=True)
        if isinstance(verdict, Fault):
            raise OAuthRefused(error=verdict.error, error_message=verdict.text)
        yield from requests.counted(call, self._clock())
        uri = yield from write(requests.push, client.id, issuer_of(call), wished)
        return Answer(Pushed(request_uri=uri, expires_in=requests.PUSHED_SECONDS), _CREATED)

    def device(self, call: Call[OAuthForm]) -> Steps[Answer]:
        """Give a device its codes. Spec: RFC 8628 section 3.1."""
        parameters = single(given(call.body))
        client = yield from self._authenticator.client(call, parameters, "/oauth/device/code")
        if devices.GRANT_TYPE not in client.settings.grant_types:
            raise OAuthRefused(error="unauthorized_client", error_message="The application may not sign devices in.")
        audiences = yield from self._tokens.audiences(call, client, parameters)
        wished = {"scope": tuple(parameters.get("scope", ())), "audience": audiences}
        yield from requests.counted(call, self._clock())
        issuer = issuer_of(call)
        shown = yield from write(devices.begin, client.id, issuer, wished)
        where = address(issuer, "/device")
        codes = DeviceCodes(
            device_code=shown.device_code,
            user_code=shown.user_code,
            verification_uri=where,
            verification_uri_complete=f"{where}?user_code={shown.user_code}",
            expires_in=devices.LIFETIME_SECONDS,
            interval=devices.INTERVAL_SECONDS,
        )
        return Answer(codes, headers=open_to(client, call.shown.origin))

    # --- Parts ---

    def _named(self, call: Call[Any], text: str, said: dict[str, object] | None) -> tuple[str, int | None]:
        """Return the grant of a token of ours, "" for none, and the generation of a refresh token, None for others."""
        refresh = grants.read_refresh_token(self._vault, call.project.id, text)
        return refresh or (accesstoken.grant_of(said.get("jti")) if said else "", None)

    def _counts(self, call: Call[Any], row: GrantRow | None, said: dict[str, object] | None) -> Steps[bool]:
        """Tell whether a token counts, of whose grant that lives the row is: a machine's token has none."""
        if said is None:
            return row is not None
        if row is not None:
            is_own = said.get("client_id") == row.application_id
            return is_own or (yield from exchanging.counts(call, self.kept, said))
        if not accesstoken.is_machine(str(said.get("sub"))):
            return False
        known = yield from self.kept.client(call.project, str(said.get("client_id")))
        return known is not None and known.client.is_enabled

    def _introspected(self, call: Call[Any], client: Client, text: str) -> Steps[Introspection]:
        said = claims_of(call.project, issuer_of(call), text, self._clock())
        grant_id, generation = self._named(call, text, said)
        row = (yield from read(grants.find_standing, call.project, grant_id, generation)) if grant_id else None
        if not _may_ask(client, row, said) or not (yield from self._counts(call, row, said)):
            return Introspection(active=False)
        if said is None:
            assert row is not None  # noqa: S101 - for the type checker: a refresh token that is dead was answered
            return _of_a_grant(row)
        return _of_claims(said, text)


def configuration(call: Call[Nothing]) -> Answer:
    """Return the metadata of the provider: for a project at its own path, and at the root of its host."""
    return published(discovery.configuration(call.project, issuer_of(call)))


def key_set(call: Call[Nothing]) -> Answer:
    """Return the keys that verify ID tokens and access tokens by RS256, those that will sign next included.

    Libraries of Auth0 know this address by heart, and some read every key of a set as one of RSA: no others are here.
    Discovery names the whole set, which is below the project.
    """
    return published(discovery.standard_keys(call.project.oidc_jwks))


def _may_ask(client: Client, row: GrantRow | None, said: dict[str, object] | None) -> bool:
    """Tell whether a client may know what a token is worth: its own, or one for an API that it may call itself."""
    if row is not None and row.application_id == client.id:
        return True
    if said is None:
        return False
    audience = said.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    return said.get("client_id") == client.id or any(each in client.machine_scopes for each in named)


def _of_a_grant(row: GrantRow) -> Introspection:
    """Return what is told of a refresh token that counts."""
    return Introspection(
        active=True,
        scope=row.scopes,
        client_id=row.application_id,
        sub=row.user_id,
        exp=row.expires_at,
        iss=row.issuer,
    )


def _of_claims(said: Mapping[str, object], text: str) -> Introspection:
    """Return what is told of an access token that counts."""
    key, actor = key_of(said), exchanging.actor_of(said)
    return Introspection(
        active=True,
        scope=str(said.get("scope", "")),
        client_id=str(said.get("client_id", "")),
        token_type="DPoP" if key else "Bearer",
        exp=_number(said.get("exp")),
        iat=_number(said.get("iat")),
        sub=str(said.get("sub")),
        aud=accesstoken.audiences_said(text),
        iss=str(said.get("iss")),
        jti=str(said.get("jti")),
        cnf=Confirmation(jkt=key) if key else UNSET,
        act=Actor(sub=actor) if actor else UNSET,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
