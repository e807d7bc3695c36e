"""Flows and the theme of a project: kept, listed and given back."""

from avow.server.flows.handlers import SLICE

__all__ = ["SLICE"]
