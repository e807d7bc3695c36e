"""Enchanted links: a sign-in method."""

from avow.server.enchantedlink.handlers import SLICE

__all__ = ["SLICE"]
