"""Calls that this server makes to addresses which somebody else chose."""

from avow.server.outgoing.calls import Calls, NotCalled, Unanswered
from avow.server.outgoing.messages import Answered, Document, OutgoingCall

__all__ = ["Answered", "Calls", "Document", "NotCalled", "OutgoingCall", "Unanswered"]
