import sys
import threading

import pytest

from lab.machine import describe_machine
from lab.vitals import policy, resident_mib, thread_counters

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it")


@linux
def test_linux_tells_of_memory_and_of_threads():
    assert resident_mib() > 1
    counters = thread_counters(threading.get_native_id())
    assert counters["minor_faults"] > 0 and counters["voluntary_switches"] >= 0
    assert "priority" in policy(threading.get_native_id())


def test_a_thread_that_is_not_known_has_no_counters():
    assert thread_counters(None) == {}


def test_the_machine_is_described():
    machine = describe_machine()
    assert {"processor", "cores", "governor", "load average", "numpy"} <= set(machine)
    assert all(isinstance(value, str) and value for value in machine.values())
