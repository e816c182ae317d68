#include "tools/emu/inbox.h"

#include <string.h>

static void hand_over(void *ctx)
{
	struct inbox *b = ctx;
	struct inbox_message m = b->queue[0];

	b->count--;
	memmove(b->queue, b->queue + 1, (size_t)b->count * sizeof(b->queue[0]));
	if (b->count)
		timer_set(b->world, &b->next, b->queue[0].at_ns);
	b->fn(b->ctx, &m);
}

void inbox_init(struct inbox *b, struct world *w,
		void (*fn)(void *ctx, const struct inbox_message *m), void *ctx)
{
	*b = (struct inbox){ .world = w, .fn = fn, .ctx = ctx };
	b->next.fn = hand_over;
	b->next.ctx = b;
}

void inbox_put(struct inbox *b, int64_t at_ns, int tag, bool wake, struct bytes data)
{
	struct inbox_message *m = &b->queue[b->count];

	if (b->count == INBOX_SIZE || data.len > INBOX_MESSAGE)
		return;
	m->at_ns = at_ns;
	m->tag = tag;
	m->wake = wake;
	m->len = data.len;
	if (data.len)
		memcpy(m->data, data.data, data.len);
	if (b->count++ == 0)
		timer_set(b->world, &b->next, at_ns);
}

void inbox_stop(struct inbox *b)
{
	b->count = 0;
	timer_stop(b->world, &b->next);
}
