#include "bench/rig_sim.h"

#include "bench/core/crypto/random.h"
#include "bench/rig_fault.h"
#include "drivers/nfc/sim.h"
#include "drivers/peer.h"
#include "drivers/positioner/sim.h"
#include "fixtures/device/wake.h"
#include "fixtures/pki/pair_phone.h"

#include <stdlib.h>
#include <string.h>

struct rig_sim {
	struct peer peer; /* first: the reader hands it back */
	OSSL_LIB_CTX *lib;
	struct device *device;
	struct pair_phone whole; /* with that device */
	struct reader *reader;   /* under whatever stands around it */
	const struct phone *phone;
	struct bytes vehicle; /* the one it has a key for */
	struct wake wake;
	struct rng delays;
	uint8_t uid[10], ats[32];
};

static void peer_reset(struct peer *p)
{
	handset_reset(&((struct rig_sim *)p)->whole.handset);
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	struct rig_sim *s = (struct rig_sim *)p;
	enum device_command c = handset_answer(&s->whole.handset, command, answer);

	*think_ns = phone_draw(s->phone, c, &s->delays);
	return 0;
}

static bool peer_polled(struct peer *p, int64_t now_ns)
{
	return wake_polled(&((struct rig_sim *)p)->wake, now_ns);
}

static void peer_annotated(struct peer *p, struct bytes frame, int64_t now_ns)
{
	wake_annotated(&((struct rig_sim *)p)->wake, frame, now_ns);
}

bool rig_is_virtual(const struct rig *rig)
{
	return rig->clock ? rig->clock != clock_real()
			  : rig->reader_driver == &sim_reader_driver;
}

int64_t rig_wall_ns(const struct rig *rig)
{
	return rig_is_virtual(rig) ? clock_now(rig->clock) : wall_now_ns();
}

int rig_sleep_until(struct rig *rig, int64_t until_ns, struct err *err)
{
	if (!rig_is_virtual(rig))
		return pump_sleep_until(rig->pump, until_ns, err);
	rig->clock->sleep_until(rig->clock, until_ns);
	return 0; /* nobody had the time to ask for anything */
}

int rig_sim_check(const struct rig *rig, struct err *err)
{
	struct node root = conf_root(rig->conf);

	if (!rig_is_virtual(rig))
		return 0;
	if (node_present(rig->emulate))
		return node_error(node_get(root, "emulate"), err,
				  "the reader 'sim' lives in this process; nothing on "
				  "an emulated desk can meet it");
	if (node_present(rig->relay_node))
		return node_error(rig->relay_node, err,
				  "the reader 'sim' has a clock of its own; no relay "
				  "moves a phone in it");
	if (rig->positioner_driver && rig->positioner_driver != &sim_positioner_driver)
		return node_error(rig->positioner_node, err,
				  "the reader 'sim' needs the positioner 'sim', or none");
	if (!rig->phone || !rig->has_pairing)
		return node_error(rig->reader_node, err,
				  "the reader 'sim' is answered by the reference phone: "
				  "the key '%s' is missing",
				  rig->phone ? "pairing" : "phone");
	return 0;
}

int rig_sim_open(struct rig *rig, uint64_t seed, struct err *err)
{
	struct rig_sim *s;
	int rc;

	if (!rig_is_virtual(rig))
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, ERR_NOMEM, "no memory for a simulation");
	rig->sim = s;
	rig->simulated = true;
	clock_virtual_init(&rig->virtual);
	s->peer = (struct peer){ peer_reset, peer_answer, peer_polled, peer_annotated };
	s->phone = rig->phone;
	s->vehicle = BYTES(rig->pairing.vehicle_id, rig->pairing.vehicle_id_len);
	wake_init(&s->wake, rig->phone, rig->profile, &s->vehicle, 1);
	rng_init(&s->delays, seed, "phone.delay");
	rc = crypto_seeded_new(&s->lib, seed, err);
	if (!rc)
		rc = phone_device(&s->device, rig->phone, rig->profile, rig->pairing_path,
				  s->lib, err);
	return rc ? rc
		  : pair_phone_init(&s->whole, s->device, rig->profile, &rig->pairing,
				    rig->clock, s->lib, err);
}

void rig_sim_close(struct rig *rig)
{
	struct rig_sim *s = rig->sim;

	if (!s)
		return;
	pair_phone_release(&s->whole);
	device_free(s->device);
	crypto_seeded_free(s->lib);
	free(s);
	rig->sim = NULL;
}

/* A random UID is drawn once; only anticollision would see another at every activation. */
static void show_card(struct rig_sim *s, struct sim_options *card)
{
	const struct phone *p = s->phone;

	memcpy(s->uid, p->uid, sizeof(s->uid));
	if (p->random_uid)
		memcpy(s->uid, (const uint8_t[]){ 0x08, 0x5e, 0xed, 0x01 }, 4);
	card->uid = BYTES(s->uid, p->uid_len);
	card->ats = BYTES(s->ats + 1, phone_ats(p, s->ats) - 1);
	memcpy(card->atqa, p->atqa, sizeof(card->atqa));
	card->sak = p->sak;
}

int rig_sim_open_reader(struct rig *rig, struct err *err)
{
	struct sim_options o = *(const struct sim_options *)rig->reader_options;
	int rc;

	show_card(rig->sim, &o);
	rc = sim_reader_open(&rig->sim->reader, &o, &rig->sim->peer, rig->clock, err);
	if (!rc && rig->positioner)
		sim_reader_place(rig->sim->reader, false, 0);
	return rc ? rc
		  : rig_faulty_simulated_reader(&rig->reader, rig->sim->reader, rig, err);
}

static void moved(void *ctx, enum position to, int64_t settled_ns)
{
	struct rig *rig = ctx;

	if (rig->reader)
		sim_reader_place(rig->sim->reader, to == POSITION_TAP, settled_ns);
}

int rig_sim_open_positioner(struct positioner **out, struct rig *rig, struct err *err)
{
	return sim_positioner_open(out, rig->positioner_options, moved, rig, rig->clock,
				   err);
}

OSSL_LIB_CTX *rig_sim_lib(const struct rig *rig)
{
	return rig->sim ? rig->sim->lib : NULL;
}
