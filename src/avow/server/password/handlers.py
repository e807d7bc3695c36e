"""The routes of sign-in by password."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec

from avow.core import addresses
from avow.core.passwords import Checked, check, hashed, same
from avow.core.passwords.policy import require_good
from avow.errors import InvalidArgument, InvalidPassword, Unavailable
from avow.server.password import actions
from avow.server.password.actions import Attempt
from avow.server.passwords import actions as passwords
from avow.server.passwords.actions import Standard
from avow.server.passwords.blocklist import common
from avow.server.passwords.breaches import require_unbreached
from avow.server.proofs import magiclinks, recipients
from avow.server.proofs.recipients import require_method
from avow.server.proofs.targets import target
from avow.server.serving import Call, Issued, Refusal, Slice, Steps, aside, read, reads, steps, write, writes
from avow.server.store import Tx
from avow.wire import password as wire
from avow.wire.endpoint import Nothing
from avow.wire.login import LoginOptions, SignIn
from avow.wire.password import (
    PasswordPolicy,
    PasswordSignIn,
    PasswordSignUp,
    ReplacePassword,
    ResetSent,
    SendReset,
    UpdatePassword,
)

__all__ = ["SLICE"]

_NAME: Final = "password"
_TRIES: Final = 3
_CHANGED: Final = "the credentials were changed by others at the same time"


def sign_up(call: Call[PasswordSignUp]) -> Steps[Issued | Refusal]:
    """Create a user with a password, and open their first session.

    Nobody has proven the address then: let its owner do that in this session, by an update to the very same address
    (`otp.update_user_email`, `magiclink.update_user_email`). Whoever proves it otherwise, by a sign-in, takes the
    account over, and this password ends. Refused in projects that hide who has an account.
    """
    require_method(call, _NAME)
    person, settings = yield from read(actions.newcomer, call)
    known = (person.typed, person.email, person.phone, person.name, person.given_name, person.family_name)
    require_good(call.body.password, settings, (*known, call.project.name), common())
    yield from require_unbreached(call.project, call.body.password)
    encoded = yield from aside(hashed, call.body.password)
    return (yield from write(actions.create, call, person, encoded))


def sign_in(call: Call[PasswordSignIn]) -> Steps[Issued | Refusal]:
    """Exchange a password for a session.

    Who does not exist and who typed a wrong password are answered alike, and after so many wrong ones in a row with
    429, even to the right one; codes, links and passkeys go on to work, and so does the password on a device that shows
    a refresh token of the user or that of a trusted device. A password that was given for a while or has expired is
    answered with E062909: `replace` it. Show the refresh token of the live session for `stepup` and `mfa`.
    """

    def opened(attempt: Attempt, checked: Checked) -> Steps[Issued | Refusal | None]:
        return (yield from write(actions.open_session, call, attempt, checked.renewed))

    return (yield from _proven(call, call.body.password, call.body.login_options, opened))


def send_reset(tx: Tx, call: Call[SendReset]) -> ResetSent:
    """Send a link to a user who has forgotten their password; the answer never tells whether there is one.

    The link is your `redirectUrl` with `t=TOKEN`: exchange the token by `magiclink.verify`, let the person choose a
    password and set it by `update` with the refresh token. The password of before is good until then.
    """
    require_method(call, _NAME)
    actions.require_enabled(tx)
    uri = target(call.project, _NAME, call.body.redirect_url)
    sent = magiclinks.send_reset(tx, call.project, recipients.for_sign_in(tx, _hidden(call)), uri)
    return ResetSent(masked_email=sent.masked_email, masked_phone=sent.masked_phone)


def update(call: Call[UpdatePassword]) -> Steps[Nothing]:
    """Give the session's user another password, or their first.

    It needs a sign-in that is fresh, by a second factor too where the user has one. Their other sessions end, and so do
    codes and links on their way to them; they are told by mail.
    """
    require_method(call, _NAME)
    for _ in range(_TRIES):
        standard = yield from read(actions.own_standard, call)
        encoded = yield from _encoded(call, call.body.new_password, standard)
        if (yield from write(actions.update, call, standard, encoded)):
            return Nothing()
    raise Unavailable(detail=_CHANGED)


def replace_password(call: Call[ReplacePassword]) -> Steps[Issued | Refusal]:
    """Replace the password of whoever knows it, a temporary or expired one too, and open a session.

    A wrong one counts as at sign-in. What ends is what `update` ends, and every session of before.
    """
    old, new = call.body.old_password, call.body.new_password

    def replaced(attempt: Attempt, _: Checked) -> Steps[Issued | Refusal | None]:
        standard = yield from write(actions.accept, call, attempt)
        if standard is None:
            return None
        if same(old, new):
            raise InvalidArgument(error_message="The password is the present one.")
        encoded = yield from _encoded(call, new, standard)
        return (yield from write(actions.replace, call, attempt, standard, encoded))

    return (yield from _proven(call, old, None, replaced))


def get_policy(tx: Tx, call: Call[Nothing]) -> PasswordPolicy:
    """Return what a new password has to be at least, for telling people while they type; tenants may ask for more."""
    settings = passwords.settings(tx)
    return PasswordPolicy(
        min_length=settings.min_length,
        lowercase=settings.lowercase,
        uppercase=settings.uppercase,
        number=settings.number,
        non_alphanumeric=settings.non_alphanumeric,
    )


def _proven(
    call: Call[PasswordSignIn] | Call[ReplacePassword],
    typed: str,
    options: LoginOptions | None,
    then: Callable[[Attempt, Checked], Steps[Issued | Refusal | None]],
) -> Steps[Issued | Refusal]:
    """Do something for whoever knows the password of a user; from the start again when it has changed meanwhile.

    Raises:
        InvalidPassword: They do not, or there is no such user.
    """
    require_method(call, _NAME)
    for _ in range(_TRIES):
        attempt = yield from write(actions.begin, call, options)
        try:
            checked = yield from aside(check, attempt.encoded, typed)
        except Unavailable:  # nobody has looked at it
            yield from write(actions.forget, attempt)
            raise
        if not checked.is_theirs:
            yield from write(actions.refuse, call, attempt)
            raise InvalidPassword
        done = yield from then(attempt, checked)
        if done is not None:
            return done
    raise Unavailable(detail=_CHANGED)


def _encoded(call: Call[object], password: str, standard: Standard) -> Steps[str]:
    """Return what is stored of a new password.

    Raises:
        InvalidArgument: It is not good enough, known from a breach, or one of the last.
    """
    require_good(password, standard.settings, standard.names, common())
    yield from require_unbreached(call.project, password)
    return (yield from aside(passwords.encode, password, standard))


def _hidden(call: Call[SendReset]) -> Call[SignIn]:
    """Return the call as one that has a link sent, in a project that does not tell who exists."""
    body = SignIn(login_id=call.body.login_id, login_options=LoginOptions(template_options=call.body.template_options))
    settings = msgspec.structs.replace(call.project.settings, hides_existence=True)
    method = "sms" if addresses.is_phone(addresses.login_id(body.login_id).typed) else "email"
    return Call(replace(call.project, settings=settings), call.caller, call.client, body, {"method": method})


SLICE = Slice(
    "password",
    (
        steps(wire.SIGN_UP, sign_up),
        steps(wire.SIGN_IN, sign_in),
        writes(wire.SEND_RESET, send_reset),
        steps(wire.UPDATE, update),
        steps(wire.REPLACE, replace_password),
        reads(wire.GET_POLICY, get_policy),
    ),
)
