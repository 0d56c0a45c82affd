"""Who may use memory, and when: nodes, inputs, orders in every interleaving.

The ring's protocol is in `test_ring_protocol`.
"""

from __future__ import annotations

import pytest

from rtaudio_dl.core import switch, words
from rtaudio_dl.core.switch import ASKED, SEEN
from rtaudio_dl.engine.layout import ACTIVE, EMPTY, GONE, RETIRING
from rtaudio_dl.kinds.sound.memory import FREE, READY, REQUESTED
from tests.core import weak_memory
from tests.core.weak_memory import ends, explore, faults, load_acquire, store_release

load_word, store_word = load_acquire, store_release  # as `core/control.py` does
change_word = words.change_word.function
turn, look = switch.turn.function, switch.look.function
is_seen = switch.is_seen.function


@pytest.fixture(autouse=True)
def intrinsics(monkeypatch):
    for module in (words, switch):
        for name in ("load_acquire", "store_release"):
            monkeypatch.setattr(module, name, getattr(weak_memory, name))


# --- a node: loaded, retired, freed, and another one in its place

ACTIVATED, RETIRED, ACTIVATED_AGAIN = 1, 2, 3  # what the control ring has brought


def tell(what):
    def call(run):
        store_word(run.words("told"), 0, what)
        return True

    return call


def after(what, call):
    """What the audio thread does once it has read a command."""

    def wait(run):
        return load_word(run.words("told"), 0) >= what and call(run)

    return wait


def becomes(old, new):
    return lambda run: change_word(run.words("life"), 0, old, new)


def read_memory(run):
    return run.read("memory")


def request(run):
    store_word(run.words("slot"), 0, REQUESTED)
    store_word(run.words("requests"), 0, 1)
    return True


def is_made(run):
    return load_word(run.words("slot"), 0) == READY


def last_use(run):
    return is_made(run) and run.read("sound")


def give_back(run):
    return is_made(run) and change_word(run.words("life"), 0, RETIRING, GONE)


def take_request(run):
    return load_word(run.words("requests"), 0) == 1


def make_sound(run):
    return run.write("sound")


def publish(run):
    store_word(run.words("slot"), 0, READY)
    return True


def set_up(run):
    return run.write("memory") and run.write("sound")


def wait_until_gone(run):
    return load_word(run.words("life"), 0) == GONE


def free(run):
    return run.free("memory") and run.free("sound")


def make_empty(run):
    store_word(run.words("life"), 0, EMPTY)
    return True


def node_programs(**changed):
    """Control side, audio thread and inference thread; a mutant changes a call."""
    call = {
        "wait_until_gone": wait_until_gone,
        "last_use": last_use,
        "give_back": give_back,
        "make_sound": make_sound,
        "publish": publish,
    } | changed
    control = [
        *(set_up, tell(ACTIVATED), tell(RETIRED)),
        *(call["wait_until_gone"], free, make_empty),
        *(set_up, tell(ACTIVATED_AGAIN)),
    ]
    audio = [
        after(ACTIVATED, becomes(EMPTY, ACTIVE)),
        *(read_memory, request),
        after(RETIRED, becomes(ACTIVE, RETIRING)),
        *(read_memory, call["last_use"], call["give_back"]),
        after(ACTIVATED_AGAIN, becomes(EMPTY, ACTIVE)),
        read_memory,
    ]
    worker = [take_request, call["make_sound"], call["publish"]]
    return [control, audio, worker]


def test_no_interleaving_frees_a_node_that_is_in_use():
    assert (EMPTY, FREE) == (0, 0)  # as the words begin
    programs = node_programs()
    states = explore(programs)
    assert faults(states) == set()
    assert ends(states, programs) > 0
    assert len(states) > 250  # it did look at interleavings


def wait_until_retiring(run):
    return load_word(run.words("life"), 0) >= RETIRING


def wait_plainly(run):
    return run.words("life")[0] == GONE


def give_back_plainly(run):
    if not is_made(run):
        return False
    run.words("life")[0] = GONE
    return True


def give_back_unasked(run):
    return change_word(run.words("life"), 0, RETIRING, GONE)


def look_plainly(run):
    return run.words("slot")[0] == READY and change_word(
        run.words("life"), 0, RETIRING, GONE
    )


def publish_plainly(run):
    run.words("slot")[0] = READY
    return True


def nothing(_run):
    return True


@pytest.mark.parametrize(
    "changed",
    [
        {"wait_until_gone": wait_until_retiring},
        {"wait_until_gone": wait_plainly},
        {"give_back": give_back_plainly},
        {"last_use": give_back, "give_back": last_use},
        {"last_use": nothing, "give_back": give_back_unasked},
        {"last_use": nothing, "give_back": look_plainly},
        {"publish": publish_plainly},
        {"make_sound": publish, "publish": make_sound},
    ],
    ids=lambda changed: " ".join(call.__name__ for call in changed.values()),
)
def test_a_broken_life_is_found(changed):
    assert faults(explore(node_programs(**changed)))


# --- a switch: memory that blocks may use while it is on

CYCLES = 4


def turned(to, turn=turn, words="switch"):
    def call(run):
        turn(run.words(words), to)
        return True

    return call


def cycle_with(look):
    def cycle(run):
        return not look(run.words("switch")) or run.read("heard")

    return cycle


def switch_programs(turn=turn, look=look, is_seen=is_seen):
    """The control side that gives and takes inputs twice, and JACK's cycles."""

    def wait(run):
        return is_seen(run.words("switch"))

    def set_up(run):
        return run.write("heard")

    def free(run):
        return run.free("heard")

    once = [set_up, turned(1, turn), turned(0, turn), wait, free]
    return [once + once, [cycle_with(look)] * CYCLES]


def test_no_interleaving_frees_inputs_that_a_cycle_uses():
    programs = switch_programs()
    states = explore(programs)
    assert faults(states) == set()
    assert ends(states, programs) > 0
    assert len(states) > 500


def turn_without_number(words, value):
    store_release(words, ASKED, value)


def turn_plainly(words, value):
    words[ASKED] = ((load_acquire(words, ASKED) >> 8) + 1) << 8 | value


def look_plainly_at_what_is_asked(words):
    asked = words[ASKED]
    store_release(words, SEEN, asked)
    return asked & switch.MOST


def say_plainly_what_was_seen(words):
    asked = load_acquire(words, ASKED)
    words[SEEN] = asked
    return asked & switch.MOST


def use_what_was_asked_before(words):
    before = load_acquire(words, SEEN)
    store_release(words, SEEN, load_acquire(words, ASKED))
    return before & switch.MOST


def wait_for_nothing(_words):
    return True


def see_plainly(words):
    return words[SEEN] == load_acquire(words, ASKED)


@pytest.mark.parametrize(
    "changed",
    [
        {"turn": turn_without_number},
        {"turn": turn_plainly},
        {"look": look_plainly_at_what_is_asked},
        {"look": say_plainly_what_was_seen},
        {"look": use_what_was_asked_before},
        {"is_seen": wait_for_nothing},
        {"is_seen": see_plainly},
    ],
    ids=lambda changed: next(iter(changed.values())).__name__,
)
def test_a_broken_switch_is_found(changed):
    assert faults(explore(switch_programs(**changed)))


# --- the order of nodes: two tables, and a switch that says which one is played


def order_programs(is_seen=is_seen):
    """The control side that publishes three orders, and blocks that run them."""

    def wait(run):
        return is_seen(run.words("order"))

    def write(row):
        return lambda run: run.write(f"orders {row}")

    def block(run):
        return run.read(f"orders {look(run.words('order'))}")

    def publish(row):
        return [wait, write(row), turned(row, words="order")]

    # The first one is there before any block.
    control = [write(0), tell(ACTIVATED), *publish(1), *publish(0), *publish(1)]
    audio = [after(ACTIVATED, lambda run: True), *[block] * 3]
    return [control, audio]


def test_no_interleaving_writes_an_order_that_is_played():
    programs = order_programs()
    states = explore(programs)
    assert faults(states) == set()
    assert ends(states, programs) > 0
    assert len(states) > 250


@pytest.mark.parametrize("seen", [wait_for_nothing, see_plainly])
def test_an_order_that_is_written_too_soon_is_found(seen):
    assert faults(explore(order_programs(is_seen=seen)))
