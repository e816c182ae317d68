/*
 * An engine that sends and is fed foreign frames. Bytes 0 to 4: its options and how much it sends; then frames, each
 * a byte of 4 ms steps, a length byte and that many bytes.
 */
#include "bench/core/wire/tp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drive(struct tp *t, int64_t now_ns)
{
	struct canframe f;
	struct bytes message;
	int64_t wake;

	while (tp_next(t, &f, now_ns, &wake)) {
		if (!canframe_valid(&f) || f.len > t->o.frame)
			abort();
		tp_sent(t, now_ns);
	}
	if (wake <= now_ns)
		abort(); /* a driver would never sleep again */
	if (tp_take(t, &message, &wake) && (!message.len || message.len > TP_MAX))
		abort();
	if (t->in_at > t->in_len || t->out_at > t->out_len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int sizes[] = { 8, 12, 24, 64 };
	static const uint8_t message[TP_MAX];
	struct cursor c = cursor_at(BYTES(data, size));
	uint8_t how = cursor_u8(&c);
	struct tp_options o = { .send = 1,
				.receive = 2,
				.padding = how & 4 ? 0xcc : TP_NO_PADDING,
				.frame = sizes[how & 3] };
	int64_t now = 0;
	struct tp t;

	o.block = cursor_u8(&c);
	o.separation = cursor_u8(&c);
	tp_init(&t, &o);
	tp_send(&t, BYTES(message, cursor_be16(&c) % (TP_MAX + 1)), 0);
	while (c.rest.len) {
		struct canframe f = { .id = 2, .fd = how & 8 };
		size_t len;
		struct bytes b;

		now += cursor_u8(&c) * (int64_t)4000000;
		len = cursor_u8(&c) % (f.fd ? 65 : 9);
		b = cursor_take(&c, len < c.rest.len ? len : c.rest.len);
		if (b.len)
			memcpy(f.data, b.data, b.len);
		f.len = (uint8_t)b.len;
		drive(&t, now);
		tp_frame(&t, &f, now);
		drive(&t, now);
	}
	return 0;
}
