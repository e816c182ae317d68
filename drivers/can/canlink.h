#ifndef DRIVERS_CAN_CANLINK_H
#define DRIVERS_CAN_CANLINK_H

#include "bench/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A CAN interface of the kernel as a link: what it is, how it is set, up and down. Settings go through libsocketcan
 * and need CAP_NET_ADMIN; what is only read does not.
 */
enum canlink_state { /* as the kernel numbers them */
	CANLINK_ACTIVE,
	CANLINK_WARNING,
	CANLINK_PASSIVE,
	CANLINK_BUS_OFF,
	CANLINK_STOPPED,
	CANLINK_SLEEPING,
	CANLINK_UNKNOWN
};

struct canlink {
	char name[16];
	int index;
	char driver[32], where[32]; /* "kvaser_pci", "0000:00:05.0" or "" */
	bool virtual;               /* vcan, vxcan: no controller, no bit rate */
	bool up, fd;
	int queue_len;    /* frames the kernel queues before ENOBUFS */
	int64_t bitrate;  /* bit/s; 0: unknown */
	int sample_point; /* in 1/1000 of a bit; 0: unknown */
	enum canlink_state state;
	int64_t restart_ms; /* automatic restart after bus-off; 0: never, or unknown */
};

/** @return 0; ERR_GONE there is no such interface; ERR_IO it is no CAN interface, or cannot be asked */
int canlink_read(struct canlink *l, const char *name, struct err *err);
const char *canlink_state_name(enum canlink_state s);

/**
 * Time stamps of its own: SOF_TIMESTAMPING_ flags of what it can (0: it does not say).
 *
 * @param on  switch them on. @param refused  out: errno of that; 0 they are, or nobody asked
 */
unsigned canlink_stamps(const struct canlink *l, bool on, int *refused);

struct canlink_wanted {
	int64_t bitrate; /* 0: as it is */
	int sample_point; /* 1/1000; 0: as it is, or the kernel's choice for a new bit rate */
	int64_t restart_ms; /* negative: as it is */
};
/**
 * Make @l what is wanted, and up; stops it only when something must change. A bus-off is ended.
 *
 * @return 0; ERR_AUTH: something must change, and we may not: the text says the command that would;
 *         ERR_UNSUPPORTED: the build has no libsocketcan; ERR_RANGE: the controller does not take it; ERR_IO
 */
int canlink_bring(struct canlink *l, const struct canlink_wanted *w, struct err *err);

/** What the bench runs on is itself emulated (QEMU without KVM): nothing measured here is real. */
bool canlink_machine_emulated(void);

#endif
