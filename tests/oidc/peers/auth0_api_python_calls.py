"""Calls auth0-api-python: a line says the options of the client, a method and arguments; a line answers."""

import asyncio
import json
import sys
from typing import Any

from auth0_api_python import ApiClient, ApiClientOptions, get_current_actor


async def called(said: dict[str, Any]) -> Any:
    """Return what a method returns; of claims with who acts."""
    client = ApiClient(ApiClientOptions(**said["made_with"]))
    found = await getattr(client, said["method"])(**said["arguments"])
    return {**found, "actor": get_current_actor(found)}


print("ready", flush=True)  # noqa: T201 - how it answers
for line in sys.stdin:
    try:
        answer: dict[str, Any] = {"returned": asyncio.run(called(json.loads(line)))}
    except Exception as error:
        status = getattr(error, "get_status_code", lambda: 0)()
        answer = {"raised": type(error).__name__, "said": {**vars(error), "status_code": status, "text": str(error)}}
    print(json.dumps(answer, default=str), flush=True)  # noqa: T201 - how it answers
