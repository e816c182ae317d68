#include "tools/device/link.h"

#include "bench/core/clock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_S 5

static bool is_port(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 5 && strspn(text, "0123456789") == len &&
	       atoi(text) <= 65535;
}

int address_parse(struct address *out, const char *text, struct err *err)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	const char *host = colon ? text : "127.0.0.1";
	size_t len = colon ? (size_t)(colon - text) : strlen(host);

	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len)) {
		len = 0; /* which of its colons? */
	}
	if (!is_port(port) || !len || len >= sizeof(out->host))
		return err_set(err, ERR_USAGE,
			       "'%.80s' is no address; HOST:PORT, [IPV6]:PORT and PORT "
			       "are",
			       text);
	snprintf(out->host, sizeof(out->host), "%.*s", (int)len, host);
	snprintf(out->port, sizeof(out->port), "%s", port);
	return 0;
}

const char *address_text(const struct address *a, char out[280])
{
	const bool six = strchr(a->host, ':');

	snprintf(out, 280, "%s%s%s:%s", six ? "[" : "", a->host, six ? "]" : "", a->port);
	return out;
}

static int resolve(struct addrinfo **out, const struct address *a, bool listen,
		   struct err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICSERV |
						    (listen ? AI_PASSIVE : 0) };
	int rc = getaddrinfo(a->host, a->port, &hints, out);

	return rc ? err_set(err, ERR_IO, "%.100s: %s", a->host,
			    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc))
		  : 0;
}

static int port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	char port[8] = "";

	if (getsockname(fd, (struct sockaddr *)&at, &len) == 0)
		getnameinfo((struct sockaddr *)&at, len, NULL, 0, port, sizeof(port),
			    NI_NUMERICSERV);
	return atoi(port);
}

int address_listen(int *out, const struct address *a, int *port, struct err *err)
{
	struct addrinfo *at;
	const int yes = 1;
	char text[280];
	int fd, rc = resolve(&at, a, true, err);

	if (rc)
		return rc;
	fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(fd, at->ai_addr, at->ai_addrlen) || listen(fd, 4)) {
		rc = err_set(err, ERR_IO, "listening on %.200s: %s",
			     address_text(a, text), strerror(errno));
		if (fd >= 0)
			close(fd);
	} else {
		*out = fd;
		*port = port_of(fd);
	}
	freeaddrinfo(at);
	return rc;
}

int link_init(struct link *l, struct pump *pump, struct err *err)
{
	*l = (struct link){ .fd = -1, .pump = pump, .in = malloc(VPCD_MAX_MESSAGE) };
	return l->in ? 0 : err_set(err, ERR_NOMEM, "connection");
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

void link_release(struct link *l)
{
	link_close(l);
	free(l->in);
	l->in = NULL;
}

/* One side's message is small and the other waits for it: nothing is held back to be sent with more. */
static void take(struct link *l, int fd)
{
	const struct timeval patience = { LINK_PATIENCE_NS / NS_PER_S, 0 };
	const int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	l->fd = fd;
	l->in_len = l->taken = 0;
	l->begun_ns = 0;
}

int link_connect(struct link *l, const struct address *a, struct err *err)
{
	const struct timeval limit = { CONNECT_S, 0 }; /* of connect(2) too */
	struct addrinfo *all;
	char text[280];
	int rc = resolve(&all, a, false, err);

	if (rc)
		return rc;
	rc = ERR_GONE;
	errno = 0;
	for (struct addrinfo *at = all; rc && at && !pump_stop_requested(l->pump);
	     at = at->ai_next) {
		int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), why;

		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		if (connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
			take(l, fd);
			rc = 0;
		} else {
			why = errno;
			close(fd);
			errno = why == EINPROGRESS ? ETIMEDOUT : why;
		}
	}
	if (rc && pump_stop_requested(l->pump))
		rc = err_set(err, ERR_INTERRUPTED, "interrupted");
	else if (rc)
		err_set(err, rc, "%.200s: %s", address_text(a, text), strerror(errno));
	freeaddrinfo(all);
	return rc;
}

int link_accept(struct link *l, int listener, int64_t deadline_ns, struct err *err)
{
	int rc = pump_wait(l->pump, listener, deadline_ns, err), fd;

	if (rc)
		return rc;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 && (errno == ECONNABORTED || errno == EINTR || errno == EAGAIN))
		return err_set(err, ERR_TIMEOUT, "who connected is gone again");
	if (fd < 0)
		return err_set(err, ERR_IO, "accept: %s", strerror(errno));
	take(l, fd);
	return 0;
}

int link_send(struct link *l, struct bytes body, struct err *err)
{
	struct buf out;
	size_t at = 0;
	int rc = 0;

	buf_init(&out, VPCD_MAX_MESSAGE);
	vpcd_build(&out, body);
	if (out.failed)
		rc = err_set(err, ERR_RANGE, "no room for a message of %zu bytes",
			     body.len);
	while (!rc && at < out.len) {
		ssize_t n = send(l->fd, out.data + at, out.len - at, MSG_NOSIGNAL);

		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN)
			rc = err_set(err, ERR_TIMEOUT, "the other side does not read");
		else if (errno != EINTR)
			rc = err_set(err, ERR_GONE, "the other side went away: %s",
				     strerror(errno));
		else if (pump_stop_requested(l->pump))
			rc = err_set(err, ERR_INTERRUPTED, "interrupted");
	}
	buf_release(&out);
	return rc;
}

/* vpcd 3.3 writes length and body apart, and its kernel holds the body back until the length is acknowledged; ours would
 * take 40 ms for that. */
static void acknowledge(const struct link *l)
{
	const int yes = 1;

	setsockopt(l->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes));
}

/* What came; to the front with what is left of it. */
static int fill(struct link *l, struct err *err)
{
	ssize_t n = recv(l->fd, l->in + l->in_len, VPCD_MAX_MESSAGE - l->in_len,
			 MSG_DONTWAIT);

	if (n > 0) {
		l->in_len += (size_t)n;
		acknowledge(l);
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (l->in_len)
		return err_set(err, ERR_IO,
			       "the other side went away with a message half said "
			       "(%zu bytes of it)",
			       l->in_len);
	return err_set(err, ERR_GONE, "the other side went away%s%s", n ? ": " : "",
		       n ? strerror(errno) : "");
}

static int await(struct link *l, int64_t deadline_ns, struct err *err)
{
	struct clock *clock = clock_real();
	bool begun = l->in_len > 0;
	int rc;

	if (begun && !l->begun_ns)
		l->begun_ns = clock_now(clock);
	rc = pump_wait(l->pump, l->fd,
		       begun ? l->begun_ns + LINK_PATIENCE_NS : deadline_ns, err);
	if (rc == ERR_TIMEOUT && begun)
		return err_set(err, ERR_IO,
			       "the other side says a message of %d bytes, and no more "
			       "than %zu of it",
			       l->in_len >= 2 ? l->in[0] << 8 | l->in[1] : 0,
			       l->in_len >= 2 ? l->in_len - 2 : 0);
	return rc ? rc : fill(l, err);
}

static void drop_taken(struct link *l)
{
	memmove(l->in, l->in + l->taken, l->in_len - l->taken);
	l->in_len -= l->taken;
	l->taken = 0;
}

int link_receive(struct link *l, struct bytes *body, int64_t deadline_ns, struct err *err)
{
	int rc = 0;

	drop_taken(l);
	while (!rc) {
		l->taken = vpcd_parse(BYTES(l->in, l->in_len), body);
		if (l->taken) {
			l->begun_ns = 0;
			return 0;
		}
		rc = await(l, deadline_ns, err);
	}
	return rc;
}

bool link_has_more(const struct link *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };

	return l->in_len > l->taken || (poll(&p, 1, 0) > 0 && p.revents & POLLIN);
}
