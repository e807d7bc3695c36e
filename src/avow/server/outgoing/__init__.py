"""Calls that this server makes to addresses which somebody else chose."""

from avow.server.outgoing.calls import Answered, Calls, NotCalled, Unanswered

__all__ = ["Answered", "Calls", "NotCalled", "Unanswered"]
