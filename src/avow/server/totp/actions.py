"""Authenticator apps: seeds handed out, confirmed by their first code, and codes taken once.

A seed that no code has come back of is a challenge and nothing else: it lets nobody in, and keeps nobody out. The seed
that a user has stays until a new one is confirmed.
"""

from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

from avow import shaping
from avow.core import addresses, ids, totp
from avow.errors import Forbidden, InvalidCode, NotFound, UserExists
from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import notify
from avow.server.proofs import actions as proofs
from avow.server.proofs import newcomers
from avow.server.proofs.binding import NewPerson
from avow.server.proofs.opening import open_session
from avow.server.proofs.options import Asked, asked, falls_short, goes_on
from avow.server.proofs.recipients import subject_of_sign_up
from avow.server.serving import Call, Issued, Project, Refusal, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.totp import rows
from avow.server.totp.rows import SeedRow, UserRow
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.endpoint import Nothing
from avow.wire.secret import SECRET, described, shown
from avow.wire.totp import TotpCode, TotpSignUp, TotpUpdate

__all__ = ["Begun", "begin_sign_up", "begin_update", "remove", "verify"]

_PURPOSE = "totp"
_CONFIRM_SECONDS = 3600
_SIGN_UP_TRIES = 10
# At the seed of a session's user the budgets of `verify` alone count tries: strangers, who need only a login ID to try,
# would use these up, and nobody could bring an app in.
_UPDATE_TRIES = 1_000_000
_NOBODY = ""  # the id of no user


class _Enrolment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a challenge keeps of a seed that is to be confirmed.

    Attributes:
        sealed_seed: For the challenge's own row.
        person: Who is created by it, when it is a sign-up.
        session_id: Of an update: the session that asked for it, without which it comes to nothing.
        amr: What was shown in that session.
    """

    sealed_seed: Annotated[bytes, Meta(extra=SECRET)]
    person: NewPerson | None = None
    session_id: str = ""
    amr: tuple[str, ...] = ()

    __repr__ = described
    __rich_repr__ = shown


@dataclass(frozen=True, slots=True)
class Begun:
    """A seed to be shown once, with the names that the app shows beside its codes."""

    seed: bytes = field(repr=False)
    issuer: str
    account: str


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """Whose seed counts from now on."""

    user_id: str
    is_new: bool


def begin_sign_up(tx: Tx, call: Call[TotpSignUp]) -> Begun:
    """Make a seed for somebody who will exist once its first code comes back.

    Raises:
        UserExists: The login ID is taken (unless the project hides existence: then nothing comes of it).
        InvalidArgument: The login ID or an address is malformed.
    """
    identity = addresses.login_id(call.body.login_id)
    person = newcomers.upgrading(tx, call, newcomers.described(identity, call.body.user))
    if users.find_owner(tx, identity.canonical) is not None and not call.project.settings.hides_existence:
        raise UserExists
    return _begun(tx, call.project, subject_of_sign_up(identity), identity.typed, person=person)


def begin_update(tx: Tx, call: Call[TotpUpdate]) -> Begun:
    """Make a seed for the user of the session; the one they have goes on until the new one is confirmed.

    Raises:
        Forbidden: The login ID is not one of the session's user, or somebody acts in their name.
        SecondFactorNeeded, FreshProofNeeded: As `sessions.require_fresh`.
    """
    session, profile = sessions.require_fresh(tx, call, enrols=True)
    identity = addresses.login_id(call.body.login_id)
    if users.find_owner(tx, identity.canonical) != profile.id:
        raise Forbidden(error_message="The login ID is not one of the session's user.")
    amr = tuple(session.amr.split())
    return _begun(tx, call.project, profile.id, identity.typed, session_id=call.session.session_id, amr=amr)


def remove(tx: Tx, call: Call[Nothing]) -> None:
    """Take the app from the user of the session, and a seed that waits to be confirmed.

    Raises:
        NotFound: They have none.
        SecondFactorNeeded, FreshProofNeeded: As `sessions.require_fresh`.
    """
    _, profile = sessions.require_fresh(tx, call)
    challenges.drop(tx, purpose=_PURPOSE, subject=profile.id)
    if tx.one(rows.REMOVE, UserRow, user_id=profile.id) is None:
        raise NotFound(error_message="You have no authenticator app.")
    tx.audit("totp.removed", actor=f"user:{profile.id}", user_id=profile.id, data={"count": 1})


def verify(tx: Tx, call: Call[TotpCode], code: str) -> Issued | Refusal:
    """Take a code of an app and open a session; the first code of a new seed makes it count.

    Args:
        tx: The unit.
        call: Who signs in, and the options.
        code: Six digits.

    Raises:
        InvalidCaller: Step-up or MFA is asked for without a live session of this very user, whatever the code is.
        RateLimitException: There were too many wrong codes; even the right one is refused.
        UserExists: Somebody took the login ID of a sign-up meanwhile.
    """
    identity = addresses.login_id(call.body.login_id)
    owner = users.find_owner(tx, identity.canonical)
    wishes = asked(tx, call, owner or _NOBODY, call.body.login_options)
    subject = owner or subject_of_sign_up(identity)
    held = users.hold(tx, owner or _NOBODY)
    seed = tx.one(rows.HOLD, SeedRow, user_id=owner or _NOBODY)
    # Whoever has shown one factor has a budget of their own: a stranger who spends the other one shuts nobody out.
    tries = f"{_PURPOSE}:{'added:' if _shows_session(tx, call, subject) else ''}{subject}"
    challenges.check_tries(tx, call.project, tries)
    step = _step_of(tx, held.id, seed, code) if held is not None and seed is not None else None
    if held is not None and step is not None:
        is_first = tx.one(rows.USE_STEP, UserRow, user_id=held.id, step=step) is not None
        return _signed_in(tx, call, wishes, held) if is_first else _refused(tx, call, held.id)
    confirmed = _confirmed(tx, call.project, subject, held, code)
    if isinstance(confirmed, Refusal):
        return confirmed
    if confirmed is None:
        challenges.count_try(tx, tries)  # also of nobody: who has an app must not show by when the limit comes
        return _refused(tx, call, owner or _NOBODY)
    if held is not None and not confirmed.is_new:
        notify(tx, call.project, call.client, "totp-added", held.proven_email)
    return _signed_in(tx, call, wishes, users.find(tx, confirmed.user_id), is_new=confirmed.is_new)


def _shows_session(tx: Tx, call: Call[TotpCode], user_id: str) -> bool:
    """Tell whether the caller shows a live session of the user, or a sign-in of theirs that waits."""
    caller = call.caller
    if not isinstance(caller, SessionCaller) or caller.user_id != user_id:
        return False
    return sessions.is_live(tx, call.project, user_id, caller.session_id)


def _begun(
    tx: Tx,
    project: Project,
    subject: str,
    account: str,
    *,
    person: NewPerson | None = None,
    session_id: str = "",
    amr: tuple[str, ...] = (),
) -> Begun:
    """Keep a new seed until its first code comes; any earlier one that waits is void."""
    seed, challenge_id = totp.new_seed(), ids.random_id(ids.CHALLENGE)
    sealed = tx.vault.seal(seed, row=_sealed_row(tx, challenge_id))
    enrolment = _Enrolment(sealed_seed=sealed, person=person, session_id=session_id, amr=amr)
    challenges.put(
        tx,
        purpose=_PURPOSE,
        subject=subject,
        secret=challenge_id,  # nobody is told it: the binding judges
        binding=msgspec.json.encode(enrolment).decode(),
        attempts=_UPDATE_TRIES if person is None else _SIGN_UP_TRIES,
        lifetime_seconds=_CONFIRM_SECONDS,
        challenge_id=challenge_id,
    )
    return Begun(seed, project.name, account)


def _step_of(tx: Tx, user_id: str, row: SeedRow, code: str) -> int | None:
    """Return the step that a code of the user's app is of, which may be used already; None for any other code."""
    return totp.step_of(tx.vault.open(row.sealed_seed, row=totp.sealed_row(tx.project_id, user_id)), code, tx.now)


def _confirmed(tx: Tx, project: Project, subject: str, held: Profile | None, code: str) -> _Confirmed | Refusal | None:
    """Make a seed count whose first code this is; None when there is none, or it is not.

    An attempt at it is spent whatever the code is, and the seed itself is consumed by the right one. It is refused when
    the user, who is held, has got another factor since, which the session that asked for it did not show.
    """
    taken = challenges.spend(tx, purpose=_PURPOSE, subject=subject)
    if taken is None:
        return None
    enrolment = shaping.decode(taken.binding, _Enrolment)
    seed = tx.vault.open(enrolment.sealed_seed, row=_sealed_row(tx, taken.id))
    step = totp.step_of(seed, code, tx.now)
    # What was begun in a session ends with it, so that a thief who was found out brings no app in.
    if step is None or not goes_on(tx, project, subject, enrolment.session_id) or not challenges.consume(tx, taken.id):
        return None
    person = enrolment.person
    if person is None and held is not None and (refusal := falls_short(project, enrolment.amr, held)) is not None:
        return refusal
    user_id = subject if person is None else newcomers.create(tx, person)
    sealed = tx.vault.seal(seed, row=totp.sealed_row(tx.project_id, user_id))
    tx.one(rows.PUT, UserRow, user_id=user_id, sealed_seed=sealed, step=step)
    tx.audit("totp.enrolled", actor=f"user:{user_id}", user_id=user_id)
    return _Confirmed(user_id, is_new=person is not None)


def _signed_in(
    tx: Tx, call: Call[TotpCode], wishes: Asked, profile: Profile | None, *, is_new: bool = False
) -> Issued | Refusal:
    """Open the session; somebody whom management created with a seed and invited is enabled by it."""
    if profile is None:
        return Refusal(InvalidCode())
    opening = wishes.opening("totp", via="totp", first_seen=is_new or profile.is_invited)
    return open_session(tx, call.project, call.client, profile.id, opening, proofs.admitted(tx, profile) or profile)


def _refused(tx: Tx, call: Call[TotpCode], user_id: str) -> Refusal:
    tx.audit(
        "code.refused",
        outcome="refused",
        user_id=user_id,
        address=call.client.address,
        device=call.client.device,
        method="totp",
        data={"purpose": _PURPOSE},
    )
    return Refusal(InvalidCode())


def _sealed_row(tx: Tx, challenge_id: str) -> str:
    return f"challenges.binding:{tx.project_id}:{challenge_id}"
