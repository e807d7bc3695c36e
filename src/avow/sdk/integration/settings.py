"""The settings of an integration: arguments or configuration of the framework first, then the environment.

A name `x` is looked for as `AVOW_X`, then by its older name where the official packages have the like.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final, Literal, TypedDict
from urllib.parse import urlsplit

from avow.sdk import environment
from avow.sdk.integration.cookies import HOST_PREFIX, CookieSettings, name_for_host

__all__ = ["OFFICIAL", "OWN", "Arguments", "InvalidSettings", "Settings", "of_config", "settings"]

OWN: Final = "own"
OFFICIAL: Final = "official"

_OLDER: Final[Mapping[str, tuple[str, ...]]] = {
    "project_id": ("DESCOPE_PROJECT_ID",),
    "management_key": ("DESCOPE_MANAGEMENT_KEY",),
    "base_url": ("DESCOPE_BASE_URI", "DESCOPE_BASE_URL"),
    "web_component_src": ("DESCOPE_WEB_COMPONENT_SRC",),
}
# Other parts of Avow read these.
_ELSEWHERE: Final = ("AVOW_JWT_", "AVOW_OIDC", "AVOW_EMBEDDED")
_OFFICIAL_COMPONENT: Final = "https://unpkg.com/@descope/web-component@latest/dist/index.js"
_OFFICIAL_SDK: Final = "https://unpkg.com/@descope/web-js-sdk@latest/dist/index.umd.js"


class InvalidSettings(ValueError):
    """Settings that cannot work or would not be safe; the text says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(CookieSettings):
    """What an application says, by the names without `AVOW_` in lower case.

    Attributes:
        project_id: The project; needed.
        base_url: Where this process reaches the server; needed.
        public_url: Where browsers reach it; `base_url` when empty.
        management_key: For views that call management; a secret.
        timeout_seconds: How long a request may wait for the server.
        url_prefix: Where the login page, and keeping and ending sessions, are; "" for nowhere.
        trusted_origins: Origins besides the application's own whose pages may post with its cookies.
        login_url: Path of the login page that strangers are sent to; the one under `url_prefix` when empty.
        login_flow: The flow of that page.
        login_redirect: Path where somebody goes who has signed in and came from nowhere.
        logout_redirect: Path where somebody goes who has signed out.
        scripts: Whose scripts pages load: the server's "own", or the "official" packages.
        web_component_src: Script of the login component, instead.
        web_sdk_src: Script of the browser's SDK, instead.
        client: A function that makes the SDK's client; for tests and embedded servers.
    """

    project_id: str = ""
    base_url: str = ""
    public_url: str = ""
    management_key: str = field(default="", repr=False)
    timeout_seconds: float = 5.0
    url_prefix: str = "/auth"
    trusted_origins: Collection[str] = ()
    login_url: str = ""
    login_flow: str = "sign-up-or-in"
    login_redirect: str = "/"
    logout_redirect: str = "/"
    scripts: str = OWN
    web_component_src: str = ""
    web_sdk_src: str = ""
    client: Callable[[], Any] | None = None

    @property
    def browser_url(self) -> str:
        """Return where browsers reach the server, without a slash at its end."""
        return (self.public_url or self.base_url).rstrip("/")

    @property
    def component_src(self) -> str:
        """Return the script of the login component."""
        chosen = _OFFICIAL_COMPONENT if self.scripts == OFFICIAL else f"{self.browser_url}/sdk/avow-login.js"
        return self.web_component_src or chosen

    @property
    def sdk_src(self) -> str:
        """Return the script of the browser's SDK, in which `Descope(...)` makes a client whichever it is."""
        chosen = _OFFICIAL_SDK if self.scripts == OFFICIAL else f"{self.browser_url}/sdk/avow.js"
        return self.web_sdk_src or chosen


class Arguments(TypedDict, total=False):
    """The same as arguments; what is left out is the default."""

    project_id: str
    base_url: str
    public_url: str
    management_key: str
    timeout_seconds: float
    url_prefix: str
    session_cookie_name: str
    refresh_cookie_name: str
    cookie_domain: str | None
    cookie_path: str
    cookie_secure: bool
    cookie_samesite: Literal["Lax", "Strict", "None"]
    trusted_origins: Collection[str]
    login_url: str
    login_flow: str
    login_redirect: str
    logout_redirect: str
    scripts: str
    web_component_src: str
    web_sdk_src: str
    client: Callable[[], Any] | None


def of_config(config: Mapping[str, Any]) -> Settings:
    """Return the settings in the configuration of an application, whose names are in upper case.

    Raises:
        InvalidSettings: They cannot be used, or there are none of that name.
    """
    if unknown := _unknown(config):
        raise InvalidSettings(" ".join(unknown))
    said: dict[str, Any] = {}
    for one in fields(Settings):
        names = (f"AVOW_{one.name.upper()}", *_OLDER.get(one.name, ()))
        found = [config[name] for name in names if config.get(name) is not None]
        said |= {one.name: found[0]} if found else {}
    return settings(said)


def settings(said: Mapping[str, Any]) -> Settings:
    """Return the settings of what was said, by their names here; the environment says who and where, if nobody does.

    Raises:
        InvalidSettings: They cannot be used.
    """
    asked = {
        "project_id": environment.project_id,
        "base_url": environment.base_url,
        "public_url": environment.public_url,
        "management_key": environment.management_key,
    }
    chosen = {**said, **{name: said.get(name) or ask() for name, ask in asked.items()}}
    name_for_host(chosen)
    made = Settings(**chosen)
    if wrong := [*_wrong_cookies(made), *_wrong_places(made)]:
        raise InvalidSettings(" ".join(wrong))
    return made


def _unknown(names: Iterable[str]) -> list[str]:
    known = [one.name.upper() for one in fields(Settings)]
    found = []
    for name in names:
        ours = name.removeprefix("AVOW_")
        if ours != name and ours not in known and not name.startswith(_ELSEWHERE):
            like = get_close_matches(ours, known, 1)
            hint = f"did you mean AVOW_{like[0]}?" if like else "a server in the application is told by AVOW_EMBEDDED."
            found.append(f"There is no setting {name}; {hint}")
    return found


def _wrong_cookies(said: Settings) -> list[str]:
    names = (said.session_cookie_name, said.refresh_cookie_name)
    is_for_host = said.cookie_secure and not said.cookie_domain and said.cookie_path == "/"
    rules = {
        "AVOW_COOKIE_SAMESITE is Lax, Strict or None.": said.cookie_samesite in ("Lax", "Strict", "None"),
        "Browsers drop SameSite=None without AVOW_COOKIE_SECURE.": said.cookie_secure or said.cookie_samesite != "None",
        "The two cookies need two names.": len(set(names)) == 2 and all(names),
        f"Browsers drop {HOST_PREFIX} cookies that are not secure, have a domain or a path.": is_for_host
        or not any(name.startswith(HOST_PREFIX) for name in names),
    }
    return [sentence for sentence, holds in rules.items() if not holds]


def _wrong_places(said: Settings) -> list[str]:
    prefix, paths = said.url_prefix, (said.login_redirect, said.logout_redirect, said.login_url or "/")
    rules = {
        f'AVOW_SCRIPTS is "{OWN}" or "{OFFICIAL}".': said.scripts in (OWN, OFFICIAL),
        'AVOW_URL_PREFIX looks like "/auth", or is empty.': not prefix
        or (prefix.startswith("/") and not prefix.endswith("/")),
        "AVOW_LOGIN_URL, AVOW_LOGIN_REDIRECT and AVOW_LOGOUT_REDIRECT are paths of the application.": all(
            path.startswith("/") for path in paths
        ),
        "AVOW_TRUSTED_ORIGINS is a list of origins such as https://www.example.com.": _are_origins(
            said.trusted_origins
        ),
        "AVOW_PUBLIC_URL must look like https://auth.example.com.": not said.public_url
        or urlsplit(said.public_url).scheme in ("http", "https"),
        "AVOW_TIMEOUT_SECONDS must be above 0.": said.timeout_seconds > 0,
    }
    return [sentence for sentence, holds in rules.items() if not holds]


def _are_origins(origins: Collection[str]) -> bool:
    if isinstance(origins, str):
        return False
    parts = [urlsplit(origin) for origin in origins]
    return all(one.scheme in ("http", "https") and one.netloc and not (one.path or one.query) for one in parts)
