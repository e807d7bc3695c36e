"""The endpoints: sign in, validate, refresh, move the expiry, end. All take POST forms; one also DELETE.

Dispatch is exempt from Django's CSRF middleware, and each method protects itself where cookies carry the tokens:
whether they do is a setting, which is read with each request.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.utils.decorators import method_decorator
from django.utils.http import is_same_domain
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect, ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters

from avow import clock
from avow.django.jwt import authentication as auth
from avow.django.jwt import families, settings, signals, strict, tokens
from avow.django.jwt.cookies import build_tokens_response, delete_tokens
from avow.django.jwt.exceptions import JWTValidationError
from avow.django.jwt.models import JWTBlacklist, moment_of

__all__ = [
    "BlackListTokenView",
    "GetTokensView",
    "RefreshAccessView",
    "UpdateRefreshView",
    "ValidateTokensView",
    "build_tokens_response",
]

HEADERS401: Final = {"WWW-Authenticate": auth.WWWAUTHENTICATE}
# As djwto says it: clients may look for the text.
NO_JTI: Final = (
    "No jti claim was available in the input token. The value is mandatory in order to use the Blacklist API."
)
NO_UPDATE: Final = "Can't update refresh token."

# Tokens protect these views, not the middleware of Django that asks every page for a login.
_OPEN: Final = [csrf_exempt, login_not_required]

Method = Callable[..., HttpResponseBase]


def _where_csrf_counts(decorator: Callable[[Method], Method]) -> Callable[[Method], Method]:
    """Apply a decorator to the requests that come while tokens travel in cookies and CSRF protection is on."""

    def applied(method: Method) -> Method:
        decorated = decorator(method)

        @wraps(method)
        def chosen(*args: object, **kwargs: object) -> HttpResponseBase:
            return (decorated if settings.uses_csrf() else method)(*args, **kwargs)

        return chosen

    return applied


@method_decorator([*_OPEN, sensitive_post_parameters("password")], name="dispatch")
class GetTokensView(View):
    """Signs a user in by name and password."""

    @method_decorator(_where_csrf_counts(ensure_csrf_cookie))
    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer with both tokens, or say that the request has a token already."""
        if settings.AVOW_JWT_STRICT and _is_from_elsewhere(request):
            return JsonResponse({"error": "Cross-site sign-in refused."}, status=403)
        if not _brings_credentials(request) and _has_token(request):
            return JsonResponse({"msg": "User already authenticated."})
        try:
            user = auth.user_authenticate(request)
        except ValidationError as refusal:
            self._tell_failure(request, refusal.args[0])
            return JsonResponse({"error": refusal.args[0]}, status=401, headers=HEADERS401)
        try:
            return self._signed_in(user, request, args, kwargs)
        except ImproperlyConfigured as error:
            self._tell_failure(request, str(error))
            # What is wrong with the settings is for the receivers of the signal, not for whoever asked.
            return JsonResponse({"error": "Failed to process request."}, status=500)

    def _signed_in(
        self, user: tokens.SomeUser, request: HttpRequest, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> HttpResponseBase:
        refresh_claims = tokens.make_claims(user, request, "refresh", args, kwargs)
        if settings.AVOW_JWT_STRICT:
            refresh_claims = families.open_family(user, refresh_claims)
        response = _answer(self, signals.jwt_logged_in, request, refresh_claims, "Tokens successfully created.")
        if settings.uses_csrf():
            rotate_token(request)
        return response

    def _tell_failure(self, request: HttpRequest, error: str) -> None:
        signals.jwt_login_fail.send(sender=type(self).__name__, request=request, error=error)


@method_decorator(_OPEN, name="dispatch")
class ValidateTokensView(View):
    """Says whether the access token holds."""

    @method_decorator([_where_csrf_counts(csrf_protect), auth.jwt_login_required])
    def post(self, request: auth.THttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer that the token is valid; by default one that was ended is until it expires."""
        signals.jwt_token_validated.send(sender="ValidateTokensView", request=request)
        return JsonResponse({"msg": "Token is valid"})


class ValidateRefreshView(ValidateTokensView):
    """Says whether the refresh token holds; only strict mode demands that it is one, and JSON mode cannot ask."""

    @method_decorator([_where_csrf_counts(csrf_protect), auth.jwt_login_required, auth.takes_refresh_tokens])
    def post(self, request: auth.THttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer that the token is valid."""
        signals.jwt_token_validated.send(sender="ValidateTokensView", request=request)
        return JsonResponse({"msg": "Token is valid"})


@method_decorator(_OPEN, name="dispatch")
class RefreshAccessView(View):
    """Makes a new access token for a refresh token."""

    @method_decorator([_where_csrf_counts(csrf_protect), auth.jwt_login_required, auth.jwt_is_refresh])
    def post(self, request: auth.THttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer with a new access token and the refresh token, which in strict mode rotates."""
        refresh_claims: tokens.Claims | None = request.payload
        if settings.AVOW_JWT_STRICT:
            refresh_claims = _renewed(request, args, kwargs, moves_expiry=False)
        elif settings.DJWTO_JTI_CLAIM and JWTBlacklist.is_blacklisted(request.payload["jti"]):
            refresh_claims = None
        if refresh_claims is None:
            return _refused("Can't update access token.")
        return _answer(
            self, signals.jwt_access_refreshed, request, refresh_claims, "Access token successfully refreshed."
        )


@method_decorator(_OPEN, name="dispatch")
class UpdateRefreshView(View):
    """Moves the expiry of a refresh token, for whoever is in the middle of something."""

    @method_decorator([_where_csrf_counts(csrf_protect), auth.jwt_login_required, auth.jwt_is_refresh])
    def post(self, request: auth.THttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer with both tokens, the refresh token living as long as a new one."""
        if not settings.DJWTO_ALLOW_REFRESH_UPDATE:
            return _refused(NO_UPDATE)
        if settings.AVOW_JWT_STRICT:
            moved = _renewed(request, args, kwargs, moves_expiry=True) or _refused(NO_UPDATE)
        else:
            moved = _moved(request.payload)
        if isinstance(moved, JsonResponse):
            return moved
        return _answer(self, signals.jwt_refresh_updated, request, moved, "Refresh token successfully updated.")


@method_decorator(_OPEN, name="dispatch")
class BlackListTokenView(View):
    """Ends a sign-in: POST with the refresh token, DELETE to drop the cookies."""

    @method_decorator([_where_csrf_counts(csrf_protect), auth.jwt_login_required, auth.jwt_is_refresh])
    def post(self, request: auth.THttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """End the refresh token; in strict mode its access tokens and cookies with it."""
        jti = request.payload.get("jti")
        if not jti:
            return JsonResponse({"error": NO_JTI}, status=403)
        expires_at = request.payload.get("exp")
        kept = {
            "token": None if settings.AVOW_JWT_STRICT else request.token,
            "expires": moment_of(expires_at) if expires_at else None,
        }
        with transaction.atomic():  # what is cut off in the middle is not refused as done when it comes again
            if settings.AVOW_JWT_STRICT:
                families.end(request.payload)
            _, is_first = JWTBlacklist.objects.get_or_create(jti=jti, defaults=kept)
        if not is_first:
            return JsonResponse({"error": "Input jti token is already blacklisted."}, status=409)
        signals.jwt_blacklisted.send(sender=type(self).__name__, request=request, jti=jti)
        response = JsonResponse({"msg": "Token successfully blacklisted."})
        return delete_tokens(response) if settings.AVOW_JWT_STRICT and settings.uses_cookies() else response

    @method_decorator([_where_csrf_counts(csrf_protect), auth.jwt_login_required])
    def delete(self, request: auth.THttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Take the cookies of the tokens away; the tokens themselves stay good."""
        if not settings.uses_cookies():
            return JsonResponse({"msg": "No token to delete."}, status=204)
        return delete_tokens(JsonResponse({"msg": "Tokens successfully deleted."}))


def _answer(
    view: View, signal: Signal, request: HttpRequest, refresh_claims: tokens.Claims, message: str
) -> HttpResponseBase:
    """Answer with the tokens of these claims and tell the receivers of a signal."""
    access_claims = tokens.get_access_claims_from_refresh(refresh_claims)
    response = build_tokens_response(refresh_claims, access_claims, message)
    signal.send(sender=type(view).__name__, request=request, refresh_claims=refresh_claims, access_claims=access_claims)
    return response


def _refused(error: str) -> JsonResponse:
    """Answer a refusal, with djwto's 500 or in strict mode with 401."""
    if settings.AVOW_JWT_STRICT:
        return JsonResponse({"error": error}, status=401, headers=HEADERS401)
    return JsonResponse({"error": error}, status=500)


def _has_token(request: HttpRequest) -> bool:
    """Tell whether a sign-in is answered by saying that there is a token; only strict mode looks at it."""
    try:
        if not settings.AVOW_JWT_STRICT:
            return bool(auth.get_raw_token_from_request(request))
        claims = auth.jwt_authenticate(request)
        return claims.get("type") == "access" and not JWTBlacklist.has_any(strict.names_of(claims))
    except (JWTValidationError, ImproperlyConfigured):
        return False


def _brings_credentials(request: HttpRequest) -> bool:
    """Tell whether a form says who wants to sign in, where a cookie that came along by itself does not count more."""
    is_choosing = settings.AVOW_JWT_STRICT and settings.uses_cookies()
    return is_choosing and bool(request.POST.get("username") or request.POST.get("password"))


def _is_from_elsewhere(request: HttpRequest) -> bool:
    """Tell whether a page of another site sends the form: it would sign its visitor in as somebody else.

    A browser says where a POST comes from. Spec: Fetch, section 3.2 (Origin).
    """
    origin = request.headers.get("Origin")
    if origin is None or not settings.uses_csrf() or origin == f"{request.scheme}://{request.get_host()}":
        return False
    scheme, _, host = origin.partition("://")
    trusted = [each.partition("://") for each in project.CSRF_TRUSTED_ORIGINS]
    return not any(scheme == each[0] and is_same_domain(host, each[2].removeprefix("*")) for each in trusted)


def _renewed(
    request: auth.THttpRequest, args: tuple[object, ...], kwargs: dict[str, object], *, moves_expiry: bool
) -> tokens.Claims | None:
    """Return the claims that answer a refresh in strict mode, with the user as the database has them now."""
    user = families.find_user(request.payload)
    if user is None:
        return None
    made = tokens.make_claims(user, request, "refresh", args, kwargs)
    return families.renew(request.payload, user, made, moves_expiry=moves_expiry)


def _moved(claims: tokens.Claims) -> tokens.Claims | JsonResponse:
    """Return the claims of a refresh token with its expiry moved, or the refusal."""
    refusal = _refusal_of(claims)
    if refusal is not None:
        return refusal
    now = clock.system_clock()
    moved = claims | ({"iat": now} if "iat" in claims else {})
    if lifetime := settings.DJWTO_REFRESH_TOKEN_LIFETIME:
        moved["exp"] = now + tokens.seconds_of("REFRESH_TOKEN_LIFETIME", lifetime)
    return moved


def _refusal_of(claims: tokens.Claims) -> JsonResponse | None:
    """Refuse to move the expiry of a refresh token that was ended, or whose user is gone or inactive."""
    if settings.DJWTO_JTI_CLAIM and JWTBlacklist.is_blacklisted(claims["jti"]):
        return _refused(NO_UPDATE)
    model: Any = get_user_model()
    said = claims.get("user")
    if not said:  # no user was asked for: a project has put another check before this view
        return None
    name = said.get(model.USERNAME_FIELD)
    user = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if user is None:
        return _refused(NO_UPDATE)
    return None if user.is_active else JsonResponse({"error": "User is inactive."}, status=403)
