/*
 * Signals in and out of frames. The parser is dbc_parse.c.
 */
#include "bench/core/wire/dbc.h"

#include <endian.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct dbc_message *dbc_message(const struct dbc *d, const char *name)
{
	for (int i = 0; i < d->message_count; i++)
		if (strcmp(d->messages[i].name, name) == 0)
			return &d->messages[i];
	return NULL;
}

const struct dbc_signal *dbc_signal(const struct dbc_message *m, const char *name)
{
	for (int i = 0; i < m->signal_count; i++)
		if (strcmp(m->signals[i].name, name) == 0)
			return &m->signals[i];
	return NULL;
}

/* Shifts by 64 are undefined: a whole word has its own answer. */
static uint64_t low_bits(int count)
{
	return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/*
 * For writing, a signal is a chain of pieces, one a byte: @count bits at @shift of a
 * byte. Little-endian pieces come least significant first, big-endian ones most
 * significant first.
 */
struct piece {
	int byte, shift, count;
};

static struct piece first_piece(const struct dbc_signal *s)
{
	int byte = s->start / 8, bit = s->start % 8;
	int room = s->big_endian ? bit + 1 : 8 - bit;
	int count = s->length < room ? s->length : room;

	return (struct piece){ byte, s->big_endian ? bit + 1 - count : bit, count };
}

static struct piece next_piece(const struct dbc_signal *s, struct piece p, int left)
{
	int count = left < 8 ? left : 8;

	return (struct piece){ p.byte + 1, s->big_endian ? 8 - count : 0, count };
}

/*
 * Eight bytes of the frame at once, from where they are all there; at most one more is
 * needed.
 */
static uint64_t get_little(const struct dbc_signal *s, const uint8_t *data)
{
	unsigned at = (unsigned)s->start / 8, from = at < 56 ? at : 56;
	unsigned shift = (unsigned)s->start - 8 * from;
	uint64_t w;

	memcpy(&w, data + from, sizeof(w));
	w = le64toh(w) >> shift;
	if (shift + (unsigned)s->length > 64)
		w |= (uint64_t)data[from + 8] << (64 - shift);
	return w;
}

static uint64_t get_big(const struct dbc_signal *s, const uint8_t *data)
{
	unsigned at = (unsigned)s->start / 8, from = at < 56 ? at : 56;
	unsigned lead = 8 * (at - from) + 7 - (unsigned)s->start % 8;
	unsigned end = lead + (unsigned)s->length;
	uint64_t w;

	memcpy(&w, data + from, sizeof(w));
	w = be64toh(w);
	if (end <= 64)
		return w >> (64 - end);
	return w << (end - 64) | data[from + 8] >> (72 - end);
}

uint64_t dbc_get(const struct dbc_signal *s, const uint8_t data[CANFRAME_MAX_DATA])
{
	return (s->big_endian ? get_big(s, data) : get_little(s, data)) &
	       low_bits(s->length);
}

void dbc_put(const struct dbc_signal *s, uint8_t *data, uint64_t raw)
{
	struct piece p = first_piece(s);

	for (int done = 0; done < s->length;) {
		int from = s->big_endian ? s->length - done - p.count : done;
		unsigned mask = (unsigned)low_bits(p.count) << p.shift;
		unsigned bits = (unsigned)(raw >> from) << p.shift & mask;

		data[p.byte] = (uint8_t)((data[p.byte] & ~mask) | bits);
		done += p.count;
		p = next_piece(s, p, s->length - done);
	}
}

static bool selected(const struct dbc_signal *s, uint64_t value)
{
	for (int i = 0; i < s->range_count; i++)
		if (value >= s->ranges[i].from && value <= s->ranges[i].to)
			return true;
	return false;
}

bool dbc_present(const struct dbc_message *m, const struct dbc_signal *s,
		 const struct canframe *f)
{
	/* the loader has seen that parents go round in no circle */
	for (;; s = &m->signals[s->parent]) {
		const struct dbc_signal *parent;

		if (s->bytes > f->len)
			return false;
		if (s->parent < 0)
			return true;
		parent = &m->signals[s->parent];
		if (parent->bytes > f->len || !selected(s, dbc_get(parent, f->data)))
			return false;
	}
}

int64_t dbc_extend(const struct dbc_signal *s, uint64_t raw)
{
	uint64_t sign = UINT64_C(1) << (s->length - 1);

	if (raw & sign)
		raw |= ~low_bits(s->length);
	return (int64_t)raw;
}

static double number_of(const struct dbc_signal *s, uint64_t raw)
{
	uint32_t half = (uint32_t)raw;
	double wide;
	float narrow;

	switch (s->type) {
	case DBC_FLOAT:
		memcpy(&narrow, &half, sizeof(narrow));
		return (double)narrow;
	case DBC_DOUBLE:
		memcpy(&wide, &raw, sizeof(wide));
		return wide;
	case DBC_SIGNED:
		return (double)dbc_extend(s, raw);
	default:
		return (double)raw;
	}
}

double dbc_physical(const struct dbc_signal *s, uint64_t raw)
{
	return number_of(s, raw) * s->factor + s->offset;
}

/*
 * The nearest whole number, halves away from zero. 0.15 / 0.1 is 1.4999999999999998 in
 * binary though it says one and a half: what the three operands may be off by counts as
 * nothing, as long as it is tiny.
 */
static double nearest(const struct dbc_signal *s, double physical)
{
	double q = (physical - s->offset) / s->factor;
	double noise =
		2 * DBL_EPSILON * (fabs(physical) + fabs(s->offset)) / fabs(s->factor);

	return round(noise < 1e-6 ? q + copysign(noise, q) : q);
}

static int out_of_range(const struct dbc_signal *s, double physical, struct err *err)
{
	uint64_t least = 0, most = low_bits(s->length);
	double a, b;

	if (s->min != 0 || s->max != 0)
		return err_set(err, ERR_RANGE, "%s: %g is not within %g to %g", s->name,
			       physical, s->min, s->max);
	if (s->type == DBC_SIGNED) {
		least = UINT64_C(1) << (s->length - 1);
		most = low_bits(s->length - 1);
	}
	a = dbc_physical(s, least);
	b = dbc_physical(s, most);
	return err_set(err, ERR_RANGE, "%s: %g does not fit its %d bits, %g to %g",
		       s->name, physical, s->length, a < b ? a : b, a < b ? b : a);
}

/* -2^(n-1) <= v < 2^(n-1), or 0 <= v < 2^n; powers of two are exact in a double. */
static bool fits(const struct dbc_signal *s, double v)
{
	if (s->type == DBC_SIGNED)
		return v >= -ldexp(1, s->length - 1) && v < ldexp(1, s->length - 1);
	return v >= 0 && v < ldexp(1, s->length);
}

static bool within_limits(const struct dbc_signal *s, uint64_t raw)
{
	double v = dbc_physical(s, raw);
	double noise = 4 * DBL_EPSILON * (fabs(v) + fabs(s->offset));

	if (s->min == 0 && s->max == 0)
		return true;
	return v >= s->min - noise && v <= s->max + noise;
}

static int raw_of_float(const struct dbc_signal *s, double physical, uint64_t *raw,
			struct err *err)
{
	double v = (physical - s->offset) / s->factor;
	float narrow = (float)v;
	uint32_t half;

	if (s->type == DBC_FLOAT && !isfinite(narrow))
		return out_of_range(s, physical, err);
	memcpy(&half, &narrow, sizeof(half));
	memcpy(raw, &v, sizeof(v));
	if (s->type == DBC_FLOAT)
		*raw = half;
	return 0;
}

int dbc_raw(const struct dbc_signal *s, double physical, uint64_t *raw, struct err *err)
{
	uint64_t found = 0;
	double v;

	if (!isfinite(physical))
		return err_set(err, ERR_RANGE, "%s: %g is no number", s->name, physical);
	if (s->type == DBC_FLOAT || s->type == DBC_DOUBLE) {
		int rc = raw_of_float(s, physical, &found, err);

		if (rc)
			return rc;
	} else {
		v = nearest(s, physical);
		if (!fits(s, v))
			return out_of_range(s, physical, err);
		found = s->type == DBC_SIGNED ? (uint64_t)(int64_t)v : (uint64_t)v;
		found &= low_bits(s->length);
	}
	if (!within_limits(s, found))
		return out_of_range(s, physical, err);
	*raw = found;
	return 0;
}

/*
 * A whole number of a signal without scale keeps all its 64 bits: no detour by a double.
 */
static bool exact(const struct dbc_signal *s, const char *text, uint64_t *raw)
{
	int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
	long long wide;
	char *end;

	if (s->factor != 1 || s->offset != 0 || s->type > DBC_SIGNED || !*text)
		return false;
	if (s->type == DBC_UNSIGNED) {
		if (*text < '0' || *text > '9')
			return false;
		*raw = strtoull(text, &end, base);
		return !*end && *raw <= low_bits(s->length) && *raw < UINT64_MAX &&
		       within_limits(s, *raw);
	}
	wide = strtoll(text, &end, base);
	*raw = (uint64_t)wide & low_bits(s->length);
	return !*end && wide > INT64_MIN && wide < INT64_MAX &&
	       dbc_extend(s, *raw) == wide && within_limits(s, *raw);
}

static int no_value(const struct dbc_signal *s, const char *text, struct err *err)
{
	char list[160] = "";
	size_t n = 0;

	for (int i = 0; i < s->label_count && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, ", %s",
				      s->labels[i].text);
	return err_set(err, ERR_FORMAT,
		       "%s: '%.40s' is not a value of it; allowed: a number%s", s->name,
		       text, list);
}

int dbc_raw_of_text(const struct dbc_signal *s, const char *text, uint64_t *raw,
		    struct err *err)
{
	double v;
	char *end;

	for (int i = 0; i < s->label_count; i++) {
		if (strcmp(s->labels[i].text, text) == 0) {
			*raw = s->labels[i].raw;
			return 0;
		}
	}
	if (exact(s, text, raw))
		return 0;
	v = strtod(text, &end);
	if (end == text || *end)
		return no_value(s, text, err);
	return dbc_raw(s, v, raw, err);
}

const char *dbc_label(const struct dbc_signal *s, uint64_t raw)
{
	for (int i = 0; i < s->label_count; i++)
		if (s->labels[i].raw == raw)
			return s->labels[i].text;
	return NULL;
}

char *dbc_text(const struct dbc_signal *s, uint64_t raw, char *out, size_t size)
{
	const char *label = dbc_label(s, raw);

	if (label)
		snprintf(out, size, "%s (%llu)", label, (unsigned long long)raw);
	else
		snprintf(out, size, "%.10g%s%s", dbc_physical(s, raw),
			 s->unit[0] ? " " : "", s->unit);
	return out;
}

void dbc_frame(const struct dbc_message *m, struct canframe *f)
{
	*f = (struct canframe){ .id = m->id,
				.extended = m->extended,
				.fd = m->length > 8,
				.len = (uint8_t)m->length };
}
