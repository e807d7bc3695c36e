"""The addresses of Avow's own pages, and the fields of their forms."""

from typing import Annotated

import msgspec
from msgspec import Meta, field

from avow.wire.bounds import END, Reference, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "ACCOUNT",
    "ACCOUNT_ANY",
    "ASSET",
    "ENCHANTED_LINK",
    "HOME",
    "LOGIN",
    "LOGIN_ANY",
    "MAGIC_LINK",
    "POST_ACCOUNT",
    "POST_ENCHANTED_LINK",
    "POST_LOGIN",
    "POST_RESET_PASSWORD",
    "POST_RETURN",
    "POST_STEP",
    "RESET_PASSWORD",
    "RETURN",
    "SSO_SETUP",
    "STEP",
    "AccountForm",
    "AccountQuery",
    "AskQuery",
    "LinkForm",
    "LinkQuery",
    "PasswordForm",
    "PlainForm",
    "ReturnForm",
    "ReturnQuery",
    "StepForm",
]

_Choice = Annotated[str, Meta(max_length=20)]
_Token = Annotated[str, Meta(max_length=512, extra=SECRET)]
_Proof = Annotated[str, Meta(max_length=320, extra=SECRET)]
_Mark = Annotated[str, Meta(max_length=300)]
_Answer = Annotated[str, Meta(max_length=65_536, extra=SECRET)]
_Password = Annotated[str, Meta(max_length=1024, extra=SECRET)]
_Languages = Annotated[str, Meta(max_length=256)]
_Number = Annotated[str, Meta(pattern=rf"^[0-9]{{1,3}}{END}")] | None


class AskQuery(Shape, frozen=True, kw_only=True):
    """What a link to the sign-in page may say.

    Attributes:
        login_id: Fills the field.
        flow: Which flow; otherwise the one by which everybody signs up or in.
        next: Where to go afterwards; one of the project's approved redirects.
        notice: What has just happened: `signed-out`, `everywhere` or `ended`.
        languages: To read in before those of the browser, as `Accept-Language` lists them.
    """

    login_id: Text | None = None
    flow: Reference | None = None
    notice: _Choice | None = None
    next: Url | None = None
    languages: _Languages | None = None


class PlainForm(Shape, frozen=True, kw_only=True):
    """A form with nothing but its own token, which proves that a page of ours was open in this browser."""

    form: _Proof = ""


class StepForm(PlainForm, frozen=True, kw_only=True):
    """What a person did on a screen of a flow, and all that any screen asks for.

    Attributes:
        step: What this browser was shown of the step, "" on the first screen, which nothing is kept of yet.
        do: The button.
        flow, next, languages: As of `AskQuery`, on the first screen.
        can_passkey: The browser knows passkeys: a script says so.
    """

    step: _Proof = ""
    do: _Proof = ""
    flow: Reference | None = None
    next: Url | None = None
    languages: _Languages | None = None
    can_passkey: _Choice = ""
    email: _Proof = ""
    name: _Proof = ""
    given_name: _Proof = ""
    family_name: _Proof = ""
    phone: _Proof = ""
    code: _Proof = ""
    password: _Password = ""
    new_password: _Password = field(default="", name="new-password")
    old: _Password = ""
    tenant: Text = ""
    transaction_id: _Token = ""
    response: _Answer = ""
    failure: _Choice = ""
    failure_reason: Text = ""
    origin: Text = ""

    @property
    def login_id(self) -> str:
        """Return whom it is about, for the limits per login ID."""
        return self.email

    @property
    def inputs(self) -> dict[str, object]:
        """Return what was typed, by the names of the screens' fields."""
        given = msgspec.to_builtins(self)
        return {name: value for name, value in given.items() if name not in _OF_PAGES and value}


_OF_PAGES = frozenset({"form", "step", "do", "flow", "next", "languages", "canPasskey"})


class LinkQuery(Shape, frozen=True, kw_only=True):
    """What a mailed link carries: its token, and of an enchanted link the number beside it."""

    t: _Token = ""
    n: _Number = None


class ReturnQuery(LinkQuery, frozen=True, kw_only=True):
    """What somebody comes back to a sign-in with.

    Attributes:
        mark: Execution and step that it belongs to.
        code: Of a provider or identity provider.
        err: What was wrong there.
    """

    mark: _Mark = field(default="", name="descope-login-flow")
    code: _Token = ""
    err: _Token = ""


class LinkForm(PlainForm, frozen=True, kw_only=True):
    """The token of a link, sent by the person's click."""

    t: _Token = ""
    n: _Number = None


class ReturnForm(LinkForm, frozen=True, kw_only=True):
    """The same, sent by the person's click or, in the browser that asked, by a script."""

    mark: _Mark = ""
    code: _Token = ""


class PasswordForm(PlainForm, frozen=True, kw_only=True):
    """The token of a link by which a password is reset, and the new one as typed."""

    t: _Token = ""
    password: _Password = ""


class AccountQuery(Shape, frozen=True, kw_only=True):
    """What the account page may be told: what has just happened."""

    notice: _Choice | None = None


class AccountForm(PlainForm, frozen=True, kw_only=True):
    """What to do with the account.

    Attributes:
        do: `refresh`, `end`, `end-all`, `end-one`, `rename-passkey`, `remove-passkey`, `remove-app`, `make-codes`,
            `set-password`, `withdraw`, or `begin`.
        id: Of the session, passkey or consent.
        flow: To begin.
        display_name: Of the passkey.
        password: The new one.
    """

    do: _Choice = ""
    id: Annotated[str, Meta(max_length=2048)] = ""
    flow: Reference | None = None
    display_name: Annotated[str, Meta(max_length=128)] = ""
    password: _Password = ""


def _get(name: str, path: str, query: type[Shape] = Nothing) -> Endpoint[Shape, Nothing]:
    return Endpoint(f"pages.{name}", "GET", path, query, Nothing, Caller.ANYONE, is_page=True)


def _post(name: str, path: str, form: type[Shape]) -> Endpoint[Shape, Nothing]:
    return Endpoint(f"pages.{name}", "POST", path, form, Nothing, Caller.ANYONE, is_page=True)


HOME = _get("home", "/")
ASSET = _get("asset", "/assets/{file}")

LOGIN_ANY = _get("login_any", "/login", AskQuery)
LOGIN = _get("login", "/login/{projectId}", AskQuery)
POST_LOGIN = _post("login.begin", "/login/{projectId}", StepForm)
RETURN = _get("login.return", "/login/{projectId}/return", ReturnQuery)
POST_RETURN = _post("login.returned", "/login/{projectId}/return", ReturnForm)
STEP = _get("login.step", "/login/{projectId}/{screen}")
POST_STEP = _post("login.next", "/login/{projectId}/{screen}", StepForm)

MAGIC_LINK = _get("magic_link", "/magic-link/{projectId}", ReturnQuery)
ENCHANTED_LINK = _get("enchanted_link", "/enchanted-link/{projectId}", LinkQuery)
POST_ENCHANTED_LINK = _post("enchanted_link.verify", "/enchanted-link/{projectId}", LinkForm)

RESET_PASSWORD = _get("reset_password", "/reset-password/{projectId}", LinkQuery)
POST_RESET_PASSWORD = _post("reset_password.set", "/reset-password/{projectId}", PasswordForm)

ACCOUNT_ANY = _get("account_any", "/account")
ACCOUNT = _get("account", "/account/{projectId}", AccountQuery)
POST_ACCOUNT = _post("account.change", "/account/{projectId}", AccountForm)

SSO_SETUP = _get("sso_setup", "/sso-setup/{projectId}", LinkQuery)
