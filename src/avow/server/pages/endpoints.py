"""The addresses of Avow's own pages, and the fields of their forms."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Text, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "ASSET",
    "CODE",
    "ENCHANTED_LINK",
    "HOME",
    "LOGIN",
    "LOGIN_ANY",
    "MAGIC_LINK",
    "POST_CODE",
    "POST_ENCHANTED_LINK",
    "POST_LOGIN",
    "POST_MAGIC_LINK",
    "POST_RESEND",
    "POST_RESET_PASSWORD",
    "POST_SIGNED_IN",
    "POST_WAITING",
    "RESET_PASSWORD",
    "SIGNED_IN",
    "SSO_SETUP",
    "WAITING",
    "AskForm",
    "AskQuery",
    "CodeForm",
    "LinkForm",
    "LinkQuery",
    "PasswordForm",
    "PlainForm",
    "SessionForm",
    "SessionQuery",
]

_Choice = Annotated[str, Meta(max_length=20)]
_Token = Annotated[str, Meta(max_length=512, extra=SECRET)]
_Proof = Annotated[str, Meta(max_length=320, extra=SECRET)]
_Password = Annotated[str, Meta(max_length=1024, extra=SECRET)]
_Number = Annotated[str, Meta(pattern="^[0-9]{1,3}$")] | None


class AskQuery(Shape, frozen=True, kw_only=True):
    """What a link to the sign-in page may say.

    Attributes:
        login_id: Fills the field.
        next: Where to go afterwards; one of the project's approved redirects.
        notice: What has just happened: `signed-out`, `everywhere` or `ended`.
    """

    login_id: Text | None = None
    notice: _Choice | None = None
    next: Url | None = None


class PlainForm(Shape, frozen=True, kw_only=True):
    """A form with nothing but its own token, which proves that a page of ours was open in this browser."""

    form: _Proof = ""


class AskForm(PlainForm, frozen=True, kw_only=True):
    """Who wants to sign in, and how: by `code`, `link` or `number`."""

    login_id: Text = ""
    how: _Choice = ""
    next: Url | None = None


class CodeForm(PlainForm, frozen=True, kw_only=True):
    """The code as typed or pasted."""

    code: _Proof = ""


class LinkQuery(Shape, frozen=True, kw_only=True):
    """What a mailed link carries: its token, and of an enchanted link the number beside it."""

    t: _Token = ""
    n: _Number = None


class LinkForm(PlainForm, frozen=True, kw_only=True):
    """The token of a link, sent by the person's click."""

    t: _Token = ""
    n: _Number = None


class PasswordForm(PlainForm, frozen=True, kw_only=True):
    """The token of a link by which a password is reset, and the new one as typed."""

    t: _Token = ""
    password: _Password = ""


class SessionQuery(Shape, frozen=True, kw_only=True):
    """What the signed-in page may be told: `refreshed`."""

    notice: _Choice | None = None


class SessionForm(PlainForm, frozen=True, kw_only=True):
    """What to do with the session: `refresh`, `end`, `end-all`, or `end-one` with the session's id."""

    do: _Choice = ""
    session_id: Text = ""


def _get(name: str, path: str, query: type[Shape] = Nothing) -> Endpoint[Shape, Nothing]:
    return Endpoint(f"pages.{name}", "GET", path, query, Nothing, Caller.ANYONE, is_page=True)


def _post(name: str, path: str, form: type[Shape]) -> Endpoint[Shape, Nothing]:
    return Endpoint(f"pages.{name}", "POST", path, form, Nothing, Caller.ANYONE, is_page=True)


HOME = _get("home", "/")
ASSET = _get("asset", "/assets/{file}")

LOGIN_ANY = _get("login_any", "/login", AskQuery)
LOGIN = _get("login", "/login/{projectId}", AskQuery)
POST_LOGIN = _post("login.ask", "/login/{projectId}", AskForm)
CODE = _get("login.code", "/login/{projectId}/code")
POST_CODE = _post("login.verify", "/login/{projectId}/code", CodeForm)
WAITING = _get("login.waiting", "/login/{projectId}/link")
POST_WAITING = _post("login.continue", "/login/{projectId}/link", PlainForm)
POST_RESEND = _post("login.resend", "/login/{projectId}/resend", PlainForm)

MAGIC_LINK = _get("magic_link", "/magic-link/{projectId}", LinkQuery)
POST_MAGIC_LINK = _post("magic_link.verify", "/magic-link/{projectId}", LinkForm)
ENCHANTED_LINK = _get("enchanted_link", "/enchanted-link/{projectId}", LinkQuery)
POST_ENCHANTED_LINK = _post("enchanted_link.verify", "/enchanted-link/{projectId}", LinkForm)

RESET_PASSWORD = _get("reset_password", "/reset-password/{projectId}", LinkQuery)
POST_RESET_PASSWORD = _post("reset_password.set", "/reset-password/{projectId}", PasswordForm)

SIGNED_IN = _get("signed_in", "/signed-in/{projectId}", SessionQuery)
POST_SIGNED_IN = _post("signed_in.do", "/signed-in/{projectId}", SessionForm)

SSO_SETUP = _get("sso_setup", "/sso-setup/{projectId}", LinkQuery)
