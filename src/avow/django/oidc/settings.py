"""The settings of sign-in at an OpenID provider: `AVOW_OIDC`, or the `AUTH0_*` names of older projects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from ipaddress import ip_address
from typing import Any, Final, Literal, TypedDict
from urllib.parse import urlsplit

from django.conf import settings as project
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

__all__ = ["AvowOidc", "LOGOUTS", "Settings", "USERINFO", "faults_of", "is_local", "load", "names", "said", "usable"]

Logout = Literal["auto", "provider", "auth0", "local"]
Userinfo = Literal["auto", "always", "never"]
LOGOUTS: Final = ("auto", "provider", "auth0", "local")
USERINFO: Final = ("auto", "always", "never")


class AvowOidc(TypedDict, total=False):
    """What `AVOW_OIDC` may say; `Settings` says what each means."""

    issuer: str
    client_id: str
    client_secret: str
    discovery_url: str
    client_auth: str
    scope: str
    audience: str
    parameters: Mapping[str, str]
    userinfo: Userinfo
    timeout_seconds: float
    public_url: str
    create_users: bool
    match_email: bool
    trust_email: bool
    name_claim: str
    columns: Mapping[str, str]
    roles_claim: str
    is_staff_role: str
    is_superuser_role: str
    groups: Mapping[str, str] | bool
    permissions: Mapping[str, str] | bool
    session_key: str
    keep_tokens: bool
    logout: Logout
    backchannel_logout: bool
    api_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the project says, under the names of `AVOW_OIDC`.

    Attributes:
        issuer: The provider, as it calls itself; needed.
        client_id: What the provider calls this project; needed.
        client_secret: The secret that goes with it; "" for a public client.
        discovery_url: Where the provider describes itself, if not below its issuer.
        client_auth: "client_secret_basic" or "client_secret_post"; "" as the provider takes it.
        scope: What is asked for.
        audience: The API that access tokens are for, by the parameter `audience`.
        parameters: Further parameters of every authorization request, such as `resource`.
        userinfo: When the provider's user endpoint is asked: "auto" when the ID token lacks what `scope` asks for.
        timeout_seconds: How long a request may wait for the provider.
        public_url: Where browsers reach this project, when Django cannot tell behind a proxy.
        create_users: Who comes for the first time gets an account.
        match_email: Who comes for the first time gets the account that has their verified address, if there is one.
        trust_email: An address counts as verified where the provider says neither yes nor no.
        name_claim: The claim that a new account is named by.
        columns: The claim for each column of the user model, written at each sign-in.
        roles_claim: The claim with a list of names: roles, groups or permissions; a dot leads into an object.
        is_staff_role: The name that makes `user.is_staff`; "" leaves the column alone.
        is_superuser_role: The name that makes `user.is_superuser`; "" leaves the column alone.
        groups: Django's group for each name; True takes the groups that have the names.
        permissions: Django's permission for each name, as "app.codename"; True takes the names that look like one.
        session_key: Under which key Django's session holds what the provider said.
        keep_tokens: The session holds the tokens too; `api_session` needs them.
        logout: Where a log-out goes on to: "provider" its `end_session_endpoint`, "auth0" its `/v2/logout`, "local"
            nowhere, "auto" whichever there is.
        backchannel_logout: The provider may end sessions here.
        api_url: The API whose message the page `admin` shows.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    discovery_url: str = ""
    client_auth: str = ""
    scope: str = "openid profile email"
    audience: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    userinfo: Userinfo = "auto"
    timeout_seconds: float = 5.0
    public_url: str = ""
    create_users: bool = True
    match_email: bool = False
    trust_email: bool = False
    name_claim: str = "sub"
    columns: Mapping[str, str] = field(default_factory=lambda: {"first_name": "given_name", "last_name": "family_name"})
    roles_claim: str = ""
    is_staff_role: str = ""
    is_superuser_role: str = ""
    groups: Mapping[str, str] | bool = False
    permissions: Mapping[str, str] | bool = False
    session_key: str = "avow_oidc"
    keep_tokens: bool = False
    logout: Logout = "auto"
    backchannel_logout: bool = False
    api_url: str = ""

    @property
    def described_at(self) -> str:
        """Return where the provider describes itself.

        Spec: OpenID Connect Discovery 1.0 section 4.1.
        """
        return self.discovery_url or f"{self.issuer.removesuffix('/')}/.well-known/openid-configuration"


def names() -> tuple[str, ...]:
    """Return the names that `AVOW_OIDC` may have."""
    return tuple(one.name for one in fields(Settings))


@cache
def load() -> Settings:
    """Return the settings as the project has them now.

    Raises:
        ImproperlyConfigured: A value is wrong: a default in its place could let in whom the project keeps out.
    """
    if not isinstance(getattr(project, "AVOW_OIDC", {}), Mapping):
        raise ImproperlyConfigured("AVOW_OIDC has to be a dict.")
    wrong = [f"{name!r} has to be {wanted}" for name, wanted in faults_of(said()).items()]
    wrong += [f"{name!r} is no setting" for name in said() if name not in names()]
    if wrong:
        raise ImproperlyConfigured(f"AVOW_OIDC: {'; '.join(wrong)}.")
    return usable()


def usable() -> Settings:
    """Return the settings with defaults where a value is wrong: for those who look for what else is."""
    found = {name: value for name, value in said().items() if name in names()}
    faulty = faults_of(found)
    return Settings(**{name: value for name, value in found.items() if name not in faulty})


def said() -> dict[str, Any]:
    """Return what the project says, right or wrong: `AVOW_OIDC` comes before the older names."""
    found = getattr(project, "AVOW_OIDC", None)
    return _of_older_names(found if isinstance(found, Mapping) else {})


def faults_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with each value that is of the wrong kind: what it has to be."""
    return {name: _KINDS[name][0] for name, value in found.items() if name in _KINDS and not _KINDS[name][1](value)}


def is_local(url: str) -> bool:
    """Tell whether an address is on this machine, where http will do."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, whatever it begins with
        return False


def _of_older_names(found: Mapping[str, Any]) -> dict[str, Any]:
    """Add what the names of an Auth0 project say; its code reads `session["user"]` and asks the API of its audience."""
    older = {
        "client_id": getattr(project, "AUTH0_CLIENT_ID", None),
        "client_secret": getattr(project, "AUTH0_CLIENT_SECRET", None),
        "audience": getattr(project, "AUTH0_AUDIENCE", None),
        "api_url": getattr(project, "API_SERVER_URL", None),
    }
    domain = getattr(project, "AUTH0_DOMAIN", None)
    merged = {name: value for name, value in older.items() if value} | dict(found)
    if domain and "issuer" not in found:
        merged = {"issuer": f"https://{domain}/", "logout": "auth0", "session_key": "user"} | merged
    if merged.get("audience"):  # whoever names an API wants to call it
        merged.setdefault("keep_tokens", True)
    return merged


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair)


def _one_of(*values: str) -> tuple[str, Callable[[object], bool]]:
    return f"one of {', '.join(map(repr, values))}", lambda value: value in values


_FLAG: Final = ("True or False", _is_flag)
_MAPPING: Final = ("a dict of texts", _is_mapping)
_OTHER_KINDS: Final[Mapping[str, tuple[str, Callable[[object], bool]]]] = {
    "client_auth": _one_of("", "client_secret_basic", "client_secret_post"),
    "parameters": _MAPPING,
    "userinfo": _one_of(*USERINFO),
    "timeout_seconds": (
        "a number of seconds above 0",
        lambda value: isinstance(value, int | float) and not _is_flag(value) and value > 0,
    ),
    **dict.fromkeys(("create_users", "match_email", "trust_email", "keep_tokens", "backchannel_logout"), _FLAG),
    "columns": _MAPPING,
    **dict.fromkeys(
        ("groups", "permissions"), ("True, or a dict of texts", lambda value: _is_flag(value) or _is_mapping(value))
    ),
    "logout": _one_of(*LOGOUTS),
}
_KINDS: Final = {one.name: _OTHER_KINDS.get(one.name, ("text", _is_text)) for one in fields(Settings)}


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("AVOW_OIDC", "AUTH0_", "API_SERVER_URL")):
        load.cache_clear()


setting_changed.connect(_forget, dispatch_uid="avow.django.oidc.settings")
