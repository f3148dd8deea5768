# shellcheck shell=bash
# Sourced by scripts that install packages or start servers, both of which need root.

# Runs a command as root: directly, or by sudo with our environment (including HOME, so that both share one cache).
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -E env "HOME=$HOME" "PATH=$PATH:/usr/sbin:/sbin" "$@"
    else
        echo "$0: needs root, and there is no sudo here" >&2
        return 1
    fi
}
