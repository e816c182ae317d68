#include "bench/core/fs.h"
#include "bench/core/log.h"
#include "bench/core/pump.h"
#include "drivers/can/cyclic.h"
#include "tools/can/can.h"

#include <errno.h>
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_MAX_BYTES (64u << 20)
#define AHEAD_NS (50 * NS_PER_MS) /* the helper has its order by then */

static int start(struct cyclic **out, const struct arguments *a, struct pump *pump,
		 struct err *err)
{
	struct can_options o;
	int rc = can_options(&o, a, err);

	if (rc)
		return rc;
	rc = cyclic_start(out, bus_driver_find("socketcan"), o.bound, pump, err);
	can_options_free(&o);
	return rc;
}

/* Until what was started is over, and how it went. */
static int finish(struct cyclic *c, struct pump *pump, int64_t until_ns, struct err *err)
{
	struct cyclic_count count = { 0 };
	int rc = pump_sleep_until(pump, until_ns, err);

	pump_hold_stop(pump, true);
	if (!rc || rc == ERR_INTERRUPTED)
		rc = cyclic_stop(c, &count, NULL, err);
	cyclic_end(c);
	if (!rc)
		printf("sent %llu late %llu\n", (unsigned long long)count.sent,
		       (unsigned long long)count.late);
	return rc;
}

int can_cyclic(const struct arguments *a, struct pump *pump, struct err *err)
{
	int64_t first;
	struct cyclic *c;
	int rc = start(&c, a, pump, err);

	if (rc)
		return rc;
	first = clock_now(clock_real()) + AHEAD_NS;
	rc = cyclic_add(c, &a->frame, a->every_ns, first, err);
	if (rc) {
		cyclic_end(c);
		return rc;
	}
	return finish(c, pump, first + a->count * a->every_ns - a->every_ns / 2, err);
}

static int read_log(struct replay *r, const struct arguments *a, struct err *err)
{
	struct buf text;
	long line = 0;
	int rc;

	buf_init(&text, LOG_MAX_BYTES + 1);
	rc = fs_read(a->log_path, LOG_MAX_BYTES, &text, err);
	if (!rc) {
		rc = replay_read(r, buf_bytes(&text), a->log_interface, &line);
		if (rc)
			err_set(err, rc, "%s:%ld: %s", a->log_path, line,
				rc == ERR_UNSUPPORTED ? "its time lies before that of "
							"the frame in front of it"
				: line ? "this is no frame, or one too many"
				       : "no frame to replay");
	}
	buf_release(&text);
	return rc;
}

int can_replay(const struct arguments *a, struct pump *pump, struct err *err)
{
	struct replay r = { 0 };
	struct cyclic *c;
	int64_t first, last;
	int rc = read_log(&r, a, err);

	if (!rc)
		rc = start(&c, a, pump, err);
	if (rc) {
		replay_release(&r);
		return rc;
	}
	first = clock_now(clock_real()) + AHEAD_NS;
	last = first + r.frames[r.count - 1].after_ns;
	rc = cyclic_replay(c, &r, first, err);
	replay_release(&r);
	if (rc) {
		cyclic_end(c);
		return rc;
	}
	return finish(c, pump, last + 200 * NS_PER_MS, err);
}

#define BATCH 64

/* Frames and echoes of a flood. */
struct flood {
	const struct arguments *a;
	struct bus *bus;
	int64_t sent, echoed, full, lost;
	int64_t misplaced; /* echoes whose number was not the next */
};

static void number_frame(struct canframe *f, int64_t n)
{
	for (int i = 0; i < 4; i++)
		f->data[i] = (uint8_t)(n >> (24 - 8 * i));
}

static int take_echoes(struct flood *f, int64_t until_ns, struct err *err)
{
	enum bus_result result = BUS_OK;
	int rc = 0;

	/* what is not under way need not be asked for */
	while (!rc && result == BUS_OK && f->echoed + f->lost < f->sent) {
		struct canframe wanted = f->a->frame;
		struct bus_frame got;

		rc = bus_receive(f->bus, &got, until_ns, &result, err);
		until_ns = 0;
		f->lost += rc ? 0 : got.lost;
		if (rc || result != BUS_OK || !got.own)
			continue;
		if (f->a->verify) {
			number_frame(&wanted, f->echoed);
			f->misplaced += !canframe_equal(&wanted, &got.frame);
		}
		f->echoed++;
	}
	return rc;
}

static int send_batch(struct flood *f, struct pump *pump, struct err *err)
{
	int64_t left = f->a->count - f->sent;
	int count = left < BATCH ? (int)left : BATCH, done = 0, rc = 0;
	struct canframe frames[BATCH];

	for (int i = 0; i < count; i++) {
		frames[i] = f->a->frame;
		if (f->a->verify)
			number_frame(&frames[i], f->sent + i);
	}
	while (!rc && done < count) {
		int sent;

		rc = bus_send_many(f->bus, frames + done, count - done, &sent, err);
		done += sent;
		f->sent += sent;
		if (rc || done == count)
			break;
		f->full++;
		if (pump_stop_requested(pump))
			return err_set(err, ERR_INTERRUPTED, "interrupted");
		rc = take_echoes(f, clock_now(clock_real()) + NS_PER_MS, err);
	}
	return rc;
}

int can_flood(const struct arguments *a, struct pump *pump, struct err *err)
{
	struct flood f = { .a = a };
	int64_t from, quiet;
	int rc = can_open(&f.bus, a, true, NULL, err);

	if (rc)
		return rc;
	from = clock_now(clock_real());
	while (!rc && f.sent < a->count) {
		rc = send_batch(&f, pump, err);
		if (!rc)
			rc = take_echoes(&f, 0, err);
	}
	quiet = clock_now(clock_real()) + 5 * NS_PER_S;
	while (!rc && f.echoed + f.lost < f.sent && clock_now(clock_real()) < quiet)
		rc = take_echoes(&f, clock_now(clock_real()) + 10 * NS_PER_MS, err);
	if (!rc)
		printf("sent %lld echoed %lld misplaced %lld lost %lld full %lld "
		       "seconds %.6f\n",
		       (long long)f.sent, (long long)f.echoed, (long long)f.misplaced,
		       (long long)f.lost, (long long)f.full,
		       (double)(clock_now(clock_real()) - from) / 1e9);
	if (!rc && (f.echoed != f.sent || f.misplaced))
		rc = err_set(err, ERR_IO, "not every frame came back, or not in order");
	bus_close(f.bus);
	return rc;
}

int can_bcm(const struct arguments *a, struct pump *pump, struct err *err)
{
	struct sockaddr_can at = { .can_family = AF_CAN,
				   .can_ifindex = (int)if_nametoindex(a->interface) };
	const struct bcm_msg_head head = {
		.opcode = TX_SETUP,
		.flags = SETTIMER | STARTTIMER,
		.can_id = a->frame.id | (a->frame.extended ? CAN_EFF_FLAG : 0),
		.nframes = 1,
		.ival2 = { a->every_ns / NS_PER_S, a->every_ns % NS_PER_S / NS_PER_US },
	};
	uint8_t message[sizeof(head) + CANFRAME_SOCKET_CLASSIC];
	struct buf b = BUF_ON(message);
	int fd, rc = 0;

	if (a->frame.fd)
		return err_set(err, ERR_UNSUPPORTED, "bcm: classic frames only");
	buf_add(&b, BYTES((const uint8_t *)&head, sizeof(head)));
	canframe_to_socket(&a->frame, &b);
	fd = socket(PF_CAN, SOCK_DGRAM | SOCK_CLOEXEC, CAN_BCM);
	if (fd < 0)
		return err_set(err, ERR_IO, "CAN_BCM: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    write(fd, message, b.len) != (ssize_t)b.len)
		rc = err_set(err, ERR_IO, "%s: CAN_BCM: %s", a->interface,
			     strerror(errno));
	if (!rc)
		rc = pump_sleep_until(pump,
				      clock_now(clock_real()) + a->count * a->every_ns -
					      a->every_ns / 2,
				      err);
	close(fd);
	return rc;
}
