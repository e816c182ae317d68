#ifndef DRIVERS_POSITIONER_ON_LIMIT_H
#define DRIVERS_POSITIONER_ON_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a coil may have power; pure. A solenoid gets hot: it may be on for max_on_ns at a stretch, and in any
 * window for the share of it that is its duty. What is kept of the past never makes it look cooler than it was.
 */
#define ON_LIMIT_PAST 32
#define ON_LIMIT_NEVER INT64_MAX

struct on_limit {
	int64_t max_on_ns;
	int64_t window_ns;  /* 0: no limit of the share */
	int64_t allowed_ns; /* on, in any window; >= 1 where there is a window */
	bool on;
	int64_t since_ns;   /* on since then */
	int64_t longest_ns; /* on at a stretch, so far */
	int count;
	struct {
		int64_t from_ns, to_ns;
	} past[ON_LIMIT_PAST]; /* oldest first */
};

void on_limit_init(struct on_limit *l, int64_t max_on_ns, int64_t window_ns, double duty);
/** New limits for the same coil: it is as hot as it was. Zero-initialised before the first time. */
void on_limit_renew(struct on_limit *l, int64_t max_on_ns, int64_t window_ns,
		    double duty);
/** It was on before all that is known of it; in their order, the latest first. */
void on_limit_was_on(struct on_limit *l, int64_t from_ns, int64_t to_ns);
/** Nobody knows: as hot as its limits ever let it get by @now_ns. */
void on_limit_assume_worst(struct on_limit *l, int64_t now_ns);
void on_limit_switched(struct on_limit *l, bool on, int64_t now_ns);
/** On-time in the window that ends at @now_ns. */
int64_t on_limit_used(const struct on_limit *l, int64_t now_ns);
/** How much longer it may surely stay on, or could if it were switched on now; <= 0: not at all. */
int64_t on_limit_left(const struct on_limit *l, int64_t now_ns);
/** When it may be switched on to stay so for @need_ns; now, or a time to come. More than is ever allowed: as much as is. */
int64_t on_limit_start(const struct on_limit *l, int64_t now_ns, int64_t need_ns);

#endif
