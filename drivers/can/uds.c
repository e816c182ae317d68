#include "drivers/can/uds.h"

#include <linux/can.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ 0x22
#define NEGATIVE 0x7f
#define POSITIVE 0x40
#define PENDING 0x78
#define NO_SERVICE 0x11
#define WRONG_LENGTH 0x13
#define OUT_OF_RANGE 0x31

const struct uds_identifier uds_identity[] = {
	{ 0xf18c, "serial" },
	{ 0xf191, "hardware" },
	{ 0xf195, "supplier's software" },
	{ 0xf189, "software" },
	{ 0, NULL },
};

void uds_ask(uint16_t id, struct buf *out)
{
	buf_u8(out, READ);
	buf_be16(out, id);
}

enum uds_answer uds_read(struct bytes answer, uint16_t id, struct bytes *value,
			 uint8_t *code)
{
	struct cursor c = cursor_at(answer);
	uint8_t first = cursor_u8(&c);

	if (first == NEGATIVE) {
		uint8_t service = cursor_u8(&c);

		*code = cursor_u8(&c);
		if (c.failed || service != READ)
			return UDS_OTHER;
		return *code == PENDING ? UDS_PENDING : UDS_REFUSED;
	}
	if (first != (READ | POSITIVE) || cursor_be16(&c) != id || c.failed)
		return UDS_OTHER;
	*value = BYTES(answer.data + 3, answer.len - 3);
	return UDS_VALUE;
}

static void refuse(struct buf *out, uint8_t service, uint8_t code)
{
	buf_u8(out, NEGATIVE);
	buf_u8(out, service);
	buf_u8(out, code);
}

void uds_serve(struct bytes request, const char *const *values, struct buf *out)
{
	struct cursor c = cursor_at(request);
	uint8_t service = cursor_u8(&c);
	uint16_t id;

	if (c.failed)
		return;
	if (service != READ) {
		refuse(out, service, NO_SERVICE);
		return;
	}
	id = cursor_be16(&c);
	if (c.failed || request.len != 3) {
		refuse(out, READ, WRONG_LENGTH);
		return;
	}
	for (int i = 0; uds_identity[i].name; i++) {
		if (uds_identity[i].id != id || !values[i])
			continue;
		buf_u8(out, READ | POSITIVE);
		buf_be16(out, id);
		buf_add(out, BYTES((const uint8_t *)values[i], strlen(values[i])));
		return;
	}
	refuse(out, READ, OUT_OF_RANGE);
}

void uds_value_text(struct bytes value, char *out, size_t size)
{
	size_t at = strlen(out);
	bool text = value.len > 0;

	/* padded with zeros or blanks */
	while (value.len &&
	       (!value.data[value.len - 1] || value.data[value.len - 1] == ' '))
		value.len--;
	for (size_t i = 0; i < value.len; i++)
		text = text && value.data[i] >= ' ' && value.data[i] < 0x7f;
	for (size_t i = 0; i < value.len && at + (text ? 1 : 2) < size; i++)
		at += (size_t)snprintf(out + at, size - at, text ? "%c" : "%02X",
				       value.data[i]);
}

static int read_id(const char **p, uint32_t *id)
{
	size_t digits = strspn(*p, "0123456789abcdefABCDEF");

	if (!digits || digits > 8)
		return ERR_FORMAT;
	*id = (uint32_t)strtoul(*p, NULL, 16);
	if (*id > CAN_EFF_MASK)
		return ERR_FORMAT;
	if (digits > 3 || *id > CAN_SFF_MASK)
		*id |= CAN_EFF_FLAG;
	*p += digits;
	return 0;
}

int uds_pair(const char *text, uint32_t *request, uint32_t *answer)
{
	const char *p = text;

	if (read_id(&p, request) || *p++ != ':' || read_id(&p, answer) || *p ||
	    *request == *answer)
		return ERR_FORMAT;
	return 0;
}
