"""`{% load avow %}`: `{% avow_flow "sign-up-or-in" "/" %}`, and the older name of the same tag."""

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from avow.django import settings
from avow.django.flowtags import flow

__all__ = ["register"]

register = template.Library()


@register.simple_tag(takes_context=True)
def avow_flow(context: Context, flow_id: str, success_redirect: str) -> SafeString:
    """Show a flow; whoever finishes it goes to `success_redirect`."""
    return flow(context, "avow-login", flow_id, success_redirect)


@register.simple_tag(takes_context=True)
def descope_flow(context: Context, flow_id: str, success_redirect: str) -> SafeString:
    """Show a flow in the element of the official component."""
    return flow(context, "descope-wc", flow_id, success_redirect)


@register.simple_tag
def avow_login_flow() -> str:
    """Return the flow of the login pages, for `{% avow_login_flow as name %}`."""
    return settings.load().login_flow
