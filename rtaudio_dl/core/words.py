"""Words that several threads share: who writes each, who reads it, and how.

A word that lets somebody else begin or stop to use memory is an int64 in an array of
its own, read with `load_acquire` and written with `store_release` alone: what its
writer did before is done for whoever reads it, on any processor. Python goes through
`load_word` and `store_word` of `core/control.py`. A test reads the compiled code for
it.

==================== ========================== =====================================
word                 written by                 read by
==================== ========================== =====================================
a ring's WRITE,      its producer               its consumer, any
DROPPED
a ring's READ        its consumer               its producer, any
node_life            audio; GONE → EMPTY        audio, control (frees at GONE)
                     by control
order                control; SEEN by audio     both, see `core/switch.py`
source_places        control                    audio
slot_life            audio; REQUESTED → READY   audio, control
                     by the inference thread
lanes_done,          stream thread; the audio   audio
inbox_words          thread empties an inbox
track_life           control; → GONE by audio   audio, control (frees at GONE)
track_words          its reader (Python)        audio
beside the cursors
switches             control                    audio
input_switch, JACK's control; SEEN by audio     both, see `core/switch.py`
onset_on, onset_key  control                    audio
input_offset         audio                      analysis thread
trigger_keys, traced control                    analysis thread
stop                 control                    inference, stream, analysis threads
a transport's        audio                      control
changes
a history's words    its writer                 any, see `core/history.py`
JACK's releases      control                    audio
JACK's xruns, lost   JACK's own threads         audio, control
==================== ========================== =====================================

The word of one's own (a producer's WRITE, say) may be read plainly: nobody else writes
it. Other words are plain, for each says something by itself, and a value of a moment
ago is as good: all counters, meters and scores; `MASTER.frame` and `TRACK.frame`, which
only grow; `MASTER.fixed` and `delay`, `TRACK.to_step` and `to_gain`, `TRIGGER.channel`
and `velocity`; the `queues` as `pool.unready` looks at them, again and again.
All else belongs to one thread, or is handed over by one of the words above.
"""

from __future__ import annotations

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire, store_release


@rt_kernel
def change_word(words, index, old, new):
    """Make a word ``new`` if it is ``old``; whether it was. [any]

    Only the thread that may leave ``old`` calls this, so nobody comes between.
    """
    if load_acquire(words, index) != old:
        return False
    store_release(words, index, new)
    return True
