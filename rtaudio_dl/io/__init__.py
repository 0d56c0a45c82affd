"""Devices and files of the live world: audio, MIDI, keyboard, recordings.

`devices` lists the outputs, `audio` plays through one: `jack_audio` with MIDI in the
same cycle, `portaudio` on all other systems. `supervisor` keeps it playing. `midi`
reads notes in a process of its own (`midi_process`, with `midi_jack`, `midi_system` and
`midi_writer`) into memory that is `shared`. `recorder` writes what is heard, `keyboard`
plays without a MIDI keyboard.

Importing a module here starts nothing and opens no device.
"""
