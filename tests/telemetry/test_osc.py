"""OSC addresses, and messages on a real socket."""

import socket

import pytest
from pythonosc.osc_message import OscMessage

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.kinds.classifier.listener import Detection
from rtaudio_dl.telemetry.osc import OscSender, parse_address

HEARD = Detection(1.25, 60_000, "go", 0.75, True, 0.25, 1.25, 0.5, 60_010)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.7:9000", ("10.0.0.7", 9000)),
        ("localhost:1", ("localhost", 1)),
        (":9000", ("127.0.0.1", 9000)),
        ("9000", ("127.0.0.1", 9000)),
        ("[::1]:9000", ("::1", 9000)),
    ],
)
def test_addresses_are_read(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "here", "here:", "here:0", "a:70000", "a:-1"])
def test_what_is_no_address_is_told(text):
    with pytest.raises(DeviceError, match="HOST:PORT"):
        parse_address(text)


def test_a_host_that_is_not_there_is_told():
    with pytest.raises(DeviceError, match=r"no\.such\.host\.invalid"):
        OscSender("no.such.host.invalid", 9000)


def test_messages_arrive_as_they_are_described():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        sender = OscSender("localhost", server.getsockname()[1], ["go", "stop"])
        sender.event(HEARD)
        sender.scores([0.75, 0.25], 0.5)
        sender.close()
        messages = [OscMessage(server.recv(4096)) for _ in range(4)]
    assert [(m.address, m.params) for m in messages] == [
        ("/rtaudio_dl/labels", ["go", "stop"]),
        ("/rtaudio_dl/event", ["go", 0.75, 1.25, 1]),
        ("/rtaudio_dl/scores", [0.75, 0.25]),
        ("/rtaudio_dl/level", [0.5]),
    ]


def test_nobody_there_is_no_error():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    sender = OscSender("127.0.0.1", port)
    for _ in range(20):
        sender.event(HEARD)
    sender.close()
