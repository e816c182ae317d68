#include "drivers/relay/sim.h"

#include <assert.h>
#include <stdlib.h>

struct sim {
	struct relay base;
	int channels;
	uint32_t state;
};

static const struct relay_ops sim_ops;

static struct sim *sim_of(struct relay *r)
{
	assert(r->ops == &sim_ops);
	return (struct sim *)r;
}

static int sim_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct sim *s = sim_of(r);
	uint32_t bit = UINT32_C(1) << (channel - 1);

	if (channel > s->channels)
		return err_set(err, ERR_RANGE, "channel %d: the board has 1 to %d",
			       channel, s->channels);
	s->state = on ? s->state | bit : s->state & ~bit;
	return 0;
}

static int sim_all_off(struct relay *r, struct err *err)
{
	(void)err;
	sim_of(r)->state = 0;
	return 0;
}

static int sim_read(struct relay *r, uint32_t *state, struct err *err)
{
	(void)err;
	*state = sim_of(r)->state;
	return 0;
}

static int sim_input(struct relay *r, int input, bool *on, struct err *err)
{
	(void)r;
	(void)input;
	(void)on;
	return err_set(err, ERR_UNSUPPORTED, "this board has no inputs");
}

static int sim_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	(void)err;
	*id = (struct relay_identity){ "simulated relay board", "in process",
				       sim_of(r)->channels, true, true };
	return 0;
}

static void sim_close(struct relay *r)
{
	free(sim_of(r));
}

static const struct relay_ops sim_ops = {
	.set = sim_set,
	.all_off = sim_all_off,
	.read = sim_read,
	.input = sim_input,
	.identity = sim_identity,
	.close = sim_close,
};

static int sim_open(struct relay **out, const void *options, struct clock *clock,
		    struct err *err)
{
	const struct sim_relay_options *o = options;
	struct sim *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_NOMEM, "simulated relay board");
	s->base = (struct relay){ &sim_ops, clock };
	s->channels = (int)o->channels;
	*out = &s->base;
	return 0;
}

static const struct conf_item items[] = {
	{ .key = "channels",
	  .type = CONF_INT,
	  .offset = offsetof(struct sim_relay_options, channels),
	  .fallback = "4",
	  .help = "how many relays it has",
	  .min = 1,
	  .max = 32 },
	{ 0 },
};

const struct relay_driver sim_relay_driver = {
	.name = "sim",
	.summary = "no board at all",
	.items = items,
	.options_size = sizeof(struct sim_relay_options),
	.open = sim_open,
};
