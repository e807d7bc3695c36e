"""One visit: the way to the provider, the way back, what Django's session keeps of it, and the way out."""

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings as project
from django.contrib import auth
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from avow.clock import system_clock
from avow.django.oidc import settings, signins
from avow.django.oidc.people import Person
from avow.django.oidc.problems import ANSWER_WRONG, LOCKED, NOT_BEGUN_HERE, SignInStopped, problem_of
from avow.django.oidc.provider import NAME, provider

__all__ = ["begin", "end", "finish", "kept", "leave"]

logger = logging.getLogger("avow.django.oidc")

_LIFETIME_SECONDS: Final = 3600
_MOST_BEGUN: Final = 10  # tabs in one browser
_PREFIX: Final = f"_state_{NAME}_"  # under which Authlib keeps what it needs for the way back
_TOKENS: Final = ("access_token", "refresh_token", "id_token", "token_type", "scope", "expires_at", "expires_in")


def begin(request: HttpRequest, target: str, **parameters: str) -> str:
    """Return the address at the provider that a sign-in begins at.

    Args:
        request: Its session remembers the sign-in.
        target: Where somebody goes who is signed in; an address of this project.
        parameters: Of the authorization request, beside the usual ones.

    Raises:
        SignInStopped: The provider cannot be reached.
    """
    said, ours = settings.load(), provider()
    wanted = dict(said.parameters) | ({"audience": said.audience} if said.audience else {}) | parameters
    back = _address(request, "avow_oidc:callback")
    begun = ours.create_authorization_url(back, **wanted)
    _drop_oldest(request)
    ours.save_authorize_data(request, redirect_uri=back, target=target, begun_at=system_clock(), **begun)
    return str(begun["url"])


@sensitive_variables()  # a report of an error would show the tokens
def finish(request: HttpRequest) -> str:
    """Sign somebody in who comes back from the provider; return where they wanted to go.

    Raises:
        SignInStopped: Nobody is signed in.
    """
    answer = {name: request.GET.get(name, "") for name in ("code", "state", "iss", "error")}
    begun = _take(request, answer["state"])
    try:
        _finish(request, answer, begun)
    except SignInStopped as stopped:
        stopped.target = str(begun["target"])
        raise
    return str(begun["target"])


@sensitive_variables()
def _finish(request: HttpRequest, answer: Mapping[str, str], begun: Mapping[str, Any]) -> None:
    _check_issuer(answer["iss"])
    if answer["error"]:
        raise SignInStopped(problem_of(answer["error"]), f"the provider answers {answer['error'][:200]!r}")
    if not answer["code"]:
        raise SignInStopped(ANSWER_WRONG, "neither a code nor an error")
    ours = provider()
    tokens = ours.exchange(
        code=answer["code"],
        state=answer["state"],
        redirect_uri=begun["redirect_uri"],
        code_verifier=begun["code_verifier"],
    )
    token_claims = ours.claims_of(tokens, begun["nonce"])
    claims = ours.userinfo_of(tokens, token_claims)
    _sign_in(request, Person(str(claims["iss"]), str(claims["sub"]), claims), tokens)


def end(request: HttpRequest) -> str:
    """End the session here; return where the browser goes on to: the provider's log-out, or "" for nowhere."""
    held = kept(request)
    signins.forget(request.session)
    auth.logout(request)
    return "" if held is None else _logout_address(request, held)  # whoever came by a password has nothing there


def leave() -> str:
    """Return where somebody goes who is logged out."""
    return resolve_url(project.LOGOUT_REDIRECT_URL or "/")


def kept(request: HttpRequest) -> Mapping[str, Any] | None:
    """Return what the session keeps of the provider: `userinfo`, and the tokens where the project wants them."""
    found = request.session.get(settings.load().session_key)
    return found if isinstance(found, dict) and "userinfo" in found else None


@sensitive_variables()  # a report of an error would show the tokens
def _sign_in(request: HttpRequest, person: Person, tokens: Mapping[str, Any]) -> None:
    user = auth.authenticate(request, person=person)
    if user is None:
        raise SignInStopped(LOCKED, f"no backend takes {person.subject}")
    signins.forget(request.session)
    before = request.session.session_key
    # Gives the session another key, and empties it when it was somebody else's: what was planted is worth nothing.
    auth.login(request, user)
    if before and request.session.session_key == before:  # who logs in again keeps it otherwise
        request.session.cycle_key()
    said = settings.load()
    held: dict[str, Any] = {"userinfo": dict(person.claims)}
    if said.keep_tokens:
        held |= {name: tokens[name] for name in _TOKENS if name in tokens}
    request.session[said.session_key] = held
    signins.note(request.session, user, person)


def _take(request: HttpRequest, state: str) -> dict[str, Any]:
    """Return what was remembered of a sign-in when it began, and forget it before anything else is done.

    Raises:
        SignInStopped: This browser began none of that state, or too long ago, or it is finished.
    """
    framework = provider().framework
    begun = framework.get_state_data(request.session, state) if state else None
    if begun is None:
        raise SignInStopped(NOT_BEGUN_HERE, "no such state in this session")
    framework.clear_state_data(request.session, state)
    request.session.save()  # now: Django saves no session with an error page, and the same answer counts once only
    if not 0 <= system_clock() - int(begun.get("begun_at", 0)) <= _LIFETIME_SECONDS:
        raise SignInStopped(NOT_BEGUN_HERE, "it began too long ago")
    return dict(begun)


def _check_issuer(named: str) -> None:
    """Refuse what another provider answered.

    Spec: RFC 9207 section 2.4.
    """
    metadata = provider().metadata
    if (named or metadata.names_itself) and not constant_time_compare(named, metadata.issuer):
        raise SignInStopped(ANSWER_WRONG, f"the answer is of the issuer {named[:200]!r}")


def _drop_oldest(request: HttpRequest) -> None:
    """Keep room for one more sign-in: somebody who only ever begins does not fill the session."""
    begun = [key for key in request.session.keys() if key.startswith(_PREFIX)]  # noqa: SIM118 - a session is no dict
    begun.sort(key=lambda key: request.session[key].get("exp", 0))
    for key in begun[: max(0, len(begun) - _MOST_BEGUN + 1)]:
        del request.session[key]


@sensitive_variables()  # a report of an error would show the tokens
def _logout_address(request: HttpRequest, held: Mapping[str, Any]) -> str:
    """Return where the provider ends its session.

    Spec: OpenID Connect RP-Initiated Logout 1.0 section 2.
    """
    said = settings.load()
    back = _absolute(request, leave())
    if said.logout == "auth0":
        return f"{said.issuer.removesuffix('/')}/v2/logout?{urlencode({'returnTo': back, 'client_id': said.client_id})}"
    if said.logout == "local":
        return ""
    try:
        endpoint = provider().metadata.endpoint("end_session_endpoint")
    except SignInStopped as stopped:
        logger.warning("Somebody is logged out here and not at the provider: %s", stopped)
        return ""
    if not endpoint:
        return ""
    parameters = {"client_id": said.client_id, "post_logout_redirect_uri": back}
    if held.get("id_token"):
        parameters["id_token_hint"] = str(held["id_token"])
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def _address(request: HttpRequest, name: str) -> str:
    return _absolute(request, reverse(name))


def _absolute(request: HttpRequest, path: str) -> str:
    public = settings.load().public_url.rstrip("/")
    if public and path.startswith("/"):
        return public + path
    return str(request.build_absolute_uri(path))
