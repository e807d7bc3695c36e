"""The endpoints and the DRF authentication of simplejwt, for clients that know them: shapes, statuses and texts.

`rest_framework_simplejwt.views` becomes `avow.django.jwt.simplejwt.views`. The settings in `SIMPLE_JWT` go on counting,
and so do the tokens that simplejwt made. Only authentication.py needs Django REST framework.
"""
