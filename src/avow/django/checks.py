"""What `manage.py check` says about the settings of the plugin, before a sign-in meets them."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning
from django.core.checks import register as register_check
from django.core.exceptions import FieldDoesNotExist
from django.db.models import EmailField
from django.utils.module_loading import import_string

from avow.django import settings, users
from avow.errors import AuthException
from avow.sdk.config import base_url_of

__all__ = ["check_deployment", "check_settings", "register"]

_SESSIONS: Final = "django.contrib.sessions.middleware.SessionMiddleware"
_AUTHENTICATION: Final = "django.contrib.auth.middleware.AuthenticationMiddleware"
# Other parts of Avow read these.
_ELSEWHERE: Final = ("AVOW_JWT_", "AVOW_OIDC", "AVOW_EMBED")


def register() -> None:
    """Have Django run the checks of this module."""
    register_check(check_settings, Tags.security)
    register_check(check_deployment, Tags.security, deploy=True)


def check_settings(app_configs: Sequence[Any] | None = None, **_: object) -> list[CheckMessage]:
    """Return what is wrong with the settings, each with what to set instead."""
    del app_configs  # the settings are those of the whole project
    return [message for check in _CHECKS for message in check()]


def check_deployment(app_configs: Sequence[Any] | None = None, **_: object) -> list[CheckMessage]:
    """Return what is wrong on a server that strangers reach."""
    del app_configs
    said, found = settings.load(), []
    if said.uses_cookies and not said.cookie_secure:
        found.append(
            Warning(
                "Tokens travel over http too, where anybody on the way can read them.",
                hint="Remove AVOW_COOKIE_SECURE = False.",
                id="avow.W101",
            )
        )
    if said.base_url.startswith("http://") and "//localhost" not in said.base_url and "//127." not in said.base_url:
        found.append(
            Warning(
                "AVOW_BASE_URL is an http address: tokens and keys travel readable.",
                hint="Use its https address.",
                id="avow.W102",
            )
        )
    return list(found)


def _check_server() -> Iterator[CheckMessage]:
    said = settings.load()
    if not said.project_id:
        hint = "Set AVOW_PROJECT_ID to the id that `avow dev` or `avow project list` prints."
        yield Error("No project is named.", hint=hint, id="avow.E001")
    if said.client is None and not said.base_url:
        hint = 'Set AVOW_BASE_URL to the address of your Avow server, for example "http://localhost:8000".'
        yield Error("No server is named.", hint=hint, id="avow.E002")
    for name, url in (("AVOW_BASE_URL", said.base_url), ("AVOW_PUBLIC_URL", said.public_url)):
        try:
            base_url_of(url or None)
        except AuthException:
            yield Error(f"{name} is {url!r}.", hint="It has to look like https://auth.example.com.", id="avow.E003")
    for name, maker in (("AVOW_CLIENT", said.client), ("AVOW_ASYNC_CLIENT", said.async_client)):
        if maker is not None and not _can_be_called(maker):
            hint = "It has to be a function that returns a client, or the dotted path of one."
            yield Error(f"{name} is {maker!r}.", hint=hint, id="avow.E004")


def _check_store() -> Iterator[CheckMessage]:
    said = settings.load()
    if said.token_store not in (settings.COOKIE, settings.SESSION):
        hint = 'Set "cookie" or "session".'
        yield Error(f"AVOW_TOKEN_STORE is {said.token_store!r}.", hint=hint, id="avow.E005")
    if said.token_store == settings.SESSION and _SESSIONS not in project.MIDDLEWARE:
        hint = f'Add "{_SESSIONS}" to MIDDLEWARE, or set AVOW_TOKEN_STORE = "cookie".'
        yield Error("Tokens are kept in Django's session, and there is none.", hint=hint, id="avow.E006")


def _check_cookies() -> Iterator[CheckMessage]:
    said = settings.load()
    names = (said.session_cookie_name, said.refresh_cookie_name)
    if len(set(names)) == 1:
        yield Error("Both cookies have the same name.", hint="Give each its own.", id="avow.E007")
    for name in {"DS", "DSR"} & set(names) if said.uses_cookies else ():
        hint = "Cookies ignore ports: Avow's own of that name overwrites it when both run on one host."
        yield Warning(f"A cookie is named {name}.", hint=hint, id="avow.W008")
    is_plain = said.cookie_secure and said.cookie_domain is None and said.cookie_path == "/"
    if any(name.startswith("__Host-") for name in names) and not is_plain:
        hint = "Browsers drop it: name it without the prefix, or keep Secure, the path / and no domain."
        yield Error("A cookie has the prefix __Host- and not what goes with it.", hint=hint, id="avow.E009")
    if said.cookie_samesite not in ("Lax", "Strict", "None"):
        hint = 'Set "Lax", "Strict" or "None".'
        yield Error(f"AVOW_COOKIE_SAMESITE is {said.cookie_samesite!r}.", hint=hint, id="avow.E010")
    if said.uses_cookies and said.cookie_samesite == "None" and not said.cookie_secure:
        hint = 'Remove AVOW_COOKIE_SECURE = False, or set AVOW_COOKIE_SAMESITE = "Lax".'
        yield Error("Browsers drop cookies with SameSite=None that are not Secure.", hint=hint, id="avow.E020")


def _check_order() -> Iterator[CheckMessage]:
    mine = _own(project.MIDDLEWARE, "avow.django.middleware.AvowMiddleware")
    if mine is None:
        hint = 'Add "avow.django.middleware.AvowMiddleware" to MIDDLEWARE, after Django\'s own.'
        yield Error("The middleware of Avow is missing.", hint=hint, id="avow.E011")
    else:
        before = project.MIDDLEWARE[: project.MIDDLEWARE.index(mine)]
        for other in (_SESSIONS, _AUTHENTICATION):
            if other in project.MIDDLEWARE and other not in before:
                hint = f'Move it below "{other}".'
                yield Error("The middleware of Avow stands too early.", hint=hint, id="avow.E012")
    if _own(project.AUTHENTICATION_BACKENDS, "avow.django.authentication.AvowBackend") is None:
        hint = 'Add "avow.django.authentication.AvowBackend" to AUTHENTICATION_BACKENDS.'
        yield Error("The backend of Avow is missing.", hint=hint, id="avow.E013")


def _check_rows() -> Iterator[CheckMessage]:
    name = users.user_field()
    try:
        column: Any = get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        yield Error(f"The user model has no field {name!r}.", hint="Name one in AVOW_USER_FIELD.", id="avow.E014")
        return
    if not column.unique:
        hint = "Two people would share a row: make it unique, or name another in AVOW_USER_FIELD."
        yield Error(f"The field {name!r} of the user model is not unique.", hint=hint, id="avow.E015")
    if isinstance(column, EmailField) and settings.load().username_claim == "sub":
        hint = "Name a field of text in AVOW_USER_FIELD, or a claim in AVOW_USERNAME_CLAIM that is an address."
        yield Error(f"The id of a user is no address, and {name!r} holds one.", hint=hint, id="avow.E016")


def _check_mappings() -> Iterator[CheckMessage]:
    said = settings.load()
    mappings: tuple[tuple[str, object], ...] = (("AVOW_GROUPS", said.groups), ("AVOW_PERMISSIONS", said.permissions))
    for name, mapping in mappings:
        if not isinstance(mapping, bool | Mapping):
            hint = "Set True, or a dict from the names in Avow to those in Django."
            yield Error(f"{name} is {mapping!r}.", hint=hint, id="avow.E017")
    roles: tuple[tuple[str, object], ...] = (
        ("AVOW_IS_STAFF_ROLE", said.is_staff_role),
        ("AVOW_IS_SUPERUSER_ROLE", said.is_superuser_role),
    )
    for name, role in roles:
        if not isinstance(role, str):
            hint = 'Set the name of a role, or "" to leave the column alone.'
            yield Error(f"{name} is {role!r}.", hint=hint, id="avow.E018")


def _check_names() -> Iterator[CheckMessage]:
    known = settings.names()
    for name in dir(project):
        if name.startswith("AVOW_") and name not in known and not name.startswith(_ELSEWHERE):
            like = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {like[0]}?" if like else "Remove it."
            yield Warning(f"There is no setting {name}.", hint=hint, id="avow.W019")


def _own(names: Sequence[str], ours: str) -> str | None:
    """Return the first name that is our class, or a subclass of it."""
    our_class = import_string(ours)
    for name in names:
        try:
            found = import_string(name)
        except ImportError:
            continue  # Django says so itself
        if isinstance(found, type) and issubclass(found, our_class):
            return name
    return None


def _can_be_called(maker: object) -> bool:
    try:
        return callable(import_string(maker) if isinstance(maker, str) else maker)
    except ImportError:
        return False


_CHECKS: Final = (_check_server, _check_store, _check_cookies, _check_order, _check_rows, _check_mappings, _check_names)
