"""Offline: from a folder of sounds to a model that the host can play.

Runs in a shell, on a CPU, a GPU or a cluster; `rtaudio_dl` never imports it.
"""
