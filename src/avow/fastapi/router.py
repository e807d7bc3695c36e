"""The router: a login page, keeping the tokens it ended with, refreshing them and logging out."""

import logging

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from avow.errors import AvowError
from avow.fastapi import visits
from avow.fastapi.dependencies import raise_refusal
from avow.fastapi.installed import installed
from avow.sdk.integration.arrivals import Renewed, Unknown, proving, renewing
from avow.sdk.integration.cookies import TooLargeForCookies, must_fit
from avow.sdk.integration.origins import Origin, safe_path
from avow.sdk.integration.pages import NEVER_STORED, PAGE_HEADERS, SCRIPT_HEADERS, login_page, login_script
from avow.sdk.integration.posted import LARGEST_BODY_BYTES, posted_next, posted_tokens
from avow.sdk.integration.refusals import AWAY, FOREIGN, NO_LONGER, STRANGER, Refusal, of_sign_in
from avow.sdk.integration.visitors import hand_over

__all__ = ["new_router"]

logger = logging.getLogger("avow.fastapi")


async def _only_own_pages(request: Request) -> None:
    """Refuse what other sites' pages post, and what does not say where it comes from: every browser does.

    Spec: S-WEB-02, S-WEB-03.
    """
    if not visits.is_of(request, Origin.OWN):
        raise_refusal(request, FOREIGN)


def new_router() -> APIRouter:
    """Return the router of one application; its routes are no part of the API's description."""
    made = APIRouter(include_in_schema=False)
    made.add_api_route("/login", _login, methods=["GET"], name="avow:login")
    made.add_api_route("/login.js", _script, methods=["GET"], name="avow:script")
    own = [Depends(_only_own_pages)]
    for name, endpoint in (("store", _store), ("refresh", _refresh), ("logout", _logout)):
        made.add_api_route(f"/{name}", endpoint, methods=["POST"], name=f"avow:{name}", dependencies=own)
    return made


async def _login(request: Request) -> Response:
    """Show the login page; whoever is signed in goes on."""
    said = installed(request).settings
    target = safe_path(request.query_params.get("next"), _below(request, said.login_redirect))
    if (await visits.visit(request)).session is not None:
        return RedirectResponse(target, 303, NEVER_STORED)
    page = login_page(
        said,
        store_url=request.url_for("avow:store").path,
        script_url=request.url_for("avow:script").path,
        next_path=target,
    )
    return Response(page, headers=PAGE_HEADERS)


async def _script() -> Response:
    return Response(login_script(), headers=SCRIPT_HEADERS)


async def _store(request: Request) -> Response:
    """Keep the tokens that a sign-in in the browser ended with, once both hold and are of one person."""
    tokens = posted_tokens(request.headers.get("Content-Type"), await _body(request), request.cookies.get("DSR"))
    if not (tokens.session and tokens.refresh):
        return _refused(Refusal(400, "sessionJwt and refreshJwt are needed, as JSON."))
    try:
        must_fit(tokens)
        proven, _ = await visits.carry_out(proving(tokens), installed(request).client)
    except TooLargeForCookies as error:
        return _refused(Refusal(400, str(error)))
    except AvowError as error:
        return _refused(of_sign_in(error))
    if "session" in request.scope:  # of Starlette's SessionMiddleware
        hand_over(request.session, proven.user_id)
    visits.keep(request, proven)
    return _done()


async def _refresh(request: Request) -> Response:
    """Refresh the session now, so that a role that was just given counts at once."""
    tokens = visits.cookie_tokens(request)
    if not tokens:
        return _refused(STRANGER)
    arrival = await visits.carry_out(renewing(tokens), installed(request).client)
    if isinstance(arrival, Unknown):
        return _refused(AWAY)
    if not isinstance(arrival, Renewed):
        visits.forget(request)
        return _refused(NO_LONGER)
    visits.keep(request, arrival.session)
    return await _gone_on(request, installed(request).settings.login_redirect)


async def _logout(request: Request) -> Response:
    """End the session here and on the server."""
    tokens = visits.cookie_tokens(request)
    visits.forget(request)
    if request.scope.get("session"):
        request.session.clear()  # what it holds was theirs
    if tokens.refresh:
        try:
            await installed(request).client.logout(tokens.refresh)
        except AvowError as error:  # the tokens are gone from the browser all the same
            logger.warning("The session was not ended on the server: %s", error)
    return await _gone_on(request, installed(request).settings.logout_redirect)


async def _gone_on(request: Request, default: str) -> Response:
    """Send a form on to its field `next`, or to `default`; tell a script that it is done."""
    named = posted_next(request.headers.get("Content-Type"), await _body(request))
    if named is None:
        return _done()
    return RedirectResponse(safe_path(named, _below(request, default)), 303, NEVER_STORED)


def _below(request: Request, path: str) -> str:
    """Return a path of the application as browsers see it."""
    return str(request.scope.get("root_path", "")).rstrip("/") + path


async def _body(request: Request) -> bytes:
    """Return the body; nothing of one that is longer than any pair of tokens."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            return b""
    return bytes(body)


def _done() -> Response:
    return JSONResponse({"ok": True}, headers=NEVER_STORED)


def _refused(refusal: Refusal) -> Response:
    return JSONResponse({"detail": refusal.sentence}, refusal.status, {**NEVER_STORED, **refusal.headers})
