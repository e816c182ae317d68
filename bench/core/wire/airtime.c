#include "bench/core/wire/airtime.h"

#define BLOCK_OVERHEAD 3 /* PCB and two CRC bytes */

int64_t airtime_ns(int64_t cycles)
{
	/* 1e9 / 13.56e6 = 25000 / 339, exactly */
	return (cycles * 25000 + 169) / 339;
}

int64_t airtime_etu_cycles(int d)
{
	return 128 >> d;
}

int64_t airtime_reader_frame_cycles(size_t len, int d)
{
	return (9 * (int64_t)len + 1) * airtime_etu_cycles(d) + AIRTIME_PAUSE;
}

int64_t airtime_short_frame_cycles(void)
{
	return (7 + 1) * airtime_etu_cycles(0) + AIRTIME_PAUSE;
}

int64_t airtime_fdt_reader_cycles(int d)
{
	return d ? AIRTIME_FDT_READER_FAST : AIRTIME_FDT_READER;
}

int64_t airtime_card_frame_cycles(size_t len, int d)
{
	return (d ? 512 : 0) + (1 + 9 * (int64_t)len) * airtime_etu_cycles(d);
}

/* The delay is a matter of the card's rate: it is the subcarrier that changes with it. */
int64_t airtime_exchange_cycles(size_t reader_len, size_t card_len, int reader_d,
				int card_d, int64_t gap_cycles)
{
	return airtime_reader_frame_cycles(reader_len, reader_d) +
	       airtime_fdt_reader_cycles(card_d) +
	       airtime_card_frame_cycles(card_len, card_d) + gap_cycles;
}

static int64_t slow_exchange(size_t reader_len, size_t card_len)
{
	return airtime_exchange_cycles(reader_len, card_len, 0, 0, AIRTIME_FDT_CARD);
}

int64_t airtime_request_cycles(void)
{
	return airtime_short_frame_cycles() + AIRTIME_FDT_READER +
	       airtime_card_frame_cycles(2, 0) + AIRTIME_FDT_CARD;
}

int64_t airtime_anticollision_cycles(void)
{
	return slow_exchange(2, 5);
}

int64_t airtime_select_cycles(void)
{
	return slow_exchange(9, 3);
}

int64_t airtime_rats_cycles(size_t tl)
{
	return slow_exchange(4, tl + 2);
}

int64_t airtime_activation_ns(size_t uid_len, size_t tl, int known)
{
	int64_t level = airtime_select_cycles();
	int64_t levels = uid_len <= 4 ? 1 : uid_len <= 7 ? 2 : 3;

	if (!known)
		level += airtime_anticollision_cycles();
	return airtime_ns(airtime_request_cycles() + levels * level +
			  airtime_rats_cycles(tl));
}

size_t isodep_frame_size(unsigned code)
{
	static const uint16_t sizes[] = { 16,  24,  32,  40,   48,   64,  96,
					  128, 256, 512, 1024, 2048, 4096 };

	return sizes[code > 12 ? 12 : code];
}

int64_t airtime_fwt_ns(unsigned fwi)
{
	return airtime_ns(INT64_C(4096) << (fwi > 14 ? 4 : fwi));
}

int64_t airtime_sfgt_ns(unsigned sfgi)
{
	return sfgi == 0 || sfgi > 14 ? 0 : airtime_ns(INT64_C(4096) << sfgi);
}

/* The part of @len that block @i of a chain with room for @room carries. */
static size_t part(size_t len, size_t room, size_t i)
{
	size_t left = len - i * room;

	return left < room ? left : room;
}

static size_t blocks(size_t len, size_t room)
{
	return len ? (len + room - 1) / room : 1;
}

int64_t airtime_apdu_floor_ns(size_t command_len, size_t answer_len, size_t fsd,
			      size_t fsc, int d)
{
	size_t down = (fsc < 16 ? 16 : fsc) - BLOCK_OVERHEAD;
	size_t up = (fsd < 16 ? 16 : fsd) - BLOCK_OVERHEAD;
	size_t down_n = blocks(command_len, down), up_n = blocks(answer_len, up);
	int64_t cycles = 0;

	/*
	 * What goes down: all of the command, then an R(ACK) for each further part of the
	 * answer.
	 */
	for (size_t i = 0; i < down_n + up_n - 1; i++) {
		size_t lp = i < down_n ? part(command_len, down, i) : 0;
		size_t lc = i + 1 < down_n ? 0 : part(answer_len, up, i + 1 - down_n);

		cycles += airtime_exchange_cycles(
			lp + BLOCK_OVERHEAD, lc + BLOCK_OVERHEAD, d, d, AIRTIME_FDT_CARD);
	}
	return airtime_ns(cycles);
}
