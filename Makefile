# keybench. One makefile, no recursion; `make help` lists the targets.
VERSION := 0.1.0
VARIANT ?= release
PREFIX  ?= /usr/local
B       := build/$(VARIANT)
BIN     := $(if $(filter release,$(VARIANT)),build/bin,$(B)/bin)
-include config.mk

FLAGS_debug   := -O0 -g
FLAGS_release := -O2 -g
FLAGS_san     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_cov     := -O0 -g --coverage
FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifndef FLAGS_$(VARIANT)
$(error VARIANT is debug, release, san, cov or fuzz, not '$(VARIANT)')
endif
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2
# texts for a person are cut to their field on purpose; only gcc has this warning
WARN += $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),,-Wno-format-truncation)

comma := ,
pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
have = $(shell pkg-config --exists $(1) 2>/dev/null && echo 1)
WITH_LIBNFC ?= $(call have,libnfc)
WITH_LIBUSB ?= $(call have,libusb-1.0)
WITH_LIBSOCKETCAN ?= $(call have,libsocketcan)
WITH_PCSC ?= $(call have,libpcsclite)
# 1 or empty from here on: WITH_LIBNFC=0 leaves it out too
override WITH_LIBNFC := $(filter 1,$(WITH_LIBNFC))
override WITH_LIBSOCKETCAN := $(filter 1,$(WITH_LIBSOCKETCAN))
override WITH_LIBUSB := $(filter 1,$(WITH_LIBUSB))
override WITH_PCSC := $(filter 1,$(WITH_PCSC))

ALL_CPPFLAGS := -I. -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DDATADIR='"$(PREFIX)/share/keybench"' \
	$(if $(WITH_LIBNFC),-DWITH_LIBNFC=1,-DWITH_LIBNFC=0) \
	$(if $(WITH_LIBUSB),-DWITH_LIBUSB=1 $(call pkg,--cflags,libusb-1.0),-DWITH_LIBUSB=0) \
	$(if $(WITH_LIBSOCKETCAN),-DWITH_LIBSOCKETCAN=1,-DWITH_LIBSOCKETCAN=0) \
	$(if $(WITH_PCSC),-DWITH_PCSC=1 $(call pkg,--cflags-only-I,libpcsclite),-DWITH_PCSC=0) \
	$(call pkg,--cflags,libfyaml jansson libcrypto libxml-2.0 libserialport zlib) $(CPPFLAGS)
ALL_CFLAGS := -std=c11 $(WARN) $(FLAGS_$(VARIANT)) $(CFLAGS)
ALL_LDFLAGS := $(FLAGS_$(VARIANT)) $(LDFLAGS)
ifeq ($(DEVELOPER),1)
ALL_CFLAGS += -Werror
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# Layers: what each may call, and the libraries it stands on. A test of a layer links these archives
# and no others, so a call upwards does not link.
LAYERS := core drivers fixtures results suites bench
core_dir := bench/core
core_uses :=
drivers_uses := core
fixtures_uses := core
results_uses := core
suites_uses := drivers fixtures core
bench_uses := suites results drivers fixtures core
core_libs := $(or $(call pkg,--libs,libfyaml jansson libcrypto),-lfyaml -ljansson -lcrypto) -lm
drivers_libs := $(if $(WITH_LIBNFC),-lnfc) $(if $(WITH_LIBUSB),-lusb-1.0) $(if $(WITH_LIBSOCKETCAN),-lsocketcan) \
	$(if $(WITH_PCSC),-lpcsclite) -lserialport
results_libs := -lxml2 -lz
libs_of = $(foreach l,$(1),$($(l)_libs))

dir = $(or $($(1)_dir),$(1))
find = $(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c)
TESTLIKE := %_test.c %_fuzz.c %_contract.c %/main.c
core_all := $(call find,bench/core)
bench_all := $(wildcard bench/*.c)
$(foreach l,drivers fixtures results suites,$(eval $(l)_all := $(call find,$(l))))
drivers_all := $(filter-out $(if $(WITH_LIBUSB),,drivers/relay/usb_hid_libusb.c drivers/usb_port_libusb.c),$(drivers_all))
drivers_all := $(filter-out $(if $(WITH_LIBNFC),,$(addprefix drivers/nfc/,libnfc.c libnfc_port.c libnfc_card.c)),$(drivers_all))
drivers_all := $(filter-out $(if $(WITH_PCSC),,$(addprefix drivers/nfc/,pcsc.c pcsc_port.c pcsc_test.c)),$(drivers_all))
obj = $(patsubst %.c,$(B)/%.o,$(1))

.PHONY: all bench demo setup-build setup-bench setup-lab setup-check lab lab-check check run-tests check-san unit cover hdr-check format \
	format-check man-check install uninstall clean help tests fuzz fuzzers fuzz-smoke \
	torture faults mutants valgrind

# Programs: keybench, and keybench-NAME for every tools/NAME with a main.c. What its tests have in common: x_bench.c.
TOOLS := $(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c))
emu_uses := drivers fixtures core
perf_uses := results drivers fixtures core
kat_uses := fixtures core
ca_uses := fixtures core
vbus_uses := drivers core
usbemu_uses := emu drivers fixtures core
can_uses := drivers core
device_uses := fixtures core
vehicle_uses := device fixtures core
PROGRAMS := $(BIN)/keybench $(patsubst %,$(BIN)/keybench-%,$(TOOLS))

## all: the programs, in build/bin (default)
all: $(PROGRAMS)

TESTS :=
FUZZERS :=
define layer
$(B)/lib$(1).a: $(call obj,$(filter-out $(TESTLIKE),$($(1)_all)))
$(1)_tests := $(patsubst %.c,$(B)/%,$(filter %_test.c,$($(1)_all)))
TESTS += $$($(1)_tests)
$$($(1)_tests): LIBS = $$(call libs_of,$(1) $($(1)_uses)) -lcmocka
$$($(1)_tests): $(B)/%: $(B)/%.o $(call obj,$(filter %_contract.c,$($(1)_all))) \
	$(patsubst %,$(B)/lib%.a,$(1) $($(1)_uses))
$(1)_fuzzers := $(patsubst %.c,$(B)/%,$(filter %_fuzz.c,$($(1)_all)))
FUZZERS += $$($(1)_fuzzers)
$$($(1)_fuzzers): LIBS = $$(call libs_of,$(1) $($(1)_uses))
$$($(1)_fuzzers): $(B)/%: $(B)/%.o $(patsubst %,$(B)/lib%.a,$(1) $($(1)_uses))
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(BIN)/keybench: LIBS = $(call libs_of,$(bench_uses))
$(BIN)/keybench: $(B)/bench/main.o $(patsubst %,$(B)/lib%.a,bench $(bench_uses))
define tool
$(1)_src := $$(filter-out %_test.c %_fuzz.c %_bench.c,$$(wildcard tools/$(1)/*.c))
$(BIN)/keybench-$(1): LIBS = $$(call libs_of,$(or $($(1)_uses),core))
$(BIN)/keybench-$(1): $$(call obj,$$($(1)_src)) $(patsubst %,$(B)/lib%.a,$(or $($(1)_uses),core))
$(1)_tests := $$(patsubst %.c,$(B)/%,$$(wildcard tools/$(1)/*_test.c))
TESTS += $$($(1)_tests)
$$($(1)_tests): LIBS = $$(call libs_of,$(or $($(1)_uses),core)) -lcmocka
$$($(1)_tests): $(B)/%: $(B)/%.o $$(call obj,$$(filter-out %/main.c,$$($(1)_src)) \
	$$(wildcard tools/$(1)/*_bench.c)) \
	$(patsubst %,$(B)/lib%.a,$(or $($(1)_uses),core))
$(1)_fuzzers := $$(patsubst %.c,$$(B)/%,$$(wildcard tools/$(1)/*_fuzz.c))
FUZZERS += $$($(1)_fuzzers)
$$($(1)_fuzzers): LIBS = $$(call libs_of,$(or $($(1)_uses),core))
$$($(1)_fuzzers): $(B)/%: $(B)/%.o $$(call obj,$$(filter-out %/main.c,$$($(1)_src))) \
	$(patsubst %,$(B)/lib%.a,$(or $($(1)_uses),core))
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))
# the desk, for a tool that brings more of it to life
$(B)/libemu.a: $(call obj,$(filter-out %/main.c,$(emu_src)))
$(B)/libdevice.a: $(call obj,$(filter-out %/main.c,$(device_src)))

$(FUZZERS): LDLIBS += -fsanitize=fuzzer
# the fault campaign: a test without arguments, and what `make faults` runs
FAULTS := $(B)/bench/faults/campaign
TESTS += $(FAULTS)
$(FAULTS): LIBS = $(call libs_of,bench $(bench_uses))
$(FAULTS): LDLIBS += $(patsubst %,-Wl$(comma)--wrap=%,write fsync fdatasync)
$(FAULTS): $(call obj,$(wildcard bench/faults/*.c)) $(patsubst %,$(B)/lib%.a,bench $(bench_uses))
# the torture test fails allocations of ours
$(B)/bench/torture_test: LDLIBS += \
	$(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc reallocarray strdup strndup \
	fsync fdatasync)
$(PROGRAMS) $(TESTS) $(FUZZERS):
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(LDLIBS)
$(B)/lib%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^
$(B)/%.o: %.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
-include $(shell find $(B) -name '*.d' 2>/dev/null)
.SECONDARY:

## tests: build every unit test
tests: $(TESTS)
## unit: run the unit tests of one layer or tool: make unit L=fixtures
unit: $(if $(L),$($(L)_tests),$(TESTS))
	$(Q)prove -e '' $^

# Set-up: install what is missing of a group of packages.txt. Does nothing, and needs nobody, when all is there.
define setup
	$(Q)missing=; for p in $$(sed -n 's/^$(1) //p' packages.txt); do \
	  dpkg-query -W -f '$${db:Status-Status}' "$$p" 2>/dev/null | grep -qx installed || \
	  missing="$$missing $$p"; done; \
	[ -z "$$missing" ] || { \
	  echo "installing what is missing of the $(1) packages:$$missing"; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -q && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; }
endef
setup-build:
	$(call setup,build)
setup-bench:
	$(call setup,bench)
setup-lab: setup-build
	$(call setup,lab)
setup-check: setup-build
	$(call setup,check)

## demo: install what is missing, build, run the door-unlock suite on the emulated desk
demo: setup-build
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(BIN)/keybench run suites/timing/door-unlock.yaml --rig fixtures/rigs/emulated-a.yaml \
	  --target fixtures/profiles/target/example.yaml

## check: install what is missing, build, run every test
check: setup-check
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)$(MAKE) --no-print-directory run-tests
# a single test that takes longer than this hangs
TEST_LIMIT ?= 600
SCRIPT_TESTS = $(sort $(wildcard *_test.sh */*_test.sh */*/*_test.sh))
run-tests: export KEYBENCH_BIN := $(abspath $(BIN))
run-tests:
	$(Q)prove -j2 --timer -e 'tools/limit.sh $(TEST_LIMIT)' $(SCRIPT_TESTS) $(TESTS)
## check-san: the same under the address, leak and undefined-behaviour sanitizers
check-san:
	$(Q)$(MAKE) --no-print-directory VARIANT=san check
## fuzz: build every fuzz target (clang), in build/fuzz: build/fuzz/fixtures/proto/tlv_fuzz CORPUS…
fuzz:
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz CC=clang DEVELOPER=1 fuzzers
fuzzers: $(FUZZERS)
## fuzz-smoke: run each over its corpus and a few seconds further, from a fixed seed; FUZZ_SECONDS=3
FUZZ_SECONDS ?= 3
fuzz-smoke: fuzz
	$(Q)rc=0; for f in $(patsubst $(B)/%,%,$(FUZZERS)); do \
	  tools/fuzz.sh $$f $(FUZZ_SECONDS) || rc=1; done; exit $$rc
## torture: a whole run with every single allocation failing in turn, under the sanitizers
torture:
	$(Q)$(MAKE) --no-print-directory VARIANT=san build/san/bench/torture_test
	$(Q)TORTURE=all build/san/bench/torture_test
## faults: the fault campaign, in process and on emulated desks, and its table; SEED=1, the same seed makes the same faults
SEED ?= 1
FAULT_JOBS ?= 2
FAULT_DESKS ?= 0
faults:
	$(Q)$(MAKE) --no-print-directory all $(FAULTS)
	$(Q)KEYBENCH_BIN=$(abspath $(BIN)) $(FAULTS) --all --seed $(SEED) --jobs $(FAULT_JOBS) --desks $(FAULT_DESKS)
## mutants: what the conformance suites are worth: the faults of the reference device, and the cases that catch each
mutants: all
	$(Q)KEYBENCH_BIN=$(abspath $(BIN)) tools/mutants.sh >suites/conformance/MUTANTS.md.new && \
	  { echo '# What the conformance suites catch'; echo; \
	  echo 'Made by `make mutants`: the reference device breaks one rule at a time, simulated in process.'; echo; \
	  cat suites/conformance/MUTANTS.md.new; } >suites/conformance/MUTANTS.md; rc=$$?; \
	  rm -f suites/conformance/MUTANTS.md.new; exit $$rc
## valgrind: memcheck over unit tests, keybench check and report
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
	--errors-for-leak-kinds=definite,indirect
VALGRIND_TESTS = bench/core/conf_test bench/core/conf_text_test bench/core/wire/isodep_test \
	drivers/wrap/fault_test fixtures/proto/sm_test fixtures/vehicle/vehicle_test \
	results/journal_test results/record_test results/summary_test suites/suite_test
valgrind:
	$(Q)$(MAKE) --no-print-directory VARIANT=debug all $(patsubst %,build/debug/%,$(VALGRIND_TESTS))
	$(Q)for t in $(VALGRIND_TESTS); do echo "  MEM   $$t"; \
	  $(VALGRIND) build/debug/$$t >build/debug/$$t.memcheck || { cat build/debug/$$t.memcheck; exit 1; }; done
	$(Q)for c in "check suites/timing/door-unlock.yaml --rig emulated-a --target example" \
	  "report results/golden/trouble" "report results/golden/trouble --format junit" \
	  "report results/golden/demo --format hlog" "report results/golden/demo --format csv" \
	  "report results/golden/demo --format json"; do echo "  MEM   keybench $$c"; \
	  $(VALGRIND) build/debug/bin/keybench $$c >/dev/null || exit 1; done
## cover: line coverage of every source, worst first
cover:
	$(Q)$(MAKE) --no-print-directory VARIANT=cov check
	$(Q)find build/cov -name '*.gcda' ! -name '*_test.gcda' | xargs gcov -n 2>/dev/null | \
	  awk '/^File .(bench|drivers|fixtures|results|suites|tools)/{f=$$2} /^Lines/&&f{sub("Lines executed:","",$$0); print $$1, f; f=""}' | sort -n

## bench: what keybench itself costs, a table of ratios taken in one run (a few minutes; no test)
bench: setup-build setup-bench
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(BIN)/keybench-perf
## lab: a shell in a virtual machine with a real kernel: CAN, USB (tools/vmlab/vmlab -h tells how to use it otherwise)
lab: setup-lab
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tools/vmlab/vmlab
# unit tests that have more to ask where there are devices
LAB_TESTS = $(B)/drivers/can/socketcan_test $(B)/drivers/usb_rescue_test $(B)/tools/usbemu/forms_test
## lab-check: what needs such a kernel, tested there; L=can runs tools/vmlab/checks/can.sh alone
lab-check: setup-lab
	$(Q)$(MAKE) --no-print-directory all $(LAB_TESTS)
	$(Q)tools/vmlab/lab_check.sh $(L)
## hdr-check: every header compiles alone
HDRS = $(shell find bench drivers fixtures results suites tools -name '*.h')
hdr-check:
	$(Q)for h in $(HDRS); do printf '#include "%s"\n' $$h | \
	  $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Werror -fsyntax-only -xc - || exit; done
## format: let clang-format decide
format:
	clang-format -i $$(git ls-files '*.[ch]')
## format-check: would it change anything?
format-check:
	$(Q)clang-format --dry-run -Werror $$(git ls-files '*.[ch]')
MAN1 = bench/man/keybench.1 $(wildcard tools/*/*.1)
MAN5 = $(wildcard bench/man/*.5)
## man-check: the man pages are well-formed
man-check:
	$(Q)mandoc -T lint -W warning $(MAN1) $(MAN5)

INSTALL_DATA = suites fixtures/profiles fixtures/rigs fixtures/pairings fixtures/dbc fixtures/traces fixtures/exec fixtures/requirements.yaml
# for udev and modprobe, which read $(PREFIX)/lib when it is /usr or /usr/local; elsewhere they are copied by hand
HOST_FILES = 70-keybench.rules keybench-nfc.conf
D = $(DESTDIR)$(PREFIX)
## install: into $(DESTDIR)$(PREFIX)
install: all
	$(Q)for p in $(PROGRAMS); do install -D -m 755 $$p $(D)/bin/$${p##*/}; done
	$(Q)for m in $(MAN1); do install -D -m 644 $$m $(D)/share/man/man1/$${m##*/}; done
	$(Q)for m in $(MAN5); do install -D -m 644 $$m $(D)/share/man/man5/$${m##*/}; done
	$(Q)find $(INSTALL_DATA) -name '*.yaml' -o -name '*.dbc' -o -name '*.log' -o -name '*.py' | while read -r f; do \
	  install -D -m 644 "$$f" "$(D)/share/keybench/$$f"; done
	$(Q)for h in $(HOST_FILES); do install -D -m 644 drivers/host/$$h $(D)/share/keybench/host/$$h; done
	$(Q)install -D -m 644 drivers/host/70-keybench.rules $(D)/lib/udev/rules.d/70-keybench.rules
	$(Q)install -D -m 644 drivers/host/keybench-nfc.conf $(D)/lib/modprobe.d/keybench-nfc.conf
## uninstall: take it out again
uninstall:
	$(Q)rm -f $(foreach p,$(notdir $(PROGRAMS)),$(D)/bin/$(p)) \
	  $(foreach m,$(notdir $(MAN1)),$(D)/share/man/man1/$(m)) \
	  $(foreach m,$(notdir $(MAN5)),$(D)/share/man/man5/$(m))
	$(Q)rm -f $(D)/lib/udev/rules.d/70-keybench.rules $(D)/lib/modprobe.d/keybench-nfc.conf
	$(Q)rm -rf $(D)/share/keybench
## clean: remove build/
clean:
	rm -rf build
## help: this list
help:
	@sed -n 's/^## //p' Makefile
