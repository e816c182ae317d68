#include "drivers/relay/serial_board.h"

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

#define WRITE_LIMIT_NS (300 * NS_PER_MS) /* 8 commands of an LCUS take 33 ms */
#define OFF_TRIES 2

static const struct relay_ops serial_ops;

static struct serial_board *board_of(struct relay *r)
{
	assert(r->ops == &serial_ops);
	return (struct serial_board *)r;
}

static int line_failed(struct serial_board *b, const char *doing, struct err *err)
{
	int why = errno;

	if (tty_hung_up(b->fd) || why == EIO || why == ENXIO || why == ENODEV)
		return err_set(err, ERR_GONE, "%s: the line is hung up", doing);
	return err_set(err, ERR_IO, "%s: %s", doing, strerror(why));
}

/* Until the line is ready for @events: 0, ERR_TIMEOUT. */
static int wait_line(struct serial_board *b, short events, int64_t deadline_ns)
{
	struct pollfd p = { .fd = b->fd, .events = events };

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
static int drain(struct serial_board *b, int64_t deadline_ns, struct err *err)
{
	struct clock *clock = clock_real();
	int waiting = 0;

	while (ioctl(b->fd, TIOCOUTQ, &waiting) == 0 && waiting > 0) {
		if (clock_now(clock) > deadline_ns)
			return err_set(err, ERR_TIMEOUT,
				       "the board's line does not take bytes");
		clock->sleep_until(clock, clock_now(clock) + NS_PER_MS);
	}
	return 0;
}

int serial_send(struct serial_board *b, struct bytes bytes, struct err *err)
{
	struct clock *clock = clock_real();
	int64_t began = clock_now(clock), deadline = began + WRITE_LIMIT_NS;
	int64_t on_line = (int64_t)bytes.len * 10 * NS_PER_S / b->kind->baud;
	int rc;

	while (bytes.len > 0) {
		ssize_t n = write(b->fd, bytes.data, bytes.len);

		if (n > 0) {
			bytes.data += n;
			bytes.len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return line_failed(b, "writing to the board", err);
		if (wait_line(b, POLLOUT, deadline))
			return err_set(err, ERR_TIMEOUT,
				       "the board's line does not take bytes");
	}
	rc = drain(b, deadline, err);
	/* an adapter's own buffer is not counted there: the board has it when the line was busy long enough */
	if (rc == 0)
		clock->sleep_until(clock, began + on_line);
	return rc;
}

int serial_byte(struct serial_board *b, uint8_t *out, int64_t deadline_ns,
		struct err *err)
{
	for (;;) {
		ssize_t n = read(b->fd, out, 1);

		if (n == 1)
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return line_failed(b, "reading from the board", err);
		if (n == 0 && tty_hung_up(b->fd))
			return err_set(err, ERR_GONE, "the board's line is hung up");
		if (wait_line(b, POLLIN, deadline_ns))
			return err_set(err, ERR_TIMEOUT,
				       "the board does not tell its state");
	}
}

void serial_forget(struct serial_board *b)
{
	tcflush(b->fd, TCIFLUSH);
}

static int serial_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct serial_board *b = board_of(r);

	if (channel > b->channels)
		return err_set(err, ERR_RANGE, "channel %d: the board has 1 to %d",
			       channel, b->channels);
	return b->kind->set(b, channel, on, err);
}

static int serial_read(struct relay *r, uint32_t *state, struct err *err)
{
	struct serial_board *b = board_of(r);

	if (!b->reads_back)
		return err_set(err, ERR_UNSUPPORTED,
			       "this board does not tell its state");
	return b->kind->read(b, state, err);
}

/* Safety: where the board can tell, it must agree, and is told twice. */
static int serial_all_off(struct relay *r, struct err *err)
{
	struct serial_board *b = board_of(r);
	int rc = ERR_IO;

	for (int i = 0; i < OFF_TRIES; i++) {
		uint32_t state = 0;

		rc = b->kind->set_all_off(b, err);
		if (rc == ERR_GONE || (rc == 0 && !b->reads_back))
			return rc;
		if (rc == 0)
			rc = b->kind->read(b, &state, err);
		if (rc == 0 && state == 0)
			return 0;
		if (rc == 0)
			rc = err_set(err, ERR_IO, "the board keeps channels on (%#x)",
				     state);
	}
	return rc;
}

static int serial_input(struct relay *r, int input, bool *on, struct err *err)
{
	struct serial_board *b = board_of(r);

	if (!b->kind->input)
		return err_set(err, ERR_UNSUPPORTED, "this board has no inputs");
	return b->kind->input(b, input, on, err);
}

static int serial_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	struct serial_board *b = board_of(r);

	(void)err;
	memset(id, 0, sizeof(*id));
	memcpy(id->model, b->model, sizeof(id->model));
	memcpy(id->link, b->link, sizeof(id->link));
	id->channels = b->channels;
	id->reads_back = b->reads_back;
	id->simulated = b->simulated;
	return 0;
}

static void release(struct serial_board *b)
{
	if (b->fd >= 0) {
		tty_exclusive(b->fd, false);
		close(b->fd);
	}
	free(b);
}

static void serial_close(struct relay *r)
{
	serial_all_off(r, NULL);
	release(board_of(r));
}

static void name_board(struct serial_board *b, const char *device)
{
	char path[TTY_PATH_MAX];
	struct sp_port *port = NULL;
	const char *adapter = NULL;

	if (tty_path(path, device, NULL) == 0 &&
	    sp_get_port_by_name(path, &port) == SP_OK)
		adapter = sp_get_port_description(port);
	snprintf(b->model, sizeof(b->model), "%s, %d channels%s%.30s", b->kind->maker,
		 b->channels, adapter ? " on " : "", adapter ? adapter : "");
	snprintf(b->link, sizeof(b->link), "%.50s:%d", device, b->kind->baud);
	if (port)
		sp_free_port(port);
}

static const struct relay_ops serial_ops = {
	.set = serial_set,
	.all_off = serial_all_off,
	.read = serial_read,
	.input = serial_input,
	.identity = serial_identity,
	.close = serial_close,
};

int serial_board_open(struct relay **out, const struct serial_kind *kind,
		      const char *device, int channels, bool reads_back,
		      struct clock *clock, struct err *err)
{
	struct serial_board *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return err_set(err, ERR_NOMEM, "relay board");
	b->base = (struct relay){ &serial_ops, clock };
	b->kind = kind;
	b->fd = -1;
	b->channels = channels;
	b->reads_back = reads_back;
	rc = tty_open(&b->fd, device, err);
	if (rc == 0) {
		tty_exclusive(b->fd, true);
		b->simulated = tty_is_simulated(b->fd);
		name_board(b, device);
		rc = tty_raw(b->fd, kind->baud, err);
	}
	if (rc == 0 && kind->greet)
		rc = kind->greet(b, err);
	/* whoever had it before may have left a coil energised: the board has no watchdog */
	if (rc == 0)
		rc = serial_all_off(&b->base, err);
	if (rc) {
		release(b);
		return err_wrap(err, rc, "opening the relay board %.200s", device);
	}
	*out = &b->base;
	return 0;
}
