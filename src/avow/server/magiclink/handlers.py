"""The routes of magic links."""

from collections.abc import Callable
from typing import Any

from avow.server.magiclink import actions
from avow.server.proofs import recipients
from avow.server.proofs.recipients import Recipient, require_method
from avow.server.proofs.targets import link_to, target
from avow.server.proofs.testusers import for_test_user
from avow.server.serving import Call, Issued, Refusal, SessionCaller, Slice, writes
from avow.server.store import Tx
from avow.wire import magiclink as wire
from avow.wire import testusers
from avow.wire.links import LinkSignIn, LinkSignUp, LinkToken, LinkUpdateEmail, LinkUpdatePhone, target_url
from avow.wire.login import MaskedAddress
from avow.wire.testusers import GeneratedLink, GenerateMagicLink

__all__ = ["SLICE"]

_NAME = "magiclink"

_Start = LinkSignUp | LinkSignIn | LinkUpdateEmail | LinkUpdatePhone


def sign_up(tx: Tx, call: Call[LinkSignUp]) -> MaskedAddress:
    """Send a link to a new user's address; the user exists once its token comes back.

    The link is your `URI` with `t=TOKEN`: verify the token when the person confirms (a POST), not on the GET, because
    mail scanners fetch links. Without a `URI` and a default of the project it leads to Avow's own page.
    """
    return _send(tx, call, recipients.for_sign_up)


def sign_in(tx: Tx, call: Call[LinkSignIn]) -> MaskedAddress:
    """Send a link to a user's address. For `stepup` and `mfa` show the refresh token of the live session."""
    return _send(tx, call, recipients.for_sign_in)


def sign_up_or_in(tx: Tx, call: Call[LinkSignIn]) -> MaskedAddress:
    """Send a link to the user with this login ID, or to the login ID itself where there is none yet."""
    return _send(tx, call, recipients.for_sign_up_or_in)


def verify(tx: Tx, call: Call[LinkToken]) -> Issued | Refusal:
    """Exchange the token of a link for a session; that of a password reset too. It works once.

    Shown beside the refresh token of another user it is refused, and stays valid for its own.
    """
    beside = call.caller.user_id if isinstance(call.caller, SessionCaller) else ""
    return actions.verify(tx, call.project, call.client, call.body.token, beside=beside)


def update_email(tx: Tx, call: Call[LinkUpdateEmail]) -> MaskedAddress:
    """Send a link to a new e-mail address of the session's user; it becomes theirs when the token comes back."""
    return _send(tx, call, recipients.for_email_update)


def update_phone(tx: Tx, call: Call[LinkUpdatePhone]) -> MaskedAddress:
    """Send a link to a new phone number of the session's user; it becomes theirs when the token comes back."""
    return _send(tx, call, recipients.for_phone_update)


def generate(tx: Tx, call: Call[GenerateMagicLink]) -> GeneratedLink:
    """Return a magic link of a test user, to whom nothing is ever sent; it stays valid when a send follows."""
    require_method(call, _NAME)
    uri = target(call.project, _NAME, call.body.uri or call.body.redirect_url)
    token = actions.generate(tx, call.project, for_test_user(tx, call, "magic link"))
    return GeneratedLink(login_id=call.body.login_id, link=link_to(call.project, actions.PAGE, uri, token))


def _send(tx: Tx, call: Call[_Start], resolve: Callable[[Tx, Call[Any]], Recipient]) -> MaskedAddress:
    require_method(call, _NAME)
    uri = target(call.project, _NAME, target_url(call.body))
    return actions.send(tx, call.project, resolve(tx, call), uri)


SLICE = Slice(
    "magiclink",
    (
        writes(wire.SIGN_UP, sign_up),
        writes(wire.SIGN_IN, sign_in),
        writes(wire.SIGN_UP_OR_IN, sign_up_or_in),
        writes(wire.VERIFY, verify),
        writes(wire.UPDATE_EMAIL, update_email),
        writes(wire.UPDATE_PHONE, update_phone),
        writes(wire.UPDATE_PHONE_BY_METHOD, update_phone),
        writes(testusers.GENERATE_MAGIC_LINK, generate),
    ),
)
