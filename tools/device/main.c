/*
 * keybench-device(1): the reference device as a virtual smart card.
 */
#include "bench/core/clock.h"
#include "bench/core/crypto/random.h"
#include "bench/core/data.h"
#include "bench/core/log.h"
#include "bench/core/verdict.h"
#include "fixtures/device/phone.h"
#include "tools/device/card.h"
#include "tools/device/given.h"
#include "tools/device/link.h"
#include "tools/device/provision.h"
#include "tools/device/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "keybench-device"
#define AGAIN_NS NS_PER_S
#define LOOK_NS (3600 * NS_PER_S)
#define ANSWER_ROOM (APDU_ROOM + ATR_MAX)
#define APDU_ROOM 258
/* What a card says of itself when no phone is named: "80", nothing more to tell. */
static const uint8_t plain_historical[] = { 0x80 };

struct arguments {
	struct given given;
	const char *phone;
};

enum {
	OPT_PHONE = GIVEN_OWN
};

static const struct argp_option options[] = {
	GIVEN_OPTIONS,
	{ "vpcd", GIVEN_PEER, "HOST:PORT", 0,
	  "Connect to a virtual reader there (default 127.0.0.1:35963), again and again",
	  0 },
	{ "listen", GIVEN_LISTEN, "PORT", 0,
	  "Wait for who connects instead, on 127.0.0.1 or on HOST:PORT; 0: any port", 0 },
	{ "phone", OPT_PHONE, "FILE", 0,
	  "Think as long as this phone does, with its planted faults, keybench-phone(5)",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_PHONE:
		a->phone = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->given.profile || !a->given.keys)
			argp_error(state, "--profile and --keys are needed");
		if (!a->given.has_address)
			address_parse(&a->given.at, "35963", NULL);
		return 0;
	default:
		return given_take(&a->given, key, arg, state);
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse,
	.doc = "The reference device of a digital car key as a virtual smart card: any "
	       "program that speaks PC/SC, or TCP, can be its reader.",
};

struct host {
	const struct arguments *a;
	struct provision has;
	struct phone *phone; /* NULL: none was named */
	struct virtual_card card;
	uint8_t ats[32];
	struct rng delays;
	struct trace trace;
	struct pump *pump;
	struct link link;
	bool waiting; /* was said */
};

/* New at every activation, as a phone's is. */
static void new_uid(struct host *h)
{
	struct virtual_card *c = &h->card;

	if (h->phone && !h->phone->random_uid) {
		c->uid_len = h->phone->uid_len;
		memcpy(c->uid, h->phone->uid, c->uid_len);
		return;
	}
	c->uid_len = 4;
	crypto_random(NULL, c->uid, c->uid_len);
	c->uid[0] = 0x08;
}

static void trace_message(const struct host *h, enum card_heard heard, struct bytes m)
{
	static const char *const words[] = {
		[CARD_HEARD_OFF] = "power off",
		[CARD_HEARD_ON] = "power on",
		[CARD_HEARD_RESET] = "reset",
		[CARD_HEARD_ATR] = "get ATR",
		[CARD_HEARD_NOTHING] = "a message that means nothing",
	};

	if (heard == CARD_HEARD_APDU || heard == CARD_HEARD_READER)
		trace_command(&h->trace, '<', m);
	else
		trace_word(&h->trace, '<', words[heard]);
}

static int answer(struct host *h, struct bytes m, struct err *err)
{
	uint8_t room[ANSWER_ROOM];
	struct buf out = BUF_ON(room);
	int64_t since = clock_now(clock_real());
	enum card_heard heard = card_hear(&h->card, m, &out);
	int rc = 0;

	trace_message(h, heard, m);
	if (heard == CARD_HEARD_ON || heard == CARD_HEARD_RESET)
		new_uid(h);
	if (!out.len)
		return 0;
	if (heard == CARD_HEARD_APDU && h->phone)
		rc = pump_sleep_until(
			h->pump, since + phone_draw(h->phone, h->card.last, &h->delays),
			err);
	if (rc)
		return rc;
	if (heard == CARD_HEARD_ATR)
		trace_atr(&h->trace, '>', buf_bytes(&out));
	else
		trace_answer(&h->trace, '>', buf_bytes(&out));
	return link_send(&h->link, buf_bytes(&out), err);
}

/* Until the other side goes away. */
static int serve(struct host *h, struct err *err)
{
	struct bytes m;
	int rc = 0;

	device_reset(h->card.device);
	new_uid(h);
	while (!rc) {
		rc = link_receive(&h->link, &m, clock_now(clock_real()) + LOOK_NS, err);
		if (!rc)
			rc = answer(h, m, err);
		else if (rc == ERR_TIMEOUT)
			rc = 0; /* silence is none of our business */
	}
	device_reset(h->card.device);
	link_close(&h->link);
	if (rc == ERR_INTERRUPTED || rc == ERR_NOMEM)
		return rc;
	log_info("%s", err_text(err));
	h->waiting = false;
	return 0;
}

static int listen_and_serve(struct host *h, struct err *err)
{
	int listener, rc = given_listen(&h->a->given, &listener, err);

	if (rc)
		return rc;
	while (!rc) {
		rc = link_accept(&h->link, listener, clock_now(clock_real()) + LOOK_NS,
				 err);
		if (!rc) {
			log_info("a reader has connected");
			rc = serve(h, err);
		} else if (rc == ERR_TIMEOUT) {
			rc = 0;
		}
	}
	close(listener);
	return rc;
}

static int connect_and_serve(struct host *h, struct err *err)
{
	char text[280];
	int rc = 0;

	address_text(&h->a->given.at, text);
	while (!rc) {
		rc = link_connect(&h->link, &h->a->given.at, err);
		if (!rc) {
			log_info("in the virtual reader at %s", text);
			rc = serve(h, err);
		} else if (rc == ERR_GONE) {
			if (!h->waiting)
				log_info("%s; asking every second", err_text(err));
			h->waiting = true;
			rc = 0;
		}
		if (!rc)
			rc = pump_sleep_until(h->pump, clock_now(clock_real()) + AGAIN_NS,
					      err);
	}
	return rc;
}

static int load_phone(struct host *h, struct err *err)
{
	char path[DATA_PATH_MAX];
	int rc;

	h->card.historical = BYTES_OF(plain_historical);
	if (!h->a->phone)
		return 0;
	rc = data_find(path, h->a->phone, "fixtures/profiles/phone", NULL, err);
	if (!rc)
		rc = phone_load(&h->phone, path, err);
	if (rc)
		return rc;
	rng_init(&h->delays, 1, "device");
	h->card.historical =
		ats_historical(BYTES(h->ats + 1, phone_ats(h->phone, h->ats) - 1));
	return 0;
}

static int run(struct host *h, struct err *err)
{
	int rc = provision_load(&h->has, h->a->given.profile, h->a->given.keys, err);

	if (!rc)
		rc = load_phone(h, err);
	if (!rc)
		rc = phone_device(&h->card.device, h->phone, h->has.profile, h->has.keys,
				  NULL, err);
	if (!rc)
		rc = pump_new(&h->pump, err);
	if (!rc) {
		pump_obey_signals(h->pump, 0);
		rc = link_init(&h->link, h->pump, err);
	}
	if (rc)
		return rc;
	trace_start(&h->trace, h->has.profile, h->a->given.trace);
	return h->a->given.listen ? listen_and_serve(h, err) : connect_and_serve(h, err);
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct host h = { .a = &a, .link = { .fd = -1 } };
	struct err err = { 0 };
	int status;

	argp_err_exit_status = EXIT_WRONG_USE;
	log_setup(PROGRAM, LOG_INFO);
	argp_parse(&parser, argc, argv, 0, NULL, &a);
	run(&h, &err);
	status = provision_complain(PROGRAM, &err);
	link_release(&h.link);
	pump_free(h.pump);
	device_free(h.card.device);
	phone_free(h.phone);
	provision_release(&h.has);
	return log_end(status);
}
