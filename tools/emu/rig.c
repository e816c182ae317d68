#include "tools/emu/rig.h"

#include "bench/core/clock.h"

#include <stdlib.h>
#include <string.h>

struct head {
	const char *name, *protocol, *phone, *pairing;
	struct node emulate, controllers;
};

#define HEAD(field) offsetof(struct head, field)
#define CONTROLLERS(key) \
	{ \
		key, CONF_NODE, HEAD(controllers), CONF_ABSENT, "the controller's", 0, \
			0, NULL \
	}
static const struct conf_item head_items[] = {
	{ "rig", CONF_TEXT, HEAD(name), NULL, "the rig's name", 0, 0, NULL },
	{ "protocol", CONF_TEXT, HEAD(protocol), NULL, "protocol profile", 0, 0, NULL },
	{ "phone", CONF_TEXT, HEAD(phone), CONF_ABSENT, "phone profile", 0, 0, NULL },
	{ "pairing", CONF_TEXT, HEAD(pairing), NULL, "pairing", 0, 0, NULL },
	{ "emulate", CONF_NODE, HEAD(emulate), NULL, "what stands on the desk", 0, 0,
	  NULL },
	CONTROLLERS("summary"),
	CONTROLLERS("faults"),
	CONTROLLERS("uncertainty"),
	CONTROLLERS("exchange_timeout"),
	CONTROLLERS("reader"),
	CONTROLLERS("card"),
	CONTROLLERS("module"),
	CONTROLLERS("relay"),
	CONTROLLERS("positioner"),
	CONTROLLERS("bus"),
	{ 0 },
};

struct chip_keys {
	int chip;
	int64_t baud, gap_ns;
	bool instant;
	struct chip_knobs knobs;
	struct node moved, work;
};

static const char *const chips[] = { "pn532", NULL };
#define GAP(at) \
	{ \
		"gap", CONF_TIME, at, "150 us", \
			"its own pause between a card's frame and its next step", 86430, \
			100 * NS_PER_MS, NULL \
	}
#define CHIP(field) offsetof(struct chip_keys, field)
static const struct conf_item chip_items[] = {
	{ "chip", CONF_CHOICE, CHIP(chip), NULL, "an NFC chip on a line", 0, 0, chips },
	{ "baud", CONF_INT, CHIP(baud), "115200", "the speed of its UART", 9600, 921600,
	  NULL },
	GAP(CHIP(gap_ns)),
	{ "instant", CONF_BOOL, CHIP(instant), "no",
	  "neither its line nor the air takes any time: to measure what is around them",
	  0, 0, NULL },
	{ "ack_delay", CONF_TIME, CHIP(knobs.ack_delay_ns), "0", "pause before every ACK",
	  0, 10 * NS_PER_S, NULL },
	{ "work", CONF_NODE, CHIP(work), CONF_ABSENT,
	  "a list: how long it works at which command", 0, 0, NULL },
	{ "split", CONF_INT, CHIP(knobs.split), "0",
	  "every response in two pieces: bytes of the first; 0: in one", 0, 300, NULL },
	{ "split_pause", CONF_TIME, CHIP(knobs.split_pause_ns), "1 ms",
	  "pause between the two", 0, 10 * NS_PER_S, NULL },
	{ "extended", CONF_BOOL, CHIP(knobs.extended), "no",
	  "every response in an extended frame", 0, 0, NULL },
	{ "chunk", CONF_INT, CHIP(knobs.chunk), "262",
	  "most data bytes of one response; the rest with 'more information'", 1, 262,
	  NULL },
	{ "moved", CONF_NODE, CHIP(moved), CONF_ABSENT,
	  "what moves its antenna, as for the phone; else it lies in the field", 0, 0,
	  NULL },
	{ 0 },
};

struct work_keys {
	struct node command;
	struct chip_work work;
};

#define WORK(field) offsetof(struct work_keys, field)
static const struct conf_item work_items[] = {
	{ "command", CONF_NODE, WORK(command), CONF_ABSENT,
	  "the code of the command, 0x00 to 0xff; absent: all others", 0, 0, NULL },
	{ "median", CONF_TIME, WORK(work.median_ns), NULL, "how long", 0, 60 * NS_PER_S,
	  NULL },
	{ "sigma", CONF_NUMBER, WORK(work.sigma), "0",
	  "scatter of its logarithm; 0: constant", 0, 3, NULL },
	{ 0 },
};

struct module_keys {
	int module, ask;
	int64_t poll_ns, think_ns, gap_ns;
	struct node input, announce;
	const char *bus, *dbc;
	bool sleeps;
	int64_t stay_ns, jitter_ns;
};

static const char *const modules[] = { "vehicle", NULL };
static const char *const asks[] = { "fast", "standard", NULL };
#define MODULE(field) offsetof(struct module_keys, field)
static const struct conf_item module_items[] = {
	{ "module", CONF_CHOICE, MODULE(module), NULL, "a vehicle module", 0, 0,
	  modules },
	{ "ask", CONF_CHOICE, MODULE(ask), "fast",
	  "the transaction it asks for while its input is off", 0, 0, asks },
	{ "poll", CONF_TIME, MODULE(poll_ns), "30 ms", "pause between two polls",
	  NS_PER_MS, 10 * NS_PER_S, NULL },
	{ "think", CONF_TIME, MODULE(think_ns), "2 ms",
	  "its own time before every command", 0, NS_PER_S, NULL },
	GAP(MODULE(gap_ns)),
	{ "input", CONF_NODE, MODULE(input), CONF_ABSENT,
	  "the relay that switches its input line: standard while it is on", 0, 0, NULL },
	{ "bus", CONF_TEXT, MODULE(bus), CONF_ABSENT, "the bus it speaks on", 0, 0,
	  NULL },
	{ "dbc", CONF_TEXT, MODULE(dbc), CONF_ABSENT,
	  "on a bus: what it says there, a name or a path", 0, 0, NULL },
	{ "sleeps", CONF_BOOL, MODULE(sleeps), "no",
	  "on a bus: it sleeps until it is woken over the bus", 0, 0, NULL },
	{ "stay", CONF_TIME, MODULE(stay_ns), "3 s",
	  "how long it stays awake then, unless it is told", 10 * NS_PER_MS,
	  3600 * NS_PER_S, NULL },
	{ "announce", CONF_NODE, MODULE(announce), CONF_ABSENT,
	  "on a bus: how long after a good transaction it says that the door is open; "
	  "or never, or before: as a fault",
	  0, 0, NULL },
	{ "announce_jitter", CONF_TIME, MODULE(jitter_ns), "3 ms",
	  "standard deviation of that", 0, NS_PER_S, NULL },
	{ 0 },
};

struct input_keys {
	const char *relay;
	int64_t channel;
};

#define INPUT(field) offsetof(struct input_keys, field)
static const struct conf_item input_items[] = {
	{ "relay", CONF_TEXT, INPUT(relay), "", "the board", 0, 0, NULL },
	{ "channel", CONF_INT, INPUT(channel), NULL, "and its channel", 1, 8, NULL },
	{ 0 },
};

struct board_keys {
	int board;
	int64_t channels;
};

static const char *const boards[] = { "lcus", NULL };
#define BOARD(field) offsetof(struct board_keys, field)
static const struct conf_item board_items[] = {
	{ "board", CONF_CHOICE, BOARD(board), NULL, "the kind of relay board", 0, 0,
	  boards },
	{ "channels", CONF_INT, BOARD(channels), "2", "how many relays", 1, 8, NULL },
	{ 0 },
};

struct bus_keys {
	int64_t bitrate;
};

static const struct conf_item bus_items[] = {
	{ "bitrate", CONF_INT, offsetof(struct bus_keys, bitrate), NULL,
	  "a virtual CAN bus: its speed, bit/s", 10000, 1000000, NULL },
	{ 0 },
};

struct moved_keys {
	const char *relay;
	int64_t channel, travel_ns, jitter_ns, bounce_ns;
	bool echo; /* the phone's alone */
};

#define MOVED(field) offsetof(struct moved_keys, field)
#define MOVED_ITEMS \
	{ \
		"relay", CONF_TEXT, MOVED(relay), "", "the board that pushes it", \
		0,       0,         NULL \
	}, \
		{ "channel", CONF_INT, MOVED(channel), "1", "and its channel", 1, 8, NULL }, \
		{ "travel", \
		  CONF_TIME, \
		  MOVED(travel_ns), \
		  "45 ms", \
		  "time of its whole way", \
		  0, \
		  10 * NS_PER_S, \
		  NULL }, \
		{ "jitter", \
		  CONF_TIME, \
		  MOVED(jitter_ns), \
		  "3 ms", \
		  "standard deviation of that", \
		  0, \
		  NS_PER_S, \
		  NULL }, \
	{ \
		"bounce", CONF_TIME, MOVED(bounce_ns), "4 ms", \
			"longest bounce when it arrives", 0, NS_PER_S, NULL \
	}
static const struct conf_item moved_items[] = {
	MOVED_ITEMS,
	{ 0 },
};
static const struct conf_item phone_items[] = {
	MOVED_ITEMS,
	{ "echo", CONF_BOOL, MOVED(echo), "no",
	  "no digital key: every command is its own answer, at once", 0, 0, NULL },
	{ 0 },
};

struct fault_keys {
	const char *device;
	struct node at;
	int what;
	int64_t count;
	struct node value;
	int64_t block, by_ns;
};

#define FAULT(field) offsetof(struct fault_keys, field)
static const struct conf_item fault_items[] = {
	{ "device", CONF_TEXT, FAULT(device), NULL, "which chip", 0, 0, NULL },
	{ "at", CONF_NODE, FAULT(at), NULL, "when: {exchange: N} or {command: N}", 0, 0,
	  NULL },
	{ "do", CONF_CHOICE, FAULT(what), NULL, "what happens", 0, 0, fault_names },
	{ "for", CONF_INT, FAULT(count), "0",
	  "silent: commands (0: until woken up); wtx: requests; else exchanges in a "
	  "row",
	  0, 1000000, NULL },
	{ "value", CONF_NODE, FAULT(value), CONF_ABSENT, "status: the byte, 0x01 to 0xff",
	  0, 0, NULL },
	{ "block", CONF_INT, FAULT(block), "0",
	  "remove: as this block of the exchange begins; 0: before the first", 0, 1000,
	  NULL },
	{ "by", CONF_TIME, FAULT(by_ns), "0", "late: how much", 0, 60 * NS_PER_S, NULL },
	{ 0 },
};

struct at_keys {
	int64_t exchange, command;
};
static const struct conf_item at_items[] = {
	{ "exchange", CONF_INT, offsetof(struct at_keys, exchange), CONF_ABSENT,
	  "the N-th exchange that carries an APDU, from 1", 1, INT32_MAX, NULL },
	{ "command", CONF_INT, offsetof(struct at_keys, command), CONF_ABSENT,
	  "the N-th command of any kind, from 1", 1, INT32_MAX, NULL },
	{ 0 },
};

static bool is_speed(int64_t baud)
{
	static const int64_t speeds[] = { 9600,   19200,  38400,  57600,
					  115200, 230400, 460800, 921600 };

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i] == baud)
			return true;
	return false;
}

/* "0x40": a byte of at least @min. */
static int read_byte(struct node value, const char *key, long min, uint8_t *out,
		     struct err *err)
{
	const char *text = node_text(value);
	char *end = NULL;
	long v = text ? strtol(text, &end, 0) : 0;

	if (!text || end == text || *end || v < min || v > 255)
		return node_error(value, err, "%s: a byte is needed, 0x%02lx to 0xff",
				  key, min);
	*out = (uint8_t)v;
	return 0;
}

static int read_work(struct chip_knobs *knobs, struct node list, struct err *err)
{
	int rc = 0;

	if (!node_is_list(list))
		return node_error(list, err, "work: a list is needed");
	if (node_count(list) > KNOBS_MAX_WORK)
		return node_error(list, err, "work: more than %d rows", KNOBS_MAX_WORK);
	for (int i = 0; i < node_count(list) && !rc; i++) {
		struct work_keys k = { 0 };
		uint8_t code = 0;

		rc = conf_bind(node_item(list, i), work_items, &k, err);
		if (!rc && node_present(k.command))
			rc = read_byte(k.command, "command", 0, &code, err);
		k.work.command = node_present(k.command) ? code : -1;
		knobs->work[knobs->work_count++] = k.work;
	}
	return rc;
}

static int add_chip(struct emu_rig *r, struct node key, struct node map, struct err *err)
{
	struct rig_chip *chip = &r->chips[r->chip_count];
	struct chip_keys k = { 0 };
	int rc;

	if (r->chip_count == RIG_MAX_CHIPS)
		return node_error(key, err, "more than %d chips", RIG_MAX_CHIPS);
	rc = conf_bind(map, chip_items, &k, err);
	if (rc)
		return rc;
	if (!is_speed(k.baud))
		return node_error(node_get(map, "baud"), err,
				  "baud: not a speed of this chip; allowed: 9600, 19200, "
				  "38400, 57600, 115200, 230400, 460800, 921600");
	if (node_present(k.work)) {
		rc = read_work(&k.knobs, k.work, err);
		if (rc)
			return rc;
	}
	*chip = (struct rig_chip){ .name = node_text(key),
				   .baud = k.baud,
				   .gap_ns = k.gap_ns,
				   .instant = k.instant,
				   .knobs = k.knobs,
				   .is_moved = node_present(k.moved) };
	r->chip_count++;
	return 0;
}

static int read_announce(struct rig_module *m, struct node value, struct err *err)
{
	static const struct conf_item item = { .key = "announce",
					       .type = CONF_TIME,
					       .max = 10 * NS_PER_S };
	const char *text = node_text(value);

	m->announce_ns = 20 * NS_PER_MS;
	if (!node_present(value))
		return 0;
	if (text && strcmp(text, "never") == 0)
		m->announce = ANNOUNCE_NEVER;
	else if (text && strcmp(text, "before") == 0)
		m->announce = ANNOUNCE_BEFORE;
	else if (conf_value(value, &item, &m->announce_ns, NULL))
		return node_error(value, err,
				  "announce: a time of at most 10 s is needed, such as "
				  "'20 ms', or never or before");
	return 0;
}

static int find_bus(const struct emu_rig *r, const char *name)
{
	for (int i = 0; i < r->bus_count; i++)
		if (strcmp(r->buses[i].name, name) == 0)
			return i;
	return -1;
}

/* Its place on a bus, once all of them are known. */
static int read_module_bus(struct emu_rig *r, struct rig_module *m, struct node map,
			   struct err *err)
{
	static const char *const on_bus[] = { "dbc",      "sleeps",          "stay",
					      "announce", "announce_jitter", NULL };
	struct node bus = node_get(map, "bus");

	for (int i = 0; !node_present(bus) && on_bus[i]; i++)
		if (node_present(node_get(map, on_bus[i])))
			return node_error(node_get(map, on_bus[i]), err,
					  "%s: only for a module with a 'bus'",
					  on_bus[i]);
	if (!node_present(bus))
		return 0;
	m->bus = find_bus(r, node_text(bus));
	if (m->bus < 0)
		return node_error(bus, err, "bus: there is no bus '%.40s' on this desk",
				  node_text(bus));
	if (!m->dbc)
		return node_error(map, err,
				  "the key 'dbc' is missing, such as 'dbc: door'");
	return 0;
}

static int add_module(struct emu_rig *r, struct node key, struct node map,
		      struct err *err)
{
	struct module_keys k = { 0 };
	int rc;

	if (r->module_count == RIG_MAX_MODULES)
		return node_error(key, err, "more than one vehicle module");
	rc = conf_bind(map, module_items, &k, err);
	if (rc)
		return rc;
	r->modules[r->module_count] =
		(struct rig_module){ .name = node_text(key),
				     .ask = k.ask,
				     .poll_ns = k.poll_ns,
				     .think_ns = k.think_ns,
				     .gap_ns = k.gap_ns,
				     .board = -1,
				     .bus = -1,
				     .dbc = k.dbc,
				     .sleeps = k.sleeps,
				     .stay_ns = k.stay_ns,
				     .announce_jitter_ns = k.jitter_ns };
	return read_announce(&r->modules[r->module_count++], k.announce, err);
}

static int add_board(struct emu_rig *r, struct node key, struct node map, struct err *err)
{
	struct board_keys k;
	int rc;

	if (r->board_count == RIG_MAX_BOARDS)
		return node_error(key, err, "more than %d relay boards", RIG_MAX_BOARDS);
	rc = conf_bind(map, board_items, &k, err);
	if (rc)
		return rc;
	r->boards[r->board_count++] = (struct rig_board){ node_text(key), k.channels };
	return 0;
}

static int add_bus(struct emu_rig *r, struct node key, struct node map, struct err *err)
{
	struct bus_keys k;
	int rc;

	if (r->bus_count == RIG_MAX_BUSES)
		return node_error(key, err, "more than %d buses", RIG_MAX_BUSES);
	rc = conf_bind(map, bus_items, &k, err);
	if (rc)
		return rc;
	r->buses[r->bus_count++] = (struct rig_bus){ node_text(key), k.bitrate };
	return 0;
}

static int add_device(struct emu_rig *r, struct node key, struct node map,
		      struct err *err)
{
	const char *name = node_text(key);

	if (strlen(name) >= RIG_NAME || strspn(name, "abcdefghijklmnopqrstuvwxyz"
						     "0123456789-_") != strlen(name))
		return node_error(key, err,
				  "'%s' is no name of a device: small letters, digits, - "
				  "and _, at most %d",
				  name, RIG_NAME - 1);
	if (node_present(node_get(map, "chip")))
		return add_chip(r, key, map, err);
	if (node_present(node_get(map, "module")))
		return add_module(r, key, map, err);
	if (node_present(node_get(map, "board")))
		return add_board(r, key, map, err);
	if (node_present(node_get(map, "bitrate")))
		return add_bus(r, key, map, err);
	return node_error(
		key, err,
		"%s: an NFC chip has the key 'chip', a relay board 'board', "
		"a vehicle module 'module', a bus 'bitrate'; else allowed here: "
		"phone, faults",
		name);
}

static int find_board(const struct emu_rig *r, const char *name)
{
	for (int i = 0; i < r->board_count; i++)
		if (!*name || strcmp(r->boards[i].name, name) == 0)
			return i;
	return -1;
}

/* The board and channel that somebody names in @map. */
static int find_channel(const struct emu_rig *r, struct node map, const char *relay,
			int64_t channel, int *board, struct err *err)
{
	*board = find_board(r, relay);
	if (*board < 0 && *relay)
		return node_error(node_get(map, "relay"), err,
				  "relay: there is no board '%s' on this desk", relay);
	if (*board >= 0 && channel > r->boards[*board].channels)
		return node_error(node_present(node_get(map, "channel"))
					  ? node_get(map, "channel")
					  : map,
				  err, "channel: %s has only %d", r->boards[*board].name,
				  (int)r->boards[*board].channels);
	return 0;
}

static int read_moved(const struct emu_rig *r, struct node map,
		      const struct conf_item *items, struct rig_moved *out, bool *echo,
		      struct err *err)
{
	struct moved_keys k = { 0 };
	int rc = conf_bind(map, items, &k, err);

	if (rc)
		return rc;
	*echo = k.echo;
	out->channel = k.channel;
	out->travel_ns = k.travel_ns;
	out->jitter_ns = k.jitter_ns;
	out->bounce_ns = k.bounce_ns;
	return find_channel(r, map, k.relay, k.channel, &out->board, err);
}

static int read_input(const struct emu_rig *r, struct node map, struct rig_module *out,
		      struct err *err)
{
	struct input_keys k;
	int rc = conf_bind(map, input_items, &k, err);

	if (rc)
		return rc;
	out->channel = k.channel;
	return find_channel(r, map, k.relay, k.channel, &out->board, err);
}

/* What refers to a board, once all of them are known. */
static int read_wiring(struct emu_rig *r, struct node map, struct err *err)
{
	bool none;
	int rc = 0;

	for (int i = 0; i < r->chip_count && !rc; i++) {
		struct rig_chip *chip = &r->chips[i];

		if (chip->is_moved)
			rc = read_moved(r, node_get(node_get(map, chip->name), "moved"),
					moved_items, &chip->moved, &none, err);
	}
	for (int i = 0; i < r->module_count && !rc; i++) {
		struct node input = node_get(node_get(map, r->modules[i].name), "input");

		if (node_present(input))
			rc = read_input(r, input, &r->modules[i], err);
		if (!rc)
			rc = read_module_bus(r, &r->modules[i],
					     node_get(map, r->modules[i].name), err);
	}
	r->has_phone = node_present(node_get(map, "phone"));
	if (!rc && r->has_phone)
		rc = read_moved(r, node_get(map, "phone"), phone_items, &r->moved,
				&r->echo, err);
	return rc;
}

static int find_chip(const struct emu_rig *r, const char *name)
{
	for (int i = 0; i < r->chip_count; i++)
		if (strcmp(r->chips[i].name, name) == 0)
			return i;
	return -1;
}

static int read_fault(struct emu_rig *r, struct node map, struct err *err)
{
	struct fault_keys k = { 0 };
	struct at_keys at = { 0 };
	struct fault *f = &r->faults[r->fault_count];
	int device, rc = conf_bind(map, fault_items, &k, err);

	if (!rc)
		rc = conf_bind(k.at, at_items, &at, err);
	if (rc)
		return rc;
	if ((at.exchange == 0) == (at.command == 0))
		return node_error(k.at, err,
				  "at: one of them is needed, as {exchange: 3} or "
				  "{command: 12}");
	device = find_chip(r, k.device);
	if (device < 0)
		return node_error(node_get(map, "device"), err,
				  "device: there is no chip '%s' on this desk", k.device);
	*f = (struct fault){ .device = device,
			     .exchange = at.exchange,
			     .command = at.command,
			     .block = k.block,
			     .what = (enum fault_do)k.what,
			     .count = k.count,
			     .by_ns = k.by_ns };
	if (f->what == FAULT_LATE && f->by_ns == 0)
		return node_error(map, err,
				  "late: 'by' is missing, such as 'by: 500 ms'");
	if (f->what == FAULT_WTX && f->count == 0)
		return node_error(map, err, "wtx: 'for' is missing: how many requests");
	if (f->what == FAULT_STATUS && !node_present(k.value))
		return node_error(map, err, "status: 'value' is missing");
	if (f->what == FAULT_STATUS)
		rc = read_byte(k.value, "value", 1, &f->value, err);
	r->fault_count += !rc;
	return rc;
}

static int read_faults(struct emu_rig *r, struct node list, struct err *err)
{
	int rc = 0;

	if (!node_is_list(list))
		return node_error(list, err, "faults: a list is needed");
	if (node_count(list) > RIG_MAX_FAULTS)
		return node_error(list, err, "faults: more than %d", RIG_MAX_FAULTS);
	for (int i = 0; i < node_count(list) && !rc; i++)
		rc = read_fault(r, node_item(list, i), err);
	return rc;
}

static int read_desk(struct emu_rig *r, struct node map, bool has_profile,
		     struct err *err)
{
	int rc = 0;

	if (!node_is_map(map))
		return node_error(map, err, "emulate: a map of devices is needed");
	for (int i = 0; i < node_count(map) && !rc; i++) {
		const char *key = node_text(node_key(map, i));

		if (strcmp(key, "phone") != 0 && strcmp(key, "faults") != 0)
			rc = add_device(r, node_key(map, i), node_item(map, i), err);
	}
	if (!rc && r->chip_count == 0)
		rc = node_error(map, err, "emulate: no chip; 'reader0: {chip: pn532}'");
	if (!rc && r->chip_count == 1 && r->module_count == 0 &&
	    !node_present(node_get(map, "phone")))
		rc = node_error(map, err, "emulate: the key 'phone' is missing");
	if (!rc)
		rc = read_wiring(r, map, err);
	if (!rc && r->has_phone && !has_profile)
		rc = node_error(node_get(map, "phone"), err,
				"phone: the rig names no phone profile");
	if (!rc && node_present(node_get(map, "faults")))
		rc = read_faults(r, node_get(map, "faults"), err);
	return rc;
}

static int load(struct emu_rig **out, struct conf *conf, struct err *err)
{
	struct emu_rig *r = calloc(1, sizeof(*r));
	struct head head = { 0 };
	int rc;

	if (!r) {
		conf_free(conf);
		return err_set(err, ERR_NOMEM, "no memory");
	}
	r->conf = conf;
	r->path = conf_name(conf);
	rc = conf_bind(conf_root(conf), head_items, &head, err);
	if (!rc)
		rc = read_desk(r, head.emulate, head.phone != NULL, err);
	if (rc) {
		emu_rig_free(r);
		return rc;
	}
	r->name = head.name;
	r->protocol = head.protocol;
	r->phone = head.phone;
	r->pairing = head.pairing;
	*out = r;
	return 0;
}

int emu_rig_load(struct emu_rig **out, const char *path, struct err *err)
{
	struct conf *conf;
	int rc = conf_read(&conf, path, err);

	return rc ? rc : load(out, conf, err);
}

int emu_rig_parse(struct emu_rig **out, const char *name, struct bytes text,
		  struct err *err)
{
	struct conf *conf;
	int rc = conf_parse(&conf, name, text, err);

	return rc ? rc : load(out, conf, err);
}

void emu_rig_free(struct emu_rig *r)
{
	if (!r)
		return;
	conf_free(r->conf);
	free(r);
}
