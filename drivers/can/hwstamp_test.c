#include "drivers/can/hwstamp.h"

#include "bench/core/clock.h"
#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/net_tstamp.h>

static void the_controllers_stamps_are_asked_for_where_there_are_any(void **state)
{
	const unsigned software =
		SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	const unsigned both =
		software | SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	const char *why;

	(void)state;
	assert_false(hwstamp_choose(0, ENOTTY, &why)); /* no ETHTOOL_GET_TS_INFO */
	assert_string_equal(why, "the driver has none");
	assert_false(hwstamp_choose(software, EOPNOTSUPP, &why)); /* vcan */
	/* stamps that cannot be had raw are moved by somebody else's clock */
	assert_false(hwstamp_choose(software | SOF_TIMESTAMPING_RX_HARDWARE, 0, &why));
	assert_true(hwstamp_choose(both, 0, &why));
	assert_true(hwstamp_choose(both, EOPNOTSUPP, &why)); /* on for ever */
	assert_true(hwstamp_choose(both, EPERM, &why));      /* not ours to switch */
	assert_string_equal(why, "");
	assert_false(hwstamp_choose(both, ERANGE, &why));
	assert_string_equal(why, "the driver does not switch them on");
}

/* A controller's clock that starts anywhere and is 40 ppm fast, and a kernel that is late by chance. */
#define START_NS 123456789
#define FAST 40e-6
#define LEAST_NS 8000

static int64_t controllers(int64_t true_ns)
{
	return START_NS + true_ns + (int64_t)(FAST * (double)true_ns);
}

static int64_t kernels(int64_t true_ns, struct rng *r)
{
	double u = rng_unit(r);

	return true_ns + LEAST_NS + (int64_t)(200000 * u * u * u * u);
}

static void what_interrupts_scatter_is_gone(void **state)
{
	struct hwstamp h = { .on = true };
	int64_t worst = 0, scatter = 0, true_ns = NS_PER_S;
	int used = 0;
	struct rng r;

	(void)state;
	rng_init(&r, 1, "hwstamp");
	for (int i = 0; i < 20000; i++, true_ns += NS_PER_MS) {
		int64_t at = kernels(true_ns, &r), slack = 500;
		int64_t off = at - true_ns - LEAST_NS;

		scatter = off > scatter ? off : scatter;
		if (!hwstamp_take(&h, controllers(true_ns), &at, &slack))
			continue;
		used++;
		/* the least delay nobody can see; all else is within what is said */
		off = at - true_ns - LEAST_NS;
		if (off < 0)
			off = -off;
		if (off > slack)
			fail_msg("frame %d: %lld ns off, %lld said", i, (long long)off,
				 (long long)slack);
		if (i > 5000)
			worst = off > worst ? off : worst;
	}
	assert_true(used > 18000);
	assert_true(scatter > 100000);
	assert_true(worst < 10000);
}

static void without_a_stamp_the_kernels_stands(void **state)
{
	struct hwstamp h = { .on = true };
	int64_t at = 5, slack = 7;

	(void)state;
	for (int i = 1; i < HWSTAMP_PATIENCE; i++) {
		assert_false(hwstamp_take(&h, 0, &at, &slack));
		assert_true(h.on);
	}
	assert_false(hwstamp_take(&h, 0, &at, &slack));
	assert_false(h.on); /* there are none after all */
	assert_false(hwstamp_take(&h, 1000, &at, &slack));
	assert_int_equal(at, 5);
	assert_int_equal(slack, 7);
}

static void a_controller_that_is_reset_is_learned_anew(void **state)
{
	struct hwstamp h = { .on = true };
	int64_t true_ns = NS_PER_S, at, slack;
	int used = 0;
	struct rng r;

	(void)state;
	rng_init(&r, 2, "hwstamp");
	for (int i = 0; i < 3000; i++, true_ns += NS_PER_MS) {
		at = kernels(true_ns, &r);
		slack = 500;
		hwstamp_take(&h, controllers(true_ns), &at, &slack);
	}
	assert_true(h.fit.count > 0);
	for (int i = 0; i < 3000; i++, true_ns += NS_PER_MS) {
		at = kernels(true_ns, &r);
		slack = 500;
		if (!hwstamp_take(&h, controllers(true_ns) - 3 * NS_PER_S, &at, &slack))
			continue;
		used++;
		assert_in_range(at - true_ns + NS_PER_MS, NS_PER_MS - slack,
				NS_PER_MS + LEAST_NS + slack);
	}
	assert_true(used > 1500);
}

static void no_frame_is_later_than_the_kernel_had_it(void **state)
{
	struct hwstamp h = { .on = true };
	int64_t at, slack;

	(void)state;
	for (int i = 0; i < 2500; i++) {
		at = NS_PER_S + i * NS_PER_MS + 50000; /* always late by 50 us */
		slack = 500;
		hwstamp_take(&h, i * NS_PER_MS + 1, &at, &slack);
	}
	/* this one was not */
	at = NS_PER_S + 2500 * NS_PER_MS + 10000;
	slack = 500;
	assert_true(hwstamp_take(&h, 2500 * NS_PER_MS + 1, &at, &slack));
	assert_true(at <= NS_PER_S + 2500 * NS_PER_MS + 10000);
	assert_true(slack >= 30000); /* and what the fit is wrong by is said */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_controllers_stamps_are_asked_for_where_there_are_any),
		cmocka_unit_test(what_interrupts_scatter_is_gone),
		cmocka_unit_test(without_a_stamp_the_kernels_stands),
		cmocka_unit_test(a_controller_that_is_reset_is_learned_anew),
		cmocka_unit_test(no_frame_is_later_than_the_kernel_had_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
