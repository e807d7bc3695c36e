"""What a sign-in brings to its session."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from avow.server.serving import ChosenPassword

__all__ = ["Opening"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a sign-in brings to its session.

    Attributes:
        amr: Methods used, in order.
        first_seen: The user was created by this sign-in, or invited and is here for the first time.
        claims: Custom claims of the server side.
        unsigned_claims: Custom claims the client asked for; they appear under `nsec`.
        revokes_others: End the user's other sessions.
        is_step_up: A stronger proof within a live session (`su` in the token).
        tenant_id: Selected tenant, or None.
        impersonator: Who acts in the user's name, or "".
        lifetime_seconds: Life of the session where it is to be shorter than the project's, or None.
        in_body: The refresh token goes to a back end in the answer's body, whatever the project says of browsers.
        actor: Who opens it, for the audit; the user when absent.
        via: How the user proved who they are, for the audit: otp, magiclink, ... or "".
        adds_to: The live session that the proof adds to (MFA, step-up), or ""; one that waited for it ends.
        is_multi_factor: The proof was two factors in itself: a passkey that verified its user, or SSO that says so.
        proof: What of `amr` was shown now; None for all of it.
        ends_at: When the session ends at the latest, because the one that it goes on from does; None for no such end.
        strong_at: When an app or a passkey was last shown before, or 0.
        password: What the user chose on the way, in the place of the password that they showed; None for nothing.
    """

    amr: tuple[str, ...]
    first_seen: bool = False
    claims: Mapping[str, object] = field(default_factory=dict)
    unsigned_claims: Mapping[str, object] = field(default_factory=dict)
    revokes_others: bool = False
    is_step_up: bool = False
    tenant_id: str | None = None
    impersonator: str = ""
    lifetime_seconds: int | None = None
    in_body: bool = False
    actor: str = ""
    via: str = ""
    adds_to: str = ""
    is_multi_factor: bool = False
    proof: tuple[str, ...] | None = None
    ends_at: int | None = None
    strong_at: int = 0
    password: ChosenPassword | None = None

    def expires_at(self, now: int, most: int) -> int:
        """Return when what is opened now ends; `most` is how many seconds it lives if nothing shortens it."""
        ends = [now + most]
        if self.lifetime_seconds:
            ends.append(now + self.lifetime_seconds)
        if self.ends_at is not None:
            ends.append(self.ends_at)
        return min(ends)
