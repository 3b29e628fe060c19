# Short names for the xtask commands; `cargo xtask help` says what each does.

# Serve in development mode on 127.0.0.1:8787
dev *arguments:
    cargo xtask dev {{arguments}}

# Build everything and run every test
test *arguments:
    cargo xtask test {{arguments}}

# Send made-up requests to a host and check every answer: --cases N, --seed N, --release
fuzz-api *arguments:
    cargo xtask fuzz-api {{arguments}}

# Run one bench: call, http, chaos, reload, start, compile, oauth, sdk or marketplace
bench name *arguments:
    cargo xtask bench {{name}} {{arguments}}

# Get a Rust toolchain that builds integrations
setup:
    cargo xtask setup

# Build integrations and drop them into plugins/
build *names:
    cargo xtask build {{names}}
