"""Test users: whom management is handed a code or link of, as if it had been sent to them."""

from collections.abc import Mapping

from avow.core import addresses
from avow.core.claims import check_custom_claims
from avow.errors import InvalidArgument, UserDisabled, UserMissing
from avow.server.proofs.binding import Binding
from avow.server.proofs.magiclinks import folded
from avow.server.proofs.recipients import Method, Recipient
from avow.server.serving import Call
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.login import LoginOptions
from avow.wire.testusers import GenerateEnchantedLink, GenerateProof

__all__ = ["for_test_user"]

_DEFAULTS = LoginOptions()
_EMBEDDED_BY: Method = "email"  # whose routes take an embedded code back
_METHODS: Mapping[str, Method | None] = {
    "email": "email",
    "sms": "sms",
    "voice": "voice",
    "whatsapp": "whatsapp",
    "embedded": None,
}


def for_test_user(tx: Tx, call: Call[GenerateEnchantedLink] | Call[GenerateProof], what: str) -> Recipient:
    """Resolve a code or link that management wants of a test user, and note in the audit that it was handed out.

    Args:
        tx: The unit that makes it.
        call: For whom. An enchanted link is as if it went by e-mail, if the user has an address.
        what: For the audit.

    Raises:
        UserMissing: There is no such user.
        InvalidArgument: It is no test user, they have no such address, or the options ask for what needs a session.
        UserDisabled: The user may not sign in.
        Forbidden: The user holds roles that the caller may not give.
    """
    body = call.body
    profile = users.find_by_login_id(tx, addresses.login_id(body.login_id).canonical)
    if profile is None:
        raise UserMissing
    if not profile.row.is_test:
        raise InvalidArgument(error_message="The user is not a test user.")
    users.require_right_to_become(tx, call.management, profile.id)
    if profile.is_disabled:
        raise UserDisabled
    by_email: Method | None = "email" if profile.row.email else None
    method = _METHODS[body.delivery_method.lower()] if isinstance(body, GenerateProof) else by_email
    binding = _binding(call, profile, method, body.login_options or _DEFAULTS)
    tx.audit("test_user.generated", actor=call.management.actor, user_id=profile.id, data={"what": what})
    return Recipient(profile.id, binding, "", _DEFAULTS, sends="nothing")


def _binding(call: Call[object], profile: Profile, method: Method | None, options: LoginOptions) -> Binding:
    if options.stepup or options.mfa:
        raise InvalidArgument(error_message="Step-up and MFA add to a session of the user, which management has not.")
    row = profile.row
    by_email = method == "email"
    address = "" if method is None else row.email if by_email else row.phone
    if method is not None and not address:
        raise InvalidArgument(error_message=f"The user has no {'e-mail address' if by_email else 'phone number'}.")
    is_proven = row.is_email_verified if by_email else row.is_phone_verified
    return Binding(
        does="sign-in",
        method=method or _EMBEDDED_BY,
        address=address,
        folded=folded(address, by_email=by_email) if address else "",
        user_id=profile.id,
        revokes_others=bool(options.revoke_other_sessions),
        claims=check_custom_claims(options.custom_claims or {}),
        is_first=method is not None and not is_proven,
        is_vouched=True,
        is_embedded=method is None,
        from_address=call.client.address,
        from_device=call.client.device,
    )
