"""Asking the client of this process what the judgement of a request's tokens wants to know, in both colours."""

from avow import AsyncClient, Client
from avow.errors import AvowError
from avow.sdk.integration.arrivals import Arrival, Asking, by_cookies, carry_out, renewing
from avow.sdk.integration.session import Tokens

__all__ = ["arrive", "arrive_async"]


def arrive(tokens: Tokens, client: Client, *, must_refresh: bool = False) -> Arrival:
    """Judge the tokens that came with a request, and refresh when that is due.

    Args:
        tokens: At least one of them.
        client: The project's.
        must_refresh: Refresh although the session token may hold.
    """
    return carry_out(_judging(tokens, must_refresh=must_refresh), client)


async def arrive_async(tokens: Tokens, client: AsyncClient) -> Arrival:
    """Do the same with the client of asyncio."""
    asking = _judging(tokens, must_refresh=False)
    try:
        ask = next(asking)
        while True:
            try:
                answer = await getattr(client, ask.method)(ask.token)
            except AvowError as error:
                ask = asking.throw(error)
            else:
                ask = asking.send(answer)
    except StopIteration as done:
        arrival: Arrival = done.value
        return arrival


def _judging(tokens: Tokens, *, must_refresh: bool) -> Asking[Arrival]:
    return renewing(tokens) if must_refresh else by_cookies(tokens)
