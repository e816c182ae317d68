#include "drivers/can/socketcan_wire.h"

#include "bench/core/clock.h"

#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/errqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to eight digits; how many, 0: none. */
static int read_hex(const char **p, uint32_t *out)
{
	int n = 0;

	*out = 0;
	for (; n < 8 && hex_digit(**p) >= 0; n++, (*p)++)
		*out = *out << 4 | (uint32_t)hex_digit(**p);
	return n;
}

static int read_filter(struct socketcan_filter *f, const char **p)
{
	uint32_t id, mask;
	int digits = read_hex(p, &id);
	bool inverted = **p == '~', extended = digits > 3 || id > CAN_SFF_MASK;

	if (!digits || (**p != ':' && **p != '~') || id > CAN_EFF_MASK)
		return ERR_FORMAT;
	(*p)++;
	if (!read_hex(p, &mask) || mask > CAN_EFF_MASK)
		return ERR_FORMAT;
	f->id = id | (extended ? CAN_EFF_FLAG : 0) | (inverted ? CAN_INV_FILTER : 0);
	f->mask = mask | CAN_EFF_FLAG;
	return 0;
}

int socketcan_filters(struct socketcan_filter out[SOCKETCAN_FILTERS], const char *text)
{
	const char *p = text;
	int n = 0;

	do {
		p += strspn(p, " ");
		if (n == SOCKETCAN_FILTERS)
			return ERR_RANGE;
		if (read_filter(&out[n++], &p))
			return ERR_FORMAT;
		p += strspn(p, " ");
	} while (*p++ == ',');
	return p[-1] ? ERR_FORMAT : n;
}

static uint32_t kernel_id(const struct canframe *f)
{
	return f->id | (f->extended ? CAN_EFF_FLAG : 0) | (f->remote ? CAN_RTR_FLAG : 0);
}

bool socketcan_passes(const struct socketcan_filter *filters, int count,
		      const struct canframe *f)
{
	uint32_t id = kernel_id(f);

	for (int i = 0; i < count; i++) {
		bool inverted = filters[i].id & CAN_INV_FILTER;
		uint32_t wanted = filters[i].id & ~CAN_INV_FILTER;

		if (((id ^ wanted) & filters[i].mask) == 0 ? !inverted : inverted)
			return true;
	}
	return !count || f->error;
}

struct socketcan_filter socketcan_only(const struct canframe *f)
{
	return (struct socketcan_filter){ kernel_id(f),
					  (f->extended ? CAN_EFF_MASK : CAN_SFF_MASK) |
						  CAN_EFF_FLAG | CAN_RTR_FLAG };
}

static int64_t ns_of(const struct timespec *t)
{
	return t->tv_sec * NS_PER_S + t->tv_nsec;
}

static void take_stamps(struct socketcan_along *out, const void *data)
{
	struct scm_timestamping s;

	memcpy(&s, data, sizeof(s));
	out->software_ns = ns_of(&s.ts[0]);
	out->hardware_ns = ns_of(&s.ts[2]);
}

void socketcan_along(struct socketcan_along *out, struct msghdr *m)
{
	*out = (struct socketcan_along){ 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SO_TIMESTAMPING &&
		    len >= sizeof(struct scm_timestamping))
			take_stamps(out, CMSG_DATA(c));
		if (c->cmsg_type == SO_RXQ_OVFL && len >= sizeof(out->dropped)) {
			memcpy(&out->dropped, CMSG_DATA(c), sizeof(out->dropped));
			out->has_dropped = true;
		}
	}
}

unsigned socketcan_trouble(const struct canframe *f)
{
	unsigned t = 0;

	if (!f->error)
		return 0;
	if (f->id & CAN_ERR_BUSOFF)
		t |= SOCKETCAN_BUS_OFF;
	if (f->id & CAN_ERR_RESTARTED)
		t |= SOCKETCAN_RESTARTED;
	if (!(f->id & CAN_ERR_CRTL))
		return t;
	if (f->data[1] & CAN_ERR_CRTL_RX_OVERFLOW)
		t |= SOCKETCAN_OVERFLOW;
	if (f->data[1] & (CAN_ERR_CRTL_RX_PASSIVE | CAN_ERR_CRTL_TX_PASSIVE))
		t |= SOCKETCAN_PASSIVE;
	if (f->data[1] & CAN_ERR_CRTL_ACTIVE)
		t |= SOCKETCAN_ACTIVE;
	return t;
}

struct word {
	uint32_t bit;
	const char *text;
};

static void say(char out[160], const struct word *words, size_t count, uint32_t bits)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(out);

		if (bits & words[i].bit)
			snprintf(out + len, 160 - len, "%s%s", len ? ", " : "",
				 words[i].text);
	}
}

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

const char *socketcan_error_text(const struct canframe *f, char out[160])
{
	static const struct word classes[] = {
		{ CAN_ERR_TX_TIMEOUT, "transmit timeout" },
		{ CAN_ERR_LOSTARB, "lost arbitration" },
		{ CAN_ERR_PROT, "protocol error" },
		{ CAN_ERR_TRX, "transceiver error" },
		{ CAN_ERR_ACK, "no acknowledge" },
		{ CAN_ERR_BUSOFF, "bus-off" },
		{ CAN_ERR_BUSERROR, "bus error" },
		{ CAN_ERR_RESTARTED, "restarted" },
	};
	static const struct word controller[] = {
		{ CAN_ERR_CRTL_RX_OVERFLOW, "receive overflow" },
		{ CAN_ERR_CRTL_TX_OVERFLOW, "transmit overflow" },
		{ CAN_ERR_CRTL_RX_WARNING, "warning (rx)" },
		{ CAN_ERR_CRTL_TX_WARNING, "warning (tx)" },
		{ CAN_ERR_CRTL_RX_PASSIVE, "error passive (rx)" },
		{ CAN_ERR_CRTL_TX_PASSIVE, "error passive (tx)" },
		{ CAN_ERR_CRTL_ACTIVE, "error active" },
	};

	out[0] = 0;
	say(out, classes, COUNT(classes), f->id);
	if (f->id & CAN_ERR_CRTL)
		say(out, controller, COUNT(controller), f->data[1]);
	if (!out[0])
		snprintf(out, 160, "error frame %08X", f->id);
	return out;
}
