"""An API in Django: views that take the access tokens of an OpenID provider, Avow's or any other.

from avow.django.resource import ResourceServer, token_of

api = ResourceServer("https://id.example.com/", audience="https://api.example.com")

@api.token_required(permissions=["read:messages"])
def messages(request):
    return JsonResponse({"for": token_of(request).subject})

It needs no app in INSTALLED_APPS, no middleware, no user model and no database.
"""

from collections.abc import Callable, Collection, Sequence
from functools import wraps
from typing import Any, Final, TypeVar, Unpack, overload
from urllib.parse import quote

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from avow.clock import Clock, system_clock
from avow.django.shapes import View
from avow.sdk._async.resource import AsyncGuard
from avow.sdk._sync.resource import Guard
from avow.sdk.integration.pages import NEVER_STORED
from avow.sdk.integration.refusals import Refusal
from avow.sdk.integration.settings import InvalidSettings
from avow.sdk.resource.credentials import Head
from avow.sdk.resource.guard import Judge
from avow.sdk.resource.metadata import metadata
from avow.sdk.resource.settings import Arguments, Resource
from avow.sdk.resource.tokens import AccessToken, Needs, needs
from avow.sdk.transport import AsyncTransport, Transport

__all__ = ["AccessToken", "InvalidSettings", "ResourceServer", "token_of"]

V = TypeVar("V", bound=Callable[..., Any])

_TOKEN: Final = "avow_access_token"


def token_of(request: HttpRequest) -> AccessToken:
    """Return the access token of a request, in a view that asked for one.

    Raises:
        LookupError: The view did not.
    """
    found = getattr(request, _TOKEN, None)
    if not isinstance(found, AccessToken):
        raise LookupError("No access token was asked for: put @api.token_required over the view.")
    return found


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
        async_transport: AsyncTransport | None = None,
        **more: Unpack[Arguments],
    ) -> None:
        """Keep what is said; the issuer's keys are fetched with the first token.

        Args:
            issuer: As it calls itself, character by character.
            audience: What this API is called there.
            clock: Tells the time; for tests.
            transport: Carries requests to the issuer; for tests.
            async_transport: The same for asynchronous views.
            more: As `avow.sdk.resource.settings.Resource` explains.

        Raises:
            InvalidSettings: They cannot be used; the text says what to set.
        """
        self.resource = Resource(issuer=issuer, audience=audience, **more)
        judge = Judge(self.resource, clock)
        self._guard, self._async_guard = Guard(judge, transport), AsyncGuard(judge, async_transport)

    @overload
    def token_required(self, view: V, /) -> V: ...
    @overload
    def token_required(
        self, /, *, permissions: Collection[str] = (), scopes: Collection[str] = (), people_only: bool = False
    ) -> Callable[[V], V]: ...
    def token_required(
        self,
        view: View = None,
        /,
        *,
        permissions: Collection[str] = (),
        scopes: Collection[str] = (),
        people_only: bool = False,
    ) -> View:
        """Let in requests whose access token holds and has all of these.

        The view is exempt from Django's CSRF check, and from its LoginRequiredMiddleware: no cookie counts.

        Args:
            view: Plain or asynchronous; for a class, `method_decorator(..., name="dispatch")`.
            permissions: Names in the claim `permissions`: what the person, or the machine, may do.
            scopes: Names in the claim `scope`: what the application was allowed.
            people_only: Refuse tokens that an application got for itself.

        Raises:
            ValueError: Names are a text instead of a list.
        """
        wanted = needs(permissions, scopes, people_only=people_only)
        return self._decorate(view, wanted) if view is not None else lambda found: self._decorate(found, wanted)

    def metadata(self, scopes: Sequence[str] = ()) -> dict[str, object]:
        """Return what this API says of itself, to be served at `resource.metadata_path` (RFC 9728)."""
        return metadata(self.resource, scopes)

    def _decorate(self, view: View, wanted: Needs) -> View:
        if iscoroutinefunction(view):  # pyright: ignore[reportDeprecated]  # on 3.11, only this one sees marks

            @wraps(view)
            async def awaited(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
                found = await self._async_guard.judge(_head(request), wanted)
                if isinstance(found, Refusal):
                    return _refused(found)
                setattr(request, _TOKEN, found)
                answer: HttpResponseBase = await view(request, *args, **kwargs)
                return answer

            return _without_cookies(awaited)

        @wraps(view)
        def called(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            found = self._guard.judge(_head(request), wanted)
            if isinstance(found, Refusal):
                return _refused(found)
            setattr(request, _TOKEN, found)
            answer: HttpResponseBase = view(request, *args, **kwargs)
            return answer

        return _without_cookies(called)


def _head(request: HttpRequest) -> Head:
    found = {name: request.headers.get(name) for name in ("Authorization", "DPoP")}
    shown = {name: () if value is None else (value,) for name, value in found.items()}
    return Head(request.method or "", lambda: _address(request), shown["Authorization"], shown["DPoP"])


def _address(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}{quote(request.path)}"


def _without_cookies(view: View) -> View:
    """Mark a view: what other sites' pages send has no token, so that nothing is left to protect or to ask for."""
    view.csrf_exempt = True
    view.login_required = False
    return view


def _refused(refusal: Refusal) -> HttpResponseBase:
    return JsonResponse({"error": refusal.sentence}, status=refusal.status, headers={**NEVER_STORED, **refusal.headers})
