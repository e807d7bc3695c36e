"""The way in: flows on pages of our own. Each step is posted, and the browser is led on to the next one by GET.

The first screen keeps nothing: an execution begins with what is done on it. It belongs to the browser by a sealed
cookie; each form carries what this browser was shown of its step, so that a step is taken once, whoever presses twice
or in two tabs. Flows never tell whether somebody exists: a stranger, a user and a disabled user see the same.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from msgspec import to_builtins
from msgspec.structs import replace as changed

from avow.core.flows.machine import Began, Show, advance
from avow.core.flows.model import Flow
from avow.errors import (
    API_RATE_LIMIT_RETRY_AFTER_HEADER,
    FlowChanged,
    FlowElsewhere,
    FlowExpired,
    InvalidLink,
    NotFound,
    SessionEnded,
)
from avow.server.challenges import actions as challenges
from avow.server.enchantedlink import actions as enchantedlink
from avow.server.flows import running
from avow.server.flows.chosen import flow_named
from avow.server.flows.executions import Execution
from avow.server.flows.facts import facts_of
from avow.server.flows.running import At
from avow.server.flows.showing import screen_of, step_of
from avow.server.flows.state import State
from avow.server.pages.cookies import OnItsWay
from avow.server.pages.endpoints import AskQuery, StepForm
from avow.server.pages.frame import Frame
from avow.server.pages.own_forms import approved, finished, first_project, own_client, require_own_form, spoken, who
from avow.server.screens import Page, Said, Screen, brand_of, render, text_of, title_of
from avow.server.screens.values import Email, Enchanted, LinkSent, Reset, Sso
from avow.server.serving import Answer, Call, Steps, read, write
from avow.server.store import Tx
from avow.wire.endpoint import Nothing, Shape

__all__ = [
    "RETURN",
    "ask",
    "ask_anywhere",
    "begin",
    "begun",
    "first_state",
    "go_on",
    "led_on",
    "look",
    "on_its_way",
    "restarted",
]

RETURN = "return"
_STANDARD = "sign-up-or-in"
_RESEND_SECONDS = 30
_NOTICES = {
    "signed-out": "notice.signed-out",
    "everywhere": "notice.everywhere",
    "ended": "notice.ended",
    "expired": "notice.expired",
}
# What went wrong, as the status of the page that says it; anything else is a 400.
_STATUS = {
    "wrong.code": 401,
    "wrong.code-last": 401,
    "wrong.code-expired": 401,
    "wrong.totp": 401,
    "wrong.recovery-code": 401,
    "wrong.password": 401,
    "wrong.passkey": 401,
    "wrong.link-ended": 401,
    "wrong.provider": 401,
    "wrong.session": 401,
    "wrong.stale": 401,
    "wrong.disabled": 403,
    "wrong.wait": 429,
    "wrong.wait-minutes": 429,
}


class _Progress(Shape, frozen=True, kw_only=True):
    """What the script of a screen that waits asks for: `waiting`, `clicked`, `moved`, `done` or `none`."""

    state: str


# --- The first screen --------------------------------------------------------------------------------------------


def ask_anywhere(frame: Frame, call: Call[AskQuery]) -> Steps[Answer]:
    """Lead to the sign-in page of the server's first project."""
    project_id = yield from first_project()
    given = urlencode({name: value for name, value in to_builtins(call.body).items() if value})
    return frame.redirect(f"/login/{project_id}" + (f"?{given}" if given else ""))


def ask(frame: Frame, call: Call[AskQuery]) -> Steps[Answer]:
    """Show the first screen of a flow, and keep nothing."""
    body, leads_to = call.body, approved(call.project, call.body.next)
    call = spoken(call, body.languages)
    flow_id = body.flow or _STANDARD
    state = first_state(frame, call, {})
    if body.login_id:
        state = changed(state, login_id=body.login_id)
    elif (own := frame.jar.flow(call)) is not None:
        state = changed(state, login_id=(yield from read(_typed_before, call, own)))
    found = yield from read(_first, call, flow_id, state)
    hidden = {"flow": flow_id, "next": leads_to, "languages": body.languages or ""}
    notice = _NOTICES.get(body.notice or "", "")
    if found is None:
        return _gate(frame, call, flow_id, leads_to)
    return _page(frame, call, found, f"/login/{call.project.id}", hidden, notice=notice, leads_to=leads_to)


def begin(frame: Frame, call: Call[StepForm]) -> Steps[Answer]:
    """Begin a flow with what was done on its first screen."""
    require_own_form(frame, call, call.body)
    body, leads_to = call.body, approved(call.project, call.body.next)
    call = spoken(call, body.languages)
    return (yield from begun(frame, call, body.flow or _STANDARD, leads_to, body.do, body.inputs))


def begun(
    frame: Frame, call: Call[Any], flow_id: str, leads_to: str, interaction: str, inputs: dict[str, object]
) -> Steps[Answer]:
    """Begin a flow in this browser, and do what was done on its first screen; "" where it does not begin with one."""
    call = replace(call, client=own_client(frame, call))
    try:
        here = yield from write(running.begin, call, flow_id, first_state(frame, call, inputs))
        if interaction and here.execution.ended_at is None:
            here = yield from running.go_on(call, here, interaction, inputs, here.execution.nonce)
    except SessionEnded:
        return frame.redirect(_start(call, flow="", leads_to=leads_to, notice="ended"), leads_to=leads_to)
    return (yield from led_on(frame, call, here, leads_to, inputs))


def first_state(frame: Frame, call: Call[Any], inputs: dict[str, object]) -> State:
    """Return what a flow on our pages knows from its start; links and providers lead back to our own page."""
    page = f"{call.project.public_url.rstrip('/')}/login/{call.project.id}/{RETURN}"
    can = getattr(call.body, "can_passkey", "") == "yes"
    return State(locale=call.client.locale[:256], page=page, can_webauthn=can, caller=who(frame, call))


# --- The steps ---------------------------------------------------------------------------------------------------


def look(frame: Frame, call: Call[Nothing]) -> Steps[Answer]:
    """Show where the flow of this browser is; the script of a screen that waits asks here too."""
    own = frame.jar.flow(call)
    here = (yield from _found(call, own)) if own else None
    if not call.client.accepts_html:
        return Answer(_Progress(state=(yield from _progress(frame, call, here))))
    if own is None or here is None:
        if frame.jar.session(call) is not None and own is None:
            return frame.redirect(f"/account/{call.project.id}")
        return frame.redirect(_start(call, notice="expired" if own else ""), (frame.jar.forget_flow(call.project),))
    if here.execution.ended_at is not None:
        return frame.redirect(own.next or f"/account/{call.project.id}", (frame.jar.forget_flow(call.project),))
    if call.path["screen"] != _name(here):
        return frame.redirect(_path(call, here), leads_to=own.next)
    return (yield from _shown(frame, call, here, own.next))


def go_on(frame: Frame, call: Call[StepForm]) -> Steps[Answer]:
    """Take what was done on a screen, and lead to the next one."""
    require_own_form(frame, call, call.body)
    own, body = frame.jar.flow(call), call.body
    here = (yield from _found(call, own)) if own else None
    if own is None or here is None:
        is_over = own is None and frame.jar.session(call) is not None
        return frame.redirect(f"/account/{call.project.id}" if is_over else _start(call, notice="expired"))
    early = body.do == "resend" and _wait_seconds(frame, here)
    if early:
        return (yield from _shown(frame, call, here, own.next, error=Said("wrong.wait", {"seconds": early})))
    call = _in_its_languages(replace(call, client=own_client(frame, call)), here)
    here = _as_now(frame, call, here)
    try:
        here = yield from running.go_on(call, here, body.do or "submit", body.inputs, body.step)
    except FlowElsewhere:  # another tab has gone on, or begun another flow
        return frame.redirect(_path(call, here), leads_to=own.next)
    except (FlowExpired, FlowChanged, SessionEnded):
        return restarted(frame, call)
    return (yield from led_on(frame, call, here, own.next, body.inputs))


def restarted(frame: Frame, call: Call[Any]) -> Answer:
    """Lead to the first screen, and say why: the flow took too long, or is another one by now."""
    return frame.redirect(_start(call, notice="expired"), (frame.jar.forget_flow(call.project),))


def led_on(frame: Frame, call: Call[Any], here: At, leads_to: str, inputs: dict[str, object]) -> Steps[Answer]:
    """Lead to where a flow is: a screen, its end, or the same screen with what was wrong."""
    execution = here.execution
    if execution.ended_at is not None:
        if here.issued is not None:
            return (yield from finished(frame, call, here.issued, leads_to, execution.state.caller))
        return frame.redirect(leads_to or _start(call), (frame.jar.forget_flow(call.project),))
    mark, new_mark = frame.jar.marked(call)
    cookies = (*new_mark, frame.jar.keep_flow(mark, on_its_way(call, execution, leads_to)))
    if execution.state.error is None or here.is_polled:
        return frame.redirect(_path(call, here), cookies, leads_to=leads_to)
    answer = yield from _shown(frame, call, here, leads_to, typed=inputs)
    return replace(answer, cookies=(*answer.cookies, *cookies))


def on_its_way(call: Call[Any], execution: Execution, leads_to: str) -> OnItsWay:
    """Return what the browser keeps of an execution."""
    return OnItsWay(
        project_id=call.project.id, execution_id=execution.wire_id, ends_at=execution.expires_at, next=leads_to
    )


# --- Units -------------------------------------------------------------------------------------------------------


def _first(tx: Tx, call: Call[AskQuery], flow_id: str, state: State) -> Screen | None:
    """Return the first screen of a flow; None when it begins with something else.

    Raises:
        NotFound: There is no such flow.
    """
    flow = flow_named(tx, call.project, flow_id)
    first = advance(flow, "", Began(), facts_of(tx, call.project, state))
    if not isinstance(first, Show):
        return None
    blank = Execution("", flow.id, flow.version, first.step, "", 0, state, 0)
    return screen_of(tx, call.project, flow, blank, is_component=False)


def _typed_before(tx: Tx, call: Call[Any], own: OnItsWay) -> str:
    """Return the login ID that was typed in this browser's flow: whoever goes back finds it."""
    try:
        return running.found(tx, call.project, own.execution_id).execution.state.login_id
    except (FlowExpired, FlowChanged, NotFound):
        return ""


def _here(tx: Tx, call: Call[Any], own: OnItsWay) -> At | None:
    try:
        return running.found(tx, call.project, own.execution_id)
    except (FlowExpired, FlowChanged, NotFound):
        return None


def _screen(tx: Tx, call: Call[Any], flow: Flow, execution: Execution) -> Screen:
    return screen_of(tx, call.project, flow, execution, is_component=False)


def _is_over(tx: Tx, execution: Execution) -> bool:
    """Tell whether what was sent is waited for in vain by now: somebody has chosen a number, or the link is used."""
    sent = execution.state.sent
    if sent.is_ended:
        return False
    try:
        if sent.pending_ref:
            return enchantedlink.is_clicked(tx, sent.pending_ref)
    except InvalidLink:
        return True
    kinds = ("magic-link", "password-reset")
    return bool(sent.challenge_id) and not any(
        challenges.is_live(tx, purpose=kind, challenge_id=sent.challenge_id) for kind in kinds
    )


# --- Parts -------------------------------------------------------------------------------------------------------


def _found(call: Call[Any], own: OnItsWay) -> Steps[At | None]:
    return (yield from read(_here, call, own))


def _shown(
    frame: Frame,
    call: Call[Any],
    here: At,
    leads_to: str,
    *,
    typed: dict[str, object] | None = None,
    error: Said | None = None,
) -> Steps[Answer]:
    call = _in_its_languages(call, here)
    screen = yield from read(_screen, call, here.flow, here.execution)
    if error is not None:
        screen = replace(screen, error=error)
    if typed and screen.error is not None and isinstance(screen, Email | Reset | Sso):
        screen = replace(screen, login_id=str(typed.get("email") or screen.login_id))
    hidden = {"step": here.execution.nonce}
    return _page(frame, call, screen, _path(call, here), hidden, leads_to=leads_to)


def _in_its_languages(call: Call[Any], here: At) -> Call[Any]:
    """Return a call whose person reads what the flow was begun in."""
    locale = here.execution.state.locale or call.client.locale
    return replace(call, client=replace(call.client, locale=locale))


def _page(
    frame: Frame,
    call: Call[Any],
    screen: Screen,
    action: str,
    hidden: dict[str, str],
    *,
    notice: str = "",
    leads_to: str = "",
) -> Answer:
    """Return the page of a screen, whose form belongs to this browser."""
    if notice:
        screen = replace(screen, notice=Said(notice))
    mark, new_mark = frame.jar.marked(call)
    brand, locale = brand_of(call.project), call.client.locale
    fields_ = {name: value for name, value in hidden.items() if value}
    face = Page(frame.root + action, {"form": frame.jar.form_token(mark), **fields_})
    values = {
        "project": call.project,
        "title": text_of(title_of(screen, brand), locale),
        "screen": render(screen, locale=locale, brand=brand, face=face),
        "is_waiting": isinstance(screen, LinkSent | Enchanted) and not screen.is_ended,
        "is_private": "step" in hidden,
    }
    status, headers = _said(screen.error)
    answer = frame.page(call.client, "screen", values, status=status, cookies=new_mark, leads_to=leads_to)
    return replace(answer, headers={**answer.headers, **headers})


def _gate(frame: Frame, call: Call[AskQuery], flow_id: str, leads_to: str) -> Answer:
    """Ask for a click before a flow that does something at once: it may send a code."""
    if frame.jar.session(call) is None:
        return frame.redirect(_start(call, leads_to=leads_to, notice="ended"), leads_to=leads_to)
    values = {"flow": flow_id, "next": leads_to, "languages": call.body.languages}
    return frame.form(call, "begin", values, leads_to=leads_to)


def _said(error: Said | None) -> tuple[int, dict[str, str]]:
    """Return the status of a page that says what went wrong, and when to try again."""
    if error is None:
        return 200, {}
    status = _STATUS.get(error.key, 400)
    seconds = int(error.values.get("seconds", 0)) or 60 * int(error.values.get("minutes", 0))
    return status, {API_RATE_LIMIT_RETRY_AFTER_HEADER: str(seconds)} if status == 429 else {}


def _progress(frame: Frame, call: Call[Any], here: At | None) -> Steps[str]:
    if here is None:
        return "done" if frame.jar.session(call) is not None else "none"
    execution = here.execution
    if execution.ended_at is not None:
        return "done"
    if call.path["screen"] != _name(here):
        return "moved"
    return "clicked" if (yield from read(_is_over, execution)) else "waiting"


def _as_now(frame: Frame, call: Call[Any], here: At) -> At:
    """Return the execution with the session as the browser has it now: another tab may have refreshed it."""
    state, now = here.execution.state, who(frame, call)
    if state.caller is None or now is None or now.session_id != state.caller.session_id:
        return here
    return replace(here, execution=replace(here.execution, state=changed(state, caller=now)))


def _wait_seconds(frame: Frame, here: At) -> int:
    return max(0, here.execution.state.sent.at + _RESEND_SECONDS - frame.clock())


def _name(here: At) -> str:
    step = step_of(here.flow, here.execution)
    return step.screen if step else "error"


def _path(call: Call[Any], here: At) -> str:
    return f"/login/{call.project.id}/{_name(here)}"


def _start(call: Call[Any], *, flow: str = "", leads_to: str = "", notice: str = "") -> str:
    given = {"flow": flow, "next": leads_to, "notice": notice}
    said = urlencode({name: value for name, value in given.items() if value})
    return f"/login/{call.project.id}" + (f"?{said}" if said else "")
