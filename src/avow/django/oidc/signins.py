"""The sessions that a provider may end: noted at each sign-in, ended together by a back-channel logout."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings as project
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from avow.django.oidc import settings
from avow.django.oidc.models import SignIn
from avow.django.oidc.people import Person, identity_of

__all__ = ["end", "forget", "note"]


def note(session: SessionBase, person: Person) -> None:
    """Remember which session a sign-in began, where the provider may end it."""
    identity = identity_of(person) if settings.load().backchannel_logout else None
    if identity is None or not session.session_key:
        return
    sid = person.claims.get("sid")
    SignIn.objects.update_or_create(
        session_key=session.session_key,
        defaults={"identity": identity, "sid": sid[:255] if isinstance(sid, str) else ""},
    )
    over = timezone.now() - timedelta(seconds=2 * session.get_expiry_age())
    SignIn.objects.filter(identity=identity, created_at__lt=over).delete()


def forget(session: SessionBase) -> None:
    """Forget a session that ends here."""
    if settings.load().backchannel_logout and session.session_key:
        SignIn.objects.filter(session_key=session.session_key).delete()


def end(issuer: str, subject: str, sid: str) -> int:
    """End the sessions of a person, or those of one session of the provider; return how many.

    Args:
        issuer: The provider.
        subject: Whose; "" where only the session is named.
        sid: The provider's session, "" for all of the person's.
    """
    rows = SignIn.objects.filter(identity__issuer=issuer)
    rows = rows.filter(identity__subject=subject) if subject else rows
    rows = rows.filter(sid=sid) if sid else rows
    engine: Any = import_module(project.SESSION_ENGINE)
    found = [(row.pk, row.session_key) for row in rows]
    for _, key in found:
        engine.SessionStore(key).delete()
    rows.model.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    return len(found)
