#include "bench/core/wire/pn53x.h"

#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint8_t raw[4096];

static struct bytes hex(const char *text)
{
	int n = hex_parse(text, raw, sizeof(raw));

	assert_true(n >= 0);
	return BYTES(raw, (size_t)n);
}

/* The events of @b, a letter each: F ame, A CK, N ACK, E rror, B ad. */
static const char *events(struct pn53x_parser *p, struct bytes b)
{
	static char out[5000];
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++) {
		enum pn53x_event e = pn53x_feed(p, b.data[i]);

		if (e != PN53X_NOTHING)
			out[n++] = "?FANEB"[e];
		assert_true(p->len <= PN53X_MAX_LEN);
	}
	out[n] = '\0';
	return out;
}

static const char *frame_of(uint8_t tfi, const char *pd)
{
	static char text[1200];
	uint8_t body[300], room[400];
	struct buf out = BUF_ON(room);
	int n = hex_parse(pd, body, sizeof(body));

	pn53x_build(&out, tfi, BYTES(body, (size_t)n));
	return hex_of(buf_bytes(&out), text, sizeof(text));
}

static void frames_are_built_as_the_manual_says(void **state)
{
	(void)state;
	assert_string_equal(frame_of(PN53X_HOST, "02"), "0000ff02fed4022a00");
	assert_string_equal(frame_of(PN53X_CHIP, "0332010607"),
			    "0000ff06fad50332010607e800");
	assert_string_equal(frame_of(PN53X_HOST, "1401"), "0000ff03fdd414011700");
	assert_string_equal(frame_of(PN53X_CHIP, "15"), "0000ff02fed5151600");
	assert_string_equal(frame_of(PN53X_HOST, "4a0100"), "0000ff04fcd44a0100e100");
	assert_string_equal(frame_of(PN53X_HOST, "16f0"), "0000ff03fdd416f02600");
}

static void every_length_is_read_back(void **state)
{
	uint8_t body[PN53X_MAX_LEN], room[PN53X_MAX_FRAME];

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7);
	for (size_t len = 1; len < PN53X_MAX_LEN; len++) {
		struct buf out = BUF_ON(room);
		struct pn53x_parser p = { 0 };

		pn53x_build(&out, PN53X_HOST, BYTES(body, len));
		assert_int_equal(out.len, len + 1 <= 255 ? len + 8 : len + 11);
		assert_string_equal(events(&p, buf_bytes(&out)), "F");
		assert_int_equal(p.len, len + 1);
		assert_int_equal(p.body[0], PN53X_HOST);
		assert_memory_equal(p.body + 1, body, len);
	}
}

static void what_is_too_long_is_not_built(void **state)
{
	uint8_t body[PN53X_MAX_LEN] = { 0 }, room[PN53X_MAX_FRAME + 20];
	struct buf out = BUF_ON(room);

	(void)state;
	pn53x_build(&out, PN53X_HOST, BYTES_OF(body));
	assert_int_equal(out.len, 0);
}

static void short_frames_are_told_apart(void **state)
{
	struct pn53x_parser p = { 0 };

	(void)state;
	assert_string_equal(events(&p, hex("0000ff00ff00")), "A");
	assert_string_equal(events(&p, hex("0000ffff0000")), "N");
	assert_string_equal(events(&p, hex("0000ff01ff7f8100")), "E");
	assert_string_equal(events(&p, hex("0000ff00ff00 0000ff02fed4022a00")), "AF");
}

static void built_short_frames_are_recognised(void **state)
{
	uint8_t room[64];
	struct buf out = BUF_ON(room);
	struct pn53x_parser p = { 0 };

	(void)state;
	pn53x_build_ack(&out);
	pn53x_build_nack(&out);
	pn53x_build_error(&out);
	assert_string_equal(events(&p, buf_bytes(&out)), "ANE");
}

static void a_wake_up_before_a_frame_is_seen(void **state)
{
	struct pn53x_parser p = { 0 };

	(void)state;
	assert_string_equal(events(&p, hex("5555000000000000000000000000000000"
					   "0000ff03fdd414011700")),
			    "F");
	assert_true(p.wake);
	assert_string_equal(events(&p, hex("0000ff02fed4022a00")), "F");
	assert_false(p.wake);
}

static void a_wrong_checksum_drops_the_frame_and_no_more(void **state)
{
	struct pn53x_parser p = { 0 };

	(void)state;
	assert_string_equal(events(&p, hex("0000ff02fed4022b00 0000ff02fed4022a00")),
			    "BF");
	assert_string_equal(events(&p, hex("0000ff02ffd4022a00 0000ff02fed4022a00")),
			    "BF");
	assert_string_equal(events(&p, hex("0000ffffff01ff00d4 0000ff02fed4022a00")),
			    "BF");
}

static void an_impossible_extended_length_is_refused(void **state)
{
	struct pn53x_parser p = { 0 };

	(void)state;
	assert_string_equal(events(&p, hex("0000ffffff010af5")), "B"); /* 266 */
	assert_string_equal(events(&p, hex("0000ffffff000000")), "B");
	assert_string_equal(events(&p, hex("0000ffffffffff02")), "B");
}

static void after_any_noise_and_a_pause_the_next_frame_is_read(void **state)
{
	struct pn53x_parser p = { 0 };
	struct rng rng;

	(void)state;
	rng_init(&rng, 1, "noise");
	for (int round = 0; round < 500; round++) {
		uint8_t noise[2000];
		size_t len = rng_below(&rng, sizeof(noise));

		for (size_t i = 0; i < len; i++)
			noise[i] = rng_below(&rng, 3)
					   ? (uint8_t)rng_u64(&rng)
					   : (uint8_t)(rng_u64(&rng) & 1) * 0xff;
		events(&p, BYTES(noise, len));
		pn53x_reset(&p);
		assert_false(pn53x_midway(&p));
		assert_string_equal(events(&p, hex("0000ff02fed4022a00")), "F");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_built_as_the_manual_says),
		cmocka_unit_test(every_length_is_read_back),
		cmocka_unit_test(what_is_too_long_is_not_built),
		cmocka_unit_test(short_frames_are_told_apart),
		cmocka_unit_test(built_short_frames_are_recognised),
		cmocka_unit_test(a_wake_up_before_a_frame_is_seen),
		cmocka_unit_test(a_wrong_checksum_drops_the_frame_and_no_more),
		cmocka_unit_test(an_impossible_extended_length_is_refused),
		cmocka_unit_test(after_any_noise_and_a_pause_the_next_frame_is_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
