#include "drivers/can/uds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ 0x22
#define NEGATIVE 0x7f
#define POSITIVE 0x40
#define PENDING 0x78

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

enum uds_answer uds_answer_to(struct bytes answer, uint8_t service, uint8_t *code)
{
	struct cursor c = cursor_at(answer);
	uint8_t first = cursor_u8(&c);

	if (first == NEGATIVE) {
		uint8_t refused = cursor_u8(&c);

		*code = cursor_u8(&c);
		if (c.failed || refused != service)
			return UDS_OTHER;
		return *code == PENDING ? UDS_PENDING : UDS_REFUSED;
	}
	return !c.failed && first == (service | POSITIVE) ? UDS_VALUE : UDS_OTHER;
}

enum uds_answer uds_read(struct bytes answer, uint16_t id, struct bytes *value,
			 uint8_t *code)
{
	enum uds_answer a = uds_answer_to(answer, READ, code);
	struct cursor c = cursor_at(answer);

	if (a != UDS_VALUE)
		return a;
	cursor_u8(&c);
	if (cursor_be16(&c) != id || c.failed)
		return UDS_OTHER;
	*value = BYTES(answer.data + 3, answer.len - 3);
	return UDS_VALUE;
}

const char *uds_code_text(uint8_t code)
{
	static const struct {
		uint8_t code;
		const char *text;
	} codes[] = {
		{ 0x10, "generalReject" },
		{ 0x11, "serviceNotSupported" },
		{ 0x12, "subFunctionNotSupported" },
		{ 0x13, "incorrectMessageLengthOrInvalidFormat" },
		{ 0x14, "responseTooLong" },
		{ 0x21, "busyRepeatRequest" },
		{ 0x22, "conditionsNotCorrect" },
		{ 0x24, "requestSequenceError" },
		{ 0x25, "noResponseFromSubnetComponent" },
		{ 0x26, "failurePreventsExecutionOfRequestedAction" },
		{ 0x31, "requestOutOfRange" },
		{ 0x33, "securityAccessDenied" },
		{ 0x34, "authenticationRequired" },
		{ 0x35, "invalidKey" },
		{ 0x36, "exceedNumberOfAttempts" },
		{ 0x37, "requiredTimeDelayNotExpired" },
		{ 0x70, "uploadDownloadNotAccepted" },
		{ 0x71, "transferDataSuspended" },
		{ 0x72, "generalProgrammingFailure" },
		{ 0x73, "wrongBlockSequenceCounter" },
		{ 0x78, "requestCorrectlyReceived-ResponsePending" },
		{ 0x7e, "subFunctionNotSupportedInActiveSession" },
		{ 0x7f, "serviceNotSupportedInActiveSession" },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].code == code)
			return codes[i].text;
	return "";
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

static int read_id(const char **p, uint32_t *id, bool *extended)
{
	size_t digits = strspn(*p, "0123456789abcdefABCDEF");

	if (!digits || digits > 8)
		return ERR_FORMAT;
	*id = (uint32_t)strtoul(*p, NULL, 16);
	if (*id > CANFRAME_MAX_ID_EXTENDED)
		return ERR_FORMAT;
	*extended = digits > 3 || *id > CANFRAME_MAX_ID_STANDARD;
	*p += digits;
	return 0;
}

int uds_pair(const char *text, struct tp_options *o)
{
	struct tp_options t = { .padding = TP_NO_PADDING, .frame = 8 };
	const char *p = text;

	if (read_id(&p, &t.send, &t.send_extended) || *p++ != ':' ||
	    read_id(&p, &t.receive, &t.receive_extended) || *p ||
	    (t.send == t.receive && t.send_extended == t.receive_extended))
		return ERR_FORMAT;
	*o = t;
	return 0;
}

struct tp_options uds_other_side(const struct tp_options *o)
{
	struct tp_options m = *o;

	m.send = o->receive;
	m.send_extended = o->receive_extended;
	m.receive = o->send;
	m.receive_extended = o->send_extended;
	return m;
}
