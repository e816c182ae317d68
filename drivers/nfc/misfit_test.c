#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/nfc/misfit.h"

static void what_libnfc_has_no_driver_for_is_neither_reader_nor_card(void **state)
{
	(void)state;
	assert_non_null(strstr(misfit_usb(0x054c, 0x06c3, false), "RC-S380"));
	assert_non_null(misfit_usb(0x054c, 0x06c3, true));
	assert_non_null(misfit_usb(0x072f, 0x223b, false));
}

static void a_reader_that_is_no_card_is_refused_as_one_alone(void **state)
{
	(void)state;
	assert_null(misfit_usb(0x072f, 0x2200, false));
	assert_non_null(strstr(misfit_usb(0x072f, 0x2200, true), "take a PN532"));
	assert_null(misfit_chip("PN533 v2.7", false));
	assert_non_null(strstr(misfit_chip("PN533 v2.7", true), "take a PN532"));
}

static void nothing_is_held_against_any_other(void **state)
{
	(void)state;
	assert_null(misfit_usb(0x04e6, 0x5591, false));
	assert_null(misfit_usb(0x1a86, 0x7523, true));
	assert_null(misfit_chip("PN532 v1.6", true));
	assert_null(misfit_chip("", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_libnfc_has_no_driver_for_is_neither_reader_nor_card),
		cmocka_unit_test(a_reader_that_is_no_card_is_refused_as_one_alone),
		cmocka_unit_test(nothing_is_held_against_any_other),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
