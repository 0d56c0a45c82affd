"""The set-up script changes a system only where it may; stubs play its tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "requirements" / "system.sh"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="make and its scripts are for Unix"
)


class System:
    """A folder of stub programs that takes the place of PATH and logs its calls."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = folder / "log"
        self.stub("uname", "echo Linux")
        self.stub("id", "echo 1000")
        self.stub("dpkg-query", "exit 1")
        self.stub("grep", "exit 1")
        self.stub("env", 'while [ "${1#*=}" != "$1" ]; do shift; done; "$@"')

    def stub(self, name: str, does: str) -> None:
        path = self.folder / name
        log = f'echo "{name} $*" >> {self.log}'
        path.write_text(f"#!/bin/sh\n{log}\n{does}\n")
        path.chmod(0o755)

    def has_apt(self, status: int = 0) -> None:
        self.stub("apt-get", f"exit {status}")

    def is_root(self) -> None:
        self.stub("id", "echo 0")

    def need(self, *packages: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["/bin/sh", str(SCRIPT), *packages],
            env={"PATH": str(self.folder)},
            text=True,
            capture_output=True,
        )

    def installs(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        calls = [line.split() for line in lines]
        return [
            call[-1] for call in calls if call[0] == "apt-get" and "install" in call
        ]


@pytest.fixture
def system(tmp_path) -> System:
    return System(tmp_path)


def test_what_is_there_is_left_alone(system):
    system.has_apt()
    system.is_root()
    system.stub("dpkg-query", "echo installed")
    done = system.need("libportaudio2", "jackd2")
    assert (done.returncode, done.stdout, system.installs()) == (0, "", [])


def test_root_installs_what_is_missing_and_says_so(system):
    system.has_apt()
    system.is_root()
    done = system.need("libportaudio2")
    assert done.returncode == 0
    assert "Installing the system package libportaudio2" in done.stdout
    assert system.installs() == ["libportaudio2"]


def test_sudo_serves_where_it_asks_for_no_password(system):
    system.has_apt()
    system.stub("sudo", 'shift; "$@"')
    system.stub("true", "exit 0")
    assert system.need("libportaudio2").returncode == 0
    assert system.installs() == ["libportaudio2"]


def test_without_root_the_one_line_is_printed(system):
    system.has_apt()
    system.stub("sudo", "exit 1")
    done = system.need("libportaudio2")
    assert done.returncode == 1
    assert "sudo apt-get install --no-install-recommends libportaudio2" in done.stderr
    assert system.installs() == []


def test_a_failed_install_fails(system):
    system.has_apt(status=100)
    system.is_root()
    assert system.need("libportaudio2").returncode != 0


def test_realtime_priority_for_everyone_is_declined_before_jack(system):
    system.has_apt()
    system.is_root()
    answers = system.folder / "answers"
    system.stub("debconf-set-selections", f"read -r line; echo $line > {answers}")
    assert system.need("jackd2").returncode == 0
    assert answers.read_text() == "jackd2 jackd/tweak_rt_limits boolean false\n"
    assert system.installs() == ["jackd2"]


def test_one_missing_package_fails_the_call_but_not_the_others(system):
    system.has_apt()
    system.stub("dpkg-query", 'case "$*" in *jackd2*) echo installed ;; esac')
    done = system.need("libportaudio2", "jackd2")
    assert done.returncode == 1
    assert "jackd2" not in done.stderr


def test_on_macos_portaudio_comes_with_the_wheel_and_jack_from_brew(system):
    system.stub("uname", "echo Darwin")
    assert system.need("libportaudio2", "python3-venv").returncode == 0
    done = system.need("jackd2")
    assert done.returncode == 1
    assert "brew install jack" in done.stderr


def test_without_apt_the_library_itself_is_looked_for(system):
    system.stub("ldconfig", "echo libportaudio.so.2")
    system.stub("grep", "exit 0")
    assert system.need("libportaudio2").returncode == 0
    system.stub("grep", "exit 1")
    done = system.need("libportaudio2")
    assert done.returncode == 1
    assert "your system's package manager" in done.stderr
