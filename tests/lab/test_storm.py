from lab.storm import CHANNELS, Storm
from rtaudio_dl.engine.events import from_midi, new_event

RATE = 48_000


def test_a_seed_gives_the_same_storm_each_time():
    storms = [Storm(1, 300, RATE).events(RATE) for _ in range(2)]
    assert storms[0] == storms[1] != Storm(2, 300, RATE).events(RATE)


def test_all_of_it_is_midi_within_its_frames_in_order():
    events = Storm(1, 1000, RATE).events(RATE)
    assert all(from_midi(new_event(), message) for _, message in events)
    frames = [frame for frame, _ in events]
    assert frames == sorted(frames) and 0 <= frames[0] and frames[-1] < RATE


def test_it_counts_what_it_made():
    storm = Storm(1, 500, RATE)
    events = storm.events(RATE) + storm.events(RATE)
    assert storm.messages == len(events) > 800
    assert storm.note_ons == sum(m[0] & 0xF0 == 0x90 for _, m in events)


def test_its_ending_lifts_pedals_and_keys_on_all_channels():
    ending = {message for _, message in Storm(1, 1, RATE).ending()}
    assert ending == {
        bytes((0xB0 | channel, control, 0))
        for channel in range(CHANNELS)
        for control in (64, 123)
    }
