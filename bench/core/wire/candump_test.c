#include "bench/core/wire/candump.h"

#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct candump open_text(const char *text)
{
	return candump_at(BYTES((const uint8_t *)text, strlen(text)));
}

static void every_form_of_a_line_is_read_and_written_back(void **state)
{
	static const char log[] =
		"(1700000000.123456) can0 123#DEADBEEF\n"
		"(1700000000.123456789) vcan0 00000123#\n"
		"(0000000000.000000) can0 123#R\n"
		"(0000000001.000000) can0 7FF#R4 T\n"
		"(0000000002.500000) can1 123##4\n"
		"(0000000002.500000) can1 123##10011 R\n"
		"(0000000003.000000) slcan_long0 123#0011223344556677_E\n"
		"(0000000004.000000) can0 20000004#0001000000000000\n";
	struct candump c = open_text(log);
	struct candump_frame f;
	struct buf out;
	int n = 0;

	(void)state;
	buf_init(&out, 4096);
	for (; candump_next(&c, &f) == 1; n++) {
		if (n == 4) /* flag 4 says no more than that it is FD */
			assert_true(f.frame.fd && !f.frame.brs && !f.frame.esi);
		if (n != 4)
			candump_write(&f, &out);
		else
			buf_text(&out, "(0000000002.500000) can1 123##4\n");
	}
	assert_int_equal(n, 8);
	assert_string_equal(buf_str(&out), log);
	buf_release(&out);
}

static void a_stamp_is_read_to_the_nanosecond(void **state)
{
	struct candump c = open_text("(1700000000.123456789) can0 123#\n(5.5) c 1AB#00");
	struct candump_frame f;

	(void)state;
	assert_int_equal(candump_next(&c, &f), 1);
	assert_int_equal(f.at_ns, INT64_C(1700000000123456789));
	assert_int_equal(f.interface.len, 4);
	assert_int_equal(candump_next(&c, &f), 1);
	assert_int_equal(f.at_ns, INT64_C(5500000000));
	assert_int_equal(f.frame.id, 0x1ab);
	assert_int_equal(candump_next(&c, &f), 0);
}

static void what_is_no_frame_line_is_skipped_and_counted(void **state)
{
	struct candump c = open_text("# a comment\r\n\n(1.0) can0 123#11\r\n");
	struct candump_frame f;

	(void)state;
	assert_int_equal(candump_next(&c, &f), 1);
	assert_int_equal(c.line, 3);
	assert_int_equal(candump_next(&c, &f), 0);
}

/*
 * What a reader remembers of the lines before must not stand in for a line before the
 * first has come.
 */
static void what_only_looks_like_a_line_from_behind_is_no_frame(void **state)
{
	static const char first[] = "************123456) can0 123#1122\n";
	static const char room[] =
		"(2.0) can0 456#22\n# and more, so that all is looked at\n";
	static const char fill[] = { 0, ' ', '0', '.', '(', '*', '\n', '\xff' };

	(void)state;
	for (size_t i = 0; i < sizeof(fill); i++) {
		uint8_t text[sizeof(first) - 1 + sizeof(room) - 1];
		struct candump_frame f;
		struct candump c = candump_at(BYTES(text, sizeof(text)));
		int rc;

		memcpy(text, first, sizeof(first) - 1);
		memcpy(text + sizeof(first) - 1, room, sizeof(room) - 1);
		memset(text, fill[i], 12);
		rc = candump_next(&c, &f);
		if (fill[i] == '(') {
			assert_int_equal(rc, ERR_FORMAT);
			rc = candump_next(&c, &f);
		}
		assert_int_equal(rc, 1);
		assert_int_equal(f.at_ns, INT64_C(2000000000));
		assert_int_equal(f.frame.id, 0x456);
	}
}

static void a_damaged_line_is_named_and_reading_goes_on(void **state)
{
	static const char *const bad[] = { "(",
					   "()",
					   "(1.0",
					   "(1.0)",
					   "(1.0) can0",
					   "(1.0) can0 123",
					   "(1.0) can0 123#1",
					   "(1.) can0 123#11",
					   "(99999999999.0) can0 123#11",
					   "(-1.0) can0 123#11",
					   "(1.0) can0 123#11 X",
					   "(1.0) can0 123#11 T R",
					   "(9999999999.0) can0 123#11" };
	struct candump_frame f;
	char text[120] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct candump c;

		strcpy(text, bad[i]);
		strcat(text, "\n(2.0) can0 456#22\n");
		c = open_text(text);
		if (candump_next(&c, &f) != ERR_FORMAT)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(c.line, 1);
		assert_int_equal(candump_next(&c, &f), 1);
		assert_int_equal(f.frame.id, 0x456);
		assert_int_equal(c.line, 2);
	}
}

/* A line of any kind, most of them of the usual one; then one in two is damaged. */
static void add_line(struct rng *rng, struct buf *out)
{
	static const char damage[] = "09afAFgG @/:.#R()_T\t\r\0\x01\x7f\xb0\xff";
	static const char *const names[] = { "can0",    "can1",        "vcan0",  "c",
					     "slcan10", "slcan_long0", "abcdefg" };
	const char *name = names[rng_below(rng, 7)];
	struct candump_frame f = {
		.at_ns = (int64_t)(1700000000 + rng_below(rng, 3)) * 1000000000 +
			 (int64_t)rng_below(rng, 1000000) * 1000,
		.interface = BYTES((const uint8_t *)name, strlen(name)),
		.direction = "\0\0\0RT"[rng_below(rng, 5)]
	};
	uint64_t kind = rng_below(rng, 16);
	size_t from = out->len;

	f.at_ns += kind == 0 ? (int64_t)rng_below(rng, 1000) : 0;
	f.frame.fd = kind == 1;
	f.frame.remote = kind == 2;
	f.frame.extended = rng_below(rng, 2);
	f.frame.id = (uint32_t)rng_u64(rng) & (f.frame.extended ? 0x1fffffff : 0x7ff);
	f.frame.len = (uint8_t)(f.frame.fd ? 12 : rng_below(rng, 9));
	for (int i = 0; i < f.frame.len && !f.frame.remote; i++)
		f.frame.data[i] = (uint8_t)rng_u64(rng);
	candump_write(&f, out);
	if (rng_below(rng, 8) == 0) /* the last character is missing */
		out->data[--out->len - 1] = '\n';
	for (uint64_t n = rng_below(rng, 4); n < 2; n++)
		out->data[from + rng_below(rng, out->len - from - 1)] =
			(uint8_t)damage[rng_below(rng, sizeof(damage) - 1)];
}

/*
 * The next line that is a frame or an error, read from a copy that ends where the line
 * does.
 */
static int read_alone(struct bytes *rest, struct candump_frame *f, uint8_t **copy)
{
	int rc = 0;

	while (rest->len && !rc) {
		const uint8_t *end = memchr(rest->data, '\n', rest->len);
		size_t len = (size_t)(end - rest->data) + 1;
		struct candump c;

		free(*copy);
		*copy = malloc(len);
		assert_non_null(*copy);
		memcpy(*copy, rest->data, len);
		c = candump_at(BYTES(*copy, len));
		rc = candump_next(&c, f);
		*rest = BYTES(rest->data + len, rest->len - len);
	}
	return rc;
}

/*
 * What is read at once needs room behind the line: a line that stands alone is read
 * character by character.
 */
static void a_line_reads_the_same_in_a_log_and_alone(void **state)
{
	int taken = 0, refused = 0, rc;
	uint8_t *copy = NULL;
	struct candump c;
	struct bytes rest;
	struct rng rng;
	struct buf log;

	(void)state;
	rng_init(&rng, 1, "candump_test");
	buf_init(&log, 8 << 20);
	for (int i = 0; i < 50000; i++)
		add_line(&rng, &log);
	assert_false(log.failed);
	rest = buf_bytes(&log);
	c = candump_at(rest);
	do {
		struct candump_frame quick, slow;
		const char *line = (const char *)c.rest.data;

		rc = candump_next(&c, &quick);
		if (rc != read_alone(&rest, &slow, &copy))
			fail_msg("%d for %.60s", rc, line);
		taken += rc > 0;
		refused += rc < 0;
		if (rc <= 0)
			continue;
		if (quick.at_ns != slow.at_ns || quick.direction != slow.direction ||
		    quick.interface.len != slow.interface.len ||
		    memcmp(quick.interface.data, slow.interface.data,
			   slow.interface.len) ||
		    memcmp(&quick.frame, &slow.frame, sizeof(slow.frame)))
			fail_msg("not the same: %.60s", line);
	} while (rc);
	assert_int_equal(rest.len, 0);
	assert_true(taken > 20000 && refused > 10000);
	free(copy);
	buf_release(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_line_is_read_and_written_back),
		cmocka_unit_test(a_stamp_is_read_to_the_nanosecond),
		cmocka_unit_test(what_is_no_frame_line_is_skipped_and_counted),
		cmocka_unit_test(a_line_reads_the_same_in_a_log_and_alone),
		cmocka_unit_test(what_only_looks_like_a_line_from_behind_is_no_frame),
		cmocka_unit_test(a_damaged_line_is_named_and_reading_goes_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
