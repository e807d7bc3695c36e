"""The steps of a sign-in elsewhere that social providers and tenants' SSO share. Each is one unit.

    start       the application asks; Avow answers with an address of its own (`Started.url`)
    bind        a browser opens it: the first one has the sign-in from then on, and is sent to the provider
    arrive      that browser comes back with the state, which is consumed; no other browser can
    (the method asks the provider and judges its answer; nothing is open meanwhile)
    admit       the person is found, connected or created
    grant       the application gets a code of one use, two minutes
    exchange    the code becomes a session

A provider that answers by a form of its own (SAML) sends no cookie with it: `peek` and `hold` keep what was judged
until `resume` sees the browser. A sign-in that nobody started (IdP-initiated) begins with `admit`.
"""

from dataclasses import dataclass, field

from avow.core.federation.people import Person
from avow.server.federation.starts import Grant, Kind, Start, Way
from avow.server.serving import Answer, Call, Client, Cookie, Issued, Project, Refusal
from avow.server.store import Tx
from avow.server.users.actions import Profile

__all__ = [
    "Admitted",
    "Arrival",
    "Bound",
    "Grant",
    "Held",
    "Kind",
    "Person",
    "Rule",
    "Start",
    "Started",
    "Way",
    "admit",
    "arrive",
    "bind",
    "exchange",
    "failed",
    "finished",
    "grant",
    "hold",
    "identity_of",
    "peek",
    "resume",
    "start",
]


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in that waits for its browser.

    Attributes:
        id: The start; later the `state` of the request to the provider. No secret, as long as the browser is not known.
        url: Avow's own address that the browser is to open.
    """

    id: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """A start and the browser that has it.

    Attributes:
        state: For the provider: OAuth's `state`, SAML's RelayState.
        start: What was begun.
        nonce: For the provider: OpenID's `nonce`; derived from the start, kept nowhere.
        verifier: PKCE verifier, 43 characters; likewise.
        cookies: To be set with the redirect: they mark the browser.
    """

    state: str
    start: Start
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A start whose browser is back; it is consumed.

    Attributes:
        state: As the provider brought it back.
        start: What was begun.
        nonce: What an ID token has to repeat.
        verifier: What the token request shows.
    """

    state: str
    start: Start
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """An arrival, and what was kept with it until the browser was seen."""

    arrival: Arrival
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a way may do for whom it does not know yet.

    Attributes:
        does: As in the start.
        user_id: The only user that may come out (update, step-up, MFA), or "".
        may_create: Whether users come into being by it.
        may_connect: Whether a verified address leads to the user who has it; otherwise only the identity does.
        tenant_id: Of SSO: identities are the tenant's, and new users its members.
    """

    does: str = "sign-up-or-in"
    user_id: str = ""
    may_create: bool = True
    may_connect: bool = True
    tenant_id: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who a person turned out to be.

    Attributes:
        profile: The user, as this unit holds them.
        is_new: Created just now, or invited and here for the first time.
    """

    profile: Profile
    is_new: bool


def start(tx: Tx, call: Call[object], begun: Start, *, path: str) -> Started:
    """Remember what was begun for ten minutes; return Avow's own address for the browser.

    Args:
        tx: The unit.
        call: Whose project.
        begun: See there; its redirect is approved and its login options are checked already.
        path: Of the method's endpoint that calls `bind`, such as `/v1/auth/oauth/go`; the project's id is appended.
    """
    raise NotImplementedError


def bind(tx: Tx, call: Call[object], kind: Kind, token: str) -> Bound | Refusal:
    """Give a start to the browser that opens its address first; another one is refused.

    Args:
        tx: The unit.
        call: The request of the browser; its cookies are read.
        kind: Whose endpoint it is.
        token: `t` of the address.
    """
    raise NotImplementedError


def arrive(tx: Tx, call: Call[object], way: Way, state: str) -> Arrival | Refusal:
    """Consume the start of a browser that is back from the provider: before anybody else is asked anything.

    Refused are an unknown, old or used state, a browser that is not the start's, and a start of another way. A refusal
    is audited; nobody knows then where to redirect to, so it is answered as a page.

    Args:
        tx: The unit.
        call: The request of the browser; its cookies are read.
        way: The configuration whose callback it is.
        state: From the provider.
    """
    raise NotImplementedError


def peek(tx: Tx, way: Way, state: str) -> Start | None:
    """Return a start that waits for its browser to be back, consuming nothing; no browser is proven by that."""
    raise NotImplementedError


def hold(tx: Tx, call: Call[object], state: str, text: str, *, path: str) -> str:
    """Keep what was judged until the browser shows its cookie; return the address that it is redirected to (303).

    Args:
        tx: The unit.
        call: Whose project.
        state: As the provider brought it back.
        text: What `resume` hands out, at most 64 kB; it is sealed.
        path: Of the method's endpoint that calls `resume`; the project's id is appended.
    """
    raise NotImplementedError


def resume(tx: Tx, call: Call[object], way: Way, token: str) -> Held | Refusal:
    """Hand out what was held, to the browser of its start; both are consumed. Refused and audited as in `arrive`.

    Args:
        tx: The unit.
        call: The request of the browser; its cookies are read.
        way: The configuration that it was held for.
        token: `t` of the address.
    """
    raise NotImplementedError


def identity_of(tx: Tx, way: Way, person: Person) -> str | None:
    """Return the id of the user who has come by this way as this person before, or None."""
    raise NotImplementedError


def admit(tx: Tx, project: Project, client: Client, way: Way, person: Person, rule: Rule) -> Admitted | Refusal:
    """Find the user that a person is, connect the person to one, or create one.

    In this order: (1) who came by this way with this issuer and subject before; (2) in an update, the user of the
    session; (3) the user who has the person's verified address as a login ID: at once when the user has proven that
    address, otherwise as its owner, who ends what others did on the account before; (4) a new user. An address that is
    not verified leads to nobody, and a new user whose address somebody has is refused.

    What the provider says of name and picture fills what is empty; an address changes nothing of a known user.

    Args:
        tx: The unit.
        project: Whose.
        client: The browser, for the audit.
        way: By which configuration.
        person: Who they are there; judged already.
        rule: What may happen.

    Returns:
        The user, or a Refusal (audited) with SignInRefused, LinkingRefused, UserExists, UserNotFound or UserDisabled.
    """
    raise NotImplementedError


def grant(tx: Tx, granted: Grant) -> str:
    """Store what a code is for and return the code; two minutes, one use."""
    raise NotImplementedError


def exchange(tx: Tx, call: Call[object], kind: Kind, code: str) -> Issued | Refusal:
    """Take an exchange code and open the session that it is for.

    Args:
        tx: The unit.
        call: Of the application.
        kind: Whose endpoint it is; a code of the other kind is refused.
        code: As the application got it.
    """
    raise NotImplementedError


def finished(project: Project, begun: Start, code: str) -> Answer:
    """Send the browser to the application with `code=`; from a popup, hand it to the window that waits."""
    raise NotImplementedError


def failed(project: Project, begun: Start, code: str) -> Answer:
    """Send the browser to the application with `err=` and the code of an error; from a popup likewise."""
    raise NotImplementedError
