"""An authorization request: read from its parameters and judged by one table of checks, in their order.

Until it is known whose address the answer would go to, nothing is sent there: such a fault is shown to the person.

Spec: RFC 6749 section 4.1; OpenID Connect Core 1.0 section 3.1.2; RFC 9700 section 2.1.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from avow.core.oidc import pkce, redirects, scopes
from avow.core.oidc.clients import Client
from avow.core.oidc.scopes import ClaimsRequest

__all__ = ["CHECKS", "MODES", "PARAMETERS", "Asked", "Authorization", "Check", "Fault", "judge", "judge_address"]

MODES: Final = ("query", "form_post", "web_message")
_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account", "create"})
_SEVERAL: Final = frozenset({"resource"})
_MAX_TEXT: Final = 2048
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_MOST_LANGUAGES: Final = 10
# Every parameter that counts; others are passed over, and so are those whose value is empty.
PARAMETERS: Final = (
    "acr_values",
    "audience",
    "claims",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "organization",
    "prompt",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "screen_hint",
    "state",
    "ui_locales",
)


@dataclass(frozen=True)
class Asked:
    """A request that is yet to be judged.

    Attributes:
        parameters: Values by name, in the order that they came.
        client: Whose client_id it names, or None.
        audiences: Of the APIs that it names, those that there are.
        is_pushed: It came by the client itself, which has shown who it is.
    """

    parameters: Mapping[str, Sequence[str]]
    client: Client | None
    audiences: Collection[str] = ()
    is_pushed: bool = False

    def one(self, name: str) -> str:
        """Return the value of a parameter, "" for none."""
        values = self.parameters.get(name, ())
        return values[0] if values else ""

    @property
    def known_client(self) -> Client:
        """Return the client, which an earlier check has found."""
        if self.client is None:
            raise TypeError("the checks come in their order")
        return self.client

    @cached_property
    def scope(self) -> tuple[str, ...]:
        """Return the scopes asked for."""
        return scopes.split(self.one("scope"))

    @cached_property
    def redirect_uri(self) -> str:
        """Return where the answer would go: the address named, or the only one registered."""
        named = self.one("redirect_uri")
        if named or self.client is None or scopes.OPENID in self.scope:
            return named
        registered = self.client.settings.redirect_uris
        return registered[0] if len(registered) == 1 else ""

    @cached_property
    def prompt(self) -> frozenset[str]:
        """Return what the person is to be asked."""
        return frozenset(self.one("prompt").split())

    @cached_property
    def mode(self) -> str:
        """Return how the answer goes back; by the query where the request names no way that there is."""
        named = self.one("response_mode")
        return named if named in MODES and _is_open_to_messages(self) else "query"

    @cached_property
    def wanted_audiences(self) -> tuple[str, ...]:
        """Return the APIs named, by `audience` or `resource`, each once."""
        return tuple(dict.fromkeys((*self.parameters.get("audience", ()), *self.parameters.get("resource", ()))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A request that holds.

    Attributes:
        client: Who asks.
        redirect_uri: Where the answer goes.
        has_redirect: The request named it, and so has the redemption to.
        mode: How: `query`, `form_post` or `web_message`.
        state: Handed back.
        scope: What is asked for.
        audiences: APIs that the access token is to be for.
        nonce: For the ID token, or "".
        challenge: Of PKCE, or "".
        prompt: What the person is to be asked.
        max_age: How many seconds ago they may have signed in, or None.
        claims: See there.
        hint: An ID token of whoever is meant, or "".
        login_hint: Whom to ask for, or "".
        languages: To ask in, the most wanted first; what is no language is left out.
        acr_values: Classes of authentication that are wished for.
        signs_up: The sign-up is shown.
        tenant: The tenant that they are to act in, or "".
        dpop_jkt: The key that the code is bound to, or "".
    """

    client: Client
    redirect_uri: str
    has_redirect: bool
    mode: str
    state: str = ""
    scope: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    nonce: str = ""
    challenge: str = ""
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)
    hint: str = field(default="", repr=False)
    login_hint: str = ""
    languages: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    signs_up: bool = False
    tenant: str = ""
    dpop_jkt: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the classes of authentication that are wished for, the most wanted first."""
        return self.claims.acr or self.acr_values

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing may be shown to the person."""
        return "none" in self.prompt

    @property
    def asks_anew(self) -> bool:
        """Tell whether the person has to sign in although they have a session."""
        return bool(self.prompt & {"login", "create"}) or self.client.forces_authentication


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a request.

    Attributes:
        check: Name of the check.
        error: Of the standards.
        text: A sentence for developers.
        is_told: It may be sent to `redirect_uri`; otherwise it is shown to the person.
        redirect_uri, mode, state: How it is sent there.
        allows_popups: The application may sign in in a popup, to which it is told likewise.
        client: Whose address it is; None where nothing is sent.
    """

    check: str
    error: str
    text: str
    is_told: bool
    redirect_uri: str = ""
    mode: str = "query"
    state: str = ""
    allows_popups: bool = False
    client: Client | None = None


class Check(NamedTuple):
    """One row: what has to hold, and what is answered when it does not."""

    name: str
    holds: Callable[[Asked], bool]
    error: str
    text: str
    is_told: bool = True


def judge_address(asked: Asked) -> Fault | None:
    """Return the first fault of which the application is not told, None where it may be told of any."""
    return next((_fault(asked, check) for check in CHECKS if not check.is_told and not check.holds(asked)), None)


def judge(asked: Asked) -> Authorization | Fault:
    """Return a request that passes every check of the table, or the first fault."""
    for check in CHECKS:
        if not check.holds(asked):
            return _fault(asked, check)
    client, max_age = asked.known_client, asked.one("max_age")
    claims = asked.one("claims")
    default = client.settings.default_audience
    return Authorization(
        client=client,
        redirect_uri=asked.redirect_uri,
        has_redirect=bool(asked.one("redirect_uri")),
        mode=asked.mode,
        state=asked.one("state"),
        scope=asked.scope,
        audiences=asked.wanted_audiences or ((default,) if default in asked.audiences else ()),
        nonce=asked.one("nonce"),
        challenge=asked.one("code_challenge"),
        prompt=asked.prompt,
        max_age=int(max_age) if max_age else None,
        claims=scopes.read_claims_request(claims) if claims else ClaimsRequest(),
        hint=asked.one("id_token_hint"),
        login_hint=asked.one("login_hint"),
        languages=tuple(filter(_LANGUAGE.fullmatch, scopes.split(asked.one("ui_locales"))))[:_MOST_LANGUAGES],
        acr_values=scopes.split(asked.one("acr_values")),
        signs_up=asked.one("screen_hint") == "signup" or "create" in asked.prompt,
        tenant=asked.one("organization"),
        dpop_jkt=asked.one("dpop_jkt"),
    )


# --- What has to hold ----------------------------------------------------------------------------------------------


def _names_a_client(asked: Asked) -> bool:
    return asked.client is not None and len(asked.parameters.get("client_id", ())) == 1


def _is_enabled(asked: Asked) -> bool:
    return asked.known_client.is_enabled


def _names_one_address(asked: Asked) -> bool:
    return len(asked.parameters.get("redirect_uri", ())) <= 1


def _has_an_address(asked: Asked) -> bool:
    return bool(asked.redirect_uri)


def _is_registered(asked: Asked) -> bool:
    return redirects.is_registered(asked.known_client.settings, asked.redirect_uri)


def _names_each_once(asked: Asked) -> bool:
    return all(len(values) <= 1 for name, values in asked.parameters.items() if name not in _SEVERAL)


def _has_no_request_object(asked: Asked) -> bool:
    return not asked.one("request")


def _has_no_request_uri(asked: Asked) -> bool:
    return not asked.one("request_uri")


def _has_no_registration(asked: Asked) -> bool:
    return not asked.one("registration")


def _has_a_response_type(asked: Asked) -> bool:
    return bool(asked.one("response_type"))


def _asks_for_a_code(asked: Asked) -> bool:
    return asked.one("response_type") == "code"


def _may_have_codes(asked: Asked) -> bool:
    return "authorization_code" in asked.known_client.settings.grant_types


def _has_a_known_mode(asked: Asked) -> bool:
    return asked.one("response_mode") in {"", *MODES}


def _is_open_to_messages(asked: Asked) -> bool:
    """Tell whether the page that would get a message is one of the application's."""
    if asked.one("response_mode") != "web_message":
        return True
    origins = asked.known_client.settings.web_origins
    return redirects.origin_of(asked.redirect_uri) in origins


def _is_pushed_where_it_has_to(asked: Asked) -> bool:
    return asked.is_pushed or not asked.known_client.settings.requires_pushed


def _has_short_texts(asked: Asked) -> bool:
    return all(
        len(value) <= _MAX_TEXT
        for name in ("state", "nonce", "login_hint", "ui_locales", "acr_values", "organization", "dpop_jkt")
        for value in asked.parameters.get(name, ())
    )


def _has_scopes(asked: Asked) -> bool:
    return all(map(scopes.is_scope, asked.scope))


def _has_known_prompts(asked: Asked) -> bool:
    return asked.prompt <= _PROMPTS


def _is_none_alone(asked: Asked) -> bool:
    return "none" not in asked.prompt or len(asked.prompt) == 1


def _has_an_age(asked: Asked) -> bool:
    return not asked.one("max_age") or _SECONDS.fullmatch(asked.one("max_age")) is not None


def _has_s256(asked: Asked) -> bool:
    challenge, method = asked.one("code_challenge"), asked.one("code_challenge_method")
    if not challenge:
        return not method
    return method == "S256" and pkce.is_challenge(challenge)


def _has_a_challenge(asked: Asked) -> bool:
    return bool(asked.one("code_challenge")) or asked.known_client.settings.pkce != "required"


def _names_known_audiences(asked: Asked) -> bool:
    return all(each in asked.audiences for each in asked.wanted_audiences)


def _has_readable_claims(asked: Asked) -> bool:
    text = asked.one("claims")
    try:
        if text:
            scopes.read_claims_request(text)
    except ValueError:
        return False
    return True


CHECKS: Final[tuple[Check, ...]] = (
    Check("client", _names_a_client, "invalid_request", "There is no such client.", is_told=False),
    Check("enabled", _is_enabled, "unauthorized_client", "The application is switched off.", is_told=False),
    Check("one-redirect", _names_one_address, "invalid_request", "redirect_uri stands there twice.", is_told=False),
    Check("redirect", _has_an_address, "invalid_request", "redirect_uri is missing.", is_told=False),
    Check("registered", _is_registered, "invalid_request", "redirect_uri is not registered.", is_told=False),
    # From here on it is known whose address the answer goes to.
    Check("once", _names_each_once, "invalid_request", "A parameter stands there twice."),
    Check("request", _has_no_request_object, "request_not_supported", "Request objects are not supported."),
    Check("request-uri", _has_no_request_uri, "request_uri_not_supported", "This request_uri is not supported."),
    Check("registration", _has_no_registration, "registration_not_supported", "Nobody registers in a request."),
    Check("response-type", _has_a_response_type, "invalid_request", "response_type is missing."),
    Check("code", _asks_for_a_code, "unsupported_response_type", "The only response_type is code."),
    Check("grant", _may_have_codes, "unauthorized_client", "The application may not ask for codes."),
    Check("mode", _has_a_known_mode, "invalid_request", "There is no such response_mode."),
    Check("message", _is_open_to_messages, "invalid_request", "No message goes to this origin."),
    Check("pushed", _is_pushed_where_it_has_to, "invalid_request", "The request has to be pushed (RFC 9126)."),
    Check("length", _has_short_texts, "invalid_request", "A parameter is too long."),
    Check("scope", _has_scopes, "invalid_scope", "A scope has characters that no scope has."),
    Check("prompt", _has_known_prompts, "invalid_request", "There is no such prompt."),
    Check("prompt-none", _is_none_alone, "invalid_request", "prompt=none stands alone."),
    Check("max-age", _has_an_age, "invalid_request", "max_age is not a number of seconds."),
    Check("pkce-method", _has_s256, "invalid_request", "code_challenge has to be of S256."),
    Check("pkce", _has_a_challenge, "invalid_request", "code_challenge is missing."),
    Check("audience", _names_known_audiences, "invalid_target", "There is no such audience."),
    Check("claims", _has_readable_claims, "invalid_request", "claims is not an object of objects."),
)


def _fault(asked: Asked, check: Check) -> Fault:
    if not check.is_told:
        return Fault(check.name, check.error, check.text, is_told=False)
    return Fault(
        check.name,
        check.error,
        check.text,
        is_told=True,
        redirect_uri=asked.redirect_uri,
        mode=asked.mode,
        state=asked.one("state") if len(asked.one("state")) <= _MAX_TEXT else "",
        allows_popups=asked.known_client.settings.allows_popups,
        client=asked.known_client,
    )
