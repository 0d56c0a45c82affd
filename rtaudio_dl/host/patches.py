"""The patches of a host: loaded into places of its engine, and taken away again."""

from __future__ import annotations

from collections.abc import Callable

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.engine import events, layout
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.controls import Controls
from rtaudio_dl.host.graph import connect
from rtaudio_dl.host.instrument import Instrument, install
from rtaudio_dl.host.pace import Pace
from rtaudio_dl.patches.patch import Patch, find_patch
from rtaudio_dl.values import check_whole


class Patches:
    """Loads patches; ``loaded`` are the instruments by their places in the engine.

    ``note`` is told of an instrument before its first event; ``runs`` says whether an
    audio thread plays.
    """

    def __init__(
        self,
        engine: layout.Engine,
        controls: Controls,
        pace: Pace,
        provider: str,
        note: Callable[[Instrument], None],
        runs: Callable[[], bool],
    ):
        self.loaded: dict[int, Instrument] = {}
        self._engine, self._controls, self._pace = engine, controls, pace
        self._provider, self._note, self._runs = provider, note, runs

    def load(self, patch: str | Patch, channel: int | None) -> Instrument:
        """Load a patch, wait until it can play, let a channel or all play it."""
        patch = find_patch(patch) if isinstance(patch, str) else patch
        _check_channel(channel)
        place = self._free_place(patch)
        instrument = install(self._engine, patch, place, self._provider)
        self.loaded[place] = instrument
        self._note(instrument)
        self._controls.command(events.ACTIVATE, place)
        self._pace.until_ready(instrument)
        if self._engine.nodes[place]["take"]:  # no effect: it can be played
            program = patch.program if patch.program is not None else place
            self._controls.command(events.MAP_PROGRAM, program, channel=place)
            self.assign(instrument, channel)
        return instrument

    def assign(self, instrument: Instrument, channel: int | None) -> None:
        """Let a channel, or all of them, play a loaded patch from now on."""
        self.require(instrument)
        _check_channel(channel)
        for number in range(layout.CHANNELS) if channel is None else (channel,):
            self._controls.command(events.PATCH, instrument.place, channel=number)

    def unload(self, instrument: Instrument) -> None:
        """Take a patch away once its last voice has ended, and free its memory."""
        self.require(instrument)
        self._controls.command(events.RETIRE, instrument.place)
        self._pace.until_gone(instrument)
        del self.loaded[instrument.place]
        instrument.close()
        store_word(self._engine.node_life, instrument.place, layout.EMPTY)
        if instrument.place in self._engine.ways:
            connect(self._engine, instrument.place, blocks=self._runs())

    def require(self, instrument: Instrument) -> None:
        """Raise EngineError where an instrument is not loaded here."""
        if self.loaded.get(instrument.place) is not instrument:
            raise EngineError(
                f"patch {instrument.patch.name!r} is not loaded here; load it again"
            )

    def close(self) -> None:
        """Release all models; no audio thread may run any more. Again: nothing."""
        closing = [instrument.close for instrument in self.loaded.values()]
        self.loaded.clear()
        do_all(*closing)

    def _free_place(self, patch: Patch) -> int:
        free = [p for p in range(layout.PLACES) if p not in self.loaded]
        if not free:
            have = ", ".join(i.patch.name for i in self.loaded.values())
            raise EngineError(
                f"no place for patch {patch.name!r}: {layout.PLACES} are loaded "
                f"({have}); unload one first"
            )
        return free[0]


def _check_channel(channel: int | None) -> None:
    if channel is not None:
        check_whole("channel", channel, 0, layout.CHANNELS - 1)
