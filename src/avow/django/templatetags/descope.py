"""`{% load descope %}`: the same tags under the older plugin's name."""

from avow.django.templatetags.avow import register

__all__ = ["register"]
