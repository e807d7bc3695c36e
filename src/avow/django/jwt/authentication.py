"""Who may reach a view: finding the token in a request, and the decorators that ask for one.

The decorators take plain views, methods through Django's `method_decorator`, and `async def` views.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from avow.django.jwt import settings, strict, tokens
from avow.django.jwt.exceptions import JWTValidationError
from avow.django.jwt.models import JWTBlacklist

__all__ = [
    "WWWAUTHENTICATE",
    "THttpRequest",
    "get_raw_token_from_request",
    "jwt_authenticate",
    "jwt_is_refresh",
    "jwt_login_required",
    "jwt_passes_test",
    "jwt_perm_required",
    "takes_refresh_tokens",
    "user_authenticate",
]

WWWAUTHENTICATE: Final = "Bearer realm=api"

View = Callable[..., Any]
Answer = tuple[bool, str]


class THttpRequest(HttpRequest):
    """A request that `jwt_login_required` let pass.

    Attributes:
        payload: The claims of its token.
        token: The token as it came.
    """

    payload: tokens.Claims
    token: str


def jwt_passes_test(test_func: Callable[[Any], Answer]) -> Callable[[View], View]:
    """Return a decorator that answers 403 and the reason unless a test passes.

    Args:
        test_func: Takes the request; returns whether it may go on, and the reason against it or "".
    """
    return _guarded(test_func, 403)


def jwt_login_required(func: View) -> View:
    """Let a view see only requests with a token that holds; they then have `payload` and `token`.

    Refusals are answered 403, in strict mode 401. In strict mode the token is of type access, or refresh where
    `jwt_is_refresh` is below, and was not ended.
    """
    kind = "refresh" if getattr(func, "_takes_refresh_tokens", False) else "access"

    def test_func(request: THttpRequest) -> Answer:
        try:
            request.token = _raw_token(request, kind)
            request.payload = tokens.decode_token(request.token)
            if settings.AVOW_JWT_STRICT:
                _check_strictly(request.payload, kind)
        except JWTValidationError as refusal:
            return False, str(refusal)
        except ImproperlyConfigured as mistake:
            if settings.AVOW_JWT_STRICT:  # for the log and a 500: whoever asked can do nothing about it
                raise
            return False, str(mistake)
        user = request.payload.get("user", {})
        return isinstance(user, dict) and "id" in user, ""

    return _guarded(test_func, 401)(func)


def jwt_perm_required(perms: list[str]) -> Callable[[View], View]:
    """Return a decorator that lets a view see only tokens with all of these permissions.

    It stands below `jwt_login_required` and believes the token; the database is not asked.
    """

    def test_func(request: THttpRequest) -> Answer:
        payload = getattr(request, "payload", None)
        if not payload:
            return False, "Login must happen before evaluating permissions."
        user = payload.get("user")
        granted = user.get("perms") if isinstance(user, dict) else None
        if not granted:
            return False, "Invalid permissions for jwt token."
        known = list(granted)  # of a text its letters, which no permission is
        return (True, "") if all(perm in known for perm in perms) else (False, "Insufficient Permissions.")

    return _guarded(test_func, 403)


def jwt_is_refresh(view_func: View) -> View:
    """Let a view see only requests that sent their refresh token; stands below `jwt_login_required`."""

    def test_func(request: THttpRequest) -> Answer:
        if not settings.uses_cookies():
            is_refresh = request.payload.get("type") == "refresh"
            return is_refresh, "" if is_refresh else "Refresh token was not sent in authorization header."
        path = settings.DJWTO_REFRESH_COOKIE_PATH
        if path not in request.path:
            return False, f"Refresh token is only sent in path: {path}"
        if request.method == "POST" and request.POST.get("jwt_type") != "refresh":
            return False, 'POST variable "jwt_type" must be equal to "refresh".'
        return True, ""

    return takes_refresh_tokens(_guarded(test_func, 403)(view_func))


def takes_refresh_tokens(view_func: View) -> View:
    """Mark a view for `jwt_login_required` above it: in strict mode it sees refresh tokens instead of access tokens."""
    view_func.__dict__["_takes_refresh_tokens"] = True
    return view_func


def user_authenticate(request: HttpRequest) -> tokens.SomeUser:
    """Return the user whose name and password the request posts, by Django's own form and backends.

    Raises:
        ValidationError: They are absent or wrong; its argument is the errors of the form as JSON.
    """
    form = AuthenticationForm(request, data=request.POST)
    if not form.is_valid():
        raise ValidationError(json.dumps(dict(form.errors)))
    return form.get_user()


def jwt_authenticate(request: HttpRequest) -> tokens.Claims:
    """Return the claims of the token in a request; no database is asked.

    Raises:
        JWTValidationError: There is no token, or it does not hold.
        ImproperlyConfigured: A setting cannot be used.
    """
    return tokens.decode_token(get_raw_token_from_request(request))


def get_raw_token_from_request(request: HttpRequest) -> str:
    """Return the token that a request brings where the mode has it; nothing is verified.

    Raises:
        JWTValidationError: There is none.
        ImproperlyConfigured: The mode is not one of the three.

    Spec: RFC 6750 section 2.1, for the header.
    """
    mode = settings.DJWTO_MODE
    if mode == "JSON":
        return _token_of_header(request.META.get("HTTP_AUTHORIZATION", ""))
    kind = request.POST.get("jwt_type", "access")
    if kind not in {"access", "refresh"}:
        raise JWTValidationError(f'Input data "jwt_type" must be either "access" or "refresh". Got "{kind}" instead.')
    if mode not in settings.MODES:
        raise ImproperlyConfigured(f'MODE has to be "JSON", "ONE-COOKIE" or "TWO-COOKIES", not "{mode}".')
    name = "jwt_access_token" if mode == "TWO-COOKIES" and kind == "access" else f"jwt_{kind}"
    return request.COOKIES.get(name) or _refuse_cookie(request, name)


def _raw_token(request: HttpRequest, kind: str) -> str:
    """Return the token of a request to a protected view; strictly, without a form the view says which cookie counts."""
    has_form = request.method == "POST"
    if settings.AVOW_JWT_STRICT and settings.uses_cookies() and kind == "refresh" and not has_form:
        return request.COOKIES.get("jwt_refresh") or _refuse_cookie(request, "jwt_refresh")
    return get_raw_token_from_request(request)


def _token_of_header(header: str) -> str:
    """Return what follows "Bearer " in an Authorization header; strictly, the word stands first, in any case.

    Spec: RFC 9110 section 11.1.
    """
    if not header:
        raise JWTValidationError('Token not found in "HTTP_AUTHORIZATION" header.')
    _, scheme, token = header.rpartition("Bearer ")
    if settings.AVOW_JWT_STRICT:
        scheme, _, token = header.partition(" ")
        scheme, token = scheme if scheme.lower() == "bearer" else "", token
    if not scheme or not token:
        raise JWTValidationError("Value in HTTP_AUTHORIZATION header is not valid.")
    return token


def _refuse_cookie(request: HttpRequest, name: str) -> str:
    path = settings.DJWTO_REFRESH_COOKIE_PATH
    if name == "jwt_refresh" and path not in request.path:
        raise JWTValidationError(f'Refresh cookie is only sent in path "/{path}". Requested path was: {request.path}.')
    raise JWTValidationError(f'Cookie "{name}" cannot be empty.')


def _check_strictly(claims: tokens.Claims, kind: str) -> None:
    """Refuse a token of the other kind and one that was ended."""
    strict.check_kind(claims, kind)
    if JWTBlacklist.has_any(strict.names_of(claims)):
        raise JWTValidationError(strict.ENDED)


def _guarded(test_func: Callable[[Any], Answer], strict_status: int) -> Callable[[View], View]:
    """Return the decorator of a test; a refusal is answered 403, or in strict mode with the given status."""

    def judged(request: HttpRequest) -> JsonResponse | None:
        has_passed, error = test_func(request)
        return None if has_passed and not error else _refusal(error, strict_status)

    def decorator(view_func: View) -> View:
        if iscoroutinefunction(view_func):  # pyright: ignore[reportDeprecated]  # on 3.11, only this one sees marks

            @wraps(view_func)
            async def wrapped_async(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
                # In the thread that may use the database: a test may ask it.
                refusal = await sync_to_async(judged)(request)
                return _answered(refusal or await view_func(request, *args, **kwargs))

            return wrapped_async

        @wraps(view_func)
        def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            return _answered(judged(request) or view_func(request, *args, **kwargs))

        return wrapped

    return decorator


def _answered(response: HttpResponseBase) -> HttpResponseBase:
    """Say of an answer that it is for one cookie: a cache would hand it to everybody, as nothing else tells it."""
    if settings.uses_cookies() and isinstance(response, HttpResponseBase):
        patch_vary_headers(response, ("Cookie",))
    return response


def _refusal(error: str, strict_status: int) -> JsonResponse:
    status = strict_status if settings.AVOW_JWT_STRICT else 403
    headers = {"WWW-Authenticate": WWWAUTHENTICATE} if status == 401 else {}
    return JsonResponse({"error": error or "Failed to validate token."}, status=status, headers=headers)
