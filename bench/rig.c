#include "bench/rig.h"

#include "bench/rig_bind.h"
#include "bench/rig_fault.h"
#include "bench/rig_owner.h"
#include "bench/rig_sim.h"
#include "fixtures/device/element_file.h"
#include "fixtures/vehicle/slots_file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rig_head {
	const char *name, *summary, *protocol, *phone, *pairing;
	int64_t u_ns, exchange_timeout_ns;
	struct node reader, card, module, relay, positioner, bus, sensor, emulate, faults,
		recovery;
	int t0;
};

static const char *const t0_names[] = { "activation", "sensor", NULL };
#define HEAD(field) offsetof(struct rig_head, field)
static const struct conf_item head_items[] = {
	{ "rig", CONF_TEXT, HEAD(name), NULL, "the rig's name", 0, 0, NULL },
	{ "summary", CONF_TEXT, HEAD(summary), "", "what it is, in a line", 0, 0, NULL },
	{ "protocol", CONF_TEXT, HEAD(protocol), NULL,
	  "protocol profile: a name or a path", 0, 0, NULL },
	{ "phone", CONF_TEXT, HEAD(phone), CONF_ABSENT, "phone profile: a name or a path",
	  0, 0, NULL },
	{ "pairing", CONF_TEXT, HEAD(pairing), CONF_ABSENT,
	  "provisioned pairing: a name or a path", 0, 0, NULL },
	{ "uncertainty", CONF_TIME, HEAD(u_ns), NULL,
	  "systematic uncertainty of every latency, until calibration measures it", 0,
	  10 * NS_PER_S, NULL },
	{ "exchange_timeout", CONF_TIME, HEAD(exchange_timeout_ns), "2 s",
	  "longest wait for one APDU", 10 * NS_PER_MS, 60 * NS_PER_S, NULL },
	{ "reader", CONF_NODE, HEAD(reader), CONF_ABSENT, "the NFC reader", 0, 0, NULL },
	{ "card", CONF_NODE, HEAD(card), CONF_ABSENT,
	  "the NFC chip that is the phone, in place of a reader", 0, 0, NULL },
	{ "module", CONF_NODE, HEAD(module), CONF_ABSENT,
	  "the vehicle module that is examined", 0, 0, NULL },
	{ "relay", CONF_NODE, HEAD(relay), CONF_ABSENT, "the relay board", 0, 0, NULL },
	{ "positioner", CONF_NODE, HEAD(positioner), CONF_ABSENT, "what moves the phone",
	  0, 0, NULL },
	{ "bus", CONF_NODE, HEAD(bus), CONF_ABSENT,
	  "the CAN bus: its driver, and dbc: what its frames mean", 0, 0, NULL },
	{ "sensor", CONF_NODE, HEAD(sensor), CONF_ABSENT,
	  "what sees the phone at the reader", 0, 0, NULL },
	{ "t0", CONF_CHOICE, HEAD(t0), "activation",
	  "where a tap begins: with the activation, or when the sensor sees the phone", 0,
	  0, t0_names },
	{ "emulate", CONF_NODE, HEAD(emulate), CONF_ABSENT,
	  "the emulated desk, see keybench-emu(1)", 0, 0, NULL },
	{ "recovery", CONF_NODE, HEAD(recovery), CONF_ABSENT,
	  "how far recovery of a device may go", 0, 0, NULL },
	{ "faults", CONF_NODE, HEAD(faults), CONF_ABSENT,
	  "what goes wrong in our own devices: for trying the bench, never for evidence",
	  0, 0, NULL },
	{ 0 },
};

#define MAX_OPTIONS 32

/*
 * Bind a device's map by its driver's items. The key "driver", which chose them, is one more row; its
 * text lands behind the options, where nobody reads it. So does @also, a key that is ours and not the driver's.
 */
int rig_bind_options(struct node map, const struct conf_item *items, size_t size,
		     const char *also, void **out, struct err *err)
{
	struct conf_item all[MAX_OPTIONS + 3] = { 0 };
	size_t behind = (size + sizeof(char *) - 1) / sizeof(char *) * sizeof(char *);
	void *options;
	int n = 0, rc;

	for (; items && items[n].key; n++) {
		assert(n < MAX_OPTIONS);
		all[n] = items[n];
	}
	all[n] = (struct conf_item){ .key = "driver",
				     .type = CONF_TEXT,
				     .offset = behind };
	if (also)
		all[n + 1] = (struct conf_item){ .key = also,
						 .type = CONF_TEXT,
						 .offset = behind + sizeof(char *),
						 .fallback = CONF_ABSENT };
	options = calloc(1, behind + 2 * sizeof(char *));
	if (!options)
		return err_set(err, ERR_NOMEM, "no memory for a driver's options");
	rc = conf_bind(map, all, options, err);
	if (rc) {
		free(options);
		return rc;
	}
	free(*out);
	*out = options;
	return 0;
}

const char *rig_driver_name(struct node map, struct err *err)
{
	const char *name;

	if (!node_is_map(map)) {
		node_error(map, err, "a map is needed: a driver and its keys");
		return NULL;
	}
	name = node_text(node_get(map, "driver"));
	if (!name)
		node_error(map, err,
			   "the key 'driver' is missing; `keybench drivers` lists them");
	return name;
}

int rig_unknown_driver(struct node map, const char *role, const char *name,
		       struct err *err)
{
	return node_error(node_get(map, "driver"), err,
			  "there is no %s driver '%.40s' in this build; `keybench "
			  "drivers` lists them",
			  role, name);
}

static int bind_reader(struct rig *rig, struct err *err)
{
	const char *name;

	if (!node_present(rig->reader_node))
		return 0;
	name = rig_driver_name(rig->reader_node, err);
	if (!name)
		return ERR_FORMAT;
	rig->reader_driver = reader_driver_find(name);
	if (!rig->reader_driver)
		return rig_unknown_driver(rig->reader_node, "reader", name, err);
	return rig_bind_options(rig->reader_node, rig->reader_driver->items,
				rig->reader_driver->options_size, NULL,
				&rig->reader_options, err);
}

static int bind_relay(struct rig *rig, struct err *err)
{
	const char *name;

	if (!node_present(rig->relay_node))
		return 0;
	name = rig_driver_name(rig->relay_node, err);
	if (!name)
		return ERR_FORMAT;
	rig->relay_driver = relay_driver_find(name);
	if (!rig->relay_driver)
		return rig_unknown_driver(rig->relay_node, "relay", name, err);
	return rig_bind_options(rig->relay_node, rig->relay_driver->items,
				rig->relay_driver->options_size, NULL,
				&rig->relay_options, err);
}

static int bind_positioner(struct rig *rig, struct err *err)
{
	const char *name;

	if (!node_present(rig->positioner_node))
		return 0;
	name = rig_driver_name(rig->positioner_node, err);
	if (!name)
		return ERR_FORMAT;
	rig->positioner_driver = positioner_driver_find(name);
	if (!rig->positioner_driver)
		return rig_unknown_driver(rig->positioner_node, "positioner", name, err);
	if (rig->positioner_driver->needs_relay && !node_present(rig->relay_node))
		return node_error(rig->positioner_node, err,
				  "the positioner '%s' stands on a relay, and this rig "
				  "has no 'relay:'",
				  name);
	return rig_bind_options(rig->positioner_node, rig->positioner_driver->items,
				rig->positioner_driver->options_size, NULL,
				&rig->positioner_options, err);
}

static int bind_bus(struct rig *rig, struct err *err)
{
	const char *name;

	if (!node_present(rig->bus_node))
		return 0;
	name = rig_driver_name(rig->bus_node, err);
	if (!name)
		return ERR_FORMAT;
	rig->bus_driver = bus_driver_find(name);
	if (!rig->bus_driver)
		return rig_unknown_driver(rig->bus_node, "bus", name, err);
	return rig_bind_options(rig->bus_node, rig->bus_driver->items,
				rig->bus_driver->options_size, "dbc", &rig->bus_options,
				err);
}

static int bind_sensor(struct rig *rig, struct err *err)
{
	const struct sensor_driver *d;
	const char *name;

	if (!node_present(rig->sensor_node)) {
		if (rig->t0_sensor)
			return node_error(node_get(conf_root(rig->conf), "t0"), err,
					  "t0: this rig has no 'sensor:'");
		return 0;
	}
	name = rig_driver_name(rig->sensor_node, err);
	if (!name)
		return ERR_FORMAT;
	d = rig->sensor_driver = sensor_driver_find(name);
	if (!d)
		return rig_unknown_driver(rig->sensor_node, "sensor", name, err);
	if ((d->needs_relay && !node_present(rig->relay_node)) ||
	    (d->needs_positioner && !node_present(rig->positioner_node)))
		return node_error(rig->sensor_node, err,
				  "the sensor '%s' is on a %s, and this rig has none",
				  name, d->needs_relay ? "relay" : "positioner");
	return rig_bind_options(rig->sensor_node, d->items, d->options_size, NULL,
				&rig->sensor_options, err);
}

int rig_bind_devices(struct rig *rig, struct err *err)
{
	int rc = bind_reader(rig, err);

	if (!rc)
		rc = rig_bind_card(rig, err);
	if (!rc)
		rc = bind_relay(rig, err);
	if (!rc)
		rc = bind_positioner(rig, err);
	if (!rc)
		rc = bind_sensor(rig, err);
	return rc ? rc : bind_bus(rig, err);
}

/* A profile named by the rig: a missing one is a mistake of the rig file, at the name. */
static int locate(struct rig *rig, const char *key, const char *given, const char *subdir,
		  char out[DATA_PATH_MAX], struct err *err)
{
	struct err own = { 0 };

	if (!data_find(out, given, subdir, conf_name(rig->conf), &own))
		return 0;
	return node_error(node_get(conf_root(rig->conf), key), err, "%s: %s", key,
			  own.text);
}

static int check_ids(const struct rig *rig, struct err *err)
{
	if ((int64_t)rig->pairing.vehicle_id_len != rig->profile->vehicle_id_len ||
	    (int64_t)rig->pairing.slot_id_len != rig->profile->slot_id_len)
		return err_set(err, ERR_FORMAT,
			       "%s: identifiers of %zu and %zu bytes, but the protocol "
			       "profile %s has %lld and %lld",
			       rig->pairing_path, rig->pairing.vehicle_id_len,
			       rig->pairing.slot_id_len, rig->profile->name,
			       (long long)rig->profile->vehicle_id_len,
			       (long long)rig->profile->slot_id_len);
	return 0;
}

/* What the pairing holds beside its one pair of keys is looked into now, not when the bench moves. */
static int check_keys(const struct rig *rig, struct err *err)
{
	struct vehicle_identity who;
	struct element *e = NULL;
	struct slots slots;
	int rc = vehicle_provision(&who, &slots, rig->profile, rig->pairing_path, err);

	if (rc)
		return rc;
	secret_wipe(&who, sizeof(who));
	slots_wipe(&slots);
	rc = element_new(&e, rig->profile, NULL, err);
	if (!rc)
		rc = element_provision_file(e, rig->pairing_path, err);
	element_free(e);
	return rc;
}

static int load_fixtures(struct rig *rig, const struct rig_head *head, struct err *err)
{
	int rc = locate(rig, "protocol", head->protocol, "fixtures/profiles/protocol",
			rig->profile_path, err);

	if (!rc)
		rc = profile_load(&rig->profile, rig->profile_path, err);
	if (!rc && head->phone)
		rc = locate(rig, "phone", head->phone, "fixtures/profiles/phone",
			    rig->phone_path, err);
	if (!rc && head->phone)
		rc = phone_load(&rig->phone, rig->phone_path, err);
	if (!rc && head->pairing)
		rc = locate(rig, "pairing", head->pairing, "fixtures/pairings",
			    rig->pairing_path, err);
	if (!rc && head->pairing)
		rc = pairing_load(&rig->pairing, rig->pairing_path, err);
	if (!rc && head->pairing)
		rc = check_ids(rig, err);
	if (!rc && head->pairing)
		rc = check_keys(rig, err);
	rig->has_pairing = !rc && head->pairing;
	return rc;
}

static int load_dbc(struct rig *rig, struct err *err)
{
	struct node at = node_get(rig->bus_node, "dbc");
	struct err own = { 0 };

	if (!node_present(at))
		return 0;
	if (data_find(rig->dbc_path, node_text(at), "fixtures/dbc", conf_name(rig->conf),
		      &own))
		return node_error(at, err, "dbc: %s", own.text);
	return dbc_read(&rig->dbc, rig->dbc_path, err);
}

#define RECOVERY(field) offsetof(struct rig_recovery, field)
/* What is missing stays as bind_recovery has it. */
static const struct conf_item recovery_items[] = {
	{ "wait", CONF_TIME, RECOVERY(wait_ns), CONF_ABSENT,
	  "a device that was unplugged may take so long to be back", 0, 3600 * NS_PER_S,
	  NULL },
	{ "reenumerate", CONF_BOOL, RECOVERY(reenumerate), CONF_ABSENT,
	  "a device on USB that does not come round may be reset where it is plugged in",
	  0, 0, NULL },
	{ "port_power", CONF_BOOL, RECOVERY(port_power), CONF_ABSENT,
	  "then its USB port may be switched off and on, where the hub can do that", 0, 0,
	  NULL },
	{ "power_off", CONF_TIME, RECOVERY(power_off_ns), CONF_ABSENT,
	  "how long the port is without power", 100 * NS_PER_MS, 60 * NS_PER_S, NULL },
	{ 0 },
};

static int bind_recovery(struct rig *rig, struct node at, struct err *err)
{
	rig->recovery = (struct rig_recovery){ .wait_ns = 10 * NS_PER_S,
					       .power_off_ns = 2 * NS_PER_S };
	return node_present(at) ? conf_bind(at, recovery_items, &rig->recovery, err) : 0;
}

int rig_load(struct rig **out, const char *given, struct err *err)
{
	struct rig_head head = { 0 };
	char path[DATA_PATH_MAX];
	struct rig *rig;
	int rc = data_find(path, given, "fixtures/rigs", NULL, err);

	if (rc)
		return rc;
	rig = calloc(1, sizeof(*rig));
	if (!rig)
		return err_set(err, ERR_NOMEM, "no memory for a rig");
	rc = conf_read(&rig->conf, path, err);
	if (!rc)
		rc = conf_bind(conf_root(rig->conf), head_items, &head, err);
	if (!rc) {
		rig->name = head.name;
		rig->summary = head.summary;
		rig->u_ns = head.u_ns;
		rig->exchange_timeout_ns = head.exchange_timeout_ns;
		rig->emulate = head.emulate;
		rig->reader_node = head.reader;
		rig->card_node = head.card;
		rig->module_node = head.module;
		rig->relay_node = head.relay;
		rig->positioner_node = head.positioner;
		rig->bus_node = head.bus;
		rig->sensor_node = head.sensor;
		rig->t0_sensor = head.t0;
		rc = rig_bind_devices(rig, err);
	}
	if (!rc)
		rc = load_fixtures(rig, &head, err);
	if (!rc)
		rc = load_dbc(rig, err);
	if (!rc)
		rc = rig_sim_check(rig, err);
	if (!rc)
		rc = bind_recovery(rig, head.recovery, err);
	if (!rc)
		rc = rig_bind_faults(rig, head.faults, err);
	clock_virtual_init(&rig->virtual);
	rig->clock = rig_is_virtual(rig) ? &rig->virtual.base : clock_real();
	if (rc)
		rig_free(rig);
	else
		*out = rig;
	return rc;
}

void rig_free(struct rig *rig)
{
	if (!rig)
		return;
	rig_close(rig);
	rig_free_faults(rig);
	free(rig->reader_options);
	free(rig->card_options);
	free(rig->relay_options);
	free(rig->positioner_options);
	free(rig->bus_options);
	free(rig->sensor_options);
	dbc_free(rig->dbc);
	pairing_wipe(&rig->pairing);
	phone_free(rig->phone);
	profile_free(rig->profile);
	conf_free(rig->conf);
	free(rig);
}

unsigned rig_has(const struct rig *rig)
{
	return (rig->reader_driver ? NEED_READER | NEED_FIELD : 0) |
	       (rig->card_driver ? NEED_READER : 0) |
	       (rig->positioner_driver ? NEED_POSITIONER : 0) |
	       (rig->bus_driver ? NEED_BUS : 0) |
	       (rig->card_driver || node_present(rig->module_node) ? NEED_MODULE : 0) |
	       (rig->t0_sensor ? NEED_SENSOR : 0) | (rig_can_pair(rig) ? NEED_OWNER : 0);
}
