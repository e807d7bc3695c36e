"""The cookies of Avow's own pages: the browser's mark, a flow on its way, the session, and a trusted device's token.

Over https they carry the prefix `__Host-`, so that no neighbouring host can set or read them. Over http, which
settings allow for localhost only, they have neither the prefix nor Secure: not every browser takes those there.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Any

import msgspec

from avow import shaping
from avow.clock import Clock
from avow.core.ids import secret_text
from avow.core.kinds import REFRESH, SESSION
from avow.core.tokens import Expected, Verified, sign, verify
from avow.core.vault import Vault
from avow.errors import InvalidToken, SealBroken
from avow.seen import SeenTokens
from avow.server.serving import Call, Cookie, Issued, Project, SessionCaller
from avow.server.settings import Settings

__all__ = ["Jar", "OnItsWay"]

_BROWSER = "avow-browser"
_FLOW = "avow-flow-"
_REFRESH = "avow-refresh-"
_SESSION = "avow-session-"
_DEVICE = "avow-device-"
_BROWSER_SECONDS = 30 * 86400
_MARK = re.compile(r"[0-9A-Za-z]{26}", re.ASCII)
_SEEN_TOKENS = 4096  # that a node remembers, about 2 kB each
_MOST_BYTES = 3800  # browsers drop a cookie of more than 4,096 bytes, attributes included


class OnItsWay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which execution of a flow is this browser's; the cookie is sealed, and no other browser's is taken.

    Attributes:
        project_id: For which project.
        execution_id: As the wire has it.
        ends_at: When the execution ends.
        next: Where to go afterwards, approved; "" for the account page.
    """

    project_id: str
    execution_id: str
    ends_at: int
    next: str = ""


class Jar:
    """Reads and makes the cookies of one server."""

    def __init__(self, settings: Settings, vault: Vault, clock: Clock) -> None:
        self._is_https = settings.is_https
        self._vault = vault
        self._clock = clock
        self._seen = SeenTokens[tuple[str, str, str], Verified](_SEEN_TOKENS)

    # --- The browser's mark, and the token in forms that goes with it ---

    def browser(self, call: Call[Any]) -> str:
        """Return the mark of the browser, or "" when it has none yet."""
        mark = self._read(call, _BROWSER)
        return mark if _MARK.fullmatch(mark) else ""

    def marked(self, call: Call[Any]) -> tuple[str, tuple[Cookie, ...]]:
        """Return the mark of the browser, and the cookie to set when it is new."""
        mark = self.browser(call)
        if mark:
            return mark, ()
        fresh = secret_text(26)
        return fresh, (self._cookie(_BROWSER, fresh, _BROWSER_SECONDS),)

    def form_token(self, mark: str) -> str:
        """Return the hidden field of forms shown to this browser."""
        return _text(self._vault.mac("page-form", mark)) if mark else ""

    def is_own_form(self, call: Call[Any], token: str) -> bool:
        """Tell whether a form was shown to the browser that sends it.

        Spec: a token bound to a `__Host-` cookie that no other site can set, so that it also stops login CSRF.
        """
        mark = self.browser(call)
        return bool(mark) and hmac.compare_digest(self.form_token(mark).encode(), token.encode())

    # --- A flow on its way ---

    def keep_flow(self, mark: str, flow: OnItsWay) -> Cookie:
        """Return the cookie by which a flow goes on in this browser, and in no other."""
        sealed = self._vault.seal(msgspec.json.encode(flow), row=_row(mark))
        return self._cookie(_FLOW + flow.project_id, _text(sealed), max(1, flow.ends_at - self._clock()))

    def flow(self, call: Call[Any]) -> OnItsWay | None:
        """Return the flow that this browser has begun for this project, or None."""
        text = self._read(call, _FLOW + call.project.id)
        if not text:
            return None
        try:
            plain = self._vault.open(urlsafe_b64decode(text + "=" * (-len(text) % 4)), row=_row(self.browser(call)))
            found = shaping.decode(plain, OnItsWay)
        except (SealBroken, NotBase64, ValueError):
            return None
        return found if found.project_id == call.project.id and found.ends_at > self._clock() else None

    def forget_flow(self, project: Project) -> Cookie:
        """Return the cookie that forgets it; flows of other projects in this browser go on."""
        return self._cookie(_FLOW + project.id, "", 0)

    # --- The session ---

    def keep_session(self, project: Project, issued: Issued) -> tuple[Cookie, ...]:
        """Sign the tokens of a session and return the cookies that hold them; call it after the commit."""
        claims, device = issued.claims, issued.trusted_device
        left = max(1, claims.expires_at - claims.issued_at)
        try:
            token = sign(issued.key, claims.session_token())
        except ValueError:  # longer than any verifier accepts
            token = ""
        fits = 0 < len(token) <= _MOST_BYTES
        shown = self._cookie(_SESSION + project.id, token if fits else "", left if fits else 0)
        if not issued.refreshes:
            return (shown,)
        trusted = (self._cookie(_DEVICE + project.id, device.text, device.seconds),) if device else ()
        return (self._cookie(_REFRESH + project.id, sign(issued.key, claims.refresh_token()), left), shown, *trusted)

    def device(self, call: Call[Any]) -> str:
        """Return the token of a trusted device, or ""; it outlives sessions, and whose it is a unit decides."""
        return self._read(call, _DEVICE + call.project.id)

    def forget_session(self, project: Project) -> tuple[Cookie, ...]:
        """Return the cookies that remove a session from the browser."""
        return tuple(self._cookie(name + project.id, "", 0) for name in (_REFRESH, _SESSION))

    def session(self, call: Call[Any]) -> tuple[SessionCaller, int] | None:
        """Return whose session the browser holds and when it ends, or None; whether it lives a unit decides."""
        claims = self._claims(call, _REFRESH, REFRESH)
        match claims:
            case {"sub": str(user_id), "sid": str(session_id), "gen": int(generation), "exp": int(ends_at)}:
                return SessionCaller(user_id, session_id, generation, via_cookie=True), ends_at
            case _:
                return None

    def session_claims(self, call: Call[Any]) -> dict[str, Any] | None:
        """Return what the session token in the browser says, or None when it has expired."""
        return self._claims(call, _SESSION, SESSION)

    def _claims(self, call: Call[Any], name: str, kind: str) -> dict[str, Any] | None:
        token, project, now = self._read(call, name + call.project.id), call.project, self._clock()
        if not token:
            return None
        held = self._seen.find((project.id, kind, token))
        if held is None or held.exp <= now or held.kid not in project.session_keys:
            try:
                held = verify(token, project.session_keys, Expected(issuer=project.id, kinds=frozenset({kind})), now)
            except InvalidToken:
                return None
            self._seen.add((project.id, kind, token), held)
        return held.claims()

    def _read(self, call: Call[Any], name: str) -> str:
        return call.cookies.get(self._name(name), "")

    def _cookie(self, name: str, value: str, seconds: int) -> Cookie:
        return Cookie(self._name(name), value, max_age_seconds=seconds, secure=self._is_https)

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self._is_https else name


def _row(mark: str) -> str:
    return f"pages/flow/{mark}"


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
