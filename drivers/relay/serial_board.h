#ifndef DRIVERS_RELAY_SERIAL_BOARD_H
#define DRIVERS_RELAY_SERIAL_BOARD_H

#include "bench/core/bytes.h"
#include "drivers/relay.h"

/*
 * What relay boards on a serial line have in common: the line for itself, bounded waits, all off when it is
 * opened and closed, and switching off that is checked where the board can tell. What differs is a
 * struct serial_kind.
 *
 * The line is set up by hand (drivers/tty.h) and not through libserialport: sp_get_port_by_name refuses
 * everything that /sys/class/tty does not list, pseudo-terminals among it, and a board that tests and the
 * emulated desk cannot reach would be a board nobody tests. libserialport names the adapter.
 *
 * Every wait here is bounded: the worker around a driver must get back to its heartbeat.
 */
#define SERIAL_ANSWER_LIMIT_NS (300 * NS_PER_MS) /* LCUS-8: 80 characters, 84 ms */

struct serial_board;

struct serial_kind {
	const char *maker; /* "LCUS" */
	int baud;
	/** Behind the opening of the line, before anything is switched; may be NULL. */
	int (*greet)(struct serial_board *b, struct err *err);
	/** @channel is one the board has. */
	int (*set)(struct serial_board *b, int channel, bool on, struct err *err);
	int (*set_all_off)(struct serial_board *b, struct err *err);
	int (*read)(struct serial_board *b, uint32_t *state, struct err *err);
	/** NULL: the board has no inputs. */
	int (*input)(struct serial_board *b, int input, bool *on, struct err *err);
};

struct serial_board {
	struct relay base;
	const struct serial_kind *kind;
	int fd;
	int channels;
	bool reads_back, simulated;
	char model[64], link[64];
};

/** @param reads_back  the board can tell its latch */
int serial_board_open(struct relay **out, const struct serial_kind *kind,
		      const char *device, int channels, bool reads_back,
		      struct clock *clock, struct err *err);

/* For the kinds. */
/** Returns when the board has them: when the line was busy for as long as they take. */
int serial_send(struct serial_board *b, struct bytes bytes, struct err *err);
/** The next byte: 0; ERR_TIMEOUT at @deadline_ns (of clock_real), ERR_GONE, ERR_IO. */
int serial_byte(struct serial_board *b, uint8_t *out, int64_t deadline_ns,
		struct err *err);
/** What came in unasked is thrown away. */
void serial_forget(struct serial_board *b);

#endif
