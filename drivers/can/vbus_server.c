#include "drivers/can/vbus_server.h"

#include "bench/core/log.h"
#include "drivers/can/vbus_wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CLIENTS 32
#define DEPTH \
	1024 /* of a node's queue: a tenth of a second of the shortest frames at 500 kbit/s */
#define BACKLOG 4096 /* messages kept for a node that is slow to read */
#define TURN 256     /* messages taken from one node before the others get their turn */

struct packet {
	uint8_t len, data[VBUS_MAX_MESSAGE];
};

struct client {
	struct vbus_server *server;
	int fd;   /* -1: free */
	int node; /* -1: before HELLO */
	bool deaf, doomed;
	char name[VBUS_MAX_NAME + 1];
	uint32_t lost, left;
	bool owed;              /* .lost or .left have changed since it was told */
	struct packet *backlog; /* a ring */
	int first, waiting;
};

struct vbus_server {
	struct canbus *model;
	struct clock *clock;
	int epoll, listener;
	char path[108];
	bool bound;
	int64_t now_ns; /* of this turn: who sends in the same turn competes */
	struct client clients[MAX_CLIENTS];
	uint64_t lost;
};

static void want_output(struct client *c, bool want)
{
	struct epoll_event e = { .events = EPOLLIN | (want ? EPOLLOUT : 0),
				 .data.ptr = c };

	epoll_ctl(c->server->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static bool keep(struct client *c, struct bytes packet)
{
	struct packet *p;

	if (!c->backlog)
		c->backlog = malloc(BACKLOG * sizeof(*c->backlog));
	if (!c->backlog || c->waiting == BACKLOG)
		return false;
	if (!c->waiting)
		want_output(c, true);
	p = &c->backlog[(c->first + c->waiting++) % BACKLOG];
	p->len = (uint8_t)packet.len;
	memcpy(p->data, packet.data, packet.len);
	return true;
}

/* @return 1 gone out, 0 no room now, -1 the node is dead */
static int try_send(struct client *c, struct bytes packet)
{
	if (send(c->fd, packet.data, packet.len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 1;
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		return 0;
	c->doomed = true;
	return -1;
}

/* To the node, now or later; false when it is lost. */
static bool tell(struct client *c, const struct vbus_message *m)
{
	uint8_t room[VBUS_MAX_MESSAGE];
	struct buf b = BUF_ON(room);

	vbus_encode(m, &b);
	assert(!b.failed);
	if (!c->waiting && try_send(c, buf_bytes(&b)))
		return true;
	return keep(c, buf_bytes(&b));
}

static void hear(void *ctx, const struct canbus_heard *h)
{
	struct client *c = ctx;
	struct vbus_message m = {
		.type = VBUS_FRAME, .own = h->own, .at_ns = h->end_ns, .frame = h->frame
	};

	if (h->own)
		c->left++;
	else if (c->deaf)
		return;
	m.lost = c->lost;
	m.left = c->left;
	if (tell(c, &m)) {
		c->lost = 0;
		c->owed = false;
	} else {
		c->lost++;
		c->owed = true;
		c->server->lost++;
	}
}

static void tell_status(struct client *c)
{
	struct vbus_message m = { .type = VBUS_STATUS, .lost = c->lost, .left = c->left };

	if (tell(c, &m)) {
		c->lost = 0;
		c->owed = false;
	} else {
		c->owed = true; /* once there is room again */
	}
}

static void catch_up(struct client *c)
{
	while (c->waiting && !c->doomed) {
		struct packet *p = &c->backlog[c->first];

		if (try_send(c, BYTES(p->data, p->len)) <= 0)
			return;
		c->first = (c->first + 1) % BACKLOG;
		c->waiting--;
	}
	if (c->owed && !c->doomed)
		tell_status(c);
	if (!c->waiting)
		want_output(c, false);
}

static void throw_out(struct client *c)
{
	if (c->node >= 0)
		canbus_detach(c->server->model, c->node);
	close(c->fd); /* epoll forgets it by itself */
	free(c->backlog);
	*c = (struct client){ .server = c->server, .fd = -1, .node = -1 };
}

static int on_hello(struct client *c, const struct vbus_message *m)
{
	struct canbus *model = c->server->model;
	struct vbus_message welcome = { .type = VBUS_WELCOME,
					.version = VBUS_VERSION,
					.bitrate = (uint32_t)canbus_bitrate(model),
					.data_bitrate =
						(uint32_t)canbus_data_bitrate(model),
					.depth = (uint32_t)canbus_depth(model) };

	if (c->node >= 0)
		return ERR_FORMAT;
	memcpy(c->name, m->name, sizeof(c->name));
	c->deaf = m->deaf;
	tell(c, &welcome); /* also to another version: it sees ours */
	if (m->version != VBUS_VERSION)
		return ERR_UNSUPPORTED;
	c->node = canbus_attach(model, hear, c);
	return c->node < 0 ? c->node : 0;
}

static int on_message(struct client *c, struct bytes packet)
{
	struct vbus_server *s = c->server;
	struct vbus_message m;
	int rc = vbus_decode(&m, packet);

	if (rc)
		return rc;
	if (m.type == VBUS_HELLO)
		return on_hello(c, &m);
	if (c->node < 0)
		return ERR_FORMAT;
	if (m.type == VBUS_FLUSH) {
		c->left += (uint32_t)canbus_flush(s->model, c->node);
		tell_status(c);
		return 0;
	}
	if (m.type != VBUS_SEND)
		return ERR_FORMAT;
	rc = canbus_send(s->model, c->node, &m.frame,
			 m.at_ns > s->now_ns ? m.at_ns : s->now_ns);
	if (rc == ERR_RANGE ||
	    rc == ERR_UNSUPPORTED) { /* it did not count what it has under way */
		c->left++;
		c->lost++;
		s->lost++;
		tell_status(c);
		rc = 0;
	}
	return rc;
}

static void listen_to(struct client *c)
{
	uint8_t room[VBUS_MAX_MESSAGE + 1];

	for (int i = 0; i < TURN && !c->doomed; i++) {
		ssize_t n = recv(c->fd, room, sizeof(room), MSG_DONTWAIT);
		int rc;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		c->doomed = n <= 0;
		if (n <= 0)
			return;
		rc = n > VBUS_MAX_MESSAGE ? ERR_FORMAT
					  : on_message(c, BYTES(room, (size_t)n));
		if (rc) {
			log_warning("virtual bus: node '%s' is thrown out: %s", c->name,
				    err_name(rc));
			c->doomed = true;
		}
	}
}

static void take_in(struct vbus_server *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	struct client *c = NULL;
	struct epoll_event e = { .events = EPOLLIN };

	if (fd < 0)
		return;
	for (int i = 0; i < MAX_CLIENTS && !c; i++)
		if (s->clients[i].fd < 0)
			c = &s->clients[i];
	e.data.ptr = c;
	if (!c || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e)) {
		log_warning("virtual bus: no room for one more node");
		close(fd);
		return;
	}
	c->fd = fd;
}

int vbus_server_fd(const struct vbus_server *s)
{
	return s->epoll;
}

int64_t vbus_server_next_ns(const struct vbus_server *s)
{
	return canbus_next_ns(s->model);
}

void vbus_server_run(struct vbus_server *s)
{
	struct epoll_event events[MAX_CLIENTS + 1];
	int n;

	s->now_ns = clock_now(s->clock);
	canbus_run(s->model, s->now_ns);
	n = epoll_wait(s->epoll, events, MAX_CLIENTS + 1, 0);
	for (int i = 0; i < n; i++) {
		struct client *c = events[i].data.ptr;

		if (!c) {
			take_in(s);
			continue;
		}
		if (events[i].events & EPOLLOUT)
			catch_up(c);
		if (events[i].events & ~(uint32_t)EPOLLOUT)
			listen_to(c);
	}
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (s->clients[i].doomed)
			throw_out(&s->clients[i]);
}

struct canbus *vbus_server_model(struct vbus_server *s)
{
	return s->model;
}

int vbus_server_node_count(const struct vbus_server *s)
{
	int count = 0;

	for (int i = 0; i < MAX_CLIENTS; i++)
		count += s->clients[i].node >= 0;
	return count;
}

uint64_t vbus_server_lost(const struct vbus_server *s)
{
	return s->lost;
}

/* A socket nobody listens on any more may be replaced. */
static void remove_dead(const struct sockaddr_un *at)
{
	struct stat st;
	int fd;

	if (lstat(at->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) &&
	    errno == ECONNREFUSED)
		unlink(at->sun_path);
	close(fd);
}

static int bind_at(struct vbus_server *s, struct err *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct epoll_event e = { .events = EPOLLIN };
	mode_t before;
	int rc;

	memcpy(at.sun_path, s->path, sizeof(at.sun_path));
	remove_dead(&at);
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0)
		return err_set(err, ERR_IO, "%s: %s", s->path, strerror(errno));
	before = umask(077);
	rc = bind(s->listener, (struct sockaddr *)&at, sizeof(at));
	umask(before);
	if (rc)
		return err_set(err, ERR_IO, "%s: %s", s->path, strerror(errno));
	s->bound = true;
	if (listen(s->listener, MAX_CLIENTS) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &e))
		return err_set(err, ERR_IO, "%s: %s", s->path, strerror(errno));
	return 0;
}

int vbus_server_open(struct vbus_server **out, const char *path, int64_t bitrate,
		     struct clock *clock, struct err *err)
{
	struct vbus_server *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(err, ERR_NOMEM, "no memory for a bus");
	s->clock = clock;
	s->epoll = s->listener = -1;
	for (int i = 0; i < MAX_CLIENTS; i++)
		s->clients[i] = (struct client){ .server = s, .fd = -1, .node = -1 };
	if (strlen(path) >= sizeof(s->path)) {
		rc = err_set(err, ERR_RANGE,
			     "%s: the path of a socket has at most %zu characters", path,
			     sizeof(s->path) - 1);
	} else {
		strcpy(s->path, path);
		rc = canbus_new(&s->model, bitrate, DEPTH, err);
	}
	if (!rc && (s->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		rc = err_set(err, ERR_IO, "epoll: %s", strerror(errno));
	if (!rc)
		rc = bind_at(s, err);
	if (rc)
		vbus_server_close(s);
	else
		*out = s;
	return rc ? err_wrap(err, rc, "hosting a virtual bus") : 0;
}

void vbus_server_close(struct vbus_server *s)
{
	if (!s)
		return;
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			throw_out(&s->clients[i]);
	if (s->bound)
		unlink(s->path);
	if (s->listener >= 0)
		close(s->listener);
	if (s->epoll >= 0)
		close(s->epoll);
	canbus_free(s->model);
	free(s);
}
