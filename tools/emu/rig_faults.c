#include "tools/emu/rig_int.h"

#include <string.h>

/* What goes wrong on a desk, and when. */
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
	{ "at", CONF_NODE, FAULT(at), NULL,
	  "when: {exchange: N}, {command: N} or {share: N %}", 0, 0, NULL },
	{ "do", CONF_CHOICE, FAULT(what), NULL, "what happens", 0, 0, fault_names },
	{ "for", CONF_INT, FAULT(count), "0",
	  "silent: commands (0: until woken up); wtx: requests; else exchanges in a "
	  "row",
	  0, 1000000, NULL },
	{ "value", CONF_NODE, FAULT(value), CONF_ABSENT, "status: the byte, 0x01 to 0xff",
	  0, 0, NULL },
	{ "block", CONF_INT, FAULT(block), "0",
	  "remove, unplug: as this block of the exchange begins; 0: before the first", 0,
	  1000, NULL },
	{ "by", CONF_TIME, FAULT(by_ns), "0",
	  "late: how much; unplug: back after that, 0: never", 0, 60 * NS_PER_S, NULL },
	{ 0 },
};

struct at_keys {
	int64_t exchange, command;
	double share;
};
static const struct conf_item at_items[] = {
	{ "exchange", CONF_INT, offsetof(struct at_keys, exchange), CONF_ABSENT,
	  "the N-th exchange that carries an APDU, from 1", 1, INT32_MAX, NULL },
	{ "command", CONF_INT, offsetof(struct at_keys, command), CONF_ABSENT,
	  "the N-th command of any kind, from 1", 1, INT32_MAX, NULL },
	{ "share", CONF_SHARE, offsetof(struct at_keys, share), CONF_ABSENT,
	  "this share of the exchanges that carry an APDU, drawn from the seed", 0, 0,
	  NULL },
	{ 0 },
};

static int find_device(const struct emu_rig *r, const char *name)
{
	for (int i = 0; i < r->chip_count; i++)
		if (strcmp(r->chips[i].name, name) == 0)
			return i;
	for (int i = 0; i < r->board_count; i++)
		if (strcmp(r->boards[i].name, name) == 0)
			return RIG_FAULT_BOARD + i;
	for (int i = 0; i < r->axis_count; i++)
		if (strcmp(r->axes[i].name, name) == 0)
			return RIG_FAULT_AXIS + i;
	return -1;
}

/* A board and an axis know one fault, and a chip that is not on USB does not know that one. */
static int check_device(const struct emu_rig *r, const struct fault *f, struct node map,
			struct err *err)
{
	bool axis = f->device >= RIG_FAULT_AXIS;
	bool board = f->device >= RIG_FAULT_BOARD && !axis;
	bool usb = axis    ? false
		   : board ? r->boards[f->device - RIG_FAULT_BOARD].plug.usb
			   : r->chips[f->device].plug.usb;

	if (f->what == FAULT_UNPLUG && !usb && !board && !axis)
		return node_error(
			node_get(map, "do"), err,
			"unplug: only a device on USB, a relay board or an axis");
	if (f->what == FAULT_HANG_UP && usb)
		return node_error(node_get(map, "do"), err,
				  "hang-up: a device on USB is unplugged; 'do: unplug'");
	if ((board || axis) && (f->what != FAULT_UNPLUG || !f->command))
		return node_error(
			map, err,
			"a relay board or an axis can only be unplugged, at an order: "
			"'at: {command: N}', 'do: unplug'");
	return 0;
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
	if ((at.exchange > 0) + (at.command > 0) + (at.share > 0) != 1)
		return node_error(k.at, err,
				  "at: one of them is needed, as {exchange: 3}, "
				  "{command: 12} or {share: 5 %%}");
	device = find_device(r, k.device);
	if (device < 0)
		return node_error(node_get(map, "device"), err,
				  "device: there is no chip '%s' on this desk, nor a "
				  "board or an axis",
				  k.device);
	*f = (struct fault){ .device = device,
			     .exchange = at.exchange,
			     .command = at.command,
			     .share = at.share,
			     .block = k.block,
			     .what = (enum fault_do)k.what,
			     .count = k.count,
			     .by_ns = k.by_ns };
	rc = check_device(r, f, map, err);
	if (rc)
		return rc;
	if (f->share > 0 && f->count > 1 && f->what != FAULT_SILENT &&
	    f->what != FAULT_WTX)
		return node_error(node_get(map, "for"), err,
				  "for: a share strikes each exchange by itself");
	if (f->what == FAULT_LATE && f->by_ns == 0)
		return node_error(map, err,
				  "late: 'by' is missing, such as 'by: 500 ms'");
	if (f->what == FAULT_WTX && f->count == 0)
		return node_error(map, err, "wtx: 'for' is missing: how many requests");
	if (f->what == FAULT_STATUS && !node_present(k.value))
		return node_error(map, err, "status: 'value' is missing");
	if (f->what == FAULT_STATUS)
		rc = rig_read_byte(k.value, "value", 1, &f->value, err);
	r->fault_count += !rc;
	return rc;
}

int rig_read_faults(struct emu_rig *r, struct node list, struct err *err)
{
	int rc = 0;

	if (!node_is_list(list))
		return node_error(list, err, "faults: a list is needed");
	if (node_count(list) > FAULTS_MAX)
		return node_error(list, err, "faults: more than %d", FAULTS_MAX);
	for (int i = 0; i < node_count(list) && !rc; i++)
		rc = read_fault(r, node_item(list, i), err);
	return rc;
}
