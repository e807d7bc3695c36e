"""Management calls that hand out codes and links: of test users, and embedded ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar

import msgspec

from avow.errors import UnreadableAnswer
from avow.sdk.answers import as_is
from avow.sdk.calls.call import Call, call, refused, shaped, text_of
from avow.sdk.calls.login import login_options
from avow.sdk.options import DeliveryMethod, LoginOptions
from avow.sdk.transport import Response
from avow.wire import embeddedlink, testusers

__all__ = [
    "CreateUserObj",
    "GeneratedCode",
    "GeneratedEnchantedLink",
    "GeneratedLink",
    "code",
    "embedded_sign_in",
    "embedded_sign_up",
    "enchanted_link",
    "magic_link",
]

Shaped = TypeVar("Shaped")


class GeneratedCode(TypedDict):
    """A code of a test user."""

    loginId: str
    code: str


class GeneratedLink(TypedDict):
    """A magic link of a test user."""

    loginId: str
    link: str


class GeneratedEnchantedLink(TypedDict):
    """The right enchanted link of a test user, and what its session is polled with."""

    loginId: str
    link: str
    pendingRef: str


@dataclass(frozen=True, slots=True)
class CreateUserObj:
    """What is known of a user to be."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None


class _Token(TypedDict):
    token: str


_METHODS: Mapping[DeliveryMethod, str] = {
    DeliveryMethod.EMAIL: "email",
    DeliveryMethod.SMS: "sms",
    DeliveryMethod.VOICE: "voice",
    DeliveryMethod.WHATSAPP: "whatsapp",
    DeliveryMethod.EMBEDDED: "Embedded",
}
_answer = as_is(_Token)
_code, _link, _enchanted = as_is(GeneratedCode), as_is(GeneratedLink), as_is(GeneratedEnchantedLink)


def code(method: DeliveryMethod, login_id: str, options: LoginOptions | None) -> Call[GeneratedCode]:
    """Return the call for a code of a test user."""
    fields = {**_of(login_id, options), "deliveryMethod": _named(method)}
    return call(testusers.GENERATE_CODE, shaped(fields, testusers.GenerateProof), _code)


def magic_link(
    method: DeliveryMethod, login_id: str, uri: str | None, options: LoginOptions | None
) -> Call[GeneratedLink]:
    """Return the call for a magic link of a test user."""
    fields = {**_of(login_id, options), "deliveryMethod": _named(method), "URI": uri}
    return call(testusers.GENERATE_MAGIC_LINK, shaped(fields, testusers.GenerateMagicLink), _link)


def enchanted_link(login_id: str, uri: str | None, options: LoginOptions | None) -> Call[GeneratedEnchantedLink]:
    """Return the call for an enchanted link of a test user."""
    fields = {**_of(login_id, options), "URI": uri}
    return call(testusers.GENERATE_ENCHANTED_LINK, shaped(fields, testusers.GenerateEnchantedLink), _enchanted)


def embedded_sign_in(login_id: str, custom_claims: Mapping[str, Any] | None, timeout: int) -> Call[str]:
    """Return the call for a token that signs a user in."""
    fields = {"loginId": text_of("login_id", login_id), "customClaims": custom_claims, "timeout": timeout}
    return call(embeddedlink.SIGN_IN, shaped(fields, embeddedlink.EmbeddedSignIn), _token)


def embedded_sign_up(
    login_id: str,
    user: CreateUserObj | None,
    options: LoginOptions | None,
    *,
    email_verified: bool,
    phone_verified: bool,
    timeout: int,
) -> Call[str]:
    """Return the call for a token that creates a user and signs them in."""
    known = user or CreateUserObj()
    fields = {
        **_of(login_id, options),
        "user": {
            "email": known.email,
            "phone": known.phone,
            "name": known.name,
            "givenName": known.given_name,
            "middleName": known.middle_name,
            "familyName": known.family_name,
        },
        "emailVerified": email_verified,
        "phoneVerified": phone_verified,
        "timeout": timeout,
    }
    return call(embeddedlink.SIGN_UP, shaped(fields, embeddedlink.EmbeddedSignUp), _token)


def _of(login_id: str, options: LoginOptions | None) -> dict[str, object]:
    wished = None if options is None else msgspec.to_builtins(login_options(options))
    return {"loginId": text_of("login_id", login_id), "loginOptions": wished}


def _named(method: DeliveryMethod) -> str:
    if method not in _METHODS:
        raise refused(f"{method!r} is no delivery method.")
    return _METHODS[method]


def _token(response: Response) -> str:
    token = _answer(response).get("token", "")
    if not token:
        raise UnreadableAnswer(detail="the answer has no token")
    return token
