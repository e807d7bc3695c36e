"""Asking the client of this process what the judgement of a request's tokens wants to know, in both colours."""

from collections.abc import Generator

from avow import AsyncClient, Client
from avow.errors import AvowError
from avow.sdk.integration.arrivals import (
    Arrival,
    Asking,
    Held,
    arrive,
    arrive_by_bearer,
    at_once,
    bearer_at_once,
    carry_out,
    renewing,
)
from avow.sdk.integration.session import Tokens

__all__ = ["arrive", "arrive_async", "arrive_by_bearer", "arrive_by_bearer_async", "renew"]


async def arrive_async(tokens: Tokens, client: AsyncClient) -> Arrival:
    """Do what `arrive` does with the client of asyncio."""
    found = at_once(tokens, client)
    if isinstance(found, Held):
        return found
    return await _carry_out_async(found, client) if isinstance(found, Generator) else found


async def arrive_by_bearer_async(token: str, client: AsyncClient) -> Arrival:
    """Do what `arrive_by_bearer` does with the client of asyncio."""
    found = bearer_at_once(token, client)
    return await _carry_out_async(found, client) if isinstance(found, Generator) else found


def renew(tokens: Tokens, client: Client) -> Arrival:
    """Refresh a session, whether or not its session token holds."""
    return carry_out(renewing(tokens), client)


async def _carry_out_async(asking: Asking[Arrival], client: AsyncClient) -> Arrival:
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
