"""Decorators of views, plain and asynchronous ones; what they demand, they read from the session token.

They stand below `@app.route`, next to the view. Strangers with a browser are sent to the login page, all others get
401 as JSON; whoever is signed in and lacks what is demanded gets 403.
"""

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeAlias
from urllib.parse import quote, urlencode

from flask import Response, abort, after_this_request, current_app, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from avow.flask.installed import installed
from avow.flask.visits import current_session, refusal_of
from avow.sdk.integration import demands
from avow.sdk.integration.bearer import bearer_token
from avow.sdk.integration.demands import SELECTED, Demand
from avow.sdk.integration.origins import is_safe
from avow.sdk.integration.refusals import Refusal

__all__ = ["login_required", "permissions_required", "refused", "roles_required", "tenant_required", "token_required"]

P = ParamSpec("P")
_OF_PATHS: Final = "/:@!$&'()*+,;="  # RFC 3986 section 3.3
Answer: TypeAlias = ResponseReturnValue | Coroutine[Any, Any, ResponseReturnValue]
View: TypeAlias = Callable[P, Answer]
Decorated: TypeAlias = Callable[P, ResponseReturnValue]


def token_required(view: Callable[Concatenate[dict[str, Any], P], Answer]) -> Callable[P, ResponseReturnValue]:
    """Let in whoever has a valid session token, and pass its claims first; everybody else gets 401 and JSON."""

    @wraps(view)
    def asked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        refusal = refusal_of(Demand())
        if refusal is not None:
            return refused(refusal)
        answer: ResponseReturnValue = current_app.ensure_sync(view)(dict(current_session.claims), *args, **kwargs)
        return answer

    return asked


def login_required(view: View[P]) -> Decorated[P]:
    """Let in whoever is signed in; the token of an access key is no person, and is refused."""
    return _demanding(Demand(is_person=True))(view)


def roles_required(
    *roles: str, tenant: str | None = None, tenant_kwarg: str | None = None
) -> Callable[[View[P]], Decorated[P]]:
    """Let in whoever holds all of these roles: in the project, or in a tenant.

    Args:
        roles: Names of roles.
        tenant: Id of a tenant, or `SELECTED`.
        tenant_kwarg: Name of the URL's part that holds the id.
    """
    return _demanding(demands.demand(roles=_some(roles), tenant=tenant, tenant_part=tenant_kwarg))


def permissions_required(
    *permissions: str, tenant: str | None = None, tenant_kwarg: str | None = None
) -> Callable[[View[P]], Decorated[P]]:
    """Let in whoever holds all of these permissions: in the project, or in a tenant (as `roles_required`)."""
    return _demanding(demands.demand(permissions=_some(permissions), tenant=tenant, tenant_part=tenant_kwarg))


def tenant_required(tenant: str | None = None, *, tenant_kwarg: str | None = None) -> Callable[[View[P]], Decorated[P]]:
    """Let in the members of a tenant; without arguments, whoever has selected one of theirs."""
    chosen = SELECTED if tenant is None and tenant_kwarg is None else tenant
    return _demanding(demands.demand(tenant=chosen, tenant_part=tenant_kwarg))


def refused(refusal: Refusal) -> ResponseReturnValue:
    """Return a refusal as JSON."""
    return jsonify({"error": refusal.sentence}), refusal.status, refusal.headers


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("Nothing is demanded: name a role or a permission, or use login_required.")
    return names


def _demanding(demand: Demand) -> Callable[[View[P]], Decorated[P]]:
    def decorate(view: View[P]) -> Decorated[P]:
        @wraps(view)
        def asked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            refusal = refusal_of(demand)
            if refusal is not None:
                return _answer(refusal)
            answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
            return answer

        return asked

    return decorate


def _answer(refusal: Refusal) -> ResponseReturnValue:
    if not _is_for_person():
        return refused(refusal)
    login = _login_url()
    if refusal.status != 401 or not login:
        after_this_request(partial(_with_headers, refusal))
        abort(refusal.status)  # the application's own page for it
    return redirect(login, 303)


def _with_headers(refusal: Refusal, response: Response) -> Response:
    response.headers.update(refusal.headers)
    return response


def _is_for_person() -> bool:
    """Tell whether a browser wants a page, and not a script an answer."""
    if bearer_token(request.headers.get("Authorization")) is not None:
        return False
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def _login_url() -> str:
    said = installed().settings
    page = url_for("avow.login") if said.url_prefix else ""
    if said.login_url:
        page = request.script_root + said.login_url
    if not page or not is_safe(request.method):
        return page
    # Quoted again, as Flask's own path is decoded: a question mark in it would begin the query.
    here = quote(request.script_root + request.path, safe=_OF_PATHS)
    if request.query_string:
        here += f"?{request.query_string.decode('utf-8', 'replace')}"
    return f"{page}?{urlencode({'next': here})}"
