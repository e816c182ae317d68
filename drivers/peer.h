#ifndef DRIVERS_PEER_H
#define DRIVERS_PEER_H

#include "bench/core/buf.h"

/*
 * Who answers a simulated reader. The lower side owns this interface; rig.c plugs a device engine in.
 */
struct peer {
	/** A card came into, or left, the field: session state dies. */
	void (*reset)(struct peer *p);
	/**
	 * Answer one C-APDU. @param think_ns out: how long the card takes for it.
	 * @return 0, or negative: the card stays silent.
	 */
	int (*answer)(struct peer *p, struct bytes command, struct buf *answer,
		      int64_t *think_ns);
	/** Does it answer a poll now? NULL: always. */
	bool (*polled)(struct peer *p, int64_t now_ns);
	/** It hears a frame that a reader put into its polling. NULL: to it that is noise. */
	void (*annotated)(struct peer *p, struct bytes frame, int64_t now_ns);
};

#endif
