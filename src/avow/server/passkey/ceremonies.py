"""Ceremonies between their two requests: what a start leaves behind, and how it is found again and used up."""

from typing import Final, Literal

import msgspec

from avow import shaping
from avow.core import links
from avow.core.passkeys.answers import Ceremony
from avow.core.passkeys.options import Verification
from avow.core.passkeys.parties import Party
from avow.errors import InvalidArgument
from avow.server.challenges import actions as challenges
from avow.server.proofs.binding import NewPerson
from avow.server.proofs.options import Asked
from avow.server.serving import Client, Project, Refusal, SessionCaller
from avow.server.store import Tx

__all__ = [
    "ADD",
    "LIFETIME_SECONDS",
    "SIGN_IN",
    "SIGN_UP",
    "Begun",
    "Purpose",
    "begin",
    "find",
    "party_of",
    "take",
]

Purpose = Literal["passkey-sign-up", "passkey-sign-in", "passkey-add"]
SIGN_UP: Final = "passkey-sign-up"
SIGN_IN: Final = "passkey-sign-in"
ADD: Final = "passkey-add"

LIFETIME_SECONDS: Final = 300
_ONE_ANSWER: Final = 1


class Begun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the start of a ceremony asked for.

    Attributes:
        party_id: RP ID.
        origin: Origin of the page that asked.
        verification: Whether the device has to verify who uses it.
        user_id: Whose passkey; of a sign-up, of the user to be; "" where any passkey may be shown.
        person: The user to be, of a sign-up.
        wishes: What the caller asked of the session to come, and which session it adds to.
        device: User-Agent of the start.
        is_decoy: Nobody can finish it; it only costs the same time.
    """

    party_id: str
    origin: str
    verification: Verification
    user_id: str = ""
    person: NewPerson | None = None
    wishes: Asked = Asked()
    device: str = ""
    is_decoy: bool = False

    def ceremony(self, transaction_id: str) -> Ceremony:
        """Return what the answer is held against; the transaction id is the challenge."""
        return Ceremony(transaction_id, self.party_id, self.origin, self.verification == "required")

    def is_continued_by(self, caller: object, client: Client) -> bool:
        """Tell whether a caller is the one who began: by their session where they show one, otherwise by their device.

        The official clients show no refresh token when they finish. What they began is then bound by the transaction
        id, which nobody else is told, and by the session, which has to live on; another User-Agent is somebody else.
        """
        if isinstance(caller, SessionCaller):
            return (caller.user_id, caller.session_id) == (self.user_id, self.wishes.session_id)
        return client.device == self.device


def party_of(project: Project, origin: str) -> Party:
    """Return whom the passkeys of a project are for, if pages of this origin may ask for them.

    Raises:
        InvalidArgument: They may not, or the project has no domain for passkeys.
    """
    settings = project.settings
    party = Party.of(settings.passkey_rp_id, settings.passkey_origins, project.public_url, is_open=project.is_open)
    if not party.takes(origin):
        raise InvalidArgument(error_message="Passkeys are not used on pages of this origin; see passkey_origins.")
    return party


def begin(tx: Tx, purpose: Purpose, begun: Begun) -> str:
    """Remember a ceremony for five minutes; return its transaction id, which is the challenge, too.

    Of the id a part is stored, and the MAC of the rest: who reads the database finishes no ceremony. One that adds
    a passkey takes the place of an earlier one of its user.
    """
    token = links.new_link_token()
    challenges.put(
        tx,
        purpose=purpose,
        # Anybody may begin a sign-in of anybody: no start takes the place of another.
        subject=begun.user_id if purpose == ADD else token.challenge_id,
        secret=token.secret,
        binding=msgspec.json.encode(begun).decode(),
        attempts=_ONE_ANSWER,
        lifetime_seconds=LIFETIME_SECONDS,
        challenge_id=token.challenge_id,
    )
    return token.text


def find(tx: Tx, purpose: Purpose, transaction_id: str) -> Begun | None:
    """Return a ceremony that waits for its answer, without using it up."""
    parsed = links.parse(transaction_id)
    if parsed is None:
        return None
    found = challenges.look(tx, purpose=purpose, challenge_id=parsed[0], secret=parsed[1])
    return shaping.decode(found.binding, Begun) if found else None


def take(tx: Tx, purpose: Purpose, transaction_id: str) -> bool:
    """Use a ceremony up, whatever comes of its answer; False when it has been, or its time is over."""
    parsed = links.parse(transaction_id)
    if parsed is None:
        return False
    taken = challenges.take_link(tx, purpose=purpose, challenge_id=parsed[0], secret=parsed[1])
    return not isinstance(taken, Refusal)
