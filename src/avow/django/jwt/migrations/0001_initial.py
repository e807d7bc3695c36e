"""The tables as they began: ended tokens, and families of refresh tokens."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes both tables."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="JWTBlacklist",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("jti", models.CharField(max_length=255, unique=True)),
                ("token", models.TextField(null=True)),
                ("expires", models.DateTimeField(db_index=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"verbose_name": "ended token"},
        ),
        migrations.CreateModel(
            name="RefreshFamily",
            fields=[
                ("sid", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("user_pk", models.CharField(db_index=True, max_length=255)),
                ("password_state", models.CharField(max_length=128)),
                ("generation", models.PositiveIntegerField(default=0)),
                ("rotated_at", models.BigIntegerField()),
                ("expires_at", models.BigIntegerField(db_index=True)),
                ("revoked_at", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "family of refresh tokens",
                "verbose_name_plural": "families of refresh tokens",
            },
        ),
    ]
