# PrimeMesh: `make quickstart` shows it working, `make test` shows that it does.

# Where `make install` puts things: below DESTDIR, for packages, and then PREFIX.
PREFIX ?= /usr/local
export PREFIX DESTDIR

BUILD := .build/release
SOURCES := Package.swift Sources Tests Examples migrations

.PHONY: quickstart test simulate mutations fuzz asan tsan disasters isolation slowlink build manual static install uninstall deb format lint bench kills clean setup setup-tests setup-disasters setup-deb swift

# Two nodes on this machine: a folder sent, the receiver killed half-way, resumed, compared, both histories shown.
quickstart: setup
	swift build -c release --product pmesh
	PMESH=$(BUILD)/pmesh Scripts/quickstart.sh

# One test after the other: those with real processes and deadlines would otherwise starve one another on small machines.
test: setup-tests
	swift build --build-tests
	swift test --skip-build --no-parallel --disable-xctest

# Whole transfers under faults, in virtual time: `make simulate SEEDS=100000 FROM=1000` for longer.
SEEDS ?= 1000
FROM ?= 0
simulate: setup
	swift build -c release --product pmesh-simulate
	$(BUILD)/pmesh-simulate --seeds $(SEEDS) --from $(FROM)

# Every decoder that a peer or the disk can reach, SECONDS each (default 5), under libFuzzer and the address sanitizer.
fuzz: setup
	SECONDS_EACH=$(or $(SECONDS),5) Scripts/fuzz.sh

# All tests, and the programs they start, under the address or the thread sanitizer.
asan: setup
	Scripts/sanitize.sh address

tsan: setup
	Scripts/sanitize.sh thread

# All programs, and the manual pages of pmesh: what `make install` puts in place.
build: setup
	swift build -c release
	Scripts/manual.sh $(BUILD)/pmesh .build/manual

# The manual pages alone, one for each command: `man -l .build/manual/pmesh.1`.
manual: setup
	swift build -c release --product pmesh
	Scripts/manual.sh $(BUILD)/pmesh .build/manual

# What was built: program, manual, completions. It builds nothing, so that `sudo make install` leaves nothing of root's here.
install:
	@Scripts/install.sh install

uninstall:
	@Scripts/install.sh uninstall

# A program that runs where Swift is not installed: the C and C++ libraries, SQLite and zlib are all it asks for.
static: setup
	swift build -c release --product pmesh --static-swift-stdlib --scratch-path .build-static
	strip -o .build-static/pmesh .build-static/release/pmesh

# A Debian package of that program.
deb: setup-deb static
	Scripts/manual.sh .build-static/pmesh .build/manual
	Scripts/deb.sh

format: swift
	swift format -i --recursive $(SOURCES)

lint: swift
	swift format lint --strict --recursive $(SOURCES)

# Prints the tables of the article Benchmarks for this machine.
bench: setup
	swift build -c release --product pmesh
	swift build -c release --product pmesh-bench
	$(BUILD)/pmesh-bench

# Kills either side and both at random moments of a 1 GiB transfer; SIZE_MIB, RECEIVER_KILLS, SENDER_KILLS, BOTH_KILLS.
kills: setup
	swift build -c release --product pmesh
	PMESH=$(BUILD)/pmesh Scripts/kills.sh

# Full disks, broken journals, stopped processes, wrong clocks and more; prints a table. Most of it needs root.
disasters: setup-disasters
	swift build -c release --product pmesh
	PMESH=$(BUILD)/pmesh Scripts/disasters.sh

# What can be seen of a transfer from outside, and that the tap by which this is shown is in no release build.
isolation: setup-tests
	swift build -c release --product pmesh
	swift build --build-tests
	swift test --skip-build --no-parallel --disable-xctest --filter 'IsolationTests|PlanesTests|TapTests|ControlMessageShapeTests'

# What compression and messages are worth on a link of 100 Mbit/s, and messages beside a transfer at full speed.
slowlink: setup-tests
	swift build -c release --product pmesh
	swift build -c release --product pmesh-bench
	PMESH=$(BUILD)/pmesh Scripts/slowlink.sh
# Deliberate defects, each of which the simulation or a test must catch; ONLY="name name", SEEDS.
mutations: setup
	Scripts/mutations.sh

clean: swift
	swift package clean

# Installs the system's libraries where they are missing.
setup: swift
	@Scripts/setup.sh

setup-tests: swift
	@Scripts/setup.sh tests

setup-disasters: swift
	@Scripts/setup.sh disasters

setup-deb: setup
	@Scripts/setup.sh deb

swift:
	@command -v swift >/dev/null || { echo "PrimeMesh needs Swift 6.3 or newer: install it with swiftly, see https://www.swift.org/install/linux, then run make again" >&2; exit 1; }
