"""Passkeys: the second halves of ceremonies, and what users do with the passkeys they have.

An answer is read against what was begun (`find`), judged outside every transaction (`judge_created`, `judge_shown`),
and then taken: in that unit the ceremony is used up first, so that of two answers at once one counts, and every
condition is asked again.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from avow.core.passkeys import answers
from avow.core.passkeys.answers import Created, HeldPasskey, NewPasskey, Shown, UsedPasskey
from avow.core.passkeys.makers import maker
from avow.errors import InvalidPasskey, NotFound
from avow.server.delivery.actions import known_device, notify
from avow.server.passkey import ceremonies, rows
from avow.server.passkey.ceremonies import ADD, SIGN_IN, SIGN_UP, Begun, Purpose
from avow.server.passkey.rows import HeldRow, IdRow, OwnRow
from avow.server.passkey.starts import start_adding, start_sign_in, start_sign_up, start_sign_up_or_in
from avow.server.proofs import newcomers
from avow.server.proofs.opening import open_session
from avow.server.proofs.options import falls_short, goes_on
from avow.server.serving import Call, Client, Issued, Refusal
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire.webauthn import PasskeyAdded, RemovePasskey, RenamePasskey

__all__ = [
    "Expected",
    "OwnRow",
    "Unfit",
    "add",
    "expect",
    "expect_shown",
    "judge_created",
    "judge_shown",
    "own",
    "refuse",
    "remove",
    "rename",
    "sign_in",
    "sign_up",
    "start_adding",
    "start_sign_in",
    "start_sign_up",
    "start_sign_up_or_in",
]

_METHOD = "webauthn"  # in `amr`, and in the audit
_NAMELESS = "Passkey"


@dataclass(frozen=True, slots=True)
class Expected:
    """A ceremony that waits for its answer, and the passkey that is shown, where it is one.

    Attributes:
        purpose: What it was begun for.
        transaction_id: Which; a secret.
        begun: What was asked.
        held: The passkey with the credential id of the answer, whosever it is; None where there is none.
    """

    purpose: Purpose
    transaction_id: str = field(repr=False)
    begun: Begun
    held: HeldRow | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """A verdict: the answer does not hold.

    Attributes:
        why: `refused`, or `counter` when all else holds: the passkey may have been copied.
        error: What is answered.
    """

    why: Literal["refused", "counter"]
    error: InvalidPasskey


def expect(tx: Tx, purpose: Purpose, transaction_id: str) -> Expected:
    """Return the ceremony that an answer is for; reads only.

    Raises:
        InvalidPasskey: There is none: never begun, answered already, or longer ago than five minutes.
    """
    begun = ceremonies.find(tx, purpose, transaction_id)
    if begun is None:
        raise InvalidPasskey(detail="no such ceremony")
    return Expected(purpose, transaction_id, begun)


def expect_shown(tx: Tx, transaction_id: str, credential_id: str) -> Expected:
    """Return the sign-in that an answer is for, and the passkey that is shown; reads only.

    Raises:
        InvalidPasskey: As `expect`.
    """
    return replace(expect(tx, SIGN_IN, transaction_id), held=tx.one(rows.FIND, HeldRow, id=credential_id))


def judge_created(expected: Expected, answer: Created) -> NewPasskey | Unfit:
    """Decide about a passkey that was created; no I/O."""
    if expected.begun.is_decoy:
        return Unfit("refused", InvalidPasskey(detail="a decoy"))
    try:
        return answers.verify_created(answer, expected.begun.ceremony(expected.transaction_id))
    except InvalidPasskey as wrong:
        return Unfit("refused", wrong)


def judge_shown(expected: Expected, answer: Shown) -> UsedPasskey | Unfit:
    """Decide about a passkey that is shown; no I/O."""
    begun, held = expected.begun, expected.held
    ceremony = begun.ceremony(expected.transaction_id)
    if held is None or begun.is_decoy or held.rp_id != begun.party_id or begun.user_id not in ("", held.user_id):
        with suppress(InvalidPasskey):  # who has no passkey must not show by how fast that is said
            answers.verify_shown(answer, ceremony, answers.DECOY, is_named=True)
        return Unfit("refused", InvalidPasskey(detail="no such passkey, or another user's"))
    stored = HeldPasskey(held.public_key, held.user_id, bool(held.is_backup_eligible))
    try:
        used = answers.verify_shown(answer, ceremony, stored, is_named=bool(begun.user_id))
    except InvalidPasskey as wrong:
        return Unfit("refused", wrong)
    if not answers.counts_on(held.sign_count, used.sign_count):
        return Unfit("counter", InvalidPasskey(detail="a counter that did not grow"))
    return used


def refuse(tx: Tx, call: Call[object], expected: Expected, unfit: Unfit) -> Refusal:
    """Use a ceremony up whose answer does not hold, and note it: a transaction id is good for one answer."""
    if ceremonies.take(tx, expected.purpose, expected.transaction_id):
        _note(tx, call, expected, unfit)
    return Refusal(unfit.error)


def sign_up(tx: Tx, call: Call[object], expected: Expected, passkey: NewPasskey) -> Issued | Refusal:
    """Create the user of a sign-up with their first passkey, and open their first session.

    Raises:
        UserExists: Somebody took the login ID meanwhile.
        InvalidPasskey: The credential id is somebody's already; nothing is written.
    """
    begun = expected.begun
    if begun.person is None:
        raise TypeError("a sign-up without a person")
    if not ceremonies.take(tx, SIGN_UP, expected.transaction_id):
        return Refusal(InvalidPasskey(detail="answered already"))
    user_id = newcomers.create(tx, begun.person, user_id=begun.user_id)
    if not _insert(tx, begun, passkey, _name(passkey, call.client)):
        raise InvalidPasskey(detail="a credential id that is taken")
    opening = begun.wishes.opening(_METHOD, via=_METHOD, first_seen=True, is_multi_factor=passkey.is_verified)
    return open_session(tx, call.project, call.client, user_id, opening)


def sign_in(tx: Tx, call: Call[object], expected: Expected, used: UsedPasskey) -> Issued | Refusal:
    """Open a session for the user whose passkey was shown."""
    begun, held = expected.begun, expected.held
    if held is None:
        raise TypeError("a sign-in without a passkey")
    if not ceremonies.take(tx, SIGN_IN, expected.transaction_id):
        return Refusal(InvalidPasskey(detail="answered already"))
    profile = users.hold(tx, held.user_id)
    if profile is None or not goes_on(tx, call.project, profile.id, begun.wishes.session_id):
        return Refusal(InvalidPasskey(detail="the user, or the session it adds to, is gone"))
    told = {"sign_count": used.sign_count, "is_backed_up": int(used.is_backed_up)}
    # Of somebody disabled nothing changes: no session is opened below.
    if not profile.is_disabled and tx.one(rows.USE, IdRow, id=held.id, user_id=profile.id, **told) is None:
        unfit = Unfit("refused", InvalidPasskey(detail="removed meanwhile, or used with this count"))
        _note(tx, call, expected, unfit)
        return Refusal(unfit.error)
    wishes, is_verified = begun.wishes, used.is_verified
    opening = wishes.opening(_METHOD, via=_METHOD, first_seen=profile.is_invited, is_multi_factor=is_verified)
    if profile.is_invited:
        users.admit(tx, profile.id)
        profile = users.find(tx, profile.id)
    return open_session(tx, call.project, call.client, held.user_id, opening, profile)


def add(tx: Tx, call: Call[object], expected: Expected, passkey: NewPasskey) -> PasskeyAdded | Issued | Refusal:
    """Give a user another passkey, and tell them; with `mfa` a session comes with it.

    The session that began it has to live on, and to be enough still: what a thief began ends with it. The user is held
    before that is asked, so that nothing is added beside the end of all their sessions.
    """
    begun = expected.begun
    if not ceremonies.take(tx, ADD, expected.transaction_id):
        return Refusal(InvalidPasskey(detail="answered already"))
    profile = users.hold(tx, begun.user_id)
    if profile is None or profile.is_disabled or not goes_on(tx, call.project, profile.id, begun.wishes.session_id):
        return Refusal(InvalidPasskey(detail="the user, or their session, is gone"))
    if (refusal := falls_short(call.project, begun.wishes.amr, profile)) is not None:
        return refusal
    name = _name(passkey, call.client)
    if not _insert(tx, begun, passkey, name):
        return Refusal(InvalidPasskey(detail="a credential id that is taken"))
    notify(tx, call.project, call.client, "passkey-added", profile.proven_email, what=name)
    if not begun.wishes.is_mfa:
        return PasskeyAdded()
    opening = begun.wishes.opening(_METHOD, via=_METHOD, is_multi_factor=passkey.is_verified)
    issued = open_session(tx, call.project, call.client, profile.id, opening)
    return replace(issued, is_nested=True) if isinstance(issued, Issued) else issued


def own(tx: Tx, call: Call[object]) -> list[OwnRow]:
    """Return the passkeys of the session's user, the oldest first."""
    sessions.live(tx, call.project, call.session)
    return tx.all(rows.OWN, OwnRow, user_id=call.session.user_id)


def rename(tx: Tx, call: Call[RenamePasskey]) -> None:
    """Give one of the user's passkeys another name.

    Raises:
        NotFound: They have no such passkey.
    """
    sessions.require_oneself(sessions.live(tx, call.project, call.session))
    body, user_id = call.body, call.session.user_id
    renamed = tx.one(rows.RENAME, IdRow, user_id=user_id, id=body.credential_id, display_name=body.display_name)
    if renamed is None:
        raise NotFound(error_message="You have no such passkey.")
    tx.audit("passkey.renamed", actor=f"user:{user_id}", user_id=user_id)


def remove(tx: Tx, call: Call[RemovePasskey]) -> None:
    """Remove one of the user's passkeys, and tell them.

    Raises:
        NotFound: They have no such passkey.
        SecondFactorNeeded, FreshProofNeeded: As `sessions.require_fresh`.
    """
    _, profile = sessions.require_fresh(tx, call)
    if tx.one(rows.REMOVE, IdRow, user_id=profile.id, id=call.body.credential_id) is None:
        raise NotFound(error_message="You have no such passkey.")
    tx.audit("passkey.removed", actor=f"user:{profile.id}", user_id=profile.id, data={"count": 1})
    notify(tx, call.project, call.client, "passkey-removed", profile.proven_email)


def _insert(tx: Tx, begun: Begun, passkey: NewPasskey, name: str) -> bool:
    """Store a passkey; False when its credential id is somebody's."""
    inserted = tx.one(
        rows.INSERT,
        IdRow,
        id=passkey.id,
        user_id=begun.user_id,
        rp_id=begun.party_id,
        kind=passkey.kind,
        display_name=name,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
        is_backup_eligible=int(passkey.is_backup_eligible),
        is_backed_up=int(passkey.is_backed_up),
        transports=" ".join(passkey.transports),
        aaguid=passkey.aaguid,
    )
    if inserted is not None:
        data = {"kind": passkey.kind, "maker": maker(passkey.aaguid)}
        tx.audit("passkey.added", actor=f"user:{begun.user_id}", user_id=begun.user_id, data=data)
    return inserted is not None


def _name(passkey: NewPasskey, client: Client) -> str:
    """Return a name for a passkey, in words of our own: who made it, otherwise where it was made."""
    return maker(passkey.aaguid) or " on ".join(filter(None, known_device(client.device))) or _NAMELESS


def _note(tx: Tx, call: Call[object], expected: Expected, unfit: Unfit) -> None:
    tx.audit(
        "passkey.counter_did_not_grow" if unfit.why == "counter" else "passkey.refused",
        outcome="refused",
        user_id=expected.held.user_id if expected.held else "",
        address=call.client.address,
        device=call.client.device,
        method=_METHOD,
        data={"purpose": expected.purpose},
    )
