"""What the calls of all sign-in methods share: delivery methods, addresses, options, users."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from avow import shaping
from avow.sdk.calls.call import refresh_token_of, refused, text_of
from avow.sdk.options import DeliveryMethod, LoginOptions, SignUpOptions
from avow.wire import login
from avow.wire.endpoint import Endpoint
from avow.wire.users import SignUpUser

__all__ = [
    "address_of",
    "login_options",
    "method_in_path",
    "require_email",
    "require_phone",
    "sign_up_user",
    "step_up_token",
]

_METHODS: Mapping[DeliveryMethod, str] = {
    DeliveryMethod.EMAIL: "email",
    DeliveryMethod.SMS: "sms",
    DeliveryMethod.VOICE: "voice",
    DeliveryMethod.WHATSAPP: "whatsapp",
}
# Where a sign-up repeats the address, by method.
_ADDRESS_FIELDS = {"email": "email", "sms": "phone", "voice": "voice", "whatsapp": "whatsapp"}

# Only what is plainly something else is refused here; the server judges the rest.
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_PHONE = re.compile(r"\+?[\d\s().#xX-]{6,24}")


def method_in_path(endpoint: Endpoint[Any, Any], method: DeliveryMethod) -> dict[str, str]:
    """Return the `{method}` part of a path.

    Raises:
        InvalidArgument: The endpoint does not take this delivery method.
    """
    name = _METHODS.get(method, "")
    if name not in endpoint.methods:
        taken = ", ".join(str(each) for each, known in _METHODS.items() if known in endpoint.methods)
        raise refused(f"{endpoint.id} takes one of {taken}, not {method!r}.")
    return {"method": name}


def login_options(options: LoginOptions | SignUpOptions | None) -> login.LoginOptions:
    """Return options as they travel."""
    if options is None:
        return login.LoginOptions()
    found = login.LoginOptions(
        revoke_other_sessions=options.revoke_other_sessions,
        custom_claims=None if options.custom_claims is None else dict(options.custom_claims),
        template_options=None if options.template_options is None else dict(options.template_options),
        template_id=options.template_id,
    )
    if isinstance(options, SignUpOptions):
        return found
    return msgspec.structs.replace(found, stepup=options.stepup, mfa=options.mfa, locale=options.locale)


def step_up_token(options: LoginOptions | None, refresh_token: str | None) -> str:
    """Return the refresh token of a sign-in, "" for none.

    Raises:
        InvalidArgument: Step-up or MFA is asked for without one.
    """
    if refresh_token:
        return refresh_token_of(refresh_token)
    if options is not None and (options.stepup or options.mfa):
        raise refused("Step-up and MFA need the refresh token of the live session.")
    return ""


def sign_up_user(method: DeliveryMethod, login_id: str, user: Mapping[str, object] | None) -> SignUpUser:
    """Return the user of a sign-up; without an address of the method's kind the login ID is taken for it.

    Raises:
        InvalidArgument: A value has another type than it should, or the address cannot be one.
    """
    name = "email" if method is DeliveryMethod.EMAIL else "phone"
    try:
        found = shaping.convert(
            {**(user or {}), name: (user or {}).get(name) or text_of("login_id", login_id)}, SignUpUser
        )
    except msgspec.ValidationError as error:
        raise refused(f"user is not valid: {error}.") from error
    if name == "email":
        require_email(found.email)
    else:
        require_phone(found.phone)
    return found


def address_of(method: str, user: SignUpUser) -> dict[str, str | None]:
    """Return the field in which a sign-up repeats the address.

    Spec: contract "operations", note of otp.sign_up.
    """
    return {_ADDRESS_FIELDS[method]: user.email if method == "email" else user.phone}


def require_email(email: object) -> str:
    """Return what can be an e-mail address.

    Raises:
        InvalidArgument: It cannot.
    """
    if not isinstance(email, str) or not _EMAIL.fullmatch(email):
        raise refused("The e-mail address is not valid.")
    return email


def require_phone(phone: object) -> str:
    """Return what can be a phone number.

    Raises:
        InvalidArgument: It cannot.
    """
    if not isinstance(phone, str) or not _PHONE.fullmatch(phone):
        raise refused("The phone number is not valid.")
    return phone
