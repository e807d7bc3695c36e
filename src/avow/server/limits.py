"""Rate limits: what is counted of a request, and the refusal when a window is full. Counting itself is `kv`'s.

Windows are fixed minutes. Sends of messages have stricter budgets of their own, counted in the outbox.
"""

from typing import NamedTuple

from avow.core import addresses
from avow.core.networks import subscriber
from avow.errors import AvowError, RateLimitException
from avow.server.serving import ManagementCaller
from avow.server.visit import Visit
from avow.wire.projects import ProjectSettings

__all__ = ["NOTED_REFUSALS_PER_MINUTE", "Counter", "enforce", "of_identity", "of_request"]

NOTED_REFUSALS_PER_MINUTE = 10
_WINDOW_SECONDS = 60
_DEFAULTS = ProjectSettings()
# Probes must tell the truth when everything else is refused, and when counting fails.
_UNCOUNTED = frozenset({"operations.health", "operations.ready", "operations.metrics"})


class Counter(NamedTuple):
    """One limit that a request counts against: kv key, most requests in the window, end of the window."""

    key: str
    most: int
    ends_at: int


def of_request(visit: Visit, now: int) -> list[Counter]:
    """Return the counters of any request but a probe: its client address, where it has one, and its project."""
    if visit.endpoint_id in _UNCOUNTED:
        return []
    settings = visit.project.settings if visit.project else _DEFAULTS
    counters: list[Counter] = []
    if not visit.client.speaks_for_many:
        # Counted per project, so that a busy back end of one project is not refused at another with a lower limit.
        client = f"{visit.project.id if visit.project else ''}:{subscriber(visit.client.address)}"
        counters.append(_counter("client", client, settings.requests_per_minute, now))
    if visit.project is not None:
        counters.append(_counter("project", visit.project.id, settings.project_requests_per_minute, now))
    return counters


def of_identity(visit: Visit, now: int) -> list[Counter]:
    """Return the counters of whom a request is about: login ID, phone prefix, management key."""
    if visit.project is None:
        return []
    settings, project_id = visit.project.settings, visit.project.id
    if isinstance(visit.caller, ManagementCaller):
        key = f"{project_id}:{visit.caller.key_id or visit.caller.user_id}"
        return [_counter("key", key, settings.management_requests_per_minute, now)]
    login_id = getattr(visit.body, "login_id", None)
    if not login_id:
        return []
    canonical = _canonical(login_id)
    counters = [_counter("login", f"{project_id}:{canonical}", settings.login_id_requests_per_minute, now)]
    if visit.route is not None and visit.route.path.get("method") in {"sms", "voice", "whatsapp"}:
        prefix = _phone_prefix(login_id)
        if prefix:
            counters.append(_counter("prefix", f"{project_id}:{prefix}", settings.sends_per_phone_prefix * 4, now))
    return counters


def enforce(counters: list[Counter], values: list[int], now: int) -> None:
    """Refuse when a counter is over its limit.

    Raises:
        RateLimitException: With the seconds until the fullest window ends.
    """
    waits = [each.ends_at - now for each, value in zip(counters, values, strict=True) if value > each.most]
    if waits:
        raise RateLimitException(retry_after_seconds=max(1, *waits))


def _counter(name: str, subject: str, most: int, now: int) -> Counter:
    window = now // _WINDOW_SECONDS
    return Counter(f"{name}:{subject}:{window}", most, (window + 1) * _WINDOW_SECONDS)


def _canonical(login_id: str) -> str:
    try:
        return addresses.login_id(login_id).canonical
    except AvowError:
        return "malformed"  # the handler refuses it with a better sentence


def _phone_prefix(login_id: str) -> str:
    try:
        return addresses.phone(login_id).prefix
    except AvowError:
        return ""
