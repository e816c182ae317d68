#include "tools/emu/rig_int.h"

#include <string.h>

/* The chips of a desk, and how each behaves. */
struct chip_keys {
	int chip;
	int64_t baud, gap_ns;
	bool instant;
	struct chip_knobs knobs;
	struct node moved, work;
};

static const char *const chips[] = { "pn532", NULL };
#define CHIP(field) offsetof(struct chip_keys, field)
static const struct conf_item chip_items[] = {
	{ "chip", CONF_CHOICE, CHIP(chip), NULL, "an NFC chip on a line", 0, 0, chips },
	{ "baud", CONF_INT, CHIP(baud), "115200", "the speed of its UART", 9600, 921600,
	  NULL },
	RIG_GAP(CHIP(gap_ns)),
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

static bool is_speed(int64_t baud)
{
	static const int64_t speeds[] = { 9600,   19200,  38400,  57600,
					  115200, 230400, 460800, 921600 };

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i] == baud)
			return true;
	return false;
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
			rc = rig_read_byte(k.command, "command", 0, &code, err);
		k.work.command = node_present(k.command) ? code : -1;
		knobs->work[knobs->work_count++] = k.work;
	}
	return rc;
}

int rig_add_chip(struct emu_rig *r, struct node key, struct node map, struct err *err)
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
