"""What `manage.py check` says about the settings of the JWT layer, before a sign-in meets them."""

import difflib
import itertools
import warnings
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings as project
from django.core.checks import CheckMessage, Error, Tags, Warning
from django.core.checks import register as register_check
from django.core.exceptions import ImproperlyConfigured
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string

from avow.core.tokens import MAX_LIFETIME_SECONDS
from avow.django.jwt import settings, tokens

__all__ = ["check_settings", "register"]

_CSRF: Final = "django.middleware.csrf.CsrfViewMiddleware"
_OF_SIMPLEJWT: Final = {
    *settings.OF_SIMPLEJWT.values(),
    *("SIGNING_KEY", "ROTATE_REFRESH_TOKENS", "BLACKLIST_AFTER_ROTATION", "UPDATE_LAST_LOGIN", "AUTH_HEADER_TYPES"),
    *("USER_ID_FIELD", "USER_ID_CLAIM", "TOKEN_TYPE_CLAIM"),
}


def register() -> None:
    """Have Django run the checks of this module."""
    register_check(check_settings, Tags.security)


def check_settings(app_configs: Sequence[Any] | None = None, **_: object) -> list[CheckMessage]:
    """Return what is wrong with the settings, each with what to set instead."""
    del app_configs  # the settings are those of the whole project
    return [message for check in _CHECKS for message in check()]


def _check_keys() -> Iterator[CheckMessage]:
    hint = "python -c 'import secrets; print(secrets.token_urlsafe(64))' prints a good key for HS256."
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            tokens.try_keys()
        except ImproperlyConfigured as error:
            yield Error(str(error), hint=hint, id="avow_jwt.E001")
    for short in found[:1]:
        yield Warning(f"{short.message} Without DEBUG nothing is signed with it.", hint=hint, id="avow_jwt.W010")


def _check_mode() -> Iterator[CheckMessage]:
    mode, path = settings.DJWTO_MODE, settings.DJWTO_REFRESH_COOKIE_PATH
    if mode not in settings.MODES:
        yield Error(f"MODE is {mode!r}.", hint=f"Set one of {', '.join(settings.MODES)}.", id="avow_jwt.E002")
    if not path or path != path.strip("/"):
        yield Error(f"REFRESH_COOKIE_PATH is {path!r}.", hint="Set it without slashes at its ends.", id="avow_jwt.E003")
    if mode in settings.MODES[1:] and not settings.DJWTO_CSRF:
        yield Warning("Tokens travel in cookies and CSRF is off: other sites can use them.", id="avow_jwt.W004")
    if settings.uses_csrf() and not any(map(_is_csrf, project.MIDDLEWARE)):
        hint = f'Add "{_CSRF}" to MIDDLEWARE.'
        yield Warning("Views of your own take requests that other sites forge.", hint=hint, id="avow_jwt.W012")


def _check_lifetimes() -> Iterator[CheckMessage]:
    for name in ("ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME", "NBF_LIFETIME", "ROTATION_GRACE"):
        value = settings.read(name)
        if value is not None and (not isinstance(value, timedelta) or value < timedelta(0)):
            yield Error(f"{name} is {value!r}.", hint="Set a timedelta that is not negative.", id="avow_jwt.E005")
    if settings.AVOW_JWT_STRICT and not settings.DJWTO_REFRESH_TOKEN_LIFETIME:
        yield Error("In strict mode refresh tokens need a lifetime.", id="avow_jwt.E006")
    lifetimes = (settings.DJWTO_REFRESH_TOKEN_LIFETIME, settings.AVOW_JWT_ROTATION_GRACE)
    longest = sum((each for each in lifetimes if isinstance(each, timedelta)), timedelta())
    if settings.AVOW_JWT_STRICT and longest > timedelta(seconds=MAX_LIFETIME_SECONDS):
        hint = f"Set fewer than {MAX_LIFETIME_SECONDS // 86400} days."
        yield Error("Strict mode refuses refresh tokens that live so long.", hint=hint, id="avow_jwt.E011")


def _check_claims() -> Iterator[CheckMessage]:
    for name in ("ISS_CLAIM", "SUB_CLAIM"):
        if not isinstance(settings.read(name), str | None):
            yield Error(f"{name} is not text.", id="avow_jwt.E007")
    audience = settings.DJWTO_AUD_CLAIM
    if not all(isinstance(each, str) for each in (audience if isinstance(audience, list) else [audience or ""])):
        yield Error("AUD_CLAIM is neither text nor a list of texts.", id="avow_jwt.E008")


def _check_functions() -> Iterator[CheckMessage]:
    for name in ("PROCESS_USER", "PROCESS_PERMS", "PROCESS_CLAIMS"):
        try:
            settings.custom(name)
        except ImproperlyConfigured as error:
            yield Error(str(error), id="avow_jwt.E009")


def _check_simplejwt() -> Iterator[CheckMessage]:
    ignored = sorted(str(name) for name in settings.of_simplejwt().keys() - _OF_SIMPLEJWT)
    if ignored:
        hint = "Remove them; docs/django-jwt.md says which count."
        yield Warning(f"Entries of SIMPLE_JWT do not count: {', '.join(ignored)}.", hint=hint, id="avow_jwt.W013")


def _check_names() -> Iterator[CheckMessage]:
    for prefix, name in itertools.product(settings.PREFIXES, dir(project)):
        ours = name.removeprefix(prefix)
        if ours != name and ours not in settings.DEFAULTS:
            like = difflib.get_close_matches(ours, settings.DEFAULTS, 1)
            hint = f"Did you mean {prefix}{like[0]}?" if like else "Remove it."
            yield Warning(f"There is no setting {name}.", hint=hint, id="avow_jwt.W014")


def _is_csrf(name: str) -> bool:
    """Tell whether a middleware is Django's against forged requests, or a project's own form of it."""
    try:
        found = import_string(name)
    except ImportError:
        return False  # Django says so itself
    return isinstance(found, type) and issubclass(found, CsrfViewMiddleware)


_CHECKS: Final = (
    _check_keys,
    _check_mode,
    _check_lifetimes,
    _check_claims,
    _check_functions,
    _check_simplejwt,
    _check_names,
)
