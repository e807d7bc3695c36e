"""The official SDK in both colours behind one face: what is async is run to its end by whoever calls it."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

_SDK = "descope."


class WithoutAwait:
    """An object of the asynchronous SDK whose methods are called as those of the synchronous one.

    Every call runs inside the loop and its context, where the SDK keeps the last response.
    """

    def __init__(self, wrapped: object, runner: asyncio.Runner) -> None:
        self.wrapped = wrapped
        self.runner = runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.wrapped, name)
        if callable(found):
            return self._called(found)
        return WithoutAwait(found, self.runner) if type(found).__module__.startswith(_SDK) else found

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def run(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return lambda *args, **kwargs: self.runner.run(run(*args, **kwargs))
