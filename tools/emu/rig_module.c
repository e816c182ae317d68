#include "tools/emu/rig_int.h"

#include <string.h>

/* The vehicle module: what it does, its input line, its place on a bus. */
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
	RIG_GAP(MODULE(gap_ns)),
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
static int read_module_bus(const struct emu_rig *r, struct rig_module *m, struct node map,
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

int rig_add_module(struct emu_rig *r, struct node key, struct node map, struct err *err)
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

static int read_input(const struct emu_rig *r, struct node map, struct rig_module *out,
		      struct err *err)
{
	struct input_keys k;
	int rc = conf_bind(map, input_items, &k, err);

	if (rc)
		return rc;
	out->channel = k.channel;
	return rig_find_channel(r, map, k.relay, k.channel, &out->board, err);
}

int rig_wire_module(const struct emu_rig *r, struct rig_module *m, struct node map,
		    struct err *err)
{
	struct node input = node_get(map, "input");
	int rc = 0;

	if (node_present(input))
		rc = read_input(r, input, m, err);
	return rc ? rc : read_module_bus(r, m, map, err);
}
