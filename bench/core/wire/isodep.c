#include "bench/core/wire/isodep.h"

#include <assert.h>
#include <string.h>

#define ROOM(size) ((size)-1 - ISODEP_CRC) /* for INF */

enum pcd_phase {
	PCD_IDLE,
	PCD_SENDING,   /* a block with the chaining bit is out, R(ACK) is due */
	PCD_AWAITING,  /* the last block is out, an I-block is due */
	PCD_RECEIVING, /* the card is chaining, its next I-block is due */
	PCD_DESELECTING
};

enum picc_phase {
	PICC_LISTENING,
	PICC_THINKING,
	PICC_WAITING, /* S(WTX) is out */
	PICC_SENDING  /* a block with the chaining bit is out, R(ACK) is due */
};

static bool is_i(uint8_t pcb)
{
	return (pcb & 0xe2) == 0x02;
}

static bool is_r(uint8_t pcb)
{
	return (pcb & 0xe6) == 0xa2;
}

static bool is_nak(uint8_t pcb)
{
	return pcb & 0x10;
}

static bool is_wtx(uint8_t pcb)
{
	return (pcb & 0xf7) == ISODEP_S_WTX;
}

static bool is_deselect(uint8_t pcb)
{
	return (pcb & 0xf7) == ISODEP_S_DESELECT;
}

/* CID and NAD follow the PCB when it says so; neither is ours. */
static bool is_foreign(uint8_t pcb)
{
	return (pcb & 0x08) || (is_i(pcb) && (pcb & 0x04));
}

static size_t bounded(size_t size)
{
	return size < 16 ? 16 : size > ISODEP_MAX_BLOCK ? ISODEP_MAX_BLOCK : size;
}

/* -- the reader's side -- */

void isodep_pcd_init(struct isodep_pcd *p, size_t fsd, size_t fsc, uint8_t max_retries)
{
	*p = (struct isodep_pcd){ .fsd = bounded(fsd),
				  .fsc = bounded(fsc),
				  .wtxm = 1,
				  .max_retries = max_retries };
}

static enum isodep_next send_short(struct isodep_pcd *p, uint8_t pcb)
{
	p->block[0] = pcb;
	p->block_len = 1;
	return ISODEP_SEND;
}

static enum isodep_next send_part(struct isodep_pcd *p)
{
	size_t left = p->command.len - p->sent;
	bool chain = left > ROOM(p->fsc) || p->more;

	p->part = left > ROOM(p->fsc) ? ROOM(p->fsc) : left;
	p->block[0] = (uint8_t)(ISODEP_I | p->number | (chain ? ISODEP_CHAINING : 0));
	if (p->part)
		memcpy(p->block + 1, p->command.data + p->sent, p->part);
	p->block_len = 1 + p->part;
	memcpy(p->last, p->block, p->block_len);
	p->last_len = p->block_len;
	p->phase = chain ? PCD_SENDING : PCD_AWAITING;
	return ISODEP_SEND;
}

enum isodep_next isodep_pcd_begin(struct isodep_pcd *p, struct bytes command, bool more,
				  struct buf *answer)
{
	p->command = command;
	p->answer = answer;
	p->more = more;
	p->sent = 0;
	p->retries = p->resent = 0;
	p->wtxm = 1;
	p->wtx_seen = 0;
	return send_part(p);
}

enum isodep_next isodep_pcd_deselect(struct isodep_pcd *p)
{
	p->phase = PCD_DESELECTING;
	p->retries = 0;
	p->wtxm = 1;
	return send_short(p, ISODEP_S_DESELECT);
}

static enum isodep_next pcd_over(struct isodep_pcd *p, enum isodep_next how)
{
	p->phase = PCD_IDLE;
	return how;
}

static enum isodep_next pcd_i_block(struct isodep_pcd *p, struct bytes block)
{
	uint8_t pcb = block.data[0];

	if (p->phase == PCD_SENDING || (pcb & 1) != p->number)
		return pcd_over(p, ISODEP_PROTOCOL);
	p->number ^= 1; /* rule B */
	p->retries = p->resent = 0;
	buf_add(p->answer, BYTES(block.data + 1, block.len - 1));
	if (p->answer->failed)
		return pcd_over(p, ISODEP_PROTOCOL);
	if (!(pcb & ISODEP_CHAINING))
		return pcd_over(p, ISODEP_DONE);
	p->phase = PCD_RECEIVING;
	return send_short(p, ISODEP_R_ACK | p->number); /* rule 2 */
}

static enum isodep_next pcd_r_block(struct isodep_pcd *p, uint8_t pcb)
{
	if (is_nak(pcb) || p->phase == PCD_RECEIVING)
		return pcd_over(p, ISODEP_PROTOCOL);
	if ((pcb & 1) != p->number) { /* rule 6: it never had our I-block */
		if (p->resent++ >= p->max_retries)
			return pcd_over(p, ISODEP_LOST);
		p->retries = 0; /* the card is there */
		memcpy(p->block, p->last, p->last_len);
		p->block_len = p->last_len;
		return ISODEP_SEND;
	}
	if (p->phase != PCD_SENDING)
		return pcd_over(p, ISODEP_PROTOCOL);
	p->number ^= 1;
	p->retries = p->resent = 0;
	p->sent += p->part;
	if (p->sent == p->command.len && p->more)
		return pcd_over(p, ISODEP_DONE);
	return send_part(p); /* rule 7 */
}

static enum isodep_next pcd_wtx(struct isodep_pcd *p, uint8_t wtxm)
{
	wtxm &= 0x3f;
	if (wtxm < 1 || wtxm > 59)
		return pcd_over(p, ISODEP_PROTOCOL);
	p->wtx_seen++;
	p->wtxm = wtxm;
	p->retries = 0;
	p->block[0] = ISODEP_S_WTX;
	p->block[1] = wtxm;
	p->block_len = 2;
	return ISODEP_SEND;
}

enum isodep_next isodep_pcd_received(struct isodep_pcd *p, struct bytes block)
{
	uint8_t pcb = block.len ? block.data[0] : 0;

	if (p->phase == PCD_IDLE || !block.len || is_foreign(pcb) ||
	    block.len + ISODEP_CRC > p->fsd)
		return pcd_over(p, ISODEP_PROTOCOL);
	p->wtxm = 1; /* what was granted holds for one block */
	if (p->phase == PCD_DESELECTING)
		return pcd_over(p, is_deselect(pcb) ? ISODEP_DONE : ISODEP_PROTOCOL);
	if (is_i(pcb))
		return pcd_i_block(p, block);
	if (is_r(pcb) && block.len == 1)
		return pcd_r_block(p, pcb);
	if (is_wtx(pcb) && block.len == 2)
		return pcd_wtx(p, block.data[1]);
	return pcd_over(p, ISODEP_PROTOCOL);
}

enum isodep_next isodep_pcd_missing(struct isodep_pcd *p)
{
	if (p->phase == PCD_IDLE)
		return ISODEP_LOST;
	p->wtxm = 1;
	if (p->retries++ >= p->max_retries)
		return pcd_over(p, ISODEP_LOST);
	if (p->phase == PCD_DESELECTING)
		return send_short(p, ISODEP_S_DESELECT); /* rule 8 */
	if (p->phase == PCD_RECEIVING)
		return send_short(p, ISODEP_R_ACK | p->number); /* rule 5 */
	return send_short(p, ISODEP_R_NAK | p->number);         /* rule 4 */
}

/* -- the card's side -- */

void isodep_picc_init(struct isodep_picc *p, size_t fsd, size_t fsc)
{
	memset(p, 0, sizeof(*p));
	p->fsd = bounded(fsd);
	p->fsc = bounded(fsc);
	p->number = 1; /* rule C */
	buf_init_on(&p->command, p->command_mem, sizeof(p->command_mem));
	buf_init_on(&p->answer, p->answer_mem, sizeof(p->answer_mem));
}

static enum isodep_next picc_send_part(struct isodep_picc *p)
{
	size_t left = p->answer.len - p->sent;
	bool chain = left > ROOM(p->fsd);

	p->part = chain ? ROOM(p->fsd) : left;
	p->block[0] = (uint8_t)(ISODEP_I | p->number | (chain ? ISODEP_CHAINING : 0));
	if (p->part)
		memcpy(p->block + 1, p->answer.data + p->sent, p->part);
	p->block_len = 1 + p->part;
	p->phase = chain ? PICC_SENDING : PICC_LISTENING;
	return ISODEP_SEND;
}

static enum isodep_next picc_i_block(struct isodep_picc *p, struct bytes block)
{
	uint8_t pcb = block.data[0];

	if (!p->collecting)
		buf_clear(&p->command);
	buf_clear(&p->answer);
	p->number ^= 1; /* rule D */
	buf_add(&p->command, BYTES(block.data + 1, block.len - 1));
	if (p->command.failed) {
		p->collecting = false;
		return ISODEP_QUIET;
	}
	p->collecting = pcb & ISODEP_CHAINING;
	if (p->collecting) {
		p->phase = PICC_LISTENING;
		p->block[0] = ISODEP_R_ACK | p->number; /* rule 2 */
		p->block_len = 1;
		return ISODEP_SEND;
	}
	p->phase = PICC_THINKING;
	return ISODEP_COMMAND; /* rule 10 */
}

static enum isodep_next picc_r_block(struct isodep_picc *p, uint8_t pcb)
{
	if ((pcb & 1) == p->number) /* rule 11 */
		return p->block_len ? ISODEP_SEND : ISODEP_QUIET;
	if (is_nak(pcb)) { /* rule 12 */
		p->block[0] = ISODEP_R_ACK | p->number;
		p->block_len = 1;
		return ISODEP_SEND;
	}
	if (p->phase != PICC_SENDING)
		return ISODEP_QUIET;
	p->number ^= 1; /* rule E */
	p->sent += p->part;
	return picc_send_part(p); /* rule 13 */
}

enum isodep_next isodep_picc_received(struct isodep_picc *p, struct bytes block)
{
	uint8_t pcb = block.len ? block.data[0] : 0;

	if (!block.len || is_foreign(pcb) || block.len + ISODEP_CRC > p->fsc)
		return ISODEP_QUIET;
	if (is_deselect(pcb) && block.len == 1) {
		p->block[0] = ISODEP_S_DESELECT;
		p->block_len = 1;
		p->phase = PICC_LISTENING;
		return ISODEP_RELEASED;
	}
	if (p->phase == PICC_WAITING) {
		if (is_wtx(pcb) && block.len == 2 && block.data[1] == p->block[1]) {
			p->phase = PICC_THINKING;
			return ISODEP_QUIET;
		}
		return is_r(pcb) && is_nak(pcb) ? ISODEP_SEND : ISODEP_QUIET;
	}
	if (p->phase == PICC_THINKING)
		return ISODEP_QUIET; /* a card that thinks does not listen */
	if (is_i(pcb))
		return picc_i_block(p, block);
	if (is_r(pcb) && block.len == 1)
		return picc_r_block(p, pcb);
	return ISODEP_QUIET;
}

enum isodep_next isodep_picc_answer(struct isodep_picc *p, struct bytes answer)
{
	if (p->phase != PICC_THINKING)
		return ISODEP_QUIET;
	buf_clear(&p->answer);
	buf_add(&p->answer, answer);
	if (p->answer.failed)
		return ISODEP_QUIET;
	p->sent = 0;
	return picc_send_part(p);
}

enum isodep_next isodep_picc_more_time(struct isodep_picc *p, uint8_t wtxm)
{
	assert(wtxm >= 1 && wtxm <= 59);
	if (p->phase != PICC_THINKING)
		return ISODEP_QUIET;
	p->block[0] = ISODEP_S_WTX;
	p->block[1] = wtxm;
	p->block_len = 2;
	p->phase = PICC_WAITING;
	return ISODEP_SEND;
}
