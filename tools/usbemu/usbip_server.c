#include "tools/usbemu/usbip_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAMS 12
#define IN_ROOM (USBIP_URB_SIZE + USBIP_MAX_TRANSFER)
#define OUT_ROOM (256 * 1024) /* a host that reads so little is cut off */
#define FLUSH_NS NS_PER_MS

struct stream {
	struct usbip_server *server;
	int fd;   /* -1: not in use */
	int slot; /* whose it is; -1: nobody's yet */
	uint8_t *in;
	size_t in_len;
	struct buf out;
	size_t out_at;
	struct timer flush;
	bool failed; /* to be closed when it is safe */
};

struct slot {
	struct usbip_server *server;
	struct usb_device *device;
	bool plugged;
	uint32_t devnum;
	struct stream *stream;
};

struct usbip_server {
	struct world *world;
	int listener;
	struct slot slots[USBIP_DEVICES];
	int count;
	uint32_t plugs;
	struct stream streams[STREAMS];
};

static void say(const struct slot *s, const char *what)
{
	truth_say(world_truth(s->server->world), world_now(s->server->world), what,
		  "s:device i:number", s->device->name, (int64_t)s->devnum);
}

static void close_stream(struct stream *st)
{
	struct usbip_server *s = st->server;

	if (st->fd < 0)
		return;
	world_unwatch(s->world, st->fd);
	timer_stop(s->world, &st->flush);
	close(st->fd);
	free(st->in);
	buf_release(&st->out);
	if (st->slot >= 0)
		s->slots[st->slot].stream = NULL;
	st->fd = -1;
	st->slot = -1;
}

/* The host let go, or broke the rules; the device keeps its power. */
static void lose_host(struct stream *st)
{
	struct slot *slot = st->slot >= 0 ? &st->server->slots[st->slot] : NULL;

	close_stream(st);
	if (!slot)
		return;
	say(slot, "usb_released");
	usb_device_reset(slot->device);
}

static void flush(struct stream *st)
{
	while (st->out_at < st->out.len) {
		ssize_t n = send(st->fd, st->out.data + st->out_at,
				 st->out.len - st->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && !st->out.failed) {
			timer_set(st->server->world, &st->flush,
				  world_now(st->server->world) + FLUSH_NS);
			return;
		}
		if (n < 0)
			break;
		st->out_at += (size_t)n;
	}
	if (st->out_at < st->out.len || st->out.failed) {
		st->failed = true;
		timer_set(st->server->world, &st->flush, world_now(st->server->world));
		return;
	}
	buf_clear(&st->out);
	st->out_at = 0;
}

static void on_flush(void *ctx)
{
	struct stream *st = ctx;

	if (st->failed)
		lose_host(st);
	else
		flush(st);
}

static void answer(struct stream *st, const struct usbip_urb *u)
{
	usbip_build_answer(&st->out, u);
	flush(st);
}

static void on_done(void *ctx, uint32_t seqnum, int status, size_t length,
		    struct bytes data)
{
	struct slot *slot = ctx;
	struct usbip_urb u = { .command = USBIP_SUBMITTED,
			       .seqnum = seqnum,
			       .status = status,
			       .length = (uint32_t)length,
			       .data = data };

	if (slot->stream)
		answer(slot->stream, &u);
}

static void describe(const struct usbip_server *s, int i, struct usbip_device *out)
{
	memset(out, 0, sizeof(*out));
	usb_device_describe(s->slots[i].device, out);
	snprintf(out->path, sizeof(out->path), "/keybench/%s", s->slots[i].device->name);
	snprintf(out->busid, sizeof(out->busid), "1-%d", i + 1);
	out->busnum = 1;
	out->devnum = s->slots[i].devnum;
}

static void tell_list(struct stream *st)
{
	struct usbip_server *s = st->server;
	struct usbip_device d;
	uint32_t count = 0;

	for (int i = 0; i < s->count; i++)
		count += usbip_server_plugged(s, i) && !usbip_server_taken(s, i);
	usbip_build_list(&st->out, count);
	for (int i = 0; i < s->count; i++) {
		if (!usbip_server_plugged(s, i) || usbip_server_taken(s, i))
			continue;
		describe(s, i, &d);
		usbip_build_listed(&st->out, &d);
	}
	flush(st);
}

static void take(struct stream *st, int i)
{
	st->slot = i;
	st->server->slots[i].stream = st;
	usb_device_reset(st->server->slots[i].device);
	say(&st->server->slots[i], "usb_taken");
}

static void import(struct stream *st, const char *busid)
{
	struct usbip_server *s = st->server;
	struct usbip_device d;

	for (int i = 0; i < s->count; i++) {
		describe(s, i, &d);
		if (strcmp(d.busid, busid) != 0 || !usbip_server_plugged(s, i) ||
		    usbip_server_taken(s, i))
			continue;
		usbip_build_import(&st->out, &d);
		flush(st);
		take(st, i);
		return;
	}
	usbip_build_import(&st->out, NULL);
	flush(st);
}

static void run_urb(struct stream *st, const struct usbip_urb *u)
{
	struct usb_device *d = st->server->slots[st->slot].device;
	struct usbip_urb back = { .command = USBIP_UNLINKED, .seqnum = u->seqnum };

	if (u->command == USBIP_SUBMIT) {
		usb_device_submit(d, u);
		return;
	}
	back.status = usb_device_unlink(d, u->unlink) ? USB_UNLINKED : 0;
	truth_say(world_truth(st->server->world), world_now(st->server->world),
		  "usb_unlinked", "s:device b:late", d->name, !back.status);
	answer(st, &back);
}

/* One message from the front of what came. @return as the parsers */
static int run_one(struct stream *st)
{
	struct bytes in = BYTES(st->in, st->in_len);
	struct usbip_ask ask;
	struct usbip_urb u;
	int n;

	if (st->slot >= 0) {
		n = usbip_parse_urb(in, &u);
		if (n > 0)
			run_urb(st, &u);
		return n;
	}
	n = usbip_parse_ask(in, &ask);
	if (n > 0 && ask.code == USBIP_ASK_LIST)
		tell_list(st);
	else if (n > 0)
		import(st, ask.busid);
	return n;
}

static void on_readable(void *ctx, int fd)
{
	struct stream *st = ctx;
	ssize_t got = read(fd, st->in + st->in_len, IN_ROOM - st->in_len);
	int n;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		lose_host(st);
		return;
	}
	st->in_len += (size_t)got;
	/* a transfer may plan an unplug, but none happens before its time */
	while (!st->failed && (n = run_one(st)) != 0) {
		if (n < 0) {
			st->failed = true;
			break;
		}
		st->in_len -= (size_t)n;
		memmove(st->in, st->in + n, st->in_len);
	}
	if (st->failed)
		lose_host(st);
}

/* @return NULL when there is no room */
static struct stream *open_stream(struct usbip_server *s, int fd)
{
	struct stream *st = NULL;

	for (int i = 0; i < STREAMS && !st; i++)
		if (s->streams[i].fd < 0)
			st = &s->streams[i];
	if (!st)
		return NULL;
	*st = (struct stream){ .server = s, .fd = -1, .slot = -1 };
	st->flush.fn = on_flush;
	st->flush.ctx = st;
	st->in = malloc(IN_ROOM);
	if (!st->in || world_watch(s->world, fd, on_readable, st)) {
		free(st->in);
		return NULL;
	}
	buf_init(&st->out, OUT_ROOM);
	st->fd = fd;
	return st;
}

static void on_client(void *ctx, int listener)
{
	struct usbip_server *s = ctx;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), one = 1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!open_stream(s, fd))
		close(fd);
}

int usbip_server_listen(struct usbip_server *s, int port, struct err *err)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	socklen_t size = sizeof(at);
	int one = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0)
		return err_set(err, ERR_IO, "%s", strerror(errno));
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s->listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(s->listener, 4) ||
	    getsockname(s->listener, (struct sockaddr *)&at, &size) ||
	    world_watch(s->world, s->listener, on_client, s))
		return err_set(err, ERR_IO, "listening on 127.0.0.1:%d: %s", port,
			       strerror(errno));
	return ntohs(at.sin_port);
}

int usbip_server_adopt(struct usbip_server *s, int i, int fd, struct err *err)
{
	struct stream *st = NULL;

	if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && !s->slots[i].stream)
		st = open_stream(s, fd);
	if (!st) {
		close(fd);
		return err_set(err, ERR_RANGE, "%s: no room for its stream",
			       s->slots[i].device->name);
	}
	take(st, i);
	return 0;
}

void usbip_server_unplug(struct usbip_server *s, int i)
{
	struct slot *slot = &s->slots[i];

	if (!slot->plugged)
		return;
	slot->plugged = false;
	say(slot, "usb_unplugged");
	if (slot->stream)
		close_stream(slot->stream);
	usb_device_power(slot->device, false);
}

void usbip_server_plug(struct usbip_server *s, int i)
{
	struct slot *slot = &s->slots[i];

	if (slot->plugged)
		return;
	slot->plugged = true;
	slot->devnum = s->plugs++ % 127 + 1;
	usb_device_power(slot->device, true);
	say(slot, "usb_plugged");
}

int usbip_server_add(struct usbip_server *s, struct usb_device *d)
{
	struct slot *slot = &s->slots[s->count];

	if (s->count == USBIP_DEVICES)
		return ERR_RANGE;
	*slot = (struct slot){ .server = s, .device = d };
	d->done = on_done;
	d->done_ctx = slot;
	usbip_server_plug(s, s->count);
	return s->count++;
}

int usbip_server_count(const struct usbip_server *s)
{
	return s->count;
}

struct usb_device *usbip_server_device(struct usbip_server *s, int i)
{
	return s->slots[i].device;
}

uint32_t usbip_server_devid(const struct usbip_server *s, int i)
{
	return UINT32_C(1) << 16 | s->slots[i].devnum;
}

bool usbip_server_plugged(const struct usbip_server *s, int i)
{
	return s->slots[i].plugged;
}

bool usbip_server_taken(const struct usbip_server *s, int i)
{
	return s->slots[i].stream;
}

int usbip_server_new(struct usbip_server **out, struct world *w, struct err *err)
{
	struct usbip_server *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_NOMEM, "no memory");
	s->world = w;
	s->listener = -1;
	for (int i = 0; i < STREAMS; i++) {
		s->streams[i].server = s;
		s->streams[i].fd = -1;
	}
	*out = s;
	return 0;
}

void usbip_server_free(struct usbip_server *s)
{
	if (!s)
		return;
	for (int i = 0; i < STREAMS; i++)
		close_stream(&s->streams[i]);
	if (s->listener >= 0) {
		world_unwatch(s->world, s->listener);
		close(s->listener);
	}
	free(s);
}
