"""Devices and files of the live world: audio, MIDI, keyboard, recordings.

`audio` (with `jack_audio` and `portaudio` behind it) plays through a device,
`supervisor` keeps it playing, `midi` reads notes in a process of its own
(`midi_process`, with `midi_jack` and `midi_system` behind it) into memory that is
`shared`, `recorder` writes what is heard, `keyboard` plays without a MIDI keyboard.

Importing a module here starts nothing and opens no device.
"""
