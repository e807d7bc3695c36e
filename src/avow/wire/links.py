"""What magic links and enchanted links share: the bodies that carry a URL, and the token that comes back."""

from msgspec import field

from avow.wire.bounds import SecretReference, Url
from avow.wire.endpoint import Shape
from avow.wire.login import SignIn, SignUp, UpdateEmail, UpdatePhone

__all__ = [
    "ENDPOINTS",
    "LinkSignIn",
    "LinkSignUp",
    "LinkToken",
    "LinkUpdateEmail",
    "LinkUpdatePhone",
    "target_url",
]


class LinkSignUp(SignUp, frozen=True, kw_only=True):
    """A new user, and where the link they are sent leads.

    Attributes:
        uri: Page of the application that gets the token as `t`; absent, the project's default.
        redirect_url: The same under its newer name.
    """

    uri: Url | None = field(default=None, name="URI")
    redirect_url: Url | None = None


class LinkSignIn(SignIn, frozen=True, kw_only=True):
    """A user who is to prove who they are, and where the link they are sent leads.

    Attributes:
        uri: Page of the application that gets the token as `t`; absent, the project's default.
        redirect_url: The same under its newer name.
    """

    uri: Url | None = field(default=None, name="URI")
    redirect_url: Url | None = None


class LinkUpdateEmail(UpdateEmail, frozen=True, kw_only=True):
    """A new e-mail address, and where the link sent to it leads.

    Attributes:
        uri: Page of the application that gets the token as `t`; absent, the project's default.
        redirect_url: The same under its newer name.
    """

    uri: Url | None = field(default=None, name="URI")
    redirect_url: Url | None = None


class LinkUpdatePhone(UpdatePhone, frozen=True, kw_only=True):
    """A new phone number, and where the link sent to it leads.

    Attributes:
        uri: Page of the application that gets the token as `t`; absent, the project's default.
        redirect_url: The same under its newer name.
    """

    uri: Url | None = field(default=None, name="URI")
    redirect_url: Url | None = None


class LinkToken(Shape, frozen=True, kw_only=True):
    """The token that a link carried (`t` in its query)."""

    token: SecretReference


def target_url(body: LinkSignUp | LinkSignIn | LinkUpdateEmail | LinkUpdatePhone) -> str | None:
    """Return where the caller wants the link to lead, or None for the project's default."""
    return body.uri or body.redirect_url or None


ENDPOINTS = ()
