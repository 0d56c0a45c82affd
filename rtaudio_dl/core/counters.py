"""What the engine counts: one number for each counter, one table for each thread.

A table is int64, written by one thread and read by any.
"""

from __future__ import annotations

AUDIO_COUNTERS = (
    "blocks",
    "notes",  # struck
    "sounded",
    "late_notes",  # the sound was not ready
    "late_frames",  # that they waited, summed
    "repeats",  # the key's next sound was not ready: the last one again
    "lost_notes",  # no memory was free for a sound
    "stolen",
    "choked",
    "cut",  # stopped without a fade, into the residue
    "unmapped",  # notes for keys or channels that have no sound
    "misplaced",  # events that came after their frame
    "requests",
    "active_voices",
    "not_finite",  # frames that the master section had to mute
    "limited",  # frames above the knee of the limiter
    "callbacks",
    "underruns",  # told by the device
    "overruns",  # callbacks that computed for longer than the block lasts
    "preempted",  # that took as long because the system ran something else meanwhile
    "busy_ns",  # in callbacks, summed
    "longest_ns",
    "hops_asked",  # of streams
    "late_hops",  # not there when their first frame was due: silent
    "lost_events",  # that nodes made, and there was no room for
)
# Of a worker thread (`core/worker.py`), whatever it makes.
WORKER_COUNTERS = (
    "runs",
    "failed_runs",
    "muted",  # what a model made that is NaN, infinite or far too loud
    "made",  # a run may make several
    "busy_ns",
    "longest_ns",
    "gave_way",  # priority given back for a while, see `core/allowance.py`
)


def _numbered(names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(range(len(names)))


(
    BLOCKS,
    NOTES,
    SOUNDED,
    LATE_NOTES,
    LATE_FRAMES,
    REPEATS,
    LOST_NOTES,
    STOLEN,
    CHOKED,
    CUT,
    UNMAPPED,
    MISPLACED,
    REQUESTS,
    ACTIVE_VOICES,
    NOT_FINITE,
    LIMITED,
    CALLBACKS,
    UNDERRUNS,
    OVERRUNS,
    PREEMPTED,
    BUSY_NS,
    LONGEST_NS,
    HOPS_ASKED,
    LATE_HOPS,
    LOST_EVENTS,
) = _numbered(AUDIO_COUNTERS)
(
    WORKER_RUNS,
    WORKER_FAILED_RUNS,
    WORKER_MUTED,
    WORKER_MADE,
    WORKER_BUSY_NS,
    WORKER_LONGEST_NS,
    WORKER_GAVE_WAY,
) = _numbered(WORKER_COUNTERS)

INPUT_COUNTERS = (
    "input_frames",
    "input_not_finite",  # values that were NaN or infinite, taken as 0
    "input_clipped",  # values at full scale
    "onsets",
)
ANALYSIS_COUNTERS = (
    "hops",  # of the model's window
    "dropped_hops",  # left out, because the model was behind
    "gaps",  # where frames were lost, because it was far behind
    "detections",  # beginnings of labels
)
INPUT_FRAMES_SEEN, INPUT_NOT_FINITE, INPUT_CLIPPED, ONSETS = _numbered(INPUT_COUNTERS)
HOPS, DROPPED_HOPS, GAPS, DETECTIONS = _numbered(ANALYSIS_COUNTERS)
