#include "bench/faults/world.h"

#include "bench/core/crypto/random.h"
#include "bench/rig_bind.h"
#include "drivers/can/sim.h"
#include "drivers/nfc/sim.h"
#include "fixtures/device/device.h"

#include <stdlib.h>
#include <string.h>

#define TRAVEL_NS (45 * NS_PER_MS)
#define ANNOUNCE_NS (20 * NS_PER_MS)
#define SLOW_NS (800 * NS_PER_MS) /* more than any limit below */

/* The median says that the target is fast; a few trials may say that it was not asked. */
static const char suite_text[] =
	"suite: faults\n"
	"cases:\n"
	"  - id: fast\n"
	"    trials: {warmup: 1, count: 5}\n"
	"    steps:\n"
	"      - can_send: {message: WakeUp, signals: {Reason: DoorHandle, Stay: 2}}\n"
	"      - approach\n"
	"      - select\n"
	"      - transact: {kind: fast}\n"
	"      - can_expect: {message: DoorStatus, signal: Lock, equals: Unlocked}\n"
	"    expect: [p50(tap) <= 600 ms]\n"
	"  - id: standard\n"
	"    trials: {count: 3}\n"
	"    steps: [approach, select, transact: {kind: standard}]\n"
	"  - id: again\n"
	"    trials: {count: 2}\n"
	"    steps: [approach, select, transact: {kind: fast}]\n";

static struct world *the_world; /* drivers are opened without a context */

static void note(struct world *w, enum truth_kind what, int64_t at_ns, bool standard)
{
	if (w->truth_count < WORLD_MAX_TRUTHS)
		w->truths[w->truth_count++] = (struct truth){ what, at_ns, standard };
}

const struct truth *world_find(const struct world *w, enum truth_kind what,
			       int64_t from_ns, int64_t to_ns)
{
	for (int i = w->truth_count - 1; i >= 0; i--)
		if (w->truths[i].what == what && w->truths[i].at_ns >= from_ns &&
		    w->truths[i].at_ns <= to_ns)
			return &w->truths[i];
	return NULL;
}

int world_count(const struct world *w, enum truth_kind what, int64_t from_ns,
		int64_t to_ns)
{
	int n = 0;

	for (int i = 0; i < w->truth_count; i++)
		n += w->truths[i].what == what && w->truths[i].at_ns >= from_ns &&
		     w->truths[i].at_ns <= to_ns;
	return n;
}

/* The body controller: what opened is announced, when it was woken before. */
static void hear(void *ctx, const struct canbus_heard *h)
{
	struct world *w = ctx;

	if (h->frame.id == 0x110 && !h->own)
		w->woken = h->frame.data[0] == 2; /* Reason: DoorHandle */
	if (h->frame.id == 0x210)
		note(w, TRUTH_ANNOUNCED, h->end_ns, false);
}

static void opened(struct world *w, bool standard, int64_t at_ns)
{
	static const struct canframe unlocked = { .id = 0x210,
						  .len = 4,
						  .data = { 0x12 } };

	if (w->bus) /* what came until now: it knows of no time by itself */
		canbus_run(w->bus, clock_now(&w->clock.base));
	note(w, TRUTH_OPENED, at_ns, standard);
	if (w->bus && w->woken)
		canbus_send(w->bus, w->node, &unlocked, at_ns + ANNOUNCE_NS);
	w->woken = false;
}

/* Arrangement A: the phone. */
static struct world *world_of_peer(struct peer *p)
{
	return (struct world *)((char *)p - offsetof(struct world, peer));
}

static void peer_reset(struct peer *p)
{
	struct world *w = world_of_peer(p);

	device_reset(w->device);
	w->auth1 = false;
	note(w, TRUTH_ACTIVATED, clock_now(&w->clock.base), false);
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	struct world *w = world_of_peer(p);
	enum device_command c = device_answer(w->device, command, answer);
	bool ok = answer->len >= 2 && answer->data[answer->len - 2] == 0x90;

	*think_ns = phone_draw(w->rig->phone, c, &w->delays);
	if (c == DEVICE_AUTH0_FAST && w->s->phone == PHONE_SLOW)
		*think_ns += SLOW_NS;
	w->auth1 = w->auth1 || c == DEVICE_AUTH1;
	if (c == DEVICE_CONTROL_FLOW && ok && command.len > 2 &&
	    command.data[2] == w->rig->profile->cf_p1_success)
		opened(w, w->auth1, clock_now(&w->clock.base) + *think_ns);
	return 0;
}

/* Arrangement B: the vehicle module. */
static struct world *world_of_asker(struct asker *a)
{
	return (struct world *)((char *)a - offsetof(struct world, asker));
}

static void asker_begin(struct asker *a)
{
	struct world *w = world_of_asker(a);

	note(w, TRUTH_ACTIVATED, clock_now(&w->clock.base), false);
	vehicle_begin(w->module, w->relays & 2 ? VEHICLE_STANDARD : VEHICLE_FAST,
		      VEHICLE_UNLOCK);
}

static int asker_ask(struct asker *a, struct buf *command, int64_t *think_ns)
{
	struct world *w = world_of_asker(a);
	const char *name;

	*think_ns = w->s->phone == PHONE_SLOW ? SLOW_NS : 2 * NS_PER_MS;
	return vehicle_next(w->module, command, &name) == VEHICLE_SEND ? 0
								       : ASKER_LETS_GO;
}

static void asker_answered(struct asker *a, struct bytes answer)
{
	struct world *w = world_of_asker(a);
	bool before = vehicle_result(w->module)->opened;
	uint8_t mem[300];
	struct buf command = BUF_ON(mem);
	const char *name;

	vehicle_answer(w->module, answer);
	if (!before && vehicle_next(w->module, &command, &name) == VEHICLE_OVER &&
	    vehicle_result(w->module)->opened)
		opened(w, vehicle_result(w->module)->kind == VEHICLE_STANDARD,
		       clock_now(&w->clock.base));
}

/* The relay board: what it really does moves the phone. */
static struct relay spy_relay;

static int spy_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct world *w = the_world;
	uint32_t before = w->relays;
	int64_t now = clock_now(r->clock);

	if (channel > 4)
		return err_set(err, ERR_RANGE, "channel %d: the board has 1 to 4",
			       channel);
	w->relays =
		on ? w->relays | 1u << (channel - 1) : w->relays & ~(1u << (channel - 1));
	if (!((before ^ w->relays) & 1))
		return 0;
	note(w, on ? TRUTH_TAP : TRUTH_AWAY, now, false);
	w->there_ns = now + TRAVEL_NS;
	if (w->reader)
		sim_reader_place(w->reader, on, now + TRAVEL_NS);
	if (w->card)
		sim_card_place(w->card, on, now + TRAVEL_NS);
	return 0;
}

static int spy_all_off(struct relay *r, struct err *err)
{
	for (int i = 1; i <= 4; i++)
		spy_set(r, i, false, err);
	return 0;
}

static int spy_read(struct relay *r, uint32_t *state, struct err *err)
{
	(void)r;
	if (the_world->s->seed % 2)
		return err_set(err, ERR_UNSUPPORTED, "this board cannot tell");
	*state = the_world->relays;
	return 0;
}

static int spy_input(struct relay *r, int input, bool *on, struct err *err)
{
	(void)r;
	(void)input;
	(void)on;
	return err_set(err, ERR_UNSUPPORTED, "this board has no inputs");
}

static int spy_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	(void)r;
	(void)err;
	*id = (struct relay_identity){ "relay board", "in process", 4, false, true };
	return 0;
}

static void spy_close(struct relay *r)
{
	spy_all_off(r, NULL);
}

static const struct relay_ops spy_relay_ops = {
	.set = spy_set,
	.all_off = spy_all_off,
	.read = spy_read,
	.input = spy_input,
	.identity = spy_identity,
	.close = spy_close,
};

static int open_relay(struct relay **out, const void *options, struct clock *clock,
		      struct err *err)
{
	struct world *w = the_world;

	(void)options;
	spy_relay = (struct relay){ .ops = &spy_relay_ops, .clock = clock };
	*out = &spy_relay;
	return w->s->role == RIG_RELAY ? fault_relay_open(out, *out, &w->fault, err) : 0;
}

static const struct relay_driver world_relay = { .name = "world", .open = open_relay };

static int open_positioner(struct positioner **out, const void *options,
			   const struct positioner_parts *parts, struct clock *clock,
			   struct err *err)
{
	const struct positioner_driver *push = positioner_driver_find("push");
	/* its on-time limit is for a clock that runs by itself */
	struct positioner_parts still = { .relay = parts->relay };
	struct world *w = the_world;
	struct positioner *bare;
	int rc = push->open(&bare, options, &still, clock, err);

	if (rc || w->s->role != RIG_POSITIONER) {
		*out = bare;
		return rc;
	}
	return fault_positioner_open(out, bare, &w->fault, err);
}

static const struct positioner_driver world_positioner = { .name = "world",
							   .open = open_positioner };

/* Sees the phone where the board's coil has brought it. */
static struct sensor spy_sensor;

static int spy_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	const struct world *w = the_world;

	(void)err;
	sample->on = w->relays & 1 && clock_now(s->clock) >= w->there_ns;
	return 0;
}

static int spy_describe(struct sensor *s, struct sensor_identity *id, struct err *err)
{
	(void)s;
	(void)err;
	*id = (struct sensor_identity){ "a sensor in process", true };
	return 0;
}

static void spy_shut(struct sensor *s)
{
	(void)s;
}

static const struct sensor_ops spy_sensor_ops = {
	.look = spy_look,
	.identity = spy_describe,
	.close = spy_shut,
};

static int open_sensor(struct sensor **out, const void *options,
		       const struct sensor_parts *parts, struct clock *clock,
		       struct err *err)
{
	(void)options;
	(void)parts;
	spy_sensor = (struct sensor){ &spy_sensor_ops, clock };
	return fault_sensor_open(out, &spy_sensor, &the_world->fault, err);
}

static const struct sensor_driver world_sensor = { .name = "world", .open = open_sensor };

static int open_bus(struct bus **out, const void *options, const struct bus_parts *parts,
		    struct clock *clock, struct err *err)
{
	struct world *w = the_world;
	struct bus *bare;
	int rc = sim_bus_driver.open(&bare, options, parts, clock, err);

	if (rc)
		return rc;
	w->bus = sim_bus_model(bare);
	w->node = canbus_attach(w->bus, hear, w);
	*out = bare;
	return w->s->role == RIG_BUS ? fault_bus_open(out, bare, &w->fault, err) : 0;
}

static const struct bus_driver world_bus = { .name = "world", .open = open_bus };

/* Where a role is closed and opened again below its driver row, the fault stays around it. */
static int open_card_row(struct card **out, const void *options, struct clock *clock,
			 struct err *err)
{
	struct world *w = the_world;
	int rc = sim_card_open(&w->card, NULL, &w->asker, clock, err);

	(void)options;
	if (rc)
		return rc;
	sim_card_place(w->card, false, 0);
	*out = w->card;
	return w->s->role == RIG_CARD ? fault_card_open(out, w->card, &w->fault, err) : 0;
}

static const struct card_driver world_card = { .name = "world", .open = open_card_row };

static int open_reader_row(struct reader **out, const void *options, struct clock *clock,
			   struct err *err)
{
	struct world *w = the_world;
	int rc = sim_reader_open(&w->reader, NULL, &w->peer, clock, err);

	(void)options;
	if (rc)
		return rc;
	sim_reader_place(w->reader, false, 0);
	*out = w->reader;
	return w->s->role == RIG_READER
		       ? fault_reader_open(out, w->reader, &w->fault, err)
		       : 0;
}

static const struct reader_driver world_reader = { .name = "world",
						   .open = open_reader_row };

/* A device that cannot even be opened is no subject of the campaign in process: faults begin with the first attempt. */
static int open_devices(struct world *w, struct err *err)
{
	struct rig *rig = w->rig;
	struct reader_identity reader;
	struct card_identity card;
	int rc = rig_restart_positioner(rig, err);

	if (!rc && !w->s->as_phone) {
		rc = world_reader.open(&rig->reader, NULL, rig->clock, err);
		if (!rc)
			rc = reader_identity(rig->reader, &reader, err);
		if (!rc)
			rc = rig_know(rig, RIG_READER, reader.model, err);
		rig->reader_fsd = 256;
	} else if (!rc) {
		rc = world_card.open(&rig->card, NULL, rig->clock, err);
		if (!rc)
			rc = card_identity(rig->card, &card, err);
		if (!rc)
			rc = rig_know(rig, RIG_CARD, card.model, err);
	}
	return rc ? rc : rig_restart_bus(rig, err);
}

/* The rig is that of the manual's example, with our drivers in it. */
static void take_over(struct world *w)
{
	struct rig *rig = w->rig;

	rig->clock = &w->clock.base;
	rig->pump = w->pump;
	rig->simulated = true;
	rig->relay_driver = &world_relay;
	rig->positioner_driver = &world_positioner;
	rig->bus_driver = &world_bus;
	rig->reader_driver = w->s->as_phone ? NULL : &world_reader;
	rig->card_driver = w->s->as_phone ? &world_card : NULL;
	/* only where it is what goes wrong: a tap that began with it hides nothing that others do */
	rig->sensor_driver = w->s->role == RIG_SENSOR ? &world_sensor : NULL;
	rig->t0_sensor = w->s->role == RIG_SENSOR;
	rig->standard_channel = w->s->as_phone ? 2 : 0;
	rig->u_ns = 20 * NS_PER_MS;
	if (w->s->phone == PHONE_LIAR)
		rig->phone->faults.wrong_signature = true;
}

static int make_sides(struct world *w, struct err *err)
{
	struct rig *rig = w->rig;
	struct device **ours = w->s->as_phone ? &rig->device : &w->device;
	struct vehicle **vehicle = w->s->as_phone ? &w->module : &rig->vehicle;
	int rc = crypto_seeded_new(&w->lib, w->s->seed, err);

	rng_init(&w->delays, w->s->seed, "phone.delay");
	rng_init(&rig->delays, w->s->seed, "phone.delay");
	if (!rc)
		rc = device_new(ours, rig->profile, &rig->pairing, &rig->phone->faults,
				w->lib, err);
	return rc ? rc : vehicle_new(vehicle, rig->profile, &rig->pairing, w->lib, err);
}

static int load(struct world *w, struct err *err)
{
	int rc = target_load(&w->target, "fixtures/profiles/target/example.yaml", err);

	if (!rc)
		rc = rig_load(&w->rig, "bench/faults/world.yaml", err);
	if (!rc)
		take_over(w);
	if (!rc)
		rc = suite_parse(
			&w->suite, "faults.yaml",
			BYTES((const uint8_t *)suite_text, sizeof(suite_text) - 1),
			conf_root(w->target.conf), err);
	if (!rc)
		rc = plan_make(&w->plan, &w->suite, 1, rig_has(w->rig), w->rig->dbc, 0,
			       err);
	return rc;
}

int world_open(struct world *w, const struct scenario *s, struct err *err)
{
	static const struct fault_plan none = { .code = ERR_IO };
	int rc;

	*w = (struct world){ .peer = { .reset = peer_reset, .answer = peer_answer },
			     .asker = { asker_begin, asker_ask, asker_answered },
			     .s = s };
	the_world = w;
	clock_virtual_init(&w->clock);
	fault_init(&w->fault, &none);
	rc = pump_new(&w->pump, err);
	if (!rc)
		rc = load(w, err);
	if (!rc)
		rc = make_sides(w, err);
	if (!rc)
		rc = open_devices(w, err);
	if (!rc && s->role != CAMPAIGN_DISK)
		fault_init(&w->fault, &s->plan);
	return rc;
}

void world_close(struct world *w)
{
	journal_close(w->journal);
	w->journal = NULL;
	plan_free(&w->plan);
	suite_free(w->suite);
	if (w->rig)
		rig_close(w->rig);
	w->reader = NULL;
	w->card = NULL;
	device_free(w->device);
	vehicle_free(w->module);
	rig_free(w->rig);
	target_free(&w->target);
	pump_free(w->pump);
	crypto_seeded_free(w->lib);
}
