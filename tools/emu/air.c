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

static void on_request_end(void *ctx)
{
	struct air *a = ctx;

	a->phase = LISTENING;
	a->deadline_ns = world_now(a->world) + a->wait_ns;
	timer_set(a->world, &a->silence, a->deadline_ns);
	if (a->card && a->carrier)
		card_hear(a->card, &a->request);
}

static void on_answer_end(void *ctx)
{
	struct air *a = ctx;

	if (a->corrupt && a->answer.len)
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
	if (a->card)
		card_set_carrier(a->card, on);
}

void air_send(struct air *a, const struct air_frame *f, int64_t wait_ns)
{
	int64_t cycles = f->bits == 7 ? airtime_short_frame_cycles()
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

void air_answer(struct air *a, const struct air_frame *f, int64_t start_ns)
{
	int64_t cycles = airtime_card_frame_cycles(f->len, f->d) + a->gap_cycles;

	if (a->phase != LISTENING)
		return;
	a->phase = ANSWERING;
	a->answer = *f;
	timer_stop(a->world, &a->silence);
	timer_set(a->world, &a->answer_end, start_ns + air_ns(a, cycles));
}

void air_card_lost(struct air *a)
{
	if (a->phase != ANSWERING)
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
