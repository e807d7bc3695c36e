"""The markup of a flow: the component, its script and ours; nothing inline, and every value escaped."""

from django.conf import settings as project
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.crypto import get_random_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from avow.django import settings
from avow.django.views import safe_url

__all__ = ["flow"]

_INCLUDED = "avow_script_included"


def flow(context: Context, element: str, flow_id: str, success_redirect: str) -> SafeString:
    """Return the markup of a flow for one place of a page.

    Args:
        context: With `request`.
        element: `avow-login` or `descope-wc`: the same component under two names.
        flow_id: Which flow.
        success_redirect: Where somebody goes who has signed in: a path, or the name of a view.

    Raises:
        RuntimeError: The context has no `request`.
    """
    request = context.get("request")
    if request is None:
        raise RuntimeError('The tag needs "django.template.context_processors.request" and a template with a request.')
    said, nonce = settings.load(), _nonce(request, context)
    target = safe_url(request, _resolved(success_redirect), resolve_url(project.LOGIN_REDIRECT_URL))
    return _component_script(context, nonce) + format_html(
        '<{element} id="avow-{id}" project-id="{project}" flow-id="{flow}" base-url="{base}" redirect-url="{here}"'
        ' auto-refresh="false" data-avow-store="{store}" data-avow-csrf="{csrf}" data-avow-next="{target}"></{element}>'
        '<script src="{script}"{nonce} defer></script>',
        element=element,
        id=get_random_string(8),
        project=said.project_id,
        flow=flow_id,
        base=said.browser_url,
        here=request.build_absolute_uri(),
        store=reverse("avow:store_jwt"),
        csrf=get_token(request),
        target=target,
        script=reverse("avow:flow_script"),
        nonce=nonce,
    )


def _resolved(to: str) -> str | None:
    """Return the address that a view's name stands for, or what was given; None for what is neither."""
    try:
        return resolve_url(to)
    except NoReverseMatch:  # a page may pass on what a stranger typed
        return None


def _component_script(context: Context, nonce: SafeString) -> SafeString:
    """Return the script of the component, for the first flow of a page only."""
    if context.get(_INCLUDED):
        return SafeString("")
    context.dicts[0][_INCLUDED] = True
    said = settings.load()
    source = said.web_component_src or f"{said.browser_url}/sdk/avow-login.js"
    return format_html('<script src="{}"{} defer></script>', source, nonce)  # a classic one, as the official component


def _nonce(request: HttpRequest, context: Context) -> SafeString:
    """Return the attribute with the nonce of the page's CSP, of Django 6 or of django-csp; empty without one."""
    nonce = getattr(request, "csp_nonce", None) or context.get("csp_nonce")
    return format_html(' nonce="{}"', nonce) if nonce else SafeString("")
