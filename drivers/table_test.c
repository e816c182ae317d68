#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/bus.h"
#include "drivers/card.h"
#include "drivers/positioner.h"
#include "drivers/reader.h"
#include "drivers/relay.h"
#include "drivers/sensor.h"

/* A rig section that gives just the keys without a fallback must bind, each with any allowed value. */
static void binds_with_required_keys_alone(const struct conf_item *items, size_t size)
{
	void *options = calloc(1, size);
	uint8_t room[512];
	struct buf text = BUF_ON(room);
	struct err err = { 0 };
	struct conf *conf;

	buf_text(&text, "{");
	for (const struct conf_item *i = items; i->key; i++) {
		assert_true(i->help && i->help[0]);
		assert_true(i->offset < size);
		if (i->fallback)
			continue;
		buf_printf(&text, "%s: %s, ", i->key,
			   i->type == CONF_DEVICE   ? "/dev/x"
			   : i->type == CONF_TIME   ? "1 ms"
			   : i->type == CONF_LENGTH ? "1 mm"
						    : "1");
	}
	buf_text(&text, "}");
	assert_false(text.failed);
	if (conf_parse(&conf, "rig", buf_bytes(&text), &err) ||
	    conf_bind(conf_root(conf), items, options, &err))
		fail_msg("%s: %s", buf_str(&text), err.text);
	conf_free(conf);
	free(options);
}

#define FOR_EACH(role, d) \
	for (const struct role##_driver *const *d = role##_drivers; *d; d++)

static void every_driver_is_found_by_its_name_and_nothing_else_is(void **state)
{
	(void)state;
	FOR_EACH(reader, d)
	assert_ptr_equal(reader_driver_find((*d)->name), *d);
	FOR_EACH(card, d)
	assert_ptr_equal(card_driver_find((*d)->name), *d);
	FOR_EACH(relay, d)
	assert_ptr_equal(relay_driver_find((*d)->name), *d);
	FOR_EACH(positioner, d)
	assert_ptr_equal(positioner_driver_find((*d)->name), *d);
	FOR_EACH(bus, d)
	assert_ptr_equal(bus_driver_find((*d)->name), *d);
	FOR_EACH(sensor, d)
	assert_ptr_equal(sensor_driver_find((*d)->name), *d);
	assert_null(sensor_driver_find("lcus"));
	assert_null(bus_driver_find("libnfc"));
	assert_null(reader_driver_find("lcus"));
	assert_null(card_driver_find("lcus"));
	assert_null(relay_driver_find(""));
	assert_null(positioner_driver_find("libnfc"));
}

static void every_driver_tells_its_options(void **state)
{
	(void)state;
	FOR_EACH(reader, d)
	binds_with_required_keys_alone((*d)->items, (*d)->options_size);
	FOR_EACH(card, d)
	binds_with_required_keys_alone((*d)->items, (*d)->options_size);
	FOR_EACH(relay, d)
	binds_with_required_keys_alone((*d)->items, (*d)->options_size);
	FOR_EACH(bus, d)
	binds_with_required_keys_alone((*d)->items, (*d)->options_size);
	FOR_EACH(sensor, d)
	binds_with_required_keys_alone((*d)->items, (*d)->options_size);
	FOR_EACH(positioner, d)
	binds_with_required_keys_alone((*d)->items, (*d)->options_size);
}

static void what_can_hang_needs_a_worker(void **state)
{
	(void)state;
	assert_true(reader_driver_find("exec")->needs_worker);
	assert_true(card_driver_find("exec")->needs_worker);
	for (const struct relay_driver *const *d = relay_drivers; *d; d++)
		assert_int_equal((*d)->needs_worker, strcmp((*d)->name, "sim") != 0);
	if (card_driver_find("libnfc"))
		assert_true(card_driver_find("libnfc")->needs_worker);
	if (reader_driver_find("libnfc"))
		assert_true(reader_driver_find("libnfc")->needs_worker);
}

static void every_driver_this_build_has_the_library_for_is_there(void **state)
{
	static const char *const boards[] = { "kmtronic", "lcus", "numato", "sim" };

	(void)state;
	for (size_t i = 0; i < sizeof(boards) / sizeof(*boards); i++)
		assert_non_null(relay_driver_find(boards[i]));
	assert_int_equal(relay_driver_find("usb_hid") != NULL, WITH_LIBUSB);
	assert_int_equal(reader_driver_find("libnfc") != NULL, WITH_LIBNFC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_driver_is_found_by_its_name_and_nothing_else_is),
		cmocka_unit_test(every_driver_tells_its_options),
		cmocka_unit_test(what_can_hang_needs_a_worker),
		cmocka_unit_test(every_driver_this_build_has_the_library_for_is_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
