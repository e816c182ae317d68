#include "tools/emu/chip_int.h"

#include <string.h>

static enum chip_result diagnose(struct chip *c, struct bytes p)
{
	switch (p.data[0]) {
	case 0x00: /* communication line: the echo must be exact */
		buf_add(&c->reply, p);
		return CHIP_REPLY;
	case 0x01: /* ROM */
	case 0x02: /* RAM */
	case 0x04: /* polling to a target */
	case 0x07: /* antenna */
		buf_u8(&c->reply, 0x00);
		return CHIP_REPLY;
	case 0x05: /* echo-back: silent until another command comes */
		return CHIP_NONE;
	case 0x06:
		return chip_presence(c);
	default:
		return CHIP_SYNTAX;
	}
}

static enum chip_result firmware(struct chip *c, struct bytes p)
{
	(void)p;
	/* IC PN532, version 1, revision 6, ISO 14443 A and B and ISO 18092 */
	buf_add(&c->reply, BYTES((const uint8_t *)"\x32\x01\x06\x07", 4));
	return CHIP_REPLY;
}

static enum chip_result general_status(struct chip *c, struct bytes p)
{
	const struct chip_target *t = &c->target;

	(void)p;
	buf_u8(&c->reply, 0x00);
	buf_u8(&c->reply, c->air->carrier);
	buf_u8(&c->reply, t->present);
	if (t->present) {
		buf_u8(&c->reply, 1);
		buf_u8(&c->reply, (uint8_t)t->up_d);
		buf_u8(&c->reply, (uint8_t)t->down_d);
		buf_u8(&c->reply, 0x00); /* modulation: type A */
	}
	buf_u8(&c->reply, 0x80); /* SAM */
	return CHIP_REPLY;
}

static enum chip_result read_registers(struct chip *c, struct bytes p)
{
	struct cursor in = cursor_at(p);

	if (p.len % 2)
		return CHIP_SYNTAX;
	while (in.rest.len)
		buf_u8(&c->reply, chip_ciu_read(c, cursor_be16(&in)));
	return CHIP_REPLY;
}

static enum chip_result write_registers(struct chip *c, struct bytes p)
{
	struct cursor in = cursor_at(p);

	if (p.len % 3)
		return CHIP_SYNTAX;
	while (in.rest.len) {
		uint16_t at = cursor_be16(&in);

		chip_ciu_write(c, at, cursor_u8(&in));
	}
	return CHIP_REPLY;
}

static enum chip_result read_gpio(struct chip *c, struct bytes p)
{
	(void)p;
	buf_add(&c->reply, BYTES_OF(c->gpio));
	return CHIP_REPLY;
}

static enum chip_result write_gpio(struct chip *c, struct bytes p)
{
	for (int i = 0; i < 2; i++)
		if (p.data[i] & 0x80) /* this port is meant */
			c->gpio[i] = p.data[i] & 0x7f;
	return CHIP_REPLY;
}

/* The answer goes at the old speed; the host's ACK of it switches. */
static enum chip_result set_baud(struct chip *c, struct bytes p)
{
	static const int64_t bauds[] = { 9600,   19200,  38400,  57600,  115200,
					 230400, 460800, 921600, 1288000 };

	if (p.data[0] >= sizeof(bauds) / sizeof(bauds[0]))
		return CHIP_SYNTAX;
	c->new_baud = bauds[p.data[0]];
	return CHIP_REPLY;
}

static enum chip_result set_parameters(struct chip *c, struct bytes p)
{
	c->parameters = p.data[0];
	return CHIP_REPLY;
}

static enum chip_result configure_sam(struct chip *c, struct bytes p)
{
	(void)c;
	return p.data[0] >= 1 && p.data[0] <= 4 ? CHIP_REPLY : CHIP_SYNTAX;
}

static enum chip_result power_down(struct chip *c, struct bytes p)
{
	(void)p;
	buf_u8(&c->reply, STATUS_OK);
	chip_go_to_sleep(c);
	return CHIP_REPLY;
}

static enum chip_result rf_field(struct chip *c, struct bytes data)
{
	bool on = data.data[0] & 1;

	if (!on)
		chip_forget(c);
	air_set_carrier(c->air, on);
	return CHIP_REPLY;
}

static enum chip_result configure_rf(struct chip *c, struct bytes p)
{
	/* item, bytes of data: analog settings are taken and have no effect */
	static const uint8_t lengths[][2] = { { 0x01, 1 }, { 0x02, 3 },  { 0x04, 1 },
					      { 0x05, 3 }, { 0x0a, 11 }, { 0x0b, 8 },
					      { 0x0c, 3 }, { 0x0d, 9 } };
	struct bytes data = BYTES(p.data + 1, p.len - 1);
	bool known = false;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		known = known ||
			(lengths[i][0] == p.data[0] && lengths[i][1] == data.len);
	if (!known)
		return CHIP_SYNTAX;
	if (p.data[0] == 0x01)
		return rf_field(c, data);
	if (p.data[0] == 0x02)
		memcpy(c->timing, data.data + 1, 2);
	else if (p.data[0] == 0x04)
		c->retries_com = data.data[0];
	else if (p.data[0] == 0x05)
		memcpy(c->max_retries, data.data, 3);
	return CHIP_REPLY;
}

static enum chip_result regulation_test(struct chip *c, struct bytes p)
{
	(void)c;
	(void)p;
	return CHIP_NONE;
}

int64_t chip_timing_ns(uint8_t code)
{
	if (code == 0)
		return 0;
	return (100 * NS_PER_US) << ((code > 0x10 ? 0x10 : code) - 1);
}

static const struct chip_command commands[] = {
	{ 0x00, "Diagnose", 1, 263, diagnose },
	{ 0x02, "GetFirmwareVersion", 0, 0, firmware },
	{ 0x04, "GetGeneralStatus", 0, 0, general_status },
	{ 0x06, "ReadRegister", 2, 263, read_registers },
	{ 0x08, "WriteRegister", 3, 263, write_registers },
	{ 0x0c, "ReadGPIO", 0, 0, read_gpio },
	{ 0x0e, "WriteGPIO", 2, 2, write_gpio },
	{ 0x10, "SetSerialBaudRate", 1, 1, set_baud },
	{ 0x12, "SetParameters", 1, 1, set_parameters },
	{ 0x14, "SAMConfiguration", 1, 3, configure_sam },
	{ 0x16, "PowerDown", 1, 2, power_down },
	{ 0x32, "RFConfiguration", 2, 12, configure_rf },
	{ 0x40, "InDataExchange", 1, 263, chip_exchange },
	{ 0x42, "InCommunicateThru", 0, 263, chip_thru },
	{ 0x44, "InDeselect", 1, 1, chip_deselect },
	{ 0x46, "InJumpForPSL", 3, 66, chip_jump },
	{ 0x4a, "InListPassiveTarget", 2, 263, chip_list },
	{ 0x4e, "InPSL", 3, 3, chip_psl },
	{ 0x50, "InATR", 2, 60, chip_atr },
	{ 0x52, "InRelease", 1, 1, chip_release },
	{ 0x54, "InSelect", 1, 1, chip_select },
	{ 0x56, "InJumpForDEP", 3, 66, chip_jump },
	{ 0x58, "RFRegulationTest", 1, 1, regulation_test },
	{ 0x60, "InAutoPoll", 3, 17, chip_auto_poll },
	{ 0x86, "TgGetData", 0, 0, chip_get_data },
	{ 0x88, "TgGetInitiatorCommand", 0, 0, chip_get_frame },
	{ 0x8a, "TgGetTargetStatus", 0, 0, chip_role_status },
	{ 0x8c, "TgInitAsTarget", 36, 263, chip_become_card },
	{ 0x8e, "TgSetData", 0, 262, chip_set_data },
	{ 0x90, "TgResponseToInitiator", 0, 262, chip_set_frame },
	{ 0x92, "TgSetGeneralBytes", 0, 48, chip_set_general },
	{ 0x94, "TgSetMetaData", 0, 262, chip_set_meta },
};

const struct chip_command *chip_command_find(uint8_t code)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].code == code)
			return &commands[i];
	return NULL;
}
