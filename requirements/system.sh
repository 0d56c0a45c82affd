#!/bin/sh
# Installs a Debian package if that can be done without a question, else says how to.
# Usage: system.sh PACKAGE...; ends with 0 only if every package is there.
set -u

on_macos() { [ "$(uname -s)" = Darwin ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_be_root() {
    [ "$(id -u)" = 0 ] || { command -v sudo && sudo -n true; } >/dev/null 2>&1
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# jackd2 asks whether to allow realtime priority for everyone: not ours to decide.
preseed() {
    [ "$1" != jackd2 ] || ! command -v debconf-set-selections >/dev/null ||
        echo 'jackd2 jackd/tweak_rt_limits boolean false' |
        as_root debconf-set-selections
}

apt_install() {
    apt="env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0"
    as_root $apt update || true # an old list may still do
    as_root $apt install -y --no-install-recommends "$1" </dev/null >/dev/null
}

# The wheels for macOS bring PortAudio with them; only the JACK server is extra.
macos_package() {
    case "$1" in
    libportaudio2 | python3-venv) return 0 ;;
    jackd2) command -v jackd >/dev/null || { advise "brew install jack"; return 1; } ;;
    esac
}

advise() {
    echo "Please run this once, then make again:    $1" >&2
}

need() {
    if on_macos; then
        macos_package "$1"
    elif ! command -v apt-get >/dev/null; then
        present_elsewhere "$1"
    elif installed "$1"; then
        return 0
    elif can_be_root; then
        echo "Installing the system package $1 (apt-get) ..."
        preseed "$1" && apt_install "$1"
    else
        advise "sudo apt-get install --no-install-recommends $1"
        return 1
    fi
}

# No apt-get: look for the thing itself.
present_elsewhere() {
    case "$1" in
    libportaudio2) ldconfig -p 2>/dev/null | grep -q 'libportaudio\.so\.2' ;;
    jackd2) command -v jackd >/dev/null ;;
    *) false ;;
    esac || {
        advise "(install what Debian calls $1 with your system's package manager)"
        return 1
    }
}

status=0
for package in "$@"; do
    need "$package" || status=1
done
exit $status
