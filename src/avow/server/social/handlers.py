"""The routes of social sign-in, and of the providers of a project."""

from avow.server.serving import Answer, Call, Project, Refusal, Slice, Steps, plain, reads, steps, writes
from avow.server.social import actions, arriving, exchanging, starting
from avow.server.social.actions import Held
from avow.server.social.endpoints import CALLBACK, GO, POST_CALLBACK, CallbackQuery, GoQuery, provider_of, redirect_uri
from avow.server.social.stored import Settings
from avow.server.store import Tx
from avow.wire import oauth as wire
from avow.wire import providers as providers_wire
from avow.wire.endpoint import Nothing
from avow.wire.oauth import OAuthStart, OAuthUrl
from avow.wire.providers import Provider, ProviderAnswer, ProviderRef, Providers, SaveProvider

__all__ = ["SLICE"]


def start(tx: Tx, call: Call[OAuthStart]) -> OAuthUrl:
    """Begin a sign-in with a social provider, or a sign-up of whom nobody knows yet.

    The answer is an address of Avow's own: the first browser that opens it is sent to the provider, and back to
    `redirectURL` with `code=`, or with `err=` and the code of an error. Step-up and MFA need the refresh token of the
    user's session.
    """
    return starting.begin(tx, call, "sign-up-or-in")


def sign_in(tx: Tx, call: Call[OAuthStart]) -> OAuthUrl:
    """Begin a sign-in with a social provider; whom nobody knows is refused."""
    return starting.begin(tx, call, "sign-in")


def sign_up(tx: Tx, call: Call[OAuthStart]) -> OAuthUrl:
    """Begin a sign-up with a social provider; whom somebody knows already is refused."""
    return starting.begin(tx, call, "sign-up")


def update(tx: Tx, call: Call[OAuthStart]) -> OAuthUrl:
    """Begin to connect a social provider to the user of the session, who is asked in the browser first.

    An identity that leads to another user stays theirs.
    """
    return starting.begin_update(tx, call)


def go(call: Call[GoQuery]) -> Steps[Answer | Refusal]:
    """Send a browser to the provider."""
    return starting.go(call)


def callback(call: Call[CallbackQuery]) -> Steps[Answer | Refusal]:
    """Take what a provider says by way of the browser."""
    return arriving.callback(call)


def post_callback(call: Call[CallbackQuery]) -> Answer:
    """Take what a provider says in a form: it comes from another site, so that the browser is sent here once more."""
    return arriving.forward(call, redirect_uri(call.project, provider_of(call.path)))


def save(tx: Tx, call: Call[SaveProvider]) -> ProviderAnswer:
    """Set a social provider up, or replace how it is set up; what is absent is as its kind has it.

    A client secret that is not named stays, unless where it would be sent to changes. Who sets up a provider decides
    whom it vouches for: it takes the right to give roles besides.
    """
    call.management.require("role")
    body = call.body
    given = _given(body, actions.kind_for(body.name, body.kind or ""))
    held = actions.save(tx, call.project, body.name, given, body.client_secret or "", actor=call.management.actor)
    return ProviderAnswer(provider=_shown(call.project, held))


def load(tx: Tx, call: Call[ProviderRef]) -> ProviderAnswer:
    """Return a social provider; the client secret is left out."""
    return ProviderAnswer(provider=_shown(call.project, actions.get(tx, call.body.name)))


def load_all(tx: Tx, call: Call[Nothing]) -> Providers:
    """Return every social provider of the project, by name; client secrets are left out."""
    return Providers(providers=tuple(_shown(call.project, each) for each in actions.every(tx)))


def delete(tx: Tx, call: Call[ProviderRef]) -> None:
    """Delete a social provider, its secret and the tokens that it gave; sign-ins on their way come to nothing."""
    actions.delete(tx, call.body.name, actor=call.management.actor)


def _given(body: SaveProvider, kind: str) -> Settings:
    return Settings(
        kind=kind,
        display_name=body.display_name or "",
        is_enabled=body.is_enabled is not False,
        client_id=body.client_id or "",
        issuer=body.issuer or "",
        discovery_url=body.discovery_url or "",
        authorization_url=body.authorization_url or "",
        token_url=body.token_url or "",
        user_url=body.user_url or "",
        emails_url=body.emails_url or "",
        keys_url=body.keys_url or "",
        hosts=body.hosts or (),
        scopes=body.scopes or (),
        client_auth=body.client_auth or "",
        key_id=body.key_id or "",
        team_id=body.team_id or "",
        uses_pkce=body.uses_pkce,
        parameters=dict(body.parameters or {}),
        claims=dict(body.claims or {}),
        trusted_domains=body.trusted_domains or (),
        are_tokens_kept=body.are_tokens_kept is not False,
        may_create=body.may_create is not False,
        may_connect=body.may_connect is not False,
    )


def _shown(project: Project, held: Held) -> Provider:
    settings = held.settings
    return Provider(
        name=held.name,
        kind=settings.kind,
        protocol=settings.protocol,
        client_id=settings.client_id,
        display_name=settings.display_name or held.name,
        is_enabled=settings.is_enabled,
        redirect_uri=redirect_uri(project, held.name),
        is_secret_kept=held.sealed_secret is not None,
        issuer=settings.issuer,
        discovery_url=settings.discovery_url,
        authorization_url=settings.authorization_url,
        token_url=settings.token_url,
        user_url=settings.user_url,
        emails_url=settings.emails_url,
        keys_url=settings.keys_url,
        hosts=settings.hosts,
        scopes=settings.scopes,
        client_auth=settings.client_auth,
        key_id=settings.key_id,
        team_id=settings.team_id,
        uses_pkce=settings.uses_pkce is not False,
        parameters=settings.parameters,
        claims=settings.claims,
        trusted_domains=settings.trusted_domains,
        are_tokens_kept=settings.are_tokens_kept,
        may_create=settings.may_create,
        may_connect=settings.may_connect,
        created_time=held.created_at,
    )


SLICE = Slice(
    "social",
    (
        writes(wire.START, start),
        writes(wire.SIGN_IN, sign_in),
        writes(wire.SIGN_UP, sign_up),
        writes(wire.UPDATE, update),
        writes(wire.EXCHANGE, exchanging.exchange),
        steps(GO, go),
        steps(CALLBACK, callback),
        plain(POST_CALLBACK, post_callback),
        writes(providers_wire.SAVE, save),
        reads(providers_wire.LOAD, load),
        reads(providers_wire.LOAD_ALL, load_all),
        writes(providers_wire.DELETE, delete),
    ),
)
