"""The face of flows for web components: the official one, unmodified, and ours.

Spec: contract "web" section 2.
"""

import contextlib
from functools import partial
from typing import Literal

from msgspec import UNSET, UnsetType, structs

from avow.core import addresses
from avow.core.flows.model import Flow
from avow.core.redirects import approve
from avow.errors import FlowElsewhere, InvalidArgument
from avow.server.flows import running
from avow.server.flows.chosen import flow_named
from avow.server.flows.executions import Execution
from avow.server.flows.running import At
from avow.server.flows.showing import step_of
from avow.server.flows.state import State, Who
from avow.server.magiclink import actions as magiclink
from avow.server.screens import Said, text_of
from avow.server.serving import Answer, Call, Enclosed, Project, SessionCaller, Steps, aside, read, write
from avow.server.store import Tx
from avow.wire.flows import (
    FlowAnswer,
    FlowNext,
    FlowOptions,
    FlowRedirect,
    FlowScreen,
    FlowStart,
    FlowWebAuthn,
    LastAuth,
    ScreenState,
    TotpState,
)
from avow.wire.sessions import JwtResponse

__all__ = ["next_step", "start"]

_NONCE = "x-descope-flow-nonce"
_NO_OPTIONS = FlowOptions()
_LONGEST_PAGE = 2048


def start(call: Call[FlowStart]) -> Steps[Answer | Enclosed]:
    """Begin a flow and answer its first screen; `options.redirectUrl` has to be one of the approved redirects.

    Whoever shows the refresh token of a live session does in the flow what takes one (a step-up, a passkey to add).
    """
    body, options = call.body, call.body.options or _NO_OPTIONS
    state = _first_state(call, options)
    token = _text(body.input, "token")
    if token and not body.interaction_id:
        return (yield from _elsewhere(call, body.flow_id, state, token))
    here = yield from write(running.begin, call, body.flow_id, state)
    if body.interaction_id:  # done on a first screen that the page had before
        nonce = here.execution.nonce
        here = yield from running.go_on(call, here, body.interaction_id, body.input or {}, nonce)
    return (yield from _answered(here))


def next_step(call: Call[FlowNext]) -> Steps[Answer | Enclosed]:
    """Take what a person did on a screen and answer the next one, or the session.

    The browser that began the flow shows the nonce of its last answer. What a person can put right is answered with 200
    and the same screen, whose state has an `errorText`.
    """
    body = call.body
    interaction, inputs = body.interaction_id or "submit", body.input or {}
    here = yield from read(running.found, call.project, body.execution_id)
    token = _text(inputs, "token")
    if token and not call.client.flow_nonce:
        # A mailed link in another browser than the one that asked: nothing is given to either without a question.
        asked = here.execution.state
        state = State(locale=asked.locale, page=asked.page, tenant=asked.tenant, can_webauthn=asked.can_webauthn)
        return (yield from _elsewhere(call, here.flow.id, state, token))
    here = yield from running.go_on(call, here, interaction, inputs, call.client.flow_nonce)
    return (yield from _answered(here))


def _elsewhere(
    call: Call[FlowStart] | Call[FlowNext], flow_id: str, state: State, token: str
) -> Steps[Answer | Enclosed]:
    """Ask whoever opened a link in another browser whether to go on there, in an execution of its own."""
    here = yield from write(_begin_elsewhere, call, flow_id, state, token)
    return (yield from _answered(here))


def _begin_elsewhere(tx: Tx, call: Call[FlowStart] | Call[FlowNext], flow_id: str, state: State, token: str) -> At:
    flow = flow_named(tx, call.project, flow_id)
    if not flow.returns:
        raise FlowElsewhere
    binding = magiclink.look(tx, token) or magiclink.look(tx, token, magiclink.RESET)
    if binding is None:
        state = structs.replace(state, error=Said("wrong.link-ended"))
        return running.begin(tx, call, flow_id, state)
    asked_by = (binding.from_device, binding.from_address)
    return running.begin(tx, call, flow_id, structs.replace(state, token=token, asked_by=asked_by), at=flow.returns)


def _first_state(call: Call[FlowStart], options: FlowOptions) -> State:
    """Return what an execution knows from its start.

    Raises:
        InvalidArgument: The page that it is to lead back to is not approved.
    """
    caller, last = call.caller, options.last_auth
    who = None
    if isinstance(caller, SessionCaller):
        who = Who(
            user_id=caller.user_id,
            session_id=caller.session_id,
            generation=caller.generation,
            via_cookie=caller.via_cookie,
        )
    login_id, by = _last(call.project, (last.login_id or "") if last else "")
    return State(
        locale=options.locale or call.client.locale,
        page=_page(call.project, options),
        tenant=options.tenant or "",
        can_webauthn=bool(options.device_info and options.device_info.web_authn_support),
        login_id=login_id,
        by=by,
        caller=who,
    )


def _last(project: Project, login_id: str) -> tuple[str, Literal["email", "sms"]]:
    """Return who the browser says was here the last time, and how they are reached; "" for what nobody could type."""
    with contextlib.suppress(InvalidArgument):
        if not addresses.is_phone(login_id):
            return addresses.email(login_id).address, "email"
        if "sms" in project.carriers and login_id.startswith("+"):
            return addresses.phone(login_id).e164, "sms"
    return "", "email"


def _page(project: Project, options: FlowOptions) -> str:
    """Return where links and providers lead back to; "" when the page itself is not approved."""
    allowed, is_open = project.settings.approved_redirects, project.is_open
    if options.redirect_url:
        return approve(options.redirect_url, allowed, default_open=is_open)
    if not options.location or len(options.location) > _LONGEST_PAGE:
        return ""
    try:
        return approve(options.location, allowed, default_open=is_open)
    except InvalidArgument:  # a flow of codes and passkeys leads nowhere else
        return ""


def _answered(here: At) -> Steps[Answer | Enclosed]:
    execution = here.execution
    headers = {_NONCE: execution.nonce}
    if execution.ended_at is not None:
        body = _completed(execution)
        if here.issued is None:
            return Answer(body, headers=headers)
        return Enclosed(here.issued, partial(_with_session, body, execution.state), headers)
    if here.is_polled:
        polled = FlowAnswer(execution_id=execution.wire_id, step_id=str(execution.seq), action="poll")
        return Answer(polled, headers=headers)
    return Answer((yield from _waiting(here.flow, execution)), headers=headers)


def _completed(execution: Execution) -> FlowAnswer:
    return FlowAnswer(
        execution_id=execution.wire_id,
        step_id=str(execution.seq),
        status="completed",
        action="none",
        screen=FlowScreen(),
    )


def _with_session(body: FlowAnswer, state: State, session: JwtResponse) -> FlowAnswer:
    """Return the end of a flow with the session, and how its user came in: the next time their browser says so."""
    if not state.way or isinstance(session.user, UnsetType):
        return structs.replace(body, auth_info=session)
    login_ids = session.user.login_ids  # what was typed may have been another one: a passkey says whose it is
    last = LastAuth(
        auth_method=state.way,
        login_id=state.login_id if state.login_id in login_ids else next(iter(login_ids), None),
        name=session.user.name or None,
        oauth_provider=state.provider or None,
    )
    return structs.replace(body, auth_info=session, last_auth=last)


def _waiting(flow: Flow, execution: Execution) -> Steps[FlowAnswer]:
    step, state = step_of(flow, execution), execution.state
    screen = FlowScreen(id=execution.screen_id, state=(yield from _screen_state(flow, execution)))
    answer = FlowAnswer(
        execution_id=execution.wire_id,
        step_id=str(execution.seq),
        step_name=step.screen if step else "",
        screen=screen,
        last_auth=LastAuth(auth_method=state.way, login_id=state.login_id) if state.way and state.login_id else UNSET,
    )
    if state.error is not None or step is None:
        return answer
    if step.screen == "leaving":
        return structs.replace(
            answer, action="redirect", redirect=FlowRedirect(url=state.away.url, is_popup=state.away.is_popup)
        )
    if step.screen == "passkey":
        away = state.away
        asked = FlowWebAuthn(
            transaction_id=away.transaction_id, options=away.options, create=away.creates, screen_id=screen.id
        )
        action = "webauthnCreate" if away.creates else "webauthnGet"
        return structs.replace(answer, action=action, webauthn=asked, screen=FlowScreen(state=screen.state))
    return answer


def _screen_state(flow: Flow, execution: Execution) -> Steps[ScreenState]:
    step, state = step_of(flow, execution), execution.state
    shown = ScreenState(error_text=text_of(state.error, state.locale) if state.error else UNSET)
    match step.screen if step else "":
        case "code" | "link-sent":
            return structs.replace(shown, sent_to=state.sent.to)
        case "enchanted":
            return structs.replace(shown, sent_to=state.sent.to, link_id=state.sent.link_id)
        case "totp-setup":
            from avow.server.totp.pictures import qr_image  # few see it

            image = yield from aside(qr_image, state.totp_url)
            seed = TotpState(image=image, provision_url=state.totp_url, key=state.totp_key)
            return structs.replace(shown, totp=seed)
        case "recovery-codes":
            codes = {f"c{number}": code for number, code in enumerate(state.codes)}
            return structs.replace(shown, recovery=codes)
        case _:
            return shown


def _text(inputs: dict[str, object] | None, name: str) -> str:
    value = (inputs or {}).get(name)
    return value if isinstance(value, str) and len(value) <= 512 else ""
