#include "tools/usbemu/usbip_wire.h"

#include "bench/core/err.h"

#include <string.h>

#define NO_PACKETS \
	UINT32_MAX /* how newer hosts say that it is not isochronous; others say 0 */

static uint16_t swapped(uint16_t v)
{
	return (uint16_t)(v >> 8 | v << 8);
}

static void take_text(struct cursor *c, char *out, size_t size)
{
	struct bytes b = cursor_take(c, size);

	memset(out, 0, size);
	if (b.len)
		memcpy(out, b.data, strnlen((const char *)b.data, size - 1));
}

static void add_text(struct buf *out, const char *text, size_t size)
{
	size_t len = strnlen(text, size - 1);

	buf_add(out, BYTES((const uint8_t *)text, len));
	for (size_t i = len; i < size; i++)
		buf_u8(out, 0);
}

static void add_zeros(struct buf *out, size_t count)
{
	while (count--)
		buf_u8(out, 0);
}

/* Complete so far? */
static int used(const struct cursor *c, struct bytes in)
{
	return c->failed ? 0 : (int)(in.len - c->rest.len);
}

int usbip_parse_ask(struct bytes in, struct usbip_ask *out)
{
	struct cursor c = cursor_at(in);

	memset(out, 0, sizeof(*out));
	out->version = cursor_be16(&c);
	out->code = cursor_be16(&c);
	if (c.failed)
		return 0;
	if (out->version != USBIP_VERSION)
		return ERR_FORMAT;
	if (out->code != USBIP_ASK_LIST && out->code != USBIP_ASK_IMPORT)
		return ERR_UNSUPPORTED;
	cursor_be32(&c); /* status */
	if (out->code == USBIP_ASK_IMPORT)
		take_text(&c, out->busid, USBIP_BUSID);
	return used(&c, in);
}

void usbip_build_ask(struct buf *out, const struct usbip_ask *ask)
{
	buf_be16(out, ask->version);
	buf_be16(out, ask->code);
	buf_be32(out, 0);
	if (ask->code == USBIP_ASK_IMPORT)
		add_text(out, ask->busid, USBIP_BUSID);
}

static void build_head(struct buf *out, uint16_t code, uint32_t status)
{
	buf_be16(out, USBIP_VERSION);
	buf_be16(out, code);
	buf_be32(out, status);
}

/* The head of an answer with @code. @return as the parsers */
static int parse_head(struct cursor *c, struct bytes in, uint16_t code, uint32_t *status)
{
	uint16_t version = cursor_be16(c), said = cursor_be16(c);

	*status = cursor_be32(c);
	if (c->failed)
		return 0;
	return version == USBIP_VERSION && said == code ? used(c, in) : ERR_FORMAT;
}

static void add_device(struct buf *out, const struct usbip_device *d)
{
	add_text(out, d->path, USBIP_PATH);
	add_text(out, d->busid, USBIP_BUSID);
	buf_be32(out, d->busnum);
	buf_be32(out, d->devnum);
	buf_be32(out, d->speed);
	buf_be16(out, d->vendor);
	buf_be16(out, d->product);
	buf_be16(out, d->release);
	buf_u8(out, d->class);
	buf_u8(out, d->subclass);
	buf_u8(out, d->protocol);
	buf_u8(out, d->configuration);
	buf_u8(out, d->configurations);
	buf_u8(out, d->interface_count);
}

static void take_device(struct cursor *c, struct usbip_device *d)
{
	memset(d, 0, sizeof(*d));
	take_text(c, d->path, USBIP_PATH);
	take_text(c, d->busid, USBIP_BUSID);
	d->busnum = cursor_be32(c);
	d->devnum = cursor_be32(c);
	d->speed = cursor_be32(c);
	d->vendor = cursor_be16(c);
	d->product = cursor_be16(c);
	d->release = cursor_be16(c);
	d->class = cursor_u8(c);
	d->subclass = cursor_u8(c);
	d->protocol = cursor_u8(c);
	d->configuration = cursor_u8(c);
	d->configurations = cursor_u8(c);
	d->interface_count = cursor_u8(c);
}

void usbip_build_list(struct buf *out, uint32_t count)
{
	build_head(out, USBIP_LIST, 0);
	buf_be32(out, count);
}

int usbip_parse_list(struct bytes in, uint32_t *count)
{
	struct cursor c = cursor_at(in);
	uint32_t status;
	int rc = parse_head(&c, in, USBIP_LIST, &status);

	if (rc <= 0)
		return rc;
	*count = cursor_be32(&c);
	return used(&c, in);
}

void usbip_build_listed(struct buf *out, const struct usbip_device *d)
{
	add_device(out, d);
	for (int i = 0; i < d->interface_count; i++) {
		buf_u8(out, d->interfaces[i].class);
		buf_u8(out, d->interfaces[i].subclass);
		buf_u8(out, d->interfaces[i].protocol);
		buf_u8(out, 0);
	}
}

int usbip_parse_listed(struct bytes in, struct usbip_device *out)
{
	struct cursor c = cursor_at(in);

	take_device(&c, out);
	if (c.failed)
		return 0;
	if (out->interface_count > USBIP_INTERFACES)
		return ERR_RANGE;
	for (int i = 0; i < out->interface_count; i++) {
		out->interfaces[i].class = cursor_u8(&c);
		out->interfaces[i].subclass = cursor_u8(&c);
		out->interfaces[i].protocol = cursor_u8(&c);
		cursor_u8(&c);
	}
	return used(&c, in);
}

void usbip_build_import(struct buf *out, const struct usbip_device *d)
{
	build_head(out, USBIP_IMPORT, d ? 0 : 1);
	if (d)
		add_device(out, d);
}

int usbip_parse_import(struct bytes in, bool *found, struct usbip_device *out)
{
	struct cursor c = cursor_at(in);
	uint32_t status;
	int rc = parse_head(&c, in, USBIP_IMPORT, &status);

	if (rc <= 0)
		return rc;
	*found = status == 0;
	if (*found)
		take_device(&c, out);
	return used(&c, in);
}

static void take_basic(struct cursor *c, struct usbip_urb *u)
{
	memset(u, 0, sizeof(*u));
	u->command = cursor_be32(c);
	u->seqnum = cursor_be32(c);
	u->devid = cursor_be32(c);
	u->in = cursor_be32(c);
	u->endpoint = cursor_be32(c);
}

static void add_basic(struct buf *out, const struct usbip_urb *u)
{
	buf_be32(out, u->command);
	buf_be32(out, u->seqnum);
	buf_be32(out, u->devid);
	buf_be32(out, u->in);
	buf_be32(out, u->endpoint);
}

static int parse_submit(struct cursor *c, struct bytes in, struct usbip_urb *out)
{
	uint32_t packets;

	out->flags = cursor_be32(c);
	out->length = cursor_be32(c);
	cursor_be32(c); /* start frame */
	packets = cursor_be32(c);
	cursor_be32(c); /* interval */
	out->setup.type = cursor_u8(c);
	out->setup.request = cursor_u8(c);
	out->setup.value = swapped(cursor_be16(c));
	out->setup.index = swapped(cursor_be16(c));
	out->setup.length = swapped(cursor_be16(c));
	if (out->endpoint > 15)
		return ERR_FORMAT;
	if (out->length > USBIP_MAX_TRANSFER)
		return ERR_RANGE;
	if (packets && packets != NO_PACKETS)
		return ERR_UNSUPPORTED;
	if (!out->in)
		out->data = cursor_take(c, out->length);
	return used(c, in);
}

int usbip_parse_urb(struct bytes in, struct usbip_urb *out)
{
	struct cursor c = cursor_at(in);

	if (in.len < USBIP_URB_SIZE)
		return 0;
	take_basic(&c, out);
	if (out->command == USBIP_SUBMIT)
		return parse_submit(&c, in, out);
	if (out->command != USBIP_UNLINK)
		return ERR_FORMAT;
	out->unlink = cursor_be32(&c);
	cursor_take(&c, 24);
	return used(&c, in);
}

void usbip_build_urb(struct buf *out, const struct usbip_urb *u)
{
	add_basic(out, u);
	if (u->command == USBIP_UNLINK) {
		buf_be32(out, u->unlink);
		add_zeros(out, 24);
		return;
	}
	buf_be32(out, u->flags);
	buf_be32(out, u->length);
	buf_be32(out, 0);
	buf_be32(out, 0);
	buf_be32(out, 0);
	buf_u8(out, u->setup.type);
	buf_u8(out, u->setup.request);
	buf_be16(out, swapped(u->setup.value));
	buf_be16(out, swapped(u->setup.index));
	buf_be16(out, swapped(u->setup.length));
	if (!u->in)
		buf_add(out, u->data);
}

int usbip_parse_answer(struct bytes in, struct usbip_urb *out)
{
	struct cursor c = cursor_at(in);

	if (in.len < USBIP_URB_SIZE)
		return 0;
	take_basic(&c, out);
	if (out->command != USBIP_SUBMITTED && out->command != USBIP_UNLINKED)
		return ERR_FORMAT;
	out->status = (int32_t)cursor_be32(&c);
	if (out->command == USBIP_SUBMITTED)
		out->length = cursor_be32(&c);
	return out->length > USBIP_MAX_TRANSFER ? ERR_RANGE : USBIP_URB_SIZE;
}

void usbip_build_answer(struct buf *out, const struct usbip_urb *u)
{
	add_basic(out, u);
	buf_be32(out, (uint32_t)u->status);
	if (u->command == USBIP_UNLINKED) {
		add_zeros(out, 24);
		return;
	}
	buf_be32(out, u->length);
	add_zeros(out, 20);
	buf_add(out, u->data);
}
