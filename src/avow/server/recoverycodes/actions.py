"""Recovery codes: made ten at a time, kept as MACs, each used once, in the place of an app that is not at hand."""

from avow.core import addresses
from avow.core import recoverycodes as rules
from avow.errors import InvalidCode
from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import notify
from avow.server.proofs import actions as proofs
from avow.server.proofs.opening import open_session
from avow.server.proofs.options import asked
from avow.server.proofs.recipients import subject_of_sign_up
from avow.server.recoverycodes import rows
from avow.server.recoverycodes.rows import CodeRow, IdRow, LeftRow
from avow.server.serving import Call, Issued, Refusal
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire.endpoint import Nothing
from avow.wire.recoverycodes import RecoveryCode

__all__ = ["LeftRow", "generate", "left", "verify"]

_NOBODY = ""  # the id of no user


def generate(tx: Tx, call: Call[Nothing]) -> tuple[str, ...]:
    """Make ten codes for the user of the session, and tell them; those before are void.

    The user is held before the session is judged, so that nothing is made beside the end of all their sessions.

    Raises:
        SecondFactorNeeded, FreshProofNeeded: As `sessions.require_fresh`: whoever has codes needs no app any more.
    """
    users.hold(tx, call.session.user_id)
    _, profile = sessions.require_fresh(tx, call)
    codes = rules.new_codes()
    macs = {f"mac_{number}": _mac(tx, profile.id, rules.bare(code)) for number, code in enumerate(codes)}
    tx.run(rows.PUT, user_id=profile.id, **macs)
    tx.audit("recovery_codes.made", actor=f"user:{profile.id}", user_id=profile.id, data={"count": len(codes)})
    notify(tx, call.project, call.client, "recovery-codes-made", profile.proven_email)
    return codes


def left(tx: Tx, call: Call[Nothing]) -> LeftRow:
    """Return how many codes the user of the session has left."""
    sessions.live(tx, call.project, call.session)
    return tx.one(rows.LEFT, LeftRow, user_id=call.session.user_id) or LeftRow(0, 0)


def verify(tx: Tx, call: Call[RecoveryCode], code: str) -> Issued | Refusal:
    """Take a code and open a session.

    Args:
        tx: The unit.
        call: Who signs in, and the options.
        code: Twelve letters, as `core.recoverycodes.bare` returns them.

    Raises:
        InvalidCaller: Step-up or MFA is asked for without a live session of this very user, whatever the code is.
        RateLimitException: There were too many wrong codes; even a right one is refused.
    """
    identity = addresses.login_id(call.body.login_id)
    owner = users.find_owner(tx, identity.canonical)
    wishes = asked(tx, call, owner or _NOBODY, call.body.login_options)
    held = users.hold(tx, owner or _NOBODY)
    tries = f"recovery-code:{'added:' if wishes.session_id else ''}{owner or subject_of_sign_up(identity)}"
    challenges.check_tries(tx, call.project, tries)
    if held is None or not _used(tx, held.id, code):
        return _refused(tx, call, tries, owner)
    tx.audit("recovery_code.used", actor=f"user:{held.id}", user_id=held.id, method="recoverycodes")
    opening = wishes.opening("recovery", via="recoverycodes", first_seen=held.is_invited)
    profile = proofs.admitted(tx, held) or held  # of somebody disabled, `open_session` says so
    return open_session(tx, call.project, call.client, held.id, opening, profile)


def _used(tx: Tx, user_id: str, code: str) -> bool:
    """Tell whether this is one of the user's codes, and take it; every one is compared, in constant time."""
    found = tx.all(rows.FIND, CodeRow, user_id=user_id)
    # An earlier master secret counts too: people keep their codes for years.
    parts = (tx.project_id, user_id, code)
    matching = [row for row in found if tx.vault.is_mac(row.mac, "recovery-code", *parts)]
    return any(tx.one(rows.USE, IdRow, user_id=user_id, id=row.id, mac=row.mac) is not None for row in matching)


def _refused(tx: Tx, call: Call[RecoveryCode], tries: str, owner: str | None) -> Refusal:
    """Count a wrong code, also of nobody: who has codes must not show by when the limit comes."""
    challenges.count_try(tx, tries)
    tx.audit(
        "code.refused",
        outcome="refused",
        user_id=owner or "",
        address=call.client.address,
        device=call.client.device,
        method="recoverycodes",
        data={"purpose": "recovery-code"},
    )
    return Refusal(InvalidCode())


def _mac(tx: Tx, user_id: str, code: str) -> bytes:
    return tx.vault.mac("recovery-code", tx.project_id, user_id, code)
