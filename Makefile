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
ifndef FLAGS_$(VARIANT)
$(error VARIANT is debug, release, san or cov, not '$(VARIANT)')
endif
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2
# texts for a person are cut to their field on purpose; only gcc has this warning
WARN += $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),,-Wno-format-truncation)

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
have = $(shell pkg-config --exists $(1) 2>/dev/null && echo 1)
WITH_LIBNFC ?= $(call have,libnfc)

ALL_CPPFLAGS := -I. -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DDATADIR='"$(PREFIX)/share/keybench"' \
	$(if $(WITH_LIBNFC),-DWITH_LIBNFC=1,-DWITH_LIBNFC=0) \
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
drivers_libs := $(if $(WITH_LIBNFC),-lnfc) -lserialport
results_libs := -lxml2 -lz
libs_of = $(foreach l,$(1),$($(l)_libs))

dir = $(or $($(1)_dir),$(1))
find = $(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c)
TESTLIKE := %_test.c %_fuzz.c %_contract.c %/main.c
core_all := $(call find,bench/core)
bench_all := $(wildcard bench/*.c)
$(foreach l,drivers fixtures results suites,$(eval $(l)_all := $(call find,$(l))))
obj = $(patsubst %.c,$(B)/%.o,$(1))

.PHONY: all demo setup-build setup-check check check-san unit cover hdr-check format format-check \
	lint install uninstall clean help bins tests

# Programs: keybench, and keybench-NAME for every tools/NAME with a main.c.
TOOLS := $(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c))
emu_uses := drivers fixtures core
PROGRAMS := $(BIN)/keybench $(patsubst %,$(BIN)/keybench-%,$(TOOLS))

## all: the programs, in build/bin (default)
all: $(PROGRAMS)

TESTS :=
define layer
$(B)/lib$(1).a: $(call obj,$(filter-out $(TESTLIKE),$($(1)_all)))
$(1)_tests := $(patsubst %.c,$(B)/%,$(filter %_test.c,$($(1)_all)))
TESTS += $$($(1)_tests)
$$($(1)_tests): LIBS = $$(call libs_of,$(1) $($(1)_uses)) -lcmocka
$$($(1)_tests): $(B)/%: $(B)/%.o $(call obj,$(filter %_contract.c,$($(1)_all))) \
	$(patsubst %,$(B)/lib%.a,$(1) $($(1)_uses))
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(BIN)/keybench: LIBS = $(call libs_of,$(bench_uses))
$(BIN)/keybench: $(B)/bench/main.o $(patsubst %,$(B)/lib%.a,bench $(bench_uses))
define tool
$(1)_src := $$(filter-out %_test.c %_fuzz.c,$$(wildcard tools/$(1)/*.c))
$(BIN)/keybench-$(1): LIBS = $$(call libs_of,$(or $($(1)_uses),core))
$(BIN)/keybench-$(1): $$(call obj,$$($(1)_src)) $(patsubst %,$(B)/lib%.a,$(or $($(1)_uses),core))
$(1)_tests := $$(patsubst %.c,$(B)/%,$$(wildcard tools/$(1)/*_test.c))
TESTS += $$($(1)_tests)
$$($(1)_tests): LIBS = $$(call libs_of,$(or $($(1)_uses),core)) -lcmocka
$$($(1)_tests): $(B)/%: $(B)/%.o $$(call obj,$$(filter-out %/main.c,$$($(1)_src))) \
	$(patsubst %,$(B)/lib%.a,$(or $($(1)_uses),core))
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

$(PROGRAMS) $(TESTS):
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
