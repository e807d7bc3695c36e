"""The call that fetches the project's key set."""

from avow.sdk.calls.call import Call, call
from avow.sdk.transport import Response
from avow.wire import keys
from avow.wire.endpoint import Nothing

__all__ = ["fetch_keys"]

TIMEOUT_SECONDS = 10.0


def fetch_keys(project_id: str) -> Call[bytes]:
    """Return the call for the key set; its answer is the JSON as it came."""
    return call(keys.KEYS, Nothing(), _body, path={"projectId": project_id}, timeout_seconds=TIMEOUT_SECONDS)


def _body(response: Response) -> bytes:
    return response.body
