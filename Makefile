# What there is to do here; `make` alone says it. Everything lands in target/, console/dist and var/, none of it committed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test quick edge simulate crash powercut faults bench bench-curve bench-flood bench-decode bench-link restart-time differential differential-slice fuzz fuzz-lines console packages clean tools node style browser release peers

# Where the exercise's console is served.
PORT ?= 8080

# Debian's daemons are here, and not in everyone's path.
export PATH := $(PATH):/usr/sbin

# One word a package, with the command that tells whether it is there; python3-venv has none, and its modules tell.
PACKAGES := chromium:chromium build-essential:cc mosquitto:mosquitto gpsd:gpsd gpsd-clients:gpsdecode strace:strace

DEBUG := target/debug/watchkeeper
RELEASE := target/release/watchkeeper
# The other decoders: a crate of its own, and Python's in an environment of their own.
PEERS := target/peers
NIGHT := fixtures/exercises/night-gulf-of-thailand.toml
CONSOLE_SOURCES := $(shell find console -type f -not -path '*/node_modules/*' -not -path 'console/dist/*')

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14 | sed 's/^/make /'

run: tools console var/night.nmea var/exercise.toml ## build all, and play a night in the Gulf of Thailand at http://127.0.0.1:8080
	@# A night begins at its beginning: the exercise's database is made anew.
	rm -rf var/exercise
	exec $(RELEASE) run --settings var/exercise.toml --data var/exercise

test: packages tools console style ## every check there is, the page in a real browser included
	cargo test --workspace --quiet
	cargo clippy -p sensors --no-default-features --quiet -- -D warnings
	$(MAKE) --no-print-directory differential-slice
	$(MAKE) --no-print-directory browser
	@echo "make test: everything passed"

quick: tools style ## what is worth running at every commit
	cargo test --workspace --lib --quiet
	if [ -d console/node_modules ]; then cd console && npm run --silent check; fi
	@echo "make quick: passed"

edge: tools ## the edge at length: a full VHF site's day without a link, 200 kills (KILLS=1000 for a release)
	EDGE_LINES_A_MINUTE=4500 EDGE_KILLS=$(or $(KILLS),200) cargo test --release --test suite edge:: -- --nocapture --test-threads 1

simulate: tools ## seeded seas, receivers, faults and crashes: SEEDS=100000 of them, or SEED=n alone
	@# One seed is played at once; many are worth an optimised build.
	$(if $(SEED),SEED=$(SEED) cargo test,SEEDS=$(or $(SEEDS),100000) cargo test --release) --test suite simulation:: -- --nocapture

crash: tools ## kill -9 at random moments, KILLS=1000; SEED=n for one run again
	KILLS=$(or $(KILLS),1000) cargo test --release --test suite crash:: -- --nocapture

powercut: tools packages ## recorded writes replayed as the disks that a power cut may leave, STATES=100000
	STATES=$(or $(STATES),100000) cargo test --release --test suite powercut:: -- --nocapture --test-threads 1

faults: tools packages ## the disk fails at each of 200 syncs, is full at each of 200 writes, is slow; FSYNCS=, WRITES=
	FSYNCS=$(or $(FSYNCS),200) WRITES=$(or $(WRITES),200) cargo test --release --test suite faults:: -- --nocapture --include-ignored --test-threads 1

bench: tools ## lines a second through the whole pipeline, beside splitting the same lines, and the memory it takes
	cargo bench --bench whole_path

restart-time: $(RELEASE) ## how soon a watch that was killed is back, on a journal of GB=1; ROUNDS=20
	python3 benches/restart/run.py $(RELEASE) $(or $(ROUNDS),20) $(or $(GB),1)

bench-curve: tools ## what one line costs the core with 1,000 to 300,000 vessels and under a flood of MMSIs, and the memory
	cargo bench --bench curve

bench-flood: tools ## how long a station's lines wait while another receiver floods
	cargo bench --bench flood

bench-link: tools ## lines a second over TCP on loopback, into the queue before the journal
	cargo bench -p sensors --bench loopback

bench-decode: peers ## ours and other decoders over two million sentences; CAPTURES=files takes yours
	@if [ -n "$(CAPTURES)" ]; then python3 benches/decoders/run.py $(CAPTURES); else \
		$(MAKE) --no-print-directory $(RELEASE) && mkdir -p $(PEERS) && \
		$(RELEASE) exercise fixtures/exercises/busy-sea.toml --hours 2 -o $(PEERS)/busy-sea.nmea && \
		python3 benches/decoders/run.py $(PEERS)/busy-sea.nmea; fi

differential: peers ## ours and other decoders field by field; CAPTURES=folder, MOST=messages of one file
	python3 tests/differential/differential.py $(or $(CAPTURES),fixtures) --most $(or $(MOST),0)

differential-slice: tools packages $(PEERS)/venv/.installed ## the same on some of the fixtures' messages, with quickly built decoders
	cargo build --profile slice --quiet --manifest-path benches/decoders/Cargo.toml --target-dir $(PEERS)/rust
	python3 tests/differential/differential.py fixtures --most $(or $(MOST),500) --profile slice

fuzz: tools ## coverage-guided fuzzing of each target for SECONDS=60, or RUNS=n; TARGETS=some
	@command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --version 0.13.1 --locked
	cd sensors/fuzz && for target in $(or $(TARGETS),$$(RUSTC_BOOTSTRAP=1 cargo fuzz list --fuzz-dir .)); do \
		mkdir -p $(CURDIR)/target/fuzz/corpus/$$target; \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir . --target-dir $(CURDIR)/target/fuzz $$target $(CURDIR)/target/fuzz/corpus/$$target seeds -- -max_total_time=$(or $(SECONDS),$(if $(RUNS),0,60)) -runs=$(or $(RUNS),-1) -max_len=4096; \
	done

fuzz-lines: tools ## damaged lines through the decoder, with overflow checks and debug assertions; LINES=10000000
	LINES=$(or $(LINES),10000000) SEED=$(or $(SEED),1) CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true \
		cargo test --release --no-default-features --target-dir target/checked -p sensors --test mutated_lines -- --nocapture

console: node console/dist/.built ## build the page, when its sources changed

packages: ## the system packages that the tests need, installed where they are missing
	@missing=; \
	for entry in $(PACKAGES); do command -v "$${entry#*:}" >/dev/null || missing="$$missing $${entry%%:*}"; done; \
	python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	sudo=; \
	if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
	if ! command -v apt-get >/dev/null || { [ -n "$$sudo" ] && ! command -v sudo >/dev/null; }; then \
		echo "missing:$$missing. They can't be installed from here (it takes apt-get, and root or sudo): install them and try again." >&2; exit 1; \
	fi; \
	echo "installing$$missing"; \
	{ $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; } || \
		{ echo "could not install$$missing: install them and try again." >&2; exit 1; }

clean: ## remove all that was built, and the exercise
	rm -rf target var console/dist console/node_modules

# -- the parts --

peers: tools packages $(PEERS)/venv/.installed
	cargo build --release --quiet --manifest-path benches/decoders/Cargo.toml --target-dir $(PEERS)/rust

$(PEERS)/venv/.installed: tests/differential/requirements.txt
	python3 -m venv $(PEERS)/venv
	$(PEERS)/venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

tools:
	@command -v cargo >/dev/null || { echo "cargo is missing: install a Rust toolchain, https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: make packages" >&2; exit 1; }

node:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "node or npm is missing: install Node 20 or later, https://nodejs.org" >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "node is $$(node --version): it takes 20 or later" >&2; exit 1; }

console/node_modules/.installed: console/package.json console/package-lock.json
	cd console && npm ci --no-fund --no-audit
	@touch $@

# The list of the page's files is read when console.rs is compiled.
console/dist/.built: console/node_modules/.installed $(CONSOLE_SOURCES)
	cd console && npm run --silent build
	@touch $@ src/web/console.rs

$(RELEASE): release
release: tools console
	cargo build --release

var/night.nmea: $(NIGHT) $(RELEASE)
	@mkdir -p var
	$(RELEASE) exercise $(NIGHT) -o $@.new
	@mv $@.new $@

var/exercise.toml: deploy/exercise.toml fixtures/zones/gulf-of-thailand.toml Makefile
	@mkdir -p var
	sed 's/^listen = .*/listen = "127.0.0.1:$(PORT)"/' deploy/exercise.toml | cat - fixtures/zones/gulf-of-thailand.toml > $@

style: tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings

# Tests and browser share the development build: nothing is compiled twice.
browser: packages console
	cargo build --quiet
	cd console && npm run --silent check
	@mkdir -p var/screenshots
	WATCHKEEPER_BIN=$(DEBUG) SCREENSHOTS=var/screenshots node --test tests/browser/
