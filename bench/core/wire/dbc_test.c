#include "bench/core/wire/dbc.h"

#include "bench/core/wire/dbc_testing.h"

#include <math.h>
#include <stdio.h>

#define DOOR "fixtures/dbc/door.dbc"

/* A frame of 8 bytes with one signal of the given place. */
static struct dbc *one_signal(const char *place)
{
	char text[300];

	snprintf(text, sizeof(text),
		 "BO_ 1 M: 8 V\n SG_ S : %s (1,0) [0|0] \"\" Vector__XXX\n", place);
	return dbc_of(text);
}

static void refused(const char *text, const char *where, const char *why)
{
	struct err err = { 0 };
	struct dbc *d;

	assert_int_equal(
		dbc_parse(&d, "x.dbc", BYTES((const uint8_t *)text, strlen(text)), &err),
		ERR_FORMAT);
	if (strncmp(err.text, where, strlen(where)) || !strstr(err.text, why))
		fail_msg("'%s' does not say %s … %s", err.text, where, why);
	assert_true(err.excerpt[0]);
}

/* Compared with canmatrix 0.9.5 on the same payload. */
static void signals_of_either_byte_order_are_read(void **state)
{
	static const uint8_t payload[CANFRAME_MAX_DATA] = { 0x01, 0x23, 0x45, 0x67,
							    0x89, 0xab, 0xcd, 0xef };
	static const struct {
		const char *place;
		int64_t raw;
	} vectors[] = {
		{ "0|8@1+", 1 },
		{ "8|16@1+", 17699 },
		{ "8|16@0+", 41651 },
		{ "15|16@0+", 9029 },
		{ "7|64@0+", 0x0123456789abcdef },
		{ "0|64@1+", (int64_t)0xefcdab8967452301 },
		{ "12|12@1+", 1106 },
		{ "11|12@0+", 837 },
		{ "3|10@0-", 72 },
		{ "39|4@0+", 8 },
		{ "51|12@0+", 3567 },
		{ "22|20@0-", -480015 },
		{ "20|20@1-", -485772 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct dbc *d = one_signal(vectors[i].place);
		const struct dbc_signal *s = &d->messages[0].signals[0];
		uint64_t raw = dbc_get(s, payload);

		if ((s->type == DBC_SIGNED ? dbc_extend(s, raw) : (int64_t)raw) !=
		    vectors[i].raw)
			fail_msg("%s gives %llx", vectors[i].place,
				 (unsigned long long)raw);
		dbc_free(d);
	}
}

static void signals_of_either_byte_order_are_written(void **state)
{
	static const struct {
		const char *place;
		uint64_t raw;
		const char *data;
	} vectors[] = {
		{ "4|12@1+", 0xabc, "c0ab000000000000" },
		{ "3|12@0+", 0xabc, "0abc000000000000" },
		{ "20|20@1+", 0xabcde, "0000e0cdab000000" },
		{ "22|20@0+", 0xabcde, "000055e6f0000000" },
		{ "7|64@0+", 0x0123456789abcdef, "0123456789abcdef" },
		{ "0|64@1-", 0x0123456789abcdef, "efcdab8967452301" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct dbc *d = one_signal(vectors[i].place);
		const struct dbc_signal *s = &d->messages[0].signals[0];
		uint8_t data[CANFRAME_MAX_DATA] = { 0 }, full[CANFRAME_MAX_DATA];
		char text[40];

		dbc_put(s, data, vectors[i].raw);
		assert_string_equal(hex_of(BYTES(data, 8), text, sizeof(text)),
				    vectors[i].data);
		assert_true(dbc_get(s, data) == vectors[i].raw);
		memset(full, 0xff, sizeof(full));
		dbc_put(s, full, 0); /* the other bits stay as they are */
		for (int k = 0; k < 8; k++)
			assert_int_equal(full[k] & data[k], 0);
		dbc_put(s, full, UINT64_MAX);
		for (int k = 0; k < 8; k++)
			assert_int_equal(full[k], 0xff);
		dbc_free(d);
	}
}

static void every_place_in_the_longest_frame_is_read_and_written(void **state)
{
	uint8_t data[CANFRAME_MAX_DATA], written[CANFRAME_MAX_DATA];

	(void)state;
	for (int i = 0; i < CANFRAME_MAX_DATA; i++)
		data[i] = (uint8_t)(i * 73 + 41);
	for (int start = 0; start < 512; start++) {
		int left = start / 8 * 8 + 7 - start % 8;

		for (int length = 1; length <= 64; length++) {
			struct dbc_signal s = { .start = start, .length = length };

			if (start + length <= 512)
				assert_true(dbc_get(&s, data) == dbc_slowly(&s, data));
			s.big_endian = true;
			if (left + length > 512)
				continue;
			assert_true(dbc_get(&s, data) == dbc_slowly(&s, data));
			memset(written, 0, sizeof(written));
			dbc_put(&s, written, dbc_get(&s, data));
			assert_true(dbc_get(&s, written) == dbc_get(&s, data));
		}
	}
}

static void the_classic_example_encodes(void **state)
{
	struct dbc *d = dbc_of(
		"BO_ 496 Example: 8 PCM\n"
		" SG_ Temperature : 0|12@0- (0.01,250) [229.53|270.47] \"degK\" A,B\n"
		" SG_ AverageRadius : 6|6@0+ (0.1,0) [0|5] \"m\" FOO\n"
		" SG_ Enable : 7|1@0+ (1,0) [0|0] \"-\" FOO\n"
		"VAL_ 496 Enable 0 \"Disabled\" 1 \"Enabled\";\n");
	const struct dbc_message *m = dbc_message(d, "Example");
	static const struct {
		const char *name, *value;
	} set[] = { { "Enable", "Enabled" },
		    { "AverageRadius", "3.2" },
		    { "Temperature", "250.55" } };
	struct canframe f;
	char text[CANFRAME_TEXT_MAX];
	uint64_t raw;

	(void)state;
	dbc_frame(m, &f);
	for (int i = 0; i < 3; i++) {
		const struct dbc_signal *s = dbc_signal(m, set[i].name);

		assert_int_equal(dbc_raw_of_text(s, set[i].value, &raw, NULL), 0);
		dbc_put(s, f.data, raw);
	}
	canframe_text(&f, text);
	assert_string_equal(text, "1F0#C006E00000000000");
	raw = dbc_get(dbc_signal(m, "Temperature"), f.data);
	assert_true(fabs(dbc_physical(dbc_signal(m, "Temperature"), raw) - 250.55) <
		    1e-9);
	dbc_free(d);
}

static void halves_round_away_from_zero_and_then_the_range_counts(void **state)
{
	struct dbc *d = dbc_of("BO_ 1 M: 8 V\n"
			       " SG_ A : 0|8@1- (0.1,0) [-1|1] \"\" V\n"
			       " SG_ B : 8|8@1+ (1,0) [0|0] \"\" V\n"
			       " SG_ C : 16|16@1- (0.01,250) [229|270] \"\" V\n");
	const struct dbc_signal *s = d->messages[0].signals;
	struct err err = { 0 };
	uint64_t raw;

	(void)state;
	assert_int_equal(dbc_raw(&s[0], 0.15, &raw, NULL), 0);
	assert_int_equal(raw, 2);
	assert_int_equal(dbc_raw(&s[0], -0.15, &raw, NULL), 0);
	assert_int_equal(dbc_extend(&s[0], raw), -2);
	assert_int_equal(dbc_raw(&s[0], 1.04, &raw, NULL), 0); /* rounds to 1.0 */
	assert_int_equal(raw, 10);
	assert_int_equal(dbc_raw(&s[0], 1.05, &raw, &err), ERR_RANGE);
	assert_non_null(strstr(err.text, "-1 to 1"));
	assert_int_equal(dbc_raw(&s[1], 255.4, &raw, NULL), 0);
	assert_int_equal(raw, 255);
	assert_int_equal(dbc_raw(&s[1], 255.5, &raw, &err), ERR_RANGE);
	assert_int_equal(dbc_raw(&s[1], -0.5, &raw, NULL), ERR_RANGE);
	assert_int_equal(dbc_raw(&s[1], -0.4, &raw, NULL), 0);
	assert_int_equal(raw, 0);
	assert_int_equal(dbc_raw(&s[1], NAN, &raw, NULL), ERR_RANGE);
	assert_int_equal(dbc_raw(&s[1], INFINITY, &raw, NULL), ERR_RANGE);
	assert_int_equal(dbc_raw(&s[2], 250.005, &raw, NULL), 0);
	assert_int_equal(raw, 1);
	dbc_free(d);
}

static void sixty_four_bits_are_kept_whole(void **state)
{
	struct dbc *u = one_signal("0|64@1+"), *i = one_signal("7|64@0-");
	const struct dbc_signal *us = &u->messages[0].signals[0];
	const struct dbc_signal *is = &i->messages[0].signals[0];
	uint64_t raw;

	(void)state;
	assert_int_equal(dbc_raw_of_text(us, "9007199254740993", &raw, NULL), 0);
	assert_true(raw == 9007199254740993u); /* 2^53 + 1: no double holds it */
	assert_int_equal(dbc_raw_of_text(us, "0xfffffffffffffffe", &raw, NULL), 0);
	assert_true(raw == UINT64_MAX - 1);
	assert_int_equal(dbc_raw_of_text(is, "-2", &raw, NULL), 0);
	assert_true(dbc_extend(is, raw) == -2);
	assert_int_equal(dbc_raw(us, 18446744073709551616.0, &raw, NULL), ERR_RANGE);
	assert_int_equal(dbc_raw(is, 9223372036854775808.0, &raw, NULL), ERR_RANGE);
	assert_int_equal(dbc_raw(is, -9223372036854775808.0, &raw, NULL), 0);
	assert_true(dbc_extend(is, raw) == INT64_MIN);
	dbc_free(u);
	dbc_free(i);
}

static void floating_point_signals_are_what_their_bits_say(void **state)
{
	struct dbc *d = dbc_of("BO_ 1 M: 8 V\n SG_ F : 0|32@1- (2,1) [0|0] \"\" V\n"
			       "BO_ 2 N: 8 V\n SG_ D : 7|64@0- (1,0) [0|0] \"\" V\n"
			       "SIG_VALTYPE_ 1 F : 1;\nSIG_VALTYPE_ 2 D 2;\n");
	const struct dbc_signal *f = &d->messages[0].signals[0];
	const struct dbc_signal *g = &d->messages[1].signals[0];
	uint64_t raw;

	(void)state;
	assert_int_equal(f->type, DBC_FLOAT);
	assert_int_equal(dbc_raw(f, 4, &raw, NULL), 0);
	assert_true(raw == 0x3fc00000); /* 1.5f */
	assert_true(dbc_physical(f, raw) == 4);
	assert_int_equal(dbc_raw(f, 1e300, &raw, NULL), ERR_RANGE);
	assert_int_equal(dbc_raw(g, -0.1, &raw, NULL), 0);
	assert_true(dbc_physical(g, raw) == -0.1);
	dbc_free(d);
}

static void a_multiplexed_signal_is_there_when_its_multiplexor_says_so(void **state)
{
	/* the multiplexor stands behind what it selects, in the file and in the frame */
	struct dbc *d = dbc_of("BO_ 1 M: 3 V\n"
			       " SG_ A m0 : 0|8@1+ (1,0) [0|0] \"\" V\n"
			       " SG_ B m1 : 0|8@1+ (1,0) [0|0] \"\" V\n"
			       " SG_ Sel M : 16|8@1+ (1,0) [0|0] \"\" V\n");
	const struct dbc_message *m = &d->messages[0];
	struct canframe f;

	(void)state;
	dbc_frame(m, &f);
	assert_true(dbc_present(m, dbc_signal(m, "A"), &f));
	assert_false(dbc_present(m, dbc_signal(m, "B"), &f));
	f.data[2] = 1;
	assert_false(dbc_present(m, dbc_signal(m, "A"), &f));
	assert_true(dbc_present(m, dbc_signal(m, "B"), &f));
	f.len = 2; /* shorter than the DBC says: the multiplexor is not there */
	assert_false(dbc_present(m, dbc_signal(m, "B"), &f));
	dbc_free(d);
}

static void multiplexors_nest(void **state)
{
	struct dbc *d = dbc_of("BO_ 1 M: 8 V\n"
			       " SG_ Deep m3 : 24|8@1+ (1,0) [0|0] \"\" V\n"
			       " SG_ Mid m2M : 8|8@1+ (1,0) [0|0] \"\" V\n"
			       " SG_ Top M : 0|8@1+ (1,0) [0|0] \"\" V\n"
			       " SG_ Wide m0 : 32|8@1+ (1,0) [0|0] \"\" V\n"
			       "SG_MUL_VAL_ 1 Deep Mid 3-3, 7-9;\n"
			       "SG_MUL_VAL_ 1 Mid Top 2-2;\n"
			       "SG_MUL_VAL_ 1 Wide Top 10 - 20;\n");
	const struct dbc_message *m = &d->messages[0];
	const struct dbc_signal *deep = dbc_signal(m, "Deep");
	struct canframe f;

	(void)state;
	dbc_frame(m, &f);
	f.data[1] = 8;
	assert_false(dbc_present(m, deep, &f)); /* Mid is not there itself */
	f.data[0] = 2;
	assert_true(dbc_present(m, deep, &f));
	f.data[1] = 6;
	assert_false(dbc_present(m, deep, &f));
	f.data[0] = 15;
	assert_true(dbc_present(m, dbc_signal(m, "Wide"), &f));
	dbc_free(d);
}

static void a_nested_multiplexor_without_ranges_hangs_on_the_top_one(void **state)
{
	struct dbc *d = dbc_of("BO_ 1 M: 8 V\n"
			       " SG_ Mid m2M : 8|8@1+ (1,0) [0|0] \"\" V\n"
			       " SG_ Top M : 0|8@1+ (1,0) [0|0] \"\" V\n");
	const struct dbc_message *m = &d->messages[0];

	(void)state;
	assert_int_equal(dbc_signal(m, "Mid")->parent, 1);
	assert_int_equal(dbc_signal(m, "Top")->parent, -1);
	dbc_free(d);
}

static void what_the_bench_does_not_need_is_passed_over(void **state)
{
	struct dbc *d = dbc_of(
		"VERSION \"a;b\"\n\nNS_ :\n\tNS_DESC_\n\tCM_\n\tVAL_\n\nBS_: 500:1,2\n\n"
		"BU_: A B\n\tC\nVAL_TABLE_ T 1 \"x;\" 0 \"y\" ;\n"
		"BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n"
		" SG_ Orphan : 0|8@1+ (1,0) [0|0] \"\" Vector__XXX\n"
		"BO_ 2147483649 Wide: 8 A\n SG_ S : 0|8@1+ (1e0,-0.5E+1) [0|0] \"a b\" "
		"B, C\n"
		"\nCM_ SG_ 2147483649 S \"two\nlines; BO_ 5 \\\"quoted\\\" \";\n"
		"BA_DEF_ BO_ \"GenMsgCycleTime\" INT 0 65535;\n"
		"BA_ \"GenMsgCycleTime\" BO_ 2147483649 100;\n"
		"VAL_ 3221225472 Orphan 1 \"one\" ;\nVAL_ EnvVar 0 \"z\" ;\n"
		"VAL_ 2147483649 S -1 \"minus\" 0 \"zero\" ;\n");
	const struct dbc_message *m = dbc_message(d, "Wide");

	(void)state;
	assert_int_equal(d->message_count, 1);
	assert_true(m->extended);
	assert_int_equal(m->id, 1);
	assert_string_equal(m->signals[0].unit, "a b");
	assert_true(m->signals[0].offset == -5);
	assert_string_equal(dbc_label(&m->signals[0], 255), "minus");
	assert_null(dbc_label(&m->signals[0], 7));
	dbc_free(d);
}

#define S(place) "BO_ 1 M: 2 V\n SG_ S : " place " (1,0) [0|0] \"\" V\n"

static void a_signal_outside_its_frame_is_refused(void **state)
{
	(void)state;
	refused(S("8|9@1+"), "x.dbc:2:6:", "do not fit into the 2 bytes of M");
	refused(S("15|9@0+"), "x.dbc:2:6:", "big-endian");
	refused(S("8|2@0+"), "x.dbc:2:6:", "do not fit");
	refused(S("16|1@0+"), "x.dbc:2:6:", "do not fit");
	refused(S("0|0@1+"), "x.dbc:2:6:", "1 to 64");
	refused(S("0|65@1+"), "x.dbc:2:12:", "the length");
	dbc_free(dbc_of(S("15|8@0+")));
	dbc_free(dbc_of(S("7|16@0+")));
	dbc_free(dbc_of(S("0|16@1+")));
}

static void a_mistake_is_told_with_its_place(void **state)
{
	(void)state;
	refused("", "x.dbc:1:1:", "empty");
	refused("hello\n", "x.dbc:1:1:", "statement");
	refused("BO_ x M: 8 V\n", "x.dbc:1:5:", "identifier");
	refused("BO_ 2048 M: 8 V\n", "x.dbc:1:5:", "no identifier");
	refused("BO_ 1 M: 65 V\n", "x.dbc:1:10:", "0 to 64");
	refused("BO_ 1 M: 8 V\nBO_ 1 N: 8 V\n", "x.dbc:2:5:", "has this identifier");
	refused("BO_ 1 M: 8 V\nBO_ 2 M: 8 V\n", "x.dbc:2:5:", "already");
	refused(" SG_ S : 0|1@1+ (1,0) [0|0] \"\" V\n", "x.dbc:1:2:", "no message");
	refused(S("0|1@2+"), "x.dbc:2:14:", "byte order");
	refused(S("0|1@1*"), "x.dbc:2:15:", "sign");
	refused("BO_ 1 M: 1 V\n SG_ S : 0|1@1+ (0,0) [0|0] \"\" V\n",
		"x.dbc:2:18:", "factor is 0");
	refused("BO_ 1 M: 1 V\n SG_ S : 0|1@1+ (1,0) [0|0] \"", "x.dbc:2:29:", "no end");
	refused("BO_ 1 M: 1 V\n SG_ S : 0|1@1+ (1,0", "x.dbc:2:21:", "ends");
	refused(S("0|1@1+") " SG_ S : 1|1@1+ (1,0) [0|0] \"\" V\n",
		"x.dbc:3:6:", "already, in line 2");
	refused("BO_ 1 M: 1 V\n SG_ S m1 : 0|1@1+ (1,0) [0|0] \"\" V\n",
		"x.dbc:2:8:", "no multiplexor");
	refused("BO_ 1 M: 1 V\n SG_ S mm : 0|1@1+ (1,0) [0|0] \"\" V\n",
		"x.dbc:2:8:", "no multiplexing");
	refused(S("0|1@1+") "VAL_ 2 S 0 \"x\";\n", "x.dbc:3:6:", "no message");
	refused(S("0|1@1+") "VAL_ 1 T 0 \"x\";\n", "x.dbc:3:8:", "no signal 'T'");
	refused(S("0|1@1+") "SIG_VALTYPE_ 1 S : 1;\n", "x.dbc:3:20:", "needs 32");
	refused("CM_ \"never ends\"", "x.dbc:1:1:", "no ';'");
}

static void multiplexors_in_a_circle_are_refused(void **state)
{
	(void)state;
	refused("BO_ 1 M: 8 V\n"
		" SG_ A m0M : 0|8@1+ (1,0) [0|0] \"\" V\n"
		" SG_ B m0M : 8|8@1+ (1,0) [0|0] \"\" V\n"
		"SG_MUL_VAL_ 1 A B 0-0;\nSG_MUL_VAL_ 1 B A 0-0;\n",
		"x.dbc:2:6:", "circle");
	refused("BO_ 1 M: 8 V\n"
		" SG_ A M : 0|8@1+ (1,0) [0|0] \"\" V\n"
		" SG_ B M : 8|8@1+ (1,0) [0|0] \"\" V\n"
		" SG_ C m1 : 16|8@1+ (1,0) [0|0] \"\" V\n",
		"x.dbc:4:8:", "SG_MUL_VAL_");
}

static void a_binary_file_is_no_dbc(void **state)
{
	static const uint8_t text[] = "BO_ 1 \0M: 8 V\n";
	struct err err = { 0 };
	struct dbc *d;

	(void)state;
	assert_int_equal(dbc_parse(&d, "x.dbc", BYTES_OF(text), &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "binary"));
}

static void the_door_speaks_by_names(void **state)
{
	struct err err = { 0 };
	const struct dbc_message *m;
	const struct dbc_signal *lock;
	struct canframe f;
	struct dbc *d;
	uint64_t raw;
	char text[40];

	(void)state;
	if (dbc_read(&d, DOOR, &err))
		fail_msg("%s", err.text);
	m = dbc_message(d, "DoorStatus");
	assert_non_null(m);
	lock = dbc_signal(m, "Lock");
	dbc_frame(m, &f);
	assert_ptr_equal(dbc_message_of(d, &f), m);
	assert_int_equal(dbc_raw_of_text(lock, "Unlocked", &raw, NULL), 0);
	dbc_put(lock, f.data, raw);
	assert_string_equal(dbc_text(lock, dbc_get(lock, f.data), text, sizeof(text)),
			    "Unlocked (2)");
	assert_int_equal(dbc_raw_of_text(lock, "Ajar", &raw, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "Unlocked"));
	f.extended = true;
	assert_null(dbc_message_of(d, &f));
	dbc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_of_either_byte_order_are_read),
		cmocka_unit_test(signals_of_either_byte_order_are_written),
		cmocka_unit_test(every_place_in_the_longest_frame_is_read_and_written),
		cmocka_unit_test(the_classic_example_encodes),
		cmocka_unit_test(halves_round_away_from_zero_and_then_the_range_counts),
		cmocka_unit_test(sixty_four_bits_are_kept_whole),
		cmocka_unit_test(floating_point_signals_are_what_their_bits_say),
		cmocka_unit_test(
			a_multiplexed_signal_is_there_when_its_multiplexor_says_so),
		cmocka_unit_test(multiplexors_nest),
		cmocka_unit_test(
			a_nested_multiplexor_without_ranges_hangs_on_the_top_one),
		cmocka_unit_test(what_the_bench_does_not_need_is_passed_over),
		cmocka_unit_test(a_signal_outside_its_frame_is_refused),
		cmocka_unit_test(a_mistake_is_told_with_its_place),
		cmocka_unit_test(multiplexors_in_a_circle_are_refused),
		cmocka_unit_test(a_binary_file_is_no_dbc),
		cmocka_unit_test(the_door_speaks_by_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
