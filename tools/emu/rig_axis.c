#include "tools/emu/rig_int.h"

#include <string.h>

struct axis_keys {
	int axis;
	int64_t face_um[3], sensor_um, radius_um, homing_ns;
	double tilt;
};

static const char *const axes[] = { "grbl", NULL };
#define AXIS(field) offsetof(struct axis_keys, field)
#define MOST_UM 500000
static const struct conf_item axis_items[] = {
	{ "axis", CONF_CHOICE, AXIS(axis), NULL, "an axis that carries the phone", 0, 0,
	  axes },
	{ "x", CONF_LENGTH, AXIS(face_um[0]), "-50 mm",
	  "the middle of the reader's face, in the machine", -MOST_UM, -1, NULL },
	{ "y", CONF_LENGTH, AXIS(face_um[1]), "-50 mm", "likewise", -MOST_UM, -1, NULL },
	{ "z", CONF_LENGTH, AXIS(face_um[2]), "-60 mm", "likewise: the face itself",
	  -MOST_UM, -1, NULL },
	{ "sensor", CONF_LENGTH, AXIS(sensor_um), "2 mm",
	  "its probe input is active when the phone is no further off the face", 0,
	  MOST_UM, NULL },
	{ "radius", CONF_LENGTH, AXIS(radius_um), "30 mm",
	  "of the antenna: how far its field reaches", 1000, MOST_UM, NULL },
	{ "tilt", CONF_NUMBER, AXIS(tilt), "0",
	  "of the phone's antenna against the reader's, degrees", -80, 80, NULL },
	{ "homing", CONF_TIME, AXIS(homing_ns), "300 ms",
	  "how long it looks for its home", 0, 60 * NS_PER_S, NULL },
	{ 0 },
};

int rig_add_axis(struct emu_rig *r, struct node key, struct node map, struct err *err)
{
	struct axis_keys k = { 0 };
	struct rig_axis *a = &r->axes[r->axis_count];
	int rc;

	if (r->axis_count == RIG_MAX_AXES)
		return node_error(key, err, "more than one axis");
	rc = conf_bind(map, axis_items, &k, err);
	if (rc)
		return rc;
	*a = (struct rig_axis){ .name = node_text(key),
				.sensor_um = k.sensor_um,
				.radius_um = k.radius_um,
				.homing_ns = k.homing_ns,
				.tilt_deg = k.tilt };
	memcpy(a->face_um, k.face_um, sizeof(a->face_um));
	r->axis_count++;
	return 0;
}

int rig_find_axis(const struct emu_rig *r, struct node phone, int *axis, struct err *err)
{
	struct node at = node_get(phone, "axis");

	*axis = -1;
	if (!node_present(at))
		return 0;
	for (int i = 0; i < r->axis_count; i++)
		if (strcmp(r->axes[i].name, node_text(at)) == 0)
			*axis = i;
	if (*axis < 0)
		return node_error(at, err, "axis: there is no axis '%.40s' on this desk",
				  node_text(at));
	return 0;
}

struct actuator_keys {
	const char *relay;
	int64_t channel[2], stop[2], travel_ns;
	double at;
};

#define ACTUATOR(field) offsetof(struct actuator_keys, field)
static const struct conf_item actuator_items[] = {
	{ "relay", CONF_TEXT, ACTUATOR(relay), "", "the board that drives it", 0, 0,
	  NULL },
	{ "extend", CONF_INT, ACTUATOR(channel[0]), NULL,
	  "the channel that drives it to the reader", 1, 32, NULL },
	{ "retract", CONF_INT, ACTUATOR(channel[1]), NULL,
	  "the channel that drives it away", 1, 32, NULL },
	{ "extended", CONF_INT, ACTUATOR(stop[0]), "0",
	  "the board's input that is active at the reader; 0: none", 0, 32, NULL },
	{ "retracted", CONF_INT, ACTUATOR(stop[1]), "0",
	  "the input that is active when it is away; 0: none", 0, 32, NULL },
	{ "travel", CONF_TIME, ACTUATOR(travel_ns), "300 ms", "time of its whole way",
	  NS_PER_MS, 600 * NS_PER_S, NULL },
	{ "at", CONF_SHARE, ACTUATOR(at), "0 %",
	  "where it stands at first: 0 % is away, 100 % at the reader", 0, 0, NULL },
	{ 0 },
};

int rig_read_actuator(struct emu_rig *r, struct node map, struct err *err)
{
	struct actuator_keys k = { 0 };
	int rc;

	r->actuator.board = -1;
	if (!node_present(map))
		return 0;
	rc = conf_bind(map, actuator_items, &k, err);
	for (int leg = 0; leg < 2 && !rc; leg++)
		rc = rig_find_channel(r, map, k.relay, k.channel[leg], &r->actuator.board,
				      err);
	if (!rc && r->actuator.board < 0)
		rc = node_error(map, err, "actuator: there is no board on this desk");
	if (!rc && r->phone_axis >= 0)
		rc = node_error(map, err, "actuator: an axis carries the phone already");
	if (!rc && k.channel[0] == k.channel[1])
		rc = node_error(node_get(map, "retract"), err,
				"retract: the channel that extends it");
	r->actuator.travel_ns = k.travel_ns;
	r->actuator.at = k.at;
	memcpy(r->actuator.channel, k.channel, sizeof(k.channel));
	memcpy(r->actuator.stop, k.stop, sizeof(k.stop));
	return rc;
}

struct sensor_keys {
	const char *relay;
	int64_t input;
};

static const struct conf_item sensor_items[] = {
	{ "relay", CONF_TEXT, offsetof(struct sensor_keys, relay), "", "the board", 0, 0,
	  NULL },
	{ "input", CONF_INT, offsetof(struct sensor_keys, input), NULL, "and its input",
	  1, 32, NULL },
	{ 0 },
};

int rig_read_sensor(struct emu_rig *r, struct node map, struct err *err)
{
	struct sensor_keys k;
	int rc;

	r->sensor_board = -1;
	if (!node_present(map))
		return 0;
	rc = conf_bind(map, sensor_items, &k, err);
	if (!rc)
		rc = rig_find_channel(r, map, k.relay, 1, &r->sensor_board, err);
	if (!rc && r->sensor_board < 0)
		rc = node_error(map, err, "sensor: there is no board on this desk");
	r->sensor_input = k.input;
	return rc;
}
