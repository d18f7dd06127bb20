# Sourced by the other scripts: sets $root, and $python to a Python that can make or already is our environment.
root=$(cd "$(dirname "$0")/.." && pwd)

usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for python in "$root/.venv/bin/python" python3 python3.14 python3.13 python3.12 python3.11; do
        if usable "$python"; then
            return 0
        fi
    done
    return 1
}

if ! find_python; then
    apt="apt-get update && apt-get install -y --no-install-recommends python3 python3-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Python: python3 python3-venv" >&2
        DEBIAN_FRONTEND=noninteractive sh -c "$apt" >/dev/null
    fi
    if ! find_python; then
        echo "fundapp needs Python 3.11 or newer with its venv module. On Debian 12, as root, this line installs it:" >&2
        echo "    $apt" >&2
        exit 1
    fi
fi
