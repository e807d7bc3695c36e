"""Where mailed links and providers lead back to.

GET and HEAD only look: mail scanners fetch links, and nothing may come of it. In the browser that asked, recognised by
its sealed cookie, the flow goes on at once; in any other one the page shows who asked from where, and waits for a
click. GET sets no cookie here. A click is believed when the browser says that it comes from our page; from older
browsers, which do not say so, the page is shown once more with a form token.
"""

from dataclasses import replace
from typing import Any

from msgspec.structs import replace as changed

from avow.core import links
from avow.errors import (
    AvowError,
    FlowChanged,
    FlowElsewhere,
    FlowExpired,
    NotFound,
    SecondFactorNeeded,
    SessionEnded,
    UserExists,
)
from avow.server.flows import running
from avow.server.flows.chosen import flow_named
from avow.server.flows.running import At
from avow.server.magiclink import actions as magiclink
from avow.server.pages import hosted
from avow.server.pages.cookies import OnItsWay
from avow.server.pages.endpoints import ReturnForm, ReturnQuery
from avow.server.pages.frame import Frame
from avow.server.pages.own_forms import finished, is_own_click, own_client, refused
from avow.server.proofs.actions import Binding
from avow.server.proofs.recipients import require_method
from avow.server.serving import Answer, Call, Issued, Refusal, Steps, read, write
from avow.server.store import Tx

__all__ = ["look", "verify"]

_GONE = 410
_STANDARD = "sign-up-or-in"


def look(frame: Frame, call: Call[ReturnQuery]) -> Steps[Answer]:
    """Show what somebody came back with, and do nothing."""
    body = call.body
    own = _own(frame, call, body.mark)
    if own is not None and not body.t:
        return _back(frame, call, own, body.code)
    found = yield from read(_binding, body)
    if found is None:
        return _gone(frame, call)
    return _page(frame, call, found, own if (yield from _is_asked_here(call, own, body.t)) else None)


def verify(frame: Frame, call: Call[ReturnForm]) -> Steps[Answer]:
    """Take back what somebody came with: the flow goes on here, in its own execution or in a new one."""
    body, own = call.body, _own(frame, call, call.body.mark)
    if not is_own_click(frame, call, body):
        if own is not None and not body.t:
            return _back(frame, call, own, body.code)
        found = yield from read(_binding, body)
        return _page(frame, call, found, None, asks_again=True) if found else _gone(frame, call)
    call = replace(call, client=own_client(frame, call))
    if own is not None and not body.t:
        return (yield from _gone_on(frame, call, own, {"exchangeCode": body.code}))
    if own is not None and (yield from _is_asked_here(call, own, body.t)):
        return (yield from _gone_on(frame, call, own, {"token": body.t}))
    return (yield from _taken_here(frame, call))


def _gone_on(frame: Frame, call: Call[ReturnForm], own: OnItsWay, inputs: dict[str, object]) -> Steps[Answer]:
    """Go on with the flow of this browser."""
    try:
        here = yield from read(running.found, call.project, own.execution_id)
        try:
            here = yield from running.go_on(call, here, "submit", inputs, here.execution.nonce)
        except FlowElsewhere:  # another tab was faster
            here = yield from read(running.found, call.project, own.execution_id)
    except (FlowExpired, FlowChanged, SessionEnded):
        return hosted.restarted(frame, call)
    return (yield from hosted.led_on(frame, call, here, own.next, {}))


def _taken_here(frame: Frame, call: Call[ReturnForm]) -> Steps[Answer]:
    """Take a link back in another browser than the one that asked, or one that an application asked for."""
    flow_id = _flow_of(call.body.mark)
    begun = yield from write(_begun, frame, call, flow_id)
    if begun is None:
        require_method(call, "magiclink")
        try:
            result = yield from write(magiclink.verify, call.project, call.client, call.body.t)
        except UserExists as taken:
            result = Refusal(taken)
        if not isinstance(result, Issued):
            return _gone(frame, call, result.error)
        return (yield from finished(frame, call, result, ""))
    here = yield from running.go_on(call, begun, "confirm", {}, begun.execution.nonce)
    if here.execution.state.error is not None and here.execution.step == begun.flow.returns:
        return _gone(frame, call, status=401)
    return (yield from hosted.led_on(frame, call, here, "", {}))


# --- Units -------------------------------------------------------------------------------------------------------


def _binding(tx: Tx, body: ReturnQuery | ReturnForm) -> Binding | None:
    """Return what a live link would do; one of a reset comes here from a flow only, otherwise it has its own page."""
    found = magiclink.look(tx, body.t)
    return found or (magiclink.look(tx, body.t, magiclink.RESET) if body.mark else None)


def _sent_challenge(tx: Tx, call: Call[Any], own: OnItsWay) -> str:
    try:
        return running.found(tx, call.project, own.execution_id).execution.state.sent.challenge_id
    except AvowError:
        return ""


def _begun(tx: Tx, frame: Frame, call: Call[ReturnForm], flow_id: str) -> At | None:
    """Begin the flow at its link; None where it takes none."""
    binding = _binding(tx, call.body)
    try:
        flow = flow_named(tx, call.project, flow_id)
    except NotFound:
        return None
    if binding is None or not flow.returns or binding.does == "update":
        return None
    state = changed(hosted.first_state(frame, call, {}), token=call.body.t, caller=None)
    return running.begin(tx, call, flow_id, state, at=flow.returns)


# --- Parts -------------------------------------------------------------------------------------------------------


def _flow_of(mark: str) -> str:
    return mark.partition("|#|")[0] or _STANDARD


def _own(frame: Frame, call: Call[Any], mark: str) -> OnItsWay | None:
    """Return the flow of this browser, when it is the one that somebody comes back to."""
    own = frame.jar.flow(call)
    return own if own is not None and own.execution_id == mark.rpartition("_")[0] else None


def _is_asked_here(call: Call[Any], own: OnItsWay | None, token: str) -> Steps[bool]:
    """Tell whether this browser is the one that asked for this very link."""
    parsed = links.parse(token)
    if own is None or parsed is None:
        return False
    challenge_id = yield from read(_sent_challenge, call, own)
    return not challenge_id or challenge_id == parsed[0]


def _back(frame: Frame, call: Call[ReturnQuery] | Call[ReturnForm], own: OnItsWay, code: str) -> Answer:
    """Show that somebody is back from a provider; the script goes on at once."""
    values = {"mark": call.body.mark, "code": code, "action": _action(call), "project": call.project}
    # Browsers that do not say where a click comes from have the token of the mark that their flow is sealed for.
    values["form_token"] = frame.jar.form_token(frame.jar.browser(call))
    return frame.page(call.client, "back", values, leads_to=own.next)


def _page(frame: Frame, call: Call[Any], found: Binding, own: OnItsWay | None, *, asks_again: bool = False) -> Answer:
    values = {
        "token": call.body.t,
        "mark": call.body.mark,
        "binding": found,
        "is_here": own is not None and not asks_again,
        "action": _action(call),
    }
    leads_to = own.next if own else ""
    if asks_again:
        return frame.form(call, "magic", values, leads_to=leads_to)
    shown = {"project": call.project, "form_token": "", "error": None, "notice": None, **values}
    return frame.page(call.client, "magic", shown, leads_to=leads_to)


def _action(call: Call[Any]) -> str:
    return f"/login/{call.project.id}/{hosted.RETURN}"


def _gone(frame: Frame, call: Call[Any], error: AvowError | None = None, status: int = _GONE) -> Answer:
    said = refused(error) if isinstance(error, SecondFactorNeeded) else None
    values = {"project": call.project, "error": said}
    return frame.page(call.client, "gone", values, status=error.status if error else status)
