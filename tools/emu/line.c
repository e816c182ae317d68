#include "tools/emu/line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	speed_t code;
	int64_t baud;
} speeds[] = {
	{ B9600, 9600 },     { B19200, 19200 },   { B38400, 38400 },
	{ B57600, 57600 },   { B115200, 115200 }, { B230400, 230400 },
	{ B460800, 460800 }, { B921600, 921600 },
};

static speed_t code_of(int64_t baud)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i].baud == baud)
			return speeds[i].code;
	return B115200;
}

/* What the host has set; the device's own when the pty cannot tell. */
static bool same_speed(const struct line *l)
{
	struct termios t;

	return l->master < 0 || tcgetattr(l->master, &t) ||
	       cfgetospeed(&t) == code_of(l->baud);
}

int64_t line_byte_ns(const struct line *l)
{
	return l->instant ? 0 : 10 * NS_PER_S / l->baud;
}

void line_feed(struct line *l, struct bytes b)
{
	int64_t now = world_now(l->world), byte_ns = line_byte_ns(l);
	bool deaf = !same_speed(l);
	const char *why = "speed";
	size_t taken = 0;

	if (l->in_free_ns < now)
		l->in_free_ns = now;
	while (!deaf && taken < b.len) {
		if (l->in_free_ns - now > LINE_BACKLOG * byte_ns) {
			deaf = true;
			why = "overrun";
			break;
		}
		l->in_free_ns += byte_ns;
		l->on_byte(l->ctx, b.data[taken++], l->in_free_ns);
	}
	if (deaf && !l->deaf)
		truth_say(world_truth(l->world), now, "bytes_lost", "s:device s:why",
			  l->name, why);
	l->deaf = deaf;
}

static void note_late(const struct line *l, const char *dir, int64_t at_ns,
		      int64_t late_ns)
{
	if (late_ns > LINE_LATE_NS)
		truth_say(world_truth(l->world), at_ns, "line_late",
			  "s:device s:dir i:late_ns", l->name, dir, late_ns);
}

/* How long we were ready to run and did not, since the last call: "RAN WAITED TIMES". */
static int64_t waited(struct line *l)
{
	int64_t before = l->waited_ns;
	char text[80];
	ssize_t n;

	if (l->waits < 0 || l->instant)
		return 0;
	n = pread(l->waits, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%*s %" SCNd64, &l->waited_ns) != 1)
		return 0;
	return l->waited_ns - before;
}

static void on_readable(void *ctx, int fd)
{
	struct line *l = ctx;
	uint8_t chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));
	/*
	 * nobody tells when the host wrote; so long ago it was at most, if we were what
	 * was waited for
	 */
	int64_t late_ns = waited(l);

	note_late(l, "in", world_now(l->world), late_ns);
	world_was_late(l->world, late_ns);
	if (n > 0)
		line_feed(l, BYTES(chunk, (size_t)n));
}

/*
 * The last close of a terminal forgets what was not read; our own slave keeps this one
 * open.
 */
static void deserted(struct line *l)
{
	char unread[4096];

	line_drop(l);
	tcflush(l->slave, TCIFLUSH);
	/*
	 * all that a terminal holds, and no more: the next client may be writing already
	 */
	for (int i = 0; l->on_deserted && i < 16; i++)
		if (read(l->master, unread, sizeof(unread)) <= 0)
			break;
	if (l->on_deserted)
		l->on_deserted(l->ctx);
}

static void on_client(void *ctx, int fd)
{
	struct line *l = ctx;
	union {
		struct inotify_event event;
		char room[4096];
	} u;
	ssize_t n = read(fd, &u, sizeof(u));
	bool left = false;

	for (char *at = u.room; n > 0 && at < u.room + n;) {
		const struct inotify_event *e = (const struct inotify_event *)(void *)at;
		bool opened = e->mask & IN_OPEN;

		at += sizeof(*e) + e->len;
		if (!(e->mask & (IN_OPEN | IN_CLOSE)))
			continue; /* an overflow, for one, is nobody's coming or going */
		/* two at once may come as one event: never fewer than none */
		l->clients += opened ? 1 : l->clients > 0 ? -1 : 0;
		truth_say(world_truth(l->world), world_now(l->world),
			  opened ? "client_opened" : "client_gone", "s:device", l->name);
		left = left || !opened;
	}
	if (left && l->clients <= 0)
		deserted(l);
}

static void deliver_next(void *ctx)
{
	struct line *l = ctx;
	struct line_message m = l->queue[0];

	l->queued--;
	memmove(l->queue, l->queue + 1, (size_t)l->queued * sizeof(l->queue[0]));
	if (l->queued)
		timer_set(l->world, &l->deliver, l->queue[0].at_ns);
	if (l->sink)
		l->sink(l->sink_ctx, BYTES(m.data, m.len));
	/* A host that does not read loses bytes, as on a wire. */
	if (l->master >= 0 && write(l->master, m.data, m.len) != (ssize_t)m.len)
		truth_say(world_truth(l->world), world_now(l->world), "bytes_lost",
			  "s:device s:why", l->name, "host does not read");
	if (l->master < 0)
		return;
	note_late(l, "out", m.at_ns, world_clock(l->world) - m.at_ns);
	waited(l);
}

int64_t line_send(struct line *l, struct bytes message, int64_t from_ns)
{
	struct line_message *m = &l->queue[l->queued];

	if (l->queued == LINE_QUEUE || message.len > LINE_MESSAGE)
		return from_ns;
	if (from_ns < l->out_free_ns)
		from_ns = l->out_free_ns;
	l->out_free_ns = from_ns + (int64_t)message.len * line_byte_ns(l);
	m->at_ns = l->out_free_ns;
	m->len = message.len;
	memcpy(m->data, message.data, message.len);
	if (l->queued++ == 0)
		timer_set(l->world, &l->deliver, m->at_ns);
	return m->at_ns;
}

void line_drop(struct line *l)
{
	l->queued = 0;
	l->out_free_ns = 0;
	timer_stop(l->world, &l->deliver);
}

void line_init(struct line *l, struct world *w, const char *name, int64_t baud)
{
	*l = (struct line){ .world = w,
			    .name = name,
			    .baud = baud,
			    .master = -1,
			    .slave = -1,
			    .watch = -1,
			    .waits = -1 };
	l->deliver.fn = deliver_next;
	l->deliver.ctx = l;
}

static int open_pty(struct line *l)
{
	struct termios t = { 0 };

	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&t, code_of(l->baud));
	if (openpty(&l->master, &l->slave, l->path, &t, NULL))
		return -1;
	if (fcntl(l->master, F_SETFL, O_NONBLOCK) ||
	    fcntl(l->master, F_SETFD, FD_CLOEXEC) || fcntl(l->slave, F_SETFD, FD_CLOEXEC))
		return -1;
	return 0;
}

/*
 * Only to tell who comes and goes: a system without inotify loses two kinds of truth
 * lines.
 */
static void watch_clients(struct line *l)
{
	l->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (l->watch < 0)
		return;
	if (inotify_add_watch(l->watch, l->path, IN_OPEN | IN_CLOSE) < 0 ||
	    world_watch(l->world, l->watch, on_client, l)) {
		close(l->watch);
		l->watch = -1;
	}
}

static int begin(struct line *l, struct err *err)
{
	int rc;

	if (open_pty(l)) {
		rc = err_set(err, ERR_IO, "opening a pseudo-terminal for %s: %s", l->name,
			     strerror(errno));
		line_close(l);
		return rc;
	}
	rc = world_watch(l->world, l->master, on_readable, l);
	if (rc)
		return err_set(err, rc, "too many devices");
	watch_clients(l);
	l->waits = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	waited(l);
	return 0;
}

int line_open(struct line *l, struct world *w, const char *name, int64_t baud,
	      struct err *err)
{
	line_init(l, w, name, baud);
	return begin(l, err);
}

void line_unplug(struct line *l)
{
	line_drop(l);
	line_close(l);
	l->path[0] = '\0';
	l->clients = 0;
	l->in_free_ns = 0;
	l->deaf = false;
	truth_say(world_truth(l->world), world_now(l->world), "unplugged", "s:device",
		  l->name);
}

int line_plug(struct line *l, struct err *err)
{
	int rc = begin(l, err);

	if (rc == 0)
		truth_say(world_truth(l->world), world_now(l->world), "plugged",
			  "s:device s:path", l->name, l->path);
	return rc;
}

void line_close(struct line *l)
{
	int fds[] = { l->watch, l->master, l->slave };

	if (l->waits >= 0)
		close(l->waits);
	for (int i = 0; i < 3; i++) {
		if (fds[i] < 0)
			continue;
		world_unwatch(l->world, fds[i]);
		close(fds[i]);
	}
	timer_stop(l->world, &l->deliver);
	l->watch = l->master = l->slave = l->waits = -1;
}
