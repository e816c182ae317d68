#include "bench/target.h"

#include "bench/core/clock.h"
#include "bench/core/data.h"

struct target_head {
	const char *name, *summary;
	struct node budget, uds;
};

static const struct conf_item items[] = {
	{ "target", CONF_TEXT, offsetof(struct target_head, name), NULL,
	  "the target's name", 0, 0, NULL },
	{ "summary", CONF_TEXT, offsetof(struct target_head, summary), "",
	  "what it is, in a line", 0, 0, NULL },
	{ "budget", CONF_NODE, offsetof(struct target_head, budget), NULL,
	  "the limits that suites refer to as ${budget.NAME}", 0, 0, NULL },
	{ "uds", CONF_NODE, offsetof(struct target_head, uds), CONF_ABSENT,
	  "how it is asked by UDS", 0, 0, NULL },
	{ 0 },
};

struct uds_keys {
	const char *address;
	int64_t p2_ns, p2_star_ns, frame;
	struct bytes padding;
	bool brs;
};

#define UDS(field) offsetof(struct uds_keys, field)
static const struct conf_item uds_items[] = {
	{ "address", CONF_TEXT, UDS(address), NULL,
	  "identifiers of request and answer: 7E0:7E8", 0, 0, NULL },
	{ "p2", CONF_TIME, UDS(p2_ns), "1 s", "limit for an answer to begin", NS_PER_MS,
	  60 * NS_PER_S, NULL },
	{ "p2_star", CONF_TIME, UDS(p2_star_ns), "5 s",
	  "the same behind one that says that it takes longer", NS_PER_MS, 600 * NS_PER_S,
	  NULL },
	{ "padding", CONF_HEX, UDS(padding), CONF_ABSENT,
	  "a byte that our frames are filled with", 1, 1, NULL },
	{ "frame", CONF_INT, UDS(frame), "8", "bytes of our frames: 8, or of FD up to 64",
	  8, 64, NULL },
	{ "brs", CONF_BOOL, UDS(brs), "no", "FD frames switch to the data bit rate", 0, 0,
	  NULL },
	{ 0 },
};

static int read_uds(struct target *t, struct node map, struct err *err)
{
	struct uds_target *u = &t->uds;
	struct uds_keys k = { 0 };
	int rc;

	if (!node_present(map))
		return 0;
	rc = conf_bind(map, uds_items, &k, err);
	if (rc)
		return rc;
	if (uds_pair(k.address, &u->tp))
		return node_error(node_get(map, "address"), err,
				  "address: '%.40s' is none; 7E0:7E8 is", k.address);
	u->tp.frame = (int)k.frame;
	u->tp.brs = k.brs;
	u->tp.padding = k.padding.len ? k.padding.data[0] : TP_NO_PADDING;
	if (!canframe_valid(&(struct canframe){ .fd = true, .len = (uint8_t)k.frame }))
		return node_error(node_get(map, "frame"), err,
				  "frame: 8, 12, 16, 20, 24, 32, 48 or 64");
	if (k.brs && k.frame == 8)
		return node_error(
			node_get(map, "brs"), err,
			"brs: only FD frames have it, those of more than 8 bytes");
	u->p2_ns = k.p2_ns;
	u->p2_star_ns = k.p2_star_ns;
	t->has_uds = true;
	return 0;
}

static const struct conf_item limit_item = { "budget", CONF_TIME, 0, NULL,
					     NULL,     0,         0, NULL };

/* A limit that is no time would only be found by the suite that uses it. */
static int check_budget(struct node budget, struct err *err)
{
	int64_t ns;
	int rc = 0;

	if (!node_is_map(budget) || node_count(budget) == 0)
		return node_error(
			budget, err,
			"budget: a map of limits is needed, as in {fast: 300 ms}");
	for (int i = 0; !rc && i < node_count(budget); i++)
		rc = conf_value(node_item(budget, i), &limit_item, &ns, err);
	return rc;
}

int target_load(struct target *out, const char *given, struct err *err)
{
	struct target_head head = { 0 };
	char path[DATA_PATH_MAX];
	struct target t = { 0 };
	int rc = data_find(path, given, "fixtures/profiles/target", NULL, err);

	if (!rc)
		rc = conf_read(&t.conf, path, err);
	if (!rc)
		rc = conf_bind(conf_root(t.conf), items, &head, err);
	if (!rc)
		rc = check_budget(head.budget, err);
	if (!rc)
		rc = read_uds(&t, head.uds, err);
	if (rc) {
		target_free(&t);
		return rc;
	}
	t.name = head.name;
	t.summary = head.summary;
	*out = t;
	return 0;
}

void target_free(struct target *t)
{
	conf_free(t->conf);
	*t = (struct target){ 0 };
}
