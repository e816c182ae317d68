#include "tools/emu/desk.h"

#include "tools/emu/actuator.h"
#include "tools/emu/axis.h"
#include "tools/emu/board.h"
#include "tools/emu/chip.h"
#include "tools/emu/bridge.h"
#include "tools/emu/diag.h"
#include "tools/emu/field.h"
#include "tools/emu/hub.h"
#include "tools/emu/module.h"
#include "tools/emu/motion.h"
#include "tools/emu/phone.h"

#include <stdlib.h>

/* A chip, its line, the air in front of it, and what moves its antenna. */
struct desk_chip {
	struct desk *desk;
	int index;
	struct line line;
	struct air air;
	struct chip *chip;
	struct motion motion;
};

struct desk_board {
	struct desk *desk; /* for its switches */
	int index;
	struct board board;
};

struct desk {
	desk_unplug_fn *unplug;
	void *unplug_ctx;
	desk_moved_fn *moved;
	void *moved_ctx;
	struct world *world;
	const struct emu_rig *rig;
	struct desk_chip chips[RIG_MAX_CHIPS];
	int chip_count; /* opened */
	struct module *module;
	struct air module_air;
	struct emu_phone *phone;
	struct card card;
	struct motion motion;
	struct actuator actuator;
	struct axis axes[RIG_MAX_AXES];
	int axis_count; /* opened */
	struct hub *hubs[RIG_MAX_BUSES];
	struct bridge *bridges[RIG_MAX_BUSES];
	struct diag *diags[RIG_MAX_BUSES];
	int hub_count; /* opened */
	struct desk_board boards[RIG_MAX_BOARDS];
	int board_count; /* opened */
};

/* The phone is pushed by one channel, and nothing else moves it. */
static bool is_pushed(const struct emu_rig *rig)
{
	return rig->has_phone && rig->phone_axis < 0 && rig->actuator.board < 0;
}

static void begin_air(struct desk *d, struct air *air, int64_t gap_ns)
{
	/* rounded up: never under the least gap the standard allows */
	air_init(air, d->world, (gap_ns * 339 + 24999) / 25000);
}

static void put_on_slide(struct desk *d, struct motion *motion, struct card *card,
			 const struct rig_moved *moved, bool present)
{
	struct motion_options options = { .channel = moved->channel,
					  .travel_ns = moved->travel_ns,
					  .jitter_ns = moved->jitter_ns,
					  .bounce_ns = moved->bounce_ns,
					  .present = present };

	motion_init(motion, d->world, card, &options);
}

static int open_phone(struct desk *d, struct err *err)
{
	struct card_traits traits;
	int rc;

	if (!d->rig->has_phone)
		return 0;
	rc = emu_phone_new(&d->phone, d->rig, world_seed(d->world), err);
	if (rc)
		return rc;
	emu_phone_in(d->phone, d->world);
	emu_phone_traits(d->phone, &traits);
	card_init(&d->card, d->world, NULL, &traits, emu_phone_applet(d->phone));
	return 0;
}

static void unplug_chip(void *ctx, int64_t away_ns)
{
	const struct desk_chip *c = ctx;

	if (c->desk->unplug)
		c->desk->unplug(c->desk->unplug_ctx, c->index, away_ns);
}

static void unplug_board(void *ctx, int64_t away_ns)
{
	const struct desk_board *b = ctx;

	if (b->desk->unplug)
		b->desk->unplug(b->desk->unplug_ctx, b->desk->chip_count + b->index,
				away_ns);
}

/* Whichever it was: the others say where they have been all along. */
static void plugged_axis(void *ctx)
{
	struct desk *d = ctx;

	for (int i = 0; d->moved && i < d->axis_count; i++)
		d->moved(d->moved_ctx, d->chip_count + d->board_count + d->hub_count + i);
}

static void plugged_board(void *ctx)
{
	const struct desk_board *b = ctx;

	if (b->desk->moved)
		b->desk->moved(b->desk->moved_ctx, b->desk->chip_count + b->index);
}

/* On USB its bytes are carried by whoever plugs it in, about one a microsecond. */
static int open_line(struct desk_chip *c, struct world *w, const struct rig_chip *r,
		     struct err *err)
{
	if (r->plug.usb == RIG_NOT_USB)
		return line_open(&c->line, w, r->name, r->baud, err);
	line_init(&c->line, w, r->name, DESK_USB_BAUD);
	return 0;
}

static int open_chip(struct desk *d, int i, struct err *err)
{
	const struct rig_chip *r = &d->rig->chips[i];
	struct desk_chip *c = &d->chips[i];
	struct chip_options options = { .name = r->name,
					.device = i,
					.knobs = &r->knobs,
					.kind = r->pn533 ? CHIP_PN533 : CHIP_PN532,
					.unplug = unplug_chip,
					.unplug_ctx = c,
					.faults = d->rig->faults,
					.fault_count = d->rig->fault_count };
	int rc;

	if (is_pushed(d->rig)) {
		options.remove = motion_remove;
		options.remove_ctx = &d->motion;
	} else if (r->is_moved) {
		options.remove = motion_remove;
		options.remove_ctx = &c->motion;
	}
	begin_air(d, &c->air, r->gap_ns);
	c->desk = d;
	c->index = i;
	line_init(&c->line, d->world, r->name, r->baud);
	d->chip_count++;
	rc = open_line(c, d->world, r, err);
	c->line.instant = r->instant;
	c->air.instant = r->instant;
	return rc ? rc : chip_new(&c->chip, d->world, &c->line, &c->air, &options, err);
}

/* One field: every card may come to every reader but the one that is itself. */
static void join_field(struct desk *d)
{
	for (int i = 0; i < d->chip_count; i++) {
		struct card *card = chip_card(d->chips[i].chip);

		if (d->rig->has_phone)
			card_meet(&d->card, &d->chips[i].air);
		for (int k = 0; k < d->chip_count; k++)
			if (k != i)
				card_meet(card, &d->chips[k].air);
		if (d->module)
			card_meet(card, &d->module_air);
	}
	if (d->rig->has_phone && d->module)
		card_meet(&d->card, &d->module_air);
}

static void on_sensed(void *ctx, bool there)
{
	struct desk *d = ctx;

	board_input(&d->boards[d->rig->sensor_board].board, (int)d->rig->sensor_input,
		    there);
}

/* An end stop of the actuator, wired to an input of the board that drives it. */
static void on_stopped(void *ctx, enum actuator_leg leg, bool on)
{
	struct desk *d = ctx;
	const struct rig_actuator *r = &d->rig->actuator;

	if (r->stop[leg])
		board_input(&d->boards[r->board].board, (int)r->stop[leg], on);
}

static void begin_actuator(struct desk *d, bool present)
{
	const struct rig_actuator *r = &d->rig->actuator;
	struct actuator_options o = { .channel = { r->channel[0], r->channel[1] },
				      .travel_ns = r->travel_ns,
				      .at = present ? 1 : r->at };

	if (r->board < 0)
		return;
	actuator_init(&d->actuator, d->world, &d->card, &o);
	d->actuator.stopped = on_stopped;
	d->actuator.ctx = d;
	actuator_begin(&d->actuator);
}

/* The axis carried the phone: what the fields of all readers make of that. */
static void on_carried(void *ctx, const int64_t at_um[GRBL_AXES])
{
	struct desk *d = ctx;
	const struct rig_axis *r = &d->rig->axes[0];
	struct field_place at = { (double)at_um[0] / 1e3, (double)at_um[1] / 1e3,
				  (double)at_um[2] / 1e3 };
	double k = field_coupling(&at, (double)r->radius_um / 1e3, r->tilt_deg);
	bool powered = k >= FIELD_POWER;

	for (int i = 0; i < d->chip_count; i++)
		d->chips[i].air.loss = powered ? field_loss(k) : 0;
	d->module_air.loss = powered ? field_loss(k) : 0;
	if (powered != d->card.in_field)
		truth_say(world_truth(d->world), world_now(d->world),
			  powered ? "phone_in_field" : "phone_left", "i:coupling",
			  (int64_t)(k * 1000));
	card_place(&d->card, powered);
}

static int open_axes(struct desk *d, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < d->rig->axis_count && !rc; i++) {
		const struct rig_axis *r = &d->rig->axes[i];
		struct axis_options o = { .name = r->name,
					  .face_um = { r->face_um[0], r->face_um[1],
						       r->face_um[2] },
					  .sensor_um = r->sensor_um,
					  .homing_ns = r->homing_ns };

		d->axis_count++;
		rc = axis_open(&d->axes[i], d->world, &o, err);
		axis_plan(&d->axes[i], d->rig->faults, d->rig->fault_count,
			  RIG_FAULT_AXIS + i);
		d->axes[i].plugged = plugged_axis;
		d->axes[i].ctx = d;
		if (d->rig->phone_axis == i)
			d->axes[i].moved = on_carried;
	}
	return rc;
}

static void place_cards(struct desk *d, bool present)
{
	if (is_pushed(d->rig))
		put_on_slide(d, &d->motion, &d->card, &d->rig->moved, present);
	if (d->rig->sensor_board >= 0 && is_pushed(d->rig)) {
		d->motion.sensed = on_sensed;
		d->motion.ctx = d;
	}
	for (int i = 0; i < d->chip_count; i++) {
		const struct rig_chip *r = &d->rig->chips[i];
		struct card *card = chip_card(d->chips[i].chip);

		if (r->is_moved)
			put_on_slide(d, &d->chips[i].motion, card, &r->moved, present);
		else
			card_place(card, true);
	}
}

static int open_nfc(struct desk *d, bool present, struct err *err)
{
	const struct emu_rig *rig = d->rig;
	int rc = open_phone(d, err);

	for (int i = 0; i < rig->chip_count && !rc; i++)
		rc = open_chip(d, i, err);
	if (!rc && rig->module_count) {
		begin_air(d, &d->module_air, rig->modules[0].gap_ns);
		rc = module_new(
			&d->module, d->world, rig, &rig->modules[0], &d->module_air,
			rig->modules[0].bus < 0 ? NULL : d->hubs[rig->modules[0].bus],
			err);
	}
	if (rc)
		return rc;
	join_field(d);
	place_cards(d, present);
	return 0;
}

static void on_switched(void *ctx, int channel, bool on)
{
	const struct desk_board *b = ctx;
	struct desk *d = b->desk;
	const struct emu_rig *rig = d->rig;

	if (is_pushed(rig) && rig->moved.board == b->index)
		motion_relay(&d->motion, channel, on);
	if (rig->actuator.board == b->index)
		actuator_relay(&d->actuator, channel, on);
	for (int i = 0; i < d->chip_count; i++)
		if (rig->chips[i].is_moved && rig->chips[i].moved.board == b->index)
			motion_relay(&d->chips[i].motion, channel, on);
	if (d->module && rig->modules[0].board == b->index &&
	    rig->modules[0].channel == channel)
		module_input(d->module, on);
}

static int open_board(const struct desk *d, struct desk_board *b,
		      const struct rig_board *r, int index, struct err *err)
{
	int rc = 0;

	if (r->plug.usb == RIG_NOT_USB)
		rc = board_open(&b->board, d->world, r->name, (enum board_kind)r->kind,
				(int)r->channels, err);
	else
		board_init_usb(&b->board, d->world, r->name, (int)r->channels, r->serial);
	board_plan(&b->board, d->rig->faults, d->rig->fault_count,
		   RIG_FAULT_BOARD + index);
	return rc;
}

static int open_boards(struct desk *d, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < d->rig->board_count && !rc; i++) {
		struct desk_board *b = &d->boards[i];

		rc = open_board(d, b, &d->rig->boards[i], i, err);
		if (rc)
			break;
		d->board_count++;
		b->desk = d;
		b->index = i;
		b->board.switched = on_switched;
		b->board.ctx = b;
		b->board.unplug = unplug_board;
		b->board.plugged = plugged_board;
		b->board.unplug_ctx = b;
	}
	return rc;
}

static int open_hubs(struct desk *d, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < d->rig->bus_count && !rc; i++) {
		rc = hub_open(&d->hubs[i], d->world, d->rig->buses[i].name,
			      d->rig->buses[i].bitrate, err);
		d->hub_count += !rc;
		if (!rc)
			canbus_set_data_bitrate(hub_model(d->hubs[i]),
						d->rig->buses[i].data_bitrate);
		if (!rc && d->rig->buses[i].interface)
			rc = bridge_open(&d->bridges[i], d->world, d->hubs[i],
					 d->rig->buses[i].interface, err);
		if (!rc && d->rig->buses[i].uds)
			rc = diag_open(&d->diags[i], d->world, d->hubs[i],
				       d->rig->buses[i].uds, err);
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
	rc = open_hubs(d, err);
	if (!rc)
		rc = open_nfc(d, present, err);
	if (!rc)
		rc = open_boards(d, err);
	if (!rc)
		begin_actuator(d, present);
	if (!rc)
		rc = open_axes(d, err);
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
		board_close(&d->boards[i].board);
	for (int i = 0; i < d->axis_count; i++)
		axis_close(&d->axes[i]);
	module_free(d->module);
	for (int i = 0; i < d->chip_count; i++) {
		chip_free(d->chips[i].chip);
		line_close(&d->chips[i].line);
	}
	emu_phone_free(d->phone);
	for (int i = 0; i < d->hub_count; i++) {
		diag_close(d->diags[i]);
		bridge_close(d->bridges[i]);
		hub_close(d->hubs[i]);
	}
	free(d);
}

int desk_device_count(const struct desk *d)
{
	return d->chip_count + d->board_count + d->hub_count + d->axis_count;
}

const char *desk_device_name(const struct desk *d, int i)
{
	if (i < d->chip_count)
		return d->rig->chips[i].name;
	i -= d->chip_count;
	if (i < d->board_count)
		return d->boards[i].board.name;
	i -= d->board_count;
	return i < d->hub_count ? hub_name(d->hubs[i])
				: d->axes[i - d->hub_count].options.name;
}

const char *desk_device_path(const struct desk *d, int i)
{
	if (i < d->chip_count)
		return d->chips[i].line.path;
	i -= d->chip_count;
	if (i < d->board_count)
		return d->boards[i].board.line.path;
	i -= d->board_count;
	return i < d->hub_count ? hub_path(d->hubs[i])
				: d->axes[i - d->hub_count].line.path;
}

const struct rig_plug *desk_plug(const struct desk *d, int i)
{
	static const struct rig_plug none;

	if (i < d->chip_count)
		return &d->rig->chips[i].plug;
	i -= d->chip_count;
	return i < d->board_count ? &d->rig->boards[i].plug : &none;
}

struct line *desk_line(struct desk *d, int i)
{
	return &d->chips[i].line;
}

struct chip *desk_chip(struct desk *d, int i)
{
	return d->chips[i].chip;
}

struct board *desk_board(struct desk *d, int i)
{
	return &d->boards[i - d->chip_count].board;
}

void desk_on_unplug(struct desk *d, desk_unplug_fn *fn, void *ctx)
{
	d->unplug = fn;
	d->unplug_ctx = ctx;
}

void desk_on_moved(struct desk *d, desk_moved_fn *fn, void *ctx)
{
	d->moved = fn;
	d->moved_ctx = ctx;
}

bool desk_is_safe(const struct desk *d)
{
	for (int i = 0; i < d->board_count; i++)
		if (d->boards[i].board.model.state)
			return false;
	return d->rig->phone_axis < 0 || !d->card.in_field;
}

void desk_log_end(const struct desk *d, const char *why)
{
	uint32_t state = 0;

	for (int i = 0; i < d->board_count; i++)
		state |= d->boards[i].board.model.state << (8 * i);
	truth_say(world_truth(d->world), world_now(d->world), "end", "s:why i:relays",
		  why, (int64_t)state);
}

int desk_check(const struct emu_rig *rig, struct err *err)
{
	struct emu_phone *phone = NULL;
	int rc = 0;

	if (rig->has_phone)
		rc = emu_phone_new(&phone, rig, 1, err);
	if (!rc && rig->module_count)
		rc = module_check(rig, err);
	emu_phone_free(phone);
	return rc;
}
