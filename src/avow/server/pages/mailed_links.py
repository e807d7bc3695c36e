"""The pages that mailed links lead to. GET and HEAD only look: mail scanners fetch links, and nothing may come of it.

A magic link completes at once in the browser that asked for it, recognised by its sealed cookie; in any other it
shows who asked from where, and waits for a click. GET sets no cookie here. A click is believed when the browser says
that it comes from our page; from older browsers, which do not say so, the page is shown once more with a form token.
"""

from typing import Any

from avow.core import links
from avow.errors import AvowError, SecondFactorNeeded, UserExists
from avow.server.enchantedlink import actions as enchantedlink
from avow.server.magiclink import actions as magiclink
from avow.server.pages.cookies import SignInState
from avow.server.pages.endpoints import LinkForm, LinkQuery
from avow.server.pages.frame import Frame
from avow.server.pages.sign_in import finished, refused, sole_holder
from avow.server.proofs.actions import Binding
from avow.server.proofs.recipients import require_method
from avow.server.serving import Answer, Call, Issued, Refusal, Steps, read, write

__all__ = ["look_at_enchanted", "look_at_magic", "verify_enchanted", "verify_magic"]

_GONE = 410


def look_at_magic(frame: Frame, call: Call[LinkQuery]) -> Steps[Answer]:
    """Show what a magic link would do, and do nothing."""
    found = yield from read(magiclink.look, call.body.t)
    return _magic_page(frame, call, call.body.t, found) if found else _gone(frame, call)


def verify_magic(frame: Frame, call: Call[LinkForm]) -> Steps[Answer]:
    """Take the token of a magic link back: a session in this browser."""
    require_method(call, "magiclink")
    if not _is_own_click(frame, call):
        found = yield from read(magiclink.look, call.body.t)
        return _magic_page(frame, call, call.body.t, found, asks_again=True) if found else _gone(frame, call)
    state = _asked_here(frame, call, call.body.t)
    try:
        result = yield from write(magiclink.verify, call.project, sole_holder(call.client), call.body.t)
    except UserExists as taken:
        result = Refusal(taken)
    if isinstance(result, Issued):
        return finished(frame, call, result, state.next if state else "")
    return _gone(frame, call, result.error)


def look_at_enchanted(frame: Frame, call: Call[LinkQuery]) -> Steps[Answer]:
    """Show the number of an enchanted link, the same for the right one and the wrong ones, and do nothing."""
    found = yield from read(enchantedlink.look, call.body.t)
    return _enchanted_page(frame, call, call.body, found) if found else _gone(frame, call)


def verify_enchanted(frame: Frame, call: Call[LinkForm]) -> Steps[Answer]:
    """Take the click: the page that waits goes on, or, with a wrong number, stops."""
    require_method(call, "enchantedlink")
    found = yield from read(enchantedlink.look, call.body.t)
    if found is None:
        return _gone(frame, call)
    if not _is_own_click(frame, call):
        return _enchanted_page(frame, call, call.body, found, asks_again=True)
    result = yield from write(enchantedlink.verify, call.body.t)
    outcome = "wrong" if isinstance(result, Refusal) else "done"
    status = result.error.status if isinstance(result, Refusal) else 200
    return frame.page(call.client, "outcome", {"project": call.project, "outcome": outcome}, status=status)


def _is_own_click(frame: Frame, call: Call[LinkForm]) -> bool:
    return call.client.is_same_origin or frame.jar.is_own_form(call, call.body.form)


def _asked_here(frame: Frame, call: Call[Any], token: str) -> SignInState | None:
    """Return the sign-in of this browser when it is the one that asked for this very link."""
    state, parsed = frame.jar.sign_in(call), links.parse(token)
    return state if state and parsed and state.challenge_id == parsed[0] else None


def _magic_page(frame: Frame, call: Call[Any], token: str, found: Binding, *, asks_again: bool = False) -> Answer:
    state = _asked_here(frame, call, token)
    values = {
        "token": token,
        "binding": found,
        "is_here": state is not None and not asks_again,
        "action": f"/magic-link/{call.project.id}",
    }
    return _click_page(frame, call, "magic", values, state.next if state else "", asks_again=asks_again)


def _enchanted_page(
    frame: Frame, call: Call[Any], sent: LinkQuery | LinkForm, found: Binding, *, asks_again: bool = False
) -> Answer:
    values = {
        "token": sent.t,
        "number": sent.n or "",
        "binding": found,
        "action": f"/enchanted-link/{call.project.id}",
    }
    return _click_page(frame, call, "enchanted", values, "", asks_again=asks_again)


def _click_page(
    frame: Frame, call: Call[Any], template: str, values: dict[str, Any], leads_to: str, *, asks_again: bool
) -> Answer:
    if asks_again:
        return frame.form(call, template, values, leads_to=leads_to)
    shown = {"project": call.project, "form_token": "", "error": None, "notice": None, **values}
    return frame.page(call.client, template, shown, leads_to=leads_to)


def _gone(frame: Frame, call: Call[Any], error: AvowError | None = None) -> Answer:
    status = error.status if error else _GONE
    said = refused(error) if isinstance(error, SecondFactorNeeded) else None
    return frame.page(call.client, "gone", {"project": call.project, "error": said}, status=status)
