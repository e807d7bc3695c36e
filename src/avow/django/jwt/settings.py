"""The settings of the JWT layer, read when they are wanted and never at import.

A name `X` is looked for as `AVOW_JWT_X`, then `DJWTO_X`, then in `SIMPLE_JWT` where simplejwt has the like; the signing
key also in the environment. What is assigned to this module (`settings.DJWTO_MODE = "JSON"`) comes before all of them.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Final, Literal

from django.conf import settings as project
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

__all__ = [
    "DEFAULTS",
    "MODES",
    "OF_SIMPLEJWT",
    "PREFIXES",
    "custom",
    "of_simplejwt",
    "read",
    "uses_cookies",
    "uses_csrf",
]

MODES: Final = ("JSON", "ONE-COOKIE", "TWO-COOKIES")

DEFAULTS: Final[dict[str, object]] = {
    "ISS_CLAIM": None,
    "SUB_CLAIM": None,
    "AUD_CLAIM": None,
    "IAT_CLAIM": True,
    "JTI_CLAIM": True,
    "ALLOW_REFRESH_UPDATE": True,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "NBF_LIFETIME": timedelta(0),
    "SIGNING_KEY": None,
    "VERIFYING_KEY": None,
    "ALGORITHM": "HS256",
    "MODE": "JSON",
    "REFRESH_COOKIE_PATH": "api/token/refresh",
    "SAME_SITE": "Lax",
    "DOMAIN": None,
    "CSRF": True,
    # Ours; djwto has no like of them.
    "STRICT": False,
    "ROTATION_GRACE": timedelta(seconds=30),
    "PROCESS_USER": None,
    "PROCESS_PERMS": None,
    "PROCESS_CLAIMS": None,
}

# What reading an attribute of this module gives; no value is kept here, so that each reading asks the project.
DJWTO_ISS_CLAIM: str | None
DJWTO_SUB_CLAIM: str | None
DJWTO_AUD_CLAIM: str | list[str] | None
DJWTO_IAT_CLAIM: bool
DJWTO_JTI_CLAIM: bool
DJWTO_ALLOW_REFRESH_UPDATE: bool
DJWTO_ACCESS_TOKEN_LIFETIME: timedelta | None
DJWTO_REFRESH_TOKEN_LIFETIME: timedelta | None
DJWTO_NBF_LIFETIME: timedelta | None
DJWTO_SIGNING_KEY: str
DJWTO_VERIFYING_KEY: str | None
DJWTO_ALGORITHM: str
DJWTO_MODE: str
DJWTO_REFRESH_COOKIE_PATH: str
DJWTO_SAME_SITE: Literal["Lax", "Strict", "None"]
DJWTO_DOMAIN: str | None
DJWTO_CSRF: bool
AVOW_JWT_STRICT: bool
AVOW_JWT_ROTATION_GRACE: timedelta

PREFIXES: Final = ("AVOW_JWT_", "DJWTO_")
OF_SIMPLEJWT: Final = {
    "ISS_CLAIM": "ISSUER",
    "AUD_CLAIM": "AUDIENCE",
    "ACCESS_TOKEN_LIFETIME": "ACCESS_TOKEN_LIFETIME",
    "REFRESH_TOKEN_LIFETIME": "REFRESH_TOKEN_LIFETIME",
    "VERIFYING_KEY": "VERIFYING_KEY",
    "ALGORITHM": "ALGORITHM",
}
_ABSENT: Final = object()


def __getattr__(name: str) -> object:
    """Return a setting by its full name.

    Raises:
        AttributeError: There is no such setting.
        ImproperlyConfigured: It has no default and nobody set it.
    """
    for prefix in PREFIXES:
        if name.startswith(prefix) and name.removeprefix(prefix) in DEFAULTS:
            return read(name.removeprefix(prefix))
    raise AttributeError(f"there is no setting {name}")


@cache
def read(name: str) -> object:
    """Return a setting by its name without prefix; kept until Django says that a setting changed.

    Raises:
        ImproperlyConfigured: No signing key is set.
    """
    for prefix in PREFIXES:
        value = getattr(project, prefix + name, _ABSENT)
        if value is not _ABSENT and (value or name != "SIGNING_KEY"):  # an empty key is none: anybody has it
            return value
    if name == "SIGNING_KEY":
        return _find_key()
    return of_simplejwt().get(OF_SIMPLEJWT.get(name, "")) or DEFAULTS[name]


def of_simplejwt() -> dict[str, object]:
    """Return the project's `SIMPLE_JWT`, an empty one where there is none."""
    simple = getattr(project, "SIMPLE_JWT", None)
    return simple if isinstance(simple, dict) else {}


def custom(name: str) -> Callable[..., object] | None:
    """Return the function that a project names by `AVOW_JWT_PROCESS_USER` and the like, or None.

    Raises:
        ImproperlyConfigured: It is neither a function nor the dotted path of one.
    """
    named = read(name)
    if named is None:
        return None
    try:
        found: object = import_string(named) if isinstance(named, str) else named
    except ImportError as error:
        raise ImproperlyConfigured(f"AVOW_JWT_{name}: {error}") from error
    if not callable(found):
        raise ImproperlyConfigured(f"AVOW_JWT_{name} is neither a function nor the dotted path of one.")
    return found


def uses_cookies() -> bool:
    """Tell whether tokens travel in cookies."""
    return _value("MODE") in MODES[1:]


def uses_csrf() -> bool:
    """Tell whether views are protected against forged requests: only cookies are sent by themselves."""
    return bool(_value("CSRF")) and uses_cookies()


def _value(name: str) -> object:
    """Return what an attribute of this module gives: here, an assigned value has to be looked for."""
    assigned = globals().get(f"DJWTO_{name}", _ABSENT)
    return read(name) if assigned is _ABSENT else assigned


def _find_key() -> str:
    """Return the key of the environment, or simplejwt's: whoever sets our variable means it."""
    for prefix in PREFIXES:
        if found := os.environ.get(f"{prefix}SIGNING_KEY"):
            return found
    if isinstance(getattr(project, "SIMPLE_JWT", None), dict):  # which signs with SECRET_KEY unless told otherwise
        return str(of_simplejwt().get("SIGNING_KEY") or project.SECRET_KEY)
    raise ImproperlyConfigured("Set AVOW_JWT_SIGNING_KEY (or DJWTO_SIGNING_KEY): tokens cannot be signed without it.")


def _forget(**_: object) -> None:
    read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="avow.django.jwt.settings")
