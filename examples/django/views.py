"""The pages. Who may see one stands above it."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from avow.django.decorators import login_required, permission_required, roles_required
from avow.errors import AvowError
from examples.django.people import PEOPLE, SUMMARISE
from examples.django.summary import LONGEST_TEXT, summarise

__all__ = ["admin_only", "home", "profile", "protected", "summariser"]

_MOST_SENTENCES = 10


class Text(forms.Form):
    """What the summariser is given."""

    text = forms.CharField(max_length=LONGEST_TEXT)
    sentences = forms.IntegerField(min_value=1, max_value=_MOST_SENTENCES)


def home(request: HttpRequest) -> HttpResponse:
    """Show everybody what there is to try."""
    return render(request, "home.html", {"people": PEOPLE})


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show somebody what this application knows of them."""
    return render(request, "profile.html", {"name": _name(request.user), **_times(request)})


@login_required
def protected(request: HttpRequest) -> HttpResponse:
    """Show a page to whoever is signed in."""
    return render(request, "protected.html")


@roles_required("is_staff")
def admin_only(request: HttpRequest) -> HttpResponse:
    """Show those with the role who has been here."""
    return render(request, "admin_only.html", {"users": get_user_model().objects.order_by("pk")})


@permission_required(SUMMARISE)
def summariser(request: HttpRequest) -> HttpResponse:
    """Summarise the text of somebody who has the permission."""
    form = Text(request.POST or None)
    found = summarise(form.cleaned_data["text"], form.cleaned_data["sentences"]) if form.is_valid() else None
    return render(request, "summariser.html", {"form": form, "found": found, "longest": LONGEST_TEXT})


def _name(user: Any) -> str:  # noqa: ANN401 - a row of whichever user model the project has
    try:
        return str(user.me.get("name") or "")
    except AvowError:  # Avow is away; the page is there all the same
        return ""


def _times(request: Any) -> dict[str, datetime]:  # noqa: ANN401 - `avow` is the middleware's
    claims = request.avow.claims
    return {name: datetime.fromtimestamp(claims[claim], UTC) for name, claim in (("made", "iat"), ("ends", "exp"))}
