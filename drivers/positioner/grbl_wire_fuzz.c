/* Any bytes from an axis, and any to one; what is understood stays within its limits. */
#include "drivers/positioner/grbl_model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void from_axis(const uint8_t *data, size_t size)
{
	struct grbl_lines lines = { 0 };

	for (size_t i = 0; i < size; i++) {
		struct grbl_report r;

		if (!grbl_line_feed(&lines, data[i]) || grbl_parse(lines.text, &r))
			continue;
		if (r.number < 0 || r.state >= GRBL_STATES || r.substate > 9)
			abort();
		for (int k = 0; k < GRBL_AXES; k++)
			if (r.has_machine && llabs(r.machine_um[k]) > 100000999)
				abort();
	}
}

static void to_axis(const uint8_t *data, size_t size)
{
	static uint8_t room[GRBL_MODEL_REPLY];
	struct grbl_model m = { .travel_um = { 100000, 100000, 50000 },
				.homing_ns = 1000000,
				.soft_limits = true,
				.homing = true };
	struct buf reply = BUF_ON(room);
	int64_t now = 0;

	grbl_model_start(&m, now, &reply);
	for (size_t i = 0; i < size; i++) {
		int64_t um[GRBL_AXES];

		buf_clear(&reply);
		grbl_model_hear(&m, data[i], now, &reply);
		now += 100000;
		grbl_model_run(&m, now, &reply);
		grbl_model_place(&m, now, um);
		if (reply.failed || m.count > GRBL_MODEL_PLAN || m.len > GRBL_COMMAND_MAX)
			abort();
		for (int k = 0; k < GRBL_AXES; k++)
			if (um[k] > 0 || um[k] < -m.travel_um[k])
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	from_axis(data, size);
	to_axis(data, size);
	return 0;
}
