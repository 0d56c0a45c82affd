"""Programs that play a sound for a MIDI note: ours and its peers, each in a process.

`table` says how each is started and found on a JACK server; `process` is what runs in
the child. A peer does what a careful programmer would do with that library.
"""
