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
)
WORKER_COUNTERS = (
    "runs",
    "failed_runs",
    "muted_sounds",  # of a model that gave NaN or Inf
    "busy_ns",
    "longest_ns",
    "gave_way",  # priority given back for a while, see `core/allowance.py`
)
# Of the inference thread of streams.
STREAM_COUNTERS = (
    "runs",  # each makes a hop for several lanes
    "hops",
    "failed_runs",
    "muted_hops",  # of a model that gave NaN, Inf or far too much
    "busy_ns",
    "longest_ns",
    "gave_way",
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
) = _numbered(AUDIO_COUNTERS)
RUNS, FAILED_RUNS, MUTED_SOUNDS, RUN_NS, LONGEST_RUN_NS, GAVE_WAY = _numbered(
    WORKER_COUNTERS
)

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
    "runs",
    "failed_runs",
    "muted_scores",  # runs that gave NaN or Inf
    "detections",  # beginnings of labels
    "busy_ns",
    "longest_ns",
    "gave_way",
)
INPUT_FRAMES_SEEN, INPUT_NOT_FINITE, INPUT_CLIPPED, ONSETS = _numbered(INPUT_COUNTERS)
(
    HOPS,
    DROPPED_HOPS,
    GAPS,
    ANALYSES,
    FAILED_ANALYSES,
    MUTED_SCORES,
    DETECTIONS,
    ANALYSIS_NS,
    LONGEST_ANALYSIS_NS,
    ANALYSIS_GAVE_WAY,
) = _numbered(ANALYSIS_COUNTERS)
(
    STREAM_RUNS,
    STREAM_HOPS,
    FAILED_STREAM_RUNS,
    MUTED_HOPS,
    STREAM_NS,
    LONGEST_STREAM_NS,
    STREAM_GAVE_WAY,
) = _numbered(STREAM_COUNTERS)
