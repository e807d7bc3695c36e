"""The blueprint: a login page, keeping the tokens it ended with, refreshing them and logging out."""

import logging

from flask import Blueprint, Response, current_app, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from avow.errors import AvowError
from avow.flask import visits
from avow.flask.decorators import refused
from avow.flask.installed import installed
from avow.sdk.integration.arrivals import Renewed, Unknown, carry_out, proving, renewing
from avow.sdk.integration.cookies import TooLargeForCookies, must_fit
from avow.sdk.integration.origins import Origin, origin_of, safe_path
from avow.sdk.integration.pages import NEVER_STORED, PAGE_HEADERS, SCRIPT_HEADERS, login_page, login_script
from avow.sdk.integration.posted import LARGEST_BODY_BYTES, posted_tokens
from avow.sdk.integration.refusals import AWAY, FOREIGN, NO_LONGER, STRANGER, Refusal, of_sign_in
from avow.sdk.integration.session import AvowSession
from avow.sdk.integration.visitors import hand_over

__all__ = ["new_blueprint"]

logger = logging.getLogger("avow.flask")


def new_blueprint() -> Blueprint:
    """Return the blueprint `avow` for one application."""
    made = Blueprint("avow", __name__)
    made.add_url_rule("/login", "login", _login, methods=["GET"])
    made.add_url_rule("/login.js", "script", _script, methods=["GET"])
    for name, view in (("store", _store), ("refresh", _refresh), ("logout", _logout)):
        made.add_url_rule(f"/{name}", name, view, methods=["POST"])
    made.before_request(_only_own_pages)
    made.after_request(_never_stored)
    return made


def _login() -> ResponseReturnValue:
    """Show the login page; whoever is signed in goes on."""
    said = installed().settings
    target = safe_path(request.args.get("next"), request.script_root + said.login_redirect)
    if visits.visit().session is not None:
        return redirect(target, 303)
    page = login_page(said, store_url=url_for("avow.store"), script_url=url_for("avow.script"), next_path=target)
    return Response(page, headers=PAGE_HEADERS)


def _script() -> ResponseReturnValue:
    return Response(login_script(), headers=SCRIPT_HEADERS)


def _store() -> ResponseReturnValue:
    """Keep the tokens that a sign-in in the browser ended with, once both hold and are of one person."""
    tokens = posted_tokens(request.content_type, request.get_data(), request.cookies.get("DSR"))
    if not (tokens.session and tokens.refresh):
        return refused(Refusal(400, "sessionJwt and refreshJwt are needed, as JSON."))
    try:
        must_fit(tokens)
        proven, _ = carry_out(proving(tokens), installed().client)
        _leave_other_session(proven)
        visits.keep(proven)
    except TooLargeForCookies as error:
        return refused(Refusal(400, str(error)))
    except AvowError as error:
        return refused(of_sign_in(error))
    return jsonify({"ok": True})


def _refresh() -> ResponseReturnValue:
    """Refresh the session now, so that a role that was just given counts at once."""
    tokens = visits.cookie_tokens()
    if not tokens:
        return refused(STRANGER)
    arrival = carry_out(renewing(tokens), installed().client)
    if isinstance(arrival, Unknown):
        return refused(AWAY)
    if not isinstance(arrival, Renewed):
        visits.forget()
        return refused(NO_LONGER)
    visits.keep(arrival.session)
    return _gone_on()


def _logout() -> ResponseReturnValue:
    """End the session here and on the server."""
    tokens = visits.cookie_tokens()
    visits.forget()
    if session:
        session.clear()  # what it holds was theirs
    if tokens.refresh:
        try:
            installed().client.logout(tokens.refresh)
        except AvowError as error:  # the tokens are gone from the browser all the same
            logger.warning("The session was not ended on the server: %s", error)
    return _gone_on(installed().settings.logout_redirect)


def _gone_on(default: str = "") -> ResponseReturnValue:
    """Send a form on to its field `next`, or to `default`; tell a script that it is done."""
    if request.mimetype == "application/x-www-form-urlencoded" or request.mimetype == "multipart/form-data":
        path = default or installed().settings.login_redirect
        return redirect(safe_path(request.form.get("next"), request.script_root + path), 303)
    return jsonify({"ok": True})


def _leave_other_session(arriving: AvowSession) -> None:
    """Change the key of Flask's session, where it has one; that of somebody else is emptied."""
    interface = current_app.session_interface
    if interface.is_null_session(session):  # the application has none
        return
    is_new = not session
    hand_over(session, arriving.user_id)
    regenerate = getattr(interface, "regenerate", None)
    if callable(regenerate) and not is_new:
        regenerate(session)


def _only_own_pages() -> ResponseReturnValue | None:
    """Refuse what other sites' pages post, and what does not say where it comes from: every browser does.

    Spec: S-WEB-02, S-WEB-03.
    """
    if request.method != "POST":
        return None
    request.max_content_length = LARGEST_BODY_BYTES
    said = installed().settings
    origin = origin_of(request.headers.get, request.host, said.trusted_origins)
    return None if origin is Origin.OWN else refused(FOREIGN)


def _never_stored(response: Response) -> Response:
    if "Cache-Control" not in response.headers:
        response.headers.update(NEVER_STORED)
    return response
