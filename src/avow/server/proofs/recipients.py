"""Who gets the code or link, and where: resolved from a start's body, the same for every method."""

from dataclasses import dataclass, replace
from typing import Literal, cast

from avow.core import addresses
from avow.core.addresses import LoginId
from avow.core.claims import check_custom_claims
from avow.errors import (
    Forbidden,
    InvalidArgument,
    MethodNotEnabled,
    UserDisabled,
    UserExists,
    UserNotFound,
)
from avow.server.proofs.binding import Binding
from avow.server.proofs.newcomers import described, upgrading
from avow.server.proofs.options import asked
from avow.server.serving import Call
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.login import LoginOptions, MaskedAddress, SignIn, SignUp, UpdateEmail, UpdatePhone

__all__ = [
    "Method",
    "Recipient",
    "decoy",
    "for_email_update",
    "for_phone_update",
    "for_sign_in",
    "for_sign_up",
    "for_sign_up_or_in",
    "require_method",
    "subject_of",
    "subject_of_sign_up",
]

Method = Literal["email", "sms", "voice", "whatsapp"]

_DEFAULTS = LoginOptions()
_NOBODY = ""  # the id of no user


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a secret goes and what its return does.

    Attributes:
        subject: Whose challenge it is: the user id, or `new:` and the login ID of a sign-up.
        binding: What success does.
        locale: Language wished for.
        options: The caller's login options.
        sends: `message`; `count` for decoys, which meet the same limits; `nothing` for test users.
        shown: The address of the answer where it must not tell which one is on file; otherwise the one it goes to.
    """

    subject: str
    binding: Binding
    locale: str
    options: LoginOptions
    sends: Literal["message", "count", "nothing"] = "message"
    shown: str = ""

    @property
    def is_test(self) -> bool:
        """Tell whether it is a test user: what management was given for them outlives what is sent."""
        return self.sends == "nothing"

    @property
    def masked(self) -> MaskedAddress:
        """Return the address as the answer shows it."""
        address = self.shown or self.binding.address
        if self.binding.method == "email":
            return MaskedAddress(masked_email=addresses.masked_email(address))
        return MaskedAddress(masked_phone=addresses.masked_phone(address))


def require_method(call: Call[object], name: str) -> None:
    """Refuse a sign-in method that the project has switched off.

    Raises:
        MethodNotEnabled: It has.
    """
    if name not in call.project.settings.sign_in_methods:
        raise MethodNotEnabled


def subject_of(tx: Tx, login_id: str) -> str:
    """Return whose challenge a typed login ID can answer: a user's, or that of a sign-up that waits for its proof."""
    identity = addresses.login_id(login_id)
    return users.find_owner(tx, identity.canonical) or subject_of_sign_up(identity)


def subject_of_sign_up(identity: LoginId) -> str:
    """Return whose challenge it is as long as nobody has the login ID."""
    return f"new:{identity.canonical}"


def for_sign_up(tx: Tx, call: Call[SignUp]) -> Recipient:
    """Resolve a sign-up: the user is created when the proof comes back, not before.

    Raises:
        UserExists: The login ID is taken (unless the project hides existence).
        InvalidArgument: There is no address for the delivery method, or it is malformed.
    """
    identity = addresses.login_id(call.body.login_id)
    owner = users.find_owner(tx, identity.canonical)
    recipient = _new_person(tx, call, identity, _method(call), call.body)
    hides = call.project.settings.hides_existence
    profile = users.find(tx, owner) if owner else None
    if owner is None:
        if hides:
            users.find_nobody(tx)
        return recipient
    if profile is not None and profile.row.is_test:
        return _known(tx, call, profile, call.body.login_options or _DEFAULTS)
    if hides:
        return _decoy(owner, recipient.binding.method, recipient.binding.address, call)
    raise UserExists


def for_sign_in(tx: Tx, call: Call[SignIn]) -> Recipient:
    """Resolve a sign-in.

    Raises:
        UserNotFound: Nobody has the login ID (unless the project hides existence).
        UserDisabled: The user may not sign in (unless the project hides existence).
        InvalidArgument: The user has no address for the delivery method (unless the project hides existence).
    """
    profile = users.find_by_login_id(tx, addresses.login_id(call.body.login_id).canonical)
    try:
        if profile is None:
            raise UserNotFound
        return _alike(tx, call, _known(tx, call, profile, call.body.login_options or _DEFAULTS))
    except (UserNotFound, UserDisabled, InvalidArgument):
        if not call.project.settings.hides_existence:
            raise
    return _decoy_beside(tx, call, profile)


def for_sign_up_or_in(tx: Tx, call: Call[SignIn]) -> Recipient:
    """Resolve a sign-in of a user, or a sign-up where there is none.

    Raises:
        UserDisabled, InvalidArgument: As `for_sign_in`.
    """
    identity = addresses.login_id(call.body.login_id)
    profile = users.find_by_login_id(tx, identity.canonical)
    options = call.body.login_options
    try:
        if profile is not None:
            return _alike(tx, call, _known(tx, call, profile, options or _DEFAULTS))
        return _new_person(
            tx, call, identity, _method(call), SignUp(login_id=call.body.login_id, login_options=options)
        )
    except (UserDisabled, InvalidArgument):
        if not call.project.settings.hides_existence:
            raise
    return _decoy_beside(tx, call, profile)


def decoy(tx: Tx, call: Call[SignIn]) -> Recipient:
    """Return a recipient that costs, shows and is limited as a real one, and whom nothing reaches.

    It takes the place of a live challenge of the same login ID, as a real start would.

    Raises:
        InvalidArgument: The login ID or the custom claims are malformed, whoever it is.
        InvalidCaller: Step-up or MFA is asked for: nobody has a live session of such a user.
    """
    profile = users.find_by_login_id(tx, addresses.login_id(call.body.login_id).canonical)
    return _decoy_beside(tx, call, profile)


def _decoy_beside(tx: Tx, call: Call[SignIn], profile: Profile | None) -> Recipient:
    """Return a decoy in the place of a user who cannot be reached, or of nobody."""
    identity, method = addresses.login_id(call.body.login_id), _method(call)
    options = call.body.login_options or _DEFAULTS
    asked(tx, call, _NOBODY, options)
    if profile is None:
        users.find_nobody(tx)
    subject = profile.id if profile else subject_of_sign_up(identity)
    return _decoy(subject, method, _address_to_show(tx, identity, method), call)


def _alike(tx: Tx, call: Call[SignIn], recipient: Recipient) -> Recipient:
    """Return a real recipient that shows no more than a decoy would, where the project hides existence."""
    if not call.project.settings.hides_existence:
        return recipient
    identity, binding = addresses.login_id(call.body.login_id), recipient.binding
    if identity.canonical == binding.folded:  # reading an address takes time, and a decoy's is read once
        return replace(recipient, shown=identity.typed if binding.method == "email" else binding.address)
    return replace(recipient, shown=_address_to_show(tx, identity, binding.method))


def for_email_update(tx: Tx, call: Call[UpdateEmail]) -> Recipient:
    """Resolve a change of the e-mail address of the session's user; it counts once the proof comes back."""
    address = addresses.email(call.body.email).address
    return _update(tx, call, "email", address, call.body)


def for_phone_update(tx: Tx, call: Call[UpdatePhone]) -> Recipient:
    """Resolve a change of the phone number of the session's user; it counts once the proof comes back."""
    method = _method(call, default="sms")
    return _update(tx, call, method, addresses.phone(call.body.phone).e164, call.body)


def _update(tx: Tx, call: Call[object], method: Method, address: str, body: UpdateEmail | UpdatePhone) -> Recipient:
    session, profile = sessions.require_fresh(tx, call)
    if users.find_owner(tx, addresses.login_id(body.login_id).canonical) != profile.id:
        raise Forbidden(error_message="The login ID is not one of the session's user.")
    binding = Binding(
        does="update",
        method=method,
        address=address,
        folded=_folded(method, address),
        user_id=profile.id,
        amr=tuple(session.amr.split()),
        is_mfa=bool(body.mfa),
        session_id=call.session.session_id,
        adds_login_id=bool(body.add_to_login_ids),
        from_address=call.client.address,
        from_device=call.client.device,
    )
    options = LoginOptions(template_id=body.template_id, template_options=body.template_options)
    return Recipient(
        profile.id, binding, call.client.locale, options, sends="nothing" if profile.row.is_test else "message"
    )


def _known(tx: Tx, call: Call[object], profile: Profile, options: LoginOptions) -> Recipient:
    if profile.is_disabled:
        raise UserDisabled
    method = _method(call)
    by_email = method == "email"
    address, what = (profile.row.email, "e-mail address") if by_email else (profile.row.phone, "phone number")
    if not address or not profile.may_prove(by_email=by_email):
        why = f"The user has no {what} to send to, or one that has to be proven by an update first."
        raise InvalidArgument(error_message=why)
    wishes = asked(tx, call, profile.id, options)
    is_first = not (profile.row.is_email_verified if by_email else profile.row.is_phone_verified)
    if is_first and wishes.session_id:  # a first proof ends what was before it, this very session too
        raise InvalidArgument(error_message=f"The {what} adds to a session once it is proven: prove it by an update.")
    binding = Binding(
        does="sign-in",
        method=method,
        address=address,
        folded=_folded(method, address),
        user_id=profile.id,
        amr=wishes.amr,
        is_step_up=wishes.is_step_up,
        is_mfa=wishes.is_mfa,
        revokes_others=wishes.revokes_others,
        unsigned_claims=wishes.unsigned_claims,
        session_id=wishes.session_id,
        is_first=is_first,
        from_address=call.client.address,
        from_device=call.client.device,
    )
    locale = options.locale or call.client.locale
    return Recipient(profile.id, binding, locale, options, sends="nothing" if profile.row.is_test else "message")


def _new_person(tx: Tx, call: Call[object], identity: LoginId, method: Method, body: SignUp) -> Recipient:
    """Return the recipient of a sign-up: only the address that gets the secret becomes the user's, proven."""
    address = _address_of_sign_up(identity, method, body)
    options = body.login_options or _DEFAULTS
    person = described(
        identity, body.user, email=address if method == "email" else "", phone=address if method != "email" else ""
    )
    person = upgrading(tx, call, person)
    binding = Binding(
        does="sign-up",
        method=method,
        address=address,
        folded=_folded(method, address),
        person=person,
        revokes_others=bool(options.revoke_other_sessions),
        unsigned_claims=check_custom_claims(options.custom_claims or {}),
        from_address=call.client.address,
        from_device=call.client.device,
    )
    return Recipient(subject_of_sign_up(identity), binding, options.locale or call.client.locale, options)


def _address_of_sign_up(identity: LoginId, method: Method, body: SignUp) -> str:
    """Return the address: the key named after the method, then the user's, then the login ID.

    Raises:
        InvalidArgument: None of them is one.
    """
    user = body.user
    if method == "email":
        return addresses.email(body.email or (user and user.email) or identity.typed).address
    named = {"sms": body.phone, "voice": body.voice or body.phone, "whatsapp": body.whatsapp or body.phone}[method]
    return addresses.phone(named or (user and user.phone) or identity.typed).e164


def _folded(method: Method, address: str) -> str:
    return addresses.email(address).folded if method == "email" else address


def _decoy(subject: str, method: Method, address: str, call: Call[SignIn] | Call[SignUp]) -> Recipient:
    options = call.body.login_options or _DEFAULTS
    hollow = Binding(does="sign-in", method=method, address=address, folded="", is_decoy=True)
    return Recipient(subject, hollow, options.locale or call.client.locale, options, sends="count")


def _address_to_show(tx: Tx, identity: LoginId, method: Method) -> str:
    """Return the login ID if it is an address, otherwise one that nobody has and that is the same each time."""
    try:
        return _address_of_sign_up(identity, method, SignUp(login_id=identity.typed))
    except InvalidArgument:
        digest = tx.vault.mac("decoy", tx.project_id, identity.canonical)
    if method == "email":
        letters = [chr(ord("a") + byte % 26) for byte in digest]
        return f"{''.join(letters[:6])}@{''.join(letters[6:12])}.com"
    return f"+1212555{int.from_bytes(digest[:4]) % 10_000:04d}"


def _method(call: Call[object], default: Method | None = None) -> Method:
    return cast(Method, call.path.get("method", default or "email"))
