#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/wrap/worker.h"

#include <fcntl.h>
#include <unistd.h>

/*
 * What can be asked without a chip; exchanges run against the emulated one. Behind a worker, as always.
 */
static const struct reader_driver *libnfc;
static struct pump *pump;
static struct err err;

static int open_code(const char *device, const char *more)
{
	void *options = calloc(1, libnfc->options_size);
	struct reader *r = NULL;
	struct conf *conf;
	char text[256];
	int len = snprintf(text, sizeof(text), "device: \"%s\"\n%s", device, more), rc;

	assert_int_equal(
		conf_parse(&conf, "rig", BYTES((uint8_t *)text, (size_t)len), NULL), 0);
	assert_int_equal(conf_bind(conf_root(conf), libnfc->items, options, &err), 0);
	rc = worker_open_reader(&r, libnfc, options, pump, clock_real(), &err);
	assert_null(r);
	free(options);
	conf_free(conf);
	return rc;
}

static int start(void **state)
{
	(void)state;
	libnfc = reader_driver_find("libnfc");
	err = (struct err){ 0 };
	return pump_new(&pump, NULL);
}

static int stop(void **state)
{
	(void)state;
	pump_free(pump);
	return 0;
}

static void a_connection_string_that_names_no_one_device_is_refused(void **state)
{
	static const char *const vague[] = { "pn53x_usb", "acr122_usb",  "acr122_usb:001",
					     "usb",       "usb:001",     "pn532_uart",
					     "x",         "pn53x_usb::", ":" };

	(void)state;
	if (!libnfc)
		skip(); /* built without it */
	for (size_t i = 0; i < sizeof(vague) / sizeof(*vague); i++) {
		assert_int_equal(open_code(vague[i], ""), ERR_USAGE);
		assert_non_null(strstr(err.text, "does not name one device"));
	}
}

static void a_speed_libnfc_lacks_is_refused(void **state)
{
	(void)state;
	if (!libnfc)
		skip(); /* built without it */
	assert_int_equal(open_code("pn532_uart:/dev/null:921600", ""), ERR_RANGE);
	assert_int_equal(open_code("pn532_uart:/dev/null:fast", ""), ERR_RANGE);
}

static void what_is_no_line_is_refused_by_name(void **state)
{
	(void)state;
	if (!libnfc)
		skip(); /* built without it */
	assert_int_equal(open_code("/dev/null", ""), ERR_IO);
	assert_non_null(strstr(err.text, "/dev/null"));
	assert_int_equal(open_code("/nowhere/at/all", ""), ERR_IO);
	assert_int_equal(open_code("pn532_uart:/nowhere/at/all", ""), ERR_IO);
}

static void a_mute_line_is_no_reader(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char path[64];

	(void)state;
	if (!libnfc)
		skip(); /* built without it */
	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	assert_int_equal(ptsname_r(master, path, sizeof(path)), 0);
	assert_int_equal(open_code(path, "tries: 1\n"), ERR_IO);
	assert_non_null(strstr(err.text, "nothing answers"));
	assert_non_null(strstr(err.text, path));
	close(master);
}

#define WITH_LIBRARY(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LIBRARY(a_connection_string_that_names_no_one_device_is_refused),
		WITH_LIBRARY(a_speed_libnfc_lacks_is_refused),
		WITH_LIBRARY(what_is_no_line_is_refused_by_name),
		WITH_LIBRARY(a_mute_line_is_no_reader),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
