"""The call that fetches the project's key set."""

from dataclasses import replace

from avow.sdk.calls.call import Call, call
from avow.sdk.transport import Response
from avow.wire import keys
from avow.wire.endpoint import Nothing

__all__ = ["fetch_keys"]

NEEDED_SECONDS = 10.0
SHORT_SECONDS = 3.0


def fetch_keys(project_id: str, *, is_needed: bool = True) -> Call[bytes]:
    """Return the call for the key set; its answer is the JSON as it came.

    Args:
        project_id: Whose keys.
        is_needed: False for one short try: somebody waits for it, and there are keys that still count.
    """
    seconds = NEEDED_SECONDS if is_needed else SHORT_SECONDS
    asked = call(keys.KEYS, Nothing(), _body, path={"projectId": project_id}, timeout_seconds=seconds)
    return replace(asked, is_repeatable=is_needed)


def _body(response: Response) -> bytes:
    return response.body
