"""Every interleaving of a few threads, with every stale read that C++11 allows.

A thread's program is a list of calls; one that returns false is made again. The
kernels' own Python code runs in them, one access at a time: what a thread's present
call has read so far is kept, so any state can be continued in every possible way.

An acquiring load of a value that was stored with release makes what happened before the
store happen before the load. Plain memory must be ordered by that: an access that is
not is a fault, and so is every access to what was freed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

Program = list[Callable[["Run"], bool]]


@dataclass(frozen=True)
class Store:
    """A value of a word, and what a load that acquires it knows of, if anything."""

    value: int = 0
    clock: tuple[int, ...] = ()
    view: tuple = ()


@dataclass(frozen=True)
class Memory:
    """Plain memory: who wrote it last and who has read it since, and when."""

    alive: bool = False
    written: tuple[int, int] = (0, 0)
    read: frozenset = frozenset()


@dataclass(frozen=True)
class Thread:
    """Calls completed, results of the present call's accesses, and what it knows.

    ``clock`` is a vector clock, ``view`` the oldest store of each word (by number) that
    it may still see.
    """

    step: int = 0
    log: tuple = ()
    clock: tuple[int, ...] = ()
    view: tuple = ()


@dataclass(frozen=True)
class State:
    """All threads, the stores of each word in order, and plain memory, by name."""

    threads: tuple[Thread, ...]
    words: tuple = ()
    memories: tuple = ()
    fault: str = ""


class Pause(BaseException):
    """The call has done its one access."""


class Replay:
    """A call that is run anew for each access: up to where it was, and one further.

    Its ``log`` has the results of the accesses so far, ``at`` counts them, ``stepped``
    says that the one further is done.
    """

    log: list
    at: int
    stepped: bool

    def access(self, perform: Callable[[], int]) -> int:
        if self.at == len(self.log):
            if self.stepped:
                raise Pause
            self.stepped = True
            self.log.append(perform())
        self.at += 1
        return self.log[self.at - 1]


@dataclass
class Run(Replay):
    """One call, replayed up to where it was and then one access further.

    ``choice`` is which of the values that it might see an access does see; afterwards
    ``choices`` says how many there were.
    """

    state: State
    thread: int
    choice: int
    choices: int = 1
    at: int = 0
    stepped: bool = False
    log: list = field(default_factory=list)

    def __post_init__(self):
        self.me = self.state.threads[self.thread]
        self.log = list(self.me.log)

    def advance(self, program: Program) -> State:
        """The state after the thread's next access."""
        try:
            done = program[self.me.step](self)
        except Pause:
            self.me = replace(self.me, log=tuple(self.log))
        else:
            self.me = replace(self.me, log=(), step=self.me.step + bool(done))
        threads = list(self.state.threads)
        threads[self.thread] = self.me
        return replace(self.state, threads=tuple(threads))

    # --- words

    def words(self, name: str) -> Words:
        """An array of words, as kernels take it."""
        return Words(self, name)

    def load(self, word: tuple, acquire: bool) -> int:
        stores = dict(self.state.words).get(word, (Store(),))
        oldest = dict(self.me.view).get(word, 0)
        self.choices = len(stores) - oldest
        number = oldest + self.choice
        self._see(word, number)
        store = stores[number]
        if acquire and store.clock:
            clock = tuple(map(max, self.me.clock, store.clock))
            self.me = replace(self.me, clock=clock)
            for other, seen in store.view:
                self._see(other, seen)
        return store.value

    def store(self, word: tuple, value: int, release: bool) -> int:
        words = dict(self.state.words)
        stores = words.get(word, (Store(),))
        self._see(word, len(stores))
        store = Store(value)
        if release:
            store = Store(value, self.me.clock, self.me.view)
            clock = list(self.me.clock)
            clock[self.thread] += 1
            self.me = replace(self.me, clock=tuple(clock))
        words[word] = (*stores, store)
        self.state = replace(self.state, words=tuple(sorted(words.items(), key=_name)))
        return 0

    def _see(self, word: tuple, number: int) -> None:
        view = dict(self.me.view)
        view[word] = max(view.get(word, 0), number)
        self.me = replace(self.me, view=tuple(sorted(view.items())))

    # --- plain memory

    def read(self, name: str) -> bool:
        """Use memory."""
        self.access(lambda: self._touch(name, False, True))
        return True

    def write(self, name: str) -> bool:
        """Set up memory, or write into it."""
        self.access(lambda: self._touch(name, True, True))
        return True

    def free(self, name: str) -> bool:
        """Give memory back."""
        self.access(lambda: self._touch(name, True, False))
        return True

    def _touch(self, name: str, writes: bool, alive: bool) -> int:
        memories = dict(self.state.memories)
        memory = memories.get(name, Memory())
        now = (self.thread, self.me.clock[self.thread])
        before = {memory.written} | (memory.read if writes else frozenset())
        if any(at > self.me.clock[thread] for thread, at in before):
            self._fail(f"race for {name}")
        if not (memory.alive or writes and alive):
            self._fail(f"{name} is used after it was freed")
        if writes:
            memories[name] = Memory(alive, now)
        else:
            memories[name] = replace(memory, read=memory.read | {now})
        self.state = replace(self.state, memories=tuple(sorted(memories.items())))
        return 0

    def _fail(self, fault: str) -> None:
        self.state = replace(self.state, fault=fault)


class Words:
    """What kernels see as an array of int64; indexing it is a plain access."""

    def __init__(self, run: Run, name: str):
        self.run, self.name = run, name

    def __getitem__(self, index: int) -> int:
        return self.run.access(lambda: self.run.load((self.name, index), False))

    def __setitem__(self, index: int, value: int) -> None:
        self.run.access(lambda: self.run.store((self.name, index), value, False))


def load_acquire(words: Words, index: int) -> int:
    """In the place of the intrinsic."""
    return words.run.access(lambda: words.run.load((words.name, index), True))


def store_release(words: Words, index: int, value: int) -> None:
    """In the place of the intrinsic."""
    words.run.access(lambda: words.run.store((words.name, index), value, True))


def _name(item: tuple) -> tuple:
    return item[0]


def explore(programs: list[Program]) -> set[State]:
    """All states that can be reached; nothing goes on after a fault."""
    count = len(programs)
    clocks = [tuple(int(a == b) for b in range(count)) for a in range(count)]
    start = State(tuple(Thread(clock=clock) for clock in clocks))
    waiting, known = [start], {start}
    while waiting:
        state = waiting.pop()
        if state.fault:
            continue
        for after in _successors(state, programs):
            if after not in known:
                known.add(after)
                waiting.append(after)
    return known


def _successors(state: State, programs: list[Program]) -> Iterator[State]:
    for thread, program in enumerate(programs):
        if state.threads[thread].step == len(program):
            continue
        choice, choices = 0, 1
        while choice < choices:
            run = Run(state, thread, choice)
            yield run.advance(program)
            choice, choices = choice + 1, run.choices


def faults(states: set[State]) -> set[str]:
    """What went wrong in some interleaving."""
    return {state.fault for state in states if state.fault}


def ends(states: set[State], programs: list[Program]) -> int:
    """How many states there are in which every thread has come to its end."""
    lengths = [len(program) for program in programs]
    return sum([t.step for t in s.threads] == lengths for s in states)
