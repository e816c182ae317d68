#ifndef DRIVERS_CAN_VBUS_WIRE_H
#define DRIVERS_CAN_VBUS_WIRE_H

#include "bench/core/buf.h"
#include "bench/core/wire/canframe.h"

/*
 * What a node and the host of a virtual bus say to each other over SOCK_SEQPACKET: one message a packet,
 * numbers big-endian, frames as in capture files. Pure.
 */
#define VBUS_VERSION 2
#define VBUS_MAX_MESSAGE 128
#define VBUS_MAX_NAME 31

enum vbus_type {
	VBUS_HELLO = 'H', /* node: first message; version, deaf, name */
	VBUS_SEND = 'S',  /* node: launch time, frame */
	VBUS_FLUSH = 'X', /* node: forget what I have queued */
	VBUS_WELCOME =
		'W', /* host: answer to HELLO; version, bit rate, depth of a node's queue */
	VBUS_FRAME = 'F', /* host: a frame ended; own, lost, left, end time, frame */
	VBUS_STATUS = 'T' /* host: lost and left without a frame */
};

struct vbus_message {
	enum vbus_type type;
	uint8_t version;
	bool deaf, own;
	char name[VBUS_MAX_NAME + 1];
	uint32_t bitrate, data_bitrate,
		depth; /* bit/s; the second 0: classic frames only */
	uint32_t lost; /* frames this node missed since the last message */
	uint32_t
		left; /* of its own, since HELLO: out on the bus, flushed or refused; wraps */
	int64_t at_ns; /* SEND: launch, or now; FRAME: end */
	struct canframe frame;
};

void vbus_encode(const struct vbus_message *m, struct buf *out);
/** @return 0, or ERR_FORMAT */
int vbus_decode(struct vbus_message *m, struct bytes packet);

#endif
