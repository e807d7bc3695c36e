"""The pages that the links with numbers lead to.

GET and HEAD only look: mail scanners fetch links, and nothing may come of it. GET sets no cookie here. A click is
believed when the browser says that it comes from our page; from older browsers, which do not say so, the page is shown
once more with a form token.
"""

from typing import Any

from avow.server.enchantedlink import actions as enchantedlink
from avow.server.pages.endpoints import LinkForm, LinkQuery
from avow.server.pages.frame import Frame
from avow.server.pages.own_forms import is_own_click
from avow.server.proofs.actions import Binding
from avow.server.proofs.recipients import require_method
from avow.server.serving import Answer, Call, Refusal, Steps, read, write

__all__ = ["look", "verify"]

_GONE = 410


def look(frame: Frame, call: Call[LinkQuery]) -> Steps[Answer]:
    """Show the number of an enchanted link, the same for the right one and the wrong ones, and do nothing."""
    found = yield from read(enchantedlink.look, call.body.t)
    return _enchanted_page(frame, call, call.body, found) if found else _gone(frame, call)


def verify(frame: Frame, call: Call[LinkForm]) -> Steps[Answer]:
    """Take the click: the page that waits goes on, or, with a wrong number, stops."""
    require_method(call, "enchantedlink")
    found = yield from read(enchantedlink.look, call.body.t)
    if found is None:
        return _gone(frame, call)
    if not is_own_click(frame, call, call.body):
        return _enchanted_page(frame, call, call.body, found, asks_again=True)
    result = yield from write(enchantedlink.verify, call.body.t)
    outcome = "wrong" if isinstance(result, Refusal) else "done"
    status = result.error.status if isinstance(result, Refusal) else 200
    return frame.page(call.client, "outcome", {"project": call.project, "outcome": outcome}, status=status)


def _enchanted_page(
    frame: Frame, call: Call[Any], sent: LinkQuery | LinkForm, found: Binding, *, asks_again: bool = False
) -> Answer:
    values = {
        "token": sent.t,
        "number": sent.n or "",
        "binding": found,
        "action": f"/enchanted-link/{call.project.id}",
    }
    if asks_again:
        return frame.form(call, "enchanted", values)
    shown = {"project": call.project, "form_token": "", "error": None, "notice": None, **values}
    return frame.page(call.client, "enchanted", shown)


def _gone(frame: Frame, call: Call[Any]) -> Answer:
    return frame.page(call.client, "gone", {"project": call.project, "error": None}, status=_GONE)
