"""Both colours of an SDK, the official or ours, behind one face: what is async is run to its end by whoever calls."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

_SDKS = ("descope.", "avow.sdk.")


class WithoutAwait:
    """An object of an asynchronous SDK whose methods are called as those of the synchronous one.

    Every call runs inside the loop and its context, where the SDK keeps the last response.
    """

    def __init__(self, wrapped: object, runner: asyncio.Runner) -> None:
        self.wrapped = wrapped
        self.runner = runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.wrapped, name)
        if callable(found):
            return self._called(found)
        return WithoutAwait(found, self.runner) if type(found).__module__.startswith(_SDKS) else found

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def run(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return lambda *args, **kwargs: self.runner.run(run(*args, **kwargs))
