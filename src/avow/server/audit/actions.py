"""What others ask of the audit: forget what is over its time."""

from avow.server.audit import deliveries, events
from avow.server.projects import actions as projects
from avow.server.store import Tx

__all__ = ["forget_deliveries", "forget_events"]


def forget_events(tx: Tx, most: int) -> int:
    """Delete events older than the project keeps them, at most so many; return how many. By default it keeps all."""
    days = projects.settings(tx).audit_days
    return events.forget(tx, days, most) if days else 0


def forget_deliveries(tx: Tx, most: int) -> int:
    """Delete what was given up on its way to webhooks a week ago, at most so many; return how many."""
    return deliveries.forget_dead(tx, most)
