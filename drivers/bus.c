#include "drivers/bus.h"

#include "bench/core/pump.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

int bus_send(struct bus *b, const struct canframe *f, int64_t launch_ns,
	     enum bus_result *result, struct err *err)
{
	assert(canframe_valid(f) && !f->error);
	return b->ops->send(b, f, launch_ns, result, err);
}

int bus_send_many(struct bus *b, const struct canframe *f, int count, int *sent,
		  struct err *err)
{
	enum bus_result result = BUS_OK;
	int rc = 0;

	*sent = 0;
	if (b->ops->send_many)
		return b->ops->send_many(b, f, count, sent, err);
	while (!rc && *sent < count) {
		rc = bus_send(b, &f[*sent], 0, &result, err);
		if (rc || result != BUS_OK)
			return rc;
		(*sent)++;
	}
	return rc;
}

int bus_receive(struct bus *b, struct bus_frame *f, int64_t deadline_ns,
		enum bus_result *result, struct err *err)
{
	return b->ops->receive(b, f, deadline_ns, result, err);
}

int bus_flush(struct bus *b, struct err *err)
{
	return b->ops->flush(b, err);
}

int bus_fd(struct bus *b)
{
	return b->ops->fd(b);
}

int bus_identity(struct bus *b, struct bus_identity *id, struct err *err)
{
	return b->ops->identity(b, id, err);
}

int bus_isotp(struct bus *b, const struct tp_options *o, struct err *err)
{
	return b->ops->isotp(b, o, err);
}

void bus_close(struct bus *b)
{
	if (b)
		b->ops->close(b);
}

const char *bus_result_name(enum bus_result r)
{
	static const char *const names[] = { "ok", "none", "full" };

	return names[r];
}

int bus_ring_init(struct bus_ring *r, int size)
{
	*r = (struct bus_ring){ .size = size };
	r->frames = malloc((size_t)size * sizeof(*r->frames));
	return r->frames ? 0 : ERR_NOMEM;
}

void bus_ring_release(struct bus_ring *r)
{
	free(r->frames);
	*r = (struct bus_ring){ 0 };
}

void bus_ring_put(struct bus_ring *r, const struct bus_frame *f)
{
	struct bus_frame *slot = &r->frames[(r->first + r->count) % r->size];

	if (r->count == r->size) {
		r->lost += f->lost + 1;
		return;
	}
	*slot = *f;
	slot->lost += r->lost;
	r->lost = 0;
	r->count++;
}

bool bus_ring_take(struct bus_ring *r, struct bus_frame *f)
{
	if (!r->count) {
		*f = (struct bus_frame){ .lost = r->lost };
		r->lost = 0;
		return false;
	}
	*f = r->frames[r->first];
	r->first = (r->first + 1) % r->size;
	r->count--;
	return true;
}

int bus_wait_readable(struct pump *pump, int fd, struct clock *clock, int64_t deadline_ns,
		      struct err *err)
{
	struct pollfd f = { .fd = fd, .events = POLLIN };
	int64_t left = deadline_ns - clock_now(clock);
	struct timespec wait = { 0 };
	int n;

	if (pump)
		return pump_wait(pump, fd, deadline_ns, err);
	if (left > 0)
		wait = (struct timespec){ left / NS_PER_S, left % NS_PER_S };
	n = ppoll(&f, 1, &wait, NULL);
	if (n < 0 && errno != EINTR)
		return err_set(err, ERR_IO, "poll: %s", strerror(errno));
	return n == 0 ? ERR_TIMEOUT : 0;
}
