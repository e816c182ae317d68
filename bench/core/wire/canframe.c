#include "bench/core/wire/canframe.h"

#include <assert.h>
#include <string.h>

#define FLAG_EXTENDED 0x80000000u
#define FLAG_REMOTE 0x40000000u
#define FLAG_ERROR 0x20000000u
#define FD_BRS 1
#define FD_ESI 2
#define FD_FDF 4

static bool fd_length(int len)
{
	return len <= 8 || len == 12 || len == 16 || len == 20 || len == 24 ||
	       len == 32 || len == 48 || len == 64;
}

bool canframe_valid(const struct canframe *f)
{
	uint32_t max = f->extended || f->error ? CANFRAME_MAX_ID_EXTENDED
					       : CANFRAME_MAX_ID_STANDARD;

	if (f->id > max)
		return false;
	if (f->fd)
		return !f->remote && !f->error && !f->raw_dlc && fd_length(f->len);
	if (f->brs || f->esi || f->len > 8 || (f->error && f->remote))
		return false;
	return !f->raw_dlc || (f->len == 8 && f->raw_dlc > 8 && f->raw_dlc < 16);
}

bool canframe_equal(const struct canframe *a, const struct canframe *b)
{
	if (a->id != b->id || a->extended != b->extended || a->remote != b->remote ||
	    a->error != b->error || a->fd != b->fd || a->brs != b->brs ||
	    a->esi != b->esi || a->len != b->len || a->raw_dlc != b->raw_dlc)
		return false;
	return a->remote || memcmp(a->data, b->data, a->len) == 0;
}

/* The frame as it goes over the wire before stuffing: one bit a byte. */
struct line {
	uint8_t bits[640]; /* of 64 bytes at most */
	size_t count;
};

static void put(struct line *l, uint32_t value, int count)
{
	while (count--)
		l->bits[l->count++] = value >> count & 1;
}

uint16_t canframe_crc15(const uint8_t *bits, size_t count)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < count; i++) {
		bool flip = (bits[i] & 1) != (crc >> 14 & 1);

		crc = crc << 1 & 0x7fff;
		if (flip)
			crc ^= 0x4599;
	}
	return (uint16_t)crc;
}

static void lay_out(struct line *l, const struct canframe *f)
{
	int dlc = f->raw_dlc ? f->raw_dlc : f->len;

	l->count = 0;
	put(l, 0, 1); /* start of frame */
	if (f->extended) {
		put(l, f->id >> 18, 11);
		put(l, 3, 2); /* SRR, IDE */
		put(l, f->id & 0x3ffff, 18);
		put(l, f->remote, 1);
		put(l, 0, 2); /* r1, r0 */
	} else {
		put(l, f->id, 11);
		put(l, f->remote, 1);
		put(l, 0, 2); /* IDE, r0 */
	}
	put(l, (uint32_t)dlc, 4);
	for (int i = 0; !f->remote && i < f->len; i++)
		put(l, f->data[i], 8);
	put(l, canframe_crc15(l->bits, l->count), 15);
}

/* FD: up to the end of the data; what follows is stuffed at fixed places. @return bits before the data bit rate */
static size_t lay_out_fd(struct line *l, const struct canframe *f)
{
	static const uint8_t lengths[] = { 12, 16, 20, 24, 32, 48, 64 };
	uint32_t dlc = f->len;
	size_t nominal;

	for (uint32_t i = 0; f->len > 8 && i < sizeof(lengths); i++)
		if (lengths[i] == f->len)
			dlc = 9 + i;
	l->count = 0;
	put(l, 0, 1);
	if (f->extended) {
		put(l, f->id >> 18, 11);
		put(l, 3, 2); /* SRR, IDE */
		put(l, f->id & 0x3ffff, 18);
		put(l, 0, 1); /* RRS */
	} else {
		put(l, f->id, 11);
		put(l, 0, 2); /* RRS, IDE */
	}
	put(l, 2, 2); /* FDF, res */
	put(l, f->brs, 1);
	nominal = l->count;
	put(l, f->esi, 1);
	put(l, dlc, 4);
	for (int i = 0; i < f->len; i++)
		put(l, f->data[i], 8);
	return nominal;
}

/* A stuff bit follows five equal bits and is itself the first of the next five. Those behind the first @count bits. */
static int stuff_bits(const struct line *l, size_t count)
{
	int stuffed = 0, run = 0;
	uint8_t last = 2;

	for (size_t i = 0; i < count; i++) {
		run = l->bits[i] == last ? run + 1 : 1;
		last = l->bits[i];
		if (run == 5) {
			stuffed++;
			last = !last;
			run = 1;
		}
	}
	return stuffed;
}

int canframe_bits(const struct canframe *f)
{
	struct line l;

	if (f->fd || f->error || !canframe_valid(f))
		return 0;
	lay_out(&l, f);
	/* CRC delimiter, ACK slot and delimiter, end of frame: never stuffed */
	return (int)l.count + stuff_bits(&l, l.count) + 1 + 2 + 7 +
	       CANFRAME_INTERFRAME_BITS;
}

bool canframe_fd_bits(const struct canframe *f, int *nominal, int *data)
{
	/* stuff count and CRC, and a fixed stuff bit before and after every four of them */
	int crc = f->len <= 16 ? 4 + 17 + 6 : 4 + 21 + 7;
	size_t arbitration;
	struct line l;
	int before;

	if (!f->fd || !canframe_valid(f))
		return false;
	arbitration = lay_out_fd(&l, f);
	before = stuff_bits(&l, arbitration - 1);
	/* where one would follow the last bit of data, the first fixed one stands */
	*data = (int)(l.count - arbitration) + stuff_bits(&l, l.count - 1) - before +
		crc + 1;
	*nominal = (int)arbitration + before + 2 + 7 + CANFRAME_INTERFRAME_BITS;
	if (!f->brs) {
		*nominal += *data;
		*data = 0;
	}
	return true;
}

int64_t canframe_wire_ns(const struct canframe *f, int64_t bitrate, int64_t data_bitrate)
{
	int nominal, data;

	if (!f->fd)
		return canframe_time_ns(canframe_bits(f), bitrate);
	if (!canframe_fd_bits(f, &nominal, &data) || (data && data_bitrate <= 0))
		return 0;
	return canframe_time_ns(nominal, bitrate) +
	       (data ? canframe_time_ns(data, data_bitrate) : 0);
}

int canframe_bits_min(bool extended, int len)
{
	return (extended ? 67 : 47) + 8 * len;
}

int canframe_bits_max(bool extended, int len)
{
	return canframe_bits_min(extended, len) +
	       ((extended ? 54 : 34) + 8 * len - 1) / 4;
}

int64_t canframe_time_ns(int64_t bits, int64_t bitrate)
{
	assert(bitrate > 0);
	return (bits * 1000000000 + bitrate / 2) / bitrate;
}

/*
 * Base id, RTR or SRR, IDE, the rest of the id, RTR: the order of the wire; 0 is
 * dominant.
 */
uint32_t canframe_priority(const struct canframe *f)
{
	if (f->extended)
		return f->id >> 18 << 21 | 3u << 19 | (f->id & 0x3ffff) << 1 | f->remote;
	return f->id << 21 | (uint32_t)f->remote << 20;
}

static uint32_t flagged_id(const struct canframe *f)
{
	return f->id | (f->extended ? FLAG_EXTENDED : 0) | (f->remote ? FLAG_REMOTE : 0) |
	       (f->error ? FLAG_ERROR : 0);
}

static uint8_t fd_flags(const struct canframe *f)
{
	return (uint8_t)((f->brs ? FD_BRS : 0) | (f->esi ? FD_ESI : 0) |
			 (f->fd ? FD_FDF : 0));
}

static void add_header(const struct canframe *f, struct buf *out)
{
	buf_u8(out, f->len);
	buf_u8(out, fd_flags(f));
	buf_u8(out, 0);
	buf_u8(out, f->raw_dlc);
}

void canframe_to_socket(const struct canframe *f, struct buf *out)
{
	size_t room = f->fd ? CANFRAME_MAX_DATA : 8;
	uint32_t id = flagged_id(f);
	uint8_t data[CANFRAME_MAX_DATA] = { 0 }, raw[4];

	assert(f->len <= room);
	memcpy(raw, &id, 4); /* the kernel's struct has it in host order */
	memcpy(data, f->data, f->remote ? 0 : f->len);
	buf_add(out, BYTES_OF(raw));
	add_header(f, out);
	buf_add(out, BYTES(data, room));
}

/* Length, flags, reserved, raw DLC, data: the same in both shapes. */
static int read_body(struct canframe *f, uint32_t id, bool fd, struct cursor *c)
{
	struct canframe read = { .fd = fd };
	uint8_t flags, raw;

	read.error = id & FLAG_ERROR;
	read.extended = !read.error && id & FLAG_EXTENDED;
	read.remote = id & FLAG_REMOTE;
	read.id = id & (read.extended || read.error ? CANFRAME_MAX_ID_EXTENDED
						    : CANFRAME_MAX_ID_STANDARD);
	read.len = cursor_u8(c);
	flags = cursor_u8(c);
	cursor_u8(c);
	raw = cursor_u8(c);
	if (fd) {
		read.brs = flags & FD_BRS;
		read.esi = flags & FD_ESI;
	} else if (read.len == 8 && raw > 8 && raw < 16) {
		read.raw_dlc = raw; /* any other value means nothing */
	}
	if (c->failed || read.len > CANFRAME_MAX_DATA || !canframe_valid(&read))
		return ERR_FORMAT;
	if (!read.remote) {
		struct bytes data = cursor_take(c, read.len);

		if (c->failed)
			return ERR_FORMAT;
		memcpy(read.data, data.data, data.len);
	}
	*f = read;
	return 0;
}

int canframe_from_socket(struct canframe *f, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint32_t id = 0;

	if (b.len != CANFRAME_SOCKET_CLASSIC && b.len != CANFRAME_SOCKET_FD)
		return ERR_FORMAT;
	memcpy(&id, cursor_take(&c, 4).data, 4);
	return read_body(f, id, b.len == CANFRAME_SOCKET_FD, &c);
}

void canframe_to_capture(const struct canframe *f, struct buf *out)
{
	buf_be32(out, flagged_id(f));
	add_header(f, out);
	buf_add(out, BYTES(f->data, f->remote ? 0u : f->len));
}

int canframe_from_capture(struct canframe *f, struct bytes b)
{
	struct cursor c = cursor_at(b);
	uint32_t id = cursor_be32(&c);
	/* older captures leave the FDF flag out: a length over 8 tells as well */
	bool fd = b.len > 5 && (b.data[5] & FD_FDF || b.data[4] > 8);

	return read_body(f, id, fd, &c);
}
