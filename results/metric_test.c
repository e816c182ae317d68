#include "results/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int64_t ns_of(const char *name, const struct attempt *a)
{
	int metric = metric_find(name);

	assert_true(metric >= 0);
	return metric_of(metric, a);
}

static struct attempt whole(void)
{
	struct attempt a;

	attempt_init(&a);
	attempt_point(&a, "field_on", 100, 0);
	attempt_point(&a, "activated", 250, 0);
	attempt_point(&a, "select.sent", 300, 0);
	attempt_point(&a, "select.answered", 410, 0);
	attempt_point(&a, "auth0.sent", 420, 0);
	attempt_point(&a, "auth0.answered", 545, 0);
	attempt_point(&a, "auth1.sent", 550, 0);
	attempt_point(&a, "auth1.answered", 700, 0);
	attempt_point(&a, "exchange.sent", 710, 0);
	attempt_point(&a, "exchange.answered", 790, 0);
	attempt_point(&a, "control_flow.sent", 800, 0);
	attempt_point(&a, "control_flow.answered", 1000, 0);
	attempt_point(&a, "bus", 1800, 0);
	attempt_value(&a, "airtime_floor", 200);
	attempt_value(&a, "vehicle", 50);
	return a;
}

static void a_metric_is_the_difference_of_its_points(void **state)
{
	struct attempt a = whole();

	(void)state;
	assert_int_equal(ns_of("activation", &a), 150);
	assert_int_equal(ns_of("select", &a), 110);
	assert_int_equal(ns_of("auth0", &a), 125);
	assert_int_equal(ns_of("auth1", &a), 150);
	assert_int_equal(ns_of("exchange", &a), 80);
	assert_int_equal(ns_of("control_flow", &a), 200);
	assert_int_equal(ns_of("tap", &a), 750);
	assert_int_equal(ns_of("transact", &a), 700);
	assert_int_equal(ns_of("tap_to_bus", &a), 1550);
	assert_int_equal(ns_of("airtime_floor", &a), 200);
	assert_int_equal(ns_of("vehicle", &a), 50);
}

static void
a_device_that_does_not_stamp_itself_is_one_number_with_the_overhead(void **state)
{
	struct attempt a = whole();

	(void)state;
	assert_int_equal(ns_of("device", &a), -1);
	assert_int_equal(ns_of("overhead", &a), -1);
	assert_int_equal(ns_of("device+overhead", &a), 450);
	attempt_value(&a, "device", 300);
	assert_int_equal(ns_of("device", &a), 300);
	assert_int_equal(ns_of("overhead", &a), 150);
	assert_int_equal(ns_of("device+overhead", &a), -1);
}

static void what_is_missing_or_contradicts_itself_is_no_number(void **state)
{
	struct attempt a;

	(void)state;
	attempt_init(&a);
	for (int i = 0; metrics[i].name; i++)
		assert_int_equal(metric_of(i, &a), -1);
	a = whole();
	attempt_point(&a, "select.answered", 299, 0);
	assert_int_equal(ns_of("select", &a), -1);
	attempt_point(&a, "select.answered", 300, 0);
	assert_int_equal(ns_of("select", &a), 0);
	attempt_value(&a, "airtime_floor", 10000);
	assert_int_equal(ns_of("device+overhead", &a), -1);
}

static void every_metric_has_a_name_and_help_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; metrics[i].name; i++) {
		assert_int_equal(metric_find(metrics[i].name), i);
		assert_true(strlen(metrics[i].help) > 10);
		assert_true(strlen(metrics[i].name) <= 15); /* a column of the report */
		assert_null(strpbrk(metrics[i].name, ", "));
	}
	assert_int_equal(metric_find("luck"), -1);
	assert_int_equal(metric_find(""), -1);
	assert_true(metrics[metric_find("tap")].decides);
	assert_false(metrics[metric_find("overhead")].decides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_metric_is_the_difference_of_its_points),
		cmocka_unit_test(
			a_device_that_does_not_stamp_itself_is_one_number_with_the_overhead),
		cmocka_unit_test(what_is_missing_or_contradicts_itself_is_no_number),
		cmocka_unit_test(every_metric_has_a_name_and_help_of_its_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
