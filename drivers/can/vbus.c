/*
 * A node of a virtual bus that another process hosts (vbus_server.h): the emulated desk, or keybench-vbus(1).
 */
#include "drivers/bus.h"

#include "bench/core/pump.h"
#include "drivers/can/vbus_wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WELCOME_LIMIT_NS (5 * NS_PER_S)
/* The host's clock is ours; what remains is that its model counts whole bits. */
#define SLACK_NS NS_PER_US

struct vbus_options {
	const char *device;
	int64_t bitrate; /* 0: whatever it has */
};

struct vbus {
	struct bus base;
	struct pump *pump;
	bool watched, gone;
	int fd;
	char path[108];
	uint32_t bitrate, data_bitrate, depth;
	uint32_t sent, left; /* frames given to the host, and those it is done with */
	uint32_t lost;       /* told without a frame */
	struct bus_ring ring;
};

static const struct bus_ops vbus_ops;

static struct vbus *vbus_of(struct bus *b)
{
	assert(b->ops == &vbus_ops);
	return (struct vbus *)b;
}

static void lose_host(struct vbus *v)
{
	v->gone = true;
	if (v->watched) /* a poll would never sleep again */
		pump_unwatch(v->pump, v->fd);
	v->watched = false;
}

static void take_message(struct vbus *v, const struct vbus_message *m)
{
	struct bus_frame f = { .frame = m->frame,
			       .at_ns = m->at_ns,
			       .slack_ns = SLACK_NS,
			       .own = m->own,
			       .lost = m->lost + v->lost };

	v->left = m->left;
	if (m->type == VBUS_STATUS) {
		v->lost += m->lost;
		return;
	}
	v->lost = 0;
	bus_ring_put(&v->ring, &f);
}

static void drain(struct vbus *v)
{
	uint8_t room[VBUS_MAX_MESSAGE + 1];
	struct vbus_message m;

	while (!v->gone) {
		ssize_t n = recv(v->fd, room, sizeof(room), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || vbus_decode(&m, BYTES(room, (size_t)n)) ||
		    (m.type != VBUS_FRAME && m.type != VBUS_STATUS))
			lose_host(v);
		else
			take_message(v, &m);
	}
}

static void on_readable(void *ctx, int fd)
{
	(void)fd;
	drain(ctx);
}

static int host_gone(const struct vbus *v, struct err *err)
{
	return err_set(err, ERR_GONE, "%s: who hosted this bus is gone", v->path);
}

static int post(struct vbus *v, const struct vbus_message *m, bool *full, struct err *err)
{
	uint8_t room[VBUS_MAX_MESSAGE];
	struct buf b = BUF_ON(room);

	vbus_encode(m, &b);
	assert(!b.failed);
	*full = false;
	while (send(v->fd, room, b.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		*full = errno == EAGAIN || errno == ENOBUFS;
		if (*full)
			return 0;
		lose_host(v);
		return host_gone(v, err);
	}
	return 0;
}

static int vbus_send(struct bus *b, const struct canframe *f, int64_t launch_ns,
		     enum bus_result *result, struct err *err)
{
	struct vbus *v = vbus_of(b);
	int64_t now = clock_now(b->clock);
	/* the host may read this with a clock it looked at before: no frame ends before it was sent */
	struct vbus_message m = { .type = VBUS_SEND,
				  .at_ns = launch_ns > now ? launch_ns : now,
				  .frame = *f };
	bool full;
	int rc;

	if (f->fd && !v->data_bitrate)
		return err_set(err, ERR_UNSUPPORTED,
			       "this virtual bus carries classic frames only");
	if (v->gone)
		return host_gone(v, err);
	if (v->sent - v->left >= v->depth)
		drain(v);
	if (v->sent - v->left >= v->depth) {
		*result = BUS_FULL;
		return 0;
	}
	rc = post(v, &m, &full, err);
	if (rc)
		return rc;
	v->sent += !full;
	*result = full ? BUS_FULL : BUS_OK;
	return 0;
}

static int vbus_receive(struct bus *b, struct bus_frame *f, int64_t deadline_ns,
			enum bus_result *result, struct err *err)
{
	struct vbus *v = vbus_of(b);
	uint32_t lost = 0;

	for (;;) {
		struct err own = { 0 };
		int rc;

		drain(v);
		*result = BUS_OK;
		if (bus_ring_take(&v->ring, f)) {
			f->lost += lost;
			return 0;
		}
		if (v->gone)
			return host_gone(v, err);
		lost += f->lost + v->lost;
		v->lost = 0;
		f->lost = lost;
		*result = BUS_NONE;
		if (clock_now(b->clock) >= deadline_ns)
			return 0;
		rc = bus_wait_readable(v->pump, v->fd, v->base.clock, deadline_ns, &own);
		if (rc && rc != ERR_TIMEOUT) {
			if (err)
				*err = own;
			return rc;
		}
	}
}

static int vbus_flush(struct bus *b, struct err *err)
{
	struct vbus *v = vbus_of(b);
	struct vbus_message m = { .type = VBUS_FLUSH };
	struct pollfd f = { .fd = v->fd, .events = POLLOUT };
	bool full = true;
	int rc = v->gone ? host_gone(v, err) : 0;

	for (int i = 0; !rc && full && i < 100; i++) {
		if (i)
			poll(&f, 1, 10);
		rc = post(v, &m, &full, err);
	}
	if (!rc && full)
		return err_set(err, ERR_TIMEOUT, "%s: its host does not read", v->path);
	return rc;
}

static int vbus_fd(struct bus *b)
{
	return vbus_of(b)->fd;
}

static int vbus_identity(struct bus *b, struct bus_identity *id, struct err *err)
{
	struct vbus *v = vbus_of(b);

	(void)err;
	memset(id, 0, sizeof(*id));
	snprintf(id->model, sizeof(id->model), "virtual CAN bus, %u bit/s", v->bitrate);
	snprintf(id->link, sizeof(id->link), "%s", v->path);
	id->bitrate = v->bitrate;
	id->data_bitrate = v->data_bitrate;
	id->fd = v->data_bitrate > 0;
	id->launches = true;
	id->simulated = true;
	return 0;
}

static int vbus_isotp(struct bus *b, const struct tp_options *o, struct err *err)
{
	(void)b;
	(void)o;
	return err_set(err, ERR_UNSUPPORTED, "no ISO-TP but that of frames");
}

static void vbus_close(struct bus *b)
{
	struct vbus *v = vbus_of(b);

	if (v->watched)
		pump_unwatch(v->pump, v->fd);
	if (v->fd >= 0)
		close(v->fd);
	bus_ring_release(&v->ring);
	free(v);
}

static const struct bus_ops vbus_ops = {
	.send = vbus_send,
	.receive = vbus_receive,
	.flush = vbus_flush,
	.fd = vbus_fd,
	.identity = vbus_identity,
	.isotp = vbus_isotp,
	.close = vbus_close,
};

#define CONNECT_TRIES 200 /* of 10 ms */

static int connect_to(struct vbus *v, const char *path, struct err *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(err, ERR_RANGE,
			       "%s: the path of a socket has at most %zu characters",
			       path, sizeof(at.sun_path) - 1);
	strcpy(at.sun_path, path);
	strcpy(v->path, path);
	/* without O_NONBLOCK a host that is stuck, its queue full, would hold us up for ever */
	v->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (v->fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	for (int i = 0; connect(v->fd, (struct sockaddr *)&at, sizeof(at)); i++) {
		if (errno != EAGAIN && errno != EINTR)
			return err_set(err, ERR_IO, "%s: %s", path,
				       errno == ECONNREFUSED
					       ? "nobody hosts a bus there any more"
					       : strerror(errno));
		if (i == CONNECT_TRIES)
			return err_set(err, ERR_TIMEOUT, "%s: its host takes nobody in",
				       path);
		poll(NULL, 0, 10);
	}
	return 0;
}

static int read_welcome(struct vbus *v, struct err *err)
{
	uint8_t room[VBUS_MAX_MESSAGE + 1];
	struct vbus_message m;
	ssize_t n = recv(v->fd, room, sizeof(room), MSG_DONTWAIT);

	if (n <= 0 || vbus_decode(&m, BYTES(room, (size_t)n)) || m.type != VBUS_WELCOME ||
	    !m.bitrate || !m.depth)
		return err_set(err, ERR_FORMAT, "%s: this is no virtual bus", v->path);
	if (m.version != VBUS_VERSION)
		return err_set(err, ERR_UNSUPPORTED, "%s: it speaks version %d, we %d",
			       v->path, m.version, VBUS_VERSION);
	v->bitrate = m.bitrate;
	v->data_bitrate = m.data_bitrate;
	v->depth = m.depth;
	return 0;
}

static int greet(struct vbus *v, bool deaf, struct err *err)
{
	struct vbus_message hello = { .type = VBUS_HELLO,
				      .version = VBUS_VERSION,
				      .deaf = deaf };
	bool full;
	int rc;

	snprintf(hello.name, sizeof(hello.name), "keybench-%d", (int)getpid());
	rc = post(v, &hello, &full, err);
	if (!rc)
		rc = bus_wait_readable(v->pump, v->fd, v->base.clock,
				       clock_now(v->base.clock) + WELCOME_LIMIT_NS, err);
	if (rc == ERR_TIMEOUT)
		err_set(err, rc, "%s: who hosts this bus does not answer", v->path);
	return rc ? rc : read_welcome(v, err);
}

static int check_bitrate(const struct vbus *v, int64_t wanted, struct err *err)
{
	if (!wanted || wanted == v->bitrate)
		return 0;
	return err_set(err, ERR_RANGE, "%s: the bus has %u bit/s, not %lld", v->path,
		       v->bitrate, (long long)wanted);
}

static int vbus_open(struct bus **out, const void *options, const struct bus_parts *parts,
		     struct clock *clock, struct err *err)
{
	const struct vbus_options *o = options;
	struct vbus *v = calloc(1, sizeof(*v));
	bool deaf = parts && parts->deaf;
	int rc;

	if (!v)
		return err_set(err, ERR_NOMEM, "virtual bus");
	v->base = (struct bus){ &vbus_ops, clock };
	v->pump = parts ? parts->pump : NULL;
	v->fd = -1;
	rc = connect_to(v, o->device, err);
	if (!rc)
		rc = greet(v, deaf, err);
	if (!rc)
		rc = check_bitrate(v, o->bitrate, err);
	if (!rc && bus_ring_init(&v->ring, deaf ? 2 * (int)v->depth : BUS_KEEPS))
		rc = err_set(err, ERR_NOMEM, "virtual bus");
	if (!rc && v->pump && pump_watch(v->pump, v->fd, on_readable, v))
		rc = err_set(err, ERR_NOMEM, "too many devices for the event loop");
	if (rc) {
		vbus_close(&v->base);
		return err_wrap(err, rc, "opening the virtual bus");
	}
	v->watched = v->pump;
	*out = &v->base;
	return 0;
}

static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct vbus_options, device),
	  .help = "socket of the bus: emu:NAME, or a path" },
	{ .key = "bitrate",
	  .type = CONF_INT,
	  .offset = offsetof(struct vbus_options, bitrate),
	  .fallback = "0",
	  .help = "bit/s it must have; 0: whatever its host says",
	  .max = 1000000 },
	{ 0 },
};

extern const struct bus_driver vbus_driver;
const struct bus_driver vbus_driver = {
	.name = "vbus",
	.summary = "a virtual CAN bus between processes, hosted by keybench-emu or "
		   "keybench-vbus",
	.items = items,
	.options_size = sizeof(struct vbus_options),
	.open = vbus_open,
};
