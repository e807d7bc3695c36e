"""The sessions that a provider may end: noted at each sign-in, ended together by a back-channel logout."""

from datetime import timedelta
from importlib import import_module
from typing import Any, Final

from django.conf import settings as project
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.utils import timezone

from avow.django.oidc import settings
from avow.django.oidc.models import SignIn
from avow.django.oidc.people import Person
from avow.django.shapes import User

__all__ = ["end", "forget", "note"]

_MOST_ASKED: Final = 20


def note(session: SessionBase, user: User, person: Person) -> None:
    """Remember which session a sign-in began, where the provider may end it."""
    if not settings.load().backchannel_logout:
        return
    if not session.session_key:  # it was emptied, being somebody else's: its key is made when it is saved
        session.save()
    claim = person.claims.get("sid")
    sid = claim[:255] if isinstance(claim, str) and "\0" not in claim else ""
    said = {"user": user, "issuer": person.issuer, "subject": person.subject}
    SignIn.objects.update_or_create(session_key=session.session_key, defaults=said | {"sid": sid})
    _forget_gone(SignIn.objects.filter(issuer=person.issuer, subject=person.subject), session)


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
    rows = SignIn.objects.filter(issuer=issuer)
    rows = rows.filter(subject=subject) if subject else rows
    if sid:  # of a session that has no name it may be the one, as long as the person is named
        rows = rows.filter(sid__in=(sid, "")) if subject else rows.filter(sid=sid)
    found = [(row.pk, row.session_key) for row in rows if not subject or row.subject == subject]
    for _, key in found:
        _store(key).delete()
    SignIn.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    return len(found)


def _forget_gone(rows: QuerySet[SignIn], session: SessionBase) -> None:
    """Forget sessions that are no more; only older ones are asked for, and the oldest first."""
    young = timezone.now() - timedelta(seconds=session.get_expiry_age())
    for row in rows.filter(created_at__lt=young).order_by("created_at")[:_MOST_ASKED]:
        if not _store(row.session_key).exists(row.session_key):
            row.delete()


def _store(key: str) -> Any:  # noqa: ANN401 - a session of whichever engine the project has
    engine: Any = import_module(project.SESSION_ENGINE)
    return engine.SessionStore(key)
