# Short names for the xtask commands. `cargo xtask help` describes all of them.

# Serve in development mode on 127.0.0.1:8787
dev *arguments:
    cargo xtask dev {{arguments}}

# Check the format, the tidy rules and clippy's lints: run it before every commit
check:
    cargo xtask check

# Check the dependencies' versions, licences, sources and advisories
deny:
    cargo xtask deny

# Build everything and run every test
test *arguments:
    cargo xtask test {{arguments}}

# Send generated requests to a host and check every answer: --cases N, --seed N, --release
fuzz-api *arguments:
    cargo xtask fuzz-api {{arguments}}

# Run one bench: call, http, chaos, reload, start, compile, oauth, sdk or marketplace
bench name *arguments:
    cargo xtask bench {{name}} {{arguments}}

# Build the release binary and split off its debug information
release:
    cargo xtask release

# Install a Rust toolchain that builds integrations
setup:
    cargo xtask setup

# Build integrations and put them into plugins/
build *names:
    cargo xtask build {{names}}
