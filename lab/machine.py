"""The machine and the versions that a figure holds for."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from rtaudio_dl import __version__

_PACKAGES = ("numpy", "numba", "onnxruntime-gpu", "onnxruntime", "sounddevice")
_CPU_INFO = Path("/proc/cpuinfo")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_UNKNOWN = "unknown"


def describe_machine() -> dict[str, str]:
    """Name and value of everything that moves a figure; ``unknown`` where not told."""
    versions = {name: _version(name) for name in _PACKAGES}
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count() or _UNKNOWN),
        "governor": _governor(),
        "load average": _load(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "rtaudio_dl": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: version for name, version in versions.items() if version},
        "jack": _jack(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    if sys.platform == "darwin":
        return _first_line(["sysctl", "-n", "machdep.cpu.brand_string"])
    return platform.processor() or _UNKNOWN


def _governor() -> str:
    try:
        return _GOVERNOR.read_text(encoding="utf-8").strip()
    except OSError:
        return "not told by this system"


def _load() -> str:
    if not hasattr(os, "getloadavg"):
        return "not told by this system"
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def _jack() -> str:
    return _first_line(["jackd", "--version"]) if shutil.which("jackd") else "none"


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _UNKNOWN
    return (done.stdout or done.stderr).strip().partition("\n")[0] or _UNKNOWN
