#include "tools/emu/phone.h"

#include <stdlib.h>
#include <string.h>

struct emu_phone {
	struct applet applet;
	struct rng rng;
};

static void reset(struct peer *peer)
{
	(void)peer;
}

static int answer(struct peer *peer, struct bytes command, struct buf *out,
		  int64_t *think_ns)
{
	(void)peer;
	(void)command;
	buf_be16(out, 0x6a82);
	*think_ns = 10 * NS_PER_MS;
	return 0;
}

static const char *last(struct peer *peer)
{
	(void)peer;
	return "other";
}

int emu_phone_new(struct emu_phone **out, const struct emu_rig *rig, uint64_t seed,
		  struct err *err)
{
	struct emu_phone *p = calloc(1, sizeof(*p));

	(void)rig;
	if (!p)
		return err_set(err, ERR_NOMEM, "no memory");
	rng_init(&p->rng, seed, "phone.delay");
	p->applet.peer.reset = reset;
	p->applet.peer.answer = answer;
	p->applet.last = last;
	*out = p;
	return 0;
}

void emu_phone_free(struct emu_phone *p)
{
	free(p);
}

void emu_phone_traits(const struct emu_phone *p, struct card_traits *t)
{
	(void)p;
	*t = (struct card_traits){ .atqa = { 0x00, 0x04 },
				   .sak = 0x20,
				   .random_uid = true,
				   .ats = { 0x06, 0x75, 0x77, 0x81, 0x02, 0x80 },
				   .ats_len = 6,
				   .fsc = 64,
				   .fwt_ns = airtime_fwt_ns(8),
				   .wtx_after = 0.5 };
}

struct applet *emu_phone_applet(struct emu_phone *p)
{
	return &p->applet;
}
