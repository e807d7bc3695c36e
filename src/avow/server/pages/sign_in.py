"""The way in: who and how (`/login`), then the code, or waiting for a link. Each step posts and is led on by GET.

Pages never tell whether somebody exists: a stranger, a user and a disabled user see the same.
"""

import re
import unicodedata
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from avow.core import addresses, links
from avow.core.redirects import approve
from avow.errors import (
    API_RATE_LIMIT_RETRY_AFTER_HEADER,
    AvowError,
    CodeExpired,
    Forbidden,
    InvalidArgument,
    InvalidCode,
    InvalidLink,
    LinkPending,
    MethodNotEnabled,
    NotFound,
    RateLimitException,
    SecondFactorNeeded,
    TooManyAttempts,
    UserDisabled,
    UserExists,
)
from avow.server.enchantedlink import actions as enchantedlink
from avow.server.magiclink import actions as magiclink
from avow.server.otp import actions as otp
from avow.server.pages.cookies import How, SignInState
from avow.server.pages.endpoints import AskForm, AskQuery, CodeForm, PlainForm
from avow.server.pages.frame import Frame, Said
from avow.server.projects import actions as projects
from avow.server.proofs import recipients
from avow.server.proofs.recipients import Recipient, require_method
from avow.server.serving import Answer, Anyone, Call, Client, Issued, Project, Refusal, Steps, read, write
from avow.server.store import Tx
from avow.wire.endpoint import Nothing, Shape
from avow.wire.login import SignIn

__all__ = [
    "ask",
    "ask_anywhere",
    "begin",
    "code",
    "finished",
    "proceed",
    "refused",
    "require_own_form",
    "resend",
    "sole_holder",
    "verify",
    "waiting",
]

_RESEND_SECONDS = 30
_LONG_WAIT_SECONDS = 120  # told in minutes from here on
_KEPT_SECONDS = 900  # how long a step stays open after what was sent has expired
_METHODS: dict[How, Literal["otp", "magiclink", "enchantedlink"]] = {
    "code": "otp",
    "link": "magiclink",
    "number": "enchantedlink",
}
_NOTICES = {"signed-out": "notice.signed-out", "everywhere": "notice.everywhere", "ended": "notice.ended"}
_BETWEEN_DIGITS = re.compile(r"[\s.\-]+")


class _Progress(Shape, frozen=True, kw_only=True):
    """What the waiting page's script asks for: `waiting`, `clicked`, `ended`, `done` or `none`."""

    state: str


# --- Who and how -----------------------------------------------------------------------------------------------


def ask_anywhere(frame: Frame, call: Call[AskQuery]) -> Steps[Answer]:
    """Lead to the sign-in page of the server's first project."""
    found = yield from read(projects.every)
    if not found:
        raise NotFound(error_message="There is no project yet; create one with: avow project create")
    given = {"loginId": call.body.login_id, "next": call.body.next, "notice": call.body.notice}
    query = urlencode({name: value for name, value in given.items() if value})
    return frame.redirect(f"/login/{found[0].id}" + (f"?{query}" if query else ""))


def ask(frame: Frame, call: Call[AskQuery]) -> Answer:
    """Show the sign-in page."""
    leads_to = _approved(call.project, call.body.next)
    notice = _NOTICES.get(call.body.notice or "")
    form = AskForm(login_id=call.body.login_id or "", next=leads_to or None)
    return _ask_page(frame, call, form, notice=Said(notice) if notice else None)


def begin(frame: Frame, call: Call[AskForm]) -> Steps[Answer]:
    """Send a code or link and lead to the next step."""
    project, form = call.project, call.body
    require_own_form(frame, call, form)
    leads_to = _approved(project, form.next)
    try:
        login_id, method = _address(form.login_id, takes_phone=frame.takes_phone)
    except InvalidArgument:
        return _ask_page(frame, call, form, error=_address_error(frame), status=400)
    how = _chosen(project, form.how)
    wanted = SignInState(
        project_id=project.id, login_id=login_id, method=method, how=how, sent_at=0, ends_at=0, next=leads_to
    )
    try:
        state = yield from _sent(frame, call, wanted)
    except RateLimitException as full:
        seconds = full.retry_after_seconds
        return _later(_ask_page(frame, call, form, error=_wait(seconds), status=429), seconds)
    except InvalidArgument:
        return _ask_page(frame, call, form, error=Said("error.unreachable"), status=400)
    mark, new_mark = frame.jar.marked(call)
    return frame.redirect(_path(state), (*new_mark, frame.jar.keep_sign_in(mark, state)))


# --- The code --------------------------------------------------------------------------------------------------


def code(frame: Frame, call: Call[Nothing]) -> Answer:
    """Show where the code is typed."""
    state = frame.jar.sign_in(call)
    if state is None or state.how != "code":
        return frame.redirect(f"/login/{call.project.id}")
    return _step_page(frame, call, state)


def verify(frame: Frame, call: Call[CodeForm]) -> Steps[Answer]:
    """Take the code back: a session, or the same page with what was wrong."""
    require_own_form(frame, call, call.body)
    state = frame.jar.sign_in(call)
    if state is None or state.how != "code":
        return frame.redirect(f"/login/{call.project.id}?notice=ended")
    require_method(call, _METHODS[state.how])
    typed = _digits(call.body.code)
    if not typed:
        return _step_page(frame, call, state, error=Said("error.code-shape"), status=400)
    try:
        result, attempts_left = yield from write(_verify_code, call, state, typed)
    except (RateLimitException, UserExists) as refused:
        result, attempts_left = Refusal(refused), 0
    if isinstance(result, Issued):
        return finished(frame, call, result, state.next)
    error = _code_error(result.error, attempts_left)
    return _step_page(frame, call, state, error=error, status=result.error.status)


# --- Links -----------------------------------------------------------------------------------------------------


def waiting(frame: Frame, call: Call[Nothing]) -> Steps[Answer]:
    """Show that a link is on its way; the page's script asks here too, and is told how far it is."""
    state = frame.jar.sign_in(call)
    if state is None or state.how == "code":
        is_done = state is None and frame.jar.session(call) is not None
        if not call.client.accepts_html:
            return Answer(_Progress(state="done" if is_done else "none"))
        return frame.redirect(f"/{'signed-in' if is_done else 'login'}/{call.project.id}")
    progress = yield from _progress(frame, call.project, state)
    if not call.client.accepts_html:
        return Answer(_Progress(state=progress))
    error = Said("error.link-ended") if progress == "ended" else None
    return _step_page(frame, call, state, progress=progress, error=error)


def proceed(frame: Frame, call: Call[PlainForm]) -> Steps[Answer]:
    """Give the session to the page that waited, once the right number was chosen."""
    require_own_form(frame, call, call.body)
    state = frame.jar.sign_in(call)
    if state is None or state.how != "number":
        return frame.redirect(f"/login/{call.project.id}?notice=ended")
    require_method(call, _METHODS[state.how])
    try:
        result = yield from write(
            enchantedlink.pending_session, call.project, sole_holder(call.client), state.pending_ref
        )
    except LinkPending:
        return frame.redirect(_path(state))
    if isinstance(result, Refusal):
        return _step_page(frame, call, state, progress="ended", error=refused(result.error), status=result.error.status)
    return finished(frame, call, result, state.next)


def resend(frame: Frame, call: Call[PlainForm]) -> Steps[Answer]:
    """Send a new code or link to the same address, when the last one is not too young."""
    require_own_form(frame, call, call.body)
    state = frame.jar.sign_in(call)
    if state is None:
        return frame.redirect(f"/login/{call.project.id}?notice=ended")
    seconds = state.sent_at + _RESEND_SECONDS - frame.clock()
    if seconds > 0:
        return _later(_step_page(frame, call, state, error=_wait(seconds), status=429), seconds)
    try:
        fresh = yield from _sent(frame, call, msgspec.structs.replace(state, is_again=True))
    except RateLimitException as full:
        seconds = full.retry_after_seconds
        return _later(_step_page(frame, call, state, error=_wait(seconds), status=429), seconds)
    return frame.redirect(_path(fresh), (frame.jar.keep_sign_in(frame.jar.browser(call), fresh),))


# --- What the other pages use too ------------------------------------------------------------------------------


def require_own_form(frame: Frame, call: Call[Any], form: PlainForm) -> None:
    """Refuse a form that was not shown to this browser.

    Raises:
        Forbidden: The form is another browser's, or none of ours.
    """
    if not frame.jar.is_own_form(call, form.form):
        raise Forbidden(error_message="The form is not one that this browser was shown.")


def sole_holder(client: Client) -> Client:
    """Return the client as one that keeps the newest refresh token: here it lies in our own cookie only."""
    return replace(client, stores_rotated_tokens=True)


def finished(frame: Frame, call: Call[Any], issued: Issued, leads_to: str) -> Answer:
    """Keep a new session in the browser and lead on; whatever lay in these cookies before is overwritten."""
    cookies = (*frame.jar.keep_session(call.project, issued), frame.jar.forget_sign_in())
    return frame.redirect(leads_to or f"/signed-in/{call.project.id}", cookies)


def refused(error: AvowError) -> Said:
    """Return what to tell somebody who may not come in although their proof was right."""
    return Said("error.second-factor" if isinstance(error, SecondFactorNeeded) else "error.refused")


# --- Units -----------------------------------------------------------------------------------------------------


def _send(tx: Tx, call: Call[SignIn], state: SignInState, token: links.LinkToken) -> SignInState:
    """Send what was asked for; return the state with the time of it."""
    project, recipient = call.project, _recipient(tx, call)
    lifetime = project.settings.code_lifetime_seconds
    sent = msgspec.structs.replace(state, sent_at=tx.now, ends_at=tx.now + lifetime + _KEPT_SECONDS)
    if state.how == "code":
        otp.send(tx, project, recipient)
        return sent
    sent = msgspec.structs.replace(sent, ends_at=tx.now + project.settings.link_lifetime_seconds + _KEPT_SECONDS)
    if state.how == "link":
        magiclink.send(tx, project, recipient, "", token)
        return msgspec.structs.replace(sent, challenge_id=token.challenge_id)
    pending = enchantedlink.send(tx, project, recipient, "")
    return msgspec.structs.replace(sent, pending_ref=pending.pending_ref, link_id=pending.link_id)


def _recipient(tx: Tx, call: Call[SignIn]) -> Recipient:
    """Resolve who gets the message; of a user who cannot get one nothing is told, and nothing is sent."""
    try:
        return recipients.for_sign_up_or_in(tx, call)
    except (UserDisabled, InvalidArgument):
        return recipients.decoy(tx, call)


def _verify_code(tx: Tx, call: Call[Any], state: SignInState, typed: str) -> tuple[Issued | Refusal, int]:
    result = otp.verify(
        tx, call.project, sole_holder(call.client), login_id=state.login_id, method=state.method, code=typed
    )
    return result, otp.attempts_left(tx, state.login_id) if isinstance(result, Refusal) else 0


# --- Parts -----------------------------------------------------------------------------------------------------


def _sent(frame: Frame, call: Call[Any], state: SignInState) -> Steps[SignInState]:
    require_method(call, _METHODS[state.how])
    token = links.new_link_token()  # made outside the unit, which may run twice
    asking = replace(call, body=SignIn(login_id=state.login_id), path={"method": state.method}, caller=Anyone())
    return (yield from write(_send, asking, state, token))


def _progress(frame: Frame, project: Project, state: SignInState) -> Steps[str]:
    if frame.clock() >= state.sent_at + project.settings.link_lifetime_seconds:
        return "ended"
    if state.how == "link":
        return "waiting"
    try:
        is_clicked = yield from read(enchantedlink.is_clicked, state.pending_ref)
    except InvalidLink:
        return "ended"
    return "clicked" if is_clicked else "waiting"


def _ask_page(
    frame: Frame,
    call: Call[Any],
    form: AskForm,
    *,
    error: Said | None = None,
    notice: Said | None = None,
    status: int = 200,
) -> Answer:
    values = {
        "login_id": form.login_id,
        "next": form.next or "",
        "ways": _ways(call.project),
        "takes_phone": frame.takes_phone,
        "error": error,
        "notice": notice,
    }
    return frame.form(call, "ask", values, status=status, leads_to=form.next or "")


def _step_page(
    frame: Frame,
    call: Call[Any],
    state: SignInState,
    *,
    progress: str = "waiting",
    error: Said | None = None,
    status: int = 200,
) -> Answer:
    settings = call.project.settings
    values = {
        "state": state,
        "progress": progress,
        "digits": settings.code_digits,
        "minutes": max(1, settings.code_lifetime_seconds // 60),
        "wait_seconds": max(0, state.sent_at + _RESEND_SECONDS - frame.clock()),
        "error": error,
        "notice": Said("resend.sent") if state.is_again and error is None else None,
    }
    template = "code" if state.how == "code" else "waiting"
    return frame.form(call, template, values, status=status, leads_to=state.next)


def _ways(project: Project) -> list[How]:
    """Return the ways in that the project offers, the first one first.

    Raises:
        MethodNotEnabled: It offers none that this page knows.
    """
    offered: list[How] = [how for how, method in _METHODS.items() if method in project.settings.sign_in_methods]
    if not offered:
        raise MethodNotEnabled
    return offered


def _chosen(project: Project, how: str) -> How:
    ways = _ways(project)
    chosen: list[How] = [each for each in ways if each == how]
    return (chosen or ways)[0]


def _path(state: SignInState) -> str:
    return f"/login/{state.project_id}/{'code' if state.how == 'code' else 'link'}"


def _approved(project: Project, url: str | None) -> str:
    """Return an approved URL, "" for none.

    Raises:
        InvalidArgument: It is not approved.
    """
    if not url:
        return ""
    return approve(url, project.settings.approved_redirects, default_open=project.is_open)


def _address(typed: str, *, takes_phone: bool) -> tuple[str, Literal["email", "sms"]]:
    """Return the login ID and the delivery method of what was typed.

    Raises:
        InvalidArgument: It is neither an e-mail address nor, where phones are served, a number.
    """
    if takes_phone and addresses.is_phone(typed):
        # Read by some country's rules, a number without country code could be a stranger's.
        if not typed.lstrip(" ").startswith("+"):
            raise InvalidArgument
        return addresses.phone(typed).e164, "sms"
    return addresses.email(typed).address, "email"


def _digits(typed: str) -> str:
    """Return a code as ASCII digits, whatever script and separators it was typed with; "" for anything else."""
    text = _BETWEEN_DIGITS.sub("", typed)
    digits = [unicodedata.decimal(character, None) for character in text]
    if not digits or None in digits:
        return ""
    return "".join(map(str, digits))


def _address_error(frame: Frame) -> Said:
    return Said("error.address" if frame.takes_phone else "error.email")


def _code_error(error: AvowError, attempts_left: int) -> Said:
    """Return what to tell somebody whose code was not taken."""
    match error:
        case InvalidCode() if attempts_left:
            return Said("error.code", {"count": attempts_left})
        case InvalidCode() | TooManyAttempts():
            return Said("error.code-last")
        case CodeExpired():
            return Said("error.code-expired")
        case RateLimitException():
            return _wait(error.retry_after_seconds)
        case _:
            return refused(error)


def _later(answer: Answer, seconds: int) -> Answer:
    return replace(answer, headers={**answer.headers, API_RATE_LIMIT_RETRY_AFTER_HEADER: str(seconds)})


def _wait(seconds: int) -> Said:
    if seconds > _LONG_WAIT_SECONDS:
        return Said("error.wait-minutes", {"minutes": -(-seconds // 60)})
    return Said("error.wait", {"seconds": seconds})
