#include "results/hdrlog.h"

#include "results/number.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define COOKIE 0x1c849313u
#define COMPRESSED_COOKIE 0x1c849314u
#define HEADER_LEN 40
/* Behind it a histogram of hist.c's largest size, each count in 9 bytes. */
#define MAX_PLAIN (HEADER_LEN + ((size_t)9 << 22))
#define MAX_STORED 65535

static void put_be64(struct buf *b, uint64_t v)
{
	buf_be32(b, (uint32_t)(v >> 32));
	buf_be32(b, (uint32_t)v);
}

/* Small numbers of either sign in few bytes, 7 bits each from the low end; a ninth byte holds 8. */
static void put_zigzag(struct buf *b, int64_t n)
{
	uint64_t v = (uint64_t)n << 1 ^ (uint64_t)(n >> 63);

	for (int i = 0; i < 8 && v >= 0x80; i++, v >>= 7)
		buf_u8(b, (uint8_t)(v | 0x80));
	buf_u8(b, (uint8_t)v);
}

static int64_t take_zigzag(struct cursor *c)
{
	uint64_t v = 0;

	for (int i = 0; i < 9; i++) {
		uint8_t byte = cursor_u8(c);

		if (i == 8 || byte < 0x80) {
			v |= (uint64_t)byte << (7 * i);
			break;
		}
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
	}
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static void put_counts(struct buf *b, const struct hist *h)
{
	size_t len = h->total ? hist_index(h, h->max) + 1 : 1;

	for (size_t i = 0, run; i < len; i += run) {
		for (run = 0; i + run < len && h->counts[i + run] == 0; run++)
			;
		if (run) {
			/* a single zero is a 0: readers know -1 too, but writers do it so */
			put_zigzag(b, run == 1 ? 0 : -(int64_t)run);
		} else {
			put_zigzag(b, h->counts[i]);
			run = 1;
		}
	}
}

static void put_plain(struct buf *b, const struct hist *h)
{
	static const double ratio = 1.0;
	struct buf counts;
	uint64_t bits;

	buf_init(&counts, MAX_PLAIN);
	put_counts(&counts, h);
	memcpy(&bits, &ratio, sizeof(bits));
	buf_be32(b, COOKIE);
	buf_be32(b, (uint32_t)counts.len);
	buf_be32(b, 0);
	buf_be32(b, (uint32_t)h->digits);
	put_be64(b, (uint64_t)h->lowest);
	put_be64(b, (uint64_t)h->highest);
	put_be64(b, bits);
	buf_add(b, buf_bytes(&counts));
	b->failed = b->failed || counts.failed;
	buf_release(&counts);
}

/* RFC 1950 around RFC 1951 blocks that are not compressed. */
static void put_zlib(struct buf *b, struct bytes plain)
{
	struct cursor rest = cursor_at(plain);

	buf_be16(b, 0x7801);
	do {
		size_t len = rest.rest.len < MAX_STORED ? rest.rest.len : MAX_STORED;
		struct bytes part = cursor_take(&rest, len);

		buf_u8(b, rest.rest.len == 0); /* the last one? */
		buf_u8(b, (uint8_t)len);
		buf_u8(b, (uint8_t)(len >> 8));
		buf_u8(b, (uint8_t)~len);
		buf_u8(b, (uint8_t)(~len >> 8));
		buf_add(b, part);
	} while (rest.rest.len);
	buf_be32(b, (uint32_t)adler32(1, plain.data, (uInt)plain.len));
}

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(struct buf *out, struct bytes b)
{
	for (size_t i = 0; i < b.len; i += 3) {
		size_t left = b.len - i;
		uint32_t v = (uint32_t)b.data[i] << 16 |
			     (left > 1 ? (uint32_t)b.data[i + 1] << 8 : 0) |
			     (left > 2 ? b.data[i + 2] : 0);

		buf_u8(out, (uint8_t)digits[v >> 18]);
		buf_u8(out, (uint8_t)digits[v >> 12 & 63]);
		buf_u8(out, left > 1 ? (uint8_t)digits[v >> 6 & 63] : '=');
		buf_u8(out, left > 2 ? (uint8_t)digits[v & 63] : '=');
	}
}

static int digit_of(uint8_t c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int take_base64(struct bytes text, struct buf *out)
{
	uint32_t v = 0;
	size_t i;

	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	for (i = 0; i < text.len; i++) {
		int digit = digit_of(text.data[i]);

		if (digit < 0)
			return ERR_FORMAT;
		v = v << 6 | (uint32_t)digit;
		if (i % 4)
			buf_u8(out, (uint8_t)(v >> (6 - 2 * (i % 4))));
	}
	if (out->failed)
		return ERR_NOMEM;
	return i % 4 == 1 ? ERR_FORMAT : 0;
}

void hdrlog_encode(const struct hist *h, struct buf *out)
{
	struct buf plain, packed, whole;

	buf_init(&plain, MAX_PLAIN);
	buf_init(&packed, 2 * MAX_PLAIN);
	buf_init(&whole, 2 * MAX_PLAIN);
	put_plain(&plain, h);
	put_zlib(&packed, buf_bytes(&plain));
	buf_be32(&whole, COMPRESSED_COOKIE);
	buf_be32(&whole, (uint32_t)packed.len);
	buf_add(&whole, buf_bytes(&packed));
	put_base64(out, buf_bytes(&whole));
	out->failed = out->failed || plain.failed || packed.failed || whole.failed;
	buf_release(&plain);
	buf_release(&packed);
	buf_release(&whole);
}

static int inflate_all(struct bytes packed, struct buf *plain)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.data,
		       .avail_in = (uInt)packed.len };
	uint8_t part[4096];
	int rc;

	if (inflateInit(&z) != Z_OK)
		return ERR_NOMEM;
	do {
		z.next_out = part;
		z.avail_out = sizeof(part);
		rc = inflate(&z, Z_NO_FLUSH);
		if (rc == Z_OK || rc == Z_STREAM_END)
			buf_add(plain, BYTES(part, sizeof(part) - z.avail_out));
	} while (rc == Z_OK && !plain->failed && z.avail_out == 0);
	inflateEnd(&z);
	if (plain->failed)
		return ERR_RANGE;
	return rc == Z_STREAM_END ? 0 : ERR_FORMAT;
}

/* Add @count values at @index; the edges of its step stand for them. */
static int take_count(struct hist *h, size_t index, int64_t count)
{
	int64_t edge = hist_value(h, index);

	if (count > INT64_MAX - h->total)
		return ERR_RANGE;
	if (count && h->total == 0)
		h->min = edge;
	if (count)
		h->max = edge + hist_width(h, index) - 1;
	h->counts[index] = count;
	h->total += count;
	return 0;
}

static int take_counts(struct hist *h, struct cursor *c)
{
	size_t index = 0;

	while (c->rest.len) {
		int64_t n = take_zigzag(c);

		if (c->failed || index >= h->counts_len)
			return ERR_FORMAT;
		if (n < 0) {
			if (n < -(int64_t)(h->counts_len - index))
				return ERR_FORMAT;
			index += (size_t)-n;
			continue;
		}
		if (take_count(h, index++, n))
			return ERR_RANGE;
	}
	return 0;
}

static uint64_t take_be64(struct cursor *c)
{
	uint64_t high = cursor_be32(c);

	return high << 32 | cursor_be32(c);
}

static int take_plain(struct hist *out, struct bytes plain)
{
	struct cursor c = cursor_at(plain);
	uint32_t cookie = cursor_be32(&c), len = cursor_be32(&c), significant;
	uint64_t lowest, highest;
	int rc;

	/* where counts begin: integers are never shifted, and hdr-histogram-js writes 1 and means 0 */
	cursor_be32(&c);
	significant = cursor_be32(&c);
	lowest = take_be64(&c);
	highest = take_be64(&c);
	take_be64(&c); /* the ratio to doubles, which integers do not have */
	if (c.failed || cookie != COOKIE || len != c.rest.len)
		return ERR_FORMAT;
	if (lowest > INT64_MAX || highest > INT64_MAX || significant > 5)
		return ERR_RANGE;
	rc = hist_init(out, (int64_t)lowest, (int64_t)highest, (int)significant);
	if (rc)
		return rc;
	rc = take_counts(out, &c);
	if (rc)
		hist_release(out);
	return rc;
}

int hdrlog_decode(struct hist *out, struct bytes base64)
{
	struct buf packed, plain;
	int rc;

	buf_init(&packed, MAX_PLAIN);
	buf_init(&plain, MAX_PLAIN);
	rc = take_base64(base64, &packed);
	if (!rc) {
		struct cursor c = cursor_at(buf_bytes(&packed));
		uint32_t cookie = cursor_be32(&c), len = cursor_be32(&c);

		if (c.failed || cookie != COMPRESSED_COOKIE || len != c.rest.len)
			rc = ERR_FORMAT;
		else
			rc = inflate_all(c.rest, &plain);
	}
	if (!rc)
		rc = take_plain(out, buf_bytes(&plain));
	buf_release(&packed);
	buf_release(&plain);
	return rc;
}

static void put_seconds(struct buf *out, int64_t ns)
{
	char text[NUMBER_SIZE];

	buf_text(out, number_fixed(text, (double)(ns / 1000000) / 1e3, 3));
}

void hdrlog_begin(struct buf *out, int64_t wall_start_ns, const char *const *comments)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
					    "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t wall_s = (time_t)(wall_start_ns / 1000000000);
	struct tm utc = { 0 };

	gmtime_r(&wall_s, &utc);
	buf_text(out, "#[Histogram log format version 1.3]\n");
	for (; *comments; comments++)
		buf_printf(out, "#%s\n", *comments);
	buf_text(out, "#[StartTime: ");
	put_seconds(out, wall_start_ns);
	buf_printf(out, " (seconds since epoch), %s %s %02d %02d:%02d:%02d UTC %d]\n",
		   days[utc.tm_wday], months[utc.tm_mon], utc.tm_mday, utc.tm_hour,
		   utc.tm_min, utc.tm_sec, utc.tm_year + 1900);
	buf_text(out, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		      "\"Interval_Compressed_Histogram\"\n");
}

void hdrlog_line(struct buf *out, const char *tag, int64_t start_ns, int64_t interval_ns,
		 const struct hist *h)
{
	char max[NUMBER_SIZE];

	buf_text(out, "Tag=");
	for (; *tag; tag++)
		buf_u8(out, (unsigned char)*tag <= ' ' || *tag == ',' || *tag == 0x7f
				    ? '_'
				    : (uint8_t)*tag);
	buf_text(out, ",");
	put_seconds(out, start_ns);
	buf_text(out, ",");
	put_seconds(out, interval_ns);
	/* in ms, as readers expect it of values in ns */
	buf_printf(out, ",%s,",
		   number_fixed(max, h->total ? (double)h->max / 1e6 : 0, 3));
	hdrlog_encode(h, out);
	buf_text(out, "\n");
}
