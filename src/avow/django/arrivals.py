"""Asking the client of this process what the judgement of a request's tokens wants to know, in both colours.

A session token that holds is judged without a generator: that is nearly every request.
"""

from avow import AsyncClient, Client
from avow.errors import AvowError
from avow.sdk.integration.arrivals import Arrival, Asking, carry_out, held, renewing, unheld
from avow.sdk.integration.session import Tokens

__all__ = ["arrive", "arrive_async", "renew"]


def arrive(tokens: Tokens, client: Client) -> Arrival:
    """Judge the tokens that came with a request, at least one, and refresh when that is due."""
    if not tokens.session:
        return renew(tokens, client)
    try:
        claims = client.validate_session(tokens.session)
    except AvowError as error:
        return carry_out(unheld(tokens, error), client)
    return held(tokens, claims)


async def arrive_async(tokens: Tokens, client: AsyncClient) -> Arrival:
    """Do the same with the client of asyncio."""
    if not tokens.session:
        return await _carry_out_async(renewing(tokens), client)
    try:
        claims = await client.validate_session(tokens.session)
    except AvowError as error:
        return await _carry_out_async(unheld(tokens, error), client)
    return held(tokens, claims)


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
