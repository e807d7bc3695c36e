"""simplejwt's four endpoints: obtain, refresh, verify, blacklist. Bodies are JSON or forms; cookies play no part."""

import json
from typing import Any, Final

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import update_last_login
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from avow.django.jwt import families, settings, signals
from avow.django.jwt.exceptions import JWTValidationError
from avow.django.jwt.models import JWTBlacklist, moment_of
from avow.django.jwt.simplejwt import tokens
from avow.django.jwt.tokens import Claims, SomeUser, encode_claims, make_claims

__all__ = [
    "TokenBlacklistView",
    "TokenObtainPairView",
    "TokenRefreshView",
    "TokenVerifyView",
    "token_blacklist",
    "token_obtain_pair",
    "token_refresh",
    "token_verify",
]

_NO_CACHE: Final = {"Cache-Control": "no-store"}  # RFC 6749 section 5.1
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
NO_ACCOUNT: Final = "No active account found with the given credentials"
NO_ACCOUNT_OF_TOKEN: Final = "No active account found for the given token."


class _UnusableBody(Exception):
    """A body is not what the endpoint takes; carries status and answer."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.answer = status, answer


@method_decorator([csrf_exempt, login_not_required, sensitive_post_parameters()], name="dispatch")
class _TokenView(View):
    """Reads the fields of a body, and says refusals as simplejwt says them."""

    http_method_names = ["post", "options"]  # noqa: RUF012 - Django reads this list and changes none
    fields: tuple[str, ...] = ()

    @method_decorator(sensitive_variables())  # a report of an error would show passwords and tokens
    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer a body."""
        try:
            values = _read_fields(request, self.fields)
        except _UnusableBody as refusal:
            return JsonResponse(refusal.answer, status=refusal.status)
        try:
            return self.answer(request, *values)
        except JWTValidationError as refusal:
            return _refused({"detail": str(refusal), "code": "token_not_valid"})

    def http_method_not_allowed(self, request: HttpRequest, *args: object, **kwargs: object) -> JsonResponse:
        """Say which verb it was."""
        allowed = {"Allow": "POST, OPTIONS"}
        return JsonResponse({"detail": f'Method "{request.method}" not allowed.'}, status=405, headers=allowed)

    def answer(self, request: HttpRequest, *values: str) -> HttpResponseBase:
        """Answer the values of the fields, in their order."""
        raise NotImplementedError


class TokenObtainPairView(_TokenView):
    """Signs a user in by name and password."""

    @property
    def fields(self) -> tuple[str, ...]:  # type: ignore[override]  # the user model is known once Django is set up
        """Return what the user model calls the name, and `password`."""
        model: Any = get_user_model()
        return (model.USERNAME_FIELD, "password")

    @method_decorator(sensitive_variables())
    def answer(self, request: HttpRequest, *values: str) -> HttpResponseBase:
        """Answer with both tokens."""
        user = authenticate(request, **dict(zip(self.fields, values, strict=True)))
        if user is None or not user.is_active:
            signals.jwt_login_fail.send(sender=type(self).__name__, request=request, error=NO_ACCOUNT)
            return _refused({"detail": NO_ACCOUNT})
        refresh = tokens.make_refresh(user, request)
        access = tokens.make_access(refresh, user)
        if tokens.option("UPDATE_LAST_LOGIN"):
            update_last_login(type(user), user)
        answer = {"refresh": encode_claims(refresh), "access": encode_claims(access)}
        claims = {"refresh_claims": refresh, "access_claims": access}
        signals.jwt_logged_in.send(sender=type(self).__name__, request=request, **claims)
        return JsonResponse(answer, headers=_NO_CACHE)


class TokenRefreshView(_TokenView):
    """Makes a new access token for a refresh token."""

    fields = ("refresh",)

    @method_decorator(sensitive_variables())
    def answer(self, request: HttpRequest, *values: str) -> HttpResponseBase:
        """Answer with an access token, and with the next refresh token where they rotate."""
        presented = tokens.read(values[0], "refresh")
        tokens.check_ended(presented)
        user = tokens.find_user(presented)
        if user is None or not user.is_active:
            return _refused({"detail": NO_ACCOUNT_OF_TOKEN})
        refresh = _next(presented, user, request)
        access = tokens.make_access(refresh, user)
        rotates = settings.AVOW_JWT_STRICT or tokens.option("ROTATE_REFRESH_TOKENS")
        answer = {"access": encode_claims(access)} | ({"refresh": encode_claims(refresh)} if rotates else {})
        claims = {"refresh_claims": refresh, "access_claims": access}
        signals.jwt_access_refreshed.send(sender=type(self).__name__, request=request, **claims)
        return JsonResponse(answer, headers=_NO_CACHE)


class TokenVerifyView(_TokenView):
    """Says whether a token of either kind holds and was not ended."""

    fields = ("token",)

    @method_decorator(sensitive_variables())
    def answer(self, request: HttpRequest, *values: str) -> HttpResponseBase:
        """Answer with an empty object."""
        claims = tokens.read(values[0])
        try:
            tokens.check_ended(claims)
        except JWTValidationError as refusal:
            return JsonResponse({"non_field_errors": [str(refusal)]}, status=400)
        signals.jwt_token_validated.send(sender=type(self).__name__, request=request)
        return JsonResponse({})


class TokenBlacklistView(_TokenView):
    """Ends a refresh token, in strict mode with its access tokens."""

    fields = ("refresh",)

    @method_decorator(sensitive_variables())
    def answer(self, request: HttpRequest, *values: str) -> HttpResponseBase:
        """Answer with an empty object."""
        claims = tokens.read(values[0], "refresh")
        tokens.check_ended(claims)
        _end(claims)
        signals.jwt_blacklisted.send(sender=type(self).__name__, request=request, jti=claims.get("jti"))
        return JsonResponse({})


token_obtain_pair = TokenObtainPairView.as_view()
token_refresh = TokenRefreshView.as_view()
token_verify = TokenVerifyView.as_view()
token_blacklist = TokenBlacklistView.as_view()


def _next(presented: Claims, user: SomeUser, request: HttpRequest) -> Claims:
    """Return the claims of the refresh token that follows a presented one, with the user as they are now.

    Raises:
        JWTValidationError: In strict mode: it was used before.
    """
    request.payload = presented  # type: ignore[attr-defined]  # for the project's function, as the decorators do it
    made = make_claims(user, request, "refresh")
    if settings.AVOW_JWT_STRICT:
        renewed = families.renew(presented, user, made, moves_expiry=False)
        if renewed is None:
            raise JWTValidationError(tokens.BLACKLISTED)
        return tokens.with_names(renewed, user, "refresh")
    if tokens.option("ROTATE_REFRESH_TOKENS") and tokens.option("BLACKLIST_AFTER_ROTATION"):
        _end(presented)
    return tokens.with_names(made, user, "refresh")


def _end(claims: Claims) -> None:
    """Keep the name of a refresh token that is good no more.

    Raises:
        JWTValidationError: Somebody else ended it in this moment.
    """
    if "jti" not in claims:
        return
    expires = moment_of(claims["exp"]) if "exp" in claims else None
    with transaction.atomic():  # what is cut off in the middle is not refused as done when it comes again
        if settings.AVOW_JWT_STRICT:
            families.end(claims)
        _, is_first = JWTBlacklist.objects.get_or_create(jti=claims["jti"], defaults={"expires": expires})
    if not is_first:
        raise JWTValidationError(tokens.BLACKLISTED)


@sensitive_variables()
def _read_fields(request: HttpRequest, fields: tuple[str, ...]) -> list[str]:
    """Return the fields of a body.

    Raises:
        _UnusableBody: It is no object, or a field is absent or no text.
    """
    body = _read_body(request)
    if not isinstance(body, dict):
        text = f"Invalid data. Expected a dictionary, but got {type(body).__name__}."
        raise _UnusableBody(400, {"non_field_errors": [text]})
    errors = {name: [error] for name in fields if (error := _error_of(body, name))}
    if errors:
        raise _UnusableBody(400, errors)
    return [str(body[name]) for name in fields]


@sensitive_variables()
def _read_body(request: HttpRequest) -> object:
    kind = request.content_type or ""
    if kind in _FORMS:
        return request.POST.dict()
    if not request.body:
        return {}
    if kind != "application/json":
        raise _UnusableBody(415, {"detail": f'Unsupported media type "{kind}" in request.'})
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise _UnusableBody(400, {"detail": f"JSON parse error - {error}"}) from error


@sensitive_variables()
def _error_of(body: dict[str, Any], name: str) -> str:
    """Return what is wrong with a field, or ""."""
    if name not in body:
        return "This field is required."
    value = body[name]
    if value is None:
        return "This field may not be null."
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return "Not a valid string."
    text = str(value)
    if not text.strip():
        return "This field may not be blank."
    if "\0" in text:
        return "Null characters are not allowed."
    surrogates = [f"U+{ord(each):X}" for each in text if "\ud800" <= each <= "\udfff"]  # alone: no text has such
    return f"Surrogate characters are not allowed: {', '.join(surrogates)}." if surrogates else ""


def _refused(answer: dict[str, Any]) -> JsonResponse:
    return JsonResponse(answer, status=401, headers={"WWW-Authenticate": f'{tokens.schemes()[0]} realm="api"'})
