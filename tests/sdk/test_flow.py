"""The flows without a driver: which effects, in which order."""

from collections.abc import Sequence

import pytest

from avow.errors import AvowError, TimedOut, UnknownOutcome, Unreachable
from avow.sdk.flow import Effect, Flow, Pause, Send, send_again
from avow.sdk.transport import Request, Response

REQUEST = Request("GET", "/v1/auth/me")


def _drive(flow: Flow[Response], results: Sequence[Response | AvowError]) -> tuple[list[Effect], Response]:
    """Run a flow, answering its sends in turn; return its effects and its result."""
    effects: list[Effect] = []
    waiting = list(results)
    effect = next(flow)
    while True:
        effects.append(effect)
        try:
            if isinstance(effect, Pause):
                effect = flow.send(None)
            elif isinstance(result := waiting.pop(0), AvowError):
                effect = flow.throw(result)
            else:
                effect = flow.send(result)
        except StopIteration as ended:
            return effects, ended.value


def test_answer_ends_it() -> None:
    assert _drive(send_again(REQUEST, (0.1, 1.0)), [Response(200)]) == ([Send(REQUEST)], Response(200))


@pytest.mark.parametrize("down", [Response(503), Unreachable(), UnknownOutcome()])
def test_what_is_down_is_tried_three_times(down: Response | AvowError) -> None:
    effects, response = _drive(send_again(REQUEST, (0.1, 1.0)), [down, down, Response(200)])
    assert effects == [Send(REQUEST), Pause(0.1), Send(REQUEST), Pause(1.0), Send(REQUEST)]
    assert response.status == 200


def test_last_answer_is_given_as_it_is() -> None:
    assert _drive(send_again(REQUEST, (0.1,)), [Response(503), Response(503)])[1].status == 503
    with pytest.raises(Unreachable):
        _drive(send_again(REQUEST, (0.1,)), [Unreachable(), Unreachable()])


def test_retry_after_is_honoured_up_to_a_bound() -> None:
    for said, waited in (("3", 3.0), ("4000", 5.0), ("0", 0.1), ("-5", 0.1), ("tomorrow", 0.1)):
        effects, _ = _drive(send_again(REQUEST, (0.1,)), [Response(503, {"retry-after": said}), Response(200)])
        assert effects[1] == Pause(waited)


def test_call_that_ran_out_of_time_is_not_repeated() -> None:
    with pytest.raises(TimedOut):
        _drive(send_again(REQUEST, (0.1, 1.0)), [TimedOut()])


def test_nothing_is_repeated_without_delays() -> None:
    effects, _ = _drive(send_again(REQUEST, ()), [Response(503)])
    assert effects == [Send(REQUEST)]
