"""What handlers import: the call they answer, the effects they yield, and the answers they give. No framework in it.

A handler has one of two forms. A *unit* is a plain function `unit(tx, call) -> answer`, all of its effects through
`tx`; it may be run again. A *generator* is for work outside the transaction and asks for each effect in turn:

    user = yield from read(find, login_id)
    accepted = yield from aside(verify_hash, user.hash, password)
    return (yield from write(open_session, user.id))

Code between effects never blocks.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from msgspec import Struct

from avow.core.layouts import PLAIN, Layout
from avow.core.networks import Network
from avow.core.passkeys.parties import party_id
from avow.core.rights import Grant, allows
from avow.core.sessions import SessionClaims
from avow.core.tokens import KeySet, SigningKey
from avow.errors import AuthException, AvowError, Forbidden, NotFound
from avow.server.outgoing import Answered, Document, OutgoingCall
from avow.server.store import Tx
from avow.wire.endpoint import Endpoint
from avow.wire.projects import ProjectSettings
from avow.wire.secret import Secret, described, shown
from avow.wire.sessions import IdpResponse, JwtResponse
from avow.wire.users import UserResponse

T = TypeVar("T")
P = ParamSpec("P")
Body = TypeVar("Body", covariant=True)


# --- Who calls -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Project:
    """A project as every call sees it: a snapshot at most a second old.

    Attributes:
        id: Project id, `P...`.
        name: For messages and pages.
        version: Counter that every change of settings or keys moves.
        settings: Policy of the project.
        signing_key: The active key of the session set.
        session_keys: The whole published session set: next, active and retired.
        jwks: The session set as published, JSON.
        oidc_jwks: The OpenID set as published, the session keys included, JSON.
        public_url: Where people reach this server; Avow's own pages and links begin with it.
        carriers: Delivery methods that this server can send by.
        is_open: Development: an empty list of redirects or origins accepts any http(s) address.
        issuer_host: Host whose root is this project's OpenID issuer, or "".
        oidc_kid: The active key of the OpenID set, "" before there is one.
        oidc_keys: All that verify tokens of the OpenID provider.
        layout: How users' session tokens are laid out.
        key_layout: How tokens of access keys are.
        callable_networks: Networks that this server may call besides the public ones.
        breached_passwords: Where passwords known from breaches are looked up: a URL, a file, or "".
    """

    id: str
    name: str
    version: int
    settings: ProjectSettings
    signing_key: SigningKey
    session_keys: KeySet
    jwks: bytes
    oidc_jwks: bytes
    public_url: str
    carriers: frozenset[str] = frozenset()
    is_open: bool = False
    issuer_host: str = ""
    layout: Layout = PLAIN
    key_layout: Layout = PLAIN
    callable_networks: tuple[Network, ...] = ()
    breached_passwords: str = ""
    oidc_kid: str = ""
    oidc_keys: KeySet = field(default_factory=lambda: KeySet({}))

    @property
    def passkey_party(self) -> str:
        """Return the RP ID of passkeys that are made and shown now, or "" where there can be none."""
        return party_id(self.settings.passkey_rp_id, self.public_url)


@dataclass(frozen=True, slots=True)
class Client:
    """Where a call comes from, as far as the transport can tell.

    Attributes:
        address: IP address; a forwarded one only when the peer is a trusted proxy, or shows a management key.
        device: User-Agent, at most 256 characters.
        locale: Accept-Language as sent, or "".
        sdk: Name in `x-descope-sdk-name`, or "".
        stores_rotated_tokens: The caller promised to keep the newest refresh token (`x-avow-stores-rotated-tokens`).
        accepts_html: A person's browser asks for a page.
        is_same_origin: The browser says that a page of this server made the request.
        is_forwarded: A proxy says that it stands in between.
        trusted_device: What may be the token of a trusted device, or ""; a secret, never logged.
        speaks_for_many: A live management key came along, or the call comes from the application around this server,
            and no address of somebody else: a back end calls for people whose addresses nobody sees here.
        flow_nonce: What the browser shows of the sign-in flow that it is in, or ""; a secret, never logged.
    """

    address: str
    device: str = ""
    locale: str = ""
    sdk: str = ""
    stores_rotated_tokens: bool = False
    accepts_html: bool = False
    is_same_origin: bool = False
    is_forwarded: bool = False
    trusted_device: str = field(default="", repr=False)
    speaks_for_many: bool = False
    flow_nonce: str = field(default="", repr=False)


class Anyone(Struct, frozen=True):
    """A caller that showed no credential, or only the project id."""


class SessionCaller(Struct, frozen=True):
    """A caller with a refresh token whose signature and claims hold; whether its session lives, a unit decides.

    Attributes:
        user_id: Subject of the token.
        session_id: Session (family) of the token.
        generation: Generation of the token within the family.
        via_cookie: The token came in a cookie, not in the Authorization header.
    """

    user_id: str
    session_id: str
    generation: int
    via_cookie: bool = False


@dataclass(frozen=True, slots=True)
class AccessKeyCaller:
    """A caller with what may be an access key; whether it is one that counts, a unit decides.

    Attributes:
        secret: The key as it was sent, or "".
    """

    secret: str = field(repr=False)


class ManagementCaller(Struct, frozen=True):
    """A caller with a live management key, the administrator of a tenant with a token of their own, or a command.

    Attributes:
        key_id: The key, or "" for a tenant's administrator and for a command.
        grant: What the caller may do; without one, nothing.
        user_id: The tenant's administrator, or ""; without key and user it is whoever types commands at the database.
    """

    key_id: str
    grant: Grant = Grant()
    user_id: str = ""

    @property
    def rights(self) -> frozenset[str]:
        """Return what the caller may do, as `core.rights` says."""
        return self.grant.rights

    @property
    def tenant_id(self) -> str:
        """Return the tenant that the caller is confined to, or "" for the whole project."""
        return self.grant.tenant_id

    @property
    def actor(self) -> str:
        """Return who it is, for the audit."""
        if self.user_id:
            return f"user:{self.user_id}"
        return f"key:{self.key_id}" if self.key_id else "command"

    def may(self, area: str, *, only_reads: bool = False) -> bool:
        """Tell whether the caller has a right beside the one that the endpoint asked for."""
        return allows(self.rights, area, only_reads=only_reads)

    def require(self, area: str) -> None:
        """Refuse a caller that may not write in another area which a part of the call changes (roles of a user).

        Raises:
            Forbidden: The right is missing.
        """
        if not self.may(area):
            raise Forbidden(error_message=f"This also needs the right {area}:write.")


class Confinement(Struct, frozen=True):
    """Which tenants a management call may touch: one, or all of the project and the project itself.

    Attributes:
        tenant_id: The one tenant, or "" for everything.
    """

    tenant_id: str = ""

    def reaches(self, tenant_id: str | None) -> bool:
        """Tell whether what belongs to this tenant (None or "": to the project) may be touched."""
        return not self.tenant_id or tenant_id == self.tenant_id

    def require(self, *tenant_ids: str | None, missing: type[AuthException] = NotFound) -> None:
        """Refuse tenants out of reach with the answer of an id that never existed.

        Args:
            tenant_ids: All that the call names or would touch; None or "" for what belongs to the project.
            missing: What the handler raises where there is no such object.

        Raises:
            AuthException: One of them is out of reach; of the class `missing`, with its own text.
        """
        if not all(self.reaches(each) for each in tenant_ids):
            raise missing

    def within(self, asked: Iterable[str] | None = ()) -> tuple[str, ...] | None:
        """Return the tenants that a search is limited to.

        Args:
            asked: The tenants that the call names; none for all.

        Returns:
            None for no limit at all. No tenants, `()`, means that nothing may be found.
        """
        wanted = tuple(asked or ())
        if not self.tenant_id:
            return wanted or None
        return (self.tenant_id,) if not wanted or self.tenant_id in wanted else ()


Caller = Anyone | SessionCaller | AccessKeyCaller | ManagementCaller


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request to the OpenID or SAML provider shows beside its parameters; secrets, never logged.

    Attributes:
        authorization: The Authorization header, or "".
        dpop: The DPoP header, or "".
        origin: Of the page that calls, or "".
        query: The query as it was sent, where a signature may cover it; otherwise "".
    """

    authorization: str = field(default="", repr=False)
    dpop: str = field(default="", repr=False)
    origin: str = ""
    query: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Call(Generic[Body]):
    """One request on its way into a handler.

    Attributes:
        project: The project it is for (absent where anyone may call and the path names none; nobody reads it there).
        caller: Who asks.
        client: Where from.
        body: The decoded request shape (of GET: the query); it may hold a code or token, never logged.
        path: Values of the `{name}` parts of the path.
        cookies: Cookies of the request; secrets, never logged.
        shown: Headers, of a request to the OpenID provider; the query, of one to the SAML provider.
    """

    project: Project
    caller: Caller
    client: Client
    body: Body = field(repr=False)
    path: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    shown: Shown = field(default_factory=Shown)

    @property
    def session(self) -> SessionCaller:
        """Return the caller of an endpoint that only sessions reach."""
        if not isinstance(self.caller, SessionCaller):
            raise TypeError("this endpoint is not declared for sessions")
        return self.caller

    @property
    def access_key(self) -> AccessKeyCaller:
        """Return the caller of an endpoint that only access keys reach."""
        if not isinstance(self.caller, AccessKeyCaller):
            raise TypeError("this endpoint is not declared for access keys")
        return self.caller

    @property
    def management(self) -> ManagementCaller:
        """Return the caller of an endpoint that only management reaches."""
        if not isinstance(self.caller, ManagementCaller):
            raise TypeError("this endpoint is not declared for management")
        return self.caller

    @property
    def confinement(self) -> Confinement:
        """Return which tenants the call may touch; every handler that is `for_tenant_admins` asks it."""
        return Confinement(self.management.tenant_id)


# --- Answers ---------------------------------------------------------------------------------------------------


class Refusal(Struct, frozen=True):
    """A no that keeps what the unit wrote (attempt counters, lockout, audit): committed, then answered."""

    error: AvowError


class ChosenPassword(Struct, frozen=True, kw_only=True):
    """A password that somebody chose on the way to their session: it is written when that is opened, not before.

    Attributes:
        encoded: As `core.passwords` stores it.
        remembers: How many earlier ones are kept, so that they can be refused.
        is_own: Whoever held a session chose it.
        credential_version: Of the user while they showed a second factor; None when it is written at once.
    """

    encoded: Secret
    remembers: int = 0
    is_own: bool = False
    credential_version: int | None = None

    __repr__ = described
    __rich_repr__ = shown


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """What a trusted device shows from now on.

    Attributes:
        text: The token; stored only as MAC.
        seconds: Until its end.
    """

    text: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class Issued:
    """A session that was opened or continued; the edge signs its tokens after the commit.

    Attributes:
        key: The project's active session key.
        claims: What both tokens say.
        refreshes: The answer carries a refresh token (it does not when a session that does not rotate is refreshed).
        user: The person, as the answer shows them.
        first_seen: The session is the user's first.
        trusted_device: The token of the device, which this sign-in made a trusted one; otherwise None.
        is_nested: The answer has the session as a part of it: `{"jwt": ...}`.
        idp_response: What an identity provider said of the person, as the answer tells it.
        tenant_sso_id: The SSO configuration that was used, or "".
        is_multi_factor: The proof that opened it was two factors in itself.
        password: What the user's password is to be from now on, for `proofs.opening`; otherwise None.
    """

    key: SigningKey
    claims: SessionClaims
    refreshes: bool
    user: UserResponse
    first_seen: bool = False
    trusted_device: DeviceToken | None = None
    is_nested: bool = False
    idp_response: IdpResponse | None = field(default=None, repr=False)
    tenant_sso_id: str = ""
    is_multi_factor: bool = False
    password: ChosenPassword | None = None


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A session as a part of a larger answer; the edge signs its tokens after the commit.

    Attributes:
        issued: The session.
        enclose: Makes the answer's body of what the session would be answered with.
        headers: Further headers of the answer.
    """

    issued: Issued
    enclose: Callable[[JwtResponse], object]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OneToken:
    """One token that management asked for; the edge signs it after the commit and answers `{"jwt": ...}`.

    Attributes:
        key: The project's active session key.
        claims: What it says.
    """

    key: SigningKey
    claims: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie to set; an empty value with `max_age_seconds=0` clears it."""

    name: str
    value: str = field(repr=False)
    max_age_seconds: int
    path: str = "/"
    domain: str = ""
    same_site: str = "Lax"
    http_only: bool = True
    secure: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is more than a JSON body: other status, headers, cookies, or another content type.

    Attributes:
        body: A wire shape (encoded as JSON), text or bytes (sent as they are).
        status: HTTP status.
        content_type: Of text and bytes.
        headers: Further headers.
        cookies: Cookies to set.
    """

    body: object = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[Cookie, ...] = ()


# --- Effects ---------------------------------------------------------------------------------------------------


class Read(Struct, frozen=True):
    """Run a unit that only reads, outside the writer."""

    unit: Callable[[Tx], Any]


class Write(Struct, frozen=True):
    """Run a unit in a write transaction and wait for its commit."""

    unit: Callable[[Tx], Any]


class Aside(Struct, frozen=True):
    """Run slow pure work (a password hash) in the bounded pool, outside any transaction."""

    work: Callable[[], Any]


class Count(Struct, frozen=True):
    """Add one to each counter of `kv` and return the new values, in order.

    Attributes:
        counters: (key, window end in epoch seconds); the value is forgotten after the window's end.
    """

    counters: tuple[tuple[str, int], ...]


class Send(Struct, frozen=True):
    """Call another server, in the pool for that, outside any transaction."""

    call: OutgoingCall


class Obtain(Struct, frozen=True):
    """Hand out what is kept of a document of another server, or fetch it.

    Attributes:
        document: Which, and for how long it is kept.
        has: What the caller needs of it; see `obtain`.
    """

    document: Document[Any]
    has: Callable[[Any], bool] | None = None


Effect = Read | Write | Aside | Count | Send | Obtain
Steps = Generator[Effect, Any, T]


def read(unit: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
    """Ask for a read unit; return its result."""
    result: T = yield Read(lambda tx: unit(tx, *args, **kwargs))
    return result


def write(unit: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
    """Ask for a write unit; return its result once it is committed."""
    result: T = yield Write(lambda tx: unit(tx, *args, **kwargs))
    return result


def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
    """Ask for slow pure work in the bounded pool; return its result.

    Raises:
        Unavailable: The pool has no room, or the work is not done in time; there is still time for a short unit then.
    """
    result: T = yield Aside(lambda: work(*args, **kwargs))
    return result


def count(*counters: tuple[str, int]) -> Steps[list[int]]:
    """Add one to each counter; return the new values."""
    values: list[int] = yield Count(counters)
    return values


def send(call: OutgoingCall) -> Steps[Answered]:
    """Call another server and return its answer, whatever its status.

    Only public addresses are called and those in `AVOW_CALLABLE_NETWORKS`. The call ends after 5 seconds, and in any
    case early enough for this request to be answered; redirects are not followed.

    Raises:
        FetchFailed: There is no answer: the address may not be called, nobody is there, the certificate is of somebody
            else, it took too long, or was too long. The public text never says which.
    """
    answered: Answered = yield Send(call)
    return answered


def obtain(document: Document[T], has: Callable[[T], bool] | None = None) -> Steps[T]:
    """Return a document of another server: the copy that is kept while it is fresh, otherwise a new one.

    All who ask at the same time wait for one fetch. While a newer one cannot be had the old copy goes on for the
    document's `stale_seconds`; a failure is remembered for half a minute, so that not everybody waits for it anew.

    Args:
        document: Which, how it is read, and for how long it is kept.
        has: Tells whether a copy has what is needed (the key of a token). One that has not is fetched anew once, at
            most once a minute for each document; the caller judges what comes back again.

    Raises:
        FetchFailed: There is neither a new one nor an old one.
    """
    found: T = yield Obtain(document, has)
    return found


# --- Slices ----------------------------------------------------------------------------------------------------


class Form(Enum):
    """How the edge runs a handler."""

    PLAIN = "plain"
    READ = "read"
    WRITE = "write"
    STEPS = "steps"


class Handler(Struct, frozen=True):
    """One endpoint bound to the function that answers it."""

    endpoint: Endpoint[Any, Any]
    function: Callable[..., Any]
    form: Form


class Slice(Struct, frozen=True):
    """What a slice offers: its handlers. `app` lists the slices."""

    name: str
    handlers: tuple[Handler, ...]


def plain(endpoint: Endpoint[Any, Any], function: Callable[[Call[Any]], Any]) -> Handler:
    """Bind an endpoint to a function that needs no effect at all."""
    return Handler(endpoint, function, Form.PLAIN)


def reads(endpoint: Endpoint[Any, Any], unit: Callable[[Tx, Call[Any]], Any]) -> Handler:
    """Bind an endpoint to a unit that only reads."""
    return Handler(endpoint, unit, Form.READ)


def writes(endpoint: Endpoint[Any, Any], unit: Callable[[Tx, Call[Any]], Any]) -> Handler:
    """Bind an endpoint to a unit that writes."""
    return Handler(endpoint, unit, Form.WRITE)


def steps(endpoint: Endpoint[Any, Any], function: Callable[[Call[Any]], Steps[Any]]) -> Handler:
    """Bind an endpoint to a generator that asks for its effects."""
    return Handler(endpoint, function, Form.STEPS)
