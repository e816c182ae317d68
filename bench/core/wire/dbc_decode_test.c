#include "bench/core/wire/dbc.h"

#include "bench/core/rng.h"
#include "bench/core/wire/dbc_testing.h"

#include <stdio.h>
#include <stdlib.h>

/* A signal anywhere in a frame of @bytes, of any kind. @return its length */
static int add_signal(struct rng *rng, struct buf *text, int number, int bytes)
{
	static const int usual[] = { 1, 2, 4, 8, 12, 16, 32, 64 };
	bool big = rng_below(rng, 2);
	int start, room, length = usual[rng_below(rng, 8)];
	char mux[16] = "";

	if (rng_below(rng, 2))
		length = 1 + (int)rng_below(rng, 64);
	if (length > bytes * 8)
		length = bytes * 8;
	do {
		start = (int)rng_below(rng, (uint64_t)bytes * 8);
		room = big ? start / 8 * 8 + 7 - start % 8 : start;
	} while (room + length > bytes * 8);
	if (number == 0)
		strcpy(mux, "M");
	else if (rng_below(rng, 3) == 0)
		snprintf(mux, sizeof(mux), "m%u%s", (unsigned)rng_below(rng, 4),
			 rng_below(rng, 4) ? "" : "M");
	buf_printf(text, " SG_ S%d %s : %d|%d@%d%c (%g,%g) [0|0] \"\" V\n", number, mux,
		   start, length, !big, "+-"[rng_below(rng, 2)],
		   (double)(1 + rng_below(rng, 9)) / 8, (double)rng_below(rng, 100) - 50);
	return length;
}

/* The number of a multiplexor: S1, if it is one that S0 selects, or S0. */
static int multiplexor_of(const char *text)
{
	const char *s1 = strstr(text, "SG_ S1 m");

	return s1 && s1[9] == 'M' ? 1 : 0;
}

static struct dbc *random_dbc(struct rng *rng)
{
	static const int lengths[] = { 8, 8, 8, 5, 2, 12, 64 };
	int bytes = lengths[rng_below(rng, 7)], signals = 1 + (int)rng_below(rng, 12);
	int length[12];
	struct buf text;
	struct dbc *d;

	buf_init(&text, 1 << 16);
	buf_printf(&text, "BO_ 1 M: %d V\n", bytes);
	for (int i = 0; i < signals; i++)
		length[i] = add_signal(rng, &text, i, bytes);
	for (int i = 0; i < signals; i++)
		if (length[i] % 32 == 0 && rng_below(rng, 2))
			buf_printf(&text, "SIG_VALTYPE_ 1 S%d : %d;\n", i,
				   length[i] / 32);
	/* deeper ones, and more than one range */
	for (int i = 2; i < signals; i++)
		if (rng_below(rng, 3) == 0)
			buf_printf(&text, "SG_MUL_VAL_ 1 S%d S%d 0-%u%s;\n", i,
				   multiplexor_of(buf_str(&text)),
				   (unsigned)rng_below(rng, 8),
				   rng_below(rng, 2) ? "" : ", 9-9");
	d = dbc_of(buf_str(&text));
	buf_release(&text);
	return d;
}

static void check_decoded(const struct dbc_message *m, const struct canframe *f)
{
	struct dbc_value values[12];
	int n = dbc_decode(m, f, values), there = 0;

	for (int i = 0; i < m->signal_count; i++)
		there += dbc_present(m, &m->signals[i], f);
	assert_int_equal(n, there);
	for (int i = 0; i < n; i++) {
		const struct dbc_signal *s = values[i].signal;
		double physical;

		for (int k = 0; k < i; k++)
			assert_ptr_not_equal(values[k].signal, s);
		assert_true(dbc_present(m, s, f));
		assert_true(values[i].raw == dbc_slowly(s, f->data));
		physical =
			dbc_physical(s, values[i].raw); /* bit for bit: it may be a NaN */
		assert_memory_equal(&values[i].physical, &physical, sizeof(physical));
	}
}

static void a_frame_decodes_at_once_as_signal_by_signal(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 1, "dbc_test");
	for (int i = 0; i < 3000; i++) {
		struct dbc *d = random_dbc(&rng);

		for (int k = 0; k < 20; k++) {
			struct canframe f;

			dbc_frame(&d->messages[0], &f);
			for (int b = 0; b < f.len; b++)
				f.data[b] = (uint8_t)rng_u64(&rng);
			if (k == 0)
				f.data[0] = f.data[1] = 0;
			check_decoded(&d->messages[0], &f);
			f.len = (uint8_t)rng_below(&rng, f.len + 1u);
			memset(f.data + f.len, 0, sizeof(f.data) - f.len);
			check_decoded(&d->messages[0], &f);
		}
		dbc_free(d);
	}
}

static void every_message_is_found_by_its_identifier(void **state)
{
	struct canframe f = { .id = 0 };
	struct buf text;
	struct dbc *d;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < DBC_MAX_MESSAGES / 2; i++)
		buf_printf(&text, "BO_ %d A%d: 8 V\nBO_ %u B%d: 8 V\n", i, i,
			   0x80000000u + (unsigned)i * 4096, i);
	d = dbc_of(buf_str(&text));
	assert_int_equal(d->message_count, DBC_MAX_MESSAGES);
	for (int i = 0; i < d->message_count; i++) {
		dbc_frame(&d->messages[i], &f);
		assert_ptr_equal(dbc_message_of(d, &f), &d->messages[i]);
		f.remote = true;
		assert_null(dbc_message_of(d, &f));
	}
	for (uint32_t id = 1; id < 4096; id++)
		assert_null(dbc_message_of(
			d, &(struct canframe){ .id = id, .extended = true }));
	dbc_free(d);
	buf_release(&text);
	d = dbc_of("VERSION \"\"\n");
	assert_null(dbc_message_of(d, &f));
	dbc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_decodes_at_once_as_signal_by_signal),
		cmocka_unit_test(every_message_is_found_by_its_identifier),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
