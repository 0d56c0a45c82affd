"""The order in which an engine's nodes run: whoever fills a bus before who reads it."""

from __future__ import annotations

from rtaudio_dl.core.control import load_word, store_word
from rtaudio_dl.engine.layout import (
    ACTIVE,
    MAIN_BUS,
    MASTER_NODE,
    NODES,
    NONE,
    Engine,
)
from rtaudio_dl.errors import EngineError
from rtaudio_dl.kinds.master import process as master


def install_master(engine: Engine) -> None:
    """Put the master section at the end of an engine that does not run yet."""
    node = engine.nodes[MASTER_NODE : MASTER_NODE + 1]
    node["process"] = master.process.address
    node["input"], node["output"] = MAIN_BUS, MASTER_NODE
    store_word(engine.node_life, MASTER_NODE, ACTIVE)
    publish_order(engine)


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


def publish_order(engine: Engine) -> None:
    """Let the next block run the nodes in the order of their buses.

    The order that no block uses is written, then one word says that it is the one.
    """
    nodes = engine.nodes
    # Places that are empty are passed over when their turn comes.
    ways = {n: (int(nodes[n]["input"]), int(nodes[n]["output"])) for n in range(NODES)}
    row = 1 - load_word(engine.order, 0)
    engine.orders[row] = NONE
    order = order_of(ways)
    engine.orders[row, : len(order)] = order
    store_word(engine.order, 0, row)
