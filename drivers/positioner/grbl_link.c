#include "drivers/positioner/grbl_link.h"

#include "drivers/tty.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int line_failed(struct grbl_link *g, const char *doing, struct err *err)
{
	int why = errno;

	if (tty_hung_up(g->fd) || why == EIO || why == ENXIO || why == ENODEV)
		return err_set(err, ERR_GONE, "%s: the axis' line is hung up", doing);
	return err_set(err, ERR_IO, "%s: %s", doing, strerror(why));
}

int grbl_send(struct grbl_link *g, const char *bytes, size_t len, struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + GRBL_ANSWER_LIMIT_NS;

	while (len > 0) {
		struct pollfd p = { .fd = g->fd, .events = POLLOUT };
		ssize_t n = write(g->fd, bytes, len);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return line_failed(g, "writing to the axis", err);
		if (clock_now(clock_real()) > deadline)
			return err_set(err, ERR_TIMEOUT,
				       "the axis' line does not take bytes");
		poll(&p, 1, 10);
	}
	return 0;
}

int grbl_send_byte(struct grbl_link *g, enum grbl_realtime byte, struct err *err)
{
	char c = (char)byte;

	return grbl_send(g, &c, 1, err);
}

int grbl_alarmed(int number, struct err *err)
{
	return err_set(err, ERR_IO, "the axis is in alarm %d: %s", number,
		       grbl_alarm_text(number));
}

static int take_status(struct grbl_link *g, const struct grbl_report *r)
{
	g->status = *r;
	g->status_ns = clock_now(g->clock);
	for (int i = 0; i < GRBL_AXES; i++) {
		if (r->has_machine)
			g->at_um[i] = r->machine_um[i];
		else if (r->has_work && r->has_offset)
			g->at_um[i] = r->work_um[i] + r->offset_um[i];
	}
	return r->has_machine || (r->has_work && r->has_offset) ? 0 : ERR_FORMAT;
}

static int take_line(struct grbl_link *g, struct err *err)
{
	struct grbl_report r;

	if (grbl_parse(g->lines.text, &r))
		return err_set(err, ERR_FORMAT, "the axis says '%.60s'", g->lines.text);
	switch (r.kind) {
	case GRBL_OK:
		g->unanswered -= g->unanswered > 0;
		return 0;
	case GRBL_ERROR:
		g->unanswered -= g->unanswered > 0;
		g->error = r.number;
		return 0;
	case GRBL_ALARM:
		return grbl_alarmed(r.number, err);
	case GRBL_STATUS:
		if (take_status(g, &r))
			return err_set(err, ERR_FORMAT,
				       "the axis does not say where it is; set "
				       "$10=1");
		return 0;
	case GRBL_BANNER:
		g->banner = true;
		return 0;
	default:
		return 0;
	}
}

/* One byte, or ERR_TIMEOUT when none is there by @deadline_ns. */
static int read_byte(struct grbl_link *g, uint8_t *byte, int64_t deadline_ns,
		     struct err *err)
{
	for (;;) {
		struct pollfd p = { .fd = g->fd, .events = POLLIN };
		ssize_t n = read(g->fd, byte, 1);
		int64_t left;

		if (n == 1)
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return line_failed(g, "reading from the axis", err);
		if (n == 0 && tty_hung_up(g->fd))
			return err_set(err, ERR_GONE, "the axis' line is hung up");
		left = deadline_ns - clock_now(clock_real());
		if (left <= 0)
			return ERR_TIMEOUT;
		poll(&p, 1, (int)(left / NS_PER_MS) + 1);
	}
}

/* Take in lines until @done says so: 0; ERR_TIMEOUT without words when it does not by then. */
static int read_until(struct grbl_link *g, bool (*done)(const struct grbl_link *g),
		      int64_t limit_ns, struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + limit_ns;
	int rc = 0;

	while (rc == 0 && !done(g)) {
		uint8_t byte = 0;

		rc = read_byte(g, &byte, deadline, err);
		if (rc == 0 && grbl_line_feed(&g->lines, byte))
			rc = take_line(g, err);
	}
	return rc;
}

static bool never(const struct grbl_link *g)
{
	(void)g;
	return false;
}

static bool answered(const struct grbl_link *g)
{
	return g->unanswered == 0;
}

static bool greeted(const struct grbl_link *g)
{
	return g->banner;
}

static bool told(const struct grbl_link *g)
{
	return g->status_ns > g->before_ns;
}

/* What came in by itself. A banner that nobody asked for: it lost its steps. */
int grbl_take_in(struct grbl_link *g, struct err *err)
{
	int rc;

	g->banner = false;
	rc = read_until(g, never, 0, err);
	if (rc != ERR_TIMEOUT)
		return rc;
	if (g->banner)
		return err_set(err, ERR_IO,
			       "the axis started anew by itself: it does not "
			       "know where it is");
	return 0;
}

int grbl_ask_status(struct grbl_link *g, struct err *err)
{
	int rc;

	g->before_ns = clock_now(g->clock);
	rc = grbl_send_byte(g, GRBL_ASK, err);
	if (rc == 0)
		rc = read_until(g, told, GRBL_ANSWER_LIMIT_NS, err);
	if (rc == ERR_TIMEOUT)
		return err_set(err, rc, "the axis does not say what it is doing");
	return rc;
}

/* A line, answered. */
int grbl_tell(struct grbl_link *g, const char *line, struct err *err)
{
	int rc;

	g->error = 0;
	g->unanswered++;
	rc = grbl_send(g, line, strlen(line), err);
	if (rc == 0)
		rc = read_until(g, answered, GRBL_ANSWER_LIMIT_NS, err);
	if (rc == ERR_TIMEOUT)
		return err_set(err, rc, "the axis does not answer");
	if (rc == 0 && g->error)
		return err_set(err, ERR_IO, "the axis refuses '%.*s': error %d, %s",
			       (int)strcspn(line, "\n"), line, g->error,
			       grbl_error_text(g->error));
	return rc;
}

static bool at_rest(const struct grbl_link *g)
{
	return g->status.state != GRBL_RUN && g->status.state != GRBL_JOG &&
	       !(g->status.state == GRBL_HOLDING && g->status.substate == 1);
}

/* Its banner, whatever it says before that. @return 0, ERR_GONE, or ERR_TIMEOUT without words */
static int await_banner(struct grbl_link *g, int64_t limit_ns)
{
	int64_t end = clock_now(clock_real()) + limit_ns;
	int rc;

	do {
		int64_t left = end - clock_now(clock_real());

		if (left <= 0 && !g->banner)
			return ERR_TIMEOUT;
		/* an alarm that it tells meanwhile is what homing is for */
		rc = read_until(g, greeted, left, NULL);
	} while (rc && rc != ERR_GONE);
	return rc;
}

static int hung_up(struct err *err)
{
	return err_set(err, ERR_GONE, "the axis' line is hung up");
}

/* It stands, or does not say so: one that homes or is in alarm is deaf, and has nothing to hold. */
static int hold_still(struct grbl_link *g)
{
	int64_t deadline = clock_now(clock_real()) + GRBL_ANSWER_LIMIT_NS;
	int rc = grbl_send_byte(g, GRBL_HOLD, NULL);

	while (rc != ERR_GONE) {
		int64_t left = deadline - clock_now(clock_real());

		if (left <= 0)
			return 0;
		g->before_ns = clock_now(g->clock);
		rc = grbl_send_byte(g, GRBL_ASK, NULL);
		if (rc == 0)
			rc = read_until(g, told, left, NULL);
		if (rc == 0 && at_rest(g))
			return 0;
	}
	return rc;
}

int grbl_start_over(struct grbl_link *g, struct err *err)
{
	int rc = hold_still(g);

	if (rc == 0) {
		g->banner = false;
		g->unanswered = 0;
		rc = grbl_send_byte(g, GRBL_RESET, err);
	}
	if (rc == 0)
		rc = await_banner(g, GRBL_ANSWER_LIMIT_NS);
	if (rc == ERR_GONE)
		return hung_up(err);
	return rc == ERR_TIMEOUT ? err_set(err, rc, "the axis does not reset") : rc;
}

/* Stop where it is, and forget what was planned. */
int grbl_stop_short(struct grbl_link *g, struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + GRBL_ANSWER_LIMIT_NS;
	int rc = grbl_send_byte(g, GRBL_HOLD, err);

	while (rc == 0) {
		rc = grbl_ask_status(g, err);
		if (rc || at_rest(g))
			break;
		if (clock_now(clock_real()) > deadline)
			return err_set(err, ERR_TIMEOUT, "the axis does not stop");
	}
	if (rc)
		return rc;
	g->banner = false;
	g->unanswered = 0;
	rc = grbl_send_byte(g, GRBL_RESET, err);
	if (rc == 0)
		rc = read_until(g, greeted, GRBL_ANSWER_LIMIT_NS, err);
	return rc == ERR_TIMEOUT ? err_set(err, rc, "the axis does not reset") : rc;
}

/* Whoever had it before may have left it on its way to the reader. */
int grbl_wake(struct grbl_link *g, struct err *err)
{
	int rc = grbl_send_byte(g, GRBL_HOLD, err);

	if (rc == 0)
		rc = read_until(g, never, 50 * NS_PER_MS, NULL);
	if (rc == ERR_GONE)
		return hung_up(err);
	g->banner = false;
	rc = grbl_send_byte(g, GRBL_RESET, err);
	if (rc == 0)
		rc = await_banner(g, GRBL_BANNER_LIMIT_NS);
	if (rc == ERR_GONE)
		return hung_up(err);
	if (rc == ERR_TIMEOUT)
		return err_set(err, rc, "nobody says that it is GRBL within %lld ms",
			       (long long)(GRBL_BANNER_LIMIT_NS / NS_PER_MS));
	return rc;
}

struct needed {
	int number;
	const char *what;
};

/* "$20=1" and the like, one at a time: the settings go by in take_line otherwise. */
int grbl_check_settings(struct grbl_link *g, struct err *err)
{
	static const struct needed needed[] = { { 20, "soft limits" }, { 22, "homing" } };
	int64_t deadline = clock_now(clock_real()) + 2 * GRBL_ANSWER_LIMIT_NS;
	bool on[2] = { false, false };
	int rc = grbl_send(g, "$$\n", 3, err);

	g->unanswered = 1;
	g->error = 0;
	while (rc == 0 && g->unanswered) {
		struct grbl_report r;
		uint8_t byte = 0;

		rc = read_byte(g, &byte, deadline, err);
		if (rc || !grbl_line_feed(&g->lines, byte))
			continue;
		if (grbl_parse(g->lines.text, &r) == 0 && r.kind == GRBL_SETTING)
			for (int i = 0; i < 2; i++)
				on[i] = on[i] ||
					(r.number == needed[i].number && r.value_m != 0);
		rc = take_line(g, err);
	}
	if (rc == ERR_TIMEOUT)
		return err_set(err, rc, "the axis does not tell its settings");
	for (int i = 0; i < 2 && rc == 0; i++)
		if (!on[i])
			rc = err_set(err, ERR_USAGE,
				     "%s are switched off in the axis: send it $%d=1",
				     needed[i].what, needed[i].number);
	return rc;
}
