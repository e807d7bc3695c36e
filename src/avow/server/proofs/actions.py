"""What follows when a code or link comes back: the user is created, signed in, or given the new address."""

from avow.core import addresses
from avow.errors import InvalidArgument, InvalidCode, UserExists
from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import Message, queue
from avow.server.proofs import newcomers
from avow.server.proofs.binding import Binding, decoded, encoded
from avow.server.proofs.opening import open_session
from avow.server.proofs.options import falls_short, goes_on, methods
from avow.server.proofs.recipients import Recipient
from avow.server.serving import Client, Issued, Project, Refusal
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile

__all__ = ["Binding", "Recipient", "admitted", "complete", "decoded", "encoded", "oust_others", "post"]


def post(tx: Tx, project: Project, recipient: Recipient, message: Message) -> None:
    """Queue the message that carries a recipient's secret, or only count it, as the recipient says.

    Raises:
        RateLimitException: The address has had its messages for now; a decoy's address likewise.
        InvalidArgument: This server has nobody who carries messages of that method.
    """
    if recipient.sends == "nothing":
        return
    if message.method not in project.carriers:
        raise InvalidArgument(error_message=f"This server is not set up to send by {message.method}.")
    queue(tx, project, message, is_sent=recipient.sends == "message")


def complete(tx: Tx, project: Project, client: Client, binding: Binding, *, via: str) -> Issued | Refusal:
    """Do what the proof was for and open a session; the challenge has been consumed in this unit.

    Args:
        tx: Unit of the project.
        project: Whose.
        client: Where the secret came back from.
        binding: What it was for.
        via: The method of sign-in, for the audit.

    Raises:
        UserExists: A sign-up or update whose login ID somebody took meanwhile; nothing is consumed then.
    """
    if binding.is_decoy or not goes_on(tx, project, binding.user_id, binding.session_id):
        return Refusal(InvalidCode())
    held: Profile | None = None
    profile: Profile | None = None
    if binding.does == "sign-up":
        user_id = _created(tx, binding)
    elif binding.does == "update":
        present = users.hold(tx, binding.user_id)
        refusal = falls_short(project, binding.amr, present) if present is not None else None
        if refusal is not None:
            return refusal
        user_id = _updated(tx, binding)
    else:
        held = users.hold(tx, binding.user_id)
        profile = admitted(tx, held) if binding.is_embedded else _proven(tx, binding, held)
        user_id = profile.id if profile is not None else ""
    if not user_id:
        return Refusal(InvalidCode())
    proof = "embedded" if binding.is_embedded else "email" if binding.method == "email" else "sms"
    opening = Opening(
        amr=methods(binding.amr, proof, is_mfa=binding.is_mfa),
        first_seen=binding.does == "sign-up" or (held is not None and held.is_invited),
        claims=binding.claims,
        unsigned_claims=binding.unsigned_claims,
        revokes_others=binding.revokes_others,
        is_step_up=binding.is_step_up,
        via="embedded" if binding.is_embedded else via,
        adds_to=binding.session_id,
        proof=(proof,),
    )
    return open_session(tx, project, client, user_id, opening, profile)


def oust_others(tx: Tx, user_id: str, folded: str, *, by_email: bool) -> None:
    """End what anybody did on an account before the owner of its address came, in the unit that proves it first.

    Their sessions, their codes and links on their way (a change of address above all), and where the address is what
    the account is signed in to with: the number or address that they proved for themselves, their passkeys, the
    password they chose, their authenticator app and recovery codes, and who they are elsewhere. What the owner made in
    a session and wants to keep, they keep by proving the address in that session (an update).

    Args:
        tx: The unit.
        user_id: Whose account.
        folded: The address (or number), as rows are compared with it.
        by_email: It is an address; otherwise a number.
    """
    sessions.end_all(tx, user_id, why="address proven for the first time")
    challenges.drop_all(tx, user_id)
    why = "the login ID was proven by its owner"
    if users.drop_others(tx, user_id, folded, by_email=by_email):
        data: dict[str, object] = {"what": "phone" if by_email else "email", "why": why}
        tx.audit("user.address_dropped", actor=f"user:{user_id}", user_id=user_id, data=data)
    if count := users.drop_passkeys(tx, user_id, folded):
        tx.audit("passkey.removed", actor=f"user:{user_id}", user_id=user_id, data={"count": count, "why": why})
    if users.drop_password(tx, user_id, folded):
        tx.audit("password.removed", actor=f"user:{user_id}", user_id=user_id, data={"why": why})
    if count := users.drop_seed(tx, user_id, folded):
        tx.audit("totp.removed", actor=f"user:{user_id}", user_id=user_id, data={"count": count, "why": why})
    if count := users.drop_recovery_codes(tx, user_id, folded):
        tx.audit("recovery_codes.removed", actor=f"user:{user_id}", user_id=user_id, data={"count": count, "why": why})
    if count := users.drop_identities(tx, user_id, folded):
        tx.audit("identity.removed", actor=f"user:{user_id}", user_id=user_id, data={"count": count, "why": why})


def _created(tx: Tx, binding: Binding) -> str:
    if binding.person is None:
        raise TypeError("a sign-up without a person")
    by_email = binding.method == "email"
    is_sent = not binding.is_embedded
    return newcomers.create(
        tx, binding.person, proves_email=is_sent and by_email, proves_phone=is_sent and not by_email
    )


def admitted(tx: Tx, held: Profile | None) -> Profile | None:
    """Return the user whom management vouches for, or None when gone or disabled; an invited one is enabled by it.

    Args:
        tx: The unit that holds them.
        held: The user, with what management gave them to sign in with.
    """
    if held is None or held.is_disabled:
        return None
    if not held.is_invited:
        return held
    return users.find(tx, held.id) if users.admit(tx, held.id) else None


def _proven(tx: Tx, binding: Binding, profile: Profile | None) -> Profile | None:
    """Return the user whose address this still is; a secret sent to an address they have left proves nothing.

    Whoever proves an address first is its owner: what others did on the account before ends. That does not go for an
    address that may have been put beside the owner's own (`Profile.may_prove`).
    """
    by_email = binding.method == "email"
    if profile is None or not profile.has_address(binding.folded, by_email=by_email):
        return None
    if profile.is_proven(by_email=by_email) and not binding.is_first:
        return profile
    if not binding.is_vouched and not profile.may_prove(by_email=by_email):
        return None
    prove = users.prove_email if by_email else users.prove_phone
    if not prove(tx, binding.user_id, binding.folded):
        return None
    if binding.is_first:
        oust_others(tx, binding.user_id, binding.folded, by_email=by_email)
    return users.find(tx, binding.user_id)


def _updated(tx: Tx, binding: Binding) -> str:
    """Give the user the new address, in the place of a login ID that was an address nobody had proven."""
    by_email = binding.method == "email"
    unproven = users.unproven(tx, binding.user_id, by_email=by_email)
    change = users.set_email if by_email else users.set_phone
    if not change(tx, binding.user_id, binding.address):
        return ""
    # A stranger's address must not go on leading to the account: whoever owns it would ask for codes that go elsewhere.
    is_replaced = bool(unproven) and users.drop_login_id(tx, binding.user_id, unproven)
    if binding.adds_login_id or is_replaced:
        identity = addresses.login_id(binding.address)
        is_theirs = users.find_owner(tx, identity.canonical) == binding.user_id
        if not is_theirs and not users.claim_login_id(tx, binding.user_id, identity):
            raise UserExists(error_message="Another user signs in with this address already.")
    tx.audit(
        "user.address_changed", actor=f"user:{binding.user_id}", user_id=binding.user_id, data={"by": binding.method}
    )
    return binding.user_id
