"""Sign-in by somebody else's word: social providers, and the identity provider of a tenant."""

from avow.core import addresses
from avow.errors import MalformedRequest
from avow.server.federation.starts import Does
from avow.server.flows.acts.turn import Outcome, Turn, proven
from avow.server.flows.state import Away
from avow.server.screens.values import Said
from avow.server.social import actions as social
from avow.server.social import exchanging, starting
from avow.server.sso import signin as sso
from avow.server.store import Tx
from avow.wire.oauth import OAuthCode, OAuthStart
from avow.wire.ssosignin import SsoCode, SsoStart

__all__ = ["finish_social", "finish_sso", "start_social", "start_sso"]

_WRONG = Said("wrong.provider")
_CODES_OF_DOES: dict[str, Does] = {"sign-up": "sign-up", "sign-in": "sign-in"}


def start_social(tx: Tx, turn: Turn) -> Outcome:
    """Begin a sign-in with the provider whose button was pressed."""
    name = turn.argument or turn.text("provider", 64)
    held = social.find(tx, name)
    body = OAuthStart(provider=name, redirect_url=turn.return_url())
    does = _CODES_OF_DOES.get(turn.given.get("does", ""), "sign-up-or-in")
    url = starting.begin(tx, turn.asking(body), does).url
    label = (held.settings.display_name or name) if held else name
    return turn.come("away", away=Away(url=url, label=label, provider=name, is_popup=turn.is_popup))


def finish_social(tx: Tx, turn: Turn) -> Outcome:
    """Take what the provider's way back brought."""
    code = turn.text("exchangeCode", 512)
    if not code:
        return turn.refuse(_WRONG, away=Away())
    return proven(tx, turn, "oauth", exchanging.exchange(tx, turn.asking(OAuthCode(code=code))), _WRONG)


def start_sso(tx: Tx, turn: Turn) -> Outcome:
    """Begin a sign-in at the identity provider of a tenant: the one of the page, or the one that an address tells."""
    typed = turn.text("email", 320).strip() or turn.state.login_id
    tenant = turn.state.tenant or typed
    if not tenant:
        return turn.come("ask")
    hint = typed if "@" in typed and not addresses.is_phone(typed) else None
    body = SsoStart(tenant=tenant, redirect_url=turn.return_url(), login_hint=hint)
    try:
        url = sso.start(tx, turn.asking(body)).url
    except MalformedRequest:
        return turn.refuse(Said("wrong.no-sso"), login_id=typed)
    return turn.come("away", away=Away(url=url, label=tenant, is_popup=turn.is_popup), login_id=typed)


def finish_sso(tx: Tx, turn: Turn) -> Outcome:
    """Take what the identity provider's way back brought."""
    code = turn.text("exchangeCode", 512)
    if not code:
        return turn.refuse(_WRONG, away=Away())
    return proven(tx, turn, "sso", sso.exchange(tx, turn.asking(SsoCode(code=code))), _WRONG)
