#include "bench/rig_bind.h"
#include "bench/rig_fault.h"
#include "drivers/wrap/worker.h"
#include "fixtures/device/device.h"

/*
 * Arrangement B: the vehicle module is examined, and keybench is the phone: a chip in target mode
 * with the reference device behind it. Arrangement C: the phone is a stranger too, and both are
 * seen by a sensor and on the bus alone.
 */
struct module_keys {
	int64_t standard_channel;
};

static const struct conf_item module_items[] = {
	{ "standard", CONF_INT, offsetof(struct module_keys, standard_channel), "0",
	  "relay channel of its input line: it asks for standard while that is on", 0, 32,
	  NULL },
	{ 0 },
};

static int bind_module(struct rig *rig, struct err *err)
{
	struct module_keys k = { 0 };
	int rc;

	if (!node_present(rig->module_node))
		return 0;
	rc = conf_bind(rig->module_node, module_items, &k, err);
	if (rc)
		return rc;
	if (k.standard_channel && !node_present(rig->relay_node))
		return node_error(node_get(rig->module_node, "standard"), err,
				  "standard: this rig has no 'relay:' to switch");
	rig->standard_channel = k.standard_channel;
	return 0;
}

int rig_bind_card(struct rig *rig, struct err *err)
{
	const char *name;

	if (!node_present(rig->card_node)) {
		if (node_present(rig->module_node) && !node_present(rig->bus_node))
			return node_error(rig->module_node, err,
					  "module: it is examined by a card or seen on a "
					  "bus, and this rig has neither");
		return bind_module(rig, err);
	}
	if (node_present(rig->reader_node))
		return node_error(rig->card_node, err,
				  "card: this rig has a reader; it is either the vehicle "
				  "or the phone");
	name = rig_driver_name(rig->card_node, err);
	if (!name)
		return ERR_FORMAT;
	if (!node_present(node_get(conf_root(rig->conf), "pairing")))
		return node_error(rig->card_node, err,
				  "card: a phone has keys: the key 'pairing' is missing");
	rig->card_driver = card_driver_find(name);
	if (!rig->card_driver)
		return rig_unknown_driver(rig->card_node, "card", name, err);
	if (bind_module(rig, err))
		return ERR_FORMAT;
	return rig_bind_options(rig->card_node, rig->card_driver->items,
				rig->card_driver->options_size, NULL, &rig->card_options,
				err);
}

static int open_driver(struct rig *rig, struct err *err)
{
	const void *options;
	const struct card_driver *d = rig_faulty_card(rig, &options);

	if (d->needs_worker)
		return worker_open_card(&rig->card, d, options, rig->pump, rig->clock,
					err);
	return d->open(&rig->card, options, rig->clock, err);
}

int rig_open_card(struct rig *rig, uint64_t seed, struct err *err)
{
	struct card_identity id = { 0 };
	int rc;

	if (!rig->card_driver)
		return 0;
	rng_init(&rig->delays, seed, "phone.delay");
	rc = phone_device(&rig->device, rig->phone, rig->profile, rig->pairing_path, NULL,
			  err);
	if (!rc)
		rc = open_driver(rig, err);
	if (!rc)
		rc = card_identity(rig->card, &id, err);
	if (!rc)
		rc = rig_know(rig, RIG_CARD, id.model, err);
	if (rc)
		return err_wrap(err, rc, "card");
	rig_note_device(rig, "card", id.model, id.link, id.software, id.simulated);
	return 0;
}

void rig_close_card(struct rig *rig)
{
	card_close(rig->card);
	rig->card = NULL;
	device_free(rig->device);
	rig->device = NULL;
}
