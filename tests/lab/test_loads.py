import threading

import pytest

from lab.players.loads import LOADS, Burdened


@pytest.mark.parametrize("load", LOADS)
def test_every_load_begins_and_ends(load):
    burdened, before = Burdened(), threading.active_count()
    burdened.burden(load, seconds=0.05)
    held = burdened.unburden()
    assert (held > 0) == (load == "held")
    assert threading.active_count() == before


@pytest.mark.parametrize(("load", "threads"), [("1 busy thread", 1), ("idle", 0)])
def test_a_load_has_its_threads(load, threads):
    burdened, before = Burdened(), threading.active_count()
    burdened.burden(load)
    assert threading.active_count() - before == threads
    burdened.unburden()
