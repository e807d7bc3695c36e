"""What an execution of a flow knows: sealed at rest, changed only by acts."""

from typing import Literal

import msgspec
from msgspec import Struct

from avow import shaping
from avow.server.screens.values import Said
from avow.server.serving import SessionCaller
from avow.wire.secret import Secret, described, shown
from avow.wire.sessions import IdpResponse

__all__ = ["Away", "Kept", "Sent", "State", "Who", "decoded", "encoded"]


class Who(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody by a session of theirs, which may wait for its second factor."""

    user_id: str
    session_id: str
    generation: int = 1
    via_cookie: bool = False

    @property
    def caller(self) -> SessionCaller:
        """Return them as who calls."""
        return SessionCaller(self.user_id, self.session_id, self.generation, via_cookie=self.via_cookie)


class Sent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code or link on its way.

    Attributes:
        by: Delivery method.
        to: Masked address.
        at: When it was sent, or sent again.
        is_again: It was sent again.
        challenge_id: Of a link: which.
        pending_ref, link_id: Of an enchanted link: the handle polled with, and the number shown.
        is_ended: It is known to be valid no more.
    """

    by: Literal["email", "sms"] = "email"
    to: str = ""
    at: int = 0
    is_again: bool = False
    challenge_id: str = ""
    pending_ref: Secret = ""
    link_id: str = ""
    is_ended: bool = False

    __repr__ = described
    __rich_repr__ = shown


class Away(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the browser does elsewhere, and comes back from.

    Attributes:
        url: Another server, or "".
        label: Who is there.
        provider: The social provider that it is, by its name.
        is_popup: In a window of its own.
        transaction_id: Of a passkey.
        options: What the browser is asked, JSON.
        creates: A passkey is created.
    """

    url: Secret = ""
    label: str = ""
    provider: str = ""
    is_popup: bool = False
    transaction_id: Secret = ""
    options: str = ""
    creates: bool = False

    __repr__ = described
    __rich_repr__ = shown


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What comes with the session, until its tokens are handed out.

    Attributes:
        amr: What was shown in it.
        is_multi_factor: What was shown last was two factors in itself.
        first_seen: It is the user's first.
        device_token, device_seconds: The device became a trusted one.
        idp_response: What an identity provider said.
        tenant_sso_id: The SSO configuration that was used.
    """

    amr: tuple[str, ...] = ()
    is_multi_factor: bool = False
    first_seen: bool = False
    device_token: Secret = ""
    device_seconds: int = 0
    idp_response: IdpResponse | None = None
    tenant_sso_id: str = ""

    __repr__ = described
    __rich_repr__ = shown


class State(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an execution knows.

    Attributes:
        locale: The reader's language, or several as `Accept-Language` lists them.
        page: Where links and providers lead back to, approved; "" for nowhere.
        tenant: Whose sign-in it is, or "".
        can_webauthn: The browser knows passkeys.
        login_id: As it was typed, in its form.
        by: Delivery method that the login ID is reached by.
        name: As it was typed at a sign-up.
        way: Sign-in method that somebody takes or has come by, as projects name them, or "".
        provider: The social provider that they came by, or "".
        caller: Whose live session the flow was begun in, or None.
        waiting: A sign-in that waits for its second factor, or None.
        session: The session that was opened, or None.
        adds: What a further proof is: `mfa`, `stepup`, or "".
        factors: What may be shown as second factor, words of `amr`.
        kept: See there.
        sent: See there.
        away: See there.
        token: Of a link that was opened in another browser.
        asked_by: Device and address that asked for it.
        totp_url, totp_key, totp_account: A seed that is shown.
        codes: Recovery codes that are shown.
        must_choose: A link of a reset was opened: a password is to be chosen.
        person: Values of the profile.
        to_prove: Addresses of the profile that are still to be proven, as `email` or `phone` and the address.
        ran: Management had the flow run to its end, and asks what came of it.
        error, notice: What the screen says about what was done last.
    """

    locale: str = ""
    page: str = ""
    tenant: str = ""
    can_webauthn: bool = False
    login_id: str = ""
    by: Literal["email", "sms"] = "email"
    name: str = ""
    way: str = ""
    provider: str = ""
    caller: Who | None = None
    waiting: Who | None = None
    session: Who | None = None
    adds: Literal["", "mfa", "stepup"] = ""
    factors: tuple[str, ...] = ()
    kept: Kept = Kept()
    sent: Sent = Sent()
    away: Away = Away()
    token: Secret = ""
    asked_by: tuple[str, str] = ("", "")
    totp_url: Secret = ""
    totp_key: Secret = ""
    totp_account: str = ""
    codes: tuple[Secret, ...] = ()
    must_choose: bool = False
    person: dict[str, str] = {}
    to_prove: tuple[tuple[str, str], ...] = ()
    ran: bool = False
    error: Said | None = None
    notice: Said | None = None

    __repr__ = described
    __rich_repr__ = shown

    @property
    def who(self) -> Who | None:
        """Return by whose session acts are done: the one that waits, that was opened, or that the flow began in."""
        return self.waiting or self.session or self.caller


def encoded(state: State) -> bytes:
    """Return a state as JSON."""
    return msgspec.json.encode(state)


def decoded(data: bytes) -> State:
    """Return a state from JSON."""
    return shaping.decode(data, State)
