/*
 * An axis with GRBL 1.1 on a serial line.
 *
 * It is homed whenever it is opened, and home is away from the reader: so opening is also how a guard gets the phone out
 * of the field. It goes beside the tap and away from the reader, never past the tap towards it; between two places it
 * first lifts off. Whether it is there is its own word: idle, at the place. On its way to the reader it is turned
 * round by a feed hold and a reset, which loses no step. Out of a fault leads a reset, and then the way home.
 *
 * Every wait here is bounded, for the worker around this driver must get back to its heartbeat: only opening takes
 * longer (an Arduino starts anew when its line is opened). Homing and moves are waited for by settle.
 */
#include "drivers/positioner.h"
#include "drivers/positioner/grbl_link.h"
#include "drivers/positioner/travel.h"
#include "drivers/tty.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_NS (10 * NS_PER_MS)
#define NEAR_UM 50 /* a step is a few um; its word is rounded */
#define NO_ALARM 0

struct grbl_options {
	const char *device;
	int64_t speed, feed;
	int64_t tap_um[GRBL_AXES];
	int64_t away_um, reach_um;
	int64_t home_limit_ns, move_limit_ns;
};

struct grbl {
	struct positioner base;
	struct grbl_options options;
	struct grbl_link line;
	bool simulated;
	struct travel travel;
	int64_t target_um[GRBL_AXES];
	bool waiting; /* a tap, until it is home */
	struct positioner_offset offset;
	int64_t commanded_ns, settled_ns, slack_ns;
	char where[64];
};

static const struct positioner_ops grbl_ops;

static struct grbl *axis_of(struct positioner *p)
{
	assert(p->ops == &grbl_ops);
	return (struct grbl *)p;
}

static int64_t now_of(const struct grbl *g)
{
	return clock_now(g->base.clock);
}

/* Whatever fails: it does not know where it is any more. */
static int checked(struct grbl *g, int rc)
{
	if (rc < 0) {
		travel_step(&g->travel, TRAVEL_FAILED, now_of(g), 0);
		g->waiting = false;
	}
	return rc;
}

/* A straight move is taken; the target is where the last one ends. */
static int tell_move(struct grbl *g, const int64_t to_um[GRBL_AXES], struct err *err)
{
	char line[GRBL_COMMAND_MAX];

	grbl_build_move(line, to_um, g->options.feed);
	memcpy(g->target_um, to_um, sizeof(g->target_um));
	return grbl_tell(&g->line, line, err);
}

/* Straight off the reader from where it is, then over @to's place, then down to it. */
static int tell_path(struct grbl *g, const int64_t to_um[GRBL_AXES], struct err *err)
{
	int64_t at[GRBL_AXES], from[GRBL_AXES];
	int rc = 0;

	memcpy(from, g->line.at_um, sizeof(from));
	memcpy(at, from, sizeof(at));
	at[2] = g->options.away_um;
	if (from[2] != at[2])
		rc = tell_move(g, at, err);
	at[0] = to_um[0];
	at[1] = to_um[1];
	if (rc == 0 && (at[0] != from[0] || at[1] != from[1]))
		rc = tell_move(g, at, err);
	return rc ? rc : tell_move(g, to_um, err);
}

static int away(struct grbl *g, struct err *err)
{
	int64_t to[GRBL_AXES] = { g->options.tap_um[0], g->options.tap_um[1],
				  g->options.away_um };

	return tell_path(g, to, err);
}

/* Begin an edge; its command is given next. */
static int begin(struct grbl *g, enum travel_event event, int64_t limit_ns)
{
	int64_t now = now_of(g);

	g->commanded_ns = now;
	g->settled_ns = now + LOOK_NS;
	g->slack_ns = 0;
	return travel_step(&g->travel, event, now, limit_ns);
}

static int begin_home(struct grbl *g, struct err *err)
{
	begin(g, TRAVEL_HOME, g->options.home_limit_ns);
	g->line.error = 0;
	g->line.unanswered = 1; /* answered when it is home */
	return grbl_send(&g->line, "$H\n", 3, err);
}

/*
 * The way out of a fault. A line is not read in a hold, and after an alarm of its limits the firmware hears nothing but a
 * reset; after that it is where it was or has lost its place, and home is right for both.
 */
static int go_home(struct grbl *g, struct err *err)
{
	int rc = grbl_start_over(&g->line, err);

	return rc ? rc : begin_home(g, err);
}

/* Where a tap beside the tap lies; z counts from the tap towards away. */
static void place_of(const struct grbl *g, const struct positioner_offset *o,
		     int64_t out[GRBL_AXES])
{
	int64_t off = g->options.away_um < g->options.tap_um[2] ? -1 : 1;

	out[0] = g->options.tap_um[0] + o->x_um;
	out[1] = g->options.tap_um[1] + o->y_um;
	out[2] = g->options.tap_um[2] + off * o->z_um;
}

static int begin_tap(struct grbl *g, struct err *err)
{
	int64_t to[GRBL_AXES];
	int rc = 0;

	if (g->travel.state == POSITIONER_FAULT || g->travel.state == POSITIONER_UNKNOWN)
		rc = go_home(g, err);
	g->waiting = g->travel.state == POSITIONER_HOMING;
	if (rc || g->waiting)
		return rc;
	if (travel_moves(&g->travel))
		rc = grbl_stop_short(&g->line, err);
	if (rc == 0)
		rc = grbl_ask_status(&g->line, err);
	if (rc)
		return rc;
	begin(g, TRAVEL_APPROACH, g->options.move_limit_ns);
	place_of(g, &g->offset, to);
	rc = tell_path(g, to, err);
	g->slack_ns = now_of(g) - g->commanded_ns;
	return rc;
}

static int begin_away(struct grbl *g, struct err *err)
{
	int rc = 0;

	g->waiting = false;
	if (g->travel.state == POSITIONER_FAULT || g->travel.state == POSITIONER_UNKNOWN)
		return go_home(g, err);
	if (g->travel.state == POSITIONER_AWAY || g->travel.state == POSITIONER_HOMING)
		return 0;
	if (travel_moves(&g->travel))
		rc = grbl_stop_short(&g->line, err);
	if (rc == 0)
		rc = grbl_ask_status(&g->line, err);
	if (rc)
		return rc;
	begin(g, TRAVEL_LEAVE, g->options.move_limit_ns);
	rc = away(g, err);
	g->slack_ns = now_of(g) - g->commanded_ns;
	return rc;
}

static void tell_stamps(const struct grbl *g, struct positioner_move *move)
{
	move->commanded_ns = g->commanded_ns;
	move->settled_ns = g->settled_ns;
	move->slack_ns = g->slack_ns;
}

static void grbl_reach(const void *options, struct positioner_reach *out)
{
	const struct grbl_options *o = options;

	/* where away is ends the way off the reader */
	out->beside_um = o->reach_um;
	out->off_um = llabs(o->away_um - o->tap_um[2]);
}

static int grbl_move(struct positioner *base, struct positioner_move *move,
		     struct err *err)
{
	struct grbl *g = axis_of(base);
	bool tap = move->to == POSITION_TAP;
	struct positioner_reach reach;
	int rc;

	grbl_reach(&g->options, &reach);
	rc = tap ? positioner_reach_check(&reach, &move->offset, err) : 0;

	if (rc)
		return rc;
	rc = checked(g, grbl_take_in(&g->line, err));
	if (rc == ERR_GONE)
		return rc; /* what else it says is a fault, from which it goes home */
	g->commanded_ns = g->settled_ns = now_of(g);
	if (tap)
		g->offset = move->offset;
	rc = checked(g, tap ? begin_tap(g, err) : begin_away(g, err));
	if (rc == 0)
		tell_stamps(g, move);
	return rc;
}

static bool arrived(const struct grbl *g)
{
	if (g->line.status.state != GRBL_IDLE || g->line.unanswered)
		return false;
	for (int i = 0; i < GRBL_AXES; i++)
		if (llabs(g->line.at_um[i] - g->target_um[i]) > NEAR_UM)
			return false;
	return true;
}

static int look_at_home(struct grbl *g, struct err *err)
{
	int rc;

	if (g->line.unanswered)
		return 0;
	if (g->line.error)
		return err_set(err, ERR_IO, "the axis finds no home: error %d, %s",
			       g->line.error, grbl_error_text(g->line.error));
	travel_step(&g->travel, TRAVEL_ARRIVED, now_of(g), 0);
	if (g->waiting)
		return begin_tap(g, err);
	/* home is away of the reader, but not where the rig says away is */
	rc = grbl_ask_status(&g->line, err);
	if (rc)
		return rc;
	travel_step(&g->travel, TRAVEL_LEAVE, now_of(g), g->options.move_limit_ns);
	return away(g, err);
}

static int look(struct grbl *g, struct err *err)
{
	int rc = grbl_take_in(&g->line, err);

	if (rc || !travel_moves(&g->travel))
		return rc;
	if (g->travel.state == POSITIONER_HOMING)
		return look_at_home(g, err);
	rc = grbl_ask_status(&g->line, err);
	if (rc)
		return rc;
	if (g->line.status.state == GRBL_ALARMED)
		return grbl_alarmed(NO_ALARM, err);
	if (!arrived(g))
		return 0;
	g->settled_ns = g->line.status_ns;
	return travel_step(&g->travel, TRAVEL_ARRIVED, g->line.status_ns, 0);
}

static int grbl_settle(struct positioner *base, struct positioner_move *move,
		       struct err *err)
{
	struct grbl *g = axis_of(base);
	int rc;

	if (g->travel.state == POSITIONER_FAULT)
		return err_set(err, ERR_IO, "the axis is in fault: it must go home");
	rc = checked(g, look(g, err));
	if (rc == 0 && travel_check(&g->travel, now_of(g))) {
		grbl_send_byte(&g->line, GRBL_HOLD, NULL);
		rc = err_set(err, ERR_TIMEOUT, "the axis did not arrive in time");
	}
	if (rc)
		return rc;
	if (travel_moves(&g->travel))
		g->settled_ns = now_of(g) + LOOK_NS;
	tell_stamps(g, move);
	return travel_moves(&g->travel) ? POSITIONER_NOT_YET : 0;
}

static enum positioner_state grbl_state_of(struct positioner *base)
{
	return axis_of(base)->travel.state;
}

static int grbl_probe(struct positioner *base, bool *on, struct err *err)
{
	struct grbl *g = axis_of(base);
	int rc;

	if (g->travel.state == POSITIONER_HOMING) {
		*on = false; /* it says nothing meanwhile, and is off the reader */
		return 0;
	}
	rc = grbl_take_in(&g->line, err);
	if (rc == 0)
		rc = grbl_ask_status(&g->line, err);
	checked(g, rc);
	if (rc == 0)
		*on = g->line.status.probe;
	return rc;
}

static int grbl_identity(struct positioner *base, struct positioner_identity *id,
			 struct err *err)
{
	struct grbl *g = axis_of(base);

	(void)err;
	memset(id, 0, sizeof(*id));
	snprintf(id->model, sizeof(id->model), "GRBL axis");
	memcpy(id->link, g->where, sizeof(id->link));
	id->offsets = true;
	id->simulated = g->simulated;
	return 0;
}

static void release(struct grbl *g)
{
	if (g->line.fd >= 0) {
		tty_exclusive(g->line.fd, false);
		close(g->line.fd);
	}
	free(g);
}

/* It goes on by itself once it has the order: closing waits for no more than that. */
static void grbl_close(struct positioner *base)
{
	struct grbl *g = axis_of(base);

	if (checked(g, grbl_take_in(&g->line, NULL)) != ERR_GONE &&
	    checked(g, begin_away(g, NULL)))
		begin_away(g, NULL); /* it did not obey: by way of a reset */
	release(g);
}

static const struct positioner_ops grbl_ops = {
	.move = grbl_move,
	.settle = grbl_settle,
	.state = grbl_state_of,
	.probe = grbl_probe,
	.identity = grbl_identity,
	.close = grbl_close,
};

static int open_axis(struct grbl *g, struct err *err)
{
	int rc = tty_open(&g->line.fd, g->options.device, err);

	if (rc)
		return rc;
	tty_exclusive(g->line.fd, true);
	g->simulated = tty_is_simulated(g->line.fd);
	snprintf(g->where, sizeof(g->where), "%.40s:%d", g->options.device,
		 (int)g->options.speed);
	rc = tty_raw(g->line.fd, (int)g->options.speed, err);
	if (rc == 0)
		rc = grbl_wake(&g->line, err);
	if (rc == 0)
		rc = grbl_check_settings(&g->line, err);
	return rc ? rc : begin_home(g, err);
}

static int grbl_open(struct positioner **out, const void *options,
		     const struct positioner_parts *parts, struct clock *clock,
		     struct err *err)
{
	struct grbl *g = calloc(1, sizeof(*g));
	int rc;

	(void)parts;
	if (!g)
		return err_set(err, ERR_NOMEM, "axis");
	g->base = (struct positioner){ .ops = &grbl_ops, .clock = clock };
	g->options = *(const struct grbl_options *)options;
	g->line = (struct grbl_link){ .fd = -1, .clock = clock };
	rc = open_axis(g, err);
	if (rc) {
		err_wrap(err, rc, "opening the axis %.200s", g->options.device);
		release(g);
		return rc;
	}
	*out = &g->base;
	return 0;
}

#define AT(field) offsetof(struct grbl_options, field)
#define MACHINE_UM 10000000
static const struct conf_item items[] = {
	{ "device", CONF_DEVICE, AT(device), NULL, "the axis' serial line", 0, 0, NULL },
	{ "speed", CONF_INT, AT(speed), "115200", "of that line", 9600, 460800, NULL },
	{ "tap_x", CONF_LENGTH, AT(tap_um[0]), "0",
	  "where the tap is, in the coordinates of the machine: 0 at home", -MACHINE_UM,
	  MACHINE_UM, NULL },
	{ "tap_y", CONF_LENGTH, AT(tap_um[1]), "0", "likewise", -MACHINE_UM, MACHINE_UM,
	  NULL },
	{ "tap_z", CONF_LENGTH, AT(tap_um[2]), NULL,
	  "likewise; it never goes further towards the reader", -MACHINE_UM, MACHINE_UM,
	  NULL },
	{ "away_z", CONF_LENGTH, AT(away_um), NULL,
	  "where the phone is out of the field: straight off the reader", -MACHINE_UM,
	  MACHINE_UM, NULL },
	{ "reach", CONF_LENGTH, AT(reach_um), "30 mm",
	  "how far beside the tap it may go, in x and y", 0, MACHINE_UM, NULL },
	{ "feed", CONF_INT, AT(feed), "3000", "its speed, mm/min", 1, 100000, NULL },
	{ "home_limit", CONF_TIME, AT(home_limit_ns), "60 s",
	  "home is to be found by then", NS_PER_MS, 600 * NS_PER_S, NULL },
	{ "move_limit", CONF_TIME, AT(move_limit_ns), "10 s",
	  "a move is to be done by then", NS_PER_MS, 600 * NS_PER_S, NULL },
	{ 0 },
};

extern const struct positioner_driver grbl_driver;
const struct positioner_driver grbl_driver = {
	.name = "grbl",
	.summary = "an axis with GRBL 1.1 on a serial line",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct grbl_options),
	.reach = grbl_reach,
	.open = grbl_open,
};
