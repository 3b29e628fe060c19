#!/usr/bin/env bash
# Gives a Debian machine a Rust toolchain with wasm32-wasip2 and wasm32-wasip1, for places where rustup has no server to
# fetch targets from. It uses Debian's packages alone, and never touches the rustup toolchain that builds the host.
#
# Safe to run again: what is in place is left alone, and the standard library is built anew only after Debian's rustc changed.
set -euo pipefail

readonly TOOLCHAIN=workway-wasm
readonly RUSTLIB=/usr/lib/rustlib
readonly TARGETS=(wasm32-wasip2 wasm32-wasip1)
# Debian's older wasi-libc packages have no wasip2. The newest suites are only asked for that one package.
readonly WASI_LIBC_SUITES=(forky sid)
# The workspace's `rust-version`: an older rustc refuses to build the integrations.
readonly OLDEST_RUST=1.95

say() { printf 'wasm-target: %s\n' "$*"; }
fail() {
    printf 'wasm-target: %s\n' "$@" >&2
    exit 1
}

check_machine() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
        fail "apt-get and dpkg are missing: this way works on Debian alone." \
            "Elsewhere install the target with 'rustup target add wasm32-wasip2'."
    . /etc/os-release
    [ "${ID:-}" = debian ] ||
        fail "this is ${PRETTY_NAME:-an unknown system}, not Debian." \
            "Install the target with 'rustup target add wasm32-wasip2', or with this system's own packages."
    [ "$(id -u)" = 0 ] ||
        fail "root is needed to install packages and to write to $RUSTLIB." "Run: sudo $0"
}

# What makes installed libraries stale: another compiler, or another recipe.
stamp() { printf '1 %s\n' "$(/usr/bin/rustc --version)"; }

is_ready() {
    local target
    [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] || return 1
    for target in "${TARGETS[@]}"; do
        [ "$(cat "$RUSTLIB/$target/workway-stamp" 2>/dev/null)" = "$(stamp)" ] || return 1
    done
}

install_packages() {
    say "asking apt for its package lists"
    apt-get -qq update || say "apt-get update failed for some sources; going on with the lists there are"
    apt-cache show rustc-web >/dev/null 2>&1 ||
        fail "apt offers no rustc-web. Debian 12 has it in its security suite: add that to the apt sources."
    # rustc links wasm with the lld of its own LLVM.
    local llvm
    llvm=$(apt-cache depends rust-web-llvm | sed -n 's/^ *Depends: llvm-\([0-9]*\)$/\1/p' | head -n 1)
    [ -n "$llvm" ] || fail "cannot tell which LLVM rust-web-llvm uses, so not which lld to install."
    say "installing rustc-web, cargo-web, rust-web-src, rust-web-llvm and lld-$llvm"
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        rustc-web cargo-web rust-web-src rust-web-llvm "lld-$llvm" gcc libc6-dev >"$WORK/apt.log" 2>&1 || {
        tail -n 20 "$WORK/apt.log" >&2
        fail "apt-get install failed; its last lines are above."
    }
    local version
    version=$(/usr/bin/rustc --version | cut -d ' ' -f 2)
    dpkg --compare-versions "$version" ge "$OLDEST_RUST" ||
        fail "Debian's rustc is $version, and integrations need $OLDEST_RUST: add Debian's security suite to the apt sources."
    say "Debian's rustc is $version"
}

# Unpacks a wasi-libc that knows wasip2 to $WORK/wasi, without adding its suite to the machine.
fetch_wasi_libc() {
    local mirror suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg options
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ] || fail "no Debian mirror in this machine's apt sources."
    [ -r "$keyring" ] || fail "$keyring is missing: apt-get install debian-archive-keyring"
    for suite in "${WASI_LIBC_SUITES[@]}"; do
        say "fetching wasi-libc of Debian $suite"
        rm -rf "$WORK/apt" && mkdir -p "$WORK/apt/lists/partial" "$WORK/apt/cache/archives/partial"
        echo "deb [signed-by=$keyring] $mirror $suite main" >"$WORK/apt/sources.list"
        options=(-o Dir::Etc::sourcelist="$WORK/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
            -o Dir::State::Lists="$WORK/apt/lists" -o Dir::Cache="$WORK/apt/cache" -o APT::Sandbox::User=root
            -o Acquire::Languages=none)
        (cd "$WORK/apt" && apt-get -qq "${options[@]}" update && apt-get -qq "${options[@]}" download wasi-libc) || continue
        rm -rf "$WORK/wasi" && dpkg -x "$WORK"/apt/wasi-libc_*.deb "$WORK/wasi"
        [ -f "$WORK/wasi/usr/lib/wasm32-wasip2/libc.a" ] && return
    done
    fail "no wasi-libc with wasip2 in Debian ${WASI_LIBC_SUITES[*]}."
}

install_target() {
    local target=$1 libc=$1 lib=$RUSTLIB/$1/lib file
    # Debian calls wasip1 by its old name.
    [ "$target" = wasm32-wasip1 ] && libc=wasm32-wasi
    say "building the standard library for $target (about half a minute)"
    rm -rf "$RUSTLIB/$target"
    mkdir -p "$lib/self-contained"
    for file in crt1-command.o crt1-reactor.o libc.a; do
        cp "$WORK/wasi/usr/lib/$libc/$file" "$lib/self-contained/"
    done
    # The bitcode lets integrations be built with LTO. The variables that rustup and an outer cargo set are dropped.
    (cd "$WORK/empty" && env -u RUSTUP_TOOLCHAIN -u RUSTC_WRAPPER -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_TARGET \
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$WORK/target" \
        /usr/bin/cargo build --quiet --release --target "$target" -Zbuild-std=std,panic_abort,panic_unwind,proc_macro)
    rm -f "$WORK/target/$target/release/deps"/libworkway_empty-*
    cp "$WORK/target/$target/release/deps"/*.rlib "$lib/"
    stamp >"$RUSTLIB/$target/workway-stamp"
}

link_toolchain() {
    if ! command -v rustup >/dev/null; then
        say "no rustup here: /usr/bin/cargo builds the integrations"
    elif [ "$(rustup run "$TOOLCHAIN" rustc --version 2>/dev/null)" != "$(/usr/bin/rustc --version)" ]; then
        rustup toolchain link "$TOOLCHAIN" /usr
        say "linked as rustup's toolchain $TOOLCHAIN: cargo +$TOOLCHAIN build --target wasm32-wasip2"
    fi
}

main() {
    check_machine
    if is_ready; then
        say "wasm32-wasip2 and wasm32-wasip1 are installed"
    else
        WORK=$(mktemp -d)
        trap 'rm -rf "$WORK"' EXIT
        install_packages
        fetch_wasi_libc
        mkdir -p "$WORK/empty/src"
        printf '[package]\nname = "workway-empty"\nedition = "2024"\n[workspace]\n' >"$WORK/empty/Cargo.toml"
        echo '#![no_std]' >"$WORK/empty/src/lib.rs"
        for target in "${TARGETS[@]}"; do install_target "$target"; done
    fi
    link_toolchain
    say "ready"
}

main
