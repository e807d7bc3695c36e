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

from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from avow import shaping
from avow.core import links
from avow.core.federation.people import Person
from avow.core.tokens.encoding import to_base64url
from avow.errors import AvowError, CodeExpired, InvalidCode, LinkExpired, SignInRefused
from avow.server.challenges import actions as challenges
from avow.server.challenges.actions import Taken
from avow.server.federation import starts
from avow.server.federation.browsers import browser_of, marked
from avow.server.federation.identities import Admitted, Rule, admit, forget_way, identity_of
from avow.server.federation.leaving import failed, finished
from avow.server.federation.starts import Grant, Kind, Start, Way
from avow.server.proofs.opening import open_session
from avow.server.proofs.options import goes_on
from avow.server.serving import Call, Cookie, Issued, Project, Refusal
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire.sessions import IdpResponse

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
    "begun",
    "bind",
    "browser_of",
    "exchange",
    "failed",
    "finished",
    "forget_way",
    "grant",
    "hold",
    "identity_of",
    "peek",
    "peek_grant",
    "refuse",
    "resume",
    "start",
]

START_SECONDS: Final = 600  # until a browser opens the address
STATE_SECONDS: Final = 900  # until it is back from the provider
HELD_SECONDS: Final = 120
CODE_SECONDS: Final = 120

_START = "federation-start"
_STATE = "federation-state"
_HELD = "federation-held"
_ATTEMPTS = 3  # secrets that nobody guesses; more than one try only for a browser that asks twice


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
        arrived_at: Now, in epoch seconds.
    """

    state: str
    start: Start
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    arrived_at: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """An arrival, and what was kept with it until the browser was seen."""

    arrival: Arrival
    text: str = field(repr=False)


class _Kept(msgspec.Struct, frozen=True):
    """What is held: for which state, and the sealed text."""

    state: str
    sealed: str


def start(tx: Tx, call: Call[object], wanted: Start, *, path: str) -> Started:
    """Remember what was begun for ten minutes; return Avow's own address for the browser.

    Args:
        tx: The unit.
        call: Whose project.
        wanted: See there; its redirect is approved and its login options are checked already.
        path: Of the method's endpoint that calls `bind`, such as `/v1/auth/oauth/go`; the project's id is appended.
    """
    token = links.new_link_token()
    challenges.put(
        tx,
        purpose=_START,
        subject=token.challenge_id,
        secret=token.secret,
        binding=starts.encoded(msgspec.structs.replace(wanted, begun_at=tx.now)),
        attempts=_ATTEMPTS,
        lifetime_seconds=START_SECONDS,
        challenge_id=token.challenge_id,
    )
    return Started(token.challenge_id, _address(call.project, path, token.text))


def begun(tx: Tx, kind: Kind, token: str) -> Start | None:
    """Return the start of an address that no browser has opened, binding nothing."""
    parsed = links.parse(token)
    found = challenges.look(tx, purpose=_START, challenge_id=parsed[0], secret=parsed[1]) if parsed else None
    start = starts.decoded(found.binding) if found is not None else None
    return start if start is not None and start.way.kind == kind else None


def bind(tx: Tx, call: Call[object], kind: Kind, token: str) -> Bound | Refusal:
    """Give a start to the browser that opens its address first; another one is refused.

    Args:
        tx: The unit.
        call: The request of the browser; its cookies are read.
        kind: Whose endpoint it is.
        token: `t` of the address.
    """
    parsed = links.parse(token)
    if parsed is None:
        return refuse(tx, call, kind, "an address of no start")
    state, secret = parsed
    browser, cookie = marked(call, STATE_SECONDS)
    taken = challenges.take_link(tx, purpose=_START, challenge_id=state, secret=secret)
    if isinstance(taken, Taken):
        challenges.put(
            tx,
            purpose=_STATE,
            subject=state,
            secret=browser,
            binding=taken.binding,
            attempts=_ATTEMPTS,
            lifetime_seconds=STATE_SECONDS,
            challenge_id=state,
        )
        held: Taken | None = taken
    else:  # the same browser opens it again
        held = challenges.look(tx, purpose=_STATE, challenge_id=state, secret=browser)
    kept = starts.decoded(held.binding) if held is not None else None
    if kept is None or kept.way.kind != kind:
        return refuse(tx, call, kind, "an address that was opened elsewhere, is used or old")
    nonce, verifier = _derived(tx, state, browser)
    return Bound(state, kept, nonce, verifier, (cookie,))


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
    browser = browser_of(call)
    if not browser:
        return refuse(tx, call, way.kind, "a browser that began no sign-in", way)
    taken = challenges.take_link(tx, purpose=_STATE, challenge_id=state, secret=browser)
    if isinstance(taken, Refusal):
        return refuse(tx, call, way.kind, "a state that is unknown, old, used or another browser's", way)
    kept = starts.decoded(taken.binding)
    if kept.way != way:
        return refuse(tx, call, way.kind, "a state of another provider", way)
    if not goes_on(tx, call.project, kept.user_id, kept.asked.session_id):
        return refuse(tx, call, way.kind, "the session that asked for it has ended", way)
    nonce, verifier = _derived(tx, state, browser)
    return Arrival(state, kept, nonce, verifier, tx.now)


def peek(tx: Tx, way: Way, state: str) -> Start | None:
    """Return a start that waits for its browser to be back, consuming nothing; no browser is proven by that."""
    found = challenges.peek(tx, purpose=_STATE, challenge_id=state)
    kept = starts.decoded(found.binding) if found is not None else None
    return kept if kept is not None and kept.way == way else None


def hold(tx: Tx, call: Call[object], state: str, text: str, *, path: str) -> str:
    """Keep what was judged until the browser shows its cookie; return the address that it is redirected to (303).

    Args:
        tx: The unit.
        call: Whose project.
        state: As the provider brought it back.
        text: What `resume` hands out, at most 64 kB; it is sealed.
        path: Of the method's endpoint that calls `resume`; the project's id is appended.
    """
    token = links.new_link_token()
    sealed = tx.vault.seal(text.encode(), row=_held_row(tx, token.challenge_id))
    challenges.put(
        tx,
        purpose=_HELD,
        subject=token.challenge_id,
        secret=token.secret,
        binding=msgspec.json.encode(_Kept(state, b64encode(sealed).decode())).decode(),
        attempts=_ATTEMPTS,
        lifetime_seconds=HELD_SECONDS,
        challenge_id=token.challenge_id,
    )
    return _address(call.project, path, token.text)


def resume(tx: Tx, call: Call[object], way: Way, token: str) -> Held | Refusal:
    """Hand out what was held, to the browser of its start; both are consumed. Refused and audited as in `arrive`.

    Args:
        tx: The unit.
        call: The request of the browser; its cookies are read.
        way: The configuration that it was held for.
        token: `t` of the address.
    """
    parsed = links.parse(token)
    taken = challenges.take_link(tx, purpose=_HELD, challenge_id=parsed[0], secret=parsed[1]) if parsed else None
    if not isinstance(taken, Taken):
        return refuse(tx, call, way.kind, "nothing is held, or it is used or old", way)
    kept = shaping.decode(taken.binding, _Kept)
    arrival = arrive(tx, call, way, kept.state)
    if isinstance(arrival, Refusal):
        return arrival
    text = tx.vault.open(b64decode(kept.sealed), row=_held_row(tx, taken.id)).decode()
    return Held(arrival, text)


def refuse(
    tx: Tx, call: Call[object], kind: Kind, reason: str, way: Way | None = None, error: AvowError | None = None
) -> Refusal:
    """Note that a sign-in elsewhere came to nothing, and return the refusal.

    Args:
        tx: The unit.
        call: The request of the browser.
        kind: Whose endpoint it is.
        reason: For the audit; never a secret, nothing that the provider said.
        way: The configuration, where it is known.
        error: What is answered; SignInRefused when absent.
    """
    tx.audit(
        "federation.refused",
        outcome="refused",
        tenant_id=way.tenant_id if way else "",
        address=call.client.address,
        device=call.client.device,
        method=kind,
        data={"reason": reason} | ({"way": way.text} if way else {}),
    )
    return Refusal(error or SignInRefused(detail=reason))


def grant(tx: Tx, granted: Grant) -> str:
    """Store what a code is for and return the code; two minutes, one use."""
    token = links.new_link_token()
    challenges.put(
        tx,
        purpose=_code_purpose(granted.way.kind),
        subject=token.challenge_id,
        secret=token.secret,
        binding=starts.encoded(granted),
        attempts=_ATTEMPTS,
        lifetime_seconds=CODE_SECONDS,
        challenge_id=token.challenge_id,
    )
    return token.text


def exchange(tx: Tx, call: Call[object], kind: Kind, code: str) -> Issued | Refusal:
    """Take an exchange code and open the session that it is for.

    Args:
        tx: The unit.
        call: Of the application.
        kind: Whose endpoint it is; a code of the other kind is refused.
        code: As the application got it.
    """
    parsed = links.parse(code)
    if parsed is None:
        return Refusal(InvalidCode())
    taken = challenges.take_link(tx, purpose=_code_purpose(kind), challenge_id=parsed[0], secret=parsed[1])
    if isinstance(taken, Refusal):
        return Refusal(CodeExpired() if isinstance(taken.error, LinkExpired) else InvalidCode())
    granted = starts.granted(taken.binding)
    profile = users.hold(tx, granted.user_id)
    # Whatever changed about the user's credentials meanwhile, the code was for the user as they were.
    if profile is None or profile.row.credential_version != granted.credential_version:
        return Refusal(InvalidCode())
    opening = granted.asked.opening(
        granted.method, via=kind, first_seen=granted.first_seen, is_multi_factor=granted.is_multi_factor
    )
    opening = replace(
        opening,
        tenant_id=granted.tenant_id or None,
        lifetime_seconds=granted.lifetime_seconds or None,
    )
    issued = open_session(tx, call.project, call.client, granted.user_id, opening, profile)
    if isinstance(issued, Refusal) or not granted.idp_response:
        return issued
    return replace(issued, idp_response=shaping.decode(granted.idp_response, IdpResponse))


def peek_grant(tx: Tx, kind: Kind, code: str) -> Grant | None:
    """Return what a live exchange code is for, consuming nothing; None for no such code."""
    parsed = links.parse(code)
    taken = (
        challenges.look(tx, purpose=_code_purpose(kind), challenge_id=parsed[0], secret=parsed[1]) if parsed else None
    )
    return starts.granted(taken.binding) if taken is not None else None


def _address(project: Project, path: str, token: str) -> str:
    return links.with_token(f"{project.public_url.rstrip('/')}{path}/{project.id}", token)


def _code_purpose(kind: Kind) -> str:
    return f"{kind}-code"


def _derived(tx: Tx, state: str, browser: str) -> tuple[str, str]:
    """Return nonce and PKCE verifier of a start and its browser: made anew each time, so that no row holds them."""
    nonce = tx.vault.mac("federation-nonce", tx.project_id, state, browser)
    verifier = tx.vault.mac("federation-verifier", tx.project_id, state, browser)
    return to_base64url(nonce), to_base64url(verifier)


def _held_row(tx: Tx, challenge_id: str) -> str:
    return f"challenges.binding:{tx.project_id}:{challenge_id}"
