"""Tokens for Django's own users, without an Avow server: the surface of djwto, its default shapes, and a strict mode.

Add `avow.django.jwt` to INSTALLED_APPS and include `avow.django.jwt.urls`; `import djwto.X` becomes
`import avow.django.jwt.X`. Manual: docs/django-jwt.md.
"""
