#ifndef DRIVERS_RELAY_H
#define DRIVERS_RELAY_H

#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/err.h"

/*
 * The role of a relay board: channels 1..n that are on or off.
 *
 * Safe state is all off. The process that has a board open drops it by itself at end-of-file,
 * on a missed heartbeat and on SIGTERM (wrap/worker.h); nothing here relies on a tidy caller.
 */
struct relay_identity {
	char model[64];
	char link[64];
	int channels;
	bool reads_back; /* the board can tell its latch; never the contact */
	bool simulated;
};

struct relay;

struct relay_ops {
	/** Channel 1..n on or off; done when the board has taken the command (not the contact). */
	int (*set)(struct relay *r, int channel, bool on, struct err *err);
	int (*all_off)(struct relay *r, struct err *err);
	/** Bit n-1 is channel n; ERR_UNSUPPORTED when the board cannot tell. */
	int (*read)(struct relay *r, uint32_t *state, struct err *err);
	/** Is input 1..n active? ERR_UNSUPPORTED on a board without inputs. */
	int (*input)(struct relay *r, int input, bool *on, struct err *err);
	int (*identity)(struct relay *r, struct relay_identity *id, struct err *err);
	void (*close)(struct relay *r); /* drops all channels first */
};

struct relay {
	const struct relay_ops *ops;
	struct clock *clock;
};

struct relay_driver {
	const char *name; /* "lcus", "usb_hid", "sim" */
	const char *summary;
	bool needs_worker;
	const struct conf_item *items;
	size_t options_size;
	int (*open)(struct relay **out, const void *options, struct clock *clock,
		    struct err *err);
};

extern const struct relay_driver *const relay_drivers[];
const struct relay_driver *relay_driver_find(const char *name);

int relay_set(struct relay *r, int channel, bool on, struct err *err);
int relay_all_off(struct relay *r, struct err *err);
int relay_read(struct relay *r, uint32_t *state, struct err *err);
int relay_input(struct relay *r, int input, bool *on, struct err *err);
int relay_identity(struct relay *r, struct relay_identity *id, struct err *err);
void relay_close(struct relay *r); /* takes NULL */

#endif
