"""The routes of enchanted links."""

from collections.abc import Callable
from typing import Any

from avow.errors import LinkPending
from avow.server.enchantedlink import actions
from avow.server.proofs import recipients
from avow.server.proofs.recipients import Recipient, require_method
from avow.server.proofs.targets import target
from avow.server.proofs.testusers import for_test_user
from avow.server.serving import Call, Issued, Refusal, Slice, Steps, read, steps, write, writes
from avow.server.store import Tx
from avow.wire import enchantedlink as wire
from avow.wire import testusers
from avow.wire.enchantedlink import PendingLink, PendingSession
from avow.wire.endpoint import Nothing
from avow.wire.links import LinkSignIn, LinkSignUp, LinkToken, LinkUpdateEmail, LinkUpdatePhone, target_url
from avow.wire.testusers import GeneratedEnchantedLink, GenerateEnchantedLink

__all__ = ["SLICE"]

_NAME = "enchantedlink"

_Start = LinkSignUp | LinkSignIn | LinkUpdateEmail | LinkUpdatePhone


def sign_up(tx: Tx, call: Call[LinkSignUp]) -> PendingLink:
    """Send three links to a new user's address; the one with the answered number signs in whoever polls."""
    return _send(tx, call, recipients.for_sign_up)


def sign_in(tx: Tx, call: Call[LinkSignIn]) -> PendingLink:
    """Send three links to a user's address. For `stepup` and `mfa` show the refresh token of the live session."""
    return _send(tx, call, recipients.for_sign_in)


def sign_up_or_in(tx: Tx, call: Call[LinkSignIn]) -> PendingLink:
    """Send three links to the user with this login ID, or to the login ID itself where there is none yet."""
    return _send(tx, call, recipients.for_sign_up_or_in)


def verify(tx: Tx, call: Call[LinkToken]) -> Refusal | Nothing:
    """Take the token of the clicked link. A wrong one of the three ends the sign-in."""
    require_method(call, _NAME)
    return actions.verify(tx, call.body.token) or Nothing()


def pending_session(call: Call[PendingSession]) -> Steps[Issued | Refusal]:
    """Poll for the session: 401 E062503 until the right link is clicked, then the session, once."""
    require_method(call, _NAME)
    ref = call.body.pending_ref
    if not (yield from read(actions.is_clicked, ref)):
        raise LinkPending
    return (yield from write(actions.pending_session, call.project, call.client, ref))


def update_email(tx: Tx, call: Call[LinkUpdateEmail]) -> PendingLink:
    """Send three links to a new e-mail address of the session's user."""
    return _send(tx, call, recipients.for_email_update)


def update_phone(tx: Tx, call: Call[LinkUpdatePhone]) -> PendingLink:
    """Send three links to a new phone number of the session's user."""
    return _send(tx, call, recipients.for_phone_update)


def generate(tx: Tx, call: Call[GenerateEnchantedLink]) -> GeneratedEnchantedLink:
    """Return the right enchanted link of a test user and what its session is polled with.

    Nothing is ever sent to them. Both stay valid when a send follows.
    """
    require_method(call, _NAME)
    uri = target(call.project, _NAME, call.body.uri or call.body.redirect_url)
    made = actions.generate(tx, call.project, for_test_user(tx, call, "enchanted link"), uri)
    return GeneratedEnchantedLink(login_id=call.body.login_id, link=made.link, pending_ref=made.pending_ref)


def _send(tx: Tx, call: Call[_Start], resolve: Callable[[Tx, Call[Any]], Recipient]) -> PendingLink:
    require_method(call, _NAME)
    uri = target(call.project, _NAME, target_url(call.body))
    return actions.send(tx, call.project, resolve(tx, call), uri)


SLICE = Slice(
    "enchantedlink",
    (
        writes(wire.SIGN_UP, sign_up),
        writes(wire.SIGN_IN, sign_in),
        writes(wire.SIGN_UP_OR_IN, sign_up_or_in),
        writes(wire.VERIFY, verify),
        steps(wire.PENDING_SESSION, pending_session),
        writes(wire.UPDATE_EMAIL, update_email),
        writes(wire.UPDATE_PHONE, update_phone),
        writes(testusers.GENERATE_ENCHANTED_LINK, generate),
    ),
)
