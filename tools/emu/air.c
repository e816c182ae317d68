#include "tools/emu/air.h"

#include "tools/emu/card.h"

#include "bench/core/wire/crc.h"

enum phase {
	SILENT,
	ASKING,
	LISTENING,
	ANSWERING
};

static void finish(struct air *a, const struct air_frame *answer)
{
	a->phase = SILENT;
	a->done(a->ctx, answer);
}

static bool weak(struct air *a)
{
	if (a->loss <= 0 || rng_unit(&a->rng) >= a->loss)
		return false;
	truth_say(world_truth(a->world), world_now(a->world), "weak", "");
	return true;
}

static void on_request_end(void *ctx)
{
	struct air *a = ctx;
	bool heard = a->carrier && !weak(a);

	a->phase = LISTENING;
	a->deadline_ns = world_now(a->world) + a->wait_ns;
	timer_set(a->world, &a->silence, a->deadline_ns);
	for (int i = 0; heard && i < a->card_count; i++)
		card_hear(a->cards[i], a, &a->request);
}

static void on_answer_end(void *ctx)
{
	struct air *a = ctx;

	if ((a->corrupt || a->collided || weak(a)) && a->answer.len)
		a->answer.data[a->answer.len - 1] ^= 0x40;
	finish(a, &a->answer);
}

static void on_silence(void *ctx)
{
	struct air *a = ctx;

	if (a->request.bits != 7) /* polling an empty field is no news */
		truth_say(world_truth(a->world), world_now(a->world), "no_answer",
			  "x:request", BYTES(a->request.data, a->request.len));
	finish(a, NULL);
}

void air_init(struct air *a, struct world *w, int64_t gap_cycles)
{
	*a = (struct air){ .world = w, .gap_cycles = gap_cycles };
	rng_init(&a->rng, world_seed(w), "air.weak");
	a->request_end.fn = on_request_end;
	a->answer_end.fn = on_answer_end;
	a->silence.fn = on_silence;
	a->request_end.ctx = a->answer_end.ctx = a->silence.ctx = a;
}

int64_t air_ns(const struct air *a, int64_t cycles)
{
	return a->instant ? 0 : airtime_ns(cycles);
}

void air_set_carrier(struct air *a, bool on)
{
	if (on == a->carrier)
		return;
	a->carrier = on;
	a->carrier_since_ns = world_now(a->world);
	truth_say(world_truth(a->world), world_now(a->world), "field", "b:on", on);
	for (int i = 0; i < a->card_count; i++)
		card_carrier_changed(a->cards[i]);
}

/* At 212 and 424: 6 bytes of preamble, 2 of synchronisation, no parity. — ISO/IEC 18092, 11.2.2 */
static int64_t manchester_cycles(const struct air_frame *f)
{
	return (8 + (int64_t)f->len) * 8 * airtime_etu_cycles(f->d);
}

void air_send(struct air *a, const struct air_frame *f, int64_t wait_ns)
{
	int64_t cycles = f->bits == 7       ? airtime_short_frame_cycles()
			 : f->nfcip && f->d ? manchester_cycles(f)
					    : airtime_reader_frame_cycles(f->len, f->d);

	air_stop(a);
	a->request = *f;
	a->wait_ns = wait_ns;
	a->phase = ASKING;
	timer_set(a->world, &a->request_end, world_now(a->world) + air_ns(a, cycles));
}

void air_stop(struct air *a)
{
	a->phase = SILENT;
	timer_stop(a->world, &a->request_end);
	timer_stop(a->world, &a->answer_end);
	timer_stop(a->world, &a->silence);
}

int64_t air_answer(struct air *a, const struct card *card, const struct air_frame *f,
		   int64_t start_ns)
{
	int64_t cycles = f->nfcip && f->d ? manchester_cycles(f)
					  : airtime_card_frame_cycles(f->len, f->d);
	int64_t end_ns = start_ns + air_ns(a, cycles);

	if (a->phase == ANSWERING && a->speaker != card && !a->collided) {
		a->collided = true;
		truth_say(world_truth(a->world), world_now(a->world), "collision", "");
	}
	if (a->phase != LISTENING)
		return end_ns;
	a->phase = ANSWERING;
	a->speaker = card;
	a->collided = false;
	a->answer = *f;
	timer_stop(a->world, &a->silence);
	timer_set(a->world, &a->answer_end, start_ns + air_ns(a, cycles + a->gap_cycles));
	return end_ns;
}

void air_card_lost(struct air *a, const struct card *card)
{
	if (a->phase != ANSWERING || a->speaker != card)
		return;
	truth_say(world_truth(a->world), world_now(a->world), "block_lost", "i:bytes",
		  (int64_t)a->answer.len);
	a->phase = LISTENING;
	timer_stop(a->world, &a->answer_end);
	timer_set(a->world, &a->silence, a->deadline_ns);
}

void air_add_crc(struct air_frame *f)
{
	uint16_t v = crc_a(BYTES(f->data, f->len));

	f->data[f->len++] = (uint8_t)v;
	f->data[f->len++] = (uint8_t)(v >> 8);
}
