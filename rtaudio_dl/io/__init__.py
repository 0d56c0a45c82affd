"""Devices: audio, JACK, MIDI, the computer's keyboard.

`audio.devices` lists the outputs, `audio.stream` plays through one: `jack.stream` with
MIDI in the same cycle, `audio.portaudio` on all other systems; `audio.supervisor` keeps
it playing. `midi.reader` reads notes in a process of its own (`midi.process`) into
memory that is `shared`. `keyboard` plays without a MIDI keyboard.

Importing a module here starts nothing and opens no device.
"""
