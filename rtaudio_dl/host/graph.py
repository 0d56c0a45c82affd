"""The graph of an engine: which node reads and fills which bus, and so their order."""

from __future__ import annotations

from rtaudio_dl.core.control import asked_value, store_word, turn
from rtaudio_dl.engine.layout import (
    ACTIVE,
    MAIN_BUS,
    MASTER_NODE,
    NODES,
    NONE,
    PLACES,
    Engine,
)
from rtaudio_dl.errors import EngineError
from rtaudio_dl.io.seen import wait_until_seen
from rtaudio_dl.kinds.master import process as master
from rtaudio_dl.values import check_whole

_BLOCK_SECONDS = 2.0  # no block lasts longer


def install_master(engine: Engine) -> None:
    """Put the master section at the end of an engine that does not run yet."""
    engine.nodes[MASTER_NODE]["process"] = master.process.address
    engine.ways[MASTER_NODE] = MAIN_BUS, MASTER_NODE
    store_word(engine.node_life, MASTER_NODE, ACTIVE)
    publish_order(engine)


def connect(
    engine: Engine,
    place: int,
    source: int = NONE,
    to: int = MAIN_BUS,
    *,
    blocks: bool = False,
) -> None:
    """Let a node take its input from a bus, NONE for none, and add its sound to one.

    All nodes change over between two blocks. Raises EngineError where they would feed
    each other in a circle; then all is as before. ``blocks`` as for `publish_order`.
    """
    check_whole("place", place, 0, PLACES - 1)
    check_whole("source", source, NONE, PLACES)
    check_whole("to", to, 0, PLACES)
    before = engine.ways.copy()
    engine.ways[place] = source, to
    try:
        publish_order(engine, blocks)
    except EngineError:
        engine.ways = before
        raise


def order_of(ways: dict[int, tuple[int, int]]) -> list[int]:
    """Nodes in an order to run them, by their ways: input bus (or NONE), output bus.

    Of two that could run in either order the one with the lower number comes first.
    Raises EngineError where nodes wait for each other.
    """
    order: list[int] = []
    waiting = sorted(ways)
    while waiting:
        filled = {ways[n][1] for n in waiting}
        free = [n for n in waiting if ways[n][0] == NONE or ways[n][0] not in filled]
        if not free:
            raise EngineError(
                f"nodes {waiting} feed each other in a circle; a bus can be read only "
                "after all that fill it"
            )
        order.append(free[0])
        waiting.remove(free[0])
    return order


def publish_order(engine: Engine, blocks: bool = False) -> None:
    """Let the next block run the nodes by `Engine.ways`, in the order of their buses.

    The table that no block uses is written, then one word says that it is the one.
    ``blocks`` says that the audio thread runs: the table of before is its own until it
    has seen the last change.
    """
    # Places that are empty are passed over when their turn comes.
    ways = {n: engine.ways.get(n, (NONE, MAIN_BUS)) for n in range(NODES)}
    order = order_of(ways)
    if blocks and not wait_until_seen(engine.order, _BLOCK_SECONDS):
        raise EngineError("the engine did not answer; is the audio device running?")
    row = 1 - asked_value(engine.order)
    rows = engine.orders[row]
    rows["node"] = NONE
    rows["node"][: len(order)] = order
    rows["input"][: len(order)] = [ways[n][0] for n in order]
    rows["output"][: len(order)] = [ways[n][1] for n in order]
    turn(engine.order, row)
