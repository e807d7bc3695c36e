"""Recovery codes: put aside for the day on which the phone is lost."""

from avow.server.recoverycodes.handlers import SLICE

__all__ = ["SLICE"]
