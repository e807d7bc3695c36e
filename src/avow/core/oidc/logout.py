"""Log-out asked for by an application: whom it is about, and where the browser may go afterwards.

Spec: OpenID Connect RP-Initiated Logout 1.0 sections 2 and 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from avow.core.oidc import redirects
from avow.core.oidc.clients import Client

__all__ = ["Ending", "is_vouched", "judge", "with_state"]


@dataclass(frozen=True, slots=True)
class Ending:
    """What to do about a request for log-out.

    Attributes:
        is_sure: Nobody need be asked: an ID token of ours names the session that the browser has; or it has none, and
            where it goes `is_vouched`.
        leads_to: Where the browser goes afterwards, or "" for a page of our own.
        is_refused: The address is not one of the application's: nothing is done, and the person is told.
    """

    is_sure: bool
    leads_to: str = ""
    is_refused: bool = False


def judge(client: Client | None, hint: Mapping[str, object] | None, uri: str, session: tuple[str, str]) -> Ending:
    """Decide about a log-out.

    Args:
        client: Whom the hint or the client_id names, or None.
        hint: Claims of an ID token of ours, which may have expired, or None.
        uri: Where the browser is to go, or "".
        session: User and session of the browser, "" and "" for none.
    """
    if uri and (client is None or not redirects.is_logout_uri(client.settings, uri)):
        return Ending(is_sure=False, is_refused=True)
    if not session[0]:
        return Ending(is_sure=is_vouched(client, uri), leads_to=uri)
    is_sure = hint is not None and hint.get("sub") == session[0] and _is_of(hint, session[1])
    return Ending(is_sure=is_sure, leads_to=uri)


def is_vouched(client: Client | None, uri: str) -> bool:
    """Tell whether a browser may be led to an address without a question: management trusts the application, or "".

    Otherwise an address of ours would lead straight to one that anybody registered. Spec: RFC 9700 section 4.11.2.
    """
    return not uri or (client is not None and client.is_trusted)


def with_state(uri: str, state: str) -> str:
    """Return the address with the state that the application asked for."""
    if not state:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"


def _is_of(hint: Mapping[str, object], session_id: str) -> bool:
    """Tell whether a hint is of a session; one that names none is of whichever its user has."""
    named = hint.get("sid")
    return named is None or named == session_id
