"""A person who is known by an address, and one of whom hardly anything is kept."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class PersonManager(BaseUserManager["Person"]):
    """Asks for a migration of whoever inherits it."""

    use_in_migrations = True


class Person(AbstractBaseUser, PermissionsMixin):
    """Has no username; the id of Avow stands beside the address."""

    email: "models.EmailField[str | None, str | None]" = models.EmailField(unique=True, null=True)
    avow_id: "models.CharField[str | None, str | None]" = models.CharField(max_length=40, unique=True, null=True)
    is_staff: "models.BooleanField[bool, bool]" = models.BooleanField(default=False)
    is_active: "models.BooleanField[bool, bool]" = models.BooleanField(default=True)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"

    class Meta:
        """Which app it is of."""

        app_label = "people"


class Bare(AbstractBaseUser):
    """Has neither an address nor flags."""

    handle: "models.CharField[str, str]" = models.CharField(max_length=40, unique=True)

    objects: ClassVar[BaseUserManager["Bare"]] = BaseUserManager()

    USERNAME_FIELD = "handle"
