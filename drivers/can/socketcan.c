/*
 * A CAN interface of this machine's kernel.
 *
 * A frame of ours is out when its echo comes back, and an echo is the credit for the next one: no more frames than the
 * device's queue takes are under way, so that none is refused and none overtakes another. Stamps are the
 * kernel's, moved onto the bench clock (clockfit.h). What the socket or the controller lost is counted.
 */
#include "drivers/bus.h"

#include "bench/core/pump.h"
#include "drivers/can/canlink.h"
#include "drivers/can/clockfit.h"
#include "drivers/can/hwstamp.h"
#include "drivers/can/isotp.h"
#include "drivers/can/socketcan_wire.h"
#include "drivers/can/uds.h"

#include <assert.h>
#include <errno.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <linux/net_tstamp.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define TAKEN \
	128 /* frames at a time: more than a window, so that all echoes of one come at once */
#define WINDOW_MAX 64
#define CLOCK_TRIES 5
#define CLOCK_GOOD_NS 1000

struct socketcan_options {
	const char *device, *filter, *uds;
	struct bytes uds_padding;
	int64_t bitrate, data_bitrate, window, latency_ns, wait_ns, restart_ns, buffer;
	double sample_point;
	int stamps; /* enum hwstamp_wish */
};

/* Where the kernel puts frames, and what comes along with them. */
struct inbox {
	uint8_t rooms[TAKEN][CANFRAME_SOCKET_FD];
	uint8_t control[TAKEN][CMSG_SPACE(3 * sizeof(struct timespec)) +
			       CMSG_SPACE(sizeof(uint32_t))];
	struct iovec iov[TAKEN];
	struct mmsghdr m[TAKEN];
	int used;
	/* the last frame, and what it was read from: most are like the one before */
	uint8_t last[CANFRAME_SOCKET_FD];
	size_t last_len;
	struct canframe last_frame;
};

struct socketcan {
	struct bus base;
	struct pump *pump;
	int fd;
	bool watched, deaf, bus_off, simulated;
	int64_t seen_ns; /* when the latest batch was read */
	int broken;      /* errno of the link; 0: it is fine */
	struct canlink link;
	int64_t bitrate, data_bitrate, latency_ns;
	int window, flying; /* frames whose echo has not come yet */
	bool resync;        /* some of those may never come back */
	uint32_t dropped, lost;
	struct socketcan_filter filters[SOCKETCAN_FILTERS], sent[SOCKETCAN_FILTERS];
	int filter_count, sent_count; /* what is wanted; what must pass for the echoes */
	bool open_wide;               /* more identifiers sent than filters: all pass */
	struct clockfit fit;
	struct hwstamp hardware;
	const char *no_hardware; /* why its stamps are the kernel's */
	int tick;
	char module[200];
	struct bus_ring ring;
	struct inbox inbox;
};

static const struct bus_ops socketcan_ops;

static struct socketcan *socketcan_of(struct bus *b)
{
	assert(b->ops == &socketcan_ops);
	return (struct socketcan *)b;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The closest of a few: a process that is interrupted between two readings tries again. */
static void read_clocks(struct socketcan *s)
{
	struct clockfit_reading best = { .half_ns = INT64_MAX };

	for (int i = 0; i < CLOCK_TRIES && best.half_ns > CLOCK_GOOD_NS / 2; i++) {
		int64_t before = clock_now(s->base.clock);
		int64_t wall = clock_ns(CLOCK_REALTIME);
		int64_t half = (clock_now(s->base.clock) - before) / 2;

		if (half < best.half_ns)
			best = (struct clockfit_reading){ before + half, wall, half + 1 };
	}
	clockfit_add(&s->fit, &best);
}

static void on_tick(void *ctx)
{
	read_clocks(ctx);
}

static void lose_link(struct socketcan *s, int cause)
{
	s->broken = cause;
	if (s->watched) /* a poll would never sleep again */
		pump_unwatch(s->pump, s->fd);
	s->watched = false;
}

static int link_gone(const struct socketcan *s, struct err *err)
{
	const char *why = s->broken == ENETDOWN ? "the link went down"
			  : s->broken == ENODEV ? "the interface is gone"
						: strerror(s->broken);

	return err_set(err, ERR_GONE, "%s: %s", s->link.name, why);
}

/* What the kernel says of the socket: bytes of ours that wait to be sent, frames that did not fit. */
static void ask_socket(struct socketcan *s, uint32_t *waiting, uint32_t *dropped)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	*waiting = 0;
	*dropped = s->dropped;
	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return;
	*waiting = info[SK_MEMINFO_WMEM_ALLOC];
	if (len > SK_MEMINFO_DROPS * sizeof(uint32_t))
		*dropped = info[SK_MEMINFO_DROPS];
}

/* Frames that were dropped behind the last one are told by no later one. */
static void count_last_drops(struct socketcan *s)
{
	uint32_t waiting, dropped;

	ask_socket(s, &waiting, &dropped);
	if (dropped != s->dropped) {
		s->lost += dropped - s->dropped;
		s->dropped = dropped;
		s->resync = true;
	}
	if (s->resync && !waiting) {
		s->flying = 0; /* nothing of ours is under way, so no echo is either */
		s->resync = false;
	}
}

static void heed_error(struct socketcan *s, const struct canframe *f,
		       struct bus_frame *out)
{
	unsigned trouble = socketcan_trouble(f);

	if (trouble & SOCKETCAN_BUS_OFF) {
		s->bus_off = true;
		s->resync = true; /* the controller throws away what it had */
	}
	if (trouble & SOCKETCAN_RESTARTED)
		s->bus_off = false;
	if (trouble & SOCKETCAN_OVERFLOW) /* how many it does not say */
		out->lost++;
}

static void stamp(struct socketcan *s, const struct socketcan_along *along,
		  struct bus_frame *f)
{
	if (!along->software_ns) { /* a sender's own, which nobody measures: out by now */
		f->at_ns = s->seen_ns;
		f->slack_ns = NS_PER_S;
		return;
	}
	f->at_ns = clockfit_bench(&s->fit, along->software_ns, &f->slack_ns);
	f->slack_ns += s->latency_ns;
	if (!s->hardware.on)
		return;
	hwstamp_take(&s->hardware, along->hardware_ns, &f->at_ns, &f->slack_ns);
	if (!s->hardware.on)
		s->no_hardware = "none came";
}

static void take(struct socketcan *s, struct msghdr *m, size_t len)
{
	struct bus_frame f = { .own = m->msg_flags & MSG_CONFIRM };
	struct socketcan_along along;

	socketcan_along(&along, m);
	if (along.has_dropped && along.dropped != s->dropped) {
		f.lost = along.dropped - s->dropped;
		s->dropped = along.dropped;
		s->resync = true;
	}
	if (len == s->inbox.last_len &&
	    !memcmp(m->msg_iov->iov_base, s->inbox.last, len)) {
		f.frame = s->inbox.last_frame; /* cyclic ones and load */
	} else if (canframe_from_socket(&f.frame, BYTES(m->msg_iov->iov_base, len))) {
		f.lost++; /* CAN XL, or what else there may be: it was a frame */
	} else {
		s->inbox.last_len = len;
		memcpy(s->inbox.last, m->msg_iov->iov_base, len);
		s->inbox.last_frame = f.frame;
	}
	if (f.frame.error)
		heed_error(s, &f.frame, &f);
	if (f.own && s->flying)
		s->flying--;
	f.lost += s->lost;
	s->lost = 0;
	if (!f.own &&
	    (s->deaf || !socketcan_passes(s->filters, s->filter_count, &f.frame))) {
		s->lost = f.lost;
		return;
	}
	stamp(s, &along, &f);
	bus_ring_put(&s->ring, &f);
}

static void prepare_inbox(struct inbox *in)
{
	for (int i = 0; i < TAKEN; i++) {
		in->iov[i] = (struct iovec){ in->rooms[i], sizeof(in->rooms[i]) };
		in->m[i].msg_hdr = (struct msghdr){ .msg_iov = &in->iov[i],
						    .msg_iovlen = 1,
						    .msg_control = in->control[i] };
	}
	in->used = TAKEN;
}

static void drain(struct socketcan *s)
{
	struct inbox *in = &s->inbox;
	int n = TAKEN;

	while (n == TAKEN && !s->broken) {
		for (int i = 0; i < in->used; i++) /* what the kernel wrote there */
			in->m[i].msg_hdr.msg_controllen =
				s->deaf ? 0 : sizeof(in->control[i]);
		n = recvmmsg(s->fd, in->m, TAKEN, MSG_DONTWAIT, NULL);
		in->used = n > 0 ? n : 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			lose_link(s, errno);
		s->seen_ns = clock_now(s->base.clock);
		/* after their stamps were taken: so a clock that was set shows */
		if (n > 0 && !s->deaf)
			read_clocks(s);
		for (int i = 0; i < n; i++)
			take(s, &in->m[i].msg_hdr, in->m[i].msg_len);
	}
}

static void on_readable(void *ctx, int fd)
{
	(void)fd;
	drain(ctx);
}

static int set_filters(struct socketcan *s, struct err *err)
{
	struct can_filter all[2 * SOCKETCAN_FILTERS] = { { 0, 0 } };
	int n = 0;

	for (int i = 0; i < s->filter_count && !s->deaf; i++)
		all[n++] = (struct can_filter){ s->filters[i].id, s->filters[i].mask };
	for (int i = 0; i < s->sent_count; i++)
		all[n++] = (struct can_filter){ s->sent[i].id, s->sent[i].mask };
	if (s->open_wide || (!s->filter_count && !s->deaf)) {
		all[0] = (struct can_filter){ 0, 0 };
		n = 1;
	}
	if (setsockopt(s->fd, SOL_CAN_RAW, CAN_RAW_FILTER, all,
		       (socklen_t)((size_t)n * sizeof(*all))))
		return err_set(err, ERR_IO, "%s: filters: %s", s->link.name,
			       strerror(errno));
	return 0;
}

/* Echoes go through the filters too: what we send must be let through. */
static int let_echo_pass(struct socketcan *s, const struct canframe *f, struct err *err)
{
	if (s->open_wide || (!s->filter_count && !s->deaf) ||
	    (s->filter_count && !s->deaf &&
	     socketcan_passes(s->filters, s->filter_count, f)) ||
	    (s->sent_count && socketcan_passes(s->sent, s->sent_count, f)))
		return 0;
	if (s->sent_count == SOCKETCAN_FILTERS)
		s->open_wide = true;
	else
		s->sent[s->sent_count++] = socketcan_only(f);
	return set_filters(s, err);
}

/* A link that is no more, or what the socket says. */
static int refused(struct socketcan *s, int cause, struct err *err)
{
	if (cause != ENETDOWN && cause != ENODEV && cause != ENXIO)
		return err_set(err, ERR_IO, "%s: sending: %s", s->link.name,
			       strerror(cause));
	lose_link(s, cause == ENXIO ? ENODEV : cause);
	return link_gone(s, err);
}

/* @return how many the kernel took, in order; 0: what is before them must leave first; negative: an error */
static int write_frames(struct socketcan *s, const struct canframe *f, int count,
			struct err *err)
{
	uint8_t rooms[BATCH][CANFRAME_SOCKET_FD];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	int n;

	for (int i = 0; i < count; i++) {
		struct buf b = BUF_ON(rooms[i]);

		if (i && !memcmp(&f[i], &f[i - 1], sizeof(*f))) {
			iov[i] = iov[i - 1];
		} else {
			canframe_to_socket(&f[i], &b);
			iov[i] = (struct iovec){ rooms[i], b.len };
		}
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i],
						      .msg_iovlen = 1 } };
	}
	do
		n = count == 1 ? send(s->fd, rooms[0], iov[0].iov_len, MSG_DONTWAIT) < 0
					 ? -1
					 : 1
			       : sendmmsg(s->fd, m, (unsigned)count, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == ENOBUFS || errno == EAGAIN))
		return 0;
	if (n < 0)
		return refused(s, errno, err);
	s->flying += n;
	return n;
}

/* How many frames may go now; negative: an error. */
static int room_for(struct socketcan *s, struct err *err)
{
	if (s->broken)
		return link_gone(s, err);
	if (s->flying >= s->window)
		drain(s);
	if (s->flying >= s->window && !s->broken)
		count_last_drops(s);
	if (s->bus_off)
		return err_set(err, ERR_IO, "%s is bus-off: nothing leaves it",
			       s->link.name);
	return s->flying < s->window ? s->window - s->flying : 0;
}

static int check_frame(struct socketcan *s, const struct canframe *f, struct err *err)
{
	if (f->fd && !s->link.fd)
		return err_set(err, ERR_UNSUPPORTED, "%s carries classic frames only",
			       s->link.name);
	return let_echo_pass(s, f, err);
}

static int socketcan_send_many(struct bus *b, const struct canframe *f, int count,
			       int *sent, struct err *err)
{
	struct socketcan *s = socketcan_of(b);
	int n = 0, rc = 0;

	for (*sent = 0; *sent < count; *sent += n) {
		int room = room_for(s, err);

		n = count - *sent < BATCH ? count - *sent : BATCH;
		n = n < room ? n : room;
		if (n <= 0)
			return room < 0 ? room : 0;
		for (int i = 0; !rc && i < n; i++)
			rc = check_frame(s, &f[*sent + i], err);
		if (rc)
			return rc;
		n = write_frames(s, f + *sent, n, err);
		if (n <= 0)
			return n;
	}
	return 0;
}

static int socketcan_send(struct bus *b, const struct canframe *f, int64_t launch_ns,
			  enum bus_result *result, struct err *err)
{
	int sent, rc = socketcan_send_many(b, f, 1, &sent, err);

	(void)launch_ns; /* identity says that we cannot */
	*result = sent ? BUS_OK : BUS_FULL;
	return rc;
}

static int socketcan_receive(struct bus *b, struct bus_frame *f, int64_t deadline_ns,
			     enum bus_result *result, struct err *err)
{
	struct socketcan *s = socketcan_of(b);
	uint32_t lost = 0;

	for (;;) {
		struct err own = { 0 };
		int rc;

		if (!s->ring.count)
			drain(s);
		*result = BUS_OK;
		if (bus_ring_take(&s->ring, f)) {
			f->lost += lost;
			return 0;
		}
		if (s->broken)
			return link_gone(s, err);
		count_last_drops(s);
		lost += f->lost + s->lost;
		s->lost = 0;
		f->lost = lost;
		*result = BUS_NONE;
		if (clock_now(b->clock) >= deadline_ns)
			return 0;
		rc = bus_wait_readable(s->pump, s->fd, s->base.clock, deadline_ns, &own);
		if (rc && rc != ERR_TIMEOUT) {
			if (err)
				*err = own;
			return rc;
		}
	}
}

static int socketcan_flush(struct bus *b, struct err *err)
{
	(void)b;
	return err_set(err, ERR_UNSUPPORTED,
		       "what the kernel has queued cannot be taken back");
}

static int socketcan_fd(struct bus *b)
{
	return socketcan_of(b)->fd;
}

static int socketcan_identity(struct bus *b, struct bus_identity *id, struct err *err)
{
	struct socketcan *s = socketcan_of(b);
	const struct canlink *l = &s->link;
	char rate[40] = "";

	(void)err;
	memset(id, 0, sizeof(*id));
	if (l->bitrate)
		snprintf(rate, sizeof(rate), ", %lld bit/s", (long long)l->bitrate);
	if (l->sample_point)
		snprintf(rate + strlen(rate), sizeof(rate) - strlen(rate), " at %d.%d %%",
			 l->sample_point / 10, l->sample_point % 10);
	snprintf(id->model, sizeof(id->model), "CAN interface%s, %.16s%s",
		 l->fd ? " (FD)" : "", l->driver[0] ? l->driver : "unknown", rate);
	snprintf(id->link, sizeof(id->link), "%s%s%s, stamped by the %s%s%s", l->name,
		 l->where[0] ? " at " : "", l->where,
		 s->hardware.on ? "controller" : "kernel", s->no_hardware[0] ? ": " : "",
		 s->no_hardware);
	memcpy(id->module, s->module, sizeof(id->module));
	id->bitrate = s->bitrate;
	id->data_bitrate = s->data_bitrate;
	id->fd = l->fd;
	id->simulated = s->simulated;
	return 0;
}

static int socketcan_isotp(struct bus *b, const struct tp_options *o, struct err *err)
{
	struct socketcan *s = socketcan_of(b);

	if (s->broken)
		return link_gone(s, err);
	if (o->frame > 8 && !s->link.fd)
		return err_set(err, ERR_IO, "%s carries classic frames only",
			       s->link.name);
	return isotp_open(s->link.index, o, err);
}

static void socketcan_close(struct bus *b)
{
	struct socketcan *s = socketcan_of(b);

	if (s->watched)
		pump_unwatch(s->pump, s->fd);
	if (s->pump)
		pump_stop(s->pump, s->tick);
	if (s->fd >= 0)
		close(s->fd);
	bus_ring_release(&s->ring);
	free(s);
}

static const struct bus_ops socketcan_ops = {
	.send = socketcan_send,
	.send_many = socketcan_send_many,
	.receive = socketcan_receive,
	.flush = socketcan_flush,
	.fd = socketcan_fd,
	.identity = socketcan_identity,
	.isotp = socketcan_isotp,
	.close = socketcan_close,
};

static int option(struct socketcan *s, int level, int name, int value, const char *what,
		  struct err *err)
{
	if (setsockopt(s->fd, level, name, &value, sizeof(value)) == 0)
		return 0;
	return err_set(err, ERR_IO, "%s: %s: %s", s->link.name, what, strerror(errno));
}

/* As much as we may have: without privilege the kernel's own limit stands. */
static void enlarge(struct socketcan *s, int64_t bytes)
{
	int value = (int)bytes;

	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)))
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
}

static int set_options(struct socketcan *s, const struct socketcan_options *o,
		       struct err *err)
{
	int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		     (s->hardware.on ? SOF_TIMESTAMPING_RX_HARDWARE |
					       SOF_TIMESTAMPING_RAW_HARDWARE
				     : 0);
	int rc;

	enlarge(s, o->buffer);
	rc = option(s, SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, 1, "echo of own frames", err);
	if (!rc && s->link.fd)
		rc = option(s, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, 1, "FD frames", err);
	if (!rc)
		rc = option(s, SOL_CAN_RAW, CAN_RAW_ERR_FILTER,
			    s->deaf ? CAN_ERR_BUSOFF | CAN_ERR_RESTARTED : CAN_ERR_MASK,
			    "error frames", err);
	if (!rc && !s->deaf)
		rc = option(s, SOL_SOCKET, SO_TIMESTAMPING, stamps, "time stamps", err);
	if (!rc && !s->deaf)
		rc = option(s, SOL_SOCKET, SO_RXQ_OVFL, 1, "counting what is lost", err);
	return rc ? rc : set_filters(s, err);
}

/* Whose stamps: the controller's where it has them, and the rig does not say otherwise. */
static int choose_stamps(struct socketcan *s, enum hwstamp_wish wish, struct err *err)
{
	unsigned flags;
	int refused;

	s->no_hardware = wish == HWSTAMP_SOFTWARE ? "as the rig says" : "";
	if (s->deaf || wish == HWSTAMP_SOFTWARE)
		return 0;
	flags = canlink_stamps(&s->link, true, &refused);
	s->hardware.on = hwstamp_choose(flags, refused, &s->no_hardware);
	if (s->hardware.on || wish != HWSTAMP_HARDWARE)
		return 0;
	return err_set(err, ERR_UNSUPPORTED, "%s: stamps of the controller: %s",
		       s->link.name, s->no_hardware);
}

static int open_socket(struct socketcan *s, const struct socketcan_options *o,
		       struct err *err)
{
	struct sockaddr_can at = { .can_family = AF_CAN, .can_ifindex = s->link.index };
	int rc;

	s->fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);
	if (s->fd < 0)
		return err_set(err, errno == EAFNOSUPPORT ? ERR_UNSUPPORTED : ERR_IO,
			       "CAN socket: %s", strerror(errno));
	rc = set_options(s, o, err);
	if (!rc && bind(s->fd, (struct sockaddr *)&at, sizeof(at)))
		rc = err_set(err, errno == ENODEV ? ERR_GONE : ERR_IO, "%s: %s",
			     s->link.name, strerror(errno));
	return rc;
}

/* An adapter that was just plugged in again may take its time. */
static int find_link(struct socketcan *s, const struct socketcan_options *o,
		     struct err *err)
{
	int64_t give_up = clock_now(s->base.clock) + o->wait_ns;
	int rc;

	while ((rc = canlink_read(&s->link, o->device, err)) == ERR_GONE &&
	       clock_now(s->base.clock) < give_up) {
		int64_t until = clock_now(s->base.clock) + 100 * NS_PER_MS;

		if (!s->pump)
			s->base.clock->sleep_until(s->base.clock, until);
		else if ((rc = pump_sleep_until(s->pump, until, err)))
			return rc;
	}
	return rc;
}

static int prepare_link(struct socketcan *s, const struct socketcan_options *o,
			struct err *err)
{
	struct canlink_wanted wanted = {
		.bitrate = s->link.virtual ? 0 : o->bitrate,
		.sample_point = s->link.virtual ? 0 : (int)(o->sample_point * 1000 + .5),
		.restart_ms = o->restart_ns ? o->restart_ns / NS_PER_MS : -1,
	};
	int rc = canlink_bring(&s->link, &wanted, err);

	if (rc)
		return rc;
	s->simulated = s->link.virtual || canlink_machine_emulated();
	/* of a wire that is none, what it stands for */
	s->bitrate = s->link.bitrate ? s->link.bitrate : o->bitrate;
	s->data_bitrate = o->data_bitrate;
	s->window = (int)o->window;
	if (!s->window)
		s->window = s->link.queue_len < 4 ? 2 : s->link.queue_len / 2;
	if (s->window > WINDOW_MAX)
		s->window = WINDOW_MAX;
	return 0;
}

static int watch(struct socketcan *s, struct err *err)
{
	if (!s->pump)
		return 0;
	if (pump_watch(s->pump, s->fd, on_readable, s))
		return err_set(err, ERR_NOMEM, "too many devices for the event loop");
	s->watched = true;
	s->tick = pump_every(s->pump, NS_PER_S, on_tick, s);
	return s->tick < 0 ? err_set(err, ERR_NOMEM, "too many clocks for the event loop")
			   : 0;
}

/* A module that says nothing is no reason not to go on; that it did not is on record. */
static int ask_module(struct socketcan *s, const struct socketcan_options *o,
		      struct err *err)
{
	const char *uds = o->uds;
	struct tp_options tp;
	struct err own = { 0 };
	int rc;

	if (!uds || s->deaf)
		return 0;
	if (uds_pair(uds, &tp))
		return err_set(err, ERR_FORMAT, "uds: '%.40s' is none; 7E0:7E8 is", uds);
	if (o->uds_padding.len)
		tp.padding = o->uds_padding.data[0];
	rc = isotp_identity(s->link.index, &tp, s->pump, s->module, sizeof(s->module),
			    &own);
	if (rc == ERR_INTERRUPTED) {
		if (err)
			*err = own;
		return rc;
	}
	if (rc)
		snprintf(s->module, sizeof(s->module),
			 "not known by UDS on %.40s: %.120s", uds, err_text(&own));
	return 0;
}

static int socketcan_open(struct bus **out, const void *options,
			  const struct bus_parts *parts, struct clock *clock,
			  struct err *err)
{
	const struct socketcan_options *o = options;
	struct socketcan *s = calloc(1, sizeof(*s));
	int rc = 0;

	if (!s)
		return err_set(err, ERR_NOMEM, "CAN interface");
	s->base = (struct bus){ &socketcan_ops, clock };
	s->pump = parts ? parts->pump : NULL;
	s->deaf = parts && parts->deaf;
	s->latency_ns = o->latency_ns;
	s->fd = s->tick = -1;
	prepare_inbox(&s->inbox);
	s->no_hardware = "";
	if (o->filter)
		rc = s->filter_count = socketcan_filters(s->filters, o->filter);
	if (rc < 0)
		rc = err_set(err, rc, "filter: '%.60s' is none; 110:7FF,200~700 is",
			     o->filter);
	else
		rc = find_link(s, o, err);
	if (!rc)
		rc = prepare_link(s, o, err);
	if (!rc)
		rc = choose_stamps(s, (enum hwstamp_wish)o->stamps, err);
	if (!rc)
		rc = open_socket(s, o, err);
	if (!rc && bus_ring_init(&s->ring, s->deaf ? 2 * WINDOW_MAX : BUS_KEEPS))
		rc = err_set(err, ERR_NOMEM, "CAN interface");
	if (!rc)
		rc = watch(s, err);
	if (!rc)
		rc = ask_module(s, o, err);
	if (rc) {
		socketcan_close(&s->base);
		return err_wrap(err, rc, "opening the CAN interface");
	}
	read_clocks(s);
	*out = &s->base;
	return 0;
}

static const char *const wishes[] = { "auto", "software", "hardware", NULL };
#define FIELD(f) offsetof(struct socketcan_options, f)
static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = FIELD(device),
	  .help = "the interface: can0" },
	{ .key = "bitrate",
	  .type = CONF_INT,
	  .offset = FIELD(bitrate),
	  .fallback = "0",
	  .help = "bit/s; it is set so when it is not (needs CAP_NET_ADMIN); 0: as it is",
	  .max = 1000000 },
	{ .key = "data_bitrate",
	  .type = CONF_INT,
	  .offset = FIELD(data_bitrate),
	  .fallback = "0",
	  .help = "bit/s that the interface was given for FD frames; 0: unknown",
	  .max = 8000000 },
	{ .key = "sample_point",
	  .type = CONF_SHARE,
	  .offset = FIELD(sample_point),
	  .fallback = "0 %",
	  .help = "of a bit, 87.5 %; 0 %: as it is, or the kernel's choice" },
	{ .key = "restart",
	  .type = CONF_TIME,
	  .offset = FIELD(restart_ns),
	  .fallback = "0 ms",
	  .help = "automatic restart that long after a bus-off; 0: as it is",
	  .max = 60 * NS_PER_S },
	{ .key = "filter",
	  .type = CONF_TEXT,
	  .offset = FIELD(filter),
	  .fallback = CONF_ABSENT,
	  .help = "what is heard: 110:7FF,200~700 (identifier, mask); else everything" },
	{ .key = "uds",
	  .type = CONF_TEXT,
	  .offset = FIELD(uds),
	  .fallback = CONF_ABSENT,
	  .help = "a module is asked who it is: 7E0:7E8 (identifiers of request, "
		  "answer)" },
	{ .key = "uds_padding",
	  .type = CONF_HEX,
	  .offset = FIELD(uds_padding),
	  .fallback = CONF_ABSENT,
	  .help = "a byte that frames to it are filled with: CC",
	  .min = 1,
	  .max = 1 },
	{ .key = "latency",
	  .type = CONF_TIME,
	  .offset = FIELD(latency_ns),
	  .fallback = "0 us",
	  .help = "how late the kernel may stamp a frame: part of every stamp's slack",
	  .max = NS_PER_S },
	{ .key = "stamps",
	  .type = CONF_CHOICE,
	  .offset = FIELD(stamps),
	  .fallback = "auto",
	  .help = "whose: the controller's where it has any, else the kernel's; or only "
		  "one of them",
	  .choices = wishes },
	{ .key = "wait",
	  .type = CONF_TIME,
	  .offset = FIELD(wait_ns),
	  .fallback = "0 s",
	  .help = "for an interface that is not there yet",
	  .max = 60 * NS_PER_S },
	{ .key = "window",
	  .type = CONF_INT,
	  .offset = FIELD(window),
	  .fallback = "0",
	  .help = "frames under way at a time; 0: half of what the interface queues",
	  .max = WINDOW_MAX },
	{ .key = "buffer",
	  .type = CONF_INT,
	  .offset = FIELD(buffer),
	  .fallback = "16777216",
	  .help = "bytes the kernel keeps for us; a classic frame takes about 770",
	  .min = 4096,
	  .max = 1 << 30 },
	{ 0 },
};

extern const struct bus_driver socketcan_driver;
const struct bus_driver socketcan_driver = {
	.name = "socketcan",
	.summary = "a CAN interface of the kernel",
	.items = items,
	.options_size = sizeof(struct socketcan_options),
	.open = socketcan_open,
};
