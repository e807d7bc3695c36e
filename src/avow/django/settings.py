"""The settings of the Django plugin, read in one go and kept until Django says that a setting changed.

A name `X` is looked for as `AVOW_X`, then `DESCOPE_X` where the older plugin has the like, in Django's settings; the
project, the address and the management key then in the environment, as the SDK does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Final

from django.conf import settings as project
from django.core.signals import setting_changed

from avow.sdk import environment
from avow.sdk.integration.cookies import CookieSettings, name_for_host

__all__ = ["COOKIE", "SESSION", "Settings", "load", "names"]

COOKIE: Final = "cookie"
SESSION: Final = "session"

# Under their older names: those of django-descope and of the packages after it.
_OLDER: Final[Mapping[str, str]] = {
    "PROJECT_ID": "DESCOPE_PROJECT_ID",
    "MANAGEMENT_KEY": "DESCOPE_MANAGEMENT_KEY",
    "BASE_URL": "DESCOPE_BASE_URI",
    "IS_STAFF_ROLE": "DESCOPE_IS_STAFF_ROLE",
    "IS_SUPERUSER_ROLE": "DESCOPE_IS_SUPERUSER_ROLE",
    "USERNAME_CLAIM": "DESCOPE_USERNAME_CLAIM",
    "WEB_COMPONENT_SRC": "DESCOPE_WEB_COMPONENT_SRC",
}
_ASKED: Final[Mapping[str, Callable[[], str]]] = {
    "project_id": environment.project_id,
    "base_url": environment.base_url,
    "public_url": environment.public_url,
    "management_key": environment.management_key,
}
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(CookieSettings):
    """What the project says, by the names without `AVOW_` in lower case.

    Attributes:
        project_id: The project; needed.
        base_url: Where this process reaches the server; needed.
        public_url: Where browsers reach it; `base_url` when empty.
        management_key: For the commands that ask management; a secret.
        timeout_seconds: How long a request may wait for the server.
        token_store: Where tokens are kept: "cookie" or "session".
        is_staff_role: Role that makes `user.is_staff`; "" leaves the column alone.
        is_superuser_role: Role that makes `user.is_superuser`; "" leaves the column alone.
        username_claim: Claim of the session token that a row is found by; unique, and not for people to choose.
        user_field: Unique field of the user model that holds it; the model's USERNAME_FIELD when empty.
        groups: Django's group for each role, by name; True takes the groups that have the names of roles.
        permissions: Django's permission for each of Avow's, as "app.codename"; True takes Avow's that look like one.
        me_seconds: For how long what the server says of a user is kept in Django's cache.
        login_flow: The flow of the login page and of the admin's.
        admin_login: The admin's login page is that of the flow.
        web_component_src: Script of the login component; the server's own when empty.
        client: A function that makes the SDK's client, or its dotted path; for tests and embedded servers.
        async_client: The same for asyncio.
    """

    project_id: str = ""
    base_url: str = ""
    public_url: str = ""
    management_key: str = field(default="", repr=False)
    timeout_seconds: float = 5.0
    token_store: str = COOKIE
    is_staff_role: str = "is_staff"
    is_superuser_role: str = "is_superuser"
    username_claim: str = "sub"
    user_field: str = ""
    groups: Mapping[str, str] | bool = False
    permissions: Mapping[str, str] | bool = False
    me_seconds: int = 300
    login_flow: str = "sign-up-or-in"
    admin_login: bool = False
    web_component_src: str = ""
    client: Callable[[], Any] | str | None = None
    async_client: Callable[[], Any] | str | None = None

    @property
    def uses_cookies(self) -> bool:
        """Tell whether tokens are kept in cookies."""
        return self.token_store != SESSION

    @property
    def browser_url(self) -> str:
        """Return where browsers reach the server, without a slash at its end."""
        return (self.public_url or self.base_url).rstrip("/")


def names() -> tuple[str, ...]:
    """Return the names that can be set."""
    return tuple(f"AVOW_{one.name.upper()}" for one in fields(Settings))


@cache
def load() -> Settings:
    """Return the settings as the project has them now; `manage.py check` says what is wrong with them."""
    said = {one.name: value for one in fields(Settings) if (value := _said(one.name.upper())) is not _ABSENT}
    for name, ask in _ASKED.items():
        said[name] = _inside(name) or said.get(name) or ask()
    said.setdefault("token_store", SESSION if _is_older_project() else COOKIE)
    name_for_host(said)
    return Settings(**said)  # type: ignore[arg-type]  # the checks look at the types, with better words


def _said(name: str) -> object:
    value = getattr(project, f"AVOW_{name}", _ABSENT)
    return value if value is not _ABSENT or name not in _OLDER else getattr(project, _OLDER[name], _ABSENT)


def _inside(name: str) -> object:
    """Return what the project says of the Avow within it: its pages are where that one is."""
    said: Mapping[str, object] = getattr(project, "AVOW_EMBEDDED", {})
    return said.get(name.upper()) or said.get(name)


def _is_older_project() -> bool:
    """Tell whether only the older plugin's settings are there: it keeps tokens in the session."""
    return hasattr(project, "DESCOPE_PROJECT_ID") and not any(hasattr(project, name) for name in names())


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("AVOW_", "DESCOPE_")):
        load.cache_clear()


setting_changed.connect(_forget, dispatch_uid="avow.django.settings")
