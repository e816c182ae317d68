#ifndef TOOLS_EMU_LINE_H
#define TOOLS_EMU_LINE_H

#include "tools/emu/world.h"

#include "bench/core/bytes.h"

/*
 * A serial line: a pseudo-terminal whose bytes take the time they take on a wire, 10 bits
 * each.
 *
 * A byte from the host is there one byte time after the one before it; what is sent to
 * the host reaches it whole, when its last byte would. When the host's speed (tcgetattr)
 * is not the device's the bytes are lost, as they are on a real wire. Memory is bounded:
 * what comes in faster than LINE_BACKLOG bytes ahead of the wire is lost (an overrun).
 */
#define LINE_BACKLOG 1024
#define LINE_MESSAGE 300
#define LINE_QUEUE 10
/*
 * Whoever compares stamps with the truth log must know what the machine did to it: longer
 * than this is logged.
 */
#define LINE_LATE_NS (100 * NS_PER_US)

struct line_message {
	int64_t at_ns;
	size_t len;
	uint8_t data[LINE_MESSAGE];
};

struct line {
	struct world *world;
	const char *name; /* "reader0"; borrowed */
	int64_t baud;     /* the device's own speed; it may change it */
	bool instant;     /* bytes take no time */
	int master, slave,
		watch; /* watch: inotify, who opens and closes the slave; or -1 */
	int waits; /* the kernel's count of how long we waited for a processor; or -1 */
	int64_t waited_ns; /* what it said last */
	char path[64];
	int64_t in_free_ns, out_free_ns; /* the wire is busy until then */
	bool deaf; /* the last bytes came at a wrong speed, or too fast */
	int clients;
	/**
	 * One byte from the host, complete at @at_ns (often still ahead of world_now).
	 */
	void (*on_byte)(void *ctx, uint8_t byte, int64_t at_ns);
	void *ctx;
	/** Nobody has the line open any more; may be NULL. */
	void (*on_deserted)(void *ctx);
	/** Where messages go instead of the pty: for tests. */
	void (*sink)(void *ctx, struct bytes message);
	void *sink_ctx;
	struct timer deliver;
	struct line_message queue[LINE_QUEUE];
	int queued;
};

/** On a new pty, raw before anybody can know its name. Close with line_close. */
int line_open(struct line *l, struct world *w, const char *name, int64_t baud,
	      struct err *err);
/** Without a pty: bytes come by line_feed and go to .sink. */
void line_init(struct line *l, struct world *w, const char *name, int64_t baud);
void line_close(struct line *l);
/** Its plug is pulled: the pty hangs up and goes, with all that was under way; .path is "". */
void line_unplug(struct line *l);
/** It is back, on a new pty: .path is another one. */
int line_plug(struct line *l, struct err *err);

/** Bytes from the host, now. */
void line_feed(struct line *l, struct bytes b);
int64_t line_byte_ns(const struct line *l);
/**
 * Send from @from_ns on, behind what is on the wire. @return when the last byte arrives,
 * model time
 */
int64_t line_send(struct line *l, struct bytes message, int64_t from_ns);
/** Forget what has not arrived yet. */
void line_drop(struct line *l);

#endif
