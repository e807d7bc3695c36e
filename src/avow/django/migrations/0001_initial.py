"""The proxy of the project's user model."""

from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):
    """Makes no table."""

    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="AvowUser",
            fields=[],
            options={
                "verbose_name": "user by Avow",
                "verbose_name_plural": "users by Avow",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=(settings.AUTH_USER_MODEL.lower(),),
        ),
    ]
