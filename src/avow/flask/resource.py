"""An API in Flask: views that take the access tokens of an OpenID provider, Avow's or any other.

from avow.flask import ResourceServer, current_token

api = ResourceServer("https://id.example.com/", audience="https://api.example.com")

@app.get("/messages")
@api.token_required(permissions=["read:messages"])
def messages():
    return {"for": current_token.subject}
"""

from collections.abc import Callable, Collection, Coroutine, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeAlias, Unpack, overload
from urllib.parse import quote

from flask import current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from avow.clock import Clock, system_clock
from avow.sdk._sync.resource import Guard
from avow.sdk.integration.pages import NEVER_STORED
from avow.sdk.integration.refusals import Refusal
from avow.sdk.resource.credentials import Head
from avow.sdk.resource.guard import Judge
from avow.sdk.resource.metadata import metadata
from avow.sdk.resource.settings import Arguments, Resource
from avow.sdk.resource.tokens import AccessToken, needs
from avow.sdk.transport import Transport

__all__ = ["ResourceServer", "current_token"]

P = ParamSpec("P")
Answer: TypeAlias = ResponseReturnValue | Coroutine[Any, Any, ResponseReturnValue]
View: TypeAlias = Callable[P, Answer]
Decorated: TypeAlias = Callable[P, ResponseReturnValue]

_TOKEN: Final = "_avow_access_token"  # on the request itself, as `g` may outlive one


def _token() -> AccessToken | None:
    found: AccessToken | None = getattr(request, _TOKEN, None)
    return found


current_token: AccessToken = LocalProxy(_token)  # type: ignore[assignment]  # false outside of a protected view
"""The access token of the request at work, in a view that asked for one."""


class ResourceServer:
    """An API that takes the access tokens of one issuer.

    Attributes:
        resource: What it was told.
    """

    def __init__(
        self,
        issuer: str,
        *,
        audience: str,
        clock: Clock = system_clock,
        transport: Transport | None = None,
        **more: Unpack[Arguments],
    ) -> None:
        """Keep what is said; the issuer's keys are fetched with the first token.

        Args:
            issuer: As it calls itself, character by character.
            audience: What this API is called there.
            clock: Tells the time; for tests.
            transport: Carries requests to the issuer; for tests.
            more: As `avow.sdk.resource.settings.Resource` explains.

        Raises:
            InvalidSettings: They cannot be used; the text says what to set.
        """
        self.resource = Resource(issuer=issuer, audience=audience, **more)
        self._guard = Guard(Judge(self.resource, clock), transport)

    @overload
    def token_required(self, view: View[P], /) -> Decorated[P]: ...
    @overload
    def token_required(
        self, /, *, permissions: Collection[str] = (), scopes: Collection[str] = (), people_only: bool = False
    ) -> Callable[[View[P]], Decorated[P]]: ...
    def token_required(
        self,
        view: View[P] | None = None,
        /,
        *,
        permissions: Collection[str] = (),
        scopes: Collection[str] = (),
        people_only: bool = False,
    ) -> Decorated[P] | Callable[[View[P]], Decorated[P]]:
        """Let in requests whose access token holds and has all of these; it stands below `@app.route`.

        Args:
            view: Plain or asynchronous.
            permissions: Names in the claim `permissions`: what the person, or the machine, may do.
            scopes: Names in the claim `scope`: what the application was allowed.
            people_only: Refuse tokens that an application got for itself.

        Raises:
            ValueError: Names are a text instead of a list.
        """
        wanted = needs(permissions, scopes, people_only=people_only)

        def decorate(view: View[P]) -> Decorated[P]:
            @wraps(view)
            def asked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
                found = self._guard.judge(_head(), wanted)
                if isinstance(found, Refusal):
                    return _refused(found)
                setattr(request, _TOKEN, found)
                answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
                return answer

            return asked

        return decorate if view is None else decorate(view)

    def metadata(self, scopes: Sequence[str] = ()) -> dict[str, object]:
        """Return what this API says of itself, to be served at `resource.metadata_path` (RFC 9728)."""
        return metadata(self.resource, scopes)


def _head() -> Head:
    found = {name: request.headers.get(name) for name in ("Authorization", "DPoP")}
    shown = {name: () if value is None else (value,) for name, value in found.items()}
    return Head(request.method, _address, shown["Authorization"], shown["DPoP"])


def _address() -> str:
    return request.host_url.rstrip("/") + quote(request.root_path.rstrip("/") + request.path)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    return jsonify({"error": refusal.sentence}), refusal.status, {**NEVER_STORED, **refusal.headers}
