"""The page that a link of a password reset leads to: GET only looks; the form sets a new password and signs in.

The link is taken back in the unit that writes the password: whoever types one that is refused can go on.
"""

from dataclasses import replace
from typing import Final

from avow.core.passwords.policy import Weakness, weakness
from avow.errors import AvowError, InvalidArgument, SecondFactorNeeded, SessionEnded, UserDisabled
from avow.server.magiclink import actions as magiclink
from avow.server.pages.endpoints import LinkQuery, PasswordForm
from avow.server.pages.frame import Frame, Said
from avow.server.pages.own_forms import finished, own_client, refused
from avow.server.password import actions as password
from avow.server.passwords import actions as passwords
from avow.server.passwords.actions import Standard
from avow.server.passwords.blocklist import common
from avow.server.passwords.breaches import require_unbreached
from avow.server.proofs.actions import Binding
from avow.server.proofs.recipients import require_method
from avow.server.serving import Answer, Call, Issued, Refusal, SessionCaller, Steps, aside, read, write
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire.passwords import MAX_CHARACTERS

__all__ = ["look", "set_password"]

_GONE: Final = 410
_WORDS: Final = {Weakness.SHORT: "error.password-short", Weakness.LONG: "error.password-long"}


def look(frame: Frame, call: Call[LinkQuery]) -> Steps[Answer]:
    """Show where a new password is typed, and do nothing."""
    found = yield from read(_look, call, call.body.t)
    return _page(frame, call, call.body.t, *found) if found else _gone(frame, call)


def set_password(frame: Frame, call: Call[PasswordForm]) -> Steps[Answer]:
    """Take the link back and set the password: a session in this browser; or the same page with what was wrong."""
    require_method(call, "password")
    typed, token = call.body.password, call.body.t
    found = yield from read(_look, call, token)
    if found is None:
        return _gone(frame, call)
    binding, standard = found
    if not (call.client.is_same_origin or frame.jar.is_own_form(call, call.body.form)):
        return _page(frame, call, token, binding, standard, asks_again=True)
    error = yield from _judged(call, typed, standard)
    if error is not None:
        return _page(frame, call, token, binding, standard, error=error)
    try:
        encoded = yield from aside(passwords.encode, typed, standard)
    except InvalidArgument:
        return _page(frame, call, token, binding, standard, error=Said("error.password-used"))
    call = replace(call, client=own_client(frame, call))
    try:
        result = yield from write(_set, call, standard, encoded)
    except (SecondFactorNeeded, SessionEnded, UserDisabled) as wrong:  # the link stays as it was
        return _page(frame, call, token, binding, standard, error=refused(wrong))
    if not isinstance(result, Issued):
        return _gone(frame, call, result.error)
    return (yield from finished(frame, call, result, ""))


def _judged(call: Call[PasswordForm], typed: str, standard: Standard) -> Steps[Said | None]:
    found = weakness(typed, standard.settings, standard.names, common())
    if found is not None:
        most = {Weakness.SHORT: standard.settings.min_length, Weakness.LONG: MAX_CHARACTERS}
        known = {"count": most[found]} if found in most else {}
        return Said(_WORDS.get(found, f"error.password-{found.name.lower()}"), known)
    try:
        yield from require_unbreached(call.project, typed)
    except InvalidArgument:
        return Said("error.password-guessed")
    return None


# --- Units -----------------------------------------------------------------------------------------------------


def _look(tx: Tx, call: Call[LinkQuery] | Call[PasswordForm], token: str) -> tuple[Binding, Standard] | None:
    """Return what a live link is for, and what a new password is judged by."""
    binding = magiclink.look(tx, token, magiclink.RESET)
    profile = users.find(tx, binding.user_id) if binding is not None else None
    if binding is None or profile is None or profile.is_disabled:
        return None
    return binding, passwords.standard_of(tx, profile, call.project.name)


def _set(tx: Tx, call: Call[PasswordForm], standard: Standard, encoded: str) -> Issued | Refusal:
    """Take the link back, and give its user the password.

    Raises:
        SecondFactorNeeded: The user has an app or passkey, which this page cannot take; nothing is consumed then.
    """
    issued = magiclink.verify(tx, call.project, call.client, call.body.t)
    if isinstance(issued, Refusal):
        if isinstance(issued.error, SecondFactorNeeded | UserDisabled):
            raise issued.error
        return issued
    claims = issued.claims
    caller = SessionCaller(claims.user_id, claims.session_id, claims.generation)
    _, profile = sessions.require_fresh(tx, replace(call, caller=caller))
    password.choose(tx, call.project, call.client, profile, standard, encoded, kept=claims.session_id, is_own=True)
    return issued


# --- Parts -----------------------------------------------------------------------------------------------------


def _page(
    frame: Frame,
    call: Call[LinkQuery] | Call[PasswordForm],
    token: str,
    binding: Binding,
    standard: Standard,
    *,
    error: Said | None = None,
    asks_again: bool = False,
) -> Answer:
    values = {
        "token": token,
        "binding": binding,
        "count": standard.settings.min_length,
        "most": MAX_CHARACTERS,
        "error": error,
        "action": f"/reset-password/{call.project.id}",
    }
    if error or asks_again:
        return frame.form(call, "reset_password", values, status=400 if error else 200)
    return frame.page(
        call.client, "reset_password", {"project": call.project, "form_token": "", **values, "notice": None}
    )


def _gone(frame: Frame, call: Call[LinkQuery] | Call[PasswordForm], error: AvowError | None = None) -> Answer:
    return frame.page(
        call.client, "gone", {"project": call.project, "error": None}, status=error.status if error else _GONE
    )
