#include "results/hdrlog.h"

#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <openssl/evp.h>

#include <cmocka.h>

static struct bytes text_bytes(const char *text)
{
	return BYTES((const uint8_t *)text, strlen(text));
}

static void what_is_encoded_is_decoded(void **state)
{
	(void)state;
	for (int size = 0; size <= 20000; size = size * 5 + 1) {
		struct hist h, back;
		struct buf text;
		struct rng rng;

		assert_int_equal(hist_init(&h, 1000, INT64_C(3600000000000), 3), 0);
		rng_init(&rng, (uint64_t)size, "values");
		for (int i = 0; i < size; i++)
			hist_add(&h, (int64_t)(rng_u64(&rng) >> (22 + i % 30)) %
					     HIST_HIGHEST_NS);
		buf_init(&text, 1 << 20);
		hdrlog_encode(&h, &text);
		assert_false(text.failed);
		assert_null(memchr(text.data, '\n', text.len));
		assert_int_equal(hdrlog_decode(&back, buf_bytes(&text)), 0);
		assert_int_equal(back.total, h.total);
		assert_int_equal(back.counts_len, h.counts_len);
		assert_memory_equal(back.counts, h.counts,
				    h.counts_len * sizeof(*h.counts));
		assert_true(back.lowest == 1000 && back.digits == 3);
		hist_release(&h);
		hist_release(&back);
		buf_release(&text);
	}
}

/*
 * Made with hdr-histogram-js 3.0.1, deflated by pako: 1000 values of 1 000 000 + 300 i^2, i = 1 ... 1000, and
 * one of 3 500 s.
 */
static const char from_js[] =
	"HISTFAAAAYF4nK1VbWrCQBR8TghLCBJCCCLWFhGRImJFpIgUkUJP1hv0Aj1G/5UeovQKPUbJ"
	"fmQ/8lbzoxlm3syiL283fty8vlVE4puIBkSUkLySX6Lk5eHjnfQ1+LoFIUEKgRw5CpSoMJJo"
	"UpOblQq1XBtjjAmmEjOJORZYYIkl7rHCCmusscEGW+ywwx57POKAA4444gknnHDGGc/Y6ncr"
	"qB6mj8Kq7Wd7NlSdTfem/x4HfZeZnM5M2OBOUmEmadHcWe1grnXhTGKmcWdScynW8lRCjLSO"
	"tFqM2xNU6mPSMsRUq78vuzfDCgWGDo3yKAMt9bNW6rtSfwrcWnk0alDKs7G5DrQOtHZ8gaxF"
	"3nF5q75TDJ1bXcdh2PGh8vTV1iGbi0gqAu0yk9/SlFHBJsu4MxqvoRcX1jP2VRnrMy9nrPqO"
	"Z9wZ7VbX+b4fUvmLmbBIo4nzaWSFS9fVd93Uj7EUurjyydZrrpu6+T8grqyIXk5cTCT/X6lF"
	"0svFV/hq0+fPAH+zXkUB";

/* What that writer says of its histograms, we say too. */
static void what_another_writer_made_is_read(void **state)
{
	struct hist h;

	(void)state;
	assert_int_equal(hdrlog_decode(&h, text_bytes(from_js)), 0);
	assert_int_equal(h.total, 1001);
	assert_int_equal(hist_quantile(&h, 0.1), 4061183);
	assert_int_equal(hist_quantile(&h, 0.5), 76349439);
	assert_int_equal(hist_quantile(&h, 0.9), 244580351);
	assert_int_equal(hist_quantile(&h, 0.99), 295698431);
	assert_true(hist_quantile(&h, 1) == INT64_C(3500398346239));
	assert_true(hist_mean(&h) > 3596878774.3 && hist_mean(&h) < 3596878774.4);
	hist_release(&h);
	/* lowest 1, two digits; 0 once, 7 300 times, 9 once, 999999 123456789 times */
	assert_int_equal(
		hdrlog_decode(&h, text_bytes("HISTFAAAAC54nJNpmSzMwMDAw8DAwMjAwMDEAAGMYJL"
					     "fyQHGZ+K+wcLAdFl61ZZ7pQBlKAZz")),
		0);
	assert_int_equal(h.total, 123457091);
	assert_int_equal(h.digits, 2);
	assert_int_equal(h.counts[0], 1);
	assert_int_equal(h.counts[7], 300);
	assert_int_equal(h.counts[9], 1);
	assert_int_equal(hist_quantile(&h, 0.5), 1003519);
	hist_release(&h);
}

static void no_spoilt_byte_crashes_the_decoder(void **state)
{
	const char *good = from_js;
	size_t len = strlen(good);
	char *bad = strdup(good);
	int refused = 0;

	(void)state;
	assert_non_null(bad);
	for (size_t at = 0; at < len; at++)
		for (int bit = 0; bit < 7; bit++) {
			struct hist h;

			bad[at] ^= (char)(1 << bit);
			if (hdrlog_decode(&h, BYTES((const uint8_t *)bad, len)) == 0)
				hist_release(&h);
			else
				refused++;
			bad[at] = good[at];
		}
	/* the checksum of the stream sees nearly all; base64 has spare bits at its end */
	assert_true(refused > (int)len * 7 - 40);
	for (size_t cut = 0; cut < len - 2; cut++)
		assert_true(hdrlog_decode(&(struct hist){ 0 },
					  BYTES((const uint8_t *)good, cut)) < 0);
	free(bad);
}

/* What a hostile writer makes: any header, any counts, in a good envelope. */
static int decode_plain(const uint8_t *plain, size_t len)
{
	uint8_t packed[2048] = { 0x1c, 0x84, 0x93, 0x14 };
	unsigned char text[4096];
	uLongf packed_len = sizeof(packed) - 8;
	struct hist h;
	int n, rc;

	assert_int_equal(compress(packed + 8, &packed_len, plain, len), Z_OK);
	packed[6] = (uint8_t)(packed_len >> 8);
	packed[7] = (uint8_t)packed_len;
	n = EVP_EncodeBlock(text, packed, (int)packed_len + 8);
	rc = hdrlog_decode(&h, BYTES(text, (size_t)n));
	if (!rc)
		hist_release(&h);
	return rc;
}

/* The 40 bytes before the counts: 1 … 1000 with 2 digits. */
#define HEADER(len) \
	0x1c, 0x84, 0x93, 0x13, 0, 0, 0, (len), 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, \
		0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 0xe8, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0

static void hostile_counts_are_refused(void **state)
{
	static const uint8_t good[] = { HEADER(3), 2, 3, 4 };
	static const uint8_t wrong_len[] = { HEADER(4), 2, 3, 4 };
	static const uint8_t cut[] = { HEADER(1), 0x80 };
	static const uint8_t far_zeros[] = { HEADER(5), 0xff, 0xff, 0xff, 0xff, 0x7f };
	static const uint8_t most_zeros[] = { HEADER(9), 0xff, 0xff, 0xff, 0xff,
					      0xff,      0xff, 0xff, 0xff, 0xff };
	static const uint8_t too_many[] = { HEADER(18), 0xfe, 0xff, 0xff, 0xff,
					    0xff,       0xff, 0xff, 0xff, 0xff,
					    0xfe,       0xff, 0xff, 0xff, 0xff,
					    0xff,       0xff, 0xff, 0xff };
	uint8_t bad[sizeof(good)];

	(void)state;
	assert_int_equal(decode_plain(good, sizeof(good)), 0);
	assert_int_equal(decode_plain(wrong_len, sizeof(wrong_len)), ERR_FORMAT);
	assert_int_equal(decode_plain(cut, sizeof(cut)), ERR_FORMAT);
	assert_int_equal(decode_plain(far_zeros, sizeof(far_zeros)), ERR_FORMAT);
	assert_int_equal(decode_plain(most_zeros, sizeof(most_zeros)), ERR_FORMAT);
	assert_int_equal(decode_plain(too_many, sizeof(too_many)), ERR_RANGE);
	for (size_t at = 0; at < 32; at++) /* every bit of the header, but of the ratio */
		for (int bit = 0; bit < 8; bit++) {
			memcpy(bad, good, sizeof(good));
			bad[at] ^= (uint8_t)(1 << bit);
			assert_in_range(decode_plain(bad, sizeof(bad)) + 10, 0, 10);
		}
	for (size_t len = 0; len < 40; len++)
		assert_int_equal(decode_plain(good, len), ERR_FORMAT);
}

static void a_bomb_of_zeros_is_refused(void **state)
{
	size_t len = (size_t)64 << 20;
	uint8_t *zeros = calloc(1, len), *packed = malloc(1 << 20);
	unsigned char *text = malloc(2 << 20);
	uLongf packed_len = (1 << 20) - 8;
	int n;

	(void)state;
	assert_true(zeros && packed && text);
	assert_int_equal(compress(packed + 8, &packed_len, zeros, len), Z_OK);
	memcpy(packed, "\x1c\x84\x93\x14", 4);
	for (int i = 0; i < 4; i++)
		packed[4 + i] = (uint8_t)(packed_len >> (24 - 8 * i));
	n = EVP_EncodeBlock(text, packed, (int)packed_len + 8);
	assert_int_equal(hdrlog_decode(&(struct hist){ 0 }, BYTES(text, (size_t)n)),
			 ERR_RANGE);
	free(zeros);
	free(packed);
	free(text);
}

static void a_log_is_what_its_readers_look_for(void **state)
{
	static const char *const comments[] = { "made up", NULL };
	static const char head[] =
		"#[Histogram log format version 1.3]\n"
		"#made up\n"
		"#[StartTime: 1795245153.000 (seconds since epoch), Sat Nov 21 07:12:33 "
		"UTC 2026]\n"
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		"\"Interval_Compressed_Histogram\"\n"
		"Tag=door_unlock/a_b/tap,5.000,12.345,300.000,HISTFAAA";
	struct buf log;
	struct hist h;
	const char *at;

	(void)state;
	buf_init(&log, 65536);
	assert_int_equal(hist_init(&h, 1000, INT64_C(3600000000000), 3), 0);
	hist_add(&h, 1234567);
	hist_add(&h, 300000000);
	hdrlog_begin(&log, INT64_C(1795245153000000000), comments);
	hdrlog_line(&log, "door unlock/a,b/tap", 5000000000, 12345678901, &h);
	at = buf_str(&log);
	assert_int_equal(strncmp(at, head, strlen(head)), 0);
	assert_int_equal(at[log.len - 1], '\n');
	hist_release(&h);
	buf_release(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(what_another_writer_made_is_read),
		cmocka_unit_test(no_spoilt_byte_crashes_the_decoder),
		cmocka_unit_test(hostile_counts_are_refused),
		cmocka_unit_test(a_bomb_of_zeros_is_refused),
		cmocka_unit_test(a_log_is_what_its_readers_look_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
