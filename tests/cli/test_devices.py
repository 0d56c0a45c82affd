"""`rtaudio-dl devices` on a real JACK server."""

import pytest

from rtaudio_dl.cli import main

pytestmark = pytest.mark.jack


def test_inputs_and_outputs_are_listed_with_what_is_the_default(
    jack_server, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["devices"]) == 0
    (line,) = [t for t in capsys.readouterr().out.splitlines() if "system (JACK)" in t]
    assert line.count("2 default") == 2
