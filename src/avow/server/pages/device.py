"""The page where a person types the code of a device, sees who asks, and allows it or not.

Whoever sends somebody a link with a code of their own device wants them to allow it: so the code is shown again beside
the question, nobody is passed over for being trusted, and wrong codes are counted.

Spec: RFC 8628 sections 3.3, 5.1 and 5.4.
"""

from typing import Any
from urllib.parse import urlencode

from avow.core.oidc import scopes, usercodes
from avow.server.oidc import devices
from avow.server.oidc.authorizing import Person, Wish
from avow.server.oidc.issuers import device_path, is_root, issuer_of
from avow.server.oidc.provider import Provider
from avow.server.oidc.requests import RequestRow
from avow.server.pages import wished
from avow.server.pages.endpoints import PlainForm
from avow.server.pages.frame import Frame, Said
from avow.server.pages.own_forms import require_own_form
from avow.server.serving import Answer, Call, Steps, read, write
from avow.wire.oidc import DeviceForm, DeviceQuery

__all__ = ["ask", "by_form"]


def ask(frame: Frame, provider: Provider, call: Call[DeviceQuery]) -> Steps[Answer]:
    """Show where the code is typed; who is not signed in is led to the sign-in page first."""
    person = yield from provider.authorizing.person(call, frame.jar.session(call), "")
    typed = call.body.user_code
    if person is None:
        return frame.redirect(_sign_in(call, typed))
    return _form(frame, call, typed)


def by_form(frame: Frame, provider: Provider, call: Call[DeviceForm]) -> Steps[Answer]:
    """Take a code, or what the person said about it."""
    body = call.body
    require_own_form(frame, call, PlainForm(form=body.form))
    held = frame.jar.session(call)
    person = yield from provider.authorizing.person(call, held, "")
    if person is None:
        return frame.redirect(_sign_in(call, body.user_code))
    provider.guesses.require_patience(call, person.seen.user_id)
    row = yield from read(devices.find, body.user_code)
    wish = (yield from _wish(provider, call, row)) if row is not None and row.issuer == issuer_of(call) else None
    if row is None or wish is None:
        yield from provider.guesses.count_wrong(call, person.seen.user_id)
        return _form(frame, call, body.user_code, error=Said("usercode.unknown"))
    person = yield from provider.authorizing.person(call, held, row.application_id)
    if person is None or not person.seen.may_reach:
        return _form(frame, call, body.user_code, error=Said("error.refused"))
    if devices.needs_sign_in(row, person, wish):
        return frame.redirect(_sign_in(call, body.user_code))
    if body.do not in {"allow", "deny"} or body.who != person.seen.user_id:
        return _question(frame, call, wish, person)
    is_allowed = body.do == "allow"
    if not (yield from write(devices.answer, row, person, wish if is_allowed else None)):
        return _form(frame, call, body.user_code, error=Said("usercode.unknown"))
    return _form(frame, call, "", notice=Said("usercode.allowed" if is_allowed else "usercode.denied"))


def _wish(provider: Provider, call: Call[Any], row: RequestRow) -> Steps[Wish | None]:
    known = yield from provider.kept.client(call.project, row.application_id)
    if known is None or not known.client.is_enabled:
        return None
    asked = devices.wished(row)
    wanted = scopes.split(next(iter(asked.get("scope", ())), ""))
    return (yield from provider.authorizing.plain(call, known.client, wanted, asked.get("audience", ())))


def _form(
    frame: Frame, call: Call[Any], typed: str, *, error: Said | None = None, notice: Said | None = None
) -> Answer:
    values = {"action": _action(call), "user_code": typed, "wish": None, "error": error, "notice": notice}
    return frame.form(call, "device", values)


def _question(frame: Frame, call: Call[DeviceForm], wish: Wish, person: Person) -> Answer:
    values = {
        "action": _action(call),
        "user_code": usercodes.shown(usercodes.read(call.body.user_code)),
        "wish": wish,
        "application": wish.authorization.client.name,
        "own": wished.own(wish.scopes),
        "further": wished.at_apis(wish.scopes, wish.apis),
        "who": person.seen.user_id,
        "error": None,
        "notice": None,
    }
    return frame.form(call, "device", values)


def _action(call: Call[Any]) -> str:
    return f"{'' if is_root(call) else f'/{call.project.id}'}/device"


def _sign_in(call: Call[Any], typed: str) -> str:
    return f"/login/{call.project.id}?{urlencode({'next': device_path(call, usercodes.read(typed))})}"
