"""`avow.shaping` from many threads at once."""

import subprocess
import sys

import msgspec
import pytest

from avow import shaping

# Without the lock each of these processes dies by SIGSEGV, or reads a shape that another thread has begun.
_MANY_FIRST_USES = """
import sys, threading
import msgspec
from avow import shaping

sys.setswitchinterval(0.000005)
failures = []

def first_use(shape, barrier):
    barrier.wait()
    try:
        {use}
    except Exception as failure:
        failures.append(failure)

for _ in range(150):
    inner = msgspec.defstruct("Inner", [(f"x{{n}}", "str | None", None) for n in range(10)])
    shape = msgspec.defstruct("Outer", [("a", inner), *[(f"x{{n}}", "tuple[str, ...]", ()) for n in range(10)]])
    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=first_use, args=(shape, barrier)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
assert not failures, failures[0]
"""


@pytest.mark.parametrize(
    "use",
    [
        """assert shaping.decode('{"a": {"x1": "1"}, "x3": ["b"]}', shape).a.x1 == "1" """,
        """assert shaping.convert({"a": {"x1": "1"}, "x3": ["b"]}, shape).x3 == ("b",)""",
        """shaping.type_info(shape); assert shaping.decode('{"a": {}}', shape).a.x1 is None""",
        """shaping.schemas([shape], None, "#{name}"); assert shaping.decode('{"a": {}}', shape).a.x1 is None""",
    ],
    ids=["decode", "convert", "type_info", "schemas"],
)
def test_many_threads_meet_a_shape_at_once(use: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MANY_FIRST_USES.format(use=use)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("forks", ["fork", "another fork of the child"])
def test_a_process_forked_while_a_shape_is_described_can_describe(forks: str) -> None:
    fork_meanwhile = """
import os, threading
from avow import shaping

for _ in range(TIMES):
    shaping._describing.acquire()
    threading.Timer(0.3, shaping._describing.release).start()
    child = os.fork()
    assert shaping.decode("[1]", tuple[int, ...]) == (1,)
    if child:
        assert os.waitpid(child, 0)[1] == 0
        break
"""
    code = fork_meanwhile.replace("TIMES", "1" if forks == "fork" else "2")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_threads_that_a_fork_joins_may_describe_shapes() -> None:
    joining = """
import os, threading
from avow.server.store import forks
from avow import shaping

class Store:
    def before_fork(self):
        last = threading.Thread(target=shaping.decode, args=("[1]", tuple[int, ...]))
        last.start()
        last.join(20)
        assert not last.is_alive()
    def after_fork_in_parent(self): pass
    def after_fork_in_child(self): pass

store = Store()
forks.watch(store)
child = os.fork()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    done = subprocess.run([sys.executable, "-c", joining], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # what a hook raises is printed there, and nothing else happens


class _Numbers(msgspec.Struct):
    first: int
    rest: "tuple[int, ...]" = ()


def test_shapes_and_what_has_another_one() -> None:
    assert shaping.decode(b'{"first": 1}', _Numbers) == shaping.convert({"first": 1}, _Numbers) == _Numbers(1)
    assert shaping.convert({"first": "1"}, _Numbers, strict=False) == _Numbers(1)
    assert shaping.decode('{"a": [1, null]}') == {"a": [1, None]}
    assert shaping.decode("[[1], [2]]", list[tuple[int]]) == [(1,), (2,)]
    with pytest.raises(msgspec.ValidationError, match="first"):
        shaping.decode(b'{"first": "1"}', _Numbers)
    with pytest.raises(msgspec.ValidationError, match="first"):
        shaping.convert({}, _Numbers)
    with pytest.raises(msgspec.DecodeError):
        shaping.decode(b'{"first": ', _Numbers)
