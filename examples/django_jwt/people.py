"""Who is there: two users of Django, one of whom may look at the users."""

from typing import Final

__all__ = ["LOOK", "PASSWORD", "PEOPLE", "make"]

LOOK: Final = "auth.view_user"
PEOPLE: Final = {"mia": True, "noah": False}  # whether they have the permission
PASSWORD: Final = "tide at the harbour wall"


def make() -> None:
    """Make those who are missing."""
    from django.contrib.auth.models import Permission, User  # once Django is set up

    app, codename = LOOK.split(".")
    for name, may_look in PEOPLE.items():
        if not User.objects.filter(username=name).exists():
            user = User.objects.create_user(name, password=PASSWORD)
            if may_look:
                user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
