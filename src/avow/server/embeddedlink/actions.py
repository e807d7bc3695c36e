"""Embedded links: made for a user or a user to be. What happens when one comes back is `proofs.complete`."""

from avow.core import addresses
from avow.core.addresses import LoginId
from avow.core.claims import check_custom_claims
from avow.errors import InvalidArgument, UserExists, UserMissing
from avow.server.proofs import magiclinks, recipients
from avow.server.proofs.actions import Binding, Recipient
from avow.server.proofs.binding import NewPerson
from avow.server.serving import Call
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire.embeddedlink import EmbeddedSignIn, EmbeddedSignUp, EmbeddedUser
from avow.wire.login import LoginOptions

__all__ = ["sign_in", "sign_up"]

_DEFAULTS = LoginOptions()
_NO_ONE = EmbeddedUser()


def sign_in(tx: Tx, call: Call[EmbeddedSignIn]) -> str:
    """Return a token that signs a user in; an earlier one of theirs is dead.

    Raises:
        UserMissing: There is no such user.
        InvalidArgument: The claims cannot be put into a token.
        Forbidden: The user holds roles that the caller may not give.
    """
    body = call.body
    user_id = users.find_owner(tx, addresses.login_id(body.login_id).canonical)
    if user_id is None:
        raise UserMissing
    users.require_right_to_become(tx, call.management, user_id)
    binding = Binding(
        does="sign-in",
        method="email",
        address="",
        folded="",
        user_id=user_id,
        claims=check_custom_claims(body.custom_claims or {}),
        is_embedded=True,
        from_address=call.client.address,
        from_device=call.client.device,
    )
    return _generated(tx, call, Recipient(user_id, binding, "", _DEFAULTS), body.timeout)


def sign_up(tx: Tx, call: Call[EmbeddedSignUp]) -> str:
    """Return a token that creates a user and signs them in; an earlier one for this login ID is dead.

    Raises:
        UserExists: The login ID is taken.
        InvalidArgument: An address is malformed, or the options ask for what needs a session.
    """
    body, options = call.body, call.body.login_options or _DEFAULTS
    identity = addresses.login_id(body.login_id)
    if users.find_owner(tx, identity.canonical) is not None:
        raise UserExists
    if options.stepup or options.mfa:
        raise InvalidArgument(error_message="Step-up and MFA need a session; nobody who signs up has one.")
    binding = Binding(
        does="sign-up",
        method="email",
        address="",
        folded="",
        person=_person(identity, body),
        revokes_others=bool(options.revoke_other_sessions),
        claims=check_custom_claims(options.custom_claims or {}),
        is_embedded=True,
        from_address=call.client.address,
        from_device=call.client.device,
    )
    subject = recipients.subject_of_sign_up(identity)
    return _generated(tx, call, Recipient(subject, binding, "", _DEFAULTS), body.timeout)


def _generated(tx: Tx, call: Call[object], recipient: Recipient, timeout: int | None) -> str:
    does = recipient.binding.does
    tx.audit(
        "embedded_link.generated",
        actor=call.management.actor,
        user_id=recipient.binding.user_id,
        data={"does": does},
    )
    return magiclinks.generate(tx, call.project, recipient, purpose=magiclinks.EMBEDDED, lifetime_seconds=timeout or 0)


def _person(identity: LoginId, body: EmbeddedSignUp) -> NewPerson:
    """Return the user to be; a login ID that is an address is theirs where no other is named."""
    known = body.user or _NO_ONE
    email = known.email or (identity.typed if addresses.is_email(identity.typed) else "")
    is_number = identity.typed.startswith("+") and addresses.is_phone(identity.typed)
    phone = known.phone or (identity.typed if is_number else "")
    return NewPerson(
        login_id=identity.canonical,
        typed=identity.typed,
        name=known.name or "",
        given_name=known.given_name or known.python_given_name or "",
        middle_name=known.middle_name or known.python_middle_name or "",
        family_name=known.family_name or known.python_family_name or "",
        email=addresses.email(email).address if email else "",
        phone=addresses.phone(phone).e164 if phone else "",
        is_email_verified=bool(email) and bool(body.email_verified),
        is_phone_verified=bool(phone) and bool(body.phone_verified),
    )
