#include "tools/emu/axis.h"

#include <string.h>

static void tell_probe(struct axis *a)
{
	bool near = a->at_um[2] <= a->options.sensor_um;

	if (near == a->model.probe)
		return;
	a->model.probe = near;
	truth_say(world_truth(a->world), world_now(a->world), "probe", "s:device b:on",
		  a->options.name, near);
}

static void tell_place(struct axis *a)
{
	int64_t um[GRBL_AXES];

	grbl_model_place(&a->model, world_now(a->world), um);
	for (int i = 0; i < GRBL_AXES; i++)
		um[i] -= a->options.face_um[i];
	if (a->told && memcmp(um, a->at_um, sizeof(um)) == 0)
		return;
	memcpy(a->at_um, um, sizeof(um));
	a->told = true;
	tell_probe(a);
	if (a->moved)
		a->moved(a->ctx, um);
}

/* What it said, in pieces that a line takes. */
static void answer(struct axis *a, struct buf *reply)
{
	struct bytes rest = buf_bytes(reply);

	while (rest.len) {
		size_t n = rest.len < LINE_MESSAGE ? rest.len : LINE_MESSAGE;

		line_send(&a->line, BYTES(rest.data, n), world_now(a->world));
		rest = BYTES(rest.data + n, rest.len - n);
	}
}

static void log_state(struct axis *a, enum grbl_state before)
{
	if (a->model.state == before)
		return;
	truth_say(world_truth(a->world), world_now(a->world), "axis",
		  "s:device s:state i:x_um i:y_um i:z_um", a->options.name,
		  grbl_state_names[a->model.state], a->at_um[0], a->at_um[1],
		  a->at_um[2]);
}

/* After anything happened: look where it is, and when to look again. */
static void settle(struct axis *a, enum grbl_state before)
{
	int64_t next = grbl_model_next(&a->model), now = world_now(a->world);

	tell_place(a);
	log_state(a, before);
	if (next == GRBL_NEVER) {
		timer_stop(a->world, &a->tick);
		return;
	}
	timer_set(a->world, &a->tick,
		  next < now + AXIS_LOOK_NS ? next : now + AXIS_LOOK_NS);
}

static void on_tick(void *ctx)
{
	static uint8_t room[GRBL_MODEL_REPLY];
	struct buf reply = BUF_ON(room);
	struct axis *a = ctx;
	enum grbl_state before = a->model.state;

	grbl_model_run(&a->model, world_now(a->world), &reply);
	answer(a, &reply);
	settle(a, before);
}

static void on_back(void *ctx)
{
	struct axis *a = ctx;

	if (line_plug(&a->line, NULL) == 0 && a->plugged)
		a->plugged(a->ctx);
}

static void lose_line(struct axis *a, int64_t away_ns)
{
	line_unplug(&a->line);
	a->count = 0;
	timer_stop(a->world, &a->hear);
	if (a->plugged)
		a->plugged(a->ctx);
	if (away_ns)
		timer_set(a->world, &a->back, world_now(a->world) + away_ns);
}

static void look_for_fault(struct axis *a)
{
	const struct fault *f = fault_next(&a->plan, 0, ++a->orders);

	if (!f)
		return;
	truth_say(world_truth(a->world), world_now(a->world), "fault",
		  "s:device s:do i:command", a->options.name, fault_names[f->what],
		  a->orders);
	lose_line(a, f->by_ns);
}

static void hear_byte(struct axis *a, uint8_t byte)
{
	static uint8_t room[GRBL_MODEL_REPLY];
	struct buf reply = BUF_ON(room);
	enum grbl_state before = a->model.state;

	grbl_model_hear(&a->model, byte, world_now(a->world), &reply);
	answer(a, &reply);
	settle(a, before);
	if (byte == '\n')
		look_for_fault(a);
}

/* Bytes are read ahead of model time: they act when they have arrived. */
static void on_heard(void *ctx)
{
	struct axis *a = ctx;
	int done = 0;

	while (done < a->count && a->coming[done].at_ns <= world_now(a->world))
		hear_byte(a, a->coming[done++].byte);
	if (!a->count) /* its line went */
		return;
	a->count -= done;
	memmove(a->coming, a->coming + done, (size_t)a->count * sizeof(a->coming[0]));
	if (a->count)
		timer_set(a->world, &a->hear, a->coming[0].at_ns);
}

static void on_byte(void *ctx, uint8_t byte, int64_t at_ns)
{
	struct axis *a = ctx;

	if (a->count == LINE_BACKLOG)
		return;
	a->coming[a->count].at_ns = at_ns;
	a->coming[a->count].byte = byte;
	if (a->count++ == 0)
		timer_set(a->world, &a->hear, at_ns);
}

int axis_open(struct axis *a, struct world *w, const struct axis_options *options,
	      struct err *err)
{
	static uint8_t room[GRBL_MODEL_REPLY];
	struct buf reply = BUF_ON(room);
	int rc;

	*a = (struct axis){
		.world = w,
		.options = *options,
		.model = { .homing_ns = options->homing_ns,
			   .soft_limits = true,
			   .homing = true,
			   .locked_at_start = true },
	};
	for (int i = 0; i < GRBL_AXES; i++) /* the face is well within its travel */
		a->model.travel_um[i] = -options->face_um[i] + (i < 2 ? 60000 : 0);
	a->tick.fn = on_tick;
	a->hear.fn = on_heard;
	a->back.fn = on_back;
	a->tick.ctx = a->hear.ctx = a->back.ctx = a;
	grbl_model_start(&a->model, world_now(w), &reply);
	rc = line_open(&a->line, w, options->name, GRBL_BAUD, err);
	a->line.on_byte = on_byte;
	a->line.ctx = a;
	return rc;
}

void axis_close(struct axis *a)
{
	timer_stop(a->world, &a->tick);
	timer_stop(a->world, &a->hear);
	timer_stop(a->world, &a->back);
	line_close(&a->line);
}

void axis_plan(struct axis *a, const struct fault *faults, int count, int device)
{
	fault_plan_init(&a->plan, faults, count, device, world_seed(a->world));
}
