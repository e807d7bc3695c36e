"""The views: to the provider and back, out again, and three pages that show who is signed in.

Each page is a template below `avow_oidc/`, which a project replaces by one of its own.
"""

import logging
from typing import Any, Final

from django.conf import settings as project
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import TemplateView

from avow.django.oidc import logouts, settings, signins, visits
from avow.django.oidc.api import SignInNeeded, api_session
from avow.django.oidc.problems import NOT_BEGUN_HERE, SignInStopped
from avow.django.oidc.provider import provider
from avow.django.shapes import Anything

__all__ = ["AdminView", "BackchannelLogoutView", "CallbackView", "LoginView", "LogoutView", "ProfileView"]
__all__ += ["ProtectedView", "SignUpView", "safe_url", "stopped_page"]

logger = logging.getLogger("avow.django.oidc")

_DJANGOS_OWN: Final = "/accounts/profile/"  # Django's LOGIN_REDIRECT_URL of a project that set none
# What the profile page shows, in this order.
_PROFILE: Final = ("nickname", "name", "picture", "updated_at", "email", "email_verified", "sub")


class Open(View):
    """A view for everybody, in a project whose every other page asks for a login too."""

    login_required = False  # read by Django's LoginRequiredMiddleware

    @classmethod
    def as_view(cls, **initkwargs: Anything) -> Anything:
        """Return the view, marked."""
        view = super().as_view(**initkwargs)
        view.login_required = False  # type: ignore[attr-defined]  # the mark of Django 5.1 and newer; 5.0 has no name for it
        return view


@method_decorator(never_cache, name="dispatch")
class LoginView(Open):
    """Sends somebody to the provider to log in.

    Whoever is logged in is asked first: a view that refuses people by sending them here would send them round for ever.
    """

    parameters: dict[str, str] = {}  # noqa: RUF012 - read only

    def get(self, request: HttpRequest) -> HttpResponse:
        """Go to the provider; `next` says where to afterwards, `again` that somebody else wants to log in."""
        target = safe_url(request, request.GET.get("next"), _after_login())
        if request.user.is_authenticated and "again" not in request.GET:
            return render(request, "avow_oidc/signed_in.html", {"target": target})
        parameters = self.parameters | ({"prompt": "login"} if "again" in request.GET else {})
        try:
            return HttpResponseRedirect(visits.begin(request, target, **parameters))
        except SignInStopped as stopped:
            return stopped_page(request, stopped, target)


class SignUpView(LoginView):
    """Sends somebody to the provider to sign up: a hint, which the provider may leave aside."""

    parameters = {"screen_hint": "signup"}  # noqa: RUF012 - read only


@method_decorator(never_cache, name="dispatch")
class CallbackView(Open):
    """Takes who comes back from the provider."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Sign them in, or say what to do now.

        Tabs that begin at the same moment lose each other's sign-in: the last to save the session wins. Whoever comes
        back to one that is lost, and is logged in by the other, goes on; the answer of the provider counts for nothing.
        """
        try:
            return HttpResponseRedirect(visits.finish(request))
        except SignInStopped as stopped:
            if stopped.problem is NOT_BEGUN_HERE and request.user.is_authenticated:
                logger.info("Somebody who is logged in came back from another sign-in: %s", stopped)
                return HttpResponseRedirect(_after_login())
            return stopped_page(request, stopped, stopped.target)


@method_decorator([never_cache, csrf_protect], name="dispatch")
class LogoutView(Open):
    """Logs out here and at the provider."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Log out when a link of this site was clicked, which only browsers can say; else ask first.

        What a browser fetches before anybody clicks it says so, and is asked too.

        Spec: Fetch Metadata Request Headers; `Sec-Purpose`, Fetch section 3.
        """
        if not request.user.is_authenticated and visits.kept(request) is None:
            return HttpResponseRedirect(visits.leave())  # what a stranger's session holds is none of another site's
        is_own_link = request.headers.get("Sec-Fetch-Site") == "same-origin"
        is_click = request.headers.get("Sec-Fetch-Mode") == "navigate" and "Sec-Purpose" not in request.headers
        if is_own_link and is_click:
            return self.post(request)
        return render(request, "avow_oidc/logout.html")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Log out."""
        return HttpResponseRedirect(visits.end(request) or visits.leave())


@method_decorator([never_cache, csrf_exempt], name="dispatch")  # its token says who sent it; no cookie counts
class BackchannelLogoutView(Open):
    """Ends sessions because the provider says so.

    Spec: OpenID Connect Back-Channel Logout 1.0 sections 2.5 and 2.8.
    """

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Take the form field `logout_token`."""
        if not settings.load().backchannel_logout:
            return HttpResponse(status=404)
        try:
            ended = logouts.verify(request.POST.get("logout_token", ""), provider())
        except SignInStopped as stopped:
            logger.warning("A logout token is refused: %s", stopped)
            return JsonResponse({"error": "invalid_request"}, status=400)
        count = signins.end(ended.issuer, ended.subject, ended.sid)
        logouts.spend(ended)
        logger.info("The provider ended %d sessions.", count)
        return HttpResponse(status=200)


class Members(LoginRequiredMixin, TemplateView):
    """A page for whoever is logged in."""

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *positional: Anything, **named: Anything) -> HttpResponseBase:
        """Answer, or send somebody to the login."""
        return super().dispatch(request, *positional, **named)

    def get_login_url(self) -> str:
        """Return the project's login page; that of this app where it has none."""
        return resolve_url("avow_oidc:login" if project.LOGIN_URL == "/accounts/login/" else project.LOGIN_URL)


class ProfileView(Members):
    """What the provider says of whoever is logged in."""

    template_name = "avow_oidc/profile.html"

    def get_context_data(self, **named: Anything) -> dict[str, Any]:
        """Give the template `claims`, all that there is, and `profile`, what the page shows."""
        claims = (visits.kept(self.request) or {}).get("userinfo", {})
        shown = [(name, claims[name]) for name in _PROFILE if name in claims]
        return super().get_context_data(claims=claims, profile=shown, picture=_https(claims.get("picture")), **named)


class ProtectedView(Members):
    """A page for whoever is logged in."""

    template_name = "avow_oidc/protected.html"


class AdminView(Members):
    """A page for those whom the API calls administrators; for staff where no API is named."""

    template_name = "avow_oidc/admin.html"

    def get(self, request: HttpRequest, *positional: Anything, **named: Anything) -> HttpResponse:
        """Show what the API answers."""
        api = settings.load().api_url.rstrip("/")
        if not api:
            is_staff = getattr(request.user, "is_staff", False)
            return self.render_to_response({"is_allowed": is_staff, "message": ""}, status=200 if is_staff else 403)
        try:
            with api_session(request) as session:
                answer = session.get(f"{api}/api/messages/admin")
        except SignInNeeded:
            return HttpResponseRedirect(f"{resolve_url('avow_oidc:login')}?again=1&next={request.path}")
        except (SignInStopped, OSError) as error:  # the errors of `requests` are OSErrors
            logger.warning("The API cannot be asked: %s", error)
            return self.render_to_response({"is_away": True}, status=503)
        if answer.status_code >= 500:
            logger.warning("The API answers %d.", answer.status_code)
            return self.render_to_response({"is_away": True}, status=503)
        return self.render_to_response(
            {"is_allowed": answer.status_code == 200, "message": _message(answer)},
            status=200 if answer.status_code == 200 else 403,
        )


def safe_url(request: HttpRequest, url: object, default: str) -> str:
    """Return an address of this host that somebody may be sent to; `default` when `url` is none."""
    hosts = {request.get_host()}
    if isinstance(url, str) and url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure()):
        return url
    return default


def stopped_page(request: HttpRequest, stopped: SignInStopped, target: str = "") -> HttpResponse:
    """Return the page of a sign-in that came to nothing, and say in the log why.

    Args:
        request: What it answers.
        stopped: Why it came to nothing.
        target: Where somebody wanted to go, for another try.
    """
    logger.warning("A sign-in came to nothing: %s", stopped)
    problem = stopped.problem
    return render(request, "avow_oidc/error.html", {"problem": problem, "target": target}, status=problem.status)


def _after_login() -> str:
    chosen = project.LOGIN_REDIRECT_URL
    return resolve_url("avow_oidc:profile" if chosen == _DJANGOS_OWN else chosen)


def _message(answer: Anything) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    named = [said.get(name) for name in ("text", "message", "error")] if isinstance(said, dict) else []
    found = next(filter(None, named), "")
    return found[:1000] if isinstance(found, str) else ""


def _https(url: object) -> str:
    return url if isinstance(url, str) and url.startswith("https://") else ""
