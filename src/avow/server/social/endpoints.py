"""The addresses that browsers open in the course of a sign-in with a social provider.

Each provider has a callback of its own, so that what one answers is never taken for another's answer.

Spec: RFC 9700 section 4.4.2.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta

from avow.errors import NotFound
from avow.server.serving import Project
from avow.wire.bounds import Name
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = ["CALLBACK", "GO", "GO_PATH", "POST_CALLBACK", "CallbackQuery", "GoQuery", "provider_of", "redirect_uri"]

_Token = Annotated[str, Meta(max_length=512, extra=SECRET)]
_Secret = Annotated[str, Meta(max_length=4096, extra=SECRET)]
_Long = Annotated[str, Meta(max_length=2048)]

GO_PATH = "/v1/auth/oauth/go"
_NAME: Final = re.compile("[a-z0-9][a-z0-9-]{0,62}", re.ASCII)  # as `wire.providers.ProviderName`
_CALLBACK_PATH = "/v1/auth/oauth/callback"


class GoQuery(Shape, frozen=True, kw_only=True):
    """The token of a start; and that the person agreed, where they were asked."""

    t: _Token = ""
    ok: _Token = ""


class CallbackQuery(Shape, frozen=True, kw_only=True):
    """What a provider says by way of the browser.

    Attributes:
        user: Name and address as JSON, from Apple at the first sign-in.

    Spec: RFC 6749 sections 4.1.2 and 4.1.2.1; RFC 9207 section 2.
    """

    state: Annotated[str, Meta(max_length=512)] | None = None
    code: _Secret | None = None
    iss: _Long | None = None
    error: Name | None = None
    user: _Long | None = None


GO = Endpoint("oauth.go", "GET", f"{GO_PATH}/{{projectId}}", GoQuery, Nothing, Caller.ANYONE, is_page=True)
CALLBACK = Endpoint(
    "oauth.callback",
    "GET",
    f"{_CALLBACK_PATH}/{{projectId}}/{{provider}}",
    CallbackQuery,
    Nothing,
    Caller.ANYONE,
    is_page=True,
)
POST_CALLBACK = Endpoint(
    "oauth.callback.form",
    "POST",
    f"{_CALLBACK_PATH}/{{projectId}}/{{provider}}",
    CallbackQuery,
    Nothing,
    Caller.ANYONE,
    is_page=True,
    takes_form=True,
)


def provider_of(path: Mapping[str, str]) -> str:
    """Return the provider that a path names.

    Raises:
        NotFound: No provider can have this name.
    """
    if not _NAME.fullmatch(path["provider"]):
        raise NotFound
    return path["provider"]


def redirect_uri(project: Project, provider: str) -> str:
    """Return where a provider sends browsers back to; it has to be registered there."""
    return f"{project.public_url.rstrip('/')}{_CALLBACK_PATH}/{project.id}/{provider}"
