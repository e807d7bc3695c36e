"""Avow inside another process: the SDK's calls reach the server without a network.

`avow.embed.django`, `avow.embed.flask` and `avow.embed.fastapi` mount it in an application.
"""
