"""What every sign-in method shares: login options, the bodies of sign-up, sign-in and address updates, the answer."""

from msgspec import UNSET, UnsetType, field

from avow.wire.bounds import Address, Claims, Flag, LoginId, Name, Options, Phone, Text
from avow.wire.endpoint import Shape
from avow.wire.users import SignUpUser

__all__ = [
    "ALL_METHODS",
    "ENDPOINTS",
    "PHONE_METHODS",
    "LoginOptions",
    "MaskedAddress",
    "SignIn",
    "SignUp",
    "UpdateEmail",
    "UpdatePhone",
]

PHONE_METHODS = ("sms", "voice", "whatsapp")
ALL_METHODS = ("email", *PHONE_METHODS)


class LoginOptions(Shape, frozen=True, kw_only=True):
    """Wishes of the caller about the session to come and the message on its way there.

    Attributes:
        stepup: Prove the person of the live session anew; the caller shows its refresh token.
        mfa: Add a factor to the live session; the caller shows its refresh token.
        custom_claims: Claims for the tokens. From a caller that is not trusted they land under `nsec`.
        revoke_other_sessions: End every other session of the user.
        template_id: Message template to use.
        template_options: Values for the template.
        locale: Language of the message.
    """

    stepup: Flag = None
    mfa: Flag = None
    custom_claims: Claims | None = None
    revoke_other_sessions: Flag = None
    template_id: Name | None = None
    template_options: Options | None = None
    locale: Name | None = None


class SignUp(Shape, frozen=True, kw_only=True):
    """A new user, and where to send the proof.

    The address is looked for in the key named after the delivery method, then in `user`, then in `login_id`.

    Attributes:
        login_id: What the user will sign in with.
        user: What is known about them.
        email: Address, when the method is email.
        phone: Number, when the method is sms (the official Go client: voice too).
        voice: Number, when the method is voice.
        whatsapp: Number, when the method is whatsapp.
        login_options: See there.
    """

    login_id: LoginId
    user: SignUpUser | None = None
    email: Text | None = None
    phone: Text | None = None
    voice: Text | None = None
    whatsapp: Text | None = None
    login_options: LoginOptions | None = None


class SignIn(Shape, frozen=True, kw_only=True):
    """A user who is to prove who they are.

    Attributes:
        login_id: What they sign in with.
        login_options: See there.
    """

    login_id: LoginId
    login_options: LoginOptions | None = None


class UpdateEmail(Shape, frozen=True, kw_only=True):
    """A new e-mail address for the user of the session; it counts once its proof came back.

    Attributes:
        login_id: A login ID of the user.
        email: The new address.
        add_to_login_ids: Let the user sign in with it.
        on_merge_use_existing: When another user has it as a login ID, keep that user on merging.
        template_id: Message template to use.
        template_options: Values for the template.
        provider_id: Delivery provider to use; accepted and ignored.
        mfa: Count the proof as a factor of the live session.
    """

    login_id: LoginId
    email: Address
    add_to_login_ids: Flag = field(default=None, name="addToLoginIDs")
    on_merge_use_existing: Flag = None
    template_id: Name | None = None
    template_options: Options | None = None
    provider_id: Name | None = None
    mfa: Flag = None


class UpdatePhone(Shape, frozen=True, kw_only=True):
    """A new phone number for the user of the session; it counts once its proof came back.

    Attributes:
        login_id: A login ID of the user.
        phone: The new number.
        add_to_login_ids: Let the user sign in with it.
        on_merge_use_existing: When another user has it as a login ID, keep that user on merging.
        template_id: Message template to use.
        template_options: Values for the template.
        provider_id: Delivery provider to use; accepted and ignored.
        mfa: Count the proof as a factor of the live session.
    """

    login_id: LoginId
    phone: Phone
    add_to_login_ids: Flag = field(default=None, name="addToLoginIDs")
    on_merge_use_existing: Flag = None
    template_id: Name | None = None
    template_options: Options | None = None
    provider_id: Name | None = None
    mfa: Flag = None


class MaskedAddress(Shape, frozen=True, kw_only=True):
    """Where the code or link went, most letters hidden: one of the two.

    Attributes:
        masked_email: `j***@e***.com`, when it went by e-mail.
        masked_phone: `+*******1234`, when it went to a phone.
    """

    masked_email: str | UnsetType = UNSET
    masked_phone: str | UnsetType = UNSET


ENDPOINTS = ()
