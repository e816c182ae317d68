/*
 * LCUS relay boards on a serial line: 9600 8N1, four bytes a command, mostly write-only.
 *
 * The line is set up by hand (drivers/tty.h) and not through libserialport: sp_get_port_by_name refuses
 * everything that /sys/class/tty does not list, pseudo-terminals among it, and a board that tests and the
 * emulated desk cannot reach would be a board nobody tests. libserialport names the adapter.
 *
 * Every wait here is bounded: the worker around this driver must get back to its heartbeat.
 */
#include "drivers/relay.h"
#include "drivers/relay/lcus_wire.h"
#include "drivers/tty.h"

#include <assert.h>
#include <errno.h>
#include <libserialport.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define BAUD 9600
#define WRITE_LIMIT_NS (300 * NS_PER_MS)  /* 8 commands take 33 ms */
#define ANSWER_LIMIT_NS (300 * NS_PER_MS) /* 8 channels: 80 characters, 84 ms */
#define OFF_TRIES 2

struct lcus_options {
	const char *device;
	int64_t channels;
	bool reads_back;
};

struct lcus {
	struct relay base;
	int fd;
	int channels;
	bool reads_back, simulated;
	char model[64], link[64];
};

static const struct relay_ops lcus_ops;

static struct lcus *lcus_of(struct relay *r)
{
	assert(r->ops == &lcus_ops);
	return (struct lcus *)r;
}

static int line_failed(struct lcus *l, const char *doing, struct err *err)
{
	int why = errno;

	if (tty_hung_up(l->fd) || why == EIO || why == ENXIO || why == ENODEV)
		return err_set(err, ERR_GONE, "%s: the line is hung up", doing);
	return err_set(err, ERR_IO, "%s: %s", doing, strerror(why));
}

/* Until the line is ready for @events: 0, ERR_TIMEOUT. */
static int wait_line(struct lcus *l, short events, int64_t deadline_ns)
{
	struct pollfd p = { .fd = l->fd, .events = events };

	for (;;) {
		int64_t left = deadline_ns - clock_now(clock_real());
		int n;

		if (left <= 0)
			return ERR_TIMEOUT;
		n = poll(&p, 1, (int)(left / NS_PER_MS) + 1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return ERR_IO;
	}
}

/* tcdrain(3) with a limit: a USB adapter that no longer takes bytes would hold it for ever. */
static int drain(struct lcus *l, int64_t deadline_ns, struct err *err)
{
	struct clock *clock = clock_real();
	int waiting = 0;

	while (ioctl(l->fd, TIOCOUTQ, &waiting) == 0 && waiting > 0) {
		if (clock_now(clock) > deadline_ns)
			return err_set(err, ERR_TIMEOUT,
				       "the board's line does not take bytes");
		clock->sleep_until(clock, clock_now(clock) + NS_PER_MS);
	}
	return 0;
}

static int send_bytes(struct lcus *l, const uint8_t *bytes, size_t len, struct err *err)
{
	struct clock *clock = clock_real();
	int64_t began = clock_now(clock), deadline = began + WRITE_LIMIT_NS;
	int64_t on_line = (int64_t)len * 10 * NS_PER_S / BAUD;
	int rc;

	while (len > 0) {
		ssize_t n = write(l->fd, bytes, len);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return line_failed(l, "writing to the board", err);
		if (wait_line(l, POLLOUT, deadline))
			return err_set(err, ERR_TIMEOUT,
				       "the board's line does not take bytes");
	}
	rc = drain(l, deadline, err);
	/* an adapter's own buffer is not counted there: the board has it when the line was busy long enough */
	if (rc == 0)
		clock->sleep_until(clock, began + on_line);
	return rc;
}

static int lcus_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct lcus *l = lcus_of(r);
	uint8_t command[4];

	if (channel > l->channels)
		return err_set(err, ERR_RANGE, "channel %d: the board has 1 to %d",
			       channel, l->channels);
	lcus_build(command, channel, on);
	return send_bytes(l, command, sizeof(command), err);
}

/* One line of the answer, without its end; 0 or an error. */
static int read_line(struct lcus *l, char line[LCUS_LINE_MAX], int64_t deadline_ns,
		     struct err *err)
{
	size_t len = 0;

	for (;;) {
		char c;
		ssize_t n = read(l->fd, &c, 1);

		if (n == 1 && c == '\n')
			break;
		if (n == 1) {
			if (len + 1 == LCUS_LINE_MAX)
				return err_set(err, ERR_FORMAT,
					       "the board sends no lines");
			line[len++] = c;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return line_failed(l, "reading from the board", err);
		if (n == 0 && tty_hung_up(l->fd))
			return err_set(err, ERR_GONE, "the board's line is hung up");
		if (wait_line(l, POLLIN, deadline_ns))
			return err_set(err, ERR_TIMEOUT,
				       "the board does not tell its state");
	}
	line[len] = '\0';
	return 0;
}

static int lcus_read(struct relay *r, uint32_t *state, struct err *err)
{
	struct lcus *l = lcus_of(r);
	uint32_t all = (1u << l->channels) - 1, seen = 0, on_mask = 0;
	int64_t deadline = clock_now(clock_real()) + ANSWER_LIMIT_NS;
	uint8_t query = LCUS_QUERY;
	int rc;

	if (!l->reads_back)
		return err_set(err, ERR_UNSUPPORTED,
			       "this board does not tell its state");
	tcflush(l->fd, TCIFLUSH);
	rc = send_bytes(l, &query, 1, err);
	while (rc == 0 && seen != all) {
		char line[LCUS_LINE_MAX];
		int channel;
		bool on;

		rc = read_line(l, line, deadline, err);
		if (rc || lcus_parse_status(line, &channel, &on) || channel > l->channels)
			continue;
		seen |= 1u << (channel - 1);
		if (on)
			on_mask |= 1u << (channel - 1);
	}
	if (rc == 0)
		*state = on_mask;
	return rc;
}

static int send_all_off(struct lcus *l, struct err *err)
{
	uint8_t commands[LCUS_MAX_CHANNELS * 4];

	for (int i = 0; i < l->channels; i++)
		lcus_build(commands + i * 4, i + 1, false);
	return send_bytes(l, commands, (size_t)l->channels * 4, err);
}

/* Safety: where the board can tell, it must agree, and is told twice. */
static int lcus_all_off(struct relay *r, struct err *err)
{
	struct lcus *l = lcus_of(r);
	int rc = ERR_IO;

	for (int i = 0; i < OFF_TRIES; i++) {
		uint32_t state = 0;

		rc = send_all_off(l, err);
		if (rc == ERR_GONE || (rc == 0 && !l->reads_back))
			return rc;
		if (rc == 0)
			rc = lcus_read(r, &state, err);
		if (rc == 0 && state == 0)
			return 0;
		if (rc == 0)
			rc = err_set(err, ERR_IO, "the board keeps channels on (%#x)",
				     state);
	}
	return rc;
}

static int lcus_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	struct lcus *l = lcus_of(r);

	(void)err;
	memset(id, 0, sizeof(*id));
	memcpy(id->model, l->model, sizeof(id->model));
	memcpy(id->link, l->link, sizeof(id->link));
	id->channels = l->channels;
	id->reads_back = l->reads_back;
	id->simulated = l->simulated;
	return 0;
}

static void release(struct lcus *l)
{
	if (l->fd >= 0) {
		tty_exclusive(l->fd, false);
		close(l->fd);
	}
	free(l);
}

static void lcus_close(struct relay *r)
{
	lcus_all_off(r, NULL);
	release(lcus_of(r));
}

static void name_board(struct lcus *l, const char *path)
{
	struct sp_port *port = NULL;
	const char *adapter = NULL;

	if (sp_get_port_by_name(path, &port) == SP_OK)
		adapter = sp_get_port_description(port);
	snprintf(l->model, sizeof(l->model), "LCUS, %d channels%s%.30s", l->channels,
		 adapter ? " on " : "", adapter ? adapter : "");
	snprintf(l->link, sizeof(l->link), "%.50s:%d", path, BAUD);
	if (port)
		sp_free_port(port);
}

static int lcus_open(struct relay **out, const void *options, struct clock *clock,
		     struct err *err)
{
	const struct lcus_options *o = options;
	struct lcus *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return err_set(err, ERR_NOMEM, "relay board");
	l->base = (struct relay){ &lcus_ops, clock };
	l->fd = -1;
	l->channels = (int)o->channels;
	l->reads_back = o->reads_back;
	rc = tty_open(&l->fd, o->device, err);
	if (rc == 0) {
		tty_exclusive(l->fd, true);
		l->simulated = tty_is_simulated(l->fd);
		name_board(l, o->device);
		rc = tty_raw(l->fd, BAUD, err);
	}
	/* whoever had it before may have left a coil energised: the board has no watchdog */
	if (rc == 0)
		rc = lcus_all_off(&l->base, err);
	if (rc) {
		release(l);
		return err_wrap(err, rc, "opening the relay board %.200s", o->device);
	}
	*out = &l->base;
	return 0;
}

static const struct relay_ops lcus_ops = {
	.set = lcus_set,
	.all_off = lcus_all_off,
	.read = lcus_read,
	.identity = lcus_identity,
	.close = lcus_close,
};

static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct lcus_options, device),
	  .help = "the board's serial line" },
	{ .key = "channels",
	  .type = CONF_INT,
	  .offset = offsetof(struct lcus_options, channels),
	  .help = "how many relays it has: 1, 2, 4 or 8",
	  .min = 1,
	  .max = LCUS_MAX_CHANNELS },
	{ .key = "reads_back",
	  .type = CONF_BOOL,
	  .offset = offsetof(struct lcus_options, reads_back),
	  .fallback = "no",
	  .help = "newer firmware tells its state when asked with FF" },
	{ 0 },
};

extern const struct relay_driver lcus_driver;
const struct relay_driver lcus_driver = {
	.name = "lcus",
	.summary = "LCUS-1/-2/-4/-8 relay boards on a serial line",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct lcus_options),
	.open = lcus_open,
};
