"""The views: a login page with the flow, keeping tokens that it ended with, refreshing and logging out."""

from importlib import resources
from typing import Any

from django.conf import settings as project
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from avow.django import clients, settings, stores, users, visits
from avow.django.arrivals import renew
from avow.django.shapes import Anything
from avow.errors import AuthException, AvowError
from avow.sdk.integration.arrivals import Renewed, Unknown, carry_out, proving
from avow.sdk.integration.cookies import TooLargeForCookies
from avow.sdk.integration.session import Tokens

__all__ = ["FlowScript", "LoginView", "LogoutView", "RefreshView", "StoreJwt", "safe_url"]

_TEMPLATE = "avow/login.html"


def safe_url(request: HttpRequest, url: object, default: str) -> str:
    """Return an address of this host that somebody may be sent to; `default` when `url` is none."""
    hosts = {request.get_host()}
    if isinstance(url, str) and url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure()):
        return url
    return default


@method_decorator(
    [login_not_required, never_cache, sensitive_post_parameters(stores.SESSION_KEY, stores.REFRESH_KEY), csrf_protect],
    name="dispatch",
)
class StoreJwt(View):
    """Keeps the tokens that a flow ended with, once both hold and are of one person."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the form fields `DS` and `DSR`; without the latter, the cookie `DSR` of a server on the same host."""
        tokens = _posted(request)
        if not (tokens.session and tokens.refresh):
            return HttpResponseBadRequest()
        try:
            session, me = carry_out(proving(tokens), clients.client())
            visits.sign_in(request, session, me)
        except users.AccountConflict as error:
            return _refused(str(error), 403)
        except TooLargeForCookies as error:
            return _refused(str(error), 400)
        except AuthException as error:
            return _refused(error.error_message, 503 if error.status_code >= 500 else 401)
        except AvowError as error:
            return _refused(error.error_message, 503)
        return JsonResponse({"success": True})


@method_decorator([never_cache, csrf_protect], name="dispatch")
class RefreshView(View):
    """Refreshes the session now, so that a role that was just given counts at once."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer JSON, or go on to the form field `next`."""
        held = visits.session_of(request)
        if held is None:
            return _refused("Nobody is signed in.", 401)
        arrival = renew(held.tokens, clients.client())
        if isinstance(arrival, Unknown):
            return _refused("The session could not be refreshed now.", 503)
        visits.begin(request, arrival)
        if not isinstance(arrival, Renewed):
            return _refused("The session has ended.", 401)
        if target := safe_url(request, request.POST.get("next"), ""):
            return HttpResponseRedirect(target)
        return JsonResponse({"success": True})


# The decorator of CSRF sets the cookie that the form of the flow needs, in a project without Django's middleware too.
@method_decorator([login_not_required, never_cache, csrf_protect], name="dispatch")
class LoginView(View):
    """A page with the flow, which leads to where somebody wanted to go.

    Whoever is signed in is asked whether to go on or to log out, and not sent on: a view that refuses people by sending
    them here would send them round for ever.
    """

    template_name = _TEMPLATE

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the flow, or what somebody can do who is signed in."""
        target = safe_url(request, request.GET.get("next"), resolve_url(project.LOGIN_REDIRECT_URL))
        values = {
            "flow_id": settings.load().login_flow,
            "success_redirect": target,
            "is_signed_in": request.user.is_authenticated,
        }
        return render(request, self.template_name, values)


class LogoutView(auth_views.LogoutView):
    """Ends the session here and on the server; by POST, as Django's own."""

    next_page: Any = None

    def post(self, request: HttpRequest, *positional: Anything, **named: Anything) -> HttpResponse:
        """Log out; without Django's sessions, which Django's own view needs, whoever listens is told all the same."""
        if hasattr(request, "session"):
            return super().post(request, *positional, **named)
        user: Any = getattr(request, "user", None)
        known = user if user is not None and user.is_authenticated else None
        user_logged_out.send(sender=type(known), request=request, user=known)
        request.user = AnonymousUser()
        return HttpResponseRedirect(self.get_success_url())

    def get_default_redirect_url(self) -> str:
        """Return where somebody goes who is signed out."""
        return resolve_url(self.next_page or project.LOGOUT_REDIRECT_URL or "/")


@method_decorator([login_not_required, cache_control(public=True, max_age=3600)], name="dispatch")
class FlowScript(View):
    """The script between the component and `StoreJwt`: a file, since a strict CSP allows none within a page."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the script; nothing in it depends on who asks."""
        del request
        return HttpResponse(_script(), content_type="text/javascript; charset=utf-8")


def _posted(request: HttpRequest) -> Tokens:
    # No variable holds a token by itself: a report of an error would show it.
    return Tokens(
        request.POST.get(stores.SESSION_KEY, ""),
        request.POST.get(stores.REFRESH_KEY) or request.COOKIES.get(stores.REFRESH_KEY, ""),
    )


def _refused(sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"success": False, "error": sentence}, status=status)


def _script() -> bytes:
    return resources.files("avow.django").joinpath("browser", "flow.js").read_bytes()
