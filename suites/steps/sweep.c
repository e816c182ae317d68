#include "suites/steps/sweep.h"

#define MOST_UM 1000000
#define AT(field) offsetof(struct sweep_axis, field)
static const struct conf_item axis_items[] = {
	{ "from", CONF_LENGTH, AT(from_um), NULL, "the first place", -MOST_UM, MOST_UM,
	  NULL },
	{ "to", CONF_LENGTH, AT(to_um), NULL, "not beyond", -MOST_UM, MOST_UM, NULL },
	{ "step", CONF_LENGTH, AT(step_um), NULL, "from one to the next", 1, MOST_UM,
	  NULL },
	{ 0 },
};

struct sweep_keys {
	struct node axes[3];
};

static const struct conf_item items[] = {
	{ "x", CONF_NODE, offsetof(struct sweep_keys, axes[0]), CONF_ABSENT,
	  "along the reader's face", 0, 0, NULL },
	{ "y", CONF_NODE, offsetof(struct sweep_keys, axes[1]), CONF_ABSENT, "likewise",
	  0, 0, NULL },
	{ "z", CONF_NODE, offsetof(struct sweep_keys, axes[2]), CONF_ABSENT,
	  "off the face", 0, 0, NULL },
	{ 0 },
};

static int64_t count_of(const struct sweep_axis *a)
{
	return (a->to_um - a->from_um) / a->step_um + 1;
}

int64_t sweep_count(const struct sweep *s)
{
	return count_of(&s->axes[0]) * count_of(&s->axes[1]) * count_of(&s->axes[2]);
}

static int read_axis(struct sweep_axis *out, struct node map, struct err *err)
{
	int rc;

	*out = (struct sweep_axis){ .step_um = 1 };
	if (!node_present(map))
		return 0;
	rc = conf_bind(map, axis_items, out, err);
	if (!rc && out->to_um < out->from_um)
		rc = node_error(node_get(map, "to"), err, "to: lies before 'from'");
	return rc;
}

int sweep_read(struct sweep *out, struct node map, struct err *err)
{
	struct sweep_keys k = { 0 };
	int64_t count = 1;
	int rc = conf_bind(map, items, &k, err);

	for (int i = 0; i < 3 && !rc; i++) {
		rc = read_axis(&out->axes[i], k.axes[i], err);
		if (!rc)
			count *= count_of(&out->axes[i]);
		if (!rc && count > SWEEP_MAX_PLACES)
			rc = node_error(map, err, "sweep: more than %d places",
					SWEEP_MAX_PLACES);
	}
	if (!rc && !node_present(k.axes[0]) && !node_present(k.axes[1]) &&
	    !node_present(k.axes[2]))
		rc = node_error(map, err, "sweep: x, y or z is needed");
	return rc;
}

void sweep_place(const struct sweep *s, int64_t n, int64_t um[3])
{
	for (int i = 0; i < 3; i++) {
		int64_t count = count_of(&s->axes[i]);

		um[i] = s->axes[i].from_um + n % count * s->axes[i].step_um;
		n /= count;
	}
}
