"""A sign-in at a service provider: written down with its request taken, once, and told in a signed assertion."""

from typing import Any

from avow.core import ids
from avow.core.saml.idp import (
    AuthnAsked,
    OwnIdp,
    Said,
    Sp,
    Status,
    attributes_of,
    name_id,
    refusal,
    response,
)
from avow.core.saml.idp.statuses import NAMELESS
from avow.core.saml.limits import MAX_ISSUE_AGE_SECONDS, SKEW_SECONDS
from avow.errors import InvalidRequest, SessionEnded
from avow.server.federation import assertions
from avow.server.federation.forms import posting
from avow.server.keys import saml as saml_keys
from avow.server.samlidp import people, requests, rows
from avow.server.samlidp.rows import IdRow
from avow.server.samlidp.sps import Application
from avow.server.serving import Answer, Call, SessionCaller, Steps, aside
from avow.server.store import Tx

__all__ = ["KEPT_SECONDS", "answered", "message_id", "refused", "signed_in", "spent"]

KEPT_SECONDS = MAX_ISSUE_AGE_SECONDS + 2 * SKEW_SECONDS  # a request that is older is refused for its age


def message_id() -> str:
    """Return an unguessable id of a message."""
    return f"_{ids.secret_text(32)}"


def spent(tx: Tx, app: Application, asked: AuthnAsked, request_id: str, mark: str) -> None:
    """Take a request, and use its number up: the next answer to it would be a replay.

    Raises:
        InvalidRequest: It was answered before, in this browser or another.
    """
    is_taken = not request_id or requests.take(tx, request_id, mark)
    is_first = not asked.id or assertions.use_request(tx, app.id, asked.id, until=tx.now + KEPT_SECONDS)
    if not (is_taken and is_first):
        raise InvalidRequest(error_message="This sign-in was answered before; begin anew in the application.")


def signed_in(
    tx: Tx,
    call: Call[Any],
    app: Application,
    sp: Sp,
    asked: AuthnAsked,
    held: tuple[SessionCaller, int],
    context: str,
) -> Said | Status:
    """Write down that somebody is signed in at a service provider; return what it is told.

    Raises:
        SessionEnded: The session has ended in this moment.
    """
    someone = people.find(tx, call.project, held, app)
    if someone is None:
        raise SessionEnded
    named = name_id(sp, someone.person, asked.name_id_format)
    if named is None:
        return NAMELESS
    row = tx.one(
        rows.SIGN_IN,
        IdRow,
        id=message_id(),
        application_id=app.id,
        user_id=someone.seen.user_id,
        session_id=someone.seen.session_id,
        name_id=named.value,
        expires_at=someone.ends_at,
    )
    tx.audit(
        "saml.signed_in",
        actor=f"user:{someone.seen.user_id}",
        user_id=someone.seen.user_id,
        tenant_id=someone.tenant_id,
        address=call.client.address,
        device=call.client.device,
        data={"application": app.id, "session": someone.seen.session_id},
    )
    return Said(
        response_id=message_id(),
        id=message_id(),
        in_response_to=asked.id,
        acs_url=asked.acs_url,
        relay_state=asked.relay_state,
        name_id=named,
        attributes=attributes_of(someone.person, app.attributes, app.groups),
        session_index=row.id if row else "",
        session_ends_at=someone.ends_at,
        authn_at=someone.seen.auth_time,
        authn_context=context,
    )


def answered(call: Call[Any], own: OwnIdp, sp: Sp, said: Said, now: int) -> Steps[Answer]:
    """Return the page that takes an assertion to its service provider."""
    key = yield from saml_keys.needed(call.project)
    return posting((yield from aside(response, own, sp, said, key, now)))


def refused(call: Call[Any], own: OwnIdp, asked: AuthnAsked, status: Status, now: int) -> Steps[Answer]:
    """Return the page that tells a service provider why it gets no assertion."""
    key = yield from saml_keys.needed(call.project)
    made = yield from aside(refusal, own, asked.acs_url, asked.id, asked.relay_state, status, key, message_id(), now)
    return posting(made)
