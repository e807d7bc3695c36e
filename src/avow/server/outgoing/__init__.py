"""Calls that this server makes to addresses which somebody else chose."""

from avow.server.outgoing.calls import Calls, NotCalled, Unanswered
from avow.server.outgoing.messages import Answered, Document, OutgoingCall
from avow.server.outgoing.outbound import Outbound

__all__ = ["Answered", "Calls", "Document", "NotCalled", "Outbound", "OutgoingCall", "Unanswered"]
