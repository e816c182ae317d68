#include "drivers/positioner/grbl_model.h"

#include "bench/core/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PULL_OFF_UM 1000 /* from the switches, after homing */

static void say(struct buf *reply, const char *text)
{
	buf_text(reply, text);
	buf_text(reply, "\r\n");
}

static bool moves(const struct grbl_model *m)
{
	return m->state == GRBL_RUN || m->state == GRBL_JOG;
}

void grbl_model_place(const struct grbl_model *m, int64_t now_ns, int64_t um[GRBL_AXES])
{
	double part = 0;

	memcpy(um, m->at_um, sizeof(m->at_um));
	if (!moves(m) || m->blocked)
		return;
	if (m->ends_ns > m->began_ns)
		part = (double)(now_ns - m->began_ns) /
		       (double)(m->ends_ns - m->began_ns);
	if (part > 1 || m->ends_ns <= m->began_ns)
		part = 1;
	for (int i = 0; i < GRBL_AXES; i++)
		um[i] += llround(part * (double)(m->plan[0].to_um[i] - m->at_um[i]));
}

static void begin_move(struct grbl_model *m, int64_t now_ns)
{
	double square = 0;

	for (int i = 0; i < GRBL_AXES; i++) {
		double d = (double)(m->plan[0].to_um[i] - m->at_um[i]);

		square += d * d;
	}
	m->state = GRBL_RUN;
	m->began_ns = now_ns;
	m->ends_ns = now_ns + (int64_t)(sqrt(square) / (double)m->plan[0].um_per_s * 1e9);
}

/* Where it is now becomes where it stands; moves that are planned stay so. */
static void stand(struct grbl_model *m, int64_t now_ns)
{
	int64_t um[GRBL_AXES];

	grbl_model_place(m, now_ns, um);
	memcpy(m->at_um, um, sizeof(um));
}

static void forget_moves(struct grbl_model *m)
{
	m->count = 0;
	m->dwell_ns = -1;
	m->waiting = 0;
	m->len = 0;
	m->too_long = false;
}

static void alarm(struct grbl_model *m, int number, struct buf *reply)
{
	forget_moves(m);
	m->state = GRBL_ALARMED;
	buf_printf(reply, "ALARM:%d\r\n", number);
	m->deaf = number == 1 || number == 2; /* of its limits */
	if (m->deaf)
		say(reply, "[MSG:Reset to continue]");
}

static void greet(struct grbl_model *m, struct buf *reply)
{
	say(reply, "\r\nGrbl 1.1h ['$' for help]");
	if (m->state == GRBL_ALARMED)
		say(reply, "[MSG:'$H'|'$X' to unlock]");
}

void grbl_model_start(struct grbl_model *m, int64_t now_ns, struct buf *reply)
{
	m->began_ns = m->ends_ns = now_ns;
	forget_moves(m);
	m->feed = 0;
	m->state = m->locked_at_start ? GRBL_ALARMED : GRBL_IDLE;
	greet(m, reply);
}

static void reset(struct grbl_model *m, int64_t now_ns, struct buf *reply)
{
	bool lost = moves(m) || m->state == GRBL_HOMING;

	stand(m, now_ns);
	forget_moves(m);
	m->feed = 0;
	m->deaf = false;
	if (lost) { /* it stopped without slowing down */
		m->homed = false;
		alarm(m, m->state == GRBL_HOMING ? 6 : 3, reply);
	} else if (m->state != GRBL_ALARMED) {
		m->state = GRBL_IDLE;
	}
	greet(m, reply);
}

static void tell_status(const struct grbl_model *m, int64_t now_ns, struct buf *reply)
{
	int64_t um[GRBL_AXES];

	grbl_model_place(m, now_ns, um);
	buf_printf(reply, "<%s%s|MPos:%.3f,%.3f,%.3f|FS:%d,0", grbl_state_names[m->state],
		   m->state == GRBL_HOLDING ? ":0" : "", (double)um[0] / 1e3,
		   (double)um[1] / 1e3, (double)um[2] / 1e3, moves(m) ? (int)m->feed : 0);
	if (m->probe)
		buf_text(reply, "|Pn:P");
	say(reply, ">");
}

static bool within(const struct grbl_model *m, const int64_t um[GRBL_AXES])
{
	for (int i = 0; i < GRBL_AXES; i++)
		if (um[i] > 0 || um[i] < -m->travel_um[i])
			return false;
	return true;
}

/* The words of a block that this model knows. */
struct block {
	int64_t to_um[GRBL_AXES];
	bool axis[GRBL_AXES], machine, relative, motion, dwell;
	int64_t feed, p_ns;
	int error;
};

static void take_g(struct block *b, int64_t g_m)
{
	switch (g_m) {
	case 0:
	case 1000:
		b->motion = true;
		break;
	case 4000:
		b->dwell = true;
		break;
	case 53000:
		b->machine = true;
		break;
	case 91000:
		b->relative = true;
		break;
	case 17000:
	case 21000:
	case 90000:
	case 94000:
		break;
	default:
		b->error = 20;
	}
}

static struct block read_block(const char *s)
{
	struct block b = { 0 };

	while (*s && !b.error) {
		char letter = *s++;
		int64_t v = 0;
		const char *xyz = strchr("XYZ", letter);

		s = grbl_read_mm(s, &v);
		if (!s) {
			b.error = 2;
			break;
		}
		if (letter == 'G') {
			take_g(&b, v);
		} else if (xyz) {
			b.to_um[xyz - "XYZ"] = v;
			b.axis[xyz - "XYZ"] = true;
		} else if (letter == 'F') {
			b.feed = v / 1000;
		} else if (letter == 'P') {
			b.p_ns = v * NS_PER_MS;
		} else {
			b.error = 20;
		}
	}
	return b;
}

/* Where the last planned move ends. */
static const int64_t *end_of_plan(const struct grbl_model *m)
{
	return m->count ? m->plan[m->count - 1].to_um : m->at_um;
}

static int add_move(struct grbl_model *m, const struct block *b, bool jog, int64_t now_ns,
		    struct buf *reply)
{
	struct grbl_plan *p = &m->plan[m->count];
	int64_t feed = b->feed ? b->feed : jog ? 0 : m->feed;

	if (feed <= 0)
		return 22;
	for (int i = 0; i < GRBL_AXES; i++) {
		int64_t from = end_of_plan(m)[i];

		p->to_um[i] = !b->axis[i]   ? from
			      : b->relative ? from + b->to_um[i]
					    : b->to_um[i];
	}
	if (m->soft_limits && !within(m, p->to_um)) {
		if (jog)
			return 15;
		stand(m, now_ns);
		alarm(m, 2, reply);
		return -1;
	}
	m->feed = feed;
	p->um_per_s = feed * 1000 / 60 > 0 ? feed * 1000 / 60 : 1;
	if (m->count++ == 0)
		begin_move(m, now_ns);
	return 0;
}

/* @return the number of an error, 0 for ok, -1 for nothing to be said (yet) */
static int obey_g(struct grbl_model *m, const char *line, bool jog, int64_t now_ns,
		  struct buf *reply)
{
	struct block b = read_block(line);

	if (m->state == GRBL_ALARMED)
		return 9;
	if (b.error)
		return b.error;
	if (b.feed && !jog)
		m->feed = b.feed;
	if (b.dwell) {
		m->dwell_ns = b.p_ns;
		m->dwells_ns = now_ns + b.p_ns;
		return -1;
	}
	if (jog || b.motion || b.axis[0] || b.axis[1] || b.axis[2])
		return add_move(m, &b, jog, now_ns, reply);
	return 0;
}

static int begin_homing(struct grbl_model *m, int64_t now_ns)
{
	if (!m->homing)
		return 5;
	if (m->state != GRBL_IDLE && m->state != GRBL_ALARMED)
		return 8;
	m->state = GRBL_HOMING;
	m->ends_ns = now_ns + m->homing_ns;
	return -1;
}

static void tell_settings(const struct grbl_model *m, struct buf *reply)
{
	buf_printf(reply, "$20=%d\r\n$21=0\r\n$22=%d\r\n$27=%d.000\r\n", m->soft_limits,
		   m->homing, PULL_OFF_UM / 1000);
	for (int i = 0; i < GRBL_AXES; i++)
		buf_printf(reply, "$%d=%.3f\r\n", 130 + i, (double)m->travel_um[i] / 1e3);
}

static int obey_system(struct grbl_model *m, const char *line, int64_t now_ns,
		       struct buf *reply)
{
	if (strcmp(line, "$H") == 0)
		return begin_homing(m, now_ns);
	if (strcmp(line, "$X") == 0) {
		if (m->state == GRBL_ALARMED) {
			m->state = GRBL_IDLE;
			say(reply, "[MSG:Caution: Unlocked]");
		}
		return 0;
	}
	if (strcmp(line, "$$") == 0) {
		if (m->state != GRBL_IDLE && m->state != GRBL_ALARMED)
			return 8;
		tell_settings(m, reply);
		return 0;
	}
	if (strcmp(line, "$I") == 0) {
		say(reply, "[VER:1.1h.20190825:]");
		say(reply, "[OPT:V,15,128]");
		return 0;
	}
	if (strncmp(line, "$J=", 3) == 0)
		return obey_g(m, line + 3, true, now_ns, reply);
	return 3;
}

static void obey(struct grbl_model *m, const char *line, int64_t now_ns,
		 struct buf *reply)
{
	int error = m->too_long       ? 11
		    : line[0] == '$'  ? obey_system(m, line, now_ns, reply)
		    : line[0] == '\0' ? 0
				      : obey_g(m, line, false, now_ns, reply);

	if (error == 0)
		say(reply, "ok");
	else if (error > 0)
		buf_printf(reply, "error:%d\r\n", error);
}

/* Does the next line have to wait? */
static bool occupied(const struct grbl_model *m)
{
	return m->state == GRBL_HOMING || m->dwell_ns >= 0 ||
	       m->count == GRBL_MODEL_PLAN || m->state == GRBL_HOLDING;
}

static void take_byte(struct grbl_model *m, uint8_t byte, int64_t now_ns,
		      struct buf *reply)
{
	if (byte == '\n' || byte == '\r') {
		bool empty = m->len == 0 && !m->too_long;

		m->line[m->len] = '\0';
		m->len = 0;
		if (!empty || byte == '\n')
			obey(m, m->line, now_ns, reply);
		m->too_long = false;
		return;
	}
	if (byte <= ' ' || byte > '~') /* blanks are nothing to it */
		return;
	if (byte >= 'a' && byte <= 'z')
		byte = (uint8_t)(byte - 'a' + 'A');
	if (m->len == GRBL_COMMAND_MAX)
		m->too_long = true;
	else
		m->line[m->len++] = (char)byte;
}

/* What waited for a dwell, home or room in the plan to end. */
static void take_waiting(struct grbl_model *m, int64_t now_ns, struct buf *reply)
{
	size_t done = 0;

	while (done < m->waiting && !occupied(m)) {
		size_t had = m->waiting;

		take_byte(m, m->rx[done++], now_ns, reply);
		if (m->waiting < had) /* an alarm threw the rest away */
			return;
	}
	m->waiting -= done;
	memmove(m->rx, m->rx + done, m->waiting);
}

void grbl_model_hear(struct grbl_model *m, uint8_t byte, int64_t now_ns,
		     struct buf *reply)
{
	grbl_model_run(m, now_ns, reply);
	if (m->deaf && byte != GRBL_RESET)
		return;
	switch (byte) {
	case GRBL_ASK:
		if (m->state != GRBL_HOMING) /* it is deaf meanwhile */
			tell_status(m, now_ns, reply);
		return;
	case GRBL_HOLD:
		if (moves(m)) {
			stand(m, now_ns);
			m->state = GRBL_HOLDING;
		}
		return;
	case GRBL_RESUME:
		if (m->state == GRBL_HOLDING && m->count)
			begin_move(m, now_ns);
		else if (m->state == GRBL_HOLDING)
			m->state = GRBL_IDLE;
		return;
	case GRBL_RESET:
		reset(m, now_ns, reply);
		return;
	default:
		break;
	}
	if (!occupied(m) && m->waiting == 0)
		take_byte(m, byte, now_ns, reply);
	else if (m->waiting < sizeof(m->rx))
		m->rx[m->waiting++] = byte;
}

int64_t grbl_model_next(const struct grbl_model *m)
{
	if (moves(m) && m->blocked)
		return GRBL_NEVER;
	if (moves(m) || m->state == GRBL_HOMING)
		return m->ends_ns;
	if (m->dwell_ns >= 0 && m->state == GRBL_IDLE)
		return m->dwells_ns;
	return GRBL_NEVER;
}

static void end_move(struct grbl_model *m)
{
	int64_t ended = m->ends_ns;

	memcpy(m->at_um, m->plan[0].to_um, sizeof(m->at_um));
	m->count--;
	memmove(m->plan, m->plan + 1, (size_t)m->count * sizeof(m->plan[0]));
	if (m->count) {
		begin_move(m, ended);
		return;
	}
	m->state = GRBL_IDLE;
	if (m->dwell_ns >= 0)
		m->dwells_ns = ended + m->dwell_ns;
}

static void end_homing(struct grbl_model *m, struct buf *reply)
{
	if (m->blocked) { /* it finds no switch, and starts over by itself */
		alarm(m, 9, reply);
		greet(m, reply);
		return;
	}
	m->state = GRBL_IDLE;
	m->homed = true;
	for (int i = 0; i < GRBL_AXES; i++)
		m->at_um[i] = -PULL_OFF_UM;
	say(reply, "ok");
}

void grbl_model_run(struct grbl_model *m, int64_t now_ns, struct buf *reply)
{
	while (grbl_model_next(m) <= now_ns) {
		int64_t at = grbl_model_next(m);

		if (m->state == GRBL_HOMING) {
			end_homing(m, reply);
		} else if (moves(m)) {
			end_move(m);
		} else {
			m->dwell_ns = -1;
			say(reply, "ok");
		}
		take_waiting(m, at, reply);
	}
}
