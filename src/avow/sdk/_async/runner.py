"""Carries out the effects of a flow, one after the other."""

import asyncio
from contextvars import ContextVar
from typing import TypeVar

from avow.errors import AvowError
from avow.sdk.flow import Alone, Effect, Flow, Pause, Send
from avow.sdk.local import AsyncLocks
from avow.sdk.transport import AsyncTransport, Response

__all__ = ["AsyncRunner"]

T = TypeVar("T")

# Whose response was the last of this thread or task: that of which runner.
_last: ContextVar[tuple[object, Response] | None] = ContextVar("avow_last_response", default=None)


class AsyncRunner:
    """Runs the flows of one client over its transport."""

    def __init__(self, transport: AsyncTransport, *, keeps_last: bool) -> None:
        """Keep the transport; nothing is opened yet."""
        self._transport = transport
        self._keeps_last = keeps_last
        self._alone = AsyncLocks()

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and return its result.

        Raises:
            AvowError: What the flow raises.
        """
        answer: Response | None = None
        failed: AvowError | None = None
        while True:
            try:
                effect = flow.send(answer) if failed is None else flow.throw(failed)
            except StopIteration as ended:
                result: T = ended.value
                return result
            answer = failed = None
            try:
                answer = await self._carry_out(effect)
            except AvowError as error:
                failed = error

    def last_response(self) -> Response | None:
        """Return the last response of this thread or task, if it is to be kept."""
        last = _last.get()
        return last[1] if last is not None and last[0] is self else None

    async def close(self) -> None:
        """Let connections go."""
        await self._transport.close()

    async def _carry_out(self, effect: Effect) -> Response | None:
        match effect:
            case Send(request):
                response = await self._transport.send(request)
                if self._keeps_last:
                    _last.set((self, response))
                return response
            case Pause(seconds):
                await asyncio.sleep(seconds)
                return None
            case Alone(flow):
                async with self._alone.get():
                    await self.run(flow)
                return None
