#include "tools/emu/rig_int.h"

#include "drivers/can/uds.h"
#include "drivers/relay/board_model.h"

#include <stdio.h>
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
	CONTROLLERS("sensor"),
	CONTROLLERS("t0"),
	CONTROLLERS("recovery"),
	{ 0 },
};

struct board_keys {
	int board;
	int64_t channels;
	const char *serial;
	struct rig_plug plug;
};

/* As in drivers/relay/board_model.h, and what hangs on no serial line. */
static const char *const boards[] = { "lcus", "kmtronic", "numato", "dcttech", NULL };

#define BOARD(field) offsetof(struct board_keys, field)
static const struct conf_item board_items[] = {
	{ "board", CONF_CHOICE, BOARD(board), NULL, "the kind of relay board", 0, 0,
	  boards },
	{ "channels", CONF_INT, BOARD(channels), "2", "how many relays", 1, 32, NULL },
	{ "serial", CONF_TEXT, BOARD(serial), CONF_ABSENT,
	  "dcttech: the five characters it says it is", 0, 0, NULL },
	RIG_PLUG_ITEMS(BOARD(plug.every_ns), BOARD(plug.away_ns)),
	{ 0 },
};

struct bus_keys {
	int64_t bitrate, data_bitrate;
	const char *interface, *uds;
};

static const struct conf_item bus_items[] = {
	{ "bitrate", CONF_INT, offsetof(struct bus_keys, bitrate), NULL,
	  "a virtual CAN bus: its speed, bit/s", 10000, 1000000, NULL },
	{ "data_bitrate", CONF_INT, offsetof(struct bus_keys, data_bitrate), "0",
	  "that of FD frames; 0: classic frames only", 0, 8000000, NULL },
	{ "interface", CONF_TEXT, offsetof(struct bus_keys, interface), CONF_ABSENT,
	  "joined to this CAN interface of the kernel: can1", 0, 0, NULL },
	{ "uds", CONF_TEXT, offsetof(struct bus_keys, uds), CONF_ABSENT,
	  "its module answers UDS there: 7E0:7E8 (identifiers of request, answer)", 0, 0,
	  NULL },
	{ 0 },
};

struct moved_keys {
	const char *relay;
	int64_t channel, travel_ns, jitter_ns, bounce_ns;
	bool echo; /* the phone's alone, as what follows */
	const char *axis;
	struct node actuator, sensor;
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
	{ "axis", CONF_TEXT, MOVED(axis), CONF_ABSENT,
	  "what carries it, in place of a relay", 0, 0, NULL },
	{ "actuator", CONF_NODE, MOVED(actuator), CONF_ABSENT,
	  "two channels that drive it to the reader and away, in place of one that "
	  "pushes",
	  0, 0, NULL },
	{ "sensor", CONF_NODE, MOVED(sensor), CONF_ABSENT,
	  "the input of a board that is active while it is at the reader", 0, 0, NULL },
	{ 0 },
};

int rig_read_byte(struct node value, const char *key, long min, uint8_t *out,
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

int rig_check_plug(const struct rig_plug *plug, struct node map, struct err *err)
{
	static const char *const keys[] = { "unplugged_every", "away" };

	for (int i = 0; plug->usb == RIG_NOT_USB && i < 2; i++)
		if (node_present(node_get(map, keys[i])))
			return node_error(node_get(map, keys[i]), err,
					  "%s: only for a device on USB", keys[i]);
	return 0;
}

static bool has_channels(const struct board_keys *k)
{
	if (k->board == RIG_BOARD_DCTTECH || k->board == BOARD_KMTRONIC)
		return kmtronic_has((int)k->channels);
	return k->channels <= board_max_channels((enum board_kind)k->board);
}

/* Unless it is told, every board of the desk says something else. */
static int name_board(const struct emu_rig *r, struct rig_board *b, const char *serial,
		      struct node map, struct err *err)
{
	if (!serial) {
		snprintf(b->serial, sizeof(b->serial), "KEYB%d", r->board_count % 9 + 1);
		return 0;
	}
	if (b->plug.usb != RIG_DCTTECH || strlen(serial) != sizeof(b->serial) - 1)
		return node_error(node_get(map, "serial"), err,
				  "serial: five characters, of a dcttech board");
	memcpy(b->serial, serial, sizeof(b->serial));
	return 0;
}

static int add_board(struct emu_rig *r, struct node key, struct node map, struct err *err)
{
	struct rig_board *b = &r->boards[r->board_count];
	struct board_keys k = { 0 };
	int rc;

	if (r->board_count == RIG_MAX_BOARDS)
		return node_error(key, err, "more than %d relay boards", RIG_MAX_BOARDS);
	rc = conf_bind(map, board_items, &k, err);
	if (rc)
		return rc;
	if (!has_channels(&k))
		return node_error(node_get(map, "channels"), err,
				  "channels: there is no such %s board; allowed: %s",
				  boards[k.board],
				  k.board == BOARD_NUMATO ? "1 to 32"
				  : k.board == BOARD_LCUS ? "1 to 8"
							  : "1, 2, 4, 8");
	if (k.board == RIG_BOARD_DCTTECH)
		k.plug.usb = RIG_DCTTECH;
	*b = (struct rig_board){ .name = node_text(key),
				 .kind = k.board,
				 .channels = k.channels,
				 .plug = k.plug };
	rc = rig_check_plug(&b->plug, map, err);
	if (!rc)
		rc = name_board(r, b, k.serial, map, err);
	r->board_count += !rc;
	return rc;
}

static int add_bus(struct emu_rig *r, struct node key, struct node map, struct err *err)
{
	struct tp_options tp;
	struct bus_keys k = { 0 };
	int rc;

	if (r->bus_count == RIG_MAX_BUSES)
		return node_error(key, err, "more than %d buses", RIG_MAX_BUSES);
	rc = conf_bind(map, bus_items, &k, err);
	if (rc)
		return rc;
	if (k.uds && uds_pair(k.uds, &tp))
		return node_error(node_get(map, "uds"), err,
				  "uds: '%.40s' is none; 7E0:7E8 is", k.uds);
	r->buses[r->bus_count++] = (struct rig_bus){ node_text(key), k.interface, k.uds,
						     k.bitrate, k.data_bitrate };
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
		return rig_add_chip(r, key, map, err);
	if (node_present(node_get(map, "module")))
		return rig_add_module(r, key, map, err);
	if (node_present(node_get(map, "board")))
		return add_board(r, key, map, err);
	if (node_present(node_get(map, "bitrate")))
		return add_bus(r, key, map, err);
	if (node_present(node_get(map, "axis")))
		return rig_add_axis(r, key, map, err);
	return node_error(key, err,
			  "%s: an NFC chip has the key 'chip', a relay board 'board', "
			  "a vehicle module 'module', a bus 'bitrate', an axis 'axis'; "
			  "else allowed here: "
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

int rig_find_channel(const struct emu_rig *r, struct node map, const char *relay,
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
	return rig_find_channel(r, map, k.relay, k.channel, &out->board, err);
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
	for (int i = 0; i < r->module_count && !rc; i++)
		rc = rig_wire_module(r, &r->modules[i], node_get(map, r->modules[i].name),
				     err);
	r->has_phone = node_present(node_get(map, "phone"));
	if (!rc && r->has_phone)
		rc = read_moved(r, node_get(map, "phone"), phone_items, &r->moved,
				&r->echo, err);
	r->phone_axis = r->sensor_board = r->actuator.board = -1;
	if (!rc && r->has_phone)
		rc = rig_find_axis(r, node_get(map, "phone"), &r->phone_axis, err);
	if (!rc && r->has_phone)
		rc = rig_read_actuator(r, node_get(node_get(map, "phone"), "actuator"),
				       err);
	if (!rc && r->has_phone)
		rc = rig_read_sensor(r, node_get(node_get(map, "phone"), "sensor"), err);
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
	if (!rc && r->chip_count + r->module_count == 0)
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
		rc = rig_read_faults(r, node_get(map, "faults"), err);
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
