"""What `manage.py check` says about the settings of sign-in at a provider, before somebody meets them."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.apps import apps
from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning
from django.core.checks import register as register_check
from django.core.exceptions import FieldDoesNotExist
from django.utils.module_loading import import_string

from avow.core.redirects import is_url
from avow.django.oidc import settings

__all__ = ["check_deployment", "check_settings", "register"]

_SESSIONS: Final = "django.contrib.sessions.middleware.SessionMiddleware"
_AUTHENTICATION: Final = "django.contrib.auth.middleware.AuthenticationMiddleware"
_BACKEND: Final = "avow.django.oidc.authentication.OidcBackend"
_IN_COOKIES: Final = "django.contrib.sessions.backends.signed_cookies"


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
    if settings.usable().issuer.startswith("http://"):
        hint = "Use its https address."
        return [Warning("The provider is asked over http: tokens travel readable.", hint=hint, id="avow_oidc.W101")]
    return []


def _check_shape() -> Iterator[CheckMessage]:
    said = getattr(project, "AVOW_OIDC", {})
    if not isinstance(said, Mapping):
        hint = 'It has to look like {"issuer": "https://id.example.com", "client_id": "...", "client_secret": "..."}.'
        yield Error("AVOW_OIDC is no dict.", hint=hint, id="avow_oidc.E001")
        return
    known = settings.names()
    for name in said:
        if name not in known:
            like = difflib.get_close_matches(str(name), known, 1)
            hint = f"Did you mean {like[0]!r}?" if like else "Remove it."
            yield Error(f"AVOW_OIDC has no {name!r}.", hint=hint, id="avow_oidc.E002")
    for name, wanted in settings.faults_of(settings.said()).items():
        value = "set" if name == "client_secret" else repr(settings.said()[name])
        yield Error(f"AVOW_OIDC[{name!r}] is {value}.", hint=f"It has to be {wanted}.", id="avow_oidc.E003")


def _check_provider() -> Iterator[CheckMessage]:
    said = settings.usable()
    if not said.issuer:
        hint = 'Set AVOW_OIDC = {"issuer": ...} to the address that the provider calls itself, or AUTH0_DOMAIN.'
        yield Error("No provider is named.", hint=hint, id="avow_oidc.E004")
    if not said.client_id:
        hint = 'Register this project at the provider, and set AVOW_OIDC["client_id"], or AUTH0_CLIENT_ID.'
        yield Error("The provider's name for this project is missing.", hint=hint, id="avow_oidc.E005")
    domain = getattr(project, "AUTH0_DOMAIN", "")
    if domain and ("/" in str(domain) or ":" in str(domain).partition(":")[2]):
        hint = 'Set it without "https://" and without a path.'
        yield Error(f"AUTH0_DOMAIN is {domain!r}.", hint=hint, id="avow_oidc.E006")
        return
    for name in ("issuer", "discovery_url", "public_url", "api_url"):
        url = getattr(said, name)
        if url and not is_url(url):
            hint = "It has to look like https://id.example.com."
            yield Error(f"AVOW_OIDC[{name!r}] is {url!r}.", hint=hint, id="avow_oidc.E007")
        elif url.startswith("http://") and name in ("issuer", "discovery_url") and not settings.is_local(url):
            hint = "Use its https address: over http anybody on the way can log in as anybody."
            yield Error(f"AVOW_OIDC[{name!r}] is an http address.", hint=hint, id="avow_oidc.E008")
    if "openid" not in said.scope.split():
        hint = 'Name openid, for example "openid profile email".'
        yield Error(f'AVOW_OIDC["scope"] is {said.scope!r}.', hint=hint, id="avow_oidc.E009")


def _check_project() -> Iterator[CheckMessage]:
    for name in (_SESSIONS, _AUTHENTICATION):
        if not _has(project.MIDDLEWARE, import_string(name)):
            yield Error("Nobody stays logged in.", hint=f'Add "{name}" to MIDDLEWARE.', id="avow_oidc.E010")
    if not _has(project.AUTHENTICATION_BACKENDS, import_string(_BACKEND)):
        hint = f'Add "{_BACKEND}" to AUTHENTICATION_BACKENDS.'
        yield Error("The backend of this app is missing.", hint=hint, id="avow_oidc.E011")
    if project.SESSION_COOKIE_SAMESITE == "Strict":
        hint = 'Set SESSION_COOKIE_SAMESITE = "Lax".'
        yield Error("Browsers come back from the provider without their session.", hint=hint, id="avow_oidc.E012")
    said = settings.usable()
    if project.SESSION_ENGINE == _IN_COOKIES and said.keep_tokens:
        hint = 'Use another SESSION_ENGINE, or set AVOW_OIDC["keep_tokens"] to False.'
        yield Warning("Tokens are kept in the browser's cookie, readable.", hint=hint, id="avow_oidc.W013")
    if project.SESSION_ENGINE == _IN_COOKIES and said.backchannel_logout:
        hint = 'Use another SESSION_ENGINE, or remove AVOW_OIDC["backchannel_logout"].'
        yield Error("The provider cannot end sessions that are kept in cookies.", hint=hint, id="avow_oidc.E014")
    if not apps.is_installed("django.contrib.auth"):
        yield Error("There are no users.", hint='Add "django.contrib.auth" to INSTALLED_APPS.', id="avow_oidc.E015")


def _check_mappings() -> Iterator[CheckMessage]:
    said = settings.usable()
    wants_roles = said.groups or said.permissions or said.is_staff_role or said.is_superuser_role
    if wants_roles and not said.roles_claim:
        hint = 'Set AVOW_OIDC["roles_claim"] to the claim that has the names.'
        yield Error("Roles are mapped, and no claim is named that has them.", hint=hint, id="avow_oidc.E016")
    if said.keep_tokens is False and said.api_url:
        hint = 'Set AVOW_OIDC["keep_tokens"] to True.'
        yield Warning("An API is named, and no token is kept to call it with.", hint=hint, id="avow_oidc.W017")
    asked = getattr(project, "AVOW_OIDC", {})
    for column in said.columns if isinstance(asked, Mapping) and "columns" in asked else ():
        try:
            get_user_model()._meta.get_field(column)
        except FieldDoesNotExist:
            hint = 'Remove it from AVOW_OIDC["columns"], whose keys are columns and whose values are claims.'
            yield Error(f"The user model has no field {column!r}.", hint=hint, id="avow_oidc.E018")


def _has(names: Sequence[str], ours: type) -> bool:
    """Tell whether a class, or a subclass of it, is among those that are named."""
    for name in names:
        try:
            found = import_string(name)
        except ImportError:
            continue  # Django says so itself
        if isinstance(found, type) and issubclass(found, ours):
            return True
    return False


_CHECKS: Final = (_check_shape, _check_provider, _check_project, _check_mappings)
