#!/bin/sh
# Mutants of src/health and src/coverage against the tests, a second or two each (docs/testing.md).
#
#   tests/mutants.sh health|coverage [OPTIONS]   by the room's own tests, e.g. with --shard 1/8
#   tests/mutants.sh health-tables   [OPTIONS]   by the state tables (tests/health), e.g. with -F 'name of a survivor'
#   tests/mutants.sh health-simulation [OPTIONS] by the simulation: minutes each, for what is left
#
# The two rooms are pure and import nothing but `model`, so they are built as small crates of their
# own: a mutant costs the build of its room instead of that of the whole program. Needs cargo-mutants
# 27.1; OPTIONS are those of `cargo mutants`.
set -eu
kind=${1:?health, coverage, health-tables or health-simulation}
shift
room=${kind%%-*}
root=$(cd "$(dirname "$0")/.." && pwd)
mini=${CARGO_TARGET_DIR:-$root/target}/mutants
mkdir -p "$mini"
export CARGO_TARGET_DIR="$mini/target"

# Dependencies as the package itself names them.
needs() {
    for name in "$@"; do grep -m1 "^$name = " "$root/Cargo.toml"; done
}

# A crate with the given name: its folder, emptied of sources.
crate() {
    mkdir -p "$mini/$1"
    rm -rf "$mini/$1/src" "$mini/$1/tests" "$mini/$1/locales"
    mkdir "$mini/$1/src"
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n[lib]\ndoctest = false\n' "$1"
}

pure="ipnet jiff serde serde_json thiserror unicode-normalization"
{
    crate model
    printf '[dependencies]\n'
    needs $pure
    printf '[dev-dependencies]\n'
    needs proptest
} >"$mini/model.toml"
mv "$mini/model.toml" "$mini/model/Cargo.toml"
cp -r "$root/src/model/." "$mini/model/src/"
mv "$mini/model/src/mod.rs" "$mini/model/src/lib.rs"
# As a crate of its own it is the root, and its enums can be matched in full from outside.
find "$mini/model/src" -name '*.rs' -exec sed -i 's/crate::model/crate/g; /^ *#\[non_exhaustive\]/d' {} +

for pure_room in health coverage; do
    {
        crate "$pure_room"
        printf '[dependencies]\nmodel = { path = "../model" }\n'
        needs $pure
        printf '[dev-dependencies]\n'
        needs proptest
    } >"$mini/room.toml"
    mv "$mini/room.toml" "$mini/$pure_room/Cargo.toml"
    cp -r "$root/src/$pure_room" "$mini/$pure_room/src/"
    printf 'pub use model;\npub mod %s;\n' "$pure_room" >"$mini/$pure_room/src/lib.rs"
done

# The rooms that the state tables and the simulation need beside them.
{
    crate tuantra
    printf 'test = false\n[dependencies]\n'
    for part in model health coverage; do printf '%s = { path = "../%s" }\n' "$part" "$part"; done
    sed -n '/^\[dependencies\]/,/^\[dev-dependencies\]/p' "$root/Cargo.toml" | grep -E '^[a-z_-]+ = ' |
        grep -vE '^(anyhow|axum|clap|crossterm|http|hyper|ratatui|socket2|surge|tracing-sub)'
    printf '[dev-dependencies]\n'
    needs insta proptest tempfile
} >"$mini/rest.toml"
mv "$mini/rest.toml" "$mini/tuantra/Cargo.toml"
mkdir "$mini/tuantra/src/daemon" "$mini/tuantra/tests"
for part in locale config inventory store; do cp -r "$root/src/$part" "$mini/tuantra/src/"; done
for part in clock replay resume; do
    cp "$root/src/daemon/$part.rs" "$mini/tuantra/src/daemon/"
    printf 'pub mod %s;\n' "$part" >>"$mini/tuantra/src/daemon/mod.rs"
done
cp -r "$root/locales" "$mini/tuantra/"
cp -r "$root/tests/health" "$root/tests/simulation" "$mini/tuantra/tests/"
{
    printf 'pub use {coverage::coverage, health::health, model};\n'
    for part in locale config inventory store daemon; do printf 'pub mod %s;\n' "$part"; done
} >"$mini/tuantra/src/lib.rs"

cat >"$mini/Cargo.toml" <<'END'
[workspace]
resolver = "3"
members = ["model", "health", "coverage", "tuantra"]
[profile.dev]
debug = 0
[profile.dev.package."*"]
opt-level = 2
END
cp "$root/Cargo.lock" "$mini/Cargo.lock"

# A mutant that is found needs no small example and no backtrace.
export RUST_BACKTRACE=0 PROPTEST_MAX_SHRINK_ITERS=0 PROPTEST_CASES="${PROPTEST_CASES:-64}"
cd "$mini"
case $kind in
health | coverage) set -- --timeout 20 -C=--lib "$@" ;;
*-tables) tests=health timeout=120 ;;
*-simulation) tests=simulation timeout=900 ;;
esac
if [ "${tests:-}" ]; then
    # cargo-mutants looks for the tests of the unbroken code in the mutated crate only: here they are run before.
    cargo test -p tuantra --test "$tests"
    set -- --baseline skip --test-package tuantra --timeout "$timeout" -C=--test -C="$tests" "$@"
fi
exec cargo mutants --in-place -p "$room" -o "$mini/out-$kind" "$@"
