#include "bench/core/wire/canbus.h"

#include <assert.h>
#include <stdlib.h>

struct waiting {
	struct canframe frame;
	uint32_t priority;
	int64_t ready_ns;
};

struct node {
	bool attached;
	canbus_hear_fn *hear;
	void *ctx;
	struct waiting *queue; /* a ring */
	int first, count;
	int64_t last_ready_ns;
};

struct canbus {
	int64_t bitrate, data_bitrate;
	int depth;
	struct node nodes[CANBUS_MAX_NODES];
	int sender; /* of what is on the wire; -1: the bus is idle, or its sender left */
	bool on_wire;
	struct canbus_heard wire;
	int64_t free_ns; /* no frame starts before */
	struct canbus_stats stats;
};

int canbus_new(struct canbus **out, int64_t bitrate, int depth, struct err *err)
{
	struct canbus *b;

	assert(bitrate > 0 && depth > 0);
	b = calloc(1, sizeof(*b));
	if (!b)
		return err_set(err, ERR_NOMEM, "no memory for a bus");
	b->bitrate = bitrate;
	b->depth = depth;
	b->free_ns = INT64_MIN;
	b->sender = -1;
	*out = b;
	return 0;
}

void canbus_free(struct canbus *b)
{
	if (!b)
		return;
	for (int i = 0; i < CANBUS_MAX_NODES; i++)
		free(b->nodes[i].queue);
	free(b);
}

int canbus_attach(struct canbus *b, canbus_hear_fn *hear, void *ctx)
{
	for (int i = 0; i < CANBUS_MAX_NODES; i++) {
		struct node *n = &b->nodes[i];

		if (n->attached)
			continue;
		if (!n->queue)
			n->queue = malloc((size_t)b->depth * sizeof(*n->queue));
		if (!n->queue)
			return ERR_NOMEM;
		n->attached = true;
		n->hear = hear;
		n->ctx = ctx;
		n->first = n->count = 0;
		n->last_ready_ns = INT64_MIN;
		return i;
	}
	return ERR_RANGE;
}

static struct node *node_at(const struct canbus *b, int node)
{
	assert(node >= 0 && node < CANBUS_MAX_NODES && b->nodes[node].attached);
	return (struct node *)&b->nodes[node];
}

void canbus_detach(struct canbus *b, int node)
{
	struct node *n = node_at(b, node);

	n->attached = false;
	n->hear = NULL;
	n->count = 0;
	if (b->sender == node)
		b->sender = -1;
}

int canbus_send(struct canbus *b, int node, const struct canframe *f, int64_t ready_ns)
{
	struct node *n = node_at(b, node);

	if (!canbus_carries(b, f))
		return ERR_UNSUPPORTED;
	if (n->count == b->depth) {
		b->stats.refused++;
		return ERR_RANGE;
	}
	if (ready_ns > n->last_ready_ns)
		n->last_ready_ns = ready_ns;
	n->queue[(n->first + n->count++) % b->depth] =
		(struct waiting){ *f, canframe_priority(f), n->last_ready_ns };
	return 0;
}

int canbus_flush(struct canbus *b, int node)
{
	struct node *n = node_at(b, node);
	int count = n->count;

	n->count = 0;
	n->last_ready_ns = INT64_MIN;
	return count;
}

int canbus_queued(const struct canbus *b, int node)
{
	return node_at(b, node)->count;
}

static const struct waiting *head(const struct canbus *b, int node)
{
	const struct node *n = &b->nodes[node];

	return n->attached && n->count ? &n->queue[n->first] : NULL;
}

/* When the next frame starts, if nothing else is queued before. */
static int64_t next_start_ns(const struct canbus *b)
{
	int64_t at = CANBUS_NEVER;

	for (int i = 0; i < CANBUS_MAX_NODES; i++) {
		const struct waiting *w = head(b, i);

		if (w && w->ready_ns < at)
			at = w->ready_ns;
	}
	return at < b->free_ns ? b->free_ns : at;
}

/*
 * Of those ready at @at the lowest identifier; on a draw, which real nodes must not have,
 * the lower node.
 */
static int arbitrate(const struct canbus *b, int64_t at)
{
	int winner = -1;

	for (int i = 0; i < CANBUS_MAX_NODES; i++) {
		const struct waiting *w = head(b, i);

		if (w && w->ready_ns <= at &&
		    (winner < 0 || w->priority < head(b, winner)->priority))
			winner = i;
	}
	return winner;
}

static void begin(struct canbus *b, int64_t at)
{
	int winner = arbitrate(b, at);
	int64_t takes;
	struct node *n = &b->nodes[winner];
	const struct waiting *w = &n->queue[n->first];

	takes = canframe_wire_ns(&w->frame, b->bitrate, b->data_bitrate);
	b->wire = (struct canbus_heard){
		.frame = w->frame,
		.ready_ns = w->ready_ns,
		.start_ns = at,
		.end_ns = at + takes -
			  canframe_time_ns(CANFRAME_INTERFRAME_BITS, b->bitrate),
	};
	b->free_ns = at + takes;
	b->sender = winner;
	b->on_wire = true;
	n->first = (n->first + 1) % b->depth;
	n->count--;
}

/* The bus is in order before anybody hears of it: a listener may send or leave. */
static void finish(struct canbus *b)
{
	struct canbus_heard heard = b->wire;
	int sender = b->sender;

	b->on_wire = false;
	b->sender = -1;
	b->stats.frames++;
	b->stats.busy_ns += b->free_ns - heard.start_ns;
	for (int i = 0; i < CANBUS_MAX_NODES; i++) {
		heard.own = i == sender;
		if (b->nodes[i].hear)
			b->nodes[i].hear(b->nodes[i].ctx, &heard);
	}
}

int64_t canbus_next_ns(const struct canbus *b)
{
	return b->on_wire ? b->wire.end_ns : next_start_ns(b);
}

void canbus_run(struct canbus *b, int64_t now_ns)
{
	for (;;) {
		int64_t at = canbus_next_ns(b);

		if (at > now_ns || at == CANBUS_NEVER)
			return;
		if (b->on_wire)
			finish(b);
		else
			begin(b, at);
	}
}

struct canbus_stats canbus_stats(const struct canbus *b)
{
	return b->stats;
}

int64_t canbus_bitrate(const struct canbus *b)
{
	return b->bitrate;
}

void canbus_set_data_bitrate(struct canbus *b, int64_t bitrate)
{
	b->data_bitrate = bitrate;
}

int64_t canbus_data_bitrate(const struct canbus *b)
{
	return b->data_bitrate;
}

bool canbus_carries(const struct canbus *b, const struct canframe *f)
{
	if (f->fd)
		return b->data_bitrate && canframe_valid(f);
	return canframe_bits(f) > 0;
}

int canbus_depth(const struct canbus *b)
{
	return b->depth;
}
