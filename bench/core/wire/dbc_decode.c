/*
 * All signals of a frame at once, for logs of millions of frames: what the loader can
 * know of a signal's place is worked out before, and next to nothing of it is a branch.
 * dbc.c does the same for one signal, step by step; the test compares the two.
 */
#include "bench/core/wire/dbc_lex.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where a signal lies in one of the words of a frame (struct words): word << left >>
 * right.
 */
struct dbc_cut {
	const struct dbc_signal *signal;
	double factor, offset;
	uint64_t sign; /* its sign bit; 0: there is none */
	uint8_t word, left, right;
	/* of a multiplexed one, which is in the frame when its parent is here: */
	uint8_t parent_word, parent_left, parent_right;
	bool simple; /* else dbc.c does it */
	uint64_t from, span;
};

/* A frame, eight bytes at a time: as a little-endian number, then as a big-endian one. */
struct words {
	uint64_t at[2 * CANFRAME_MAX_DATA / 8];
};

static uint32_t key_of(uint32_t id, bool extended)
{
	return id | (uint32_t)extended << 31;
}

/* Knuth's multiplicative hash: the upper bits of the product are well mixed. */
static uint32_t slot_of(const struct dbc *d, uint32_t key)
{
	return key * 2654435769u >> (32 - d->index_bits);
}

const struct dbc_message *dbc_message_of(const struct dbc *d, const struct canframe *f)
{
	uint32_t key = key_of(f->id, f->extended), at = slot_of(d, key);

	if (f->remote || f->error)
		return NULL;
	for (; d->index[at]; at = (at + 1) & ((1u << d->index_bits) - 1)) {
		const struct dbc_message *m = &d->messages[d->index[at] - 1];

		if (key_of(m->id, m->extended) == key)
			return m;
	}
	return NULL;
}

static int make_index(struct dbc *d)
{
	uint32_t size;

	for (d->index_bits = 2; 1 << d->index_bits < 4 * d->message_count;)
		d->index_bits++;
	size = 1u << d->index_bits;
	d->index = calloc(size, sizeof(*d->index));
	if (!d->index)
		return ERR_NOMEM;
	for (int i = 0; i < d->message_count; i++) {
		const struct dbc_message *m = &d->messages[i];
		uint32_t at = slot_of(d, key_of(m->id, m->extended));

		while (d->index[at])
			at = (at + 1) & (size - 1);
		d->index[at] = (uint16_t)(i + 1);
	}
	return 0;
}

/* Not every signal of a long frame lies in one word. */
static bool place(const struct dbc_signal *s, uint8_t *word, uint8_t *left,
		  uint8_t *right)
{
	int byte = s->start / 8 % 8, bit = s->start % 8;
	int before =
		s->big_endian ? byte * 8 + 7 - bit : 64 - (byte * 8 + bit) - s->length;

	if (before < 0 || before + s->length > 64)
		return false;
	*word = (uint8_t)(s->start / 64 * 2 + s->big_endian);
	*left = (uint8_t)before;
	*right = (uint8_t)(64 - s->length);
	return true;
}

/* One range of a multiplexor that is always there. */
static bool selects(struct dbc_cut *c, const struct dbc_message *m,
		    const struct dbc_signal *s)
{
	const struct dbc_signal *parent = &m->signals[s->parent];

	if (parent->parent >= 0 || s->range_count != 1)
		return false;
	c->from = s->ranges[0].from;
	c->span = s->ranges[0].to - s->ranges[0].from;
	return place(parent, &c->parent_word, &c->parent_left, &c->parent_right);
}

static void make_cut(struct dbc_cut *c, const struct dbc_message *m,
		     const struct dbc_signal *s)
{
	*c = (struct dbc_cut){ .signal = s, .factor = s->factor, .offset = s->offset };
	if (s->type == DBC_SIGNED)
		c->sign = UINT64_C(1) << (s->length - 1);
	/*
	 * 64 bits without sign become a double in another way, floating point does not at
	 * all
	 */
	c->simple = place(s, &c->word, &c->left, &c->right) && s->type <= DBC_SIGNED &&
		    (s->type == DBC_SIGNED || s->length < 64) &&
		    (s->parent < 0 || selects(c, m, s));
}

/* First those that are always there. */
static void make_cuts(struct dbc_message *m)
{
	int n = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < m->signal_count; i++) {
			const struct dbc_signal *s = &m->signals[i];
			struct dbc_cut *c = &m->cuts[n];

			make_cut(c, m, s);
			if ((c->simple && s->parent < 0) == !pass)
				n++;
		}
		if (!pass)
			m->plain_count = n;
	}
}

int dbc_prepare(struct dbc *d)
{
	for (int i = 0; i < d->message_count; i++) {
		struct dbc_message *m = &d->messages[i];

		/* one more: make_cuts() tries each there */
		m->cuts = calloc((size_t)m->signal_count + 1, sizeof(*m->cuts));
		if (!m->cuts)
			return ERR_NOMEM;
		make_cuts(m);
	}
	return make_index(d);
}

static int decode_slowly(const struct dbc_message *m, const struct dbc_signal *s,
			 const struct canframe *f, struct dbc_value *out)
{
	if (!dbc_present(m, s, f))
		return 0;
	*out = (struct dbc_value){ s, dbc_get(s, f->data), 0 };
	out->physical = dbc_physical(s, out->raw);
	return 1;
}

static struct dbc_value value_of(const struct dbc_cut *c, const struct words *w)
{
	uint64_t raw = w->at[c->word] << c->left >> c->right;
	int64_t number = (int64_t)((raw ^ c->sign) - c->sign);

	return (struct dbc_value){ c->signal, raw,
				   (double)number * c->factor + c->offset };
}

static bool is_selected(const struct dbc_cut *c, const struct words *w)
{
	uint64_t parent = w->at[c->parent_word] << c->parent_left >> c->parent_right;

	return parent - c->from <= c->span;
}

/* Signals one by one, as many as are in the frame. @return behind the last of them */
static struct dbc_value *decode_each(const struct dbc_message *m,
				     const struct canframe *f, struct dbc_value *to)
{
	for (int i = 0; i < m->signal_count; i++)
		to += decode_slowly(m, m->cuts[i].signal, f, to);
	return to;
}

/* Those behind the plain ones. */
static struct dbc_value *decode_rest(const struct dbc_message *m,
				     const struct canframe *f, const struct words *w,
				     struct dbc_value *to)
{
	for (int i = m->plain_count; i < m->signal_count; i++) {
		const struct dbc_cut *c = &m->cuts[i];

		if (c->simple) {
			*to = value_of(c, w);
			to += is_selected(c, w);
		} else {
			to += decode_slowly(m, c->signal, f, to);
		}
	}
	return to;
}

int dbc_decode(const struct dbc_message *m, const struct canframe *f,
	       struct dbc_value *out)
{
	int n = m->plain_count;
	struct words w;

	if (f->len < m->length) /* shorter than the DBC says */
		return (int)(decode_each(m, f, out) - out);
	for (int i = 0; 8 * i < m->length; i++) {
		uint64_t word;

		memcpy(&word, f->data + 8 * i, sizeof(word));
		w.at[2 * i] = le64toh(word);
		w.at[2 * i + 1] = be64toh(word);
	}
	for (int i = 0; i < n; i++)
		out[i] = value_of(&m->cuts[i], &w);
	if (n < m->signal_count)
		n = (int)(decode_rest(m, f, &w, out + n) - out);
	return n;
}
