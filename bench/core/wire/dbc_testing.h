#ifndef BENCH_CORE_WIRE_DBC_TESTING_H
#define BENCH_CORE_WIRE_DBC_TESTING_H

/* What the tests of DBCs share. It brings cmocka in. */
#include "bench/core/wire/dbc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* needs the three above */
#include <cmocka.h>

/** A DBC that must be right. */
static inline struct dbc *dbc_of(const char *text)
{
	struct err err = { 0 };
	struct dbc *d;

	if (dbc_parse(&d, "x.dbc", BYTES((const uint8_t *)text, strlen(text)), &err))
		fail_msg("%s\n%s", err.text, err.excerpt);
	return d;
}

/** A signal's raw value by the numbering as it is defined: bit by bit. */
static inline uint64_t dbc_slowly(const struct dbc_signal *s, const uint8_t *data)
{
	uint64_t raw = 0;
	int at = s->start;

	for (int i = 0; i < s->length; i++) {
		uint64_t bit = data[at / 8] >> at % 8 & 1;

		raw = s->big_endian ? raw << 1 | bit : raw | bit << i;
		at = !s->big_endian ? at + 1 : at % 8 ? at - 1 : at + 15;
	}
	return raw;
}

#endif
