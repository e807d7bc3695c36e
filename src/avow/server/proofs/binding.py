"""What a challenge remembers of its start: who, which address, and what success does."""

from typing import Literal

import msgspec

from avow import shaping
from avow.core.addresses import LoginId

__all__ = ["Binding", "NewPerson", "decoded", "encoded"]


class NewPerson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The user that a sign-up creates once the proof is back; until then nobody exists.

    That an address is verified is management's word, which only an embedded sign-up has. `anonymous_id` is the user
    whom nobody knows, and whose session began the sign-up: they keep their id.
    """

    login_id: str
    typed: str
    name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    is_email_verified: bool = False
    is_phone_verified: bool = False
    anonymous_id: str = ""

    @property
    def identity(self) -> LoginId:
        """Return the login ID."""
        return LoginId(canonical=self.login_id, typed=self.typed)


class Binding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The start of a proof.

    Attributes:
        does: What success does.
        method: Delivery method that the secret travels by.
        address: Where it went; what is proven.
        folded: The address as rows are compared with it.
        user_id: Of whom, unless it is a sign-up.
        person: The user to be, when it is a sign-up.
        amr: Methods of the live session that this proof adds to (MFA, step-up).
        is_step_up, is_mfa: What the caller asked for.
        revokes_others: End the user's other sessions.
        unsigned_claims: Custom claims the client asked for.
        claims: Custom claims that management gave.
        is_first: The address had not been proven by anybody when the secret was sent.
        is_vouched: Management has it sent or handed out, and has named the address itself.
        session_id: Of an update, MFA or step-up: the session that asked for it, without which it comes to nothing.
        adds_login_id: Of an update: let the user sign in with the new address.
        from_address, from_device: Where it was asked from; shown to whoever clicks elsewhere.
        is_decoy: Nobody can answer it; it only costs the same time.
        is_embedded: Management handed it to the application: it went to no address and proves none.
    """

    does: Literal["sign-up", "sign-in", "update"]
    method: Literal["email", "sms", "voice", "whatsapp"]
    address: str
    folded: str
    user_id: str = ""
    person: NewPerson | None = None
    amr: tuple[str, ...] = ()
    is_step_up: bool = False
    is_mfa: bool = False
    revokes_others: bool = False
    unsigned_claims: dict[str, object] = {}
    claims: dict[str, object] = {}
    is_first: bool = False
    is_vouched: bool = False
    session_id: str = ""
    adds_login_id: bool = False
    from_address: str = ""
    from_device: str = ""
    is_decoy: bool = False
    is_embedded: bool = False


def encoded(binding: Binding) -> str:
    """Return the binding as the challenge row keeps it."""
    return msgspec.json.encode(binding).decode()


def decoded(text: str) -> Binding:
    """Return the binding of a challenge row."""
    return shaping.decode(text, Binding)
