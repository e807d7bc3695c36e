"""Tables of sign-in at an OpenID provider: who is who, and which session a sign-in began."""

from datetime import datetime
from typing import Any

from django.conf import settings as project
from django.db import models

__all__ = ["Identity", "SignIn"]


class Identity(models.Model):
    """One person at one provider, and whose account they are here; nothing else leads from one to the other.

    Attributes:
        issuer: The provider, as it calls itself.
        subject: What it calls the person.
        user: Their account.
        created_at: When they came first.
    """

    issuer: "models.CharField[str, str]" = models.CharField(max_length=255)
    subject: "models.CharField[str, str]" = models.CharField(max_length=255)
    user: "models.ForeignKey[Any, Any]" = models.ForeignKey(
        project.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="oidc_identities"
    )
    created_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Says what is unique, and how people call it."""

        verbose_name = "identity"
        verbose_name_plural = "identities"
        constraints = (models.UniqueConstraint(fields=("issuer", "subject"), name="avow_oidc_identity_once"),)

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class SignIn(models.Model):
    """One session of Django that a provider may end; kept only with `backchannel_logout`.

    Attributes:
        session_key: Of Django's session.
        user: Whose account it is of.
        issuer: The provider.
        subject: What it calls the person: an account that a project finds in its own way has no identity.
        sid: What the provider calls its own session, or "".
        created_at: When it began.
    """

    session_key: "models.CharField[str, str]" = models.CharField(max_length=64, unique=True)
    user: "models.ForeignKey[Any, Any]" = models.ForeignKey(
        project.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    issuer: "models.CharField[str, str]" = models.CharField(max_length=255)
    subject: "models.CharField[str, str]" = models.CharField(max_length=255)
    sid: "models.CharField[str, str]" = models.CharField(max_length=255, blank=True)
    created_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Says what is searched by, and how people call it."""

        verbose_name = "sign-in"
        indexes = (models.Index(fields=("issuer", "subject"), name="avow_oidc_signin_person"),)

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}, {self.created_at}"
