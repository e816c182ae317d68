#include "tools/emu/desk.h"

#include "tools/emu/board.h"
#include "tools/emu/chip.h"
#include "tools/emu/motion.h"
#include "tools/emu/phone.h"

#include <stdlib.h>

struct desk {
	struct world *world;
	const struct emu_rig *rig;
	struct line reader_line;
	struct air air;
	struct chip *chip;
	struct emu_phone *phone;
	struct card card;
	struct motion motion;
	struct board boards[RIG_MAX_BOARDS];
	int board_count; /* opened */
};

static int open_phone(struct desk *d, bool present, struct err *err)
{
	const struct emu_rig *rig = d->rig;
	struct card_traits traits;
	struct motion_options motion = { .channel = rig->channel,
					 .travel_ns = rig->travel_ns,
					 .jitter_ns = rig->jitter_ns,
					 .bounce_ns = rig->bounce_ns,
					 .present = present };
	int rc = emu_phone_new(&d->phone, rig, world_seed(d->world), err);

	if (rc)
		return rc;
	emu_phone_traits(d->phone, &traits);
	card_init(&d->card, d->world, &d->air, &traits, emu_phone_applet(d->phone));
	motion_init(&d->motion, d->world, &d->card, &motion);
	return 0;
}

static int open_reader(struct desk *d, struct err *err)
{
	const struct emu_rig *rig = d->rig;
	struct chip_options options = { .name = rig->reader,
					.faults = rig->faults,
					.fault_count = rig->fault_count,
					.remove = motion_remove,
					.remove_ctx = &d->motion };
	int rc = line_open(&d->reader_line, d->world, rig->reader, rig->baud, err);

	d->reader_line.instant = rig->instant;
	if (rc)
		return rc;
	return chip_new(&d->chip, d->world, &d->reader_line, &d->air, &options, err);
}

static int open_boards(struct desk *d, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < d->rig->board_count && !rc; i++) {
		struct board *b = &d->boards[i];

		rc = board_open(b, d->world, d->rig->boards[i].name,
				(int)d->rig->boards[i].channels, err);
		if (rc)
			break;
		d->board_count++;
		if (i != d->rig->phone_board)
			continue;
		b->switched = motion_relay;
		b->ctx = &d->motion;
	}
	return rc;
}

int desk_new(struct desk **out, struct world *w, const struct emu_rig *rig, bool present,
	     struct err *err)
{
	struct desk *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return err_set(err, ERR_NOMEM, "no memory");
	d->world = w;
	d->rig = rig;
	/* rounded up: never under the least gap the standard allows */
	air_init(&d->air, w, (rig->gap_ns * 339 + 24999) / 25000);
	d->air.instant = rig->instant;
	line_init(&d->reader_line, w, rig->reader, rig->baud);
	rc = open_phone(d, present, err);
	if (!rc)
		rc = open_reader(d, err);
	if (!rc)
		rc = open_boards(d, err);
	if (rc) {
		desk_free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void desk_free(struct desk *d)
{
	if (!d)
		return;
	for (int i = 0; i < d->board_count; i++)
		board_close(&d->boards[i]);
	chip_free(d->chip);
	line_close(&d->reader_line);
	emu_phone_free(d->phone);
	free(d);
}

int desk_device_count(const struct desk *d)
{
	return 1 + d->board_count;
}

const char *desk_device_name(const struct desk *d, int i)
{
	return i == 0 ? d->rig->reader : d->boards[i - 1].name;
}

const char *desk_device_path(const struct desk *d, int i)
{
	return i == 0 ? d->reader_line.path : d->boards[i - 1].line.path;
}

bool desk_relays_off(const struct desk *d)
{
	for (int i = 0; i < d->board_count; i++)
		if (d->boards[i].state)
			return false;
	return true;
}

void desk_log_end(const struct desk *d, const char *why)
{
	uint32_t state = 0;

	for (int i = 0; i < d->board_count; i++)
		state |= d->boards[i].state << (8 * i);
	truth_say(world_truth(d->world), world_now(d->world), "end", "s:why i:relays",
		  why, (int64_t)state);
}

int desk_check(const struct emu_rig *rig, struct err *err)
{
	struct emu_phone *phone;
	int rc = emu_phone_new(&phone, rig, 1, err);

	if (!rc)
		emu_phone_free(phone);
	return rc;
}
