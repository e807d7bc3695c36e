"""Passwords: the routes by which users sign up and in with one, replace and change it, and have it reset."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from avow.wire.bounds import LoginId, Options, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.login import LoginOptions
from avow.wire.passwords import NewPassword
from avow.wire.secret import SECRET, Secret
from avow.wire.sessions import JwtResponse
from avow.wire.users import SignUpUser

__all__ = [
    "ENDPOINTS",
    "GET_POLICY",
    "REPLACE",
    "SEND_RESET",
    "SIGN_IN",
    "SIGN_UP",
    "UPDATE",
    "PasswordPolicy",
    "PasswordSignIn",
    "PasswordSignUp",
    "ReplacePassword",
    "ResetSent",
    "SendReset",
    "UpdatePassword",
]

# What others hashed may be of a longer password than we let anybody choose.
TypedPassword = Annotated[str, Meta(min_length=1, max_length=1024, extra=SECRET)]


class PasswordSignUp(Shape, frozen=True, kw_only=True):
    """A new user with a password.

    Attributes:
        login_id: What the user will sign in with.
        password: At most 256 characters, and what the policy asks for.
        user: What is known about them; addresses among it are not proven by a sign-up with a password.
        login_options: See there.
    """

    login_id: LoginId
    password: NewPassword
    user: SignUpUser | None = None
    login_options: LoginOptions | None = None


class PasswordSignIn(Shape, frozen=True, kw_only=True):
    """A user and the password that they typed."""

    login_id: LoginId
    password: TypedPassword
    login_options: LoginOptions | None = None


class SendReset(Shape, frozen=True, kw_only=True):
    """A user who has forgotten their password.

    Attributes:
        login_id: What they sign in with; a phone number gets the link by SMS, everybody else by e-mail.
        redirect_url: Page of the application that gets the token as `t`; absent, the project's default for `password`,
            then Avow's own page.
        template_options: Values for the message template.
    """

    login_id: LoginId
    redirect_url: Url | None = None
    template_options: Options | None = None


class ResetSent(Shape, frozen=True, kw_only=True):
    """What was sent if there is such a user; it says the same when there is none.

    Attributes:
        reset_method: `magiclink`: a link whose token `magiclink.verify` takes.
        masked_email: Where it went, most letters hidden, when it went by e-mail.
        masked_phone: The same, when it went to a phone.
        pending_ref: Of enchanted links, which Avow does not send here.
        link_id: Of enchanted links, which Avow does not send here.
    """

    reset_method: str = "magiclink"
    masked_email: str | UnsetType = UNSET
    masked_phone: str | UnsetType = UNSET
    pending_ref: Secret | UnsetType = UNSET
    link_id: str | UnsetType = UNSET


class UpdatePassword(Shape, frozen=True, kw_only=True):
    """Another password for the user of the session.

    Attributes:
        login_id: A login ID of the user.
        new_password: At most 256 characters, and what the policy asks for.
    """

    login_id: LoginId
    new_password: NewPassword


class ReplacePassword(Shape, frozen=True, kw_only=True):
    """Another password for whoever knows the present one, which may be temporary or expired.

    Attributes:
        login_id: What the user signs in with.
        old_password: The present one.
        new_password: At most 256 characters, and what the policy asks for; another one.
    """

    login_id: LoginId
    old_password: TypedPassword
    new_password: NewPassword


class PasswordPolicy(Shape, frozen=True, kw_only=True):
    """What a new password has to be, for telling people while they type.

    Attributes:
        min_length: In characters.
        lowercase: With a small letter.
        uppercase: With a capital letter.
        number: With a digit.
        non_alphanumeric: With something that is neither letter nor digit.
    """

    min_length: int
    lowercase: bool
    uppercase: bool
    number: bool
    non_alphanumeric: bool


SIGN_UP = Endpoint("password.sign_up", "POST", "/v1/auth/password/signup", PasswordSignUp, JwtResponse, Caller.PROJECT)
SIGN_IN = Endpoint("password.sign_in", "POST", "/v1/auth/password/signin", PasswordSignIn, JwtResponse, Caller.PROJECT)
SEND_RESET = Endpoint("password.send_reset", "POST", "/v1/auth/password/reset", SendReset, ResetSent, Caller.PROJECT)
UPDATE = Endpoint("password.update", "POST", "/v1/auth/password/update", UpdatePassword, Nothing, Caller.SESSION)
REPLACE = Endpoint(
    "password.replace", "POST", "/v1/auth/password/replace", ReplacePassword, JwtResponse, Caller.PROJECT
)
GET_POLICY = Endpoint("password.get_policy", "GET", "/v1/auth/password/policy", Nothing, PasswordPolicy, Caller.PROJECT)

ENDPOINTS = (SIGN_UP, SIGN_IN, SEND_RESET, UPDATE, REPLACE, GET_POLICY)
