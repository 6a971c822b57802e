# shellcheck shell=bash
# What ops/run and ops/test share: steps with their time, packages, tools. Sourced, not run.

steps=()
began=$SECONDS
bold() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }

# step NAME COMMAND…: runs it with its output in sight, and keeps its time for the verdict.
step() {
    local name=$1 start=$SECONDS
    shift
    bold "==> $name"
    if "$@"; then
        steps+=("$(printf '%-28s %5ds  ok' "$name" $((SECONDS - start)))")
    else
        steps+=("$(printf '%-28s %5ds  FAILED' "$name" $((SECONDS - start)))")
        return 1
    fi
}

# verdict WORD: the times and one line.
verdict() {
    echo
    printf '    %s\n' "${steps[@]}"
    bold "$1 ($(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s)"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# packages KIND…: installs what is missing of these kinds. With everything there it needs no network.
packages() {
    local kind missing=() name
    for kind in "$@"; do
        while read -r name; do
            dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
        done < <(sed -n "s/^$kind: *\([^ #]*\).*/\1/p" ops/packages)
    done
    [ ${#missing[@]} -gt 0 ] || { echo "packages: all there"; return 0; }
    command -v apt-get >/dev/null || { echo "packages: install these with your package manager: ${missing[*]}" >&2; return 1; }
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "packages: as root: apt-get install ${missing[*]}" >&2
        return 1
    fi
    echo "packages: installing ${missing[*]}"
    as_root apt-get update -q
    # Debian's PostgreSQL would start a cluster of its own, which nobody needs here.
    if printf '%s\n' "${missing[@]}" | grep -qx postgresql && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Options::=--force-confold "${missing[@]}"
}

# at_least WANTED FOUND: compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# tools: Rust and Node are not ours to install.
tools() {
    local rust node
    rust=$(rustc --version 2>/dev/null | cut -d' ' -f2) || true
    at_least 1.94 "${rust:-0}" || { echo "Rust ≥ 1.94 is needed, found ${rust:-none}: https://rustup.rs" >&2; return 1; }
    node=$(node --version 2>/dev/null | tr -d v) || true
    at_least 20.19 "${node:-0}" || { echo "Node ≥ 20.19 is needed, found ${node:-none}: https://nodejs.org" >&2; return 1; }
    echo "Rust $rust, Node $node"
}

# web_packages: npm ci, when the lock file is another one than last time.
web_packages() {
    local mark=web/node_modules/.lock-of-lianxin
    if [ -d web/node_modules ] && cmp -s web/package-lock.json "$mark"; then echo "web: packages are there"; return 0; fi
    (cd web && npm ci --no-audit --no-fund)
    cp web/package-lock.json "$mark"
}

# web_build: when a source is newer than the result.
web_build() {
    local newer=yes
    if [ -f web/dist/index.html ] && [ -f web/dist/public.html ]; then
        newer=$(find web/src web/public web/*.html web/*.ts web/package-lock.json -type f -newer web/dist/index.html -print -quit)
    fi
    [ -n "$newer" ] || { echo "web: built already"; return 0; }
    (cd web && npm run build)
}

# user: a program started as root goes on as this one.
user() {
    [ "$(id -u)" = 0 ] || { echo "user: $(id -un)"; return 0; }
    id lianxin 2>/dev/null && return 0
    useradd --system --home-dir /var/lib/lianxin --shell /usr/sbin/nologin --user-group lianxin && id lianxin
}

model() { if [ -x ops/fetch-model ]; then ops/fetch-model base; fi; }
