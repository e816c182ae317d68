#ifndef TOOLS_EMU_INBOX_H
#define TOOLS_EMU_INBOX_H

#include "tools/emu/world.h"

#include "bench/core/bytes.h"

/*
 * Messages that are still on the wire: a parser may read ahead of model time, what it
 * found is handed over when its last byte has really arrived. What does not fit is lost.
 */
#define INBOX_SIZE 8
#define INBOX_MESSAGE 272

struct inbox_message {
	int64_t at_ns;
	int tag; /* the parser's event */
	bool wake;
	size_t len;
	uint8_t data[INBOX_MESSAGE];
};

struct inbox {
	struct world *world;
	void (*fn)(void *ctx, const struct inbox_message *m);
	void *ctx;
	struct timer next;
	int count;
	struct inbox_message queue[INBOX_SIZE];
};

void inbox_init(struct inbox *b, struct world *w,
		void (*fn)(void *ctx, const struct inbox_message *m), void *ctx);
void inbox_put(struct inbox *b, int64_t at_ns, int tag, bool wake, struct bytes data);
void inbox_stop(struct inbox *b);

#endif
