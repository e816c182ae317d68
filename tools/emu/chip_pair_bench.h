#ifndef TOOLS_EMU_CHIP_PAIR_BENCH_H
#define TOOLS_EMU_CHIP_PAIR_BENCH_H

#include "tools/emu/chip_bench.h"

/* For tests: two chips in one field and their hosts, in virtual time; no pty. */
struct field {
	struct clock_virtual clock;
	struct world *world;
	struct host reader, card;
};

/*
 * libnfc's own: PICC only, ATQA 00 04, UID 08 00 B0 0B, SAK 20, no general bytes,
 * historical 80
 */
#define BECOME_CARD \
	"8c 05 0400 00b00b 20 000000000000000000000000000000000000 " \
	"00000000000000000000 " \
	"00 01 80"

int field_set_up(void **state);
int field_tear_down(void **state);
/** Both chips, at each other. */
void start_chips(struct field *f);
/** The card waits to be activated; the reader's carrier is on. */
void prepare(struct field *f);
void list_card(struct field *f);
/** @c to the card, @r back; both in hex. */
void exchange(struct field *f, const char *c, const char *r);

#define PAIR_TEST(name) \
	cmocka_unit_test_setup_teardown(name, field_set_up, field_tear_down)

#endif
