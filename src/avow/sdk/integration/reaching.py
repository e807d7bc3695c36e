"""How an integration's client of the SDK reaches the server, whichever colour it has and whatever carries its calls."""

from typing import Final, Protocol, TypedDict

__all__ = ["Reaching", "reaching"]

_RETRY_DELAYS_SECONDS: Final = (0.1,)  # somebody waits for a page


class _Settings(Protocol):
    @property
    def project_id(self) -> str: ...
    @property
    def management_key(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def timeout_seconds(self) -> float: ...


class Reaching(TypedDict):
    """Arguments of `Client` and `AsyncClient`."""

    project_id: str
    management_key: str | None
    base_url: str | None
    timeout_seconds: float
    retry_delays_seconds: tuple[float, ...]


def reaching(said: _Settings) -> Reaching:
    """Return what the settings of an application say to its client."""
    return Reaching(
        project_id=said.project_id,
        management_key=said.management_key or None,
        base_url=said.base_url or None,
        timeout_seconds=said.timeout_seconds,
        retry_delays_seconds=_RETRY_DELAYS_SECONDS,
    )
