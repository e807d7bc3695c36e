"""Avow inside a Django project: `path("auth/", include("avow.embed.django.urls"))`, under WSGI and ASGI alike."""
