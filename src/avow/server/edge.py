"""The edge: a Request value in, through a visible table of checks, into a handler, and a Response value out. No I/O.

Drivers (`asgi`, and `site` for `wsgi` and calls in the process) run the generator `Edge.answer` and perform the effects
that it yields.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from avow.clock import Clock
from avow.core import mfatokens
from avow.core.kinds import REFRESH
from avow.core.networks import client_address, is_permitted, is_rebindable, network, subscriber
from avow.core.redirects import approve_origin
from avow.core.rights import EVERYTHING, Grant
from avow.core.tokens import Expected, verify
from avow.core.vault import Vault
from avow.errors import (
    AvowError,
    Forbidden,
    HeadersTooLarge,
    InvalidCaller,
    InvalidToken,
    MethodNotAllowed,
    NotFound,
    RequestTooLarge,
    ServerFault,
)
from avow.seen import SeenTokens
from avow.server import answers, bodies, limits
from avow.server.credentials import DEVICE_COOKIE, cookies_of, credential_of
from avow.server.routes import Routes
from avow.server.serving import (
    AccessKeyCaller,
    Answer,
    Call,
    Caller,
    Client,
    Effect,
    Enclosed,
    Form,
    Issued,
    ManagementCaller,
    OneToken,
    Project,
    Read,
    Refusal,
    SessionCaller,
    Shown,
    Steps,
    Write,
    count,
    read,
    write,
)
from avow.server.settings import Settings
from avow.server.store import Tx
from avow.server.visit import Response, Visit
from avow.wire.endpoint import Caller as Kind
from avow.wire.endpoint import Endpoint

__all__ = ["Directory", "Edge"]

_MAX_TARGET = 8192
_MAX_ID = 64
_MAX_TENANT_ID = 256
_INVALID_KEY = "The management key is not valid."
_REFRESH_KINDS = frozenset({REFRESH})
_FIRST_GENERATION = 1
_SEEN_TOKENS = 8192  # refresh tokens that a node remembers, about 1 kB each
_NONCE_HEADER = "x-descope-flow-nonce"
_DEVICE_HEADER = "x-descope-trusted-device-token"
_FORWARDED = "x-forwarded-for"
_FORWARDING = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})
_SAFE_VERBS = frozenset({"GET", "HEAD"})
_DEVELOPMENT = "/dev/"
_NOTHING_SHOWN = Shown()


class Directory(Protocol):
    """What the edge asks about projects and keys; `projects` and `keys` answer, `app` hands them in."""

    def knows(self, project_id: str) -> bool:
        """Tell whether this node has read such a project before."""
        ...

    def find(self, project_id: str) -> Steps[Project | None]:
        """Return the project, or None when there is none."""
        ...

    def at_host(self, host: str) -> Steps[str]:
        """Return the project whose OpenID provider is at the root of a host, "" when there is none."""
        ...

    def allows_origin(self, origin: str) -> Steps[bool]:
        """Tell whether any project lets pages of this origin call."""
        ...

    def management_key(self, tx: Tx, secret: str) -> ManagementCaller | None:
        """Return the live management key with this secret, or None."""
        ...


Check = Callable[["Edge", Visit], Steps[None] | None]
IsTenantAdmin = Callable[[Tx, Project, SessionCaller, str], bool]


class _Shown(NamedTuple):
    """What a refresh token that held says."""

    expires_at: int
    kid: str
    user_id: str
    session_id: str
    generation: int


ErrorPage = Callable[[Visit, AvowError], Answer]


class Edge:
    """The checks before every handler, and the making of the answer after it."""

    def __init__(
        self,
        routes: Routes,
        directory: Directory,
        settings: Settings,
        clock: Clock,
        *,
        vault: Vault,
        is_tenant_admin: IsTenantAdmin,
        error_page: ErrorPage | None = None,
    ) -> None:
        """Take all that requests share; nothing here changes while serving."""
        self.routes = routes
        self.directory = directory
        self.settings = settings
        self.clock = clock
        self.vault = vault
        self.is_tenant_admin = is_tenant_admin
        self._error_page = error_page
        self.seen = SeenTokens[tuple[str, str], _Shown](_SEEN_TOKENS)

    def answer(self, visit: Visit) -> Generator[Effect, Any, Response]:
        """Answer one request: checks in order, then the handler, then the encoding."""
        try:
            is_preflight = visit.request.verb == "OPTIONS"
            for check in PREFLIGHT_CHECKS if is_preflight else CHECKS:
                pending = check(self, visit)
                if pending is not None:
                    yield from pending
            if is_preflight:
                return (yield from _preflight(self, visit))
            result = yield from _handled(visit)
            if isinstance(result, Issued):
                result = _signed(self, visit, result)
            elif isinstance(result, Enclosed):
                result = _signed(self, visit, result.issued, result)
            elif isinstance(result, OneToken):
                result = answers.sign_one(result)
            return answers.success(visit, result)
        except AvowError as error:
            visit.error = error
            yield from _note_refusal(self, visit, error)
            return self._failure(visit, error)
        except Exception as bug:
            visit.error = ServerFault(detail=repr(bug))
            visit.error.__cause__ = bug
            return self._failure(visit, visit.error)

    def _failure(self, visit: Visit, error: AvowError) -> Response:
        """Answer an error: to a person's browser as a page, otherwise in the contract's envelope."""
        if self._error_page is None or not visit.is_page or "text/html" not in visit.request.headers.get("accept", ""):
            return answers.failure(visit, error)
        return answers.success(visit, self._error_page(visit, error))


# --- The checks, in order --------------------------------------------------------------------------------------


def _bounded(edge: Edge, visit: Visit) -> None:
    request, settings = visit.request, edge.settings
    if request.body is None:
        raise RequestTooLarge
    if len(request.path) + len(request.query) > _MAX_TARGET:
        raise RequestTooLarge(error_message="The address is longer than this server accepts.")
    if request.header_count > settings.header_count:
        raise HeadersTooLarge
    if sum(map(len, request.headers.values())) > settings.header_bytes:
        raise HeadersTooLarge


def _called_by_its_name(edge: Edge, visit: Visit) -> None:
    """Keep what only development shows (messages, the clock) from a page whose domain was pointed at this machine.

    For the browser such a page is of this origin, so that CORS does not stop it from reading codes.
    """
    if not visit.request.path.startswith(_DEVELOPMENT):
        return
    own = urlsplit(edge.settings.public_url).hostname or ""
    if is_rebindable(visit.request.headers.get("host", ""), own):
        raise NotFound(error_message="Open this page as localhost, or set AVOW_PUBLIC_URL to the name you use.")


def _routed(edge: Edge, visit: Visit) -> None:
    visit.route = edge.routes.find(visit.request.verb, visit.request.path)


def _described(edge: Edge, visit: Visit) -> None:
    headers, within = visit.request.headers, visit.request.is_within
    address = _address(edge, visit, visit.request.peer if within else "")
    visit.client = Client(
        address=address,
        device=headers.get("user-agent", "")[:256],
        locale=headers.get("accept-language", "")[:1024],
        sdk=headers.get("x-descope-sdk-name", "")[:64],
        stores_rotated_tokens=headers.get("x-avow-stores-rotated-tokens") == "1",
        accepts_html="text/html" in headers.get("accept", ""),
        is_same_origin=_is_same_origin(edge, headers),
        is_forwarded=not _FORWARDING.isdisjoint(headers),
        speaks_for_many=within and address == visit.request.peer,
        flow_nonce=headers.get(_NONCE_HEADER, "")[:256],
    )


def _address(edge: Edge, visit: Visit, also: str) -> str:
    """Return where a request comes from, as the trusted proxies say, and whoever has one more address, unless ""."""
    proxies, own = edge.settings.trusted_proxies, network(also)
    believed = proxies if own is None else (*proxies, own)
    return client_address(visit.request.peer, visit.request.headers.get(_FORWARDED), believed)


def _credentialed(edge: Edge, visit: Visit) -> None:
    assert visit.route is not None  # noqa: S101 - for the type checker; `_routed` set it
    headers = visit.request.headers
    visit.cookies = cookies_of(headers.get("cookie", ""))
    if device := headers.get(_DEVICE_HEADER, "") or visit.cookies.get(DEVICE_COOKIE, ""):
        visit.client = replace(visit.client, trusted_device=device)
    if visit.kind is Kind.ANYONE:
        visit.project_id = visit.route.path.get("projectId")
        if visit.route.handler.endpoint.names_project:
            visit.project_id = next(
                (value for name, value in bodies.pairs(visit.request.query) if name == "projectId"), ""
            )
        return
    visit.credential = credential_of(headers, visit.cookies, visit.route.handler.endpoint)
    visit.project_id = visit.credential.project_id or None


def _of_project(edge: Edge, visit: Visit) -> Steps[None]:
    assert visit.route is not None  # noqa: S101 - for the type checker; `_routed` set it
    if visit.route.handler.endpoint.by_host:
        visit.project_id = yield from edge.directory.at_host(visit.request.headers.get("host", ""))
    named = visit.project_id
    if named is None or not _is_id(named):
        return
    if not edge.directory.knows(named):  # an id made up must not cost the database a look, once there were too many
        yield from _counted(edge, limits.of_request(visit, edge.clock()))
    visit.project = yield from edge.directory.find(named)


def _within_limits(edge: Edge, visit: Visit) -> Steps[None] | None:
    if visit.project is None and visit.project_id is not None and _is_id(visit.project_id):
        return None  # counted before it was looked for
    counters = limits.of_request(visit, edge.clock())
    return _counted(edge, counters) if counters else None


def _readable(edge: Edge, visit: Visit) -> None:
    """Let a browser's page read the answer, a refusal by the limits above all."""
    origin = visit.request.headers.get("origin", "")
    settings = visit.project.settings if visit.project else None
    is_oauth = visit.route is not None and visit.route.handler.endpoint.is_oauth
    if origin and settings and visit.kind is not Kind.MANAGEMENT and not visit.is_page and not is_oauth:
        allowed = settings.allowed_origins or settings.approved_redirects
        own = origin == edge.settings.public_origin
        if own or approve_origin(origin, allowed, default_open=edge.settings.is_development):
            visit.origin = origin


def _from_allowed_origin(edge: Edge, visit: Visit) -> None:
    """Refuse a write that rests on a cookie alone from elsewhere."""
    own = visit.request.headers.get("origin", "") == edge.settings.public_origin
    if visit.credential.via_cookie and visit.request.verb not in _SAFE_VERBS and not (own or visit.origin):
        raise Forbidden(error_message="A request with a session cookie must come from an allowed origin.")


def _from_own_page(edge: Edge, visit: Visit) -> None:
    """Refuse a form that a page of another site sends.

    Pages ask for no referrer, and browsers then send `Origin: null` with a form. Where there is no Sec-Fetch-Site
    either, the token in the form decides.

    Spec: Fetch Metadata Request Headers section 2.3; Fetch, "append a request Origin header".
    """
    if not visit.is_page or visit.takes_foreign_form or visit.request.verb in _SAFE_VERBS:
        return
    headers = visit.request.headers
    site = headers.get("sec-fetch-site", "")
    is_foreign = site not in {"same-origin", "none"} if site else headers.get("origin", "null") != "null"
    if is_foreign and not visit.client.is_same_origin:
        raise Forbidden(error_message="This form was sent by a page of another site.")


def _of_known_project(edge: Edge, visit: Visit) -> None:
    if visit.project is not None:
        return
    if visit.kind is not Kind.ANYONE:
        raise InvalidCaller
    is_by_host = visit.route is not None and visit.route.handler.endpoint.by_host
    if visit.project_id is not None or is_by_host:  # named in the path: a key set, a page
        raise NotFound(error_message="There is no project with this id.")


def _identified(edge: Edge, visit: Visit) -> Steps[None] | None:
    if visit.project is None:
        return None
    if visit.kind is Kind.MANAGEMENT:
        if visit.credential.session_token:
            return _tenant_admin(edge, visit, visit.project)
        return _management_caller(edge, visit, visit.credential.token)
    if visit.kind is Kind.ACCESS_KEY:
        visit.caller = AccessKeyCaller(visit.credential.token)
    if visit.credential.session_token:
        _use_session(edge, visit, visit.project)
    elif visit.kind is Kind.SESSION:
        raise InvalidCaller
    if visit.credential.key:
        return _management_caller(edge, visit, visit.credential.key, replaces=False)
    return None


def _entitled(edge: Edge, visit: Visit) -> None:
    """Refuse a management call that the caller has no right to: before its body is read, and whatever answers it."""
    if visit.kind is not Kind.MANAGEMENT:
        return
    assert visit.route is not None  # noqa: S101 - for the type checker; `_routed` set it
    endpoint, caller = visit.route.handler.endpoint, visit.caller
    if not isinstance(caller, ManagementCaller):
        raise Forbidden
    if endpoint.for_any_key and caller.key_id:
        return
    if not caller.may(endpoint.area, only_reads=endpoint.only_reads):
        right = f"{endpoint.area}:{'read' if endpoint.only_reads else 'write'}"
        raise Forbidden(error_message=f"The management key does not have the right {right}.")
    if caller.tenant_id and not endpoint.for_tenant_admins:
        raise Forbidden(error_message="This call is not open to a caller of one tenant.")


def _decoded(edge: Edge, visit: Visit) -> None:
    assert visit.route is not None  # noqa: S101 - for the type checker; `_routed` set it
    visit.body = bodies.shaped(visit.route.handler.endpoint, visit.request)


def _within_identity_limits(edge: Edge, visit: Visit) -> Steps[None] | None:
    counters = limits.of_identity(visit, edge.clock())
    if not counters:
        return None
    return _counted(edge, counters)


CHECKS: tuple[Check, ...] = (
    _bounded,  # size of address and headers
    _called_by_its_name,  # under /dev/
    _routed,  # verb and path name a handler
    _described,  # where the call comes from
    _credentialed,  # what it shows
    _of_project,  # the project it names, if it exists
    _readable,  # CORS
    _within_limits,  # per client address and project, before any costly check
    _from_allowed_origin,  # no write by cookie from elsewhere
    _from_own_page,  # no form from elsewhere
    _of_known_project,
    _identified,  # refresh token or management key verified
    _entitled,  # the right to a management call
    _decoded,  # body or query in its shape
    _within_identity_limits,  # per login ID, phone prefix and management key
)


PREFLIGHT_CHECKS: tuple[Check, ...] = (_bounded, _described, _within_limits)


# --- Parts of the checks ---------------------------------------------------------------------------------------


def _is_same_origin(edge: Edge, headers: Mapping[str, str]) -> bool:
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    return site == "same-origin" if site else bool(origin) and origin == edge.settings.public_origin


def _is_id(text: str) -> bool:
    """Tell whether text can be a project id: no other is, or is fit for every database."""
    return len(text) <= _MAX_ID and text.isascii() and text.isalnum()


def _is_text(value: str) -> bool:
    """Tell whether a text of the query can be an id: no other is fit for every database."""
    return len(value) <= _MAX_TENANT_ID and value.isprintable() and "\ufffd" not in value


def _counted(edge: Edge, counters: list[limits.Counter]) -> Steps[None]:
    if not counters:
        return
    values = yield from count(*[(each.key, each.ends_at) for each in counters])
    limits.enforce(counters, values, edge.clock())


def _use_session(edge: Edge, visit: Visit, project: Project) -> None:
    try:
        visit.caller = _session_caller(edge, visit, project)
    except InvalidToken:
        if visit.kind is Kind.SESSION:  # elsewhere a token is an extra, and a bad one is none
            raise


def _session_caller(edge: Edge, visit: Visit, project: Project) -> SessionCaller:
    """Verify the refresh token, or remember that it held; whether its session still lives, the unit decides."""
    token, now = visit.credential.session_token, edge.clock()
    if mfatokens.is_one(token):
        return _waiting_caller(edge, token, project)
    shown = edge.seen.find((project.id, token))
    if shown is None or shown.expires_at <= now or shown.kid not in project.session_keys:
        shown = _verified(token, project, now)
        edge.seen.add((project.id, token), shown)
    return SessionCaller(shown.user_id, shown.session_id, shown.generation, via_cookie=visit.credential.via_cookie)


def _waiting_caller(edge: Edge, token: str, project: Project) -> SessionCaller:
    """Take the token of a sign-in that waits for its second factor; all that its session can do, units decide."""
    held = mfatokens.read(edge.vault, project.id, token)
    if held is None:
        raise InvalidToken(detail="an mfa token that is not one")
    return SessionCaller(held.user_id, held.session_id, _FIRST_GENERATION)


def _verified(token: str, project: Project, now: int) -> _Shown:
    held = verify(token, project.session_keys, Expected(issuer=project.id, kinds=_REFRESH_KINDS), now)
    claims = held.claims()
    user_id, session_id, generation = claims.get("sub"), claims.get("sid"), claims.get("gen")
    if not (isinstance(user_id, str) and isinstance(session_id, str) and isinstance(generation, int)):
        raise InvalidToken(detail="no sub, sid or gen")
    return _Shown(held.exp, held.kid, user_id, session_id, generation)


def _signed(edge: Edge, visit: Visit, issued: Issued, within: Enclosed | None = None) -> Answer:
    """Sign a session's tokens. What this node has just signed it need not verify when it comes back.

    The token in whose place it comes leaves room for others: it is shown again by a second tab or after a lost answer.
    """
    tokens = answers.sign_tokens(issued)
    if tokens.refresh:
        claims, caller = issued.claims, visit.caller
        if isinstance(caller, SessionCaller) and caller.session_id == claims.session_id:
            edge.seen.drop((claims.project_id, visit.credential.session_token))
        shown = _Shown(claims.expires_at, issued.key.kid, claims.user_id, claims.session_id, claims.generation)
        edge.seen.add((claims.project_id, tokens.refresh), shown)
    return answers.with_tokens(visit, issued, tokens, within)


def _management_caller(edge: Edge, visit: Visit, secret: str, *, replaces: bool = True) -> Steps[None]:
    """Find the key, at each call anew: a key that is taken back counts no more at once."""
    found: ManagementCaller | None = None
    if secret:
        found = yield from read(edge.directory.management_key, secret)
    if found is None:
        raise InvalidCaller(error_message=_INVALID_KEY)
    # From elsewhere the key is answered as one that does not exist: its thief shall not learn that it is one.
    at = visit.request.peer if visit.request.is_within else visit.client.address
    if not is_permitted(at, found.grant.networks):
        raise InvalidCaller(error_message=_INVALID_KEY, detail=f"{found.key_id} from {at}")
    if replaces:
        visit.caller = found
    else:
        _speak_for_others(edge, visit)


def _speak_for_others(edge: Edge, visit: Visit) -> None:
    """Take whom a back end with a management key calls for: it is believed as a proxy is, its own address known before.

    Otherwise all who use one application would share the limits of its address.
    """
    if visit.request.is_within:
        return  # it does without a key
    own = visit.client.address
    address = _address(edge, visit, own)
    visit.client = replace(visit.client, address=address, speaks_for_many=address == own)


def _tenant_admin(edge: Edge, visit: Visit, project: Project) -> Steps[None]:
    """Take a refresh token for a management call: its user has to administer the tenant that `?tenant=` names."""
    session = _session_caller(edge, visit, project)
    named = [value for name, value in bodies.pairs(visit.request.query) if name == "tenant"]
    if len(named) != 1 or not named[0]:
        raise InvalidCaller(error_message="A call with a refresh token names one tenant: ?tenant=<tenantId>.")
    [tenant_id] = named
    if not _is_text(tenant_id) or not (yield from read(edge.is_tenant_admin, project, session, tenant_id)):
        raise Forbidden(error_message="The user does not administer this tenant.")
    visit.caller = ManagementCaller("", Grant(EVERYTHING, tenant_id), session.user_id)


def _preflight(edge: Edge, visit: Visit) -> Steps[Response]:
    origin = visit.request.headers.get("origin", "")
    if _speaks_oauth(edge, visit):
        return answers.preflight("*")
    is_allowed = (bool(origin) and not _is_of_management(edge, visit)) and (
        origin == edge.settings.public_origin or (yield from edge.directory.allows_origin(origin))
    )
    return answers.preflight(origin if is_allowed else "")


def _speaks_oauth(edge: Edge, visit: Visit) -> bool:
    """Tell whether a preflight is for the OpenID provider: no cookie counts there, and the answer names its readers."""
    verb = visit.request.headers.get("access-control-request-method", "GET")
    try:
        endpoint = edge.routes.find(verb, visit.request.path).handler.endpoint
    except (NotFound, MethodNotAllowed):
        return False
    return endpoint.is_oauth and not endpoint.is_page


def _is_of_management(edge: Edge, visit: Visit) -> bool:
    """Tell whether a preflight asks for the management API, which no page may call."""
    verb = visit.request.headers.get("access-control-request-method", "GET")
    try:
        return edge.routes.find(verb, visit.request.path).handler.endpoint.caller is Kind.MANAGEMENT
    except (NotFound, MethodNotAllowed):
        return False  # the request itself will say so


def _handled(visit: Visit) -> Steps[Any]:
    """Run the handler in its form; a Refusal has been committed and becomes its error."""
    assert visit.route is not None  # noqa: S101 - for the type checker
    handler = visit.route.handler
    call: Call[Any] = Call(
        visit.project,  # type: ignore[arg-type]  # None only for Kind.ANYONE, whose handlers do not read it
        visit.caller,
        visit.client,
        visit.body,
        visit.route.path,
        visit.cookies,
        _shown(visit, handler.endpoint),
    )
    if handler.form is Form.PLAIN:
        result = handler.function(call)
    elif handler.form is Form.STEPS:
        result = yield from handler.function(call)
    else:
        effect = Read if handler.form is Form.READ else Write
        result = yield effect(lambda tx: handler.function(tx, call))
    if isinstance(result, Refusal):
        raise result.error
    return result


def _shown(visit: Visit, endpoint: Endpoint[Any, Any]) -> Shown:
    if endpoint.shows_query:
        return Shown(query=visit.request.query)
    if not endpoint.is_oauth:
        return _NOTHING_SHOWN
    headers = visit.request.headers
    return Shown(headers.get("authorization", ""), headers.get("dpop", ""), headers.get("origin", ""))


def _note_refusal(edge: Edge, visit: Visit, error: AvowError) -> Steps[None]:
    """Record refused callers, which no unit can: bounded per address, and only in projects that exist."""
    if visit.project is None or not isinstance(error, (InvalidCaller, InvalidToken, Forbidden)):
        return
    try:
        minute = edge.clock() // 60
        key = f"refused:{visit.project.id}:{subscriber(visit.client.address)}:{minute}"
        [seen] = yield from count((key, (minute + 1) * 60))
        if seen <= limits.NOTED_REFUSALS_PER_MINUTE:
            yield from write(_audit_refusal, visit.endpoint_id, visit.client, visit.caller, error.error_code)
    except AvowError:
        return  # the refusal itself must be answered, whatever becomes of its record


def _audit_refusal(tx: Tx, endpoint_id: str, client: Client, caller: Caller, code: str) -> None:
    tx.audit(
        "caller.refused",
        outcome="refused",
        actor=caller.actor if isinstance(caller, ManagementCaller) else "anyone",
        address=client.address,
        device=client.device,
        data={"endpoint": endpoint_id, "code": code},
    )
