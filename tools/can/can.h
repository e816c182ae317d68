#ifndef TOOLS_CAN_CAN_H
#define TOOLS_CAN_CAN_H

#include "drivers/bus.h"

/* What keybench-can was asked for; see its manual page. */
struct arguments {
	const char *interface, *log_path, *log_interface;
	int64_t count, every_ns;
	struct canframe frame;
	bool verify;
};

struct pump;

/** The driver's options as a rig file would give them; their texts live in the conf. */
struct can_options {
	struct conf *conf;
	void *bound;
};
int can_options(struct can_options *out, const struct arguments *a, struct err *err);
void can_options_free(struct can_options *o);
int can_open(struct bus **out, const struct arguments *a, bool deaf, struct pump *pump,
	     struct err *err);

int can_cyclic(const struct arguments *a, struct pump *pump, struct err *err);
int can_replay(const struct arguments *a, struct pump *pump, struct err *err);
int can_flood(const struct arguments *a, struct pump *pump, struct err *err);
/** The same as can_cyclic by the kernel's broadcast manager, to compare with. */
int can_bcm(const struct arguments *a, struct pump *pump, struct err *err);

#endif
