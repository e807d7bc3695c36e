"""The question before a provider is connected to an account.

Whoever is handed the address of somebody else's start would connect their own identity to that person's account, and
share it from then on: so the browser shows whose account it is, and goes on only when the person says yes.
"""

import hmac
from html import escape
from secrets import token_urlsafe
from typing import Final
from urllib.parse import quote

from avow.core import addresses
from avow.core.tokens.encoding import to_base64url
from avow.server.federation import actions as federation
from avow.server.federation.browsers import browser_of, marked
from avow.server.serving import Answer, Call
from avow.server.social import actions
from avow.server.social.endpoints import GO_PATH, GoQuery
from avow.server.store import Tx
from avow.server.users import actions as users

__all__ = ["asking"]

_SECONDS: Final = 600
_POLICY: Final = (
    "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; object-src 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Connect {provider}</title>
<style nonce="{nonce}">
body {{ font-family: system-ui, sans-serif; max-width: 28rem; margin: 4rem auto; padding: 0 1rem; line-height: 1.5 }}
a {{ display: inline-block; padding: .6rem 1.2rem; border-radius: .4rem; background: #1d4ed8; color: #fff }}
</style></head>
<body><main>
<h1>Connect {provider}?</h1>
<p>From then on, {provider} signs in to the account <strong>{account}</strong> at {project}.
If this is not your account, close this page.</p>
<p><a href="{url}" rel="noreferrer">Connect {provider}</a></p>
</main></body></html>
"""


def asking(tx: Tx, call: Call[GoQuery]) -> Answer | None:
    """Return the page that asks, or None when there is nothing to ask or the person said yes in this browser."""
    begun = federation.begun(tx, "oauth", call.body.t)
    if begun is None or begun.does != "update":
        return None
    known = browser_of(call)
    if known and hmac.compare_digest(_agreed(tx, call.body.t, known).encode(), call.body.ok.encode()):
        return None
    held, profile = actions.find(tx, begun.way.name), users.find(tx, begun.user_id)
    if held is None or profile is None:
        return None  # `bind` says so
    mark, cookie = marked(call, _SECONDS)
    root = call.project.public_url.rstrip("/")
    url = f"{root}{GO_PATH}/{call.project.id}?t={quote(call.body.t, safe='')}&ok={_agreed(tx, call.body.t, mark)}"
    nonce = token_urlsafe(16)
    page = _PAGE.format(
        provider=escape(held.settings.display_name or held.name),
        account=escape(_shown(profile.login_ids)),
        project=escape(call.project.name),
        url=escape(url),
        nonce=nonce,
    )
    headers = {**_HEADERS, "content-security-policy": _POLICY.format(nonce=nonce)}
    return Answer(page, content_type="text/html; charset=utf-8", headers=headers, cookies=(cookie,))


def _agreed(tx: Tx, token: str, mark: str) -> str:
    """Return what only a page that was shown to this browser can say."""
    return to_base64url(tx.vault.mac("federation-agreed", tx.project_id, token, mark))


def _shown(login_ids: tuple[str, ...]) -> str:
    """Return how an account is named on a page that may lie before somebody else."""
    first = login_ids[0] if login_ids else "without a login ID"
    return addresses.masked_email(first) if addresses.is_email(first) else first
