#ifndef TOOLS_DEVICE_CARD_H
#define TOOLS_DEVICE_CARD_H

#include "bench/core/wire/atr.h"
#include "fixtures/device/device.h"

/*
 * The reference device as a virtual card, and what of a contactless reader lies in front of a card: power, ATR, and the two
 * commands that such a reader answers by itself, FF CA 00 00 (UID) and FF CA 01 00 (historical bytes). Pure.
 */
enum card_heard {
	CARD_HEARD_OFF,
	CARD_HEARD_ON,
	CARD_HEARD_RESET,
	CARD_HEARD_ATR,
	CARD_HEARD_APDU,   /* for the device */
	CARD_HEARD_READER, /* for the reader in front of it */
	CARD_HEARD_NOTHING /* an empty message, or a control that there is not */
};

struct virtual_card {
	struct device *device; /* borrowed, as are the bytes */
	struct bytes historical;
	uint8_t uid[10];
	size_t uid_len;
	enum device_command last; /* of CARD_HEARD_APDU */
};

/**
 * One message of the peer.
 * @param answer  appended to; nothing is: say nothing
 */
enum card_heard card_hear(struct virtual_card *c, struct bytes message,
			  struct buf *answer);

#endif
