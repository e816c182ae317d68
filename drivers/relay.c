#include "drivers/relay.h"

#include <assert.h>

int relay_set(struct relay *r, int channel, bool on, struct err *err)
{
	assert(channel >= 1 && channel <= 32);
	return r->ops->set(r, channel, on, err);
}

int relay_all_off(struct relay *r, struct err *err)
{
	return r->ops->all_off(r, err);
}

int relay_read(struct relay *r, uint32_t *state, struct err *err)
{
	return r->ops->read(r, state, err);
}

int relay_input(struct relay *r, int input, bool *on, struct err *err)
{
	assert(input >= 1 && input <= 32);
	return r->ops->input(r, input, on, err);
}

int relay_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	return r->ops->identity(r, id, err);
}

void relay_close(struct relay *r)
{
	if (r)
		r->ops->close(r);
}
