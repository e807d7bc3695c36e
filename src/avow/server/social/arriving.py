"""A sign-in with a social provider once the browser is back: judged, connected, handed to the application."""

from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode

import msgspec

from avow import shaping
from avow.core.federation.people import Person
from avow.errors import AuthException, UserExists
from avow.server.federation import actions as federation
from avow.server.federation import relying, tokens
from avow.server.federation.actions import Arrival, Grant, Rule
from avow.server.federation.relying import Proven
from avow.server.proofs.options import falls_short, goes_on
from avow.server.serving import Answer, Call, Refusal, Steps, write
from avow.server.social import actions, stored
from avow.server.social.actions import Held
from avow.server.social.endpoints import CallbackQuery, provider_of, redirect_uri
from avow.server.social.starting import GONE, scopes_of, standing, way_of
from avow.server.store import Tx
from avow.server.users import actions as users

__all__ = ["callback", "forward"]

_MAX_NAME: Final = 128


class _AppleName(msgspec.Struct, rename="camel"):
    first_name: str | None = None
    last_name: str | None = None


class _AppleUser(msgspec.Struct):
    name: _AppleName | None = None


@dataclass(frozen=True, slots=True)
class _Back:
    """A browser that is back, and the provider that it comes from."""

    arrival: Arrival
    held: Held
    secret: str = field(repr=False)


def forward(call: Call[CallbackQuery], address: str) -> Answer:
    """Send a form of the provider on as a GET of our own, with which the browser sends its cookie."""
    body = call.body
    said = {"state": body.state, "code": body.code, "iss": body.iss, "error": body.error, "user": body.user}
    query = urlencode({name: value for name, value in said.items() if value})
    return Answer(status=303, headers={"location": f"{address}?{query}"})


def callback(call: Call[CallbackQuery]) -> Steps[Answer | Refusal]:
    """Judge what a provider says, and send the browser to the application with a code, or with an error's."""
    back = yield from write(_arrive, call)
    if isinstance(back, Refusal):
        return back
    begun = back.arrival.start
    body = call.body
    try:
        proven = yield from relying.prove(
            stored.provider_of(back.held.settings),
            back.secret,
            back.arrival,
            {"code": body.code, "iss": body.iss, "error": body.error},
            redirect_uri=redirect_uri(call.project, back.held.name),
            proven_since=begun.begun_at if begun.asked.is_step_up else 0,
        )
    except AuthException as error:
        yield from write(federation.refuse, call, "oauth", error.detail or error.error_message, begun.way, error)
        return federation.failed(begun, error.error_code)
    proven = replace(proven, person=_with_name(proven.person, back.held, body.user))
    try:
        code = yield from write(_finish, call, back, proven)
    except UserExists:  # the same person came by another window at the same moment
        code = yield from write(_finish, call, back, proven)
    if isinstance(code, Refusal):
        return federation.failed(begun, code.error.error_code)
    return federation.finished(begun, code)


def _arrive(tx: Tx, call: Call[CallbackQuery]) -> _Back | Refusal:
    way = way_of(provider_of(call.path))
    arrival = federation.arrive(tx, call, way, call.body.state or "")
    if isinstance(arrival, Refusal):
        return arrival
    held = standing(tx, way, arrival.start.details.get("provider", ""))
    if held is None:
        return federation.refuse(tx, call, "oauth", GONE, way)
    return _Back(arrival, held, actions.client_secret(tx, held))


def _finish(tx: Tx, call: Call[CallbackQuery], back: _Back, proven: Proven) -> str | Refusal:
    """Find or make the user and the code for the application; nothing that was read before counts without a look."""
    begun = back.arrival.start
    held = standing(tx, begun.way, back.held.settings.digest)
    if held is None:
        return federation.refuse(tx, call, "oauth", GONE, begun.way)
    if not goes_on(tx, call.project, begun.user_id, begun.asked.session_id):  # the provider took its time
        return federation.refuse(tx, call, "oauth", "the session that asked for it has ended", begun.way)
    present = users.hold(tx, begun.user_id) if begun.does == "update" else None
    if present is not None and (short := falls_short(call.project, begun.asked.amr, present)) is not None:
        return federation.refuse(tx, call, "oauth", "a factor was not shown", begun.way, short.error)
    rule = Rule(
        does=begun.does,
        user_id=begun.user_id,
        may_create=held.settings.may_create,
        may_connect=held.settings.may_connect,
        anonymous_id=begun.anonymous_id,
    )
    admitted = federation.admit(tx, call.project, call.client, begun.way, proven.person, rule)
    if isinstance(admitted, Refusal):
        return admitted
    profile = admitted.profile
    if held.settings.are_tokens_kept:
        tokens.keep(tx, profile.id, held.name, proven.person.subject, proven.tokens, scopes_of(begun, held))
    return federation.grant(
        tx,
        Grant(
            way=begun.way,
            user_id=profile.id,
            credential_version=profile.row.credential_version,
            method="oauth",
            asked=begun.asked,
            first_seen=admitted.is_new,
            provider=held.settings.digest,
        ),
    )


def _with_name(person: Person, held: Held, user: str | None) -> Person:
    """Return the person with the name that Apple hands to the browser alone, at the first sign-in."""
    if held.settings.kind != "apple" or not user or person.name:
        return person
    try:
        said = shaping.decode(user, _AppleUser).name
    except (msgspec.DecodeError, RecursionError):
        return person
    if said is None:
        return person
    given, family = _clean(said.first_name), _clean(said.last_name)
    return replace(person, given_name=given, family_name=family, name=" ".join(filter(None, (given, family))))


def _clean(name: str | None) -> str:
    return "".join(character for character in name or "" if character.isprintable()).strip()[:_MAX_NAME]
