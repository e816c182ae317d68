#include "results/dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_text_that_does_not_fit_is_none(void **state)
{
	static const char whole[] = "{\"a\":[1,\"two\"],\"a key that needs room\":null}";
	json_t *json = json_loads(whole, 0, NULL);

	(void)state;
	for (size_t max = 0; max <= sizeof(whole); max++) {
		struct buf out;

		buf_init(&out, max);
		dump_json(&out, json, JSON_COMPACT);
		assert_int_equal(out.failed, max < sizeof(whole) - 1);
		if (!out.failed)
			assert_memory_equal(out.data, whole, sizeof(whole) - 1);
		buf_release(&out);
	}
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_that_does_not_fit_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
