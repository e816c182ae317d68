#include "tools/device/trace.h"

#include "bench/core/clock.h"
#include "fixtures/proto/apdu.h"
#include "fixtures/proto/message.h"

#include <stdio.h>

const char *command_name(struct bytes apdu)
{
	static const struct {
		uint8_t cla, ins;
		const char *name;
	} names[] = {
		{ 0x00, 0xa4, "SELECT" },
		{ 0x00, 0xc0, "GET RESPONSE" },
		{ 0x80, 0x81, "AUTH1" },
		{ 0x84, 0xc9, "EXCHANGE" },
		{ 0x80, 0xc9, "EXCHANGE" },
		{ 0x80, 0x3c, "CONTROL FLOW" },
		{ 0x80, 0x30, "SPAKE2+ REQUEST" },
		{ 0x80, 0x32, "SPAKE2+ VERIFY" },
		{ 0x84, 0xd4, "WRITE DATA" },
		{ 0x84, 0xca, "GET DATA" },
		{ 0x84, 0xc0, "GET RESPONSE (pairing)" },
		{ 0xff, 0xca, "GET DATA (of the reader)" },
	};

	if (apdu.len < 4)
		return "";
	if (apdu.data[0] == 0x80 && apdu.data[1] == 0x80)
		return apdu.data[2] == AUTH0_FAST ? "AUTH0 fast" : "AUTH0 standard";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (apdu.data[0] == names[i].cla && apdu.data[1] == names[i].ins)
			return names[i].name;
	return "";
}

const char *status_name(const struct profile *p, uint16_t sw)
{
	const struct {
		uint16_t sw;
		const char *name;
	} names[] = {
		{ p->sw.ok, "ok" },
		{ p->sw.refused, "refused" },
		{ p->sw.wrong_length, "wrong length" },
		{ p->sw.security, "security status not satisfied" },
		{ p->sw.out_of_sequence, "out of sequence" },
		{ p->sw.wrong_data, "wrong data" },
		{ p->sw.app_not_found, "application not found" },
		{ p->sw.not_found, "not found" },
		{ p->sw.wrong_p1p2, "wrong P1 P2" },
		{ p->sw.wrong_ins, "wrong INS" },
		{ p->sw.wrong_cla, "wrong CLA" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (sw == names[i].sw)
			return names[i].name;
	return sw >> 8 == 0x61 ? "more data" : "";
}

void trace_start(struct trace *t, const struct profile *profile, bool on)
{
	*t = (struct trace){ on, profile, clock_now(clock_real()) };
}

static void line(const struct trace *t, char direction, struct bytes shown,
		 const char *what)
{
	int64_t us = (clock_now(clock_real()) - t->since_ns) / NS_PER_US;

	printf("%8lld.%03lld %c ", (long long)(us / 1000), (long long)(us % 1000),
	       direction);
	for (size_t i = 0; i < shown.len; i++)
		printf("%02x", shown.data[i]);
	printf("%s%s\n", shown.len && *what ? "  " : "", what);
	fflush(stdout);
}

void trace_word(const struct trace *t, char direction, const char *what)
{
	if (t->on)
		line(t, direction, BYTES(NULL, 0), what);
}

void trace_atr(const struct trace *t, char direction, struct bytes atr)
{
	if (t->on)
		line(t, direction, atr, "ATR");
}

void trace_command(const struct trace *t, char direction, struct bytes apdu)
{
	const char *name = command_name(apdu);

	if (t->on)
		line(t, direction, apdu, *name ? name : "no command that is known");
}

void trace_answer(const struct trace *t, char direction, struct bytes apdu)
{
	const char *name = "";
	struct bytes data;
	uint16_t sw;

	if (!t->on)
		return;
	if (apdu_answer(apdu, &data, &sw))
		name = "no status word";
	else
		name = status_name(t->profile, sw);
	line(t, direction, apdu, name);
}
