#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include <linux/errqueue.h>

#include "bench/core/clock.h"
#include "drivers/can/socketcan_wire.h"

static struct canframe frame(const char *text)
{
	struct canframe f;

	assert_int_equal(canframe_parse(&f, BYTES((const uint8_t *)text, strlen(text))),
			 0);
	return f;
}

static bool passes(const char *filters, const char *text)
{
	struct socketcan_filter list[SOCKETCAN_FILTERS];
	struct canframe f = frame(text);
	int n = socketcan_filters(list, filters);

	assert_true(n > 0);
	return socketcan_passes(list, n, &f);
}

static void a_filter_takes_its_identifiers_and_no_others(void **state)
{
	(void)state;
	assert_true(passes("110:7FF", "110#"));
	assert_false(passes("110:7FF", "111#"));
	assert_true(passes("110:7F0", "11F#"));
	assert_true(passes("110:7FF,200:700", "2AB#01"));
	assert_false(passes("110:7FF, 200:700", "3AB#01"));
	assert_true(passes("110~7FF", "111#"));
	assert_false(passes("110~7FF", "110#"));
	assert_true(passes("18DAF110:1FFFFFFF", "18DAF110#"));
	assert_false(passes("18DAF110:1FFFFFFF", "18DAF111#"));
	assert_true(passes("110:7FF", "110#R"));
}

static void an_11_bit_filter_lets_no_29_bit_identifier_through(void **state)
{
	(void)state;
	assert_false(passes("110:7FF", "00000110#"));
	assert_false(passes("00000110:7FF", "110#"));
	assert_true(passes("00000110:7FF", "00000110#"));
}

static void what_is_no_filter_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",           "110",          "110:",           ":7FF",
		"110:7FF,",   "1G0:7FF",      "110:7FF;",       "110-7FF",
		"40000000:1", "110:FFFFFFFF", "110:7FF 200:7FF"
	};
	struct socketcan_filter list[SOCKETCAN_FILTERS];
	char many[SOCKETCAN_FILTERS * 8 + 16] = "1:1";

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (socketcan_filters(list, wrong[i]) != ERR_FORMAT)
			fail_msg("'%s' was taken", wrong[i]);
	for (int i = 1; i < SOCKETCAN_FILTERS; i++)
		strcat(many, ",1:1");
	assert_int_equal(socketcan_filters(list, many), SOCKETCAN_FILTERS);
	strcat(many, ",1:1");
	assert_int_equal(socketcan_filters(list, many), ERR_RANGE);
}

static void the_filter_of_one_frame_takes_that_kind_alone(void **state)
{
	struct canframe f = frame("123#00"), remote = frame("123#R"),
			extended = frame("00000123#00");
	struct socketcan_filter only = socketcan_only(&f);

	(void)state;
	assert_true(socketcan_passes(&only, 1, &f));
	assert_false(socketcan_passes(&only, 1, &remote));
	assert_false(socketcan_passes(&only, 1, &extended));
	only = socketcan_only(&extended);
	assert_true(socketcan_passes(&only, 1, &extended));
	assert_false(socketcan_passes(&only, 1, &f));
}

static void error_frames_pass_every_filter(void **state)
{
	struct canframe error = { .error = true, .id = 0x40, .len = 8 };
	struct socketcan_filter list[SOCKETCAN_FILTERS];

	(void)state;
	assert_true(socketcan_passes(list, socketcan_filters(list, "110:7FF"), &error));
}

/* Control bytes as the kernel lays them out. */
static void stamps_and_drops_are_read_from_the_control_bytes(void **state)
{
	struct scm_timestamping stamps = { .ts = { { 17, 5 }, { 0, 0 }, { 3, 9 } } };
	uint32_t drops = 77;
	_Alignas(struct cmsghdr) uint8_t room[200] = { 0 };
	struct msghdr m = { .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct socketcan_along along;

	(void)state;
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(stamps)), SOL_SOCKET, SO_TIMESTAMPING };
	memcpy(CMSG_DATA(c), &stamps, sizeof(stamps));
	c = CMSG_NXTHDR(&m, c);
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(drops)), SOL_SOCKET, SO_RXQ_OVFL };
	memcpy(CMSG_DATA(c), &drops, sizeof(drops));
	m.msg_controllen = CMSG_SPACE(sizeof(stamps)) + CMSG_SPACE(sizeof(drops));
	socketcan_along(&along, &m);
	assert_int_equal(along.software_ns, 17 * NS_PER_S + 5);
	assert_int_equal(along.hardware_ns, 3 * NS_PER_S + 9);
	assert_true(along.has_dropped);
	assert_int_equal(along.dropped, 77);
	m.msg_controllen = 0;
	socketcan_along(&along, &m);
	assert_int_equal(along.software_ns, 0);
	assert_false(along.has_dropped);
}

static void error_frames_say_what_is_wrong(void **state)
{
	static const struct {
		uint32_t id;
		uint8_t controller;
		unsigned trouble;
		const char *text;
	} cases[] = {
		{ 0x40, 0, SOCKETCAN_BUS_OFF, "bus-off" },
		{ 0x100, 0, SOCKETCAN_RESTARTED, "restarted" },
		{ 0x04, 0x01, SOCKETCAN_OVERFLOW, "receive overflow" },
		{ 0x24, 0x20, SOCKETCAN_PASSIVE, "no acknowledge, error passive (tx)" },
		{ 0x04, 0x40, SOCKETCAN_ACTIVE, "error active" },
		{ 0x02, 0xff, 0, "lost arbitration" },
		{ 0x200, 0, 0, "error frame 00000200" },
	};
	struct canframe none = { .id = 0x40 };
	char text[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct canframe f = { .error = true, .id = cases[i].id, .len = 8 };

		f.data[1] = cases[i].controller;
		assert_int_equal(socketcan_trouble(&f), cases[i].trouble);
		assert_string_equal(socketcan_error_text(&f, text), cases[i].text);
	}
	assert_int_equal(socketcan_trouble(&none), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_takes_its_identifiers_and_no_others),
		cmocka_unit_test(an_11_bit_filter_lets_no_29_bit_identifier_through),
		cmocka_unit_test(what_is_no_filter_is_refused),
		cmocka_unit_test(the_filter_of_one_frame_takes_that_kind_alone),
		cmocka_unit_test(error_frames_pass_every_filter),
		cmocka_unit_test(stamps_and_drops_are_read_from_the_control_bytes),
		cmocka_unit_test(error_frames_say_what_is_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
