#include "tools/emu/chip_int.h"

#include <stdlib.h>
#include <string.h>

#define HALF_FRAME_NS (30 * NS_PER_MS) /* a frame that stops for so long is dropped */
#define FALL_ASLEEP_NS (1 * NS_PER_MS)

static void note(struct chip *c, const char *what, const char *dir, struct bytes pd)
{
	truth_say(world_truth(c->world), world_now(c->world), what,
		  "s:device s:dir x:code i:bytes", c->options.name, dir,
		  BYTES(pd.data, pd.len ? 1 : 0), (int64_t)pd.len);
}

static void stop_work(struct chip *c)
{
	c->running = false;
	c->role.waiting = WAIT_NOTHING;
	c->air->corrupt = false;
	c->air->more_time = 0;
	if (!c->ciu.busy)
		air_stop(c->air);
	timer_stop(c->world, &c->begin);
	timer_stop(c->world, &c->pause);
	timer_stop(c->world, &c->late);
}

static void send(struct chip *c, struct bytes frame)
{
	line_send(c->line, chip_dress(c, frame), world_now(c->world));
}

/* The response leaves; a NACK may ask for it again. */
static void send_response(struct chip *c)
{
	chip_frame_response(c);
	if (c->fault && c->fault->what == FAULT_MUTE)
		return;
	note(c, "frame", "out", buf_bytes(&c->reply));
	chip_send_pieces(c, BYTES(c->last, c->last_len));
}

static void on_late(void *ctx)
{
	send_response(ctx);
}

void chip_finish(struct chip *c)
{
	const struct fault *f = c->fault;

	stop_work(c);
	if (f && f->what == FAULT_STATUS) {
		c->reply.len = 1;
		buf_u8(&c->reply, f->value);
	}
	if (f && f->what == FAULT_LATE)
		timer_set(c->world, &c->late, world_now(c->world) + f->by_ns);
	else
		send_response(c);
}

void chip_finish_status(struct chip *c, uint8_t status)
{
	buf_u8(&c->reply, status);
	chip_finish(c);
}

static void on_air(void *ctx, const struct air_frame *answer)
{
	struct chip *c = ctx;

	c->air_next(c, answer);
}

void chip_air(struct chip *c, const struct air_frame *f, int64_t wait_ns,
	      void (*next)(struct chip *c, const struct air_frame *answer))
{
	c->air_next = next;
	air_send(c->air, f, wait_ns);
}

static void on_pause(void *ctx)
{
	struct chip *c = ctx;

	c->pause_next(c);
}

void chip_pause(struct chip *c, int64_t until_ns, void (*next)(struct chip *c))
{
	c->pause_next = next;
	timer_set(c->world, &c->pause, until_ns);
}

void chip_defaults(struct chip *c)
{
	memset(c->registers, 0, CHIP_REGISTERS);
	c->parameters = PARAM_AUTO_RATS | 0x04;
	memcpy(c->max_retries, "\xff\x01\xff", 3);
	c->retries_com = 0;
	memcpy(c->timing, "\x0b\x0a", 2);
	memset(c->gpio, 0xff, sizeof(c->gpio));
}

static void on_sleep(void *ctx)
{
	struct chip *c = ctx;

	c->power = CHIP_DOWN;
	chip_forget(c);
	chip_role_end(c);
	air_set_carrier(c->air, false);
}

void chip_go_to_sleep(struct chip *c)
{
	timer_set(c->world, &c->sleep, world_now(c->world) + FALL_ASLEEP_NS);
}

/* The ACK has left: the work begins. */
static void on_begin(void *ctx)
{
	struct chip *c = ctx;
	const struct chip_command *command = chip_command_find(c->command[0]);
	struct bytes parameters = BYTES(c->command + 1, c->command_len - 1);
	enum chip_result how = CHIP_SYNTAX;
	uint8_t room[16];
	struct buf error = BUF_ON(room);

	if (c->command[0] >= CHIP_EXCHANGE && c->command[0] <= 0x60)
		chip_role_end(c); /* an initiator's command */
	if (c->command[0] != CHIP_READ && c->command[0] != CHIP_WRITE)
		chip_ciu_stop(c); /* the firmware needs the unit itself */
	buf_clear(&c->reply);
	buf_u8(&c->reply, (uint8_t)(c->command[0] + 1));
	if (command && parameters.len >= command->min && parameters.len <= command->max)
		how = command->run(c, parameters);
	if (how == CHIP_REPLY)
		chip_finish(c);
	if (how == CHIP_NONE)
		c->running = false;
	if (how != CHIP_SYNTAX)
		return;
	c->running = false;
	pn53x_build_error(&error);
	note(c, "error_frame", "out", BYTES(c->command, 1));
	send(c, buf_bytes(&error));
}

void chip_remove_at(struct chip *c, int64_t block)
{
	if (c->fault && c->fault->what == FAULT_REMOVE && c->fault->block == block &&
	    c->options.remove)
		c->options.remove(c->options.remove_ctx);
}

/* As after power-up: nothing is known, nothing is heard but a wake-up. */
static void reset(struct chip *c)
{
	chip_ciu_stop(c);
	stop_work(c);
	chip_forget(c);
	chip_role_end(c);
	air_set_carrier(c->air, false);
	c->power = CHIP_LOW_VBAT;
	c->last_len = 0;
}

static bool is_exchange(const struct chip *c)
{
	return (c->command[0] == CHIP_EXCHANGE && c->command_len >= 3) ||
	       c->command[0] == CHIP_SET_DATA;
}

static void begin_fault(struct chip *c, const struct fault *f)
{
	switch (f->what) {
	case FAULT_SILENT:
		c->silent = true;
		c->silent_left = f->count;
		break;
	case FAULT_CRC:
		c->air->corrupt = true;
		break;
	case FAULT_WTX:
		c->air->more_time = f->count;
		break;
	case FAULT_RESET:
		reset(c);
		break;
	case FAULT_HANG_UP:
		line_close(c->line);
		break;
	default:
		break;
	}
	chip_remove_at(c, 0);
}

/* Is this the command at which something was planned? */
static void look_for_fault(struct chip *c)
{
	int64_t exchange = 0;

	c->commands++;
	c->blocks = 0;
	if (is_exchange(c))
		exchange = ++c->exchanges;
	c->fault = fault_next(&c->plan, exchange, c->commands);
	if (!c->fault)
		return;
	truth_say(world_truth(c->world), world_now(c->world), "fault",
		  "s:device s:do i:exchange i:command", c->options.name,
		  fault_names[c->fault->what], exchange, c->commands);
	begin_fault(c, c->fault);
}

static bool keeps_silent(struct chip *c)
{
	if (!c->silent)
		return false;
	if (c->silent_left > 0 && --c->silent_left == 0)
		c->silent = false;
	return true;
}

static void on_command(struct chip *c, struct bytes body)
{
	uint8_t room[PN53X_ACK_LEN];
	struct buf ack = BUF_ON(room);
	int64_t acked_ns;

	if (body.len < 2 || body.data[0] != PN53X_HOST)
		return;
	stop_work(c); /* a new command: whatever was running is abandoned */
	line_drop(c->line);
	c->new_baud = 0;
	c->bare = c->parameters & PARAM_BARE;
	c->command_len = body.len - 1;
	memcpy(c->command, body.data + 1, c->command_len);
	note(c, "frame", "in", BYTES(c->command, c->command_len));
	look_for_fault(c);
	if (keeps_silent(c) || c->power != CHIP_AWAKE)
		return;
	pn53x_build_ack(&ack);
	acked_ns = world_now(c->world) + c->knobs.ack_delay_ns;
	if (!c->fault || c->fault->what != FAULT_NO_ACK)
		acked_ns = line_send(c->line, chip_dress(c, buf_bytes(&ack)), acked_ns);
	c->running = true;
	timer_set(c->world, &c->begin, acked_ns + chip_work_ns(c, c->command[0]));
}

static void wake_up(struct chip *c)
{
	if (c->silent && c->silent_left == 0) {
		truth_say(world_truth(c->world), world_now(c->world), "fault_over",
			  "s:device", c->options.name);
		c->silent = false;
	}
	timer_stop(c->world, &c->sleep);
	if (c->power == CHIP_AWAKE)
		return;
	if (c->power == CHIP_LOW_VBAT)
		chip_defaults(c);
	c->power = CHIP_AWAKE;
	truth_say(world_truth(c->world), world_now(c->world), "wake_up", "s:device",
		  c->options.name);
}

static void on_ack(struct chip *c)
{
	if (c->new_baud) {
		c->line->baud = c->new_baud;
		c->new_baud = 0;
		return;
	}
	if (!c->running)
		return;
	note(c, "aborted", "in", BYTES(c->command, c->command_len));
	if (c->role.waiting == WAIT_ACTIVATION)
		chip_role_end(c);
	stop_work(c);
}

static void on_message(void *ctx, const struct inbox_message *m)
{
	struct chip *c = ctx;

	if (m->wake)
		wake_up(c);
	if (c->power != CHIP_AWAKE)
		return;
	switch (m->tag) {
	case PN53X_FRAME:
		on_command(c, BYTES(m->data, m->len));
		break;
	case PN53X_ACK:
		on_ack(c);
		break;
	case PN53X_NACK:
		if (c->last_len && !c->silent)
			send(c, BYTES(c->last, c->last_len));
		break;
	default:
		truth_say(world_truth(c->world), world_now(c->world), "bad_frame",
			  "s:device", c->options.name);
		break;
	}
}

/*
 * Whoever asked is gone. Real silicon would answer all the same, into the next client's first ACK;
 * a desk that is started, killed and started again all day is kinder than that.
 */
static void on_deserted(void *ctx)
{
	struct chip *c = ctx;

	if (c->running)
		note(c, "aborted", "in", BYTES(c->command, c->command_len));
	chip_ciu_stop(c);
	stop_work(c);
	chip_role_end(c);
	/* what the dead client wrote last is still on the line: its answer would meet the next one's first ACK */
	inbox_stop(&c->inbox);
	pn53x_reset(&c->parser);
}

static void on_byte(void *ctx, uint8_t byte, int64_t at_ns)
{
	struct chip *c = ctx;
	enum pn53x_event event;

	if (at_ns - c->last_byte_ns > HALF_FRAME_NS)
		pn53x_reset(&c->parser);
	c->last_byte_ns = at_ns;
	event = pn53x_feed(&c->parser, byte);
	if (event != PN53X_NOTHING)
		inbox_put(&c->inbox, at_ns, (int)event, c->parser.wake,
			  event == PN53X_FRAME ? pn53x_body(&c->parser) : BYTES(NULL, 0));
}

static void timer_for(struct timer *t, void (*fn)(void *), struct chip *c)
{
	t->fn = fn;
	t->ctx = c;
}

int chip_new(struct chip **out, struct world *w, struct line *line, struct air *air,
	     const struct chip_options *options, struct err *err)
{
	struct chip *c = calloc(1, sizeof(*c));

	if (!c)
		return err_set(err, ERR_NOMEM, "no memory");
	c->registers = calloc(1, CHIP_REGISTERS);
	if (!c->registers) {
		free(c);
		return err_set(err, ERR_NOMEM, "no memory");
	}
	c->world = w;
	c->line = line;
	c->air = air;
	c->options = *options;
	if (options->knobs)
		c->knobs = *options->knobs;
	fault_plan_init(&c->plan, options->faults, options->fault_count, options->device,
			world_seed(w));
	rng_init(&c->rng, world_seed(w), "chip.garbage");
	rng_init(&c->work_rng, world_seed(w), "chip.work");
	buf_init_on(&c->reply, c->reply_mem, sizeof(c->reply_mem));
	buf_init_on(&c->answer, c->answer_mem, sizeof(c->answer_mem));
	chip_role_init(c);
	inbox_init(&c->inbox, w, on_message, c);
	timer_for(&c->begin, on_begin, c);
	timer_for(&c->pause, on_pause, c);
	timer_for(&c->sleep, on_sleep, c);
	timer_for(&c->late, on_late, c);
	chip_defaults(c);
	line->on_byte = on_byte;
	line->on_deserted = on_deserted;
	line->ctx = c;
	air->done = on_air;
	air->ctx = c;
	*out = c;
	return 0;
}

struct card *chip_card(struct chip *c)
{
	return &c->role.card;
}

void chip_free(struct chip *c)
{
	if (!c)
		return;
	chip_ciu_stop(c);
	stop_work(c);
	chip_role_end(c);
	inbox_stop(&c->inbox);
	timer_stop(c->world, &c->sleep);
	free(c->registers);
	free(c);
}
