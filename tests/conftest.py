"""Settings of Hypothesis, and fixtures for tests with a real JACK server.

See `tests.jack`.
"""

import pytest
from hypothesis import settings

from tests.disturbed import GivenUp
from tests.jack import JackProbe, JackServer, missing

# The first example loads compiled kernels: its time says nothing.
settings.register_profile("rtaudio_dl", deadline=None)
settings.load_profile("rtaudio_dl")


def pytest_configure(config: pytest.Config) -> None:
    """Count the tests that are given up, see `tests.disturbed`."""
    config.pluginmanager.register(GivenUp(), "given up")


@pytest.fixture(scope="session")
def jack_server_of_session():
    """One server for all tests; `jack_server` makes it the one of a test."""
    if missing():
        pytest.skip(missing())
    with JackServer() as server:
        yield server


@pytest.fixture
def jack_server(jack_server_of_session, monkeypatch):
    """A running JACK server (48 kHz, 128 frames) that this test's process is to use.

    One process can only use one server: a test that kills a server runs in a process
    of its own, see `tests.jack.JackServer.run`.
    """
    for name, value in jack_server_of_session.environment.items():
        monkeypatch.setenv(name, value)
    return jack_server_of_session


@pytest.fixture(scope="session")
def jack_probe_of_session(jack_server_of_session):
    """One probe for all tests: it takes more than a second to start."""
    with JackProbe(jack_server_of_session) as probe:
        yield probe


@pytest.fixture
def jack_probe(jack_server, jack_probe_of_session):
    """A `JackProbe` on the server of this test, connected to nothing."""
    yield jack_probe_of_session
    jack_probe_of_session.disconnect()
