"""What has to be over before a process may fork."""

import hashlib
import os
import sys
import threading

import pytest

from avow.server.store.forks import join

_ROUNDS = 200


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the threads of the system cannot be seen")
def test_joined_threads_are_gone_for_the_system_too() -> None:
    for _ in range(_ROUNDS):
        threads = [threading.Thread(target=hashlib.sha256, args=(b"leaves OpenSSL at its end",)) for _ in range(3)]
        for thread in threads:
            thread.start()
        join(threads)
        assert not {str(thread.native_id) for thread in threads} & set(os.listdir("/proc/self/task"))


def test_thread_that_goes_on_is_not_waited_for_longer_than_said() -> None:
    stay = threading.Event()
    thread = threading.Thread(target=stay.wait, args=(10,))
    thread.start()
    join([thread], 0.01)
    assert thread.is_alive()
    stay.set()
    thread.join()
