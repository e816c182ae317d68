/* Any bytes as each thing that can stand on a USB/IP stream; what is understood is built back the same. */
#include "tools/usbemu/usbip_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_urb(struct bytes in)
{
	struct usbip_urb u, again;
	struct buf b;
	int n = usbip_parse_urb(in, &u);

	if (n > (int)in.len)
		abort();
	if (n <= 0)
		return;
	buf_init(&b, USBIP_URB_SIZE + USBIP_MAX_TRANSFER);
	usbip_build_urb(&b, &u);
	if (usbip_parse_urb(buf_bytes(&b), &again) != n || again.in != u.in ||
	    again.seqnum != u.seqnum || again.length != u.length ||
	    again.unlink != u.unlink || again.setup.index != u.setup.index ||
	    !bytes_equal(again.data, u.data))
		abort();
	buf_release(&b);
}

static void as_ask(struct bytes in)
{
	struct usbip_ask ask, again;
	struct buf b;
	int n = usbip_parse_ask(in, &ask);

	if (n > (int)in.len)
		abort();
	if (n <= 0)
		return;
	buf_init(&b, 64);
	usbip_build_ask(&b, &ask);
	if (usbip_parse_ask(buf_bytes(&b), &again) != n ||
	    strcmp(ask.busid, again.busid) != 0)
		abort();
	buf_release(&b);
}

static void as_device(struct bytes in)
{
	struct usbip_device d, again;
	struct buf b;
	int n = usbip_parse_listed(in, &d);

	if (n > (int)in.len)
		abort();
	if (n <= 0)
		return;
	buf_init(&b, 1024);
	usbip_build_listed(&b, &d);
	if (usbip_parse_listed(buf_bytes(&b), &again) != n ||
	    memcmp(&d, &again, sizeof(d)) != 0)
		abort();
	buf_release(&b);
}

static void as_answer(struct bytes in)
{
	struct usbip_device d;
	struct usbip_urb u;
	uint32_t count;
	bool found;
	struct buf b;

	if (usbip_parse_answer(in, &u) > 0) {
		buf_init(&b, USBIP_URB_SIZE);
		u.data = BYTES(NULL, 0);
		usbip_build_answer(&b, &u);
		if (b.len != USBIP_URB_SIZE || memcmp(b.data, in.data, 12) != 0)
			abort();
		buf_release(&b);
	}
	if (usbip_parse_list(in, &count) > (int)in.len)
		abort();
	if (usbip_parse_import(in, &found, &d) > (int)in.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size);

	as_ask(in);
	as_urb(in);
	as_device(in);
	as_answer(in);
	return 0;
}
